//! A run from its first byte to its exit code.

use std::{fs, io};

use serde_json::json;
use tollgate::{
    domain::Digest,
    sandbox::{Faults, Population, Profile},
};

use crate::support::{
    program::{Desk, calm, run, sandbox},
    record::{chain, lines, run_json, settled_once},
};

#[test]
fn a_run_leaves_one_line_per_row_a_chain_that_holds_and_counts_that_add_up() {
    let (desk, sandbox) = (Desk::new(), calm(300));
    let input = desk.customers(300);
    let left = run(desk.delete(&sandbox.base_url()).args(["--json", "--reference", "DSR-17", "--operator", "ann"]));
    let left = left.with(0).saying(&["20 of 20 exist", "erased 300", "300 = 300 erased + 0 unsettled", "chain head"]);
    let received = sandbox.received();
    assert_eq!((received.gets, received.deletes, received.applied), (20, 300, 300));

    let lines = lines(&desk.out());
    assert_eq!(settled_once(&desk.out()), [("deleted".to_owned(), 300)].into());
    for line in &lines {
        assert_eq!((line.id.clone(), &*line.action), (format!("customer-{}", line.line - 1), "delete"));
        assert_eq!((line.status, line.attempts, line.code.as_str()), (Some(204), 1, ""));
        assert!(line.ms.is_some() && !line.request_id.is_empty() && line.message.is_empty(), "{line:?}");
        assert!(line.finished_at.ends_with('Z') && line.finished_at.contains('T'), "{line:?}");
    }

    let head = chain(&desk.out());
    let summary = left.json();
    assert_eq!(summary["chain_head"], head);
    assert_eq!((&summary["rows"], &summary["unsettled"]), (&json!(300), &json!(0)));
    assert_eq!((&summary["totals"]["deleted"], &summary["exit_code"]), (&json!(300), &json!(0)));
    assert_eq!(summary["requests"], json!(320), "looks and deletions");
    let run = run_json(&desk.out());
    let (immutable, state) = (&run["immutable"], &run["state"]);
    assert_eq!((&immutable["reference"], &immutable["operator"]), (&json!("DSR-17"), &json!("ann")));
    assert_eq!(immutable["app"], sandbox.app_id());
    assert_eq!(immutable["input"]["digest"], Digest::of(&fs::read(input).unwrap()).to_string());
    assert_eq!((&state["complete"], &state["exit_code"]), (&json!(true), &json!(0)));
    assert_eq!((&state["chain_head"], &state["totals"]["deleted"]), (&json!(head), &json!(300)));
    for nothing in ["failed.csv", "absent.csv", "failed.csv.partial", "absent.csv.partial", "results.torn"] {
        assert!(!desk.out().join(nothing).exists(), "{nothing}");
    }
}

/// Ninety good rows, and on every tenth line one that is not.
fn mixed() -> String {
    let good = (1..=90).map(|n| format!("\"Zoë, {n}\",customer-{n},x\n"));
    let bad = ["a,ghost-1,\"q \"\"1\"\"\"", "b,customer-1,again", "c,#N/A,odd", "too,few", "d,,none", "e,ghost-2,y"];
    let mut rows: Vec<String> = good.collect();
    bad.iter().enumerate().for_each(|(nth, row)| rows.insert(10 * (nth + 1), format!("{row}\n")));
    format!("email,customer_user_id,note\n{}", rows.concat())
}

