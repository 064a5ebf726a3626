//! What the stand-in writes down.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::{Value, json};
use tollgate::{
    error::Exit,
    sandbox::{Faults, Options, Sandbox, Share},
};

use super::client::{Asking, KEY, PATH, options};

fn start_in(directory: &Path, faults: Faults) -> Sandbox {
    let journal = Some(directory.join("journal.jsonl"));
    Sandbox::start(Options { journal, faults, ..options() }).unwrap()
}

fn text(directory: &Path) -> String {
    fs::read_to_string(directory.join("journal.jsonl")).unwrap()
}

/// The lines, without the times.
fn lines(directory: &Path) -> Vec<Value> {
    let line = |line: &str| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        assert!(value.as_object_mut().unwrap().remove("ms").unwrap().is_u64());
        value
    };
    text(directory).lines().map(line).collect()
}

#[test]
fn every_request_has_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let sandbox = start_in(directory.path(), Faults::default());
    Asking::delete("customer-1").send(&sandbox);
    Asking::get("customer-1").send(&sandbox);
    Asking::new("DELETE").profile("p").without("Authorization").send(&sandbox);
    Asking::new("POST").path("/else?where=1").without("User-Agent").send(&sandbox);
    let line = |n, method, path, key, id_kind: Option<&str>, id: Option<&str>, status, applied, agent: Option<&str>| {
        json!({
            "n": n, "method": method, "path": path, "key": key, "id_kind": id_kind, "id": id,
            "status": status, "fault": null, "applied": applied, "user_agent": agent,
        })
    };
    let (customer, one, agent) = (Some("customer_user_id"), Some("customer-1"), Some("asking/1"));
    let expected = [
        line(1, "DELETE", PATH, "right", customer, one, 204, true, agent),
        line(2, "GET", PATH, "right", customer, one, 404, false, agent),
        line(3, "DELETE", PATH, "missing", Some("profile_id"), Some("p"), 401, false, agent),
        line(4, "POST", "/else", "right", None, None, 404, false, None),
    ];
    assert_eq!(lines(directory.path()), expected, "written as soon as nothing is in flight");
    sandbox.stop().unwrap();
    assert_eq!(lines(directory.path()), expected);
}

#[test]
fn a_write_has_the_names_of_its_fields_and_no_value() {
    let directory = tempfile::tempdir().unwrap();
    let sandbox = start_in(directory.path(), Faults::default());
    let body = r#"{"email":"zoe@example.com","custom_attributes":[{"key":"sport","value":"chess"}]}"#;
    Asking::new("PATCH").customer("customer-1").body(body).send(&sandbox);
    Asking::new("POST").customer("new").body("{}").send(&sandbox);
    Asking::get("customer-1").send(&sandbox);
    sandbox.stop().unwrap();
    let lines = lines(directory.path());
    let told = |line: &Value| (line["method"].clone(), line["applied"].clone(), line.get("fields").cloned());
    assert_eq!(told(&lines[0]), (json!("PATCH"), json!(true), Some(json!(["custom_attributes.sport", "email"]))));
    assert_eq!(told(&lines[1]), (json!("POST"), json!(true), None));
    assert_eq!(told(&lines[2]), (json!("GET"), json!(false), None));
    assert!(!text(directory.path()).contains("zoe") && !text(directory.path()).contains("chess"));
}

#[test]
fn a_fault_is_named_and_what_it_did_is_told() {
    let cases = [
        (Faults { reset: Share(1.0), ..Faults::default() }, "reset", Value::Null, true),
        (Faults { truncate: Share(1.0), ..Faults::default() }, "truncate", Value::Null, true),
        (Faults { server_error: Share(1.0), ..Faults::default() }, "server_error", json!(500), false),
        (Faults { captive_portal: Share(1.0), ..Faults::default() }, "captive_portal", json!(200), false),
    ];
    for (faults, word, status, applied) in cases {
        let directory = tempfile::tempdir().unwrap();
        let sandbox = start_in(directory.path(), faults);
        drop(Asking::delete("customer-1").raw(&sandbox));
        sandbox.stop().unwrap();
        let lines = lines(directory.path());
        assert_eq!(lines.len(), 1);
        assert_eq!(
            (&lines[0]["fault"], &lines[0]["status"], &lines[0]["applied"]),
            (&json!(word), &status, &json!(applied))
        );
    }
}

#[test]
fn the_key_stands_nowhere() {
    let directory = tempfile::tempdir().unwrap();
    let sandbox = start_in(directory.path(), Faults::default());
    let mistyped = "secret_live_mistyped";
    Asking::delete("customer-1").send(&sandbox);
    Asking::delete("customer-2").path(&format!("{PATH}?api_key={KEY}")).send(&sandbox);
    Asking::delete("customer-3").header("X-Api-Key", KEY).send(&sandbox);
    let wrong = Asking::delete("customer-4").without("Authorization");
    wrong.header("Authorization", &format!("Api-Key {mistyped}")).send(&sandbox);
    sandbox.stop().unwrap();
    let text = text(directory.path());
    assert_eq!(text.lines().count(), 4);
    assert!(!text.contains(KEY) && !text.contains(mistyped), "{text}");
    assert!(text.contains(r#""key":"wrong""#));
}

#[test]
fn it_is_private_and_replaces_an_earlier_one() {
    let directory = tempfile::tempdir().unwrap();
    let journal = directory.path().join("journal.jsonl");
    for _ in 0..2 {
        let sandbox = start_in(directory.path(), Faults::default());
        Asking::delete("customer-1").send(&sandbox);
        sandbox.stop().unwrap();
        assert_eq!(lines(directory.path()).len(), 1);
    }
    assert_eq!(fs::metadata(journal).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn one_that_cannot_be_created_or_written_is_told() {
    let missing = Some("/nonexistent/journal.jsonl".into());
    let error = Sandbox::start(Options { journal: missing, ..options() }).unwrap_err();
    assert_eq!(error.exit(), Exit::CannotCreate);
    assert!(error.what().contains("/nonexistent/journal.jsonl"));

    let sandbox = Sandbox::start(Options { journal: Some("/dev/full".into()), ..options() }).unwrap();
    assert_eq!(Asking::delete("customer-1").send(&sandbox).status, 204);
    assert_eq!(sandbox.stop().unwrap_err().exit(), Exit::Io);
}
