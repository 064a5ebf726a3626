//! Inputs that a pipeline makes and runs that nobody watches: waited for, doubted, bounded, tolerated and tidied away.

use std::{
    fs::{self, File},
    io::Write as _,
    process::Command,
    time::Duration,
};

use tollgate::sandbox::Sandbox;

use crate::support::{
    acts::{act, counted, people},
    program::{Desk, Running, calm, run},
};

fn file(people: impl IntoIterator<Item = u64>, value: &str) -> String {
    let row = |n| format!("customer-{n},{value}\n");
    people.into_iter().fold("customer_user_id,first_name\n".to_owned(), |text, n| text + &row(n))
}

fn sync(desk: &Desk, sandbox: &Sandbox, more: &[&str]) -> Command {
    let mut command = act(desk, &["sync", "tonight.csv", "--memory", "memory"], sandbox);
    command.args(more);
    command
}

/// Leaves with this code and these words, and without a call.
#[track_caller]
fn stopped(command: &mut Command, sandbox: &Sandbox, code: i32, words: &[&str]) {
    let (left, calls) = counted(command, sandbox);
    left.with(code).saying(words);
    assert_eq!(calls, 0);
}

#[test]
fn a_file_that_is_still_to_come_is_waited_for() {
    let (desk, sandbox) = (Desk::new(), calm(2));
    let running = Running::start(act(&desk, &["update", "tonight.csv"], &sandbox).args(["--wait-for-input", "2h"]));
    assert_eq!(running.hear("waiting for "), "tonight.csv");
    // Renamed into its place, as a pipeline should.
    desk.put("tonight.tmp", file(1..=2, "A"));
    fs::rename(desk.path("tonight.tmp"), desk.path("tonight.csv")).unwrap();
    running.leave().with(0).saying(&["updated 2"]);
    stopped(
        act(&desk, &["update", "never.csv"], &sandbox).args(["--wait-for-input", "1s"]),
        &sandbox,
        66,
        &["never.csv did not come within 1s"],
    );
}

/// It was once waited for as long as somebody wrote to it.
#[test]
fn a_file_that_never_stands_still_is_not_waited_for_any_longer() {
    let (desk, sandbox) = (Desk::new(), calm(2));
    let path = desk.put("tonight.csv", file(1..=2, "A"));
    let mut command = act(&desk, &["update", "tonight.csv"], &sandbox);
    let mut running = Running::start(command.args(["--wait-for-input", "2s"]));
    let mut growing = File::options().append(true).open(path).unwrap();
    while !running.has_left() {
        growing.write_all(b"customer-1,B\n").unwrap();
        assert!(!sandbox.wait_for(1, Duration::from_millis(5)), "nothing is sent");
    }
    running.leave().with(66).saying(&["tonight.csv did not stand still within 2s"]);
    assert_eq!(sandbox.received().requests, 0);
}

#[test]
fn an_old_file_is_doubted() {
    let (desk, sandbox) = (Desk::new(), calm(2));
    let path = desk.put("tonight.csv", file(1..=2, "A"));
    let file = File::options().write(true).open(path).unwrap();
    let written = file.metadata().unwrap().modified().unwrap();
    file.set_modified(written - Duration::from_hours(27)).unwrap();
    let update = |age| {
        let mut command = act(&desk, &["update", "tonight.csv"], &sandbox);
        command.args(["--max-input-age", age]);
        command
    };
    stopped(&mut update("26h"), &sandbox, 3, &["more than --max-input-age"]);
    run(&mut update("28h")).with(0);
}

#[test]
fn a_short_file_is_doubted() {
    let (desk, sandbox) = (Desk::new(), calm(10));
    desk.put("tonight.csv", file(1..=3, "A"));
    stopped(&mut sync(&desk, &sandbox, &["--first", "--min-rows", "4"]), &sandbox, 3, &["3 rows", "--min-rows 4"]);
    desk.put("tonight.csv", file(1..=10, "A"));
    let first = run(&mut sync(&desk, &sandbox, &["--first", "--min-rows", "90%"]));
    first.with(0).saying(&["no earlier run is known, so --min-rows 90% holds for any input"]);
    desk.put("tonight.csv", file(1..=8, "A"));
    stopped(
        &mut sync(&desk, &sandbox, &["--min-rows", "90%"]),
        &sandbox,
        3,
        &["8 rows", "90% of the 10 rows of last time"],
    );
    desk.put("tonight.csv", file(1..=9, "A"));
    run(&mut sync(&desk, &sandbox, &["--min-rows", "90%"])).with(0);
}

