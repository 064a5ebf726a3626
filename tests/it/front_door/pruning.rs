//! Whoever left the file is deleted, once every row of it is settled, and nobody who is in it.

use std::fs;

use crate::support::{
    acts::{act, counted, outcomes, people, received},
    program::{Desk, Running, calm, run, sandbox},
};
use tollgate::sandbox::{Faults, Population, Profile, Share, Verb};

const HEAD: &str = "customer_user_id,email\n";

fn file(people: impl IntoIterator<Item = u64>) -> String {
    let row = |n| format!("customer-{n},{n}@example.com\n");
    people.into_iter().fold(HEAD.to_owned(), |text, n| text + &row(n))
}

const PRUNING: [&str; 7] = ["sync", "tonight.csv", "--memory", "memory", "--prune", "--max-delete", "100"];

#[test]
fn who_left_is_deleted_under_a_bound_and_the_deletion_has_results_of_its_own() {
    let (desk, sandbox) = (Desk::new(), calm(10));
    desk.put("tonight.csv", file(1..=10));
    run(act(&desk, &PRUNING, &sandbox).arg("--first")).with(0);
    desk.put("tonight.csv", file(1..=8));
    let (left, calls) = counted(&mut act(&desk, &PRUNING[..5], &sandbox), &sandbox);
    left.with(3).saying(&["2 whom earlier syncs kept are not in the input any more, more than --max-delete 1%"]);
    assert_eq!(calls, 0);
    run(act(&desk, &PRUNING, &sandbox).args(["--out", "night"])).with(0).saying(&["pruning 2 who left"]);
    assert_eq!(people(&sandbox).len(), 8);
    let gone = outcomes(&desk.path("night/prune"));
    assert_eq!(gone, [(1, "deleted".to_owned()), (2, "deleted".to_owned())]);
}

/// One who is refused each night was once the canary each night: those behind him stayed.
#[test]
fn whoever_is_refused_holds_nobody_back_and_is_tolerated_like_any_row() {
    let faults = Faults { refuse: Share(1.0), only: Some(Verb::Delete), ..Faults::default() };
    let (desk, sandbox) = (Desk::new(), sandbox(Population::Count(10), faults, None));
    desk.put("tonight.csv", file(1..=10));
    run(act(&desk, &PRUNING, &sandbox).arg("--first")).with(0);
    desk.put("tonight.csv", file(1..=2));
    for (tolerated, code) in [("7", 1), ("8", 0)] {
        let mut command = act(&desk, &PRUNING, &sandbox);
        let before = sandbox.received().deletes;
        run(command.args(["--canary", "5", "--tolerate", tolerated])).with(code).saying(&["refused 8"]);
        assert_eq!(sandbox.received().deletes - before, 8, "they are leavers still");
    }
    assert_eq!(people(&sandbox).len(), 10);
    // Whoever reads the summary once read 0 and nothing of the deletion.
    let said = run(act(&desk, &PRUNING, &sandbox).arg("--json")).with(1).json();
    assert_eq!((&said["exit_code"], &said["pruned"]["totals"]["refused"]), (&1.into(), &8.into()));
    assert_eq!((&said["command"], &said["pruned"]["command"]), (&"sync".into(), &"delete".into()));
    desk.put("tonight.csv", file(1..=2) + ",3@example.com\n");
    let said = run(act(&desk, &PRUNING, &sandbox).arg("--json")).with(1).json();
    assert!(
        said["pruned"].is_null() && said["warnings"][0].as_str().unwrap().contains("8 who left are not pruned"),
        "{said}"
    );
}

/// Whom the sync itself deleted by one id was once a leaver by another, and was deleted again when he had come back.
#[test]
fn whoever_was_deleted_by_another_id_and_came_back_is_no_leaver() {
    let one = "0dd5f1a0-0000-4000-8000-000000000001".to_owned();
    let both = Profile { customer_user_id: Some("c-1".to_owned()), profile_id: Some(one.clone()) };
    let (desk, sandbox) = (Desk::new(), sandbox(Population::Profiles(vec![both]), Faults::default(), None));
    let head = "profile_id,customer_user_id,action,email\n";
    desk.put("tonight.csv", format!("{head},c-1,update,1@example.com\n{one},c-1,delete,\n,c-2,upsert,2@example.com\n"));
    run(act(&desk, &PRUNING, &sandbox).arg("--first")).with(0).saying(&["erased 1"]);
    desk.put("back.csv", "customer_user_id\nc-1\n");
    run(&mut act(&desk, &["create", "back.csv"], &sandbox)).with(0);
    desk.put("tonight.csv", format!("{head},c-2,upsert,2@example.com\n"));
    run(&mut act(&desk, &PRUNING, &sandbox)).with(0);
    assert_eq!(people(&sandbox).into_keys().collect::<Vec<_>>(), ["c-1", "c-2"]);
}

