//! The key is nowhere, and ids are in the run's files only.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use tollgate::sandbox::{Faults, Population, Sandbox, Share};

use crate::support::{
    door::parrot,
    leaks::{files, words},
    program::{Desk, KEY, Left, PATIENCE, Running, calm, run, sandbox, skip},
};

/// A piece of the key that nothing else contains.
const PIECE: &str = "doNotShow";

/// Where ids may stand below a run's directory and a memory's, and nowhere else.
const NAME_PEOPLE: [&str; 6] =
    ["results.csv", "failed.csv", "absent.csv", "profiles.jsonl", "results.torn", "memory.redb"];

/// As much as can be asked for, of our own words and of the HTTP crates', which log headers.
const RUST_LOG: &str = "trace,tollgate=trace,reqwest=trace,hyper=trace,hyper_util=trace,h2=trace,rustls=trace";

/// Everything goes wrong at times, so that much is said.
fn faulty() -> Sandbox {
    let faults = Faults {
        server_error: Share(0.05),
        reset: Share(0.05),
        truncate: Share(0.05),
        refuse: Share(0.05),
        unsigned_404: Share(0.02),
        ..Faults::default()
    };
    sandbox(Population::Count(190), faults, None)
}

/// Whether a file below the run's directory is made to hold ids; a side file that is not complete is one, too.
fn names_people(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    NAME_PEOPLE.contains(&name.strip_suffix(".partial").unwrap_or(name))
}

#[track_caller]
fn nothing_leaked(desk: &Desk, left: &Left) {
    assert!(KEY.contains(PIECE));
    let all = words(left).into_iter().chain(files(&desk.path(".")));
    let given = [desk.path("./key"), desk.path("./customers.csv")].map(|path| path.display().to_string());
    for (name, content) in all.filter(|(name, _)| !given.contains(name)) {
        assert!(!name.contains(PIECE) && !content.contains(PIECE), "the key stands in {name}");
        assert!(names_people(&name) || !content.contains("customer-"), "an id stands in {name}");
    }
    for said in [&left.stdout, &left.stderr] {
        assert!(!said.contains("customer-"), "an id was said: {said}");
    }
}

#[test]
fn neither_the_key_nor_an_id_is_said_however_much_is_said() {
    for voice in [["-vv", "--log-format", "human"], ["-vv", "--log-format", "json"], ["--json", "--color", "always"]] {
        for task in ["delete", "get"] {
            let (desk, sandbox) = (Desk::new(), faulty());
            desk.customers(200);
            let mut command = told(&desk, task, &sandbox.base_url());
            command.args(voice).env("RUST_LOG", RUST_LOG).env("RUST_BACKTRACE", "full");
            let left = run(command.args(["--max-errors", "100%", "--max-attempts", "50"]));
            assert!(matches!(left.code, Some(1 | 3 | 78)), "{left:?}");
            nothing_leaked(&desk, &left);
            let results = fs::read_to_string(desk.out().join("results.csv")).unwrap();
            assert!(results.contains("customer-"), "there was something to be leaked");
        }
    }
}

/// What is to be done with `customers.csv`, and nobody is asked.
fn told(desk: &Desk, task: &str, url: &str) -> Command {
    let mut command = desk.program();
    command.args([task, "customers.csv", "--base-url", url, "--api-key-file", "key", "--out"]).arg(desk.out());
    command.args(match task {
        "get" => &[][..],
        "delete" => &["--yes"],
        "update" => &["--yes", "--set", "first_name=Ada"],
        _ => &["--yes", "--set", "first_name=Ada", "--memory", "memory", "--first"],
    });
    command
}

