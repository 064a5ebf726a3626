//! Whoever was deleted with a suppression list comes back by no later command, whichever of their ids it names.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tollgate::sandbox::{Faults, Population, Profile, Sandbox};

use crate::support::{
    acts::{act, counted, outcomes, people, received},
    program::{Desk, KEY, Running, calm, run, run_with, sandbox},
};

const LIST: [&str; 4] = ["--suppress", "erased.list", "--suppress-key", "erased.key"];

fn desk() -> Desk {
    let desk = Desk::new();
    desk.put("erased.key", "a key of more than sixteen bytes");
    desk
}

fn customer(n: u8) -> String {
    format!("customer-{n}")
}

fn profile(n: u8) -> String {
    format!("0dd5f1a0-5b1c-4c9e-8f3a-{n:012x}")
}

/// Ten people, each with both ids.
fn ten() -> Sandbox {
    let both = |n| Profile { customer_user_id: Some(customer(n)), profile_id: Some(profile(n)) };
    sandbox(Population::Profiles((0..10).map(both).collect()), Faults::default(), None)
}

/// Which ids a row names somebody by.
#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Customer,
    Profile,
    Both,
}

impl By {
    fn cells(self, n: u8) -> [String; 2] {
        match self {
            Self::Customer => [String::new(), customer(n)],
            Self::Profile => [profile(n), String::new()],
            Self::Both => [profile(n), customer(n)],
        }
    }
}

fn rows() -> impl Strategy<Value = Vec<(u8, By)>> {
    let by = prop_oneof![3 => Just(By::Customer), 1 => Just(By::Profile), 2 => Just(By::Both)];
    prop::collection::vec((0..12_u8, by), 1..10)
}

fn file(rows: &[(u8, By)], field: bool) -> String {
    let mut text = format!("profile_id,customer_user_id{}\n", if field { ",first_name" } else { "" });
    for (n, by) in rows {
        let [profile, customer] = by.cells(*n);
        text.extend([profile.as_str(), ",", &customer, if field { ",Back\n" } else { "\n" }]);
    }
    text
}

const WRITERS: [&[&str]; 4] =
    [&["create"], &["update"], &["sync", "--every-row"], &["sync", "--every-row", "--action", "upsert"]];

fn words<'a>(command: &[&'a str], input: &'a str) -> Vec<&'a str> {
    let mut words = vec![command[0], input];
    words.extend(&command[1..]);
    words.extend(LIST);
    words
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_row_with_an_id_of_an_erased_one_is_sent(erased in rows(), returning in rows()) {
        let (desk, sandbox) = (desk(), ten());
        desk.put("erase.csv", file(&erased, false));
        run(&mut act(&desk, &words(&["delete"], "erase.csv"), &sandbox)).with(0);
        let listed: BTreeSet<String> = erased.iter().flat_map(|(n, by)| by.cells(*n)).filter(|id| !id.is_empty()).collect();
        let still_there = people(&sandbox);
        desk.put("rows.csv", file(&returning, true));
        for (nth, command) in WRITERS.into_iter().enumerate() {
            let out = format!("writing-{nth}");
            run(act(&desk, &words(command, "rows.csv"), &sandbox).args(["--out", &out]));
            let outcomes = outcomes(&desk.path(&out));
            prop_assert_eq!(outcomes.len(), returning.len());
            for ((line, outcome), (n, by)) in outcomes.iter().zip(&returning) {
                let is_listed = |by: &By| by.cells(*n).iter().any(|id| listed.contains(id));
                let mut others = returning.iter().filter(|(other, _)| other == n).map(|(_, by)| by);
                // Another row says that the two ids are of one person.
                let is_joined = others.clone().any(|by| *by == By::Both);
                let is_held = is_listed(by) || (is_joined && others.any(is_listed));
                prop_assert_eq!(outcome == "suppressed", is_held, "line {} is {} by {:?}", line, outcome, command);
            }
            for id in listed.iter().filter(|id| !still_there.contains_key(*id)) {
                prop_assert!(!people(&sandbox).contains_key(id), "{} is back by {:?}", id, command);
            }
        }
    }
}

/// The list may hold somebody who is still there, never the other way round.
#[test]
fn whoever_is_gone_when_a_deletion_is_killed_stands_on_the_list() {
    for requests in [21, 35, 60, 90] {
        let (desk, sandbox) = (desk(), calm(100));
        desk.customers(100);
        let mut running = Running::start(act(&desk, &words(&["delete"], "customers.csv"), &sandbox).args([
            "--rate",
            "500/s",
            "--concurrency",
            "8",
        ]));
        received(&mut running, &sandbox, requests);
        running.kill();
        let gone: Vec<u64> = (1..=100).filter(|n| !people(&sandbox).contains_key(&format!("customer-{n}"))).collect();
        assert!(requests < 30 || !gone.is_empty(), "after the looks somebody is gone");
        desk.put(
            "again.csv",
            (1..=100).fold("customer_user_id,first_name\n".to_owned(), |text, n| text + &format!("customer-{n},B\n")),
        );
        let before = people(&sandbox);
        for command in WRITERS {
            let list_is_there = desk.path("erased.list").exists();
            assert!(list_is_there, "it is begun before the first deletion");
            run(act(&desk, &words(command, "again.csv"), &sandbox).arg("--new"));
        }
        assert!(people(&sandbox).keys().eq(before.keys()), "{requests}: somebody is back");
        run(&mut act(&desk, &words(&["delete"], "customers.csv"), &sandbox)).with(0);
        assert_eq!(people(&sandbox).len(), 0);
        run(act(&desk, &words(&["sync", "--action", "upsert"], "again.csv"), &sandbox).arg("--new")).with(0);
        assert_eq!(people(&sandbox).len(), 0, "all of them stay away");
    }
}

