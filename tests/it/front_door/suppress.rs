//! The list of those who shall not come back: looked into, and shortened.

use std::{fs, process::Command};

use tollgate::{
    domain::{Id, IdKind, Identity},
    memory::SuppressList,
};

use crate::support::program::{Desk, PATIENCE, Running, SLOWLY, calm, customers, run, run_with};

const KEY: &str = "a key of more than sixteen bytes";

fn customer(id: &str) -> Identity {
    Identity::one(Id::parse(IdKind(1), id).unwrap())
}

/// A desk with a list that holds these customers.
fn desk(erased: &[&str]) -> Desk {
    let desk = Desk::new();
    let key = desk.put("erased.key", KEY);
    let kinds = ["profile_id", "customer_user_id"].map(str::to_owned);
    let mut list = SuppressList::create_or_open(&desk.path("erased.list"), &key, &kinds, false).unwrap();
    let erased: Vec<Identity> = erased.iter().map(|id| customer(id)).collect();
    list.enter(erased.iter()).unwrap();
    desk
}

fn suppress(desk: &Desk, deed: &str, input: &str) -> Command {
    let mut program = desk.program();
    program.args(["suppress", deed, input, "--suppress", "erased.list", "--suppress-key", "erased.key"]);
    program
}

#[test]
fn a_look_answers_by_line_and_names_nobody() {
    let desk = desk(&["customer-2", "customer-9"]);
    desk.put("rows.csv", "profile_id,customer_user_id\n,customer-1\n,customer-2\n,customer-2\n");
    let left = run(&mut suppress(&desk, "check", "rows.csv")).with(0).saying(&["on the list: 2 of 3 rows"]);
    assert_eq!(left.stdout, "line,suppressed\n2,no\n3,yes\n4,yes\n");
    let left = run_with(&mut suppress(&desk, "check", "-"), b"customer-9\ncustomer-1\n").with(0);
    assert_eq!(left.stdout, "line,suppressed\n1,yes\n2,no\n");
}

#[test]
fn who_is_taken_off_is_on_the_list_no_longer_and_the_others_stay() {
    let desk = desk(&["customer-1", "customer-2"]);
    let left = run_with(&mut suppress(&desk, "remove", "-"), b"customer-2\ncustomer-3\n").with(0);
    assert_eq!(left.stdout, "");
    let left = left.saying(&["taken off the list: 1 id of 2 rows; 1 left on it"]);
    assert!(!left.stderr.contains("customer-"), "{left:?}");
    let left = run_with(&mut suppress(&desk, "check", "-"), b"customer-1\ncustomer-2\n").with(0);
    assert_eq!(left.stdout, "line,suppressed\n1,yes\n2,no\n");
}

#[test]
fn a_malformed_row_is_not_passed_over_in_silence() {
    let desk = desk(&["customer-1"]);
    desk.put("rows.csv", "customer_user_id,note\ncustomer-1,a\n,b\n");
    for deed in ["check", "remove"] {
        run(&mut suppress(&desk, deed, "rows.csv"))
            .with(1)
            .saying(&["line 3: has no id", "malformed, and nothing is known of it: 1 row"]);
    }
}

#[test]
fn a_list_that_is_not_there_or_has_another_key_is_no_empty_list() {
    let desk = desk(&["customer-1"]);
    desk.customers(3);
    desk.put("other.key", "another key of more than sixteen bytes");
    for deed in ["check", "remove"] {
        let mut program = desk.program();
        let gone = ["suppress", deed, "customers.csv", "--suppress", "gone", "--suppress-key", "erased.key"];
        run(program.args(gone)).with(66).saying(&["gone is not there"]);
        assert!(!desk.path("gone").exists(), "{deed} makes no list");
        let mut program = desk.program();
        let other = ["suppress", deed, "customers.csv", "--suppress", "erased.list", "--suppress-key", "other.key"];
        run(program.args(other)).with(78).saying(&["was made with key"]);
    }
}

#[test]
fn a_list_that_was_changed_is_told_by_its_line_and_left_alone() {
    let desk = desk(&["customer-1", "customer-2", "customer-3"]);
    desk.customers(3);
    let text = fs::read_to_string(desk.path("erased.list")).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let taken_out = [lines[0], lines[1], lines[3]].concat();
    desk.put("erased.list", &taken_out);
    let told = ["erased.list, line 3: does not follow on the line before it", "restore the list from a copy"];
    for deed in ["check", "remove"] {
        run(&mut suppress(&desk, deed, "customers.csv")).with(65).saying(&told);
    }
    let mut program = desk.program();
    program.args([
        "update",
        "customers.csv",
        "--set",
        "email=a@example.com",
        "--dry-run",
        "--suppress",
        "erased.list",
        "--suppress-key",
        "erased.key",
    ]);
    run(&mut program).with(65).saying(&told);
    assert_eq!(fs::read_to_string(desk.path("erased.list")).unwrap(), taken_out);
}

