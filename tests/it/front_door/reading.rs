//! `get`, `verify`, and the looks before and after a deletion.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use serde_json::{Value, json};
use tollgate::sandbox::{Faults, Options, Population, Profile, Sandbox, Share};

use crate::support::{
    program::{Desk, PATIENCE, Running, SLOWLY, calm, options, run, sandbox},
    record::{chain, journal, lines, run_json, settled_once},
};

/// A reading command with what it needs, its results in the desk's own directory.
fn reading(desk: &Desk, command: &str, url: &str, out: &str) -> Command {
    let mut program = desk.program();
    program.arg(command).arg(desk.path("customers.csv")).args(["--base-url", url, "--api-key-file"]);
    program.arg(desk.path("key")).arg("--out").arg(desk.path(out));
    program
}

fn profiles(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn profiles_of(path: &Path) -> Vec<Value> {
    profiles(&fs::read_to_string(path).unwrap())
}

/// Each row that is found has its own profile, once, in the order of the results.
#[track_caller]
fn each_found_row_has_its_profile(directory: &Path, profiles: &[Value]) {
    let found = lines(directory).into_iter().filter(|line| line.outcome == "found");
    let of_results: Vec<_> = found.map(|line| (json!(line.line), json!(line.id), json!(line.remote_id))).collect();
    let of_profiles: Vec<_> = profiles
        .iter()
        .map(|line| {
            assert_eq!(line["profile"]["customer_user_id"], line["id"], "{line}");
            (line["line"].clone(), line["id"].clone(), line["profile"]["profile_id"].clone())
        })
        .collect();
    assert_eq!(of_profiles, of_results);
}

fn word_counts(pairs: &[(&str, usize)]) -> std::collections::BTreeMap<String, usize> {
    pairs.iter().map(|(word, rows)| ((*word).to_owned(), *rows)).collect()
}

#[test]
fn get_writes_each_profile_as_it_was_sent_and_asks_nobody() {
    let (desk, sandbox) = (Desk::new(), calm(237));
    desk.customers(240);
    let left = run(reading(&desk, "get", &sandbox.base_url(), "got").arg("--json")).with(0);
    let left = left.saying(&["found 237; missing 3", "240 = 237 found + 3 missing + 0 unsettled", "profiles.jsonl"]);
    assert_eq!(settled_once(&desk.path("got")), word_counts(&[("found", 237), ("missing", 3)]));
    let received = sandbox.received();
    assert_eq!((received.gets, received.requests), (260, 260), "twenty looks, and one request a row");
    let file = desk.path("got/profiles.jsonl");
    each_found_row_has_its_profile(&desk.path("got"), &profiles_of(&file));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let line = fs::read_to_string(&file).unwrap();
    assert!(line.contains("\"total_revenue_usd\":0.0,"), "byte for byte: {line}");
    let summary = left.json();
    assert_eq!((&summary["command"], &summary["totals"]["found"]), (&json!("get"), &json!(237)));
    assert_eq!(summary["profiles"], json!(file));
    let run = run_json(&desk.path("got"));
    assert_eq!((&run["immutable"]["command"], &run["immutable"]["app"]), (&json!("get"), &json!(sandbox.app_id())));
    let absent = fs::read_to_string(desk.path("got/absent.csv")).unwrap();
    assert_eq!(absent.lines().count(), 4);
    chain(&desk.path("got"));
    let report = desk.program().arg("report").arg(desk.path("got")).output().unwrap();
    assert!(String::from_utf8_lossy(&report.stdout).contains("found      237"));
}

#[test]
fn killed_again_and_again_get_has_each_profile_once() {
    let rows = 1500;
    let (desk, sandbox) = (Desk::new(), calm(rows));
    desk.customers(rows);
    let mut settled = BTreeSet::new();
    for counter in [3, 60, 300, 700, 1300] {
        let running = Running::start(reading(&desk, "get", &sandbox.base_url(), "got").args(SLOWLY));
        assert!(sandbox.wait_for(counter, PATIENCE));
        running.kill();
        let now: BTreeSet<u64> = lines(&desk.path("got")).into_iter().map(|line| line.line).collect();
        assert!(now.is_superset(&settled), "what was settled stays settled");
        settled = now;
    }
    run(&mut reading(&desk, "get", &sandbox.base_url(), "got")).with(0);
    assert_eq!(settled_once(&desk.path("got")), word_counts(&[("found", 1500)]));
    each_found_row_has_its_profile(&desk.path("got"), &profiles_of(&desk.path("got/profiles.jsonl")));
    chain(&desk.path("got"));
}

#[test]
fn profiles_go_elsewhere_only_where_nobody_is() {
    let (desk, sandbox) = (Desk::new(), calm(40));
    desk.customers(40);
    let elsewhere = desk.put("people.jsonl", "mine\n");
    let aimed = |out: &str| {
        let mut command = reading(&desk, "get", &sandbox.base_url(), out);
        command.args(["--out-profiles", "people.jsonl"]);
        command
    };
    run(&mut aimed("got")).with(73).saying(&["people.jsonl exists already"]);
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "mine\n");
    assert!(!desk.path("got").exists(), "nothing was begun");
    fs::remove_file(&elsewhere).unwrap();
    run(&mut aimed("got")).with(0).saying(&["profiles   people.jsonl"]);
    each_found_row_has_its_profile(&desk.path("got"), &profiles_of(&elsewhere));
    assert!(!desk.path("got/profiles.jsonl").exists());
    run(&mut aimed("got")).with(0).saying(&["is finished"]);
    run(&mut reading(&desk, "get", &sandbox.base_url(), "got")).with(78).saying(&["out-profiles"]);
}

