//! Columns become profiles: Crafter Profile, and an API of one's own.

use std::{fs, path::PathBuf, process::Command};

use serde_json::json;
use tollgate::sandbox::{Faults, Options, Part, Population, Sandbox, Share};

use crate::support::{
    acts::{act, counted, outcomes, people},
    program::{Desk, KEY, Left, options, run, run_with, sandbox},
    record::lines,
};

fn example() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/api/rest.toml")
}

fn crafter(people: u64) -> Sandbox {
    Sandbox::start(Options {
        part: Part::Crafter { tenant: None },
        ..options(Population::Count(people), Faults::default())
    })
    .unwrap()
}

fn object_id(number: u64) -> String {
    format!("{number:024x}")
}

/// `COMMAND rows.csv` for the tenant of the stand-in's residents.
fn tenant(desk: &Desk, words: &[&str], sandbox: &Sandbox, out: &str) -> Command {
    let mut command = act(desk, words, sandbox);
    command.args(["--api", "crafter", "--set", "tenantName=sandbox", "--out", out]);
    command
}

fn words(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
    expected.iter().map(|(line, word)| (*line, (*word).to_owned())).collect()
}

#[test]
fn crafter_creates_updates_and_deletes_by_username_and_by_id() {
    let (desk, sandbox) = (Desk::new(), crafter(2));
    let mut nth = 0;
    let mut tried = |command: &[&str], rows: &str, code: i32, expected: &[(u64, &str)]| {
        desk.put("rows.csv", rows);
        nth += 1;
        let (out, mut all) = (format!("out-{nth}"), vec![command[0], "rows.csv"]);
        all.extend(&command[1..]);
        let left = run(&mut tenant(&desk, &all, &sandbox, &out)).with(code);
        assert_eq!(outcomes(&desk.path(&out)), words(expected), "{command:?}: {}", left.stderr);
    };
    let ada = "username,email,enabled,attributes.team\nada,ada@example.com,true,red\n";
    tried(&["create"], ada, 0, &[(2, "created")]);
    tried(&["create"], ada, 0, &[(2, "unchanged")]);
    let other = "username,email,enabled,attributes.team\nada,other@example.com,true,red\nbob,b@example.com,false,\n";
    tried(&["create"], other, 1, &[(2, "exists"), (3, "created")]);
    let kept = people(&sandbox)["ada"].clone();
    assert_eq!((&kept["email"], &kept["attributes"]), (&"ada@example.com".into(), &json!({"team": "red"})));
    let update = "username,email,attributes.team,attributes.size\nada,,\\N,9\nnobody,,\\N,9\n";
    tried(&["update", "--null", "\\N"], update, 0, &[(2, "updated"), (3, "missing")]);
    assert_eq!(people(&sandbox)["ada"]["attributes"], json!({"size": "9"}));
    let by_id = format!("id,email\n{},one@example.com\n{},x@example.com\n", object_id(1), object_id(77));
    tried(&["update"], &by_id, 0, &[(2, "updated"), (3, "missing")]);
    assert_eq!(people(&sandbox)["customer-1"]["email"], "one@example.com");
    let upsert = "username,email,enabled\neve,eve@example.com,true\nada,ada2@example.com,true\n";
    tried(&["sync", "--action", "upsert"], upsert, 0, &[(2, "created"), (3, "updated")]);
    tried(&["get"], "username\neve\nnobody\n", 0, &[(2, "found"), (3, "missing")]);
    let delete = "username,action\neve,delete\nnobody,delete\n";
    tried(&["sync"], delete, 0, &[(2, "deleted"), (3, "absent")]);
    tried(&["delete"], "username\nbob\nnobody\n", 0, &[(2, "deleted"), (3, "absent")]);
    let there: Vec<String> = people(&sandbox).into_keys().collect();
    assert_eq!(there, ["ada", "customer-1", "customer-2"]);
}