/// Which of so many customers are not on the list.
fn missing(desk: &Desk, people: u64) -> Vec<u64> {
    let left = run_with(&mut suppress(desk, "check", "-"), customers(people).as_bytes()).with(0);
    let lines = left.stdout.lines().filter_map(|line| line.strip_suffix(",no")?.parse::<u64>().ok());
    lines.map(|line| line - 1).collect()
}

const LIST: [&str; 4] = ["--suppress", "erased.list", "--suppress-key", "erased.key"];

/// Whoever was deleted before the list was given was once not entered, with exit 0, and could be brought back.
#[test]
fn a_list_that_is_given_later_has_those_too_who_were_deleted_before() {
    const ROWS: u64 = 1000;
    for (input, stdin) in [("customers.csv", String::new()), ("-", customers(ROWS))] {
        let (desk, sandbox) = (desk(&[]), calm(ROWS));
        desk.customers(ROWS);
        let delete = || desk.delete_input(&sandbox.base_url(), input.as_ref());
        let running = Running::start_with(delete().args(SLOWLY), stdin.as_bytes());
        assert!(sandbox.wait_for(300, PATIENCE));
        running.kill();
        run_with(delete().args(LIST), stdin.as_bytes()).with(0);
        assert!(missing(&desk, ROWS).is_empty());
        let received = sandbox.received().requests;
        fs::remove_file(desk.path("erased.list")).unwrap();
        run_with(delete().args(LIST), stdin.as_bytes()).with(0).saying(&["is finished"]);
        assert!(missing(&desk, ROWS).is_empty(), "a finished run has its list, too");
        assert_eq!((sandbox.received().requests, sandbox.received().applied), (received, ROWS));
    }
}

#[test]
fn whoever_another_run_deleted_is_entered_while_he_is_passed_over() {
    let (desk, sandbox) = (desk(&[]), calm(60));
    desk.customers(20);
    run(&mut desk.delete(&sandbox.base_url())).with(0);
    desk.put("customers.csv", "customer_user_id\ncustomer-5\ncustomer-30\n");
    let mut next = desk.aimed(&sandbox.base_url());
    next.args(["--out", "next", "--continue-from"]).arg(desk.out()).args(LIST);
    run(&mut next).with(0).saying(&["duplicate 1"]);
    assert_eq!(missing(&desk, 40), (1..=40).filter(|n| ![5, 30].contains(n)).collect::<Vec<_>>());
}

#[test]
fn a_run_that_was_begun_with_a_list_goes_on_with_one() {
    const ROWS: u64 = 1000;
    let (desk, sandbox) = (desk(&[]), calm(ROWS));
    desk.customers(ROWS);
    let delete = || desk.delete(&sandbox.base_url());
    let running = Running::start(delete().args(SLOWLY).args(LIST));
    assert!(sandbox.wait_for(300, PATIENCE));
    running.kill();
    let received = sandbox.received().requests;
    run(&mut delete()).with(78).saying(&["was begun with --suppress erased.list", "give the list and its key again"]);
    assert_eq!(sandbox.received().requests, received);
    run(delete().args(LIST)).with(0);
    assert!(missing(&desk, ROWS).is_empty());
}

/// A sync once brought back whom a deletion erased while it ran: it had read the list before.
#[test]
fn a_list_stays_as_it_is_while_somebody_heeds_it() {
    let (desk, sandbox) = (desk(&["customer-1"]), calm(1000));
    desk.customers(1000);
    desk.put(
        "rows.csv",
        customers(1000)
            .replace("customer_user_id\n", "customer_user_id,first_name\n")
            .replace("\ncustomer-", ",A\ncustomer-")
            .replacen(",A", "", 1)
            + ",A\n",
    );
    let mut sync = desk.program();
    sync.args([
        "sync",
        "rows.csv",
        "--action",
        "upsert",
        "--yes",
        "--api-key-file",
        "key",
        "--out",
        "synced",
        "--base-url",
    ]);
    let running = Running::start(sync.arg(sandbox.base_url()).args(LIST).args(["--rate", "100/s", "--canary", "0"]));
    assert!(sandbox.wait_for(50, PATIENCE));
    run(&mut suppress(&desk, "check", "customers.csv")).with(0);
    let before = sandbox.received().deletes;
    run(desk.delete(&sandbox.base_url()).args(LIST)).with(75).saying(&["another process works with erased.list"]);
    assert_eq!(sandbox.received().deletes, before);
    running.kill();
    run(desk.delete(&sandbox.base_url()).args(LIST)).with(0);
    assert!(missing(&desk, 1000).is_empty());
}