/// A row whose fields are invalid is about somebody all the same; one without an id may be about anybody.
#[test]
fn whoever_stands_in_an_invalid_row_stays_and_nobody_goes_while_a_row_names_nobody() {
    let (desk, sandbox) = (Desk::new(), calm(5));
    desk.put("tonight.csv", file(1..=5));
    run(act(&desk, &PRUNING, &sandbox).arg("--first")).with(0);
    for nameless in [",4@example.com\n", "customer-4,4@example.com,more\n", "NULL,4@example.com\n"] {
        desk.put("tonight.csv", file(1..=3) + nameless);
        let left = run(act(&desk, &PRUNING, &sandbox).args(["--tolerate", "1", "--quiet"])).with(0);
        left.saying(&["2 who left are not pruned"]);
        assert_eq!(people(&sandbox).len(), 5, "{nameless}");
    }
    desk.put("tonight.csv", file(1..=3) + "customer-4,nobody at all\n");
    run(act(&desk, &PRUNING, &sandbox).args(["--tolerate", "1"])).with(0).saying(&["pruning 1 who left"]);
    let left: Vec<String> = people(&sandbox).into_keys().collect();
    assert_eq!(left, ["customer-1", "customer-2", "customer-3", "customer-4"]);
    // Whose row was invalid for one night is remembered as part of it, and goes when the row has gone.
    desk.put("tonight.csv", file(1..=3));
    run(&mut act(&desk, &PRUNING, &sandbox)).with(0).saying(&["pruning 1 who left"]);
    assert_eq!(people(&sandbox).len(), 3);
}

/// The sync itself is finished then, and is not begun anew where its directory is named.
#[test]
fn killed_while_it_prunes_the_same_command_goes_on_pruning() {
    for exact in [true, false] {
        let (desk, sandbox) = (Desk::new(), calm(40));
        desk.put("tonight.csv", file(1..=40));
        run(act(&desk, &PRUNING, &sandbox).arg("--first")).with(0);
        desk.put("tonight.csv", file(1..=10));
        let again = || {
            let mut command = act(&desk, &PRUNING, &sandbox);
            command.args(["--rate", "100/s", "--concurrency", "1"]);
            if exact {
                command.args(["--out", "night"]);
            }
            command
        };
        for _ in 0..2 {
            let mut running = Running::start(&mut again());
            let before = sandbox.received();
            received(&mut running, &sandbox, before.requests + 25);
            running.kill();
        }
        let half = people(&sandbox).len();
        assert!(half > 10 && half < 40, "{half}");
        run(&mut again()).with(0);
        assert_eq!(people(&sandbox).len(), 10, "named: {exact}");
        if exact {
            assert!(fs::read_dir(desk.path("night")).unwrap().count() > 2);
        }
    }
}

/// Somebody known by one id last night is known by both tonight, or in other letters: they have not left.
#[test]
fn whoever_stands_in_the_file_by_another_of_their_ids_is_not_pruned() {
    let own = "abcdef00-5b1c-4c9e-8f3a-2b6d7e8f9a0b";
    let both = |n: u64, id: &str| Profile { customer_user_id: Some(format!("c-{n}")), profile_id: Some(id.to_owned()) };
    let others = (2..=4).map(|n| both(n, &format!("{n:08}-5b1c-4c9e-8f3a-2b6d7e8f9a0b")));
    let people_of_old = std::iter::once(both(1, own)).chain(others).collect();
    let (desk, sandbox) = (Desk::new(), sandbox(Population::Profiles(people_of_old), Faults::default(), None));
    let head = "profile_id,customer_user_id,email\n";
    let rest = ",c-2,2@example.com\n,c-3,3@example.com\n";
    let shouted = own.to_uppercase();
    let nights = [
        format!("{head},c-1,1@example.com\n,c-4,4@example.com\n{rest}"),
        format!("{head}{own},c-1,1@example.com\n{rest}"),
        format!("{head}{own},,1@example.com\n{rest}"),
        format!("{head}{shouted},,1@example.com\n{rest}"),
    ];
    for (night, text) in nights.into_iter().enumerate() {
        desk.put("tonight.csv", text);
        let mut command = act(&desk, &PRUNING, &sandbox);
        if night == 0 {
            command.arg("--first");
        }
        let left = run(&mut command);
        let there: Vec<String> = people(&sandbox).into_keys().filter(|id| id == "c-1").collect();
        assert_eq!(there, ["c-1"], "night {night}: {left:#?}");
    }
    assert!(!people(&sandbox).contains_key("c-4"), "who left is gone");
}

