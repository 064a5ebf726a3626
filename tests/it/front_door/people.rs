//! Whoever is written, remembered, suppressed or pruned is named by no log, and by no file but those made for it.

use std::{fs, process::Command};

use tollgate::sandbox::{Faults, Population, Sandbox, Share};

use crate::support::{
    acts::act,
    leaks::{files, words as said},
    program::{Desk, KEY, Left, PATIENCE, Running, SLOWLY, run, sandbox},
    record::lines,
};

/// Pieces of the key, of every id, and of every value that is set; nothing else contains them.
const KEY_PIECE: &str = "doNotShow";
const ID_PIECE: &str = "customer-";
const VALUE_PIECE: &str = "lovelace";

/// Where ids may stand: a row's own lines, the rows that are to be looked at, whom a sync deletes, and its memory. With
/// them what their rows set, but for the results and the memory.
const NAME_PEOPLE: [&str; 8] = [
    "results.csv",
    "failed.csv",
    "failed.jsonl",
    "absent.csv",
    "absent.jsonl",
    "results.torn",
    "prune.jsonl",
    "memory.redb",
];
const SHOW_VALUES: [&str; 4] = ["failed.csv", "failed.jsonl", "absent.csv", "absent.jsonl"];

/// What was given, and so holds what it holds.
const GIVEN: [&str; 4] = ["key", "tonight.csv", "tonight.jsonl", "erase.csv"];

/// As `RUST_LOG` may be set for other programs of the same machine: everything, by crates, by fields, and nonsense.
const RUST_LOGS: [&str; 6] = [
    "trace",
    "debug,hyper=trace,hyper_util=trace,h2=trace,reqwest=trace,rustls=trace",
    "tollgate=trace,tollgate::remote=trace,[{line=3}]=trace",
    "TRACE,redb=trace,csv,,=,[[,{}",
    "off",
    "tollgate::flow=off,trace",
];

const VOICES: [[&str; 3]; 3] =
    [["-vv", "--log-format", "human"], ["-vv", "--log-format", "json"], ["-vv", "--json", "--color=always"]];

fn row(nth: u64) -> String {
    format!("customer-{nth},ada-{nth}@lovelace.example,Lovelace-lovelace {nth}\n")
}

fn file(people: impl IntoIterator<Item = u64>) -> String {
    let rows = people.into_iter().map(row).collect::<String>();
    // Values and ids that cannot be, a row of too many cells, one that stands twice, and one without an id.
    format!(
        "customer_user_id,email,first_name\n{rows}customer-5,lovelace is no address,A\ncustomer-6,6@lovelace.example,A,lovelace\n\
         customer-7,7@lovelace.example,Other lovelace\n,8@lovelace.example,lovelace\ncustomer-9\\,\"lovelace\nlovelace\",A\n"
    )
}

/// Everything goes wrong at times; 60 of those who are written exist.
fn faulty() -> Sandbox {
    let faults = Faults {
        server_error: Share(0.05),
        reset: Share(0.05),
        truncate: Share(0.03),
        refuse: Share(0.05),
        ..Faults::default()
    };
    sandbox(Population::Count(60), faults, None)
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.put("tonight.csv", file(1..=70));
    desk.put("suppress.key", "a key of more than sixteen bytes\n");
    desk.put("hash.key", "another key of more than sixteen bytes\n");
    desk.put("erase.csv", "customer_user_id\ncustomer-3\ncustomer-4\n");
    desk
}

/// A file's own name; of a side file that is not complete, what it is going to be.
fn name(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.strip_suffix(".partial").unwrap_or(name)
}

#[track_caller]
fn names_nobody_but_where_it_is_meant(desk: &Desk, left: &Left) {
    assert!(KEY.contains(KEY_PIECE));
    let all = said(left).into_iter().chain(files(&desk.path(".")));
    for (path, content) in all.filter(|(path, _)| !GIVEN.contains(&name(path))) {
        let holds = |piece| path.contains(piece) || content.contains(piece);
        assert!(!holds(KEY_PIECE), "the key stands in {path}: {content}");
        assert!(!holds(ID_PIECE) || NAME_PEOPLE.contains(&name(&path)), "an id stands in {path}: {content}");
        assert!(!holds(VALUE_PIECE) || SHOW_VALUES.contains(&name(&path)), "a value stands in {path}: {content}");
    }
}

