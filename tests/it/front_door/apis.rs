//! Crafter Profile and an API of one's own, from the description to the results.

use std::{fs, path::PathBuf, process::Command};

use tollgate::sandbox::{Faults, Options, Part, Population, Profile, Sandbox, Share};

use crate::support::{
    door::parrot,
    program::{Desk, KEY, Left, Running, run},
    program::{Signal, options},
    record::{lines, settled_once},
};

fn example() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/api/rest.toml")
}

/// The n-th object id of a stand-in that knows a count.
fn object_id(number: u64) -> String {
    format!("{number:024x}")
}

fn crafter(population: Population, faults: Faults) -> Sandbox {
    Sandbox::start(Options { part: Part::Crafter { tenant: None }, ..options(population, faults) }).unwrap()
}

/// `ids.csv` with these ids.
fn ids(desk: &Desk, column: &str, ids: impl IntoIterator<Item = String>) -> PathBuf {
    let rows = ids.into_iter().fold(format!("{column}\n"), |rows, id| rows + &id + "\n");
    desk.put("ids.csv", rows)
}

fn delete(desk: &Desk, url: &str) -> Command {
    let mut command = desk.delete_input(url, &desk.path("ids.csv"));
    command.args(["--api", "crafter"]);
    command
}

/// The key stands in nothing that was said or written.
#[track_caller]
fn nothing_leaked(desk: &Desk, left: &Left) {
    let mut all = vec![left.stdout.clone(), left.stderr.clone()];
    for entry in fs::read_dir(desk.out()).into_iter().flatten() {
        all.push(String::from_utf8_lossy(&fs::read(entry.unwrap().path()).unwrap()).into_owned());
    }
    let piece = "doNotShow";
    assert!(KEY.contains(piece) && all.iter().all(|text| !text.contains(piece)), "{all:#?}");
}

#[test]
fn crafter_is_read_and_verified_as_well() {
    let (desk, sandbox) = (Desk::new(), crafter(Population::Count(40), Faults::default()));
    ids(&desk, "id", (1..=50).map(object_id));
    let reading = |command: &str, out: &str| {
        let mut program = desk.program();
        program.arg(command).arg(desk.path("ids.csv")).args(["--api", "crafter", "--base-url", &sandbox.base_url()]);
        program.arg("--api-key-file").arg(desk.path("key")).arg("--out").arg(desk.path(out));
        program
    };
    run(&mut reading("get", "got")).with(0).saying(&["found 40; missing 10"]);
    let profiles = fs::read_to_string(desk.path("got/profiles.jsonl")).unwrap();
    assert_eq!(profiles.lines().count(), 40);
    for line in profiles.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["profile"]["id"], line["id"], "the whole body is the profile: {line}");
    }
    let left = run(delete(&desk, &sandbox.base_url()).args(["--look", "--verify", "--verify-after", "1ms"])).with(0);
    left.saying(&["erased 40; not found 10"]);
    for line in lines(&desk.out()).iter().filter(|line| line.outcome == "deleted") {
        assert_eq!((line.attempts, &line.remote_id), (3, &line.id), "one look before, one after: {line:?}");
        assert!(line.message.starts_with("verified: "), "{line:?}");
    }
    run(&mut reading("verify", "verified")).with(0).saying(&["absent 50"]);
}

#[test]
fn crafter_tells_deleted_from_absent_and_sends_no_malformed_id() {
    let (desk, sandbox) = (Desk::new(), crafter(Population::Count(40), Faults::default()));
    let malformed = ["nobody", "0123456789abcdef0123456", "NULL", "0123456789abcdef0123456g"].map(str::to_owned);
    ids(&desk, "id", (1..=50).map(object_id).chain(malformed));
    let mut command = delete(&desk, &sandbox.base_url());
    let left = run(command.args(["-vv", "--log-format", "json"]).env("RUST_LOG", "trace")).with(1);
    nothing_leaked(&desk, &left);
    let expected = [("deleted", 40), ("absent", 10), ("invalid", 4)].map(|(word, count)| (word.to_owned(), count));
    assert_eq!(settled_once(&desk.out()), expected.into());
    let received = sandbox.received();
    assert_eq!((received.posts, received.applied, received.deletes), (40, 40, 0), "whoever is absent is not sent");
    for line in lines(&desk.out()) {
        match line.outcome.as_str() {
            "deleted" => assert_eq!((line.status, line.attempts, &line.remote_id), (Some(200), 2, &line.id)),
            "absent" => assert_eq!((line.status, line.code.as_str()), (Some(404), "NO_SUCH_PROFILE")),
            _ => assert_eq!(
                (line.message.as_str(), line.attempts),
                ("column id: is not 24 hexadecimal digits, as this API's ids are", 0),
                "line {}",
                line.line
            ),
        }
    }
}

