//! Columns become profiles: Adapty by worked examples, from the file to what the stand-in has.

use std::fs;

use serde_json::json;
use tollgate::sandbox::{Faults, Population, Profile};

use crate::support::{
    acts::{act, counted, outcomes, people, received},
    program::{Desk, Running, calm, run, run_with, sandbox},
    record::{journal, lines, settled_once},
};

fn words(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
    expected.iter().map(|(line, word)| (*line, (*word).to_owned())).collect()
}

#[test]
fn each_operation_says_what_it_did_to_each_row() {
    let (desk, sandbox) = (Desk::new(), calm(2));
    let tried = |command: &[&str], rows: &str, code: i32, expected: &[(u64, &str)]| {
        desk.put("rows.csv", format!("customer_user_id,email,custom_attributes.sport\n{rows}"));
        let out = desk.path(&format!("{}-{}", command[0], fs::read_dir(desk.path(".")).unwrap().count()));
        let mut all = vec![command[0], "rows.csv"];
        all.extend(&command[1..]);
        let left = run(act(&desk, &all, &sandbox).arg("--out").arg(&out)).with(code);
        assert_eq!(outcomes(&out), words(expected), "{command:?}: {}", left.stderr);
        out
    };
    tried(&["create"], "new-1,n@example.com,golf\n", 0, &[(2, "created")]);
    assert_eq!(people(&sandbox)["new-1"], json!({"email": "n@example.com", "custom_attributes": {"sport": "golf"}}));
    let out = tried(&["update"], "new-1,,chess\nnobody,,chess\n", 0, &[(2, "updated"), (3, "missing")]);
    assert_eq!(fs::read_to_string(out.join("absent.csv")).unwrap().lines().last(), Some("nobody,,chess"));
    assert_eq!(people(&sandbox)["new-1"], json!({"email": "n@example.com", "custom_attributes": {"sport": "chess"}}));
    tried(&["sync", "--action", "upsert"], "new-1,,golf\nnew-2,,golf\n", 0, &[(2, "updated"), (3, "created")]);
    tried(&["sync"], "new-1,,chess\nnew-1,,polo\nnobody,,x\n", 0, &[(2, "superseded"), (3, "updated"), (4, "missing")]);
    tried(&["update", "--compare", "server"], "new-1,,polo\nnew-2,,polo\n", 0, &[(2, "unchanged"), (3, "updated")]);
    assert_eq!(people(&sandbox)["new-2"], json!({"custom_attributes": {"sport": "polo"}}));
    let found = [(2, "found"), (3, "missing")];
    tried(&["get"], "new-1,,\nnobody,,\n", 0, &found);
    tried(&["delete"], "new-1,,\nnobody,,\n", 0, &[(2, "deleted"), (3, "absent")]);
    assert_eq!(people(&sandbox).len(), 3);
}

/// Whoever misspelt it once had his deletions taken for updates.
#[test]
fn an_action_column_that_is_not_there_is_told() {
    let (desk, sandbox) = (Desk::new(), calm(1));
    desk.put("rows.csv", "customer_user_id,what,email\ncustomer-1,delete,a@example.com\n");
    let sync = |column: &str| {
        let mut command = act(&desk, &["sync", "rows.csv", "--action-column", column], &sandbox);
        run(&mut command)
    };
    sync("waht")
        .with(2)
        .saying(&["`--action-column waht` names a column that is not there; it has: customer_user_id, what, email"]);
    sync("what").with(0).saying(&["erased 1"]);
}

#[test]
fn every_row_is_applied_in_its_order_and_an_action_column_is_obeyed() {
    let (desk, sandbox) = (Desk::new(), calm(2));
    let rows = "customer_user_id,action,first_name,last_name\n\
                customer-1,update,A,\ncustomer-1,,B,X\nnew,create,C,\nnew,delete,,\nnew,upsert,D,\ncustomer-1,,E,\n";
    desk.put("rows.csv", rows);
    run(act(&desk, &["sync", "rows.csv", "--every-row"], &sandbox).args(["--out", "out"])).with(0);
    let expected = [(2, "updated"), (3, "updated"), (4, "created"), (5, "deleted"), (6, "created"), (7, "updated")];
    assert_eq!(outcomes(&desk.path("out")), words(&expected));
    let people = people(&sandbox);
    assert_eq!(people["customer-1"], json!({"first_name": "E", "last_name": "X"}));
    assert_eq!(people["new"], json!({"first_name": "D"}));
}

