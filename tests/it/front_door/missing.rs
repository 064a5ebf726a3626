//! Whoever was missing, or whose name was taken, is not asked about again at once: from one night to the next he is.

use std::fs;

use tollgate::sandbox::{Faults, Options, Part, Population, Sandbox};

use crate::support::{
    acts::{act, counted, outcomes, people, received},
    door::Door,
    program::{Desk, Running, Signal, calm, options, run, sandbox},
    record::lines,
};

const SYNC: [&str; 5] = ["sync", "tonight.csv", "--memory", "memory", "--first"];

fn words(desk: &Desk, out: &str) -> Vec<String> {
    outcomes(&desk.path(out)).into_iter().map(|(_, word)| word).collect()
}

/// So many people of that name, by their number.
fn rows(name: &str, count: u64, email: &str) -> String {
    (1..=count).map(|n| format!("{name}-{n},{email}{n}@example.com\n")).collect::<Vec<_>>().concat()
}

fn absent(desk: &Desk, out: &str) -> String {
    fs::read_to_string(desk.path(out).join("absent.csv")).unwrap()
}

#[test]
fn the_same_file_once_more_is_no_call_though_somebody_is_missing_and_says_so_again() {
    let (desk, sandbox) = (Desk::new(), calm(1));
    let file = "customer_user_id,action,email\ncustomer-1,,1@example.com\nnobody,,n@example.com\nno-one,delete,\n";
    desk.put("tonight.csv", file);
    let night = |out: &str, more: &[&str]| {
        let (left, calls) = counted(act(&desk, &SYNC, &sandbox).args(["--out", out]).args(more), &sandbox);
        (left.with(0), calls)
    };
    night("first", &[]);
    assert_eq!(words(&desk, "first"), ["updated", "missing", "absent"]);
    let (rehearsal, calls) = counted(act(&desk, &SYNC, &sandbox).arg("--dry-run"), &sandbox);
    assert_eq!(calls, 0);
    rehearsal.with(0).saying(&["missing 1"]);
    let (left, calls) = night("second", &[]);
    assert_eq!((words(&desk, "second"), calls), (["unchanged", "missing", "unchanged"].map(str::to_owned).to_vec(), 0));
    left.saying(&["missing 1", "unchanged 2"]);
    assert_eq!(absent(&desk, "second"), "customer_user_id,action,email\nnobody,,n@example.com\n");
    let results = fs::read_to_string(desk.path("second").join("results.csv")).unwrap();
    assert!(
        results.contains("an earlier sync, not long ago, found no such profile; --missing-again says when"),
        "{results}"
    );
    // He says something else now; and then he is there.
    desk.put("tonight.csv", file.replace("n@", "m@"));
    assert_ne!(night("third", &[]).1, 0);
    desk.put("born.csv", "customer_user_id\nnobody\n");
    run(&mut act(&desk, &["create", "born.csv"], &sandbox)).with(0);
    assert_eq!(night("fourth", &[]).1, 0, "it is not asked");
    night("fifth", &["--missing-again", "0s"]);
    assert_eq!(words(&desk, "fifth"), ["unchanged", "updated", "unchanged"]);
    assert_eq!(people(&sandbox)["nobody"]["email"], "m@example.com");
    assert_eq!(night("sixth", &["--missing-again", "0s"]).1, 0);
}

#[test]
fn whose_name_is_taken_is_told_so_again_without_a_call() {
    let part = Part::Crafter { tenant: None };
    let stand_in = Options { part, ..options(Population::Count(1), Faults::default()) };
    let (desk, sandbox) = (Desk::new(), Sandbox::start(stand_in).unwrap());
    desk.put("tonight.csv", "username,email,enabled\ncustomer-1,other@example.com,true\nada,ada@example.com,true\n");
    let sync = |out: &str| {
        let mut command = act(&desk, &SYNC, &sandbox);
        command.args(["--api", "crafter", "--set", "tenantName=sandbox", "--action", "create", "--out", out]);
        command
    };
    let night = |out: &str, more: &[&str]| {
        let (left, calls) = counted(sync(out).args(more), &sandbox);
        left.with(1);
        (words(&desk, out), calls, fs::read_to_string(desk.path(out).join("failed.csv")).unwrap())
    };
    let (first, _, failed) = night("first", &[]);
    assert_eq!(first, ["exists", "created"]);
    assert_eq!(night("second", &[]), (vec!["exists".to_owned(), "unchanged".to_owned()], 0, failed));
    assert_ne!(night("third", &["--missing-again", "0s"]).1, 0);
    // Whose name it is was once pruned with her.
    desk.put("tonight.csv", "username,email,enabled\n");
    run(sync("fourth").args(["--prune", "--max-delete", "9", "--allow-empty"])).with(0).saying(&["pruning 1 who left"]);
    assert_eq!(people(&sandbox).into_keys().collect::<Vec<_>>(), ["customer-1"]);
}