#[test]
fn errors_about_the_key_and_the_address_do_not_repeat_the_key() {
    let desk = Desk::new();
    desk.customers(30);
    let refusing = parrot("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let redirecting = parrot(
        "HTTP/1.1 302 Found\r\nlocation: https://elsewhere.invalid/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    for (url, code) in [(refusing, 77), (redirecting, 78)] {
        let left = run(desk.delete(&url).args(["-vv", "--log-format", "json"]).env("RUST_LOG", RUST_LOG)).with(code);
        nothing_leaked(&desk, &left);
    }
    for bad in [format!("Api-Key {KEY}"), format!("public_{KEY}"), format!("{KEY}\n{KEY}")] {
        desk.put("key", bad);
        let left = run(desk.delete("http://127.0.0.1:9").arg("-vv")).with(78);
        nothing_leaked(&desk, &left);
    }
}

#[test]
fn the_key_is_in_no_argument_wherever_it_comes_from() {
    let (desk, sandbox) = (Desk::new(), faulty());
    desk.customers(190);
    let mut command = desk.program();
    command.args(["delete", "customers.csv", "--yes", "--out", "runs/run", "--rate", "50/s", "--base-url"]);
    let running = Running::start(command.arg(sandbox.base_url()).env("ADAPTY_API_KEY", KEY));
    assert!(sandbox.wait_for(1, PATIENCE));
    let typed = fs::read_to_string(format!("/proc/{}/cmdline", running.id())).unwrap();
    assert!(typed.contains("customers.csv") && !typed.contains(PIECE));
    let left = running.kill();
    nothing_leaked(&desk, &left);
}

/// What others see of it from outside while it works: its arguments, its environment, and those whom it started.
#[test]
fn a_running_process_shows_no_key_and_starts_nobody() {
    for task in ["delete", "get", "update", "sync"] {
        let (desk, sandbox) = (Desk::new(), faulty());
        desk.customers(190);
        let running = Running::start(told(&desk, task, &sandbox.base_url()).args(["--rate", "50/s"]));
        assert!(sandbox.wait_for(25, PATIENCE));
        let process = Path::new("/proc").join(running.id().to_string());
        if !process.exists() {
            skip("there is no /proc here");
            running.kill();
            continue;
        }
        for shown in ["cmdline", "environ"] {
            let shown = fs::read(process.join(shown)).unwrap();
            assert!(!String::from_utf8_lossy(&shown).contains(PIECE));
        }
        for thread in fs::read_dir(process.join("task")).unwrap() {
            let thread = thread.unwrap().path();
            // A thread may end meanwhile; what it is called is seen by everybody as well.
            let called = fs::read_to_string(thread.join("comm")).unwrap_or_default();
            assert!(!called.contains(PIECE));
            assert_eq!(fs::read_to_string(thread.join("children")).unwrap_or_default(), "", "a child");
        }
        nothing_leaked(&desk, &running.kill());
    }
}

/// Each key by itself: that of the API, of a suppression list, of hashed ids.
#[test]
fn a_key_that_others_may_read_is_worth_a_word() {
    let keys = [
        ("key", "the API key file"),
        ("erased.key", "the suppression list's key file"),
        ("hash.key", "the key file of --hash-ids"),
    ];
    for (careless, called) in keys.iter().map(|(file, called)| (Some(*file), Some(*called))).chain([(None, None)]) {
        let (server, desk) = (calm(3), Desk::new());
        desk.customers(3);
        for name in ["erased.key", "hash.key"] {
            desk.put(name, "a key of more than sixteen bytes");
        }
        for (name, _) in keys {
            let mode = if careless == Some(name) { 0o640 } else { 0o600 };
            fs::set_permissions(desk.path(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let mut command = desk.delete(&server.base_url());
        command.args(["--suppress", "erased.list", "--suppress-key", "erased.key", "--hash-ids", "hash.key"]);
        let said = run(&mut command).with(0).stderr;
        for (_, name) in keys {
            let is_said = said.contains(&format!("{name} can be read by others than its owner"));
            assert_eq!(is_said, called == Some(name), "{careless:?}: {said}");
        }
    }
}