const LIST: [&str; 4] = ["--suppress", "erased.list", "--suppress-key", "suppress.key"];
const REMEMBERING: [&str; 5] = ["sync", "tonight.csv", "--action=upsert", "--memory", "memory"];

/// As loud as can be, with as many errors as may be.
fn loud(mut command: Command, nth: usize) -> Command {
    command.args(VOICES[nth % VOICES.len()]).args(["--max-errors", "100%", "--max-attempts", "50"]);
    command.env("RUST_LOG", RUST_LOGS[nth % RUST_LOGS.len()]).env("RUST_BACKTRACE", "full");
    command
}

#[test]
fn nobody_who_is_written_is_named_however_much_is_said() {
    for (nth, words) in [
        &["create", "tonight.csv"][..],
        &["update", "tonight.csv"],
        &["sync", "tonight.csv", "--compare", "server"],
        &REMEMBERING,
        &["update", "tonight.csv", "--dry-run"],
        &["sync", "tonight.csv", "--dry-run"],
    ]
    .into_iter()
    .enumerate()
    {
        let (desk, sandbox) = (desk(), faulty());
        let mut command = loud(act(&desk, words, &sandbox), nth);
        command.args(["--out", "runs/run"]);
        if words == REMEMBERING {
            command.arg("--first");
        }
        let left = run(&mut command).with(1);
        names_nobody_but_where_it_is_meant(&desk, &left);
        if words.contains(&"--dry-run") {
            continue;
        }
        let outcomes: Vec<String> = lines(&desk.out()).into_iter().map(|line| line.outcome).collect();
        for wanted in ["invalid", "refused"] {
            assert!(outcomes.iter().any(|outcome| outcome == wanted), "{words:?} has something to tell: {outcomes:?}");
        }
        for more in [&["--json"][..], &[]] {
            let left = run(desk.program().args(["report", "runs/run"]).args(more)).with(0);
            names_nobody_but_where_it_is_meant(&desk, &left);
        }
    }
}

/// One night sends, the next is killed, goes on, and deletes whoever left; some are on the list of the erased.
#[test]
fn neither_a_memory_nor_a_list_of_the_erased_nor_a_pruning_names_anybody_elsewhere() {
    for (nth, rust_log) in RUST_LOGS.into_iter().take(VOICES.len()).enumerate() {
        let (desk, sandbox) = (desk(), faulty());
        let mut erase = loud(act(&desk, &["delete", "erase.csv"], &sandbox), nth);
        let left = run(erase.args(LIST));
        assert!(matches!(left.code, Some(0 | 1)), "{left:?}");
        names_nobody_but_where_it_is_meant(&desk, &left);
        let whole = (1..=60).map(row).collect::<String>();
        let night = |more: &[&str]| {
            let mut command = loud(act(&desk, &REMEMBERING, &sandbox), nth + 1);
            command.args(LIST).args(["--prune", "--max-delete", "50"]).args(more);
            command
        };
        desk.put("tonight.csv", format!("customer_user_id,email,first_name\n{whole}"));
        let left = run(&mut night(&["--first"]));
        assert!(matches!(left.code, Some(0 | 1)), "{left:?}");
        names_nobody_but_where_it_is_meant(&desk, &left);
        let fewer = (1..=40).map(row).collect::<String>().replace("Lovelace-", "Countess-");
        desk.put("tonight.csv", format!("customer_user_id,email,first_name\n{fewer}"));
        let before = sandbox.received().requests;
        let running = Running::start(night(&[]).args(SLOWLY));
        assert!(sandbox.wait_for(before + 15, PATIENCE));
        names_nobody_but_where_it_is_meant(&desk, &running.kill());
        let left = run(&mut night(&[]));
        assert!(matches!(left.code, Some(0 | 1)), "{left:?}");
        assert!(files(&desk.path(".")).iter().any(|(path, _)| name(path) == "prune.jsonl"), "somebody was pruned");
        names_nobody_but_where_it_is_meant(&desk, &left);
        for deed in ["check", "remove"] {
            let mut program = desk.program();
            program.args(["suppress", deed, "erase.csv"]).args(LIST).env("RUST_LOG", rust_log);
            names_nobody_but_where_it_is_meant(&desk, &run(&mut program).with(0));
        }
    }
}

