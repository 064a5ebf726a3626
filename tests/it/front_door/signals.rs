//! Asked to leave: at once, cleanly, and so that the same command goes on.

use serde_json::json;
use tollgate::sandbox::{Faults, Population, Sandbox, Throttle};

use crate::support::{
    door::Door,
    program::{Desk, Left, PATIENCE, Running, SLOWLY, Signal, calm, deletion, run, sandbox},
    record::{chain, lines, run_json, settled_once},
};

const ROWS: u64 = 1500;

/// Signalled after 200 requests.
fn signalled(desk: &Desk, sandbox: &Sandbox, signal: Signal) -> Left {
    desk.customers(ROWS);
    let running = Running::start(desk.delete(&sandbox.base_url()).args(SLOWLY));
    assert!(sandbox.wait_for(200, PATIENCE));
    running.signal(signal);
    running.leave()
}

#[track_caller]
fn closed_cleanly_and_resumable(desk: &Desk, sandbox: &Sandbox, code: i32) {
    let state = run_json(&desk.out())["state"].clone();
    assert_eq!((&state["complete"], &state["exit_code"]), (&json!(false), &json!(code)));
    assert_eq!(state["chain_head"], chain(&desk.out()));
    let settled = settled_once(&desk.out())["deleted"] as u64;
    assert_eq!(settled, sandbox.received().applied, "what was on the wire was awaited and written down");
    assert!(settled < ROWS, "rows were left");
    run(&mut desk.delete(&sandbox.base_url())).with(0);
    assert_eq!(settled_once(&desk.out()), [("deleted".to_owned(), 1500)].into());
    let received = sandbox.received();
    assert_eq!((received.applied, received.deletes), (ROWS, ROWS), "nobody was sent twice");
}

#[test]
fn sigint_leaves_130_with_the_results_closed_and_the_same_command_goes_on() {
    let (desk, sandbox) = (Desk::new(), calm(ROWS));
    signalled(&desk, &sandbox, Signal::INT).with(130).saying(&["stopped by SIGINT", "to continue: "]);
    closed_cleanly_and_resumable(&desk, &sandbox, 130);
}

#[test]
fn sigterm_leaves_143_with_the_results_closed_and_the_same_command_goes_on() {
    let (desk, sandbox) = (Desk::new(), calm(ROWS));
    signalled(&desk, &sandbox, Signal::TERM).with(143).saying(&["stopped by SIGTERM", "to continue: "]);
    closed_cleanly_and_resumable(&desk, &sandbox, 143);
}

/// Deletions whose looks are an hour away: written down as such, and looked at by the next try.
#[test]
fn sigterm_before_the_looks_loses_no_deletion() {
    let (desk, sandbox) = (Desk::new(), calm(ROWS));
    desk.customers(ROWS);
    let verifying = ["--verify", "--canary", "0", "--verify-after"];
    let running = Running::start(desk.delete(&sandbox.base_url()).args(SLOWLY).args(verifying).arg("1h"));
    assert!(sandbox.wait_for(200, PATIENCE));
    running.signal(Signal::TERM);
    running.leave().with(143);
    let applied = sandbox.received().applied;
    let unverified = lines(&desk.out());
    assert!(unverified.iter().all(|line| line.outcome == "failed" && line.status == Some(204)));
    assert!(unverified.iter().all(|line| line.message.starts_with("deleted, but not verified: ")));
    assert_eq!(unverified.len() as u64, applied);
    run(desk.delete(&sandbox.base_url()).args(verifying).arg("1ms")).with(0).saying(&["erased 1,500"]);
    let received = sandbox.received();
    assert_eq!((received.applied, received.deletes), (ROWS, ROWS), "nobody was deleted twice");
    chain(&desk.out());
}

#[test]
fn a_lost_terminal_leaves_as_cleanly_as_a_stopped_pod() {
    let (desk, sandbox) = (Desk::new(), calm(ROWS));
    signalled(&desk, &sandbox, Signal::HUP).with(143);
    closed_cleanly_and_resumable(&desk, &sandbox, 143);
}