#[test]
fn stdout_takes_profiles_only_on_purpose_and_a_reader_who_leaves_stops_the_run() {
    let (desk, sandbox) = (Desk::new(), calm(300));
    desk.customers(300);
    let left = run(reading(&desk, "get", &sandbox.base_url(), "got").args(["--out-profiles", "-"])).with(0);
    each_found_row_has_its_profile(&desk.path("got"), &profiles(&left.stdout));
    let left = run(reading(&desk, "get", &sandbox.base_url(), "other").args(["--out-profiles", "-", "--json"])).with(2);
    left.saying(&["both want stdout"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = reading(&desk, "get", &sandbox.base_url(), "third");
    let status = command.args(["--out-profiles", "-"]).stdout(writer).output().unwrap().status;
    assert_eq!(status.code(), Some(74));
    assert!(lines(&desk.path("third")).iter().all(|line| line.outcome != "found"), "nobody got these profiles");
}

#[test]
fn a_finished_get_is_no_reason_not_to_get_again() {
    let (desk, sandbox) = (Desk::new(), calm(30));
    desk.customers(30);
    for times in 1..=2 {
        let mut command = desk.program();
        command.args(["get", "customers.csv", "--base-url", &sandbox.base_url(), "--api-key-file", "key"]);
        run(&mut command).with(0).saying(&["found 30"]);
        let runs = fs::read_dir(desk.path("tollgate-runs")).unwrap();
        assert_eq!(runs.filter(|entry| entry.as_ref().unwrap().path().is_dir()).count(), times);
    }
}

#[test]
fn a_wrong_key_gets_nothing_and_blames_nobody() {
    let (desk, sandbox) = (Desk::new(), calm(300));
    desk.customers(300);
    desk.put("key", "another-key");
    run(&mut reading(&desk, "get", &sandbox.base_url(), "got")).with(77);
    let other = Desk::new();
    other.put("customers.csv", (1..=300).fold("customer_user_id\n".to_owned(), |text, n| format!("{text}ghost-{n}\n")));
    let left = run(&mut reading(&other, "get", &sandbox.base_url(), "got")).with(3);
    left.saying(&["probably belongs to another app"]);
}

#[test]
fn failed_rows_are_got_later_and_their_profiles_join_the_others() {
    let desk = Desk::new();
    desk.customers(300);
    let broken = Faults { server_error: Share(0.1), ..Faults::default() };
    let before = sandbox(Population::Count(300), broken, None);
    let door = crate::support::door::Door::to(before.address());
    let hasty = ["--max-attempts", "1", "--max-errors", "100%"];
    run(reading(&desk, "get", &door.url(), "got").args(hasty)).with(1).saying(&["--retry-failed"]);
    let first = profiles_of(&desk.path("got/profiles.jsonl")).len();
    assert!((200..300).contains(&first), "{first}");
    let after = calm(300);
    door.leads_to(after.address());
    run(reading(&desk, "get", &door.url(), "got").arg("--retry-failed")).with(0).saying(&["found 300"]);
    let profiles = profiles_of(&desk.path("got/profiles.jsonl"));
    assert_eq!(profiles.len(), 300);
    each_found_row_has_its_profile(&desk.path("got"), &profiles);
    let asked = after.received().gets;
    assert!(asked < 100, "only the failed ones: {asked}");
}

#[test]
fn a_deletion_by_another_key_of_another_app_proves_nothing() {
    let desk = Desk::new();
    desk.customers(20);
    let before = calm(20);
    let door = crate::support::door::Door::to(before.address());
    run(desk.delete(&door.url()).arg("--look")).with(0);
    let against = ["--against".to_owned(), desk.out().display().to_string()];
    let elsewhere = Sandbox::start(Options { seed: 8, ..options(Population::Count(20), Faults::default()) }).unwrap();
    door.leads_to(elsewhere.address());
    let left = run(reading(&desk, "verify", &door.url(), "verified").args(&against)).with(78);
    left.saying(&["the deletion of --against was in app"]);
    assert!(!desk.path("verified").exists(), "nothing was begun");
}

/// A stand-in for another app, where nobody is.
fn nobody_with(key: &str) -> Sandbox {
    let nobody = options(Population::Profiles(Vec::new()), Faults::default());
    Sandbox::start(Options { key: key.to_owned(), seed: 99, ..nobody }).unwrap()
}

/// Nobody is there under the key of another app, so what two keys did not find shows nothing.
#[test]
fn a_verification_is_not_continued_with_a_key_that_nobody_vouches_for() {
    let (desk, first, other) = (Desk::new(), calm(1500), nobody_with("another"));
    desk.customers(1500);
    let door = crate::support::door::Door::to(first.address());
    run(&mut desk.delete(&door.url())).with(0);
    let right = fs::read(desk.path("key")).unwrap();
    let verify = |out: &str| reading(&desk, "verify", &door.url(), out);
    let against = ["--against".to_owned(), desk.out().display().to_string()];

    let running = Running::start(verify("vouched").args(&against).args(SLOWLY));
    assert!(first.wait_for(first.received().requests + 400, PATIENCE));
    running.kill();
    desk.put("key", "another");
    door.leads_to(other.address());
    run(&mut verify("vouched")).with(78).saying(&["the key has changed", "its app cannot be told"]);
    let running = Running::start(verify("strange").args(SLOWLY));
    assert!(other.wait_for(400, PATIENCE));
    running.kill();

    desk.put("key", right);
    door.leads_to(first.address());
    run(&mut verify("vouched")).with(0).saying(&["absent 1,500"]);
    run(verify("strange").args(&against)).with(78).saying(&["may only be in another app"]);
}

#[test]
fn a_place_for_profiles_that_is_not_there_is_told_before_the_first_call() {
    let (desk, sandbox) = (Desk::new(), calm(30));
    desk.customers(30);
    let mut get = reading(&desk, "get", &sandbox.base_url(), "got");
    run(get.args(["--out-profiles", "nowhere/profiles.jsonl"])).with(73).saying(&["nowhere is no directory"]);
    assert_eq!(sandbox.received().requests, 0);
    assert!(!desk.path("got").exists());
}

#[test]
fn a_dry_get_sends_nothing_and_a_rehearsed_one_needs_no_key() {
    let (desk, sandbox) = (Desk::new(), calm(30));
    desk.customers(30);
    run(reading(&desk, "get", &sandbox.base_url(), "got").arg("--dry-run")).with(0).saying(&["nothing was sent"]);
    assert_eq!(sandbox.received().requests, 0);
    assert!(!desk.path("got").exists());
    run(desk.program().args(["get", "customers.csv", "--sandbox"])).with(0).saying(&["found 30", "nobody real"]);
    run(desk.program().args(["verify", "customers.csv", "--sandbox"])).with(1).saying(&["absent 0; existing 30"]);
}

#[test]
fn what_was_deleted_is_verified_and_what_came_back_is_new() {
    let desk = Desk::new();
    let known = |nth: u64, profile: u64| Profile {
        customer_user_id: Some(format!("customer-{nth}")),
        profile_id: Some(format!("0dd5f1a0-0000-4000-8000-{profile:012}")),
    };
    desk.customers(40);
    let before = sandbox(Population::Profiles((1..=30).map(|n| known(n, n)).collect()), Faults::default(), None);
    let door = crate::support::door::Door::to(before.address());
    run(desk.delete(&door.url()).args(["--look", "--verify", "--verify-after", "10ms"]))
        .with(0)
        .saying(&["erased 30; not found 10"]);
    let received = before.received();
    assert_eq!((received.deletes, received.applied), (30, 30), "who is not there is not deleted");
    assert_eq!(received.gets, 20 + 40 + 30, "the samples, the looks before, the looks after");
    for line in lines(&desk.out()) {
        let nth: u64 = line.id.trim_start_matches("customer-").parse().unwrap();
        let recorded = if nth <= 30 { known(nth, nth).profile_id.unwrap() } else { String::new() };
        assert_eq!(line.remote_id, recorded, "{line:?}");
        assert_eq!(line.message.contains("verified"), nth <= 30, "{line:?}");
    }

    let against = ["--against".to_owned(), desk.out().display().to_string()];
    run(reading(&desk, "verify", &door.url(), "verified").args(&against)).with(0).saying(&["absent 40"]);
    let unproven = run(&mut reading(&desk, "verify", &door.url(), "unproven")).with(0);
    unproven.saying(&["absent 40", "the key of another app"]);

    // customer-1 was never deleted there, customer-2 came back, customer-35 was not known to the deletion.
    let people = vec![known(1, 1), known(2, 99), known(35, 35)];
    let after = sandbox(Population::Profiles(people), Faults::default(), None);
    door.leads_to(after.address());
    let left = run(reading(&desk, "verify", &door.url(), "later").args(&against)).with(1);
    left.saying(&["absent 37; existing 2, not erased; new 1"]);
    let told: BTreeSet<_> = lines(&desk.path("later"))
        .into_iter()
        .filter(|line| line.outcome != "absent")
        .map(|line| (line.id, line.outcome, line.remote_id))
        .collect();
    let expected = [(1, "exists", 1), (2, "new", 99), (35, "exists", 35)];
    let expected =
        expected.map(|(n, word, p)| (format!("customer-{n}"), word.to_owned(), known(n, p).profile_id.unwrap()));
    assert_eq!(told, expected.into());
    let failed = fs::read_to_string(desk.path("later/failed.csv")).unwrap();
    assert_eq!(failed, "customer_user_id\ncustomer-1\ncustomer-35\n", "who is new is not to be deleted unseen");
    run(reading(&desk, "verify", &door.url(), "no").arg("--against").arg(desk.path("later")))
        .with(78)
        .saying(&["does not hold a finished deletion"]);
}

#[test]
fn a_verified_deletion_holds_under_faults() {
    let desk = Desk::new();
    let account = desk.path("account");
    let faults = Faults { server_error: Share(0.05), truncate: Share(0.05), reset: Share(0.05), ..Faults::default() };
    let sandbox = sandbox(Population::Count(200), faults, Some(account.clone()));
    desk.customers(200);
    run(desk.delete(&sandbox.base_url()).args(["--verify", "--verify-after", "1ms", "--canary", "0"])).with(0);
    assert_eq!(sandbox.stop().unwrap().applied, 200);
    let requests = journal(&account);
    for line in lines(&desk.out()).iter().filter(|line| line.outcome == "deleted") {
        let about: Vec<_> = requests.iter().filter(|request| request.id.as_deref() == Some(&line.id)).collect();
        let last = about.last().unwrap();
        assert_eq!((last.method.as_str(), last.status), ("GET", Some(404)), "{line:?}");
    }
}