/// With `--hash-ids`, not even the files that are made for it; the memory alone keeps ids, for a later pruning.
#[test]
fn nothing_that_hashed_writing_leaves_names_anybody() {
    for (nth, (input, words)) in [
        ("tonight.csv", &["create"][..]),
        ("tonight.jsonl", &["update"]),
        ("tonight.csv", &["sync", "--action=upsert", "--memory", "memory", "--first"]),
        ("tonight.jsonl", &["sync", "--action=upsert"]),
    ]
    .into_iter()
    .enumerate()
    {
        let (desk, sandbox) = (desk(), faulty());
        desk.put("tonight.jsonl", jsonl());
        run(act(&desk, &["delete", "erase.csv"], &sandbox).args(LIST).args(["--out", "runs/erased"]));
        let again = || {
            let mut command = loud(act(&desk, &[words[0], input], &sandbox), nth);
            command.args(&words[1..]).args(LIST).args(["--hash-ids", "hash.key", "--out", "runs/run"]);
            command
        };
        let before = sandbox.received().requests;
        let running = Running::start(again().args(SLOWLY));
        assert!(sandbox.wait_for(before + 40, PATIENCE));
        hashed(&desk, &running.kill());
        hashed(&desk, &run(&mut again()).with(1));
        let outcomes: Vec<String> = lines(&desk.out()).into_iter().map(|line| line.outcome).collect();
        for wanted in ["invalid", "refused", "suppressed"] {
            assert!(outcomes.iter().any(|outcome| outcome == wanted), "{words:?}, {input}: {outcomes:?}");
        }
        let (_, failed) = files(&desk.out()).into_iter().find(|(path, _)| name(path) == "failed.csv").unwrap();
        assert!(failed.starts_with("line,id,second_id\n") && failed.lines().count() > 3, "{failed}");
    }
}

/// Nobody is named by what it said, by the run, or by the list of the erased.
#[track_caller]
fn hashed(desk: &Desk, left: &Left) {
    let below = files(&desk.out()).into_iter().chain(files(&desk.path("memory")));
    let list = String::from_utf8_lossy(&fs::read(desk.path("erased.list")).unwrap()).into_owned();
    for (path, content) in said(left).into_iter().chain(below).chain([("erased.list".to_owned(), list)]) {
        assert!(!content.contains(ID_PIECE) || name(&path) == "memory.redb", "an id stands in {path}: {content}");
        assert!(![VALUE_PIECE, KEY_PIECE].iter().any(|piece| content.contains(piece)), "in {path}: {content}");
    }
}

fn jsonl() -> String {
    let row = |nth| {
        format!(
            "{{\"customer_user_id\":\"customer-{nth}\",\"email\":\"{nth}@lovelace.example\",\
             \"custom_attributes\":[{{\"key\":\"note\",\"value\":\"lovelace\"}}]}}\n"
        )
    };
    let rows = (1..=70).map(row).collect::<String>();
    rows + "{\"customer_user_id\":\"customer-71\",\"email\":\"lovelace\"}\n{\"customer_user_id\":\"customer-72\",\"email\":\n"
}

/// A command that is said again, so that it can be pasted, says a proxy without its password.
#[test]
fn the_password_of_a_proxy_is_not_said_again() {
    let desk = desk();
    for proxy in [
        &["--proxy", "http://ada:lovelace@proxy.example:3128"][..],
        &["--proxy=http://ada:lovelace@proxy.example:3128"],
        &["--proxy", "ada:love@lovelace@proxy.example:3128"],
    ] {
        let mut command = desk.program();
        command.args(["delete", "erase.csv", "--dry-run", "--api-key-file", "key"]).args(proxy);
        let left = run(&mut command).with(0).saying(&["CREDENTIALS@proxy.example:3128", "--expect-rows 2"]);
        assert!(!left.stderr.contains(VALUE_PIECE) && !left.stdout.contains(VALUE_PIECE), "{left:?}");
    }
}