#[test]
fn a_creation_with_both_ids_gives_a_nameless_profile_its_customer() {
    let own_id = "0dd5f1a0-5b1c-4c9e-8f3a-2b6d7e8f9a0b";
    let nameless = Profile { customer_user_id: None, profile_id: Some(own_id.into()) };
    let sandbox = sandbox(Population::Profiles(vec![nameless]), Faults::default(), None);
    let desk = Desk::new();
    desk.put("rows.csv", format!("customer_user_id,profile_id,first_name\nada,{own_id},Ada\n"));
    run(act(&desk, &["create", "rows.csv"], &sandbox).args(["--out", "out"])).with(0);
    let all = sandbox.profiles();
    assert_eq!((all.len(), all[0].own_id.as_str(), all[0].customer_id.as_deref()), (1, own_id, Some("ada")));
    assert_eq!(all[0].content, json!({"first_name": "Ada"}));
    let line = &lines(&desk.path("out"))[0];
    assert_eq!((line.outcome.as_str(), line.remote_id.as_str()), ("created", own_id));
}

/// An impossible value is named by line, column and rule, never quoted, and never sent.
#[test]
fn what_cannot_be_is_named_and_not_sent() {
    let (desk, sandbox) = (Desk::new(), calm(4));
    let rows = "customer_user_id,email,att_status,birthday\ncustomer-1,nobody at all,,\ncustomer-2,,4,\n\
                customer-3,,,1990-02-30\ncustomer-4,ok@example.com,3,1990-02-28\n";
    desk.put("rows.csv", rows);
    let left = run(act(&desk, &["update", "rows.csv"], &sandbox).args(["--out", "out", "-vv"])).with(1);
    let messages: Vec<(u64, String)> = lines(&desk.path("out"))
        .into_iter()
        .filter(|line| line.outcome == "invalid")
        .map(|line| (line.line, line.message))
        .collect();
    for ((line, message), (expected, column)) in messages.iter().zip([(2, "email"), (3, "att_status"), (4, "birthday")])
    {
        assert!(*line == expected && message.starts_with(&format!("column {column}: ")), "{message}");
    }
    assert_eq!((messages.len(), sandbox.received().patches), (3, 1));
    assert!(!left.stderr.contains("nobody at all") && !left.stderr.contains("ok@example.com"), "{left:?}");
    let failed = fs::read_to_string(desk.path("out/failed.csv")).unwrap();
    assert_eq!(failed.lines().count(), 4, "{failed}");
    assert!(failed.starts_with("customer_user_id,email,att_status,birthday\ncustomer-1,nobody at all,,\n"), "{failed}");
}

#[test]
fn an_unknown_column_is_refused_unless_it_is_said_to_be_nothing() {
    let (desk, sandbox) = (Desk::new(), calm(2));
    desk.put("rows.csv", "customer_user_id,first_name,shoe_size\ncustomer-1,A,44\n");
    let (left, calls) = counted(&mut act(&desk, &["update", "rows.csv"], &sandbox), &sandbox);
    assert_eq!(calls, 0);
    left.with(65).saying(&["shoe_size", "--ignore-column"]);
    run(&mut act(&desk, &["update", "rows.csv", "--ignore-column", "shoe_size"], &sandbox)).with(0);
    assert_eq!(people(&sandbox)["customer-1"], json!({"first_name": "A"}));
    desk.put("rows.csv", "customer_user_id,first_name,last_name,shoe_size\ncustomer-2,A,B,44\n");
    run(&mut act(&desk, &["update", "rows.csv", "--only-column", "last_name"], &sandbox)).with(0);
    assert_eq!(people(&sandbox)["customer-2"], json!({"last_name": "B"}));
}