/// It was said once for the run, so that no row is to blame: each of them was once `refused`.
#[test]
fn a_tenant_that_is_not_there_is_no_rows_fault() {
    let (desk, sandbox) = (Desk::new(), crafter(2));
    desk.put("rows.csv", "username,email,enabled\nada,ada@example.com,true\nbob,bob@example.com,true\n");
    for command in
        [&["create", "rows.csv"][..], &["update", "rows.csv"], &["sync", "rows.csv"], &["delete", "rows.csv"]]
    {
        let mut command = act(&desk, command, &sandbox);
        command.args(["--api", "crafter", "--set", "tenantName=acme", "--out", "out"]);
        run(&mut command).with(78).saying(&["does not know what was said once for the run", "--set"]);
        assert!(!desk.path("out").join("results.csv").exists() || lines(&desk.path("out")).is_empty());
        let _may_not_be_there = fs::remove_dir_all(desk.path("out"));
    }
    assert_eq!(people(&sandbox).len(), 2);
}

/// A creation from stdin that says no tenant.
fn counted_with(desk: &Desk, sandbox: &Sandbox, rows: &[u8]) -> (Left, u64) {
    let before = sandbox.received().requests;
    let left = run_with(act(desk, &["create", "-"], sandbox).args(["--api", "crafter"]), rows);
    (left, sandbox.received().requests - before)
}

#[test]
fn crafter_wants_what_a_creation_needs_before_anything_is_sent() {
    let (desk, sandbox) = (Desk::new(), crafter(1));
    desk.put("rows.csv", "username,email,enabled\nada,,true\nbob,b@example.com,perhaps\n");
    let (left, calls) = counted(&mut tenant(&desk, &["create", "rows.csv"], &sandbox, "out"), &sandbox);
    left.with(1);
    assert_eq!(calls, 0);
    let messages: Vec<String> = lines(&desk.path("out")).into_iter().map(|line| line.message).collect();
    assert!(messages[0].contains("email") && messages[1].starts_with("column enabled: "), "{messages:?}");
    desk.put("rows.csv", "username,email,enabled\nada,a@example.com,true\n");
    let (left, calls) = counted(act(&desk, &["create", "rows.csv"], &sandbox).args(["--api", "crafter"]), &sandbox);
    assert_eq!(calls, 0);
    left.with(2).saying(&["crafter wants to be told its tenantName", "--set tenantName="]);
    let (left, calls) = counted_with(&desk, &sandbox, b"username,email,enabled\nada,a@example.com,true\n");
    assert_eq!(calls, 0);
    left.with(2).saying(&["--set tenantName="]);
    desk.put("ids.csv", format!("id,email\n{},a@example.com\n", object_id(1)));
    run(act(&desk, &["update", "ids.csv"], &sandbox).args(["--api", "crafter"])).with(0);
}

/// Crafter ignores what is sent empty, and a form cannot say an empty list: both were once `updated`.
#[test]
fn crafter_is_not_told_what_it_would_ignore() {
    let (desk, sandbox) = (Desk::new(), crafter(1));
    let id = object_id(1);
    desk.put("rows.jsonl", format!("{{\"id\":\"{id}\",\"role\":[]}}\n{{\"id\":\"{id}\",\"password\":\"\"}}\n"));
    let words = ["sync", "rows.jsonl", "--api", "crafter", "--every-row", "--out", "out"];
    let (left, calls) = counted(&mut act(&desk, &words, &sandbox), &sandbox);
    left.with(1).saying(&["invalid 2"]);
    assert_eq!(calls, 0);
    let messages: Vec<String> = lines(&desk.path("out")).into_iter().map(|line| line.message).collect();
    assert_eq!(
        messages,
        ["column role: is not a list of at least 1 texts, none of them empty", "column password: is empty"]
    );
}