/// What another app's key says is not believed: the next try, with the mended one, asks everybody again.
#[test]
fn what_the_not_found_guard_doubts_is_not_remembered() {
    let (desk, strangers, own) = (Desk::new(), calm(0), calm(100));
    let rows = rows("customer", 100, "a");
    desk.put("tonight.csv", format!("customer_user_id,email\n{rows}"));
    let door = Door::to(strangers.address());
    let night = || {
        let mut command = desk.program();
        command.args(SYNC).args(["--base-url", &door.url(), "--api-key-file", "key", "--yes", "--out", "out"]);
        run(&mut command)
    };
    night().with(3).saying(&["another app"]);
    let doubted = lines(&desk.path("out")).len();
    assert!((50..100).contains(&doubted), "{doubted}");
    door.leads_to(own.address());
    night().with(0).saying(&["updated 100"]);
    assert_eq!(own.received().patches, 100);
}

/// Such a sync is not complete, but it came to its end: once whoever was missing was asked about again each time.
#[test]
fn a_part_of_the_file_and_a_night_that_may_prune_nobody_know_who_is_missing_too() {
    let (desk, sandbox) = (Desk::new(), calm(12));
    let count = |command: &mut std::process::Command, code| {
        let (left, calls) = counted(command, &sandbox);
        left.with(code);
        calls
    };
    let file = |known: u64, more: &str| {
        let (known, unknown) = (rows("customer", known, "a"), rows("nobody", 9, "a"));
        desk.put("tonight.csv", format!("customer_user_id,email\n{unknown}{known}{more}"));
    };
    file(12, "");
    for part in [&["--shard", "0/2"][..], &["--shard", "1/2"], &["--limit", "5"]] {
        count(act(&desk, &SYNC, &sandbox).args(part), 0);
        assert_eq!(count(act(&desk, &SYNC, &sandbox).args(part), 0), 0, "{part:?}");
    }
    assert_eq!(count(&mut act(&desk, &SYNC, &sandbox), 0), 0, "the parts are the whole");
    file(11, ",b@example.com\n");
    let mut pruning = act(&desk, &SYNC, &sandbox);
    pruning.args(["--prune", "--max-delete", "1", "--missing-again", "0s"]);
    assert_ne!(count(&mut pruning, 1), 0, "that everybody is asked about again");
    let mut pruning = act(&desk, &SYNC, &sandbox);
    pruning.args(["--prune", "--max-delete", "1"]);
    assert_eq!(count(&mut pruning, 1), 0, "a row may be about whoever left");
    file(11, "");
    run(act(&desk, &SYNC, &sandbox).args(["--prune", "--max-delete", "1"])).with(0).saying(&["erased 1"]);
    assert_eq!(people(&sandbox).len(), 11);
}

/// A try that goes on counts what an earlier one changed: not what it only remembered.
#[test]
fn who_is_known_to_be_missing_is_no_change() {
    let latency = std::time::Duration::from_millis(50);
    let (desk, sandbox) = (Desk::new(), sandbox(Population::Count(30), Faults { latency, ..Faults::default() }, None));
    let file = |email: &str| {
        let (known, unknown) = (rows("customer", 30, email), rows("nobody", 20, "a"));
        desk.put("tonight.csv", format!("customer_user_id,email\n{unknown}{known}"));
    };
    file("a");
    run(&mut act(&desk, &SYNC, &sandbox)).with(0).saying(&["missing 20", "updated 30"]);
    file("b");
    let night = |width: &str| {
        let mut command = act(&desk, &SYNC, &sandbox);
        command.args(["--max-changes", "30", "--concurrency", width]);
        command
    };
    let mut running = Running::start(&mut night("1"));
    let looks = 20;
    let target = sandbox.received().requests + looks + 3;
    received(&mut running, &sandbox, target);
    running.strike(Signal::TERM);
    assert_eq!(running.leave().code, Some(143));
    run(&mut night("16")).with(0).saying(&["missing 20", "updated 30"]);
    assert_eq!(people(&sandbox)["customer-30"]["email"], "b30@example.com");
}