#[test]
fn empty_leaves_alone_a_token_takes_away_and_a_constant_is_everybodys() {
    let (desk, sandbox) = (Desk::new(), calm(2));
    desk.put("rows.csv", "customer_user_id,first_name,custom_attributes.a,custom_attributes.b\ncustomer-1,A,1,2\n");
    run(&mut act(&desk, &["update", "rows.csv"], &sandbox)).with(0);
    desk.put("rows.csv", "customer_user_id,first_name,custom_attributes.a,custom_attributes.b\ncustomer-1,\\N,,\\N\n");
    let again = ["update", "rows.csv", "--null", "\\N", "--set", "last_name=All", "--set", "custom_attributes.c=x=y"];
    run(&mut act(&desk, &again, &sandbox)).with(0);
    let expected = json!({"last_name": "All", "custom_attributes": {"a": people(&sandbox)["customer-1"]["custom_attributes"]["a"], "c": "x=y"}});
    assert_eq!(people(&sandbox)["customer-1"], expected);
    assert!(expected["custom_attributes"]["a"].is_string() || expected["custom_attributes"]["a"].is_number());
}

#[test]
fn json_lines_carry_bodies_as_they_are() {
    let (desk, sandbox) = (Desk::new(), calm(2));
    let rows = [
        json!({"customer_user_id": "customer-1", "email": "a@example.com", "custom_attributes": [{"key": "k", "value": "v"}]}),
        json!({"customer_user_id": "customer-2", "custom_attributes.k": "w", "first_name": "B"}),
    ];
    desk.put("rows.jsonl", rows.iter().fold(String::new(), |text, row| text + &row.to_string() + "\n"));
    run(&mut act(&desk, &["update", "rows.jsonl"], &sandbox)).with(0);
    let people = people(&sandbox);
    assert_eq!(people["customer-1"], json!({"email": "a@example.com", "custom_attributes": {"k": "v"}}));
    assert_eq!(people["customer-2"], json!({"first_name": "B", "custom_attributes": {"k": "w"}}));
    let piped = br#"{"customer_user_id": "customer-2", "first_name": "C"}"#;
    run_with(&mut act(&desk, &["update", "-"], &sandbox), piped).with(0);
}

#[test]
fn a_rehearsal_sends_nothing_and_prints_the_real_command() {
    let (desk, sandbox) = (Desk::new(), calm(3));
    desk.put("rows.csv", "customer_user_id,first_name\ncustomer-1,A\ncustomer-2,B\n");
    for command in ["create", "update", "sync"] {
        let (left, calls) =
            counted(&mut act(&desk, &[command, "rows.csv", "--dry-run", "--set", "last_name=L"], &sandbox), &sandbox);
        let left = left.with(0).saying(&["nothing was sent", "--expect-rows 2", "--expect-sha256", "last_name=L"]);
        let real = left.stderr.lines().last().unwrap();
        assert!(real.contains(&format!("tollgate {command}")) && !real.contains("--dry-run"), "{real}");
        assert_eq!(calls, 0);
    }
    assert!(!desk.path("tollgate-runs").exists());
}

/// With a kill on the way, every row has one line and the stand-in's own account agrees with it.
#[test]
fn killed_updates_and_creations_go_on_where_they_were() {
    for (command, known) in [("update", 400), ("create", 0)] {
        let desk = Desk::new();
        let account = desk.path("journal");
        let sandbox = sandbox(Population::Count(known), Faults::default(), Some(account.clone()));
        let row = |n| format!("customer-{n},Name {n}\n");
        desk.put("rows.csv", (1..=400).fold("customer_user_id,first_name\n".to_owned(), |text, n| text + &row(n)));
        let again = |more: &[&str]| {
            let mut program = act(&desk, &[command, "rows.csv"], &sandbox);
            program.args(["--out", "out"]).args(more);
            program
        };
        for requests in [40, 120, 200] {
            let mut running = Running::start(&mut again(&["--rate", "500/s"]));
            received(&mut running, &sandbox, requests);
            running.kill();
        }
        run(&mut again(&[])).with(0);
        assert_eq!(settled_once(&desk.path("out")).values().sum::<usize>(), 400);
        let people = people(&sandbox);
        assert!((1..=400).all(|n| people[&format!("customer-{n}")]["first_name"] == format!("Name {n}")));
        let applied = sandbox.stop().unwrap().applied;
        assert_eq!(applied, 400, "what was sent twice changed nothing");
        let writes = journal(&account).into_iter().filter(|request| request.method != "GET").count();
        assert!((400..=700).contains(&writes), "{command}: {writes}");
    }
}
