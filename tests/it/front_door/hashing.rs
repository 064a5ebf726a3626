//! `--hash-ids`: what a run leaves names nobody, and whoever has the key finds everybody again.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path, process::Command};

use tollgate::sandbox::{Faults, Population, Profile, Sandbox, Share};

use crate::support::{
    door::{Door, parrot},
    leaks::{files, words},
    program::{Desk, Left, PATIENCE, Running, SLOWLY, calm, run, run_with, sandbox},
    record::{chain, lines, run_json},
};

/// Pieces of every id here that nothing else contains.
const PIECES: [&str; 2] = ["lovelace", "5b1c-4c9e-8f3a"];

const HASHED: [&str; 2] = ["--hash-ids", "hash.key"];

fn customer(nth: u64) -> String {
    format!("ada-{nth}-lovelace")
}

fn profile(nth: u64) -> String {
    format!("0dd5f1a0-5b1c-4c9e-8f3a-{nth:012}")
}

/// 150 people, known by both ids.
fn stand_in(faults: Faults) -> Sandbox {
    let known = |nth| Profile { customer_user_id: Some(customer(nth)), profile_id: Some(profile(nth)) };
    sandbox(Population::Profiles((1..=150).map(known).collect()), faults, None)
}

/// Known by one id or by two, by the second one only, repeated, unknown, and not to be sent.
fn input() -> String {
    let mut text = "profile_id,customer_user_id\n".to_owned();
    for nth in 1..=200 {
        let (own, ours) = (profile(nth), customer(nth));
        let _infallible = match nth % 5 {
            0 => writeln!(text, "{own},"),
            1 => writeln!(text, "{own},{ours}"),
            2 => writeln!(text, "{},{ours}", profile(nth + 1000)),
            _ => writeln!(text, ",{ours}"),
        };
    }
    text + &format!(",{}\n,\"ada-3\n-lovelace\"\n,\n,NULL\n", customer(3))
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.put("hash.key", "a key of more than sixteen bytes\n");
    desk.put("other.key", "another key of more than sixteen bytes\n");
    desk.put("customers.csv", input());
    desk
}

