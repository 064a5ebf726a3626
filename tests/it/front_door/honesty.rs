//! What it says is so: each of these was once said, or left unsaid, wrongly.

use tollgate::sandbox::{Faults, Options, Part, Population, Profile, Sandbox};

use crate::support::{
    door::Door,
    program::{Desk, KEY, PATIENCE, Running, SLOWLY, calm, customers, options, run, run_with},
    record::{lines, run_json, settled_once},
};

const ROWS: u64 = 1500;

/// A stand-in for another app, whose key knows nobody.
fn stranger(key: &str) -> Sandbox {
    let options = options(Population::Profiles(Vec::new()), Faults::default());
    Sandbox::start(Options { key: key.to_owned(), seed: 99, ..options }).unwrap()
}

/// The first app's answers were once taken as proof for another app's key: 491 people stayed un-erased with exit 0.
#[test]
fn a_changed_key_that_cannot_show_its_app_does_not_go_on_with_a_begun_run() {
    let (desk, first, other) = (Desk::new(), calm(ROWS), stranger("another"));
    let door = Door::to(first.address());
    desk.customers(ROWS);
    let running = Running::start(desk.delete(&door.url()).args(SLOWLY));
    assert!(first.wait_for(400, PATIENCE));
    running.kill();
    let right = std::fs::read(desk.path("key")).unwrap();
    desk.put("key", "another");
    door.leads_to(other.address());
    let refused = run(&mut desk.delete(&door.url())).with(78);
    refused.saying(&["the key has changed", "its app cannot be told"]);
    assert_eq!(other.received().deletes, 0);
    desk.put("key", right);
    door.leads_to(first.address());
    run(&mut desk.delete(&door.url())).with(0);
    assert_eq!(settled_once(&desk.out()).values().sum::<usize>() as u64, ROWS);
}

/// Whoever was deleted at another place, in a rehearsal or in another app was once passed over here, with exit 0.
#[test]
fn only_a_deletion_of_the_same_people_is_continued_from() {
    let (desk, here, there) = (Desk::new(), calm(60), calm(60));
    desk.customers(60);
    let run_in = |out: &str, words: &[&str]| {
        let mut command = desk.program();
        command.args(["delete", "customers.csv", "--out", out, "--yes"]).args(words);
        command
    };
    let key = ["--api-key-file", "key", "--base-url"];
    run(run_in("elsewhere", &key).arg(there.base_url())).with(0);
    run(&mut run_in("rehearsal", &["--sandbox"])).with(0);
    run(desk.program().args(["get", "customers.csv", "--out", "got"]).args(key).arg(here.base_url())).with(0);
    let next = |out: &str, old: &str, url: &str| {
        let mut command = run_in(out, &key);
        command.args([url, "--continue-from", old]);
        command
    };
    for (old, words) in [
        ("elsewhere", "is of another host"),
        ("rehearsal", "was a rehearsal against a sandbox: it deleted nobody"),
        ("got", "does not hold a deletion, but a run of get"),
    ] {
        run(&mut next("new", old, &here.base_url())).with(78).saying(&[words]);
        assert!(!desk.path("new").exists(), "nothing was begun");
    }
    run(&mut run_in("rehearsed", &["--sandbox", "--continue-from", "elsewhere"])).with(0);
    let before = here.received();
    assert_eq!((before.deletes, before.applied), (0, 0));

    let door = Door::to(here.address());
    run(run_in("first", &key).args([&door.url(), "--limit", "30"])).with(0);
    let other = Sandbox::start(Options { seed: 8, ..options(Population::Count(60), Faults::default()) }).unwrap();
    door.leads_to(other.address());
    run(&mut next("new", "first", &door.url())).with(78).saying(&["what is settled already is of app"]);
    assert_eq!(other.received().deletes, 0);
    let unknown = stranger("another");
    desk.put("key", "another");
    door.leads_to(unknown.address());
    run(&mut next("new", "first", &door.url())).with(78).saying(&["the key has changed", "its app cannot be told"]);
    desk.put("key", KEY);
    door.leads_to(here.address());
    run(&mut next("new", "first", &door.url())).with(0).saying(&["duplicate"]);
    assert_eq!(here.received().applied, 60);
}

/// A nightly pipe with new ids into the directory of a finished run once deleted nobody, with exit 0.
#[test]
fn a_finished_run_from_stdin_is_not_finished_for_other_rows() {
    let (desk, sandbox) = (Desk::new(), calm(100));
    let delete = || desk.delete_input(&sandbox.base_url(), "-".as_ref());
    run_with(&mut delete(), customers(60).as_bytes()).with(0);
    for other in [customers(100), customers(20), customers(60).replace("customer-7\n", "customer-77\n")] {
        run_with(&mut delete(), other.as_bytes()).with(65);
    }
    run_with(&mut delete(), customers(60).as_bytes()).with(0).saying(&["is finished"]);
    assert_eq!(sandbox.received().applied, 60);
}

