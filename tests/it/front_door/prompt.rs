//! The question on a real terminal, lent by `script` of util-linux.

use std::process::Command;

use crate::support::program::{Desk, Left, Running, calm, skip};

/// The program under a terminal of its own; `None` where `script` is not installed.
fn on_a_terminal(desk: &Desk, url: &str) -> Option<Command> {
    Command::new("script").arg("--version").output().ok()?;
    let key = desk.path("key");
    let program = env!("CARGO_BIN_EXE_tollgate");
    let line = format!(
        "exec '{program}' delete customers.csv --out run --rate 20000/s --base-url '{url}' --api-key-file '{}'",
        key.display()
    );
    let mut command = Command::new("script");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("TERM", "xterm");
    command.env("SHELL", "/bin/sh").args(["-q", "-e", "-c", &line, "/dev/null"]);
    command.current_dir(desk.path(""));
    Some(command)
}

fn answering(answer: &'static str) -> Option<(Left, u64)> {
    let (desk, sandbox) = (Desk::new(), calm(12));
    desk.customers(12);
    let Some(mut command) = on_a_terminal(&desk, &sandbox.base_url()) else {
        skip("there is no script(1) here");
        return None;
    };
    let left = Running::typing(&mut command, "type the number of rows (12) to go on: ", answer);
    Some((left.leave(), sandbox.received().deletes))
}

#[test]
fn the_row_count_typed_goes_on() {
    let Some((left, deletes)) = answering("12\n") else { return };
    assert_eq!((left.code, deletes), (Some(0), 12), "{left:?}");
    for word in ["about to", "delete", "127.0.0.1", "app", "12 of 12 exist", "such as", "customer-1"] {
        assert!(left.stdout.contains(word), "`{word}` is missing: {}", left.stdout);
    }
}

#[test]
fn anything_else_typed_sends_nothing() {
    for answer in ["yes\n", "\n", "13\n", "1\n"] {
        let Some((left, deletes)) = answering(answer) else { return };
        assert_eq!((left.code, deletes), (Some(3), 0), "{left:?}");
        assert!(left.stdout.contains("not confirmed; nothing was sent"), "{}", left.stdout);
    }
}

#[test]
fn a_break_at_the_question_leaves_130_and_sends_nothing() {
    let Some((left, deletes)) = answering("\u{3}") else { return };
    assert_eq!((left.code, deletes), (Some(130), 0), "{left:?}");
}

#[test]
fn the_end_of_the_terminal_is_no_consent() {
    let Some((left, deletes)) = answering("\u{4}") else { return };
    assert_eq!((left.code, deletes), (Some(3), 0), "{left:?}");
}
