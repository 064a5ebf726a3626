//! The same directory, the same root, the same command: who may go on, and who may not.

use std::{fs, io::Write as _};

use serde_json::json;
use tollgate::sandbox::{Faults, Population, Share};

use crate::support::{
    acts::people,
    door::Door,
    program::{Desk, PATIENCE, Running, SLOWLY, Signal, calm, customers, run, sandbox},
    record::{deletions, journal, lines, run_json, settled_once},
};

#[test]
fn a_second_process_leaves_while_the_first_one_runs() {
    let (desk, sandbox) = (Desk::new(), calm(30));
    let door = Door::to(sandbox.address());
    desk.customers(30);
    door.freeze();
    let first = Running::start(&mut desk.delete(&door.url()));
    assert!(sandbox.wait_for(1, PATIENCE));
    let directory = run(&mut desk.delete(&door.url())).with(75);
    directory.saying(&["another run against", "run the same command again"]);
    let neighbour = run(desk.aimed(&door.url()).args(["--out", "runs/other"])).with(75);
    neighbour.saying(&["another run against"]);
    first.signal(Signal::TERM);
    first.leave().with(143);
    door.thaw();
    run(&mut desk.delete(&door.url())).with(0);
}

/// From cron, an empty file with `--allow-empty` is a night without anybody new: the second such night in a row was once
/// refused.
#[test]
fn an_empty_night_follows_on_an_empty_night() {
    let (desk, sandbox) = (Desk::new(), calm(3));
    let night = |content: &str| {
        desk.put("customers.csv", content);
        run(desk.aimed(&sandbox.base_url()).args(["--runs-dir", "runs", "--allow-empty"]))
    };
    for nobody in ["", "customer_user_id\n", "", "customer_user_id\n"] {
        night(nobody).with(0);
    }
    night(&customers(3)).with(0).saying(&["erased 3"]);
    night(&customers(3)).with(2).saying(&["was finished already"]);
    night("").with(0);
}

#[test]
fn a_directory_of_another_input_is_refused() {
    let (desk, sandbox) = (Desk::new(), calm(40));
    desk.customers(30);
    run(&mut desk.delete(&sandbox.base_url())).with(0);
    let other = desk.put("other.csv", customers(40));
    run(&mut desk.delete_input(&sandbox.base_url(), &other)).with(78).saying(&["belongs to another run", "--out"]);
    desk.customers(40);
    run(&mut desk.delete(&sandbox.base_url())).with(78).saying(&["customers.csv", "sha256"]);
    desk.customers(30);
    let elsewhere = calm(40);
    run(&mut desk.delete(&elsewhere.base_url())).with(78).saying(&["it is of another host"]);
    assert_eq!((sandbox.received().applied, elsewhere.received().requests), (30, 0));
}

#[test]
fn a_finished_run_is_not_run_again_unless_asked_for() {
    let (desk, sandbox) = (Desk::new(), calm(30));
    desk.customers(30);
    let delete = |args: &[&str]| {
        let mut command = desk.aimed(&sandbox.base_url());
        command.args(["--runs-dir", "runs"]).args(args);
        command
    };
    run(&mut delete(&[])).with(0);
    run(&mut delete(&[])).with(2).saying(&["finished already", "--new"]);
    assert_eq!(sandbox.received().deletes, 30);
    run(&mut delete(&["--new"])).with(0).saying(&["not found 30"]);
    let runs = fs::read_dir(desk.path("runs")).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir());
    assert_eq!(runs.count(), 2);

    desk.customers(29);
    run(&mut desk.delete(&sandbox.base_url())).with(0);
    run(&mut desk.delete(&sandbox.base_url())).with(0).saying(&["is finished", "nothing was sent"]);
    run(desk.delete(&sandbox.base_url()).arg("--new")).with(2).saying(&["--out"]);
}

#[test]
fn an_unfinished_run_under_the_root_is_found_and_continued_without_a_flag() {
    let (desk, sandbox) = (Desk::new(), calm(1500));
    desk.customers(1500);
    let running = Running::start(desk.aimed(&sandbox.base_url()).args(SLOWLY));
    assert!(sandbox.wait_for(300, PATIENCE));
    running.kill();
    run(&mut desk.aimed(&sandbox.base_url())).with(0);
    let mut runs = fs::read_dir(desk.path("tollgate-runs")).unwrap().map(|entry| entry.unwrap().path());
    let directory = runs.find(|path| path.is_dir()).unwrap();
    assert!(!runs.any(|path| path.is_dir()), "one run, not two");
    assert_eq!(settled_once(&directory).values().sum::<usize>(), 1500);
    assert_eq!((sandbox.received().applied, &run_json(&directory)["state"]["tries"]), (1500, &json!(2)));
}

#[test]
fn failed_rows_are_tried_again_when_asked_for_and_the_others_are_not() {
    let desk = Desk::new();
    let account = desk.path("journal");
    let faults = Faults { server_error: Share(0.3), ..Faults::default() };
    let sandbox = sandbox(Population::Count(120), faults, Some(account.clone()));
    desk.customers(120);
    let lenient = ["--max-attempts", "1", "--max-errors", "100%", "--canary", "0"];
    let delete = |more: &[&str]| {
        let mut command = desk.aimed(&sandbox.base_url());
        command.args(["--out", "run"]).args(lenient).args(more);
        command
    };
    run(&mut delete(&[])).with(1).saying(&["--retry-failed"]);
    let failed: Vec<String> =
        lines(&desk.path("run")).into_iter().filter(|line| line.outcome == "failed").map(|line| line.id).collect();
    assert!(!failed.is_empty());
    let listed = fs::read_to_string(desk.path("run/failed.csv")).unwrap();
    assert_eq!(listed.lines().count(), failed.len() + 1);
    let received = sandbox.received().requests;
    run(&mut delete(&[])).with(1).saying(&["is finished", "--retry-failed"]);
    assert_eq!(sandbox.received().requests, received);
    let ended = (0..20).any(|_| run(&mut delete(&["--retry-failed"])).code == Some(0));
    assert!(ended, "every try draws anew");
    assert!(!desk.path("run/failed.csv").exists(), "nobody failed in the end");
    assert_eq!(sandbox.stop().unwrap().applied, 120);
    let requests = journal(&account);
    let later = deletions(&requests, received + 1);
    assert!(later.keys().all(|id| failed.iter().any(|failed| failed == id)), "only failed rows were sent again");
}