#[test]
fn faults_for_a_rehearsal_that_was_not_asked_for_are_refused() {
    let (desk, sandbox) = (Desk::new(), calm(10));
    desk.customers(10);
    let command = &mut desk.delete(&sandbox.base_url());
    run(command.args(["--sandbox-faults", "latency=1ms"])).with(2).saying(&["--sandbox"]);
    assert_eq!(sandbox.received().requests, 0);
}

/// The line once said that the profile id was deleted, which had answered 404.
#[test]
fn the_second_id_is_named_when_it_was_the_one() {
    let profile = |name: &str| Profile { customer_user_id: Some(name.to_owned()), profile_id: None };
    let options = options(Population::Profiles(vec![profile("customer-1")]), Faults::default());
    let (desk, sandbox) = (Desk::new(), Sandbox::start(options).unwrap());
    let gone = "b0f1e5a2-0000-4000-8000-000000000666";
    desk.put("customers.csv", format!("profile_id,customer_user_id\n{gone},customer-1\n"));
    run(desk.delete(&sandbox.base_url()).args(["--canary", "0"])).with(0);
    let line = &lines(&desk.out())[0];
    assert_eq!((line.id.as_str(), line.outcome.as_str()), (gone, "deleted"));
    assert!(line.message.contains("second id, customer-1"), "{line:?}");
}

#[test]
fn blanks_are_counted_and_a_finished_run_has_its_summary_too() {
    let (desk, sandbox) = (Desk::new(), calm(3));
    desk.put("customers.csv", "customer_user_id\n customer-1\ncustomer-2 \ncustomer-3\n");
    let mut delete = desk.delete(&sandbox.base_url());
    let first = run(delete.arg("--json")).with(0).saying(&["2 with blanks around an id"]);
    assert_eq!(first.json()["trimmed"], 2);
    let again = run(&mut delete).with(0).saying(&["this run is finished; nothing was sent"]).json();
    assert_eq!((&again["totals"]["deleted"], &again["exit_code"]), (&3.into(), &0.into()));
}

#[test]
fn logs_for_machines_are_one_object_a_line_to_the_last() {
    let (desk, sandbox) = (Desk::new(), calm(30));
    desk.customers(30);
    let mut delete = desk.delete(&sandbox.base_url());
    delete.args(["--log-format", "json", "-vv"]);
    let well = run(&mut delete).with(0);
    let missing = run(desk.aimed(&sandbox.base_url()).args(["--log-format", "json", "--max-delete", "3"])).with(3);
    for left in [&well, &missing] {
        for line in left.stderr.lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).is_ok_and(|value| value.is_object()), "{line}");
        }
    }
    assert!(well.stderr.lines().count() > 30, "-vv says something about each request");
}

/// The app was once written down only if the very first look found somebody.
#[test]
fn an_app_that_is_learned_later_is_written_down() {
    let (desk, sandbox) = (Desk::new(), calm(80));
    let nobody = stranger(std::fs::read_to_string(desk.path("key")).unwrap().trim());
    let door = Door::to(nobody.address());
    desk.customers(80);
    run(&mut desk.delete(&door.url())).with(3);
    assert!(run_json(&desk.out())["immutable"]["app"].is_null());
    door.leads_to(sandbox.address());
    run(&mut desk.delete(&door.url())).with(0);
    assert_eq!(run_json(&desk.out())["state"]["app"], sandbox.app_id());
}

/// An API whose answers name no app cannot show it: a token that was renewed must not lock its run out.
#[test]
fn a_renewed_token_goes_on_where_answers_name_no_app() {
    let ids: Vec<String> = (0..ROWS).map(|n| format!("{n:024x}")).collect();
    let with = |key: &str| {
        let options = options(Population::Everybody, Faults::default());
        Sandbox::start(Options { key: key.to_owned(), part: Part::Crafter { tenant: None }, ..options }).unwrap()
    };
    let (desk, before, after) = (Desk::new(), with(KEY), with("renewed"));
    let door = Door::to(before.address());
    desk.put("customers.csv", format!("id\n{}\n", ids.join("\n")));
    let delete = || {
        let mut command = desk.delete(&format!("{}/crafter-profile", door.url()));
        command.args(["--api", "crafter"]);
        command
    };
    let running = Running::start(delete().args(SLOWLY));
    assert!(before.wait_for(400, PATIENCE));
    running.kill();
    desk.put("key", "renewed");
    door.leads_to(after.address());
    run(&mut delete()).with(0).saying(&["the key has changed"]);
    assert_eq!(settled_once(&desk.out()).values().sum::<usize>() as u64, ROWS);
}