/// The row's first id was once looked at instead, which is somebody else's: `unchanged`, and nobody had what the row says.
#[test]
fn a_name_that_is_taken_is_looked_up_by_that_name() {
    let (desk, sandbox) = (Desk::new(), crafter(0));
    desk.put("rows.csv", "username,email,enabled\nbob,bob@example.com,true\nada,other@example.com,true\n");
    run(&mut tenant(&desk, &["create", "rows.csv"], &sandbox, "1")).with(0);
    let bob = lines(&desk.path("1"))[0].remote_id.clone();
    desk.put("rows.csv", format!("id,username,email,enabled\n{bob},ada,bob@example.com,true\n"));
    run(&mut tenant(&desk, &["create", "rows.csv"], &sandbox, "2")).with(1).saying(&["existing 1"]);
    let line = &lines(&desk.path("2"))[0];
    assert_ne!(line.remote_id, bob);
    assert_eq!(line.message, "by the row's second id, ada; one stood there already, and cannot be told to be just so");
    desk.put("rows.csv", format!("id,username,email,enabled\n{bob},ada,other@example.com,true\n"));
    run(&mut tenant(&desk, &["create", "rows.csv"], &sandbox, "3")).with(0).saying(&["unchanged 1"]);
    desk.put("rows.csv", "username,email,enabled,password\nbob,bob@example.com,true,secret\n");
    run(&mut tenant(&desk, &["create", "rows.csv"], &sandbox, "4")).with(1);
    let message = lines(&desk.path("4"))[0].message.clone();
    assert!(message.ends_with("; `password` is not returned, so that it cannot be compared"), "{message}");
}

#[test]
fn crafter_remembers_a_sync_as_well() {
    let (desk, sandbox) = (Desk::new(), crafter(0));
    let night = |rows: &str, out: &str| {
        desk.put("rows.csv", rows);
        let all =
            ["sync", "rows.csv", "--action", "upsert", "--memory", "memory", "--first", "--prune", "--max-delete", "5"];
        let (left, calls) = counted(&mut tenant(&desk, &all, &sandbox, out), &sandbox);
        left.with(0);
        calls
    };
    let (ada, eve) = ("ada,ada@example.com,true\n", "eve,eve@example.com,true\n");
    let head = "username,email,enabled\n";
    assert!(night(&format!("{head}{ada}{eve}"), "1") > 0);
    assert_eq!(night(&format!("{head}{ada}{eve}"), "2"), 0);
    assert!(night(&format!("{head}{ada}"), "3") > 0);
    assert!(people(&sandbox).into_keys().eq(["ada".to_owned()]));
    assert_eq!(night(&format!("{head}{ada}"), "4"), 0);
}

/// A name is one tenant's: what one was sent says nothing of another, and whoever left one has not left the other.
#[test]
fn a_memory_of_one_tenant_is_used_for_no_other_nor_below_another_path() {
    let (desk, sandbox) = (Desk::new(), crafter(0));
    let (head, ada, eve) = ("username,email,enabled\n", "ada,ada@example.com,true\n", "eve,eve@example.com,true\n");
    let night = |url: &str, words: &[&str]| {
        let mut command = desk.program();
        command.args(["sync", "rows.csv", "--action", "upsert", "--memory", "memory", "--first", "--max-delete", "5"]);
        command.args(["--api", "crafter", "--api-key-file", "key", "--yes", "--base-url", url]).args(words);
        counted(command.env("TOLLGATE_CANARY", "0"), &sandbox)
    };
    let (url, elsewhere) = (sandbox.base_url(), sandbox.base_url() + "/elsewhere");
    desk.put("rows.csv", format!("{head}{ada}{eve}"));
    assert!(night(&url, &["--set", "tenantName=sandbox", "--out", "1"]).1 > 0);
    desk.put("rows.csv", format!("{head}{ada}"));
    let another = "the memory in memory is of another tenantName: sandbox, not corporate";
    let other_path = "the memory in memory is of another base path: /crafter-profile, not /crafter-profile/elsewhere";
    for (url, tenant, told) in [(&url, "corporate", another), (&elsewhere, "sandbox", other_path)] {
        let tenant = format!("tenantName={tenant}");
        for more in [&[][..], &["--prune"], &["--prune", "--dry-run"], &["--assume-sent"]] {
            let (left, calls) = night(url, &[&["--set", &tenant, "--out", "2"], more].concat());
            left.with(78).saying(&[told, "--memory"]);
            assert_eq!(calls, 0, "{tenant} {more:?}");
        }
    }
    assert!(people(&sandbox).into_keys().eq(["ada".to_owned(), "eve".to_owned()]));
    night(&(url + "/"), &["--set", "tenantName=sandbox", "--prune", "--out", "3"]).0.with(0);
    assert!(people(&sandbox).into_keys().eq(["ada".to_owned()]));
}

