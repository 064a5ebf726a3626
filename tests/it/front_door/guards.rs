//! What holds a run back before and while it deletes, as far as the front door shows it.

use std::{fs, path::Path, process::Command};

use tollgate::sandbox::{Faults, Population, Sandbox, Share};

use crate::support::{
    door::Door,
    program::{Desk, Left, calm, run, sandbox, skip},
    record::{lines, settled_once},
};

/// Refused with this code, and nobody was touched.
#[track_caller]
fn refused(command: &mut Command, sandbox: &Sandbox, code: i32) -> Left {
    let left = run(command).with(code);
    assert_eq!(sandbox.received().deletes, 0, "{left:?}");
    left
}

#[test]
fn expectations_that_do_not_hold_stop_it_before_anybody_is_touched() {
    let (desk, sandbox) = (Desk::new(), calm(30));
    desk.customers(30);
    let delete = |args: &[&str]| {
        let mut command = desk.delete(&sandbox.base_url());
        command.args(args);
        command
    };
    refused(&mut delete(&["--expect-rows", "31"]), &sandbox, 3).saying(&["30 rows, not 31"]);
    refused(&mut delete(&["--expect-sha256", &"0".repeat(64)]), &sandbox, 3).saying(&["sha256"]);
    refused(&mut delete(&["--max-delete", "29"]), &sandbox, 3).saying(&["--max-delete 29"]);
    assert_eq!(sandbox.received().requests, 0, "these need no look");
    refused(&mut delete(&["--expect-app", "another"]), &sandbox, 3).saying(&[&sandbox.app_id(), "another"]);
    assert!(!desk.out().exists(), "nothing was begun");
    fs::create_dir_all(desk.out()).unwrap();
    refused(&mut delete(&["--expect-app", "another"]), &sandbox, 3);
    assert_eq!(fs::read_dir(desk.out()).unwrap().count(), 0, "as it was prepared");
    let app = sandbox.app_id();
    run(&mut delete(&["--expect-rows", "30", "--max-delete", "30", "--expect-app", &app])).with(0);
    assert_eq!(sandbox.received().applied, 30);
}

#[test]
fn a_refused_canary_stops_the_run() {
    let desk = Desk::new();
    let sandbox = sandbox(Population::Count(30), Faults { refuse: Share(1.0), ..Faults::default() }, None);
    desk.customers(30);
    run(&mut desk.delete(&sandbox.base_url())).with(3).saying(&["canary on line 2", "refused"]);
    assert_eq!(sandbox.received().deletes, 1, "it went alone");
    let line = &lines(&desk.out())[0];
    assert_eq!((line.outcome.as_str(), line.status, line.code.as_str()), ("refused", Some(400), "value_error"));
}

#[test]
fn when_nobody_is_there_it_stops_says_both_reasons_and_sends_the_doubted_again() {
    let desk = Desk::new();
    desk.customers(300);
    let (strangers, own) = (calm(0), calm(300));
    let door = Door::to(strangers.address());
    let left = run(&mut desk.delete(&door.url())).with(3);
    left.saying(&["another app", "the work was done already", "--max-absent off"]);
    let doubted = lines(&desk.out());
    assert!((50..200).contains(&doubted.len()) && doubted.iter().all(|line| line.outcome == "absent"));
    assert_eq!(strangers.received().deletes, doubted.len() as u64);

    door.leads_to(own.address());
    run(&mut desk.delete(&door.url())).with(0).saying(&["erased 300", "300 = 300 erased + 0 unsettled"]);
    assert_eq!(own.received().applied, 300);
    let deleted = lines(&desk.out()).split_off(doubted.len());
    assert_eq!(deleted.iter().filter(|line| line.outcome == "deleted").count(), 300);
}

#[test]
fn when_the_work_was_done_already_the_guard_is_turned_off_and_nothing_is_sent_again() {
    let (desk, sandbox) = (Desk::new(), calm(0));
    desk.customers(300);
    run(&mut desk.delete(&sandbox.base_url())).with(3);
    run(desk.delete(&sandbox.base_url()).args(["--max-absent", "off"])).with(0).saying(&["not found 300"]);
    assert_eq!(settled_once(&desk.out()), [("absent".to_owned(), 300)].into());
    assert_eq!(sandbox.received().deletes, 300);
    let absent = fs::read_to_string(desk.out().join("absent.csv")).unwrap();
    assert_eq!(absent.lines().count(), 301, "those of the first try are in it too");
}