#[test]
fn so_many_bad_rows_as_are_tolerated_are_a_success_with_a_warning() {
    let (desk, sandbox) = (Desk::new(), calm(10));
    let bad = "customer-9,not an address\n";
    let rows =
        |bad_ones: usize| "customer_user_id,email\ncustomer-1,a@example.com\n".to_owned() + &bad.repeat(bad_ones);
    let update = |more: &str| {
        let mut command = act(&desk, &["update", "tonight.csv", "--new"], &sandbox);
        command.args(["--tolerate", more]);
        command
    };
    desk.put("tonight.csv", rows(2));
    run(&mut update("2")).with(0).saying(&["2 of 3 rows ended badly, within --tolerate"]);
    desk.put("tonight.csv", rows(3));
    for (tolerated, code) in [("2", 1), ("75%", 0), ("74%", 0), ("50%", 1)] {
        run(update(tolerated).arg("--dry-run")).with(code);
        run(&mut update(tolerated)).with(code);
    }
}

#[test]
fn old_runs_are_taken_away_and_the_last_one_stays() {
    let (desk, sandbox) = (Desk::new(), calm(2));
    for (night, value) in ["A", "B", "C", "D"].into_iter().enumerate() {
        desk.put("tonight.csv", file(1..=2, value));
        run(&mut sync(&desk, &sandbox, &["--first", "--keep-runs", "2", "--runs-dir", "runs"])).with(0);
        let kept =
            fs::read_dir(desk.path("runs")).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count();
        assert_eq!(kept, 2.min(night + 1));
    }
}

#[test]
fn a_memory_is_one_processs_at_a_time_and_one_hosts_for_ever() {
    let (desk, sandbox, other) = (Desk::new(), calm(2), calm(2));
    desk.put("tonight.csv", file(1..=2, "A"));
    run(&mut sync(&desk, &sandbox, &["--first"])).with(0);
    stopped(&mut sync(&desk, &other, &[]), &other, 78, &["is of another host"]);
    let lock = fs::read_dir(desk.path("memory")).unwrap().map(|entry| entry.unwrap().path());
    let locks: Vec<File> = lock.filter_map(|path| File::open(path).ok()).collect();
    for file in &locks {
        file.try_lock().unwrap();
    }
    stopped(&mut sync(&desk, &sandbox, &[]), &sandbox, 75, &["another process works with"]);
    drop(locks);
    run(&mut sync(&desk, &sandbox, &[])).with(0);
}

#[test]
fn a_lost_memory_is_begun_only_by_a_word() {
    let (desk, sandbox) = (Desk::new(), calm(2));
    desk.put("tonight.csv", file(1..=2, "A"));
    stopped(&mut sync(&desk, &sandbox, &[]), &sandbox, 3, &["memory", "--first", "--assume-sent"]);
    run(&mut sync(&desk, &sandbox, &["--first"])).with(0);
    fs::remove_dir_all(desk.path("memory")).unwrap();
    stopped(&mut sync(&desk, &sandbox, &[]), &sandbox, 3, &["memory", "--first"]);
    stopped(&mut sync(&desk, &sandbox, &["--first", "--assume-sent"]), &sandbox, 0, &["unchanged 2"]);
    desk.put("tonight.csv", file(1..=2, "B"));
    // Left in the cron line, it would take each change for sent, and never send one again.
    let again = ["--first", "--assume-sent"];
    stopped(&mut sync(&desk, &sandbox, &again), &sandbox, 3, &["knows a complete sync already", "leave it out"]);
    run(&mut sync(&desk, &sandbox, &[])).with(0).saying(&["updated 2"]);
    assert!(people(&sandbox).values().all(|content| content["first_name"] == "B"));
}

#[test]
fn bounds_hold_before_the_first_call() {
    let (desk, sandbox) = (Desk::new(), calm(10));
    desk.put("tonight.csv", file(1..=10, "A"));
    stopped(
        &mut sync(&desk, &sandbox, &["--first", "--max-changes", "9"]),
        &sandbox,
        3,
        &["10 rows to send, more than --max-changes 9"],
    );
    stopped(
        &mut sync(&desk, &sandbox, &["--first", "--action", "create", "--max-create", "9"]),
        &sandbox,
        3,
        &["10 rows to create, more than --max-create 9"],
    );
    stopped(
        &mut sync(
            &desk,
            &sandbox,
            &["--first", "--action", "delete", "--max-delete", "9", "--ignore-column", "first_name"],
        ),
        &sandbox,
        3,
        &["10 rows to delete, more than --max-delete 9"],
    );
    run(&mut sync(&desk, &sandbox, &["--first", "--max-changes", "10"])).with(0);
    // What is known to be there already counts for nothing.
    desk.put("tonight.csv", file(1..=9, "A") + "customer-10,B\n");
    run(&mut sync(&desk, &sandbox, &["--max-changes", "1"])).with(0).saying(&["updated 1"]);
    desk.put("tonight.csv", file(1..=8, "A"));
    stopped(&mut sync(&desk, &sandbox, &["--prune"]), &sandbox, 3, &["more than --max-delete 1%"]);
    assert_eq!(people(&sandbox).len(), 10);
}