/// A deletion that is refused is no reason to forget whom it was about.
#[test]
fn whom_the_api_refuses_to_delete_is_a_leaver_every_night() {
    let faults = Faults { refuse: Share(1.0), only: Some(Verb::Delete), ..Faults::default() };
    let (desk, sandbox) = (Desk::new(), sandbox(Population::Count(3), faults, None));
    desk.put("tonight.csv", file(1..=3));
    run(act(&desk, &PRUNING, &sandbox).arg("--first")).with(0);
    desk.put("tonight.csv", file(1..=2));
    for _ in 0..3 {
        run(&mut act(&desk, &[&PRUNING[..], &["--new"]].concat(), &sandbox)).with(1).saying(&["refused"]);
        assert_eq!(people(&sandbox).len(), 3);
    }
}

/// Last night they had no customer id, tonight they have nothing else: the API's own answer says that they are one person.
#[test]
fn whoever_has_logged_in_since_is_not_pruned_as_the_nameless_one() {
    let profile = |n: u64| format!("0dd5f1a0-0000-4000-8000-{n:012}");
    let both = |n| Profile { customer_user_id: Some(format!("c-{n}")), profile_id: Some(profile(n)) };
    let (desk, sandbox) =
        (Desk::new(), sandbox(Population::Profiles((1..=3).map(both).collect()), Faults::default(), None));
    let night = |rows: String| {
        desk.put("tonight.csv", format!("customer_user_id,profile_id,email\n{rows}"));
        run(act(&desk, &PRUNING, &sandbox).arg("--first")).with(0)
    };
    night(format!("c-1,,1@example.com\n,{},2@example.com\n,{},3@example.com\n", profile(2), profile(3)));
    for _ in 0..2 {
        night("c-1,,1@example.com\nc-2,,2@example.com\n".to_owned());
        let there: Vec<String> = people(&sandbox).into_keys().collect();
        assert_eq!(there, ["c-1", "c-2"], "and the third one is gone");
    }
}

/// A part of the input says nothing about who is in the rest of it.
#[test]
fn a_part_of_the_input_prunes_nobody_and_is_no_complete_sync() {
    let (desk, sandbox) = (Desk::new(), calm(6));
    desk.put("tonight.csv", file(1..=6));
    run(act(&desk, &PRUNING, &sandbox).arg("--first")).with(0);
    for part in [["--limit", "3"], ["--skip", "3"], ["--shard", "0/2"]] {
        let (left, calls) = counted(act(&desk, &PRUNING, &sandbox).args(part), &sandbox);
        left.with(2).saying(&["--prune with --skip, --limit or --shard"]);
        assert_eq!(calls, 0);
        run(act(&desk, &PRUNING[..4], &sandbox).args(part)).with(0);
    }
    desk.put("tonight.csv", file(1..=5));
    run(&mut act(&desk, &PRUNING, &sandbox)).with(0).saying(&["pruning 1 who left"]);
    assert_eq!(people(&sandbox).len(), 5);
}

/// The profile of which a row would have had the name is somebody else's: it was once pruned when the row had gone. So was
/// one that came by itself where a row had been refused.
#[test]
fn nobody_is_pruned_of_whom_the_api_took_nothing() {
    let own = "0dd5f1a0-0000-4000-8000-000000000001".to_owned();
    let both = Profile { customer_user_id: Some("c-1".to_owned()), profile_id: Some(own) };
    let (desk, sandbox) = (Desk::new(), sandbox(Population::Profiles(vec![both]), Faults::default(), None));
    let head = "profile_id,customer_user_id,action,email\n";
    let nobody = "0dd5f1a0-0000-4000-8000-000000000009";
    desk.put("tonight.csv", format!("{head}{nobody},c-9,upsert,9@example.com\n,c-1,update,1@example.com\n"));
    run(act(&desk, &PRUNING, &sandbox).arg("--first")).with(1).saying(&["refused 1"]);
    desk.put("born.csv", "customer_user_id\nc-9\n");
    run(&mut act(&desk, &["create", "born.csv"], &sandbox)).with(0);
    desk.put("tonight.csv", format!("{head},c-1,update,1@example.com\n"));
    run(&mut act(&desk, &PRUNING, &sandbox)).with(0);
    assert_eq!(people(&sandbox).into_keys().collect::<Vec<_>>(), ["c-1", "c-9"]);
}
