//! Syncs of people whom the API does not know, beside those whom the memory holds as sent: night after night they are tried
//! again, and that is no reason to stop; but another app's key is.

use std::process::Command;

use tollgate::sandbox::Sandbox;

use crate::support::{
    acts::{act, counted, people},
    program::{Desk, calm, run},
};

/// As from cron, with the guard that it has unless it is told otherwise.
fn sync(desk: &Desk, sandbox: &Sandbox, more: &[&str]) -> Command {
    let mut command = act(desk, &["sync", "tonight.csv", "--memory", "memory"], sandbox);
    command.args(more).env("TOLLGATE_MAX_ABSENT", "95%");
    command
}

/// A hundred who are there, each third one followed by two who are not; one says something else tonight.
fn file(changed: u64, value: &str) -> String {
    let row = |n: u64| {
        let says = if n == changed { value } else { "A" };
        let unknown = if n.is_multiple_of(3) { format!("gone-{n},A\nlost-{n},A\n") } else { String::new() };
        format!("customer-{n},{says}\n{unknown}")
    };
    (1..=100).fold("customer_user_id,first_name\n".to_owned(), |text, n| text + &row(n))
}

#[test]
fn a_night_on_which_nobody_but_the_unknown_is_sent_goes_through() {
    let (desk, sandbox) = (Desk::new(), calm(100));
    desk.put("tonight.csv", file(0, "A"));
    run(&mut sync(&desk, &sandbox, &["--first"])).with(0).saying(&["updated 100"]);
    for (changed, value) in [(0, "A"), (90, "B"), (90, "B")] {
        desk.put("tonight.csv", file(changed, value));
        run(&mut sync(&desk, &sandbox, &[])).with(0);
    }
    assert_eq!(people(&sandbox)["customer-90"]["first_name"], "B");
}

#[test]
fn a_key_by_which_nobody_of_the_memory_is_there_changes_nothing() {
    let (desk, sandbox) = (Desk::new(), calm(60));
    let rows = |action: &str| {
        (1..=60).fold("customer_user_id,action,first_name\n".to_owned(), |text, n| {
            text + &format!("customer-{n},{action},{}\n", if action == "delete" { "" } else { "A" })
        })
    };
    desk.put("tonight.csv", rows("update"));
    run(&mut sync(&desk, &sandbox, &["--first"])).with(0);
    desk.put("everybody.csv", rows("delete"));
    run(&mut act(&desk, &["delete", "everybody.csv"], &sandbox)).with(0);
    desk.put("tonight.csv", rows("delete"));
    let deletions = || sandbox.received().requests;
    let before = deletions();
    let (left, calls) = counted(&mut sync(&desk, &sandbox, &[]), &sandbox);
    left.with(3).saying(&["of 20 people whom the memory holds as sent, none is there", "nothing was sent"]);
    assert!(calls <= 40 && deletions() - before == calls, "looks alone");
    run(sync(&desk, &sandbox, &[]).args(["--max-absent", "off"])).with(0).saying(&["not found 60"]);
}
