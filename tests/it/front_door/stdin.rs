//! Rows from a pipe.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use crate::support::{
    program::{Desk, PATIENCE, Running, SLOWLY, calm, customers, run_with},
    record::{chain, run_json, settled_once},
};

const ROWS: u64 = 1500;

fn all_deleted() -> std::collections::BTreeMap<String, usize> {
    [("deleted".to_owned(), 1500)].into()
}

#[test]
fn rows_come_through_a_pipe_and_a_finished_run_says_so() {
    let (desk, sandbox) = (Desk::new(), calm(ROWS));
    let delete = || desk.delete_input(&sandbox.base_url(), "-".as_ref());
    run_with(&mut delete(), customers(ROWS).as_bytes()).with(0).saying(&["1,500 = 1,500 erased"]);
    assert_eq!(settled_once(&desk.out()), all_deleted());
    assert!(run_json(&desk.out())["immutable"]["input"]["digest"].is_null());
    chain(&desk.out());
    run_with(&mut delete(), customers(ROWS).as_bytes()).with(0).saying(&["is finished"]);
    assert_eq!(sandbox.received().deletes, ROWS);
}

#[test]
fn a_killed_pipe_goes_on_when_the_same_rows_come_again() {
    let (desk, sandbox) = (Desk::new(), calm(ROWS));
    let delete = || desk.delete_input(&sandbox.base_url(), "-".as_ref());
    let running = Running::start_with(delete().args(SLOWLY), customers(ROWS).as_bytes());
    assert!(sandbox.wait_for(300, PATIENCE));
    running.kill();
    run_with(&mut delete(), customers(ROWS).as_bytes()).with(0);
    assert_eq!(settled_once(&desk.out()).values().sum::<usize>() as u64, ROWS);
    assert_eq!(sandbox.received().applied, ROWS);
}

#[test]
fn other_rows_than_before_are_refused_before_anything_further_is_sent() {
    let (desk, sandbox) = (Desk::new(), calm(ROWS));
    let delete = || desk.delete_input(&sandbox.base_url(), "-".as_ref());
    let running = Running::start_with(delete().args(SLOWLY), customers(ROWS).as_bytes());
    assert!(sandbox.wait_for(300, PATIENCE));
    running.kill();
    let before = sandbox.received().deletes;
    let other = customers(ROWS).replace("customer-2\n", "customer-9999\n");
    run_with(&mut delete(), other.as_bytes()).with(65);
    assert!(sandbox.received().deletes <= before + 16, "only what was on the wire when it was killed");
    run_with(&mut delete(), customers(ROWS).as_bytes()).with(0);
    assert_eq!(settled_once(&desk.out()).values().sum::<usize>() as u64, ROWS);
}

#[test]
fn without_out_a_piped_run_says_that_it_cannot_be_continued() {
    let (desk, sandbox) = (Desk::new(), calm(40));
    let mut command = desk.program();
    command.args(["delete", "-", "--yes", "--rate", "20000/s", "--base-url", &sandbox.base_url()]);
    command.arg("--api-key-file").arg(desk.path("key"));
    run_with(&mut command, customers(40).as_bytes()).with(0).saying(&["cannot be continued", "--out"]);
}

#[test]
fn a_pipe_without_rows_is_refused_unless_it_may_be_empty() {
    let (desk, sandbox) = (Desk::new(), calm(1));
    let delete = || desk.delete_input(&sandbox.base_url(), "-".as_ref());
    for nothing in ["", "customer_user_id\n"] {
        run_with(&mut delete(), nothing.as_bytes()).with(65).saying(&["no rows", "--allow-empty"]);
        assert!(!desk.out().exists(), "nothing was begun");
    }
    run_with(delete().arg("--allow-empty"), b"").with(0);
}

#[test]
fn a_pipe_is_bound_by_what_it_may_delete_since_it_cannot_be_counted_before() {
    let (desk, sandbox) = (Desk::new(), calm(300));
    let delete = || desk.delete_input(&sandbox.base_url(), "-".as_ref());
    let rows = customers(300);
    let bound = ["--max-delete", "100"];
    run_with(delete().args(bound), rows.as_bytes()).with(3).saying(&["--max-delete 100"]);
    run_with(delete().args(bound), rows.as_bytes()).with(3).saying(&["--max-delete 100"]);
    assert!(sandbox.received().applied <= 100, "both tries together");
    run_with(delete().args(["--expect-rows", "300"]), rows.as_bytes()).with(2).saying(&["need a file"]);
    run_with(&mut delete(), rows.as_bytes()).with(0);
    assert_eq!(sandbox.received().applied, 300);
}

#[test]
fn compressed_pipes_are_recognised_by_their_content_several_members_included() {
    let rows = customers(ROWS);
    let (first, second) = rows.split_at(rows.len() / 2);
    let gzip = |part: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(part.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = |part: &str| zstd::encode_all(part.as_bytes(), 1).unwrap();
    for packed in [[gzip(first), gzip(second)].concat(), [zstd(first), zstd(second)].concat()] {
        let (desk, sandbox) = (Desk::new(), calm(ROWS));
        run_with(&mut desk.delete_input(&sandbox.base_url(), "-".as_ref()), &packed).with(0);
        assert_eq!(settled_once(&desk.out()), all_deleted());
    }
}
