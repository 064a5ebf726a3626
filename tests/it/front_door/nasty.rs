//! Ids from the nastiest lists: each is sent byte for byte, or `invalid` with the reason.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use tollgate::domain::Id;

use crate::support::{
    program::{Desk, KEY, Running, Signal, run},
    record::{journal, lines},
};

/// One line of the list.
#[derive(Deserialize)]
struct Nasty {
    nasty: String,
    fate: String,
}

fn project(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The list, and three of all lengths.
fn nasty() -> Vec<Nasty> {
    let list = fs::read_to_string(project("fixtures/input/nasty-ids.jsonl")).unwrap();
    let long = |length: usize, fate: &str| Nasty { nasty: "x".repeat(length), fate: fate.to_owned() };
    let longest = [long(Id::MAX_BYTES, "sent"), long(Id::MAX_BYTES + 1, "invalid"), long(100_000, "invalid")];
    list.lines().map(|line| serde_json::from_str(line).unwrap()).chain(longest).collect()
}

/// As JSON Lines, one a line from the first on.
fn json_lines(list: &[Nasty]) -> Vec<u8> {
    let line = |nasty: &Nasty| format!("{}\n", serde_json::json!({ "nasty": nasty.nasty }));
    list.iter().map(line).collect::<String>().into_bytes()
}

/// As CSV under a header.
fn csv(list: &[Nasty]) -> Vec<u8> {
    let row = |nasty: &Nasty| format!("\"{}\",x\n", nasty.nasty.replace('"', "\"\""));
    std::iter::once("nasty,note\n".to_owned()).chain(list.iter().map(row)).collect::<String>().into_bytes()
}

/// Runs a command over an input against the stand-in of an API, and holds the results and what was received against the
/// list.
#[track_caller]
fn meets_its_fate(api: &str, words: &[&str], input: &[u8], list: &[Nasty]) {
    let desk = Desk::new();
    desk.put("nasty", input);
    let mut serve = desk.program();
    serve.args(["sandbox", "--api", api, "--key", KEY, "--journal", "heard"]);
    let server = Running::start(&mut serve);
    let said = server.hear("plays ");
    let url = said.split(" on ").nth(1).unwrap().split(';').next().unwrap();
    let mut command = desk.program();
    command.args(words).args(["--api", api, "--base-url", url, "--api-key-file", "key", "--allow-odd-ids"]);
    command.args(["nasty", "--out"]).arg(desk.out());
    let left = run(&mut command);
    assert_eq!(left.code, Some(1), "the invalid ones are told: {left:#?}");
    server.signal(Signal::TERM);
    server.leave().with(0);
    let received: BTreeSet<String> =
        journal(&desk.path("heard")).into_iter().filter_map(|request| request.id).collect();
    let sent = list.iter().filter(|nasty| nasty.fate == "sent").map(|nasty| nasty.nasty.trim().to_owned());
    assert_eq!(received, sent.collect(), "{words:?}");
    each_has_its_line(&desk.out(), list);
}

/// Rows settle in any order; their lines only go up.
#[track_caller]
fn each_has_its_line(directory: &Path, list: &[Nasty]) {
    let by_line: BTreeMap<u64, _> = lines(directory).into_iter().map(|line| (line.line, line)).collect();
    assert_eq!(by_line.len(), list.len(), "one line each");
    for (nasty, line) in list.iter().zip(by_line.values()) {
        let (is_invalid, has_reason) = (line.outcome == "invalid", !line.message.is_empty());
        assert_eq!(is_invalid, nasty.fate == "invalid", "{:?}: {line:?}", nasty.nasty);
        assert!(!is_invalid || (has_reason && line.attempts == 0), "{line:?}");
    }
}

#[test]
fn nasty_ids_in_a_header_are_sent_byte_for_byte_or_invalid() {
    let list = nasty();
    meets_its_fate("adapty", &["delete", "--yes", "--id-column", "nasty"], &csv(&list), &list);
    let jsonl = ["delete", "--yes", "--id-column", "nasty", "--format", "jsonl"];
    meets_its_fate("adapty", &jsonl, &json_lines(&list), &list);
}

#[test]
fn nasty_ids_in_a_query_are_sent_byte_for_byte_or_invalid() {
    let list = nasty();
    let words = ["get", "--id-column", "nasty", "--format", "jsonl"];
    let words = [words.as_slice(), &["--set", "tenantName=sandbox"]].concat();
    meets_its_fate("crafter", &words, &json_lines(&list), &list);
}

#[test]
fn nasty_ids_in_a_form_are_sent_byte_for_byte_or_invalid() {
    let list = nasty();
    let words = ["create", "--yes", "--id-column", "nasty", "--format", "jsonl", "--set", "email=a@example.com"];
    let crafter = [words.as_slice(), &["--set", "tenantName=sandbox", "--set", "enabled=true"]].concat();
    meets_its_fate("crafter", &crafter, &json_lines(&list), &list);
    let rest = [words.as_slice(), &["--set", "workspace=w"]].concat();
    meets_its_fate(&project("fixtures/api/rest.toml").display().to_string(), &rest, &json_lines(&list), &list);
}

#[test]
fn nasty_ids_in_a_path_are_sent_byte_for_byte_or_invalid() {
    let (desk, list) = (Desk::new(), nasty());
    let any = fs::read_to_string(project("fixtures/api/rest.toml")).unwrap();
    let api = desk.put("any.toml", any.replace("format = \"uuid\"", "format = \"any\"")).display().to_string();
    let words = ["delete", "--yes", "--profile-id-column", "nasty", "--format", "jsonl"];
    meets_its_fate(&api, &words, &json_lines(&list), &list);
}