#[test]
fn a_rehearsals_memory_is_of_one_tenant_too() {
    let desk = Desk::new();
    desk.put("rows.csv", "username,email,enabled\nada,ada@example.com,true\n");
    let night = |tenant: &str, out: &str| {
        let mut command = desk.program();
        command.args(["sync", "rows.csv", "--action", "upsert", "--memory", "memory", "--first", "--sandbox"]);
        command.args(["--api", "crafter", "--set", &format!("tenantName={tenant}"), "--out", out]);
        run(&mut command)
    };
    night("default", "1").with(0);
    night("sandbox", "2").with(78).saying(&["is of another tenantName: default, not sandbox"]);
    night("default", "3").with(0);
}

/// What is said once for all calls cannot differ from row to row, so that no row's print need hold it.
#[test]
fn no_column_says_what_is_said_once_for_all_calls() {
    let (desk, sandbox) = (Desk::new(), crafter(0));
    desk.put("rows.csv", "username,email,enabled,tenantName\nada,ada@example.com,true,corporate\n");
    let sync = |rows| ["sync", rows, "--action", "upsert", "--memory", "memory", "--first"];
    let (left, calls) = counted(&mut tenant(&desk, &sync("rows.csv"), &sandbox, "1"), &sandbox);
    left.with(65).saying(&["columns that are no fields of a profile: tenantName"]);
    assert_eq!(calls, 0);
    let object = r#"{"username": "ada", "email": "a@example.com", "enabled": true, "tenantName": "corporate"}"#;
    desk.put("rows.jsonl", object);
    let (left, calls) = counted(&mut tenant(&desk, &sync("rows.jsonl"), &sandbox, "2"), &sandbox);
    left.with(1);
    assert_eq!((calls, outcomes(&desk.path("2"))), (0, words(&[(1, "invalid")])));
}

/// The example of a description uses every key of the format.
#[test]
fn an_api_of_ones_own_is_written_to_as_its_file_says() {
    let desk = Desk::new();
    let api = example();
    let rows = "login,email,nickname,level,settings.theme\nada,ada@example.com,Ada,3,dark\n";
    desk.put("rows.csv", rows);
    for command in [&["create", "rows.csv"][..], &["sync", "rows.csv", "--action", "upsert"], &["update", "rows.csv"]] {
        let mut program = desk.program();
        program
            .args(command)
            .args(["--sandbox", "--set", "workspace=w-1", "--out"])
            .arg(command[0])
            .arg("--api")
            .arg(&api);
        let left = run(&mut program);
        let outcome = outcomes(&desk.path(command[0]));
        assert_eq!((left.code, outcome.len()), (Some(0), 1), "{left:?}");
        assert!(!left.stderr.contains(KEY));
    }
    desk.put("rows.csv", rows.replace(",3,", ",10,"));
    let mut program = desk.program();
    program.args(["update", "rows.csv", "--sandbox", "--set", "workspace=w-1", "--out", "bad"]).arg("--api").arg(&api);
    run(&mut program).with(1);
    assert!(lines(&desk.path("bad"))[0].message.starts_with("column level: "));
}

/// Rows of one identity keep their order, also when some of them are tried again later.
#[test]
fn what_failed_in_its_order_is_tried_again_in_its_order() {
    let faults = Faults { server_error: Share(0.3), ..Faults::default() };
    let (desk, sandbox) = (Desk::new(), sandbox(Population::Count(8), faults, None));
    let rows = (0..4).flat_map(|version| (1..=8).map(move |n| format!("customer-{n},Version {version}\n")));
    desk.put("rows.csv", "customer_user_id,first_name\n".to_owned() + &rows.collect::<String>());
    let words = ["sync", "rows.csv", "--every-row", "--max-attempts", "1", "--max-errors", "100%", "--out", "out"];
    let mut left = run(&mut act(&desk, &words, &sandbox));
    assert_eq!(left.code, Some(1), "{left:?}");
    for _ in 0..20 {
        if left.code == Some(0) {
            break;
        }
        left = run(act(&desk, &words, &sandbox).arg("--retry-failed"));
    }
    let left = left.with(0);
    assert!(people(&sandbox).values().all(|content| content["first_name"] == "Version 3"), "{left:?}");
    assert!(fs::read_to_string(desk.path("out/results.csv")).unwrap().contains(",failed,"));
}