#[test]
fn rows_that_did_not_make_it_come_back_in_their_original_columns_ready_to_be_fed_back() {
    let (desk, sandbox) = (Desk::new(), calm(90));
    desk.put("customers.csv", mixed());
    let left = run(desk.delete(&sandbox.base_url()).arg("--json")).with(1);
    let expected = [("absent", 2), ("deleted", 90), ("duplicate", 1), ("invalid", 3)];
    assert_eq!(settled_once(&desk.out()), expected.map(|(word, rows)| (word.to_owned(), rows)).into());
    let summary = left.json();
    let total: u64 = summary["totals"].as_object().unwrap().values().map(|rows| rows.as_u64().unwrap()).sum();
    assert_eq!((total, &summary["rows"], &summary["exit_code"]), (96, &json!(96), &json!(1)));
    assert_eq!(sandbox.received().applied, 90);

    let file = |name: &str| fs::read_to_string(desk.out().join(name)).unwrap();
    let header = "email,customer_user_id,note\n";
    let sorted = |text: &str| {
        let mut rows: Vec<String> = text.strip_prefix(header).unwrap().lines().map(str::to_owned).collect();
        rows.sort();
        rows
    };
    assert_eq!(sorted(&file("absent.csv")), ["a,ghost-1,\"q \"\"1\"\"\"", "e,ghost-2,y"]);
    assert_eq!(sorted(&file("failed.csv")), ["c,#N/A,odd", "d,,none", "too,few"]);
    for line in lines(&desk.out()).iter().filter(|line| line.outcome == "invalid") {
        assert!(line.message.contains(&format!("line {}", line.line)) || !line.message.is_empty(), "{line:?}");
        assert_eq!((line.status, line.attempts, line.ms), (None, 0, None), "never sent: {line:?}");
    }

    let fed_back = Desk::new();
    fed_back.put("customers.csv", file("absent.csv"));
    run(&mut fed_back.delete(&sandbox.base_url())).with(0).saying(&["not found 2, not erased by this run"]);
    let mended = Desk::new();
    mended.put("customers.csv", file("failed.csv").replace("too,few", "too,customer-2,few"));
    run(&mut mended.delete(&sandbox.base_url())).with(1).saying(&["not found 1", "invalid 2"]);
}

#[test]
fn quiet_is_silent_on_success_and_only_then() {
    let (desk, sandbox) = (Desk::new(), calm(40));
    desk.customers(40);
    let left = run(desk.delete(&sandbox.base_url()).arg("-q")).with(0);
    assert_eq!((left.stdout.as_str(), left.stderr.as_str()), ("", ""));
    let again = run(desk.delete(&sandbox.base_url()).arg("-q")).with(0);
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""), "a finished run is a success too");
    let other = Desk::new();
    other.put("customers.csv", "customer_user_id\n#N/A\n");
    let left = run(other.delete(&sandbox.base_url()).arg("-q")).with(1).saying(&["invalid 1"]);
    assert_eq!(left.stdout, "");
}

#[test]
fn a_closed_stdout_or_stderr_is_not_a_crash() {
    let (desk, sandbox) = (Desk::new(), calm(40));
    desk.customers(40);
    let closed = || {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        writer
    };
    let mut command = desk.delete(&sandbox.base_url());
    let status = command.args(["--json", "-vv"]).stdout(closed()).stderr(closed()).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(run_json(&desk.out())["state"]["complete"], json!(true));
}

#[test]
fn a_row_with_both_ids_is_tried_by_the_second_when_the_first_is_not_there() {
    let desk = Desk::new();
    let known = |customer: &str, profile: Option<&str>| Profile {
        customer_user_id: Some(customer.to_owned()),
        profile_id: profile.map(str::to_owned),
    };
    let ann = "0b5bd3f0-5f2c-4d3e-9b57-6a1f4c1c2a11";
    let nobody = "11111111-2222-4333-8444-555555555555";
    let profiles = vec![known("ann", Some(ann)), known("bob", None)];
    let sandbox = sandbox(Population::Profiles(profiles), Faults::default(), None);
    let rows = [("ann", ann), ("bob", nobody), ("eve", nobody.replace('1', "2").as_str())]
        .map(|(customer, profile)| format!("{{\"customer_user_id\":\"{customer}\",\"profile_id\":\"{profile}\"}}\n"));
    let input = desk.put("people.jsonl", rows.concat());
    run(&mut desk.delete_input(&sandbox.base_url(), &input)).with(0);
    let told: Vec<_> = lines(&desk.out()).into_iter().map(|line| (line.line, line.outcome, line.attempts)).collect();
    let expected = [(1, "deleted", 1), (2, "deleted", 2), (3, "absent", 2)];
    assert_eq!(told, expected.map(|(line, word, attempts)| (line, word.to_owned(), attempts)));
    assert_eq!(fs::read_to_string(desk.out().join("absent.jsonl")).unwrap(), rows[2]);
}