#[track_caller]
fn names_nobody(desk: &Desk, left: &Left) {
    let all: Vec<_> = words(left).into_iter().chain(files(&desk.path("runs"))).collect();
    assert!(all.len() > 3, "there is something to be looked at");
    for (name, content) in all {
        for piece in PIECES {
            assert!(!name.contains(piece) && !content.contains(piece), "an id stands in {name}");
        }
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn find(desk: &Desk, who: &str, words: &[&str]) -> Left {
    let mut command = desk.program();
    command.args(["report", "runs/run", "--find", "-"]).args(words);
    run_with(&mut command, who.as_bytes())
}

#[test]
fn nothing_that_a_hashed_deletion_leaves_names_anybody_however_much_is_said() {
    for voice in [["-vv", "--log-format", "human"], ["-vv", "--log-format", "json"], ["--json", "--color", "always"]] {
        let faults = Faults {
            server_error: Share(0.05),
            reset: Share(0.05),
            truncate: Share(0.05),
            refuse: Share(0.05),
            ..Faults::default()
        };
        let (desk, sandbox) = (desk(), stand_in(faults));
        let delete = || {
            let mut command = desk.delete(&sandbox.base_url());
            command.args(HASHED).args(voice).env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
            command.args(["--look", "--verify", "--verify-after", "1ms", "--max-errors", "100%"]);
            command
        };
        let running = Running::start(delete().args(SLOWLY));
        assert!(sandbox.wait_for(200, PATIENCE));
        names_nobody(&desk, &running.kill());
        let left = run(&mut delete()).with(1);
        names_nobody(&desk, &left);
        let lines = lines(&desk.out());
        let words: BTreeSet<&str> = lines.iter().map(|line| line.outcome.as_str()).collect();
        assert!(words.is_superset(&["absent", "deleted", "duplicate", "invalid", "refused"].into()), "{words:?}");
        assert!(lines.iter().any(|line| line.message.contains("by the row's second id, ")), "somebody had another id");
        assert!(lines.iter().filter(|line| is_hash(&line.remote_id)).count() > 50, "looks named profiles");
        assert!(lines.iter().all(|line| line.id.is_empty() || is_hash(&line.id)), "{lines:?}");
        for side in ["failed.csv", "absent.csv"] {
            let text = fs::read_to_string(desk.out().join(side)).unwrap();
            assert!(text.starts_with("line,id,second_id\n") && text.lines().count() > 4, "{side}: {text}");
        }
        chain(&desk.out());
    }
}

#[test]
fn an_answer_that_repeats_the_id_is_written_down_with_its_hash() {
    let desk = desk();
    desk.put("customers.csv", format!("customer_user_id\n{}\n", customer(7)));
    let body = format!(
        r#"{{"errors":[{{"source":"customer_user_id","errors":["{} is not welcome"]}}],"error_code":"e","status_code":400}}"#,
        customer(7)
    );
    let url = parrot(format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    ));
    let left = run(desk.delete(&url).args(HASHED).args(["--canary", "0"])).with(1);
    names_nobody(&desk, &left);
    let lines = lines(&desk.out());
    assert_eq!((lines.len(), lines[0].outcome.as_str()), (1, "refused"));
    assert!(lines[0].message.contains(&format!("{} is not welcome", lines[0].id)), "{lines:?}");
}

#[test]
fn a_run_goes_on_with_its_own_key_alone() {
    for place in [["--out", "runs/run"], ["--runs-dir", "runs"]] {
        let (desk, sandbox) = (desk(), stand_in(Faults::default()));
        let delete = |words: &[&str]| {
            let mut command = desk.aimed(&sandbox.base_url());
            command.args(place).args(words);
            command
        };
        let running = Running::start(delete(&HASHED).args(SLOWLY));
        assert!(sandbox.wait_for(100, PATIENCE));
        running.kill();
        let sent = sandbox.received().requests;
        run(&mut delete(&[])).with(78).saying(&["hashed with key", "in clear", "--hash-ids"]);
        run(&mut delete(&["--hash-ids", "other.key"])).with(78).saying(&["hashed with key"]);
        run(&mut delete(&["--hash-ids", "gone.key"])).with(78).saying(&["gone.key is not there", "/dev/urandom"]);
        assert_eq!(sandbox.received().requests, sent);
        run(&mut delete(&HASHED)).with(1);
    }
}

#[test]
fn whoever_has_the_key_finds_everybody_again_and_names_nobody() {
    let (desk, sandbox) = (desk(), stand_in(Faults::default()));
    run(desk.delete(&sandbox.base_url()).args(HASHED).arg("--look")).with(1);
    let key = run_json(&desk.out())["immutable"]["hash_ids"].as_str().unwrap().to_owned();
    assert_eq!(key.len(), 16);

    let three = format!("profile_id,customer_user_id\n,{}\n{},\n,{}\n", customer(3), profile(5), customer(193));
    let left = find(&desk, &three, &HASHED).with(0);
    let rows: Vec<Vec<&str>> = left.stdout.lines().map(|line| line.split(',').take(4).collect()).collect();
    let expected = [
        ["row", "line", "action", "outcome"],
        ["2", "4", "delete", "deleted"],
        ["2", "202", "delete", "duplicate"],
        ["3", "6", "delete", "deleted"],
        ["4", "194", "delete", "absent"],
    ];
    assert_eq!(rows, expected.map(Vec::from));
    names_nobody(&desk, &left);

    // By the API's own id that a look learned, and by what was never sent.
    let others = format!("{{\"profile_id\":\"{}\"}}\n{{\"customer_user_id\":\"NULL\"}}\n", profile(4));
    let left = find(&desk, &others, &HASHED).with(0);
    assert!(left.stdout.contains("1,5,delete,deleted,") && left.stdout.contains(",invalid,"), "{left:?}");

    let left = find(&desk, "customer_user_id\nsomebody-else\n", &HASHED).with(1).saying(&["1 rows have no line", "2"]);
    assert_eq!(left.stdout.lines().count(), 1);
    find(&desk, &three, &[]).with(78).saying(&[&key, "none is given"]);
    find(&desk, &three, &["--hash-ids", "other.key"]).with(78).saying(&[&key, "the key given is"]);
    find(&desk, &three, &["--api", "crafter"]).with(78).saying(&["--api"]);
}

#[test]
fn a_run_in_clear_is_searched_without_a_key() {
    let (desk, sandbox) = (Desk::new(), calm(20));
    desk.customers(30);
    run(&mut desk.delete(&sandbox.base_url())).with(0);
    let left = find(&desk, "customer-2\ncustomer-25\n", &[]).with(0);
    let said: Vec<&str> = left.stdout.lines().collect();
    assert!(
        said[1].starts_with("1,3,delete,deleted,204,") && said[2].starts_with("2,26,delete,absent,404,"),
        "{said:?}"
    );
    assert!(!left.stdout.contains("customer-"));
}

#[test]
fn what_another_hashed_run_did_is_known_by_its_key() {
    let (desk, before) = (desk(), stand_in(Faults::default()));
    let door = Door::to(before.address());
    run(desk.delete(&door.url()).args(HASHED).arg("--look")).with(1);
    let next = |words: &[&str]| {
        let mut command = desk.aimed(&door.url());
        command.args(["--continue-from", "runs/run"]).args(words);
        command
    };
    run(&mut next(&["--out", "runs/none"])).with(78).saying(&["none is given"]);
    run(next(&["--out", "runs/next"]).args(HASHED)).with(1).saying(&["duplicate"]);
    let again = lines(&desk.path("runs/next"));
    let sent: BTreeSet<u64> = again.iter().filter(|line| line.attempts > 0).map(|line| line.line).collect();
    // Whoever was absent by the first of two ids may still be there by the second.
    let expected: BTreeSet<u64> = (151..=200).filter(|nth| matches!(nth % 5, 1 | 2)).map(|nth| nth + 1).collect();
    assert_eq!(sent, expected, "nobody who was erased is sent again");

    let back = Profile { customer_user_id: Some(customer(3)), profile_id: Some(profile(777)) };
    let after = sandbox(Population::Profiles(vec![back]), Faults::default(), None);
    door.leads_to(after.address());
    let verify = |words: &[&str], out: &str| {
        let mut command: Command = desk.program();
        command.args(["verify", "customers.csv", "--api-key-file", "key", "--against", "runs/run", "--base-url"]);
        command.arg(door.url()).args(["--out", out]).args(words);
        command
    };
    run(&mut verify(&[], "runs/no")).with(78).saying(&["none is given"]);
    let left = run(&mut verify(&HASHED, "runs/verified")).with(1).saying(&["new 1"]);
    names_nobody(&desk, &left);
}

#[test]
fn what_must_be_in_clear_cannot_be_hashed() {
    let (desk, sandbox) = (desk(), stand_in(Faults::default()));
    let aimed = |command: &str| {
        let mut program = desk.program();
        program.args([command, "customers.csv", "--api-key-file", "key", "--base-url", &sandbox.base_url(), "--out"]);
        program.arg("runs/run").args(HASHED);
        program
    };
    run(&mut aimed("get")).with(2).saying(&["profiles name people", "--out-profiles"]);
    run(aimed("sync").args(["--yes", "--memory", "memory", "--first", "--prune"])).with(2).saying(&["--prune"]);
    assert!(!desk.path("runs").exists() && !desk.path("memory").exists(), "nothing was begun");
    let get = || {
        let mut command = aimed("get");
        command.args(["--out-profiles", "profiles.jsonl"]);
        command
    };
    let running = Running::start(get().args(SLOWLY));
    assert!(sandbox.wait_for(100, PATIENCE));
    names_nobody(&desk, &running.kill());
    names_nobody(&desk, &run(&mut get()).with(1));
    let found: BTreeSet<(u64, String)> = lines(&desk.out())
        .into_iter()
        .filter(|line| line.outcome == "found")
        .map(|line| (line.line, line.id))
        .collect();
    let profiles = fs::read_to_string(desk.path("profiles.jsonl")).unwrap();
    let kept: Vec<serde_json::Value> = profiles.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(kept.len(), found.len());
    for profile in kept {
        let joined = (profile["line"].as_u64().unwrap(), profile["id"].as_str().unwrap().to_owned());
        assert!(found.contains(&joined), "by `line` and `id` profiles are joined to the results");
    }
}

#[test]
fn stdin_goes_on_with_the_same_rows_alone() {
    let (desk, sandbox) = (desk(), stand_in(Faults::default()));
    let delete = || {
        let mut command = desk.delete_input(&sandbox.base_url(), Path::new("-"));
        command.args(HASHED);
        command
    };
    let running = Running::start_with(delete().args(SLOWLY), input().as_bytes());
    assert!(sandbox.wait_for(150, PATIENCE));
    names_nobody(&desk, &running.kill());
    let other = input().replace(&customer(4), &customer(400));
    run_with(&mut delete(), other.as_bytes()).with(65).saying(&["stdin"]);
    let left = run_with(&mut delete(), input().as_bytes()).with(1);
    names_nobody(&desk, &left);
    let settled: BTreeSet<u64> = lines(&desk.out()).into_iter().map(|line| line.line).collect();
    assert_eq!(settled.len(), 204);
}