#[test]
fn a_hangup_that_the_parent_ignores_stays_ignored() {
    let (desk, sandbox) = (Desk::new(), calm(ROWS));
    let input = desk.customers(ROWS);
    let shell = desk.through_shell("trap '' HUP; exec \"$@\"");
    let running = Running::start(deletion(shell, &desk, &sandbox.base_url(), &input).args(SLOWLY));
    assert!(sandbox.wait_for(200, PATIENCE));
    running.signal(Signal::HUP);
    running.leave().with(0);
}

#[test]
fn stopped_and_continued_it_goes_on_as_if_nothing_had_been() {
    let (desk, sandbox) = (Desk::new(), calm(ROWS));
    desk.customers(ROWS);
    let running = Running::start(desk.delete(&sandbox.base_url()).args(SLOWLY));
    assert!(sandbox.wait_for(200, PATIENCE));
    running.signal(Signal::STOP);
    running.signal(Signal::CONT);
    running.leave().with(0);
    assert_eq!(settled_once(&desk.out()), [("deleted".to_owned(), 1500)].into());
    assert_eq!(sandbox.received().deletes, ROWS);
}

#[test]
fn the_first_signal_waits_for_the_wire_and_writes_down_what_comes() {
    let (desk, sandbox) = (Desk::new(), calm(ROWS));
    let door = Door::to(sandbox.address());
    desk.customers(ROWS);
    let running = Running::start(desk.delete(&door.url()).args(SLOWLY).args(["--grace", "1h", "--timeout", "1h"]));
    assert!(sandbox.wait_for(200, PATIENCE));
    door.freeze();
    running.signal(Signal::TERM);
    door.thaw();
    running.leave().with(143);
    assert_eq!(settled_once(&desk.out())["deleted"] as u64, sandbox.received().applied);
}

#[test]
fn the_second_signal_does_not_wait_for_the_wire_and_the_results_hold_all_the_same() {
    let (desk, sandbox) = (Desk::new(), calm(ROWS));
    let door = Door::to(sandbox.address());
    desk.customers(ROWS);
    let running = Running::start(desk.delete(&door.url()).args(SLOWLY).args(["--grace", "1h", "--timeout", "1h"]));
    assert!(sandbox.wait_for(200, PATIENCE));
    door.freeze();
    running.signal(Signal::TERM);
    running.signal(Signal::INT);
    let left = running.leave();
    assert!(matches!(left.code, Some(130 | 143)), "{left:?}");
    chain(&desk.out());
    door.thaw();
    run(&mut desk.delete(&door.url())).with(0);
    assert_eq!(settled_once(&desk.out()).values().sum::<usize>() as u64, ROWS);
    assert_eq!(sandbox.received().applied, ROWS);
}

#[test]
fn a_signal_during_a_hold_leaves_at_once() {
    let desk = Desk::new();
    let throttle = Throttle { per_second: 1.0 / 600.0, burst: 100, retry_after: true };
    let sandbox = sandbox(Population::Count(ROWS), Faults { throttle: Some(throttle), ..Faults::default() }, None);
    desk.customers(ROWS);
    let running = Running::start(desk.delete(&sandbox.base_url()).args(SLOWLY).args(["--grace", "1h", "-c", "1"]));
    assert!(sandbox.wait_for(101, PATIENCE));
    running.signal(Signal::TERM);
    running.leave().with(143);
    assert_eq!(settled_once(&desk.out()), [("deleted".to_owned(), 80)].into());
    assert_eq!((sandbox.received().requests, sandbox.received().throttled), (101, 1), "one 429 quietened it");
}

#[test]
fn a_signal_while_nobody_answers_leaves_at_once() {
    let (desk, sandbox) = (Desk::new(), calm(ROWS));
    desk.customers(ROWS);
    let running = Running::start(desk.delete(&sandbox.base_url()).args(SLOWLY).args(["--grace", "1h"]));
    assert!(sandbox.wait_for(200, PATIENCE));
    let received = sandbox.stop().unwrap();
    running.hear("the API does not answer");
    running.signal(Signal::TERM);
    running.leave().with(143);
    let settled = settled_once(&desk.out()).values().sum::<usize>() as u64;
    assert!(settled <= received.applied && settled + 16 >= received.applied, "{settled} of {}", received.applied);
}
