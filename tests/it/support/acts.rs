//! The operations that set fields, as they are typed, and what the stand-in has of a profile afterwards.

use std::{collections::BTreeMap, path::Path, process::Command};

use serde_json::Value;
use tollgate::sandbox::Sandbox;

use super::{
    program::{Desk, Left, Running, run},
    record::{Line, lines},
};

/// `COMMAND INPUT` against a stand-in, without being asked, and without the guards that few rows would set off.
pub(crate) fn act(desk: &Desk, words: &[&str], sandbox: &Sandbox) -> Command {
    let mut command = desk.program();
    command.args(words).args(["--base-url", &sandbox.base_url(), "--api-key-file", "key"]);
    if !matches!(words.first(), Some(&"get" | &"verify")) {
        command.arg("--yes");
    }
    command.env("TOLLGATE_CANARY", "0").env("TOLLGATE_MAX_ABSENT", "off");
    command
}

/// Who exists, by the caller's id, and what was written to them.
pub(crate) fn people(sandbox: &Sandbox) -> BTreeMap<String, Value> {
    let named = |resident: tollgate::sandbox::Resident| Some((resident.customer_id?, resident.content));
    sandbox.profiles().into_iter().filter_map(named).collect()
}

/// How each line of a run's results ended, in the order of lines.
pub(crate) fn outcomes(directory: &Path) -> Vec<(u64, String)> {
    let mut all: Vec<_> = lines(directory).into_iter().map(|Line { line, outcome, .. }| (line, outcome)).collect();
    all.sort();
    all
}

/// Runs it to its end; tells how many requests that took as well.
#[track_caller]
pub(crate) fn counted(command: &mut Command, sandbox: &Sandbox) -> (Left, u64) {
    let before = sandbox.received().requests;
    let left = run(command);
    (left, sandbox.received().requests - before)
}

/// Waits until the stand-in has received so many requests, or until the process has left by itself.
pub(crate) fn received(running: &mut Running, sandbox: &Sandbox, requests: u64) {
    const GLANCE: std::time::Duration = std::time::Duration::from_millis(5);
    while !sandbox.wait_for(requests, GLANCE) && !running.has_left() {}
}