#[test]
fn an_input_that_is_none_is_refused() {
    let (desk, sandbox) = (Desk::new(), calm(30));
    let delete = |input: &Path| desk.delete_input(&sandbox.base_url(), input);
    let empty = desk.put("empty.csv", "");
    let bare = desk.put("header.csv", "customer_user_id\n");
    let utf16: Vec<u8> = "customer_user_id\ncustomer-1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16 = desk.put("utf16.csv", [&[0xff, 0xfe], utf16.as_slice()].concat());
    refused(&mut delete(&empty), &sandbox, 65).saying(&["no rows", "--allow-empty"]);
    refused(&mut delete(&bare), &sandbox, 65).saying(&["no rows", "--allow-empty"]);
    refused(&mut delete(&utf16), &sandbox, 65).saying(&["UTF-16"]);
    refused(&mut delete(&desk.path("missing.csv")), &sandbox, 66).saying(&["missing.csv"]);
    // A named pipe that nobody writes to was waited for, and no signal heard.
    rustix::fs::mknodat(
        rustix::fs::CWD,
        desk.path("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    refused(&mut delete(&desk.path("pipe")), &sandbox, 66).saying(&["is not a file", "a pipe is read as `-`"]);
    assert_eq!(sandbox.received().requests, 0);
    run(delete(&bare).arg("--allow-empty")).with(0);
}

/// An Indexed Job over a short file: a shard that nobody falls to is done, and must not fail the others.
#[test]
fn a_shard_without_rows_of_its_own_is_done() {
    let (desk, sandbox) = (Desk::new(), calm(1));
    let input = desk.customers(1);
    for index in 0..2 {
        let mut command = desk.program();
        command.arg("delete").arg(&input).args(["--base-url", &sandbox.base_url(), "--yes", "--api-key-file"]);
        command.arg(desk.path("key")).args(["--shard", &format!("{index}/2")]);
        run(command.args(["--out", &format!("shards/{index}/run")])).with(0);
    }
    assert_eq!(sandbox.received().deletes, 1);
}

#[test]
fn without_a_terminal_it_names_the_flag_that_goes_without_asking() {
    let (desk, sandbox) = (Desk::new(), calm(30));
    desk.customers(30);
    let Some(mut command) = desk.without_terminal() else {
        skip("there is no setsid here");
        return;
    };
    command.args(["delete", "customers.csv", "--out", "run", "--base-url", &sandbox.base_url()]);
    command.arg("--api-key-file").arg(desk.path("key"));
    refused(&mut command, &sandbox, 2).saying(&["terminal", "--yes"]);
    assert!(!desk.path("run").exists());
    let lingering = ["TOLLGATE_YES", "TOLLGATE_SANDBOX"].map(|name| (name, "1"));
    refused(command.envs(lingering), &sandbox, 2).saying(&["--yes"]);
}

#[test]
fn a_dry_run_sends_nothing_leaves_nothing_and_prints_the_command_that_then_works() {
    let (desk, sandbox) = (Desk::new(), calm(30));
    desk.customers(30);
    let silent = refused(desk.delete(&sandbox.base_url()).arg("-q").env("TOLLGATE_DRY_RUN", "1"), &sandbox, 0);
    silent.saying(&["dry run: nothing will be sent", "dry run: nothing was sent"]);
    let left = refused(desk.delete(&sandbox.base_url()).arg("--dry-run"), &sandbox, 0);
    let left = left.saying(&["dry run: nothing will be sent", "dry run: nothing was sent"]);
    assert_eq!(sandbox.received().requests, 0);
    assert!(!desk.out().exists());
    let command = left.stderr.lines().last().unwrap();
    assert!(command.contains("--expect-rows 30") && command.contains("--expect-sha256"), "{command}");
    run(&mut desk.through_shell(command)).with(0);
    assert_eq!(sandbox.received().applied, 30);
    desk.put("customers.csv", "customer_user_id\ncustomer-1\n");
    run(&mut desk.through_shell(command)).with(3).saying(&["1 row, not 30"]);
}