/// Another slice of the input is another run's work: its rows would be taken for all there are.
#[test]
fn a_directory_of_other_rows_of_the_same_input_is_refused() {
    let (desk, sandbox) = (Desk::new(), calm(40));
    desk.customers(40);
    let delete = |words: &[&str]| {
        let mut command = desk.delete(&sandbox.base_url());
        command.args(words);
        command
    };
    run(&mut delete(&["--limit", "10"])).with(0);
    for (words, what) in [
        (&[][..], "its limit was 10"),
        (&["--limit", "20"], "its limit was 10, this one's is 20"),
        (&["--limit", "10", "--skip", "3"], "its skip was 0"),
        (&["--limit", "10", "--shard", "1/2"], "its shard was"),
    ] {
        run(&mut delete(words)).with(78).saying(&["belongs to another run", what]);
    }
    assert_eq!(sandbox.received().deletes, 10);
}

#[test]
fn a_corrected_file_passes_over_what_the_old_run_settled_well() {
    let (desk, sandbox) = (Desk::new(), calm(60));
    desk.put("customers.csv", customers(30).replace("customer-7\n", "#N/A\n"));
    run(&mut desk.delete(&sandbox.base_url())).with(1);
    desk.customers(60);
    run(desk.aimed(&sandbox.base_url()).args(["--out", "new", "--continue-from"]).arg(desk.out())).with(0);
    let received = sandbox.received();
    assert_eq!((received.deletes, received.applied), (60, 60), "nobody twice, nobody forgotten");
}

#[test]
fn a_file_that_changes_while_it_is_read_ends_incomplete_and_its_run_is_not_continued_with_it() {
    const ROWS: u64 = 3000;
    let (desk, sandbox) = (Desk::new(), calm(ROWS + 1));
    let wide = "x".repeat(500);
    let rows = customers(ROWS).replace('\n', &format!(",{wide}\n"));
    let input = desk.put("customers.csv", rows);
    let running = Running::start(&mut desk.delete(&sandbox.base_url()));
    assert!(sandbox.wait_for(50, PATIENCE));
    let mut file = fs::OpenOptions::new().append(true).open(&input).unwrap();
    writeln!(file, "customer-{},late", ROWS + 1).unwrap();
    running.leave().with(65).saying(&["the input changed while it was read"]);
    assert_eq!(run_json(&desk.out())["state"]["complete"], json!(false));
    let deletes = sandbox.received().deletes;
    run(&mut desk.delete(&sandbox.base_url())).with(78);
    assert_eq!(sandbox.received().deletes, deletes);
}

/// What `cp` or an export does to a file that a run still reads: thousands were once erased who never stood in the list that
/// was counted, looked at and agreed to.
#[test]
fn nobody_is_deleted_who_was_not_in_the_file_when_it_was_counted() {
    const ROWS: u64 = 3000;
    let (desk, sandbox) = (Desk::new(), calm(2 * ROWS));
    let wide = "x".repeat(500);
    let list = |from: u64| {
        (1..=ROWS).fold("customer_user_id,note\n".to_owned(), |all, n| all + &format!("customer-{},{wide}\n", from + n))
    };
    let input = desk.put("customers.csv", list(0));
    let running = Running::start(desk.delete(&sandbox.base_url()).args(["--expect-rows", "3000"]));
    assert!(sandbox.wait_for(50, PATIENCE));
    let mut file = fs::OpenOptions::new().write(true).open(&input).unwrap();
    file.write_all(list(ROWS).as_bytes()).unwrap();
    running
        .leave()
        .with(65)
        .saying(&["the input changed while it was read", "nobody of the part that changed was sent"]);
    let left = people(&sandbox);
    assert!((ROWS + 1..=2 * ROWS).all(|n| left.contains_key(&format!("customer-{n}"))), "somebody else is gone");
    assert!(left.len() as u64 > ROWS, "the run was still at it");
}

/// Two passes over one descriptor once shared its position: near the end of a run, looking for somebody to look at
/// moved the main pass elsewhere, and the input seemed to have changed.
#[test]
fn near_its_end_a_large_file_is_read_from_its_beginning_all_the_same() {
    const ROWS: u64 = 4000;
    let desk = Desk::new();
    let sandbox = calm(ROWS);
    let wide = "x".repeat(200);
    let mut rows = "customer_user_id,note\n".to_owned();
    (1..=ROWS).for_each(|n| rows.extend(["customer-", &n.to_string(), ",", &wide, "\n"]));
    desk.put("customers.csv", rows);
    let running = Running::start(desk.delete(&sandbox.base_url()).args(["--rate", "2000/s"]));
    assert!(sandbox.wait_for(ROWS - 300, PATIENCE));
    running.kill();
    run(desk.delete(&sandbox.base_url()).args(["--max-absent", "off"])).with(0);
    assert_eq!(settled_once(&desk.out()).values().sum::<usize>() as u64, ROWS);
}