#[test]
fn another_key_stops_every_command_before_its_first_call() {
    let (desk, sandbox) = (desk(), calm(3));
    desk.customers(1);
    desk.put("rows.csv", "customer_user_id,first_name\ncustomer-2,A\n");
    run(&mut act(&desk, &words(&["delete"], "customers.csv"), &sandbox)).with(0);
    desk.put("erased.key", "another key of more than sixteen bytes");
    for (command, input) in
        [("delete", "customers.csv"), ("create", "rows.csv"), ("update", "rows.csv"), ("sync", "rows.csv")]
    {
        let (left, calls) = counted(act(&desk, &words(&[command], input), &sandbox).arg("--new"), &sandbox);
        assert_eq!(calls, 0, "{command}");
        let left = left.with(78).saying(&["was made with key"]);
        assert!(!left.stderr.contains(KEY) && !left.stderr.contains("sixteen bytes"), "{left:?}");
    }
    assert_eq!(people(&sandbox).len(), 2);
}

#[test]
fn a_list_that_is_not_there_stops_what_would_heed_it() {
    let (desk, sandbox) = (desk(), calm(3));
    desk.put("rows.csv", "customer_user_id,first_name\ncustomer-2,A\n");
    for command in ["create", "update", "sync"] {
        let (left, calls) = counted(&mut act(&desk, &words(&[command], "rows.csv"), &sandbox), &sandbox);
        assert_eq!((left.with(66).code, calls), (Some(66), 0), "{command}");
    }
}

#[test]
fn whoever_is_taken_off_the_list_may_come_back() {
    let (desk, sandbox) = (desk(), calm(3));
    desk.customers(2);
    run(&mut act(&desk, &words(&["delete"], "customers.csv"), &sandbox)).with(0);
    desk.put("rows.csv", "customer_user_id,first_name\ncustomer-1,A\ncustomer-2,A\n");
    let create = ["create", "rows.csv", LIST[0], LIST[1], LIST[2], LIST[3]];
    let (left, calls) = counted(&mut act(&desk, &create, &sandbox), &sandbox);
    assert_eq!(calls, 0, "there is nobody to look at: {left:?}");
    left.with(0).saying(&["suppressed 2"]);
    let mut program = desk.program();
    run_with(program.args(["suppress", "remove", "-"]).args(LIST), b"customer-2\n").with(0);
    run(act(&desk, &create, &sandbox).arg("--new")).with(0).saying(&["created 1"]);
    let there: Vec<String> = people(&sandbox).into_keys().collect();
    assert_eq!(there, ["customer-2", "customer-3"]);
}

/// What the memory knew of somebody was true before they were erased by another command.
#[test]
fn whoever_comes_back_after_an_erasure_is_sent_again() {
    let (desk, sandbox) = (desk(), calm(2));
    desk.put("tonight.csv", "customer_user_id,email\ncustomer-1,1@example.com\ncustomer-2,2@example.com\n");
    desk.put("erase.csv", "customer_user_id\ncustomer-1\n");
    let sync = ["sync", "tonight.csv", "--memory", "memory", "--action", "upsert"];
    run(act(&desk, &sync, &sandbox).arg("--first")).with(0);
    run(act(&desk, &["delete", "erase.csv"], &sandbox).args(LIST)).with(0);
    run(act(&desk, &sync, &sandbox).args(LIST)).with(0).saying(&["suppressed 1"]);
    run(desk.program().args(["suppress", "remove", "erase.csv"]).args(LIST)).with(0);
    run(act(&desk, &sync, &sandbox).args(LIST)).with(0).saying(&["created 1"]);
    assert_eq!(people(&sandbox)["customer-1"]["email"], "1@example.com");
}

/// A rehearsal erases nobody: whoever it enters would never be sent again.
#[test]
fn a_rehearsal_enters_nobody() {
    let desk = desk();
    desk.put("erase.csv", "customer_user_id\ncustomer-1\n");
    let rehearsed = run(desk.program().args(["delete", "erase.csv", "--sandbox"]).args(LIST)).with(0);
    rehearsed.saying(&["nobody is entered into the list"]);
    assert!(!desk.path("erased.list").exists());
}