#[test]
fn crafter_in_trouble_is_still_accounted_for() {
    let faults = Faults { server_error: Share(0.1), reset: Share(0.1), truncate: Share(0.05), ..Faults::default() };
    let (desk, sandbox) = (Desk::new(), crafter(Population::Count(60), faults));
    ids(&desk, "id", (1..=70).map(object_id));
    let left = run(&mut delete(&desk, &sandbox.base_url())).with(0);
    nothing_leaked(&desk, &left);
    let expected = [("deleted".to_owned(), 60), ("absent".to_owned(), 10)];
    assert_eq!(settled_once(&desk.out()), expected.into());
    assert_eq!(sandbox.received().applied, 60);
}

#[test]
fn a_wrong_crafter_token_is_about_the_run() {
    let (desk, sandbox) = (Desk::new(), crafter(Population::Count(30), Faults::default()));
    ids(&desk, "id", (1..=30).map(object_id));
    desk.put("key", "wrong.doNotShow");
    let left = run(delete(&desk, &sandbox.base_url()).arg("-vv")).with(77);
    nothing_leaked(&desk, &left);
    assert_eq!((sandbox.received().posts, lines(&desk.out()).len()), (0, 0));
    let redirecting = parrot(
        "HTTP/1.1 302 Found\r\nlocation: https://elsewhere.invalid/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    desk.put("key", KEY);
    nothing_leaked(&desk, &run(delete(&desk, &redirecting).arg("-vv")).with(78));
}

#[test]
fn crafter_wants_an_address_and_names_no_app() {
    let desk = Desk::new();
    ids(&desk, "id", [object_id(1)]);
    let delete = |more: &[&str]| {
        let mut command = desk.program();
        command.args(["delete", "ids.csv", "--api", "crafter", "--yes", "--api-key-file", "key"]);
        run(command.args(more))
    };
    delete(&[]).with(78).saying(&["no address of its own", "--base-url"]);
    delete(&["--base-url", "http://127.0.0.1:9", "--expect-app", "a"]).with(2).saying(&["--expect-app", "crafter"]);
    assert!(!desk.path("tollgate-runs").exists());
}

#[test]
fn a_rehearsal_plays_the_api_that_is_asked_for() {
    let desk = Desk::new();
    let uuid = |n: u64| format!("0dd5f1a0-5b1c-4c9e-8f3a-{n:012x}");
    for (api, column, make) in
        [("crafter".into(), "id", &object_id as &dyn Fn(u64) -> String), (example(), "account_id", &uuid)]
    {
        ids(&desk, column, (1..=30).map(make).chain(["nobody".to_owned()]));
        let mut command = desk.program();
        command.args(["delete", "ids.csv", "--sandbox", "--json", "--api"]).arg(&api).args(["--out", "runs/run"]);
        let left = run(&mut command).with(1);
        let totals = &left.json()["totals"];
        assert_eq!((&totals["deleted"], &totals["invalid"]), (&30.into(), &1.into()), "{api:?}: {left:?}");
        fs::remove_dir_all(desk.path("runs")).unwrap();
    }
}

#[test]
fn an_api_of_ones_own_is_played_by_the_sandbox_and_deleted_from() {
    let desk = Desk::new();
    let uuid = |n: u64| format!("0dd5f1a0-5b1c-4c9e-8f3a-{n:012x}");
    let known = ids(&desk, "account_id", (1..=25).map(uuid));
    fs::rename(known, desk.path("known.csv")).unwrap();
    let mut serve = desk.program();
    serve.arg("sandbox").arg("--api").arg(example()).args(["--from", "known.csv", "--key", KEY, "--journal", "heard"]);
    let server = Running::start(&mut serve);
    let url = server.hear("plays accounts on ").split(';').next().unwrap().to_owned();
    ids(&desk, "account_id", (1..=30).map(uuid).chain(["a/../b".to_owned()]));
    let mut command = desk.delete_input(&url, &desk.path("ids.csv"));
    let left = run(command.arg("--api").arg(example())).with(1);
    nothing_leaked(&desk, &left);
    let expected = [("deleted", 25), ("absent", 5), ("invalid", 1)].map(|(word, count)| (word.to_owned(), count));
    assert_eq!(settled_once(&desk.out()), expected.into());
    server.signal(Signal::TERM);
    server.leave().with(0).saying(&["25 profiles made, changed or deleted"]);
    let heard = fs::read_to_string(desk.path("heard")).unwrap();
    assert!(!heard.contains("doNotShow") && !heard.contains("a/../b") && !heard.contains("\"key\":\"wrong\""));
    assert_eq!(heard.lines().filter(|line| line.contains("\"method\":\"DELETE\"")).count(), 25);
}

#[test]
fn people_who_are_none_of_this_apis_are_not_counted_into_it() {
    let desk = Desk::new();
    let adapty = run(desk.program().args(["api", "show", "adapty"])).with(0).stdout;
    let (before, customer) = adapty.split_once("[[identities]]\nname = \"customer_user_id\"").unwrap();
    let (_, after) = customer.split_once("\n\n").unwrap();
    // Whoever has no id of the caller's cannot be counted.
    let api = desk.put("uncounted.toml", format!("{before}{after}"));
    let mut command = desk.program();
    let left = run(command.arg("sandbox").arg("--api").arg(api).args(["--customers", "3"])).with(2);
    left.saying(&["--customers", "adapty", "--from"]);
}

#[test]
fn a_run_belongs_to_its_api() {
    let desk = Desk::new();
    let people = vec![Profile { customer_user_id: None, profile_id: Some(object_id(1)) }];
    let sandbox = crafter(Population::Profiles(people), Faults::default());
    ids(&desk, "id", [object_id(1)]);
    run(&mut delete(&desk, &sandbox.base_url())).with(0);
    let other = fs::read_to_string(example()).unwrap().replace("name = \"account_id\"", "name = \"id\"");
    let other = other.replace("identity = \"account_id\"", "identity = \"id\"");
    let other = desk.put("other.toml", other.replace("format = \"uuid\"", "format = \"any\""));
    let mut command = desk.delete_input(&sandbox.base_url(), &desk.path("ids.csv"));
    run(command.arg("--api").arg(other)).with(78).saying(&["another API: crafter, not accounts"]);
}

#[test]
fn descriptions_are_checked_shown_and_listed() {
    let desk = Desk::new();
    let api = |words: &[&str]| run(desk.program().arg("api").args(words));
    let list = api(&["list"]).with(0);
    assert_eq!((list.stdout.as_str(), list.stderr.as_str()), ("adapty\ncrafter\n", ""));
    for name in list.stdout.lines() {
        desk.put("mine.toml", api(&["show", name]).with(0).stdout);
        let checked = api(&["check", "mine.toml"]).with(0);
        assert_eq!(checked.stdout, format!("mine.toml holds: it describes {name}\n"));
    }
    api(&["check", &example().display().to_string()]).with(0);
    desk.put("mine.toml", fs::read_to_string(example()).unwrap().replace("[probe]", "[prob]"));
    let line = fs::read_to_string(desk.path("mine.toml")).unwrap().lines().position(|line| line == "[prob]").unwrap();
    let refused = api(&["check", "mine.toml"]).with(78).saying(&["mine.toml", &format!("line {}:", line + 1), "prob"]);
    assert_eq!(refused.stdout, "");
    api(&["check", "missing.toml"]).with(78).saying(&["missing.toml"]);
    api(&["show", "adopty"]).with(78).saying(&["adopty", "adapty, crafter"]);
}

/// What was meant to be sent once deleted whom it was meant for.
#[test]
fn a_field_is_not_taken_for_what_a_row_of_a_sync_asks_for() {
    let desk = Desk::new();
    let text = fs::read_to_string(example()).unwrap();
    let own = text.replacen(
        "name = \"level\"\ntype = \"integer\"\nleast = 0\nmost = 9\n",
        "name = \"action\"\ntype = \"text\"\n",
        1,
    );
    assert_ne!(own, text);
    let own = desk.put("own.toml", own);
    desk.put("people.csv", "login,action,deed\nada,delete,update\n");
    let sync = |more: &[&str]| {
        let mut program = desk.program();
        program
            .args(["sync", "people.csv", "--sandbox", "--set", "workspace=w", "--out", "out", "--api"])
            .arg(&own)
            .args(more);
        run(&mut program)
    };
    sync(&[])
        .with(2)
        .saying(&["has a field of the name that says what a row of a sync asks for: action", "--action-column"]);
    sync(&["--action-column", "deed"]).with(0).saying(&["updated 1"]);
}
