//! What people read at the end.

use tollgate::{
    domain::{Digest, Tally, Task, Verdict},
    error::Exit,
    report::{Latency, Summary},
};

fn summary() -> Summary {
    let mut totals = Tally::default();
    totals.add_many(Verdict::Deleted, 196_800);
    totals.add_many(Verdict::Absent, 3_200);
    totals.add_many(Verdict::Failed, 3);
    Summary {
        command: Task::Delete,
        api: "adapty".to_owned(),
        host: "api.adapty.io".to_owned(),
        app: Some("14c3".to_owned()),
        directory: Some("tollgate-runs/20261121T015900Z-delete".into()),
        profiles: None,
        rows: Some(200_010),
        totals,
        after_lost_answer: 0,
        trimmed: 0,
        settled_before: 1_000,
        unsettled: 2,
        requests: 203_200,
        retries: 1_197,
        latency: Some(Latency { p50_ms: 48.2, p95_ms: 91.0, p99_ms: 240.7 }),
        elapsed_seconds: 10_160.0,
        mean_rate: 20.0,
        wanted_concurrency: Some(32),
        chain_head: Some(Digest::of(b"head")),
        exit: Exit::Incomplete,
        ended: "the API did not answer for 2 h".to_owned(),
        warnings: Vec::new(),
        next: Some("run the same command again".to_owned()),
        dry_run: false,
        sandbox: false,
        pruned: None,
    }
}

#[test]
fn the_counts_add_up_and_not_found_is_not_erased() {
    insta::assert_snapshot!(summary().human(false), @r"
    ended      the API did not answer for 2 h
    result     erased 196,800; not found 3,200, not erased by this run; failed 3, given up for now; unsettled 2, to be sent by the next try
    rows       200,010 = 196,800 erased + 3,200 not found + 3 failed + 2 unsettled + 5 not read
               1,000 of them settled before this try
    target     delete on api.adapty.io (adapty), app 14c3
    requests   203,200 in 2h 49m, 20.0/s; 1,197 repeated
    latency    p50 48 ms, p95 91 ms, p99 241 ms
    limit      the width was the limit, not the rate: --concurrency 32 would reach it
    results    tollgate-runs/20261121T015900Z-delete
    chain head 9f2e6d33a3717ee826353a404ba4618d1aeeb6879ad7936bce8ed5f46814924d
    next       run the same command again
    ");
}

#[test]
fn an_untroubled_rehearsal_is_short() {
    let mut totals = Tally::default();
    totals.add_many(Verdict::Deleted, 5);
    let quiet = Summary {
        app: None,
        rows: None,
        totals,
        settled_before: 0,
        unsettled: 0,
        requests: 5,
        retries: 0,
        latency: None,
        elapsed_seconds: 0.25,
        wanted_concurrency: None,
        exit: Exit::Success,
        ended: "every row reached the wanted end state".to_owned(),
        next: None,
        sandbox: true,
        ..summary()
    };
    insta::assert_snapshot!(quiet.human(false), @r"
    ended      every row reached the wanted end state
    sandbox    nobody real was touched
    result     erased 5
    rows       5 = 5 erased + 0 unsettled, as far as the input was read
    target     delete on api.adapty.io (adapty)
    requests   5 in 250ms, 20.0/s; 0 repeated
    results    tollgate-runs/20261121T015900Z-delete
    chain head 9f2e6d33a3717ee826353a404ba4618d1aeeb6879ad7936bce8ed5f46814924d
    ");
    assert!(quiet.human(true).contains("\u{1b}[32mevery row reached the wanted end state\u{1b}[0m"));
}

/// The two lines that say how the rows came out.
fn result_of(command: Task, rows: &[(Verdict, u64)]) -> String {
    let mut totals = Tally::default();
    for (verdict, rows) in rows {
        totals.add_many(*verdict, *rows);
    }
    let said = Summary { command, totals, rows: Some(totals.total()), unsettled: 0, settled_before: 0, ..summary() };
    said.human(false).lines().skip(1).take(2).map(|line| line[11..].to_owned()).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_command_has_its_own_words() {
    let got = result_of(Task::Get, &[(Verdict::Found, 240), (Verdict::Missing, 3)]);
    insta::assert_snapshot!(got, @r"
    found 240; missing 3
    243 = 240 found + 3 missing + 0 unsettled
    ");
    let verified = result_of(Task::Verify, &[(Verdict::Absent, 40), (Verdict::Exists, 2), (Verdict::New, 1)]);
    insta::assert_snapshot!(verified, @r"
    absent 40; existing 2, not erased; new 1, under another id than the one recorded
    43 = 40 absent + 2 existing + 1 new + 0 unsettled
    ");
    assert!(result_of(Task::Get, &[]).starts_with("found 0\n"));
    assert!(result_of(Task::Verify, &[]).starts_with("absent 0\n"));
}

#[test]
fn a_sync_says_what_was_sent_and_what_needed_not_be() {
    let night = result_of(
        Task::Sync,
        &[
            (Verdict::Created, 3),
            (Verdict::Updated, 1_204),
            (Verdict::Unchanged, 9_998_793),
            (Verdict::Deleted, 7),
            (Verdict::Absent, 2),
            (Verdict::Missing, 12),
            (Verdict::Superseded, 4),
            (Verdict::Suppressed, 5),
        ],
    );
    insta::assert_snapshot!(night, @r"
    updated 1,204; created 3; unchanged 9,998,793, nothing new to send; erased 7; not found 2, not erased by this run; missing 12, not there, nothing changed; superseded 4, a later row counts instead; suppressed 5, on the list of the erased, and not brought back
    10,000,030 = 1,204 updated + 3 created + 9,998,793 unchanged + 7 erased + 2 not found + 12 missing + 4 superseded + 5 suppressed + 0 unsettled
    ");
    assert!(result_of(Task::Sync, &[(Verdict::Unchanged, 10)]).starts_with("updated 0; unchanged 10, nothing new"));
}

#[test]
fn a_creation_and_an_update_say_why_nothing_happened() {
    insta::assert_snapshot!(result_of(Task::Create, &[(Verdict::Created, 40), (Verdict::Exists, 2)]), @r"
    created 40; existing 2, there was one of that name
    42 = 40 created + 2 existing + 0 unsettled
    ");
    insta::assert_snapshot!(result_of(Task::Update, &[(Verdict::Updated, 40), (Verdict::Missing, 2)]), @r"
    updated 40; missing 2, not there, nothing changed
    42 = 40 updated + 2 missing + 0 unsettled
    ");
}

#[test]
fn warnings_are_said_before_what_to_do_next() {
    let warned = Summary { warnings: vec!["3 rows ended badly, within --tolerate 10".to_owned()], ..summary() };
    let human = warned.human(false);
    let end: Vec<_> = human.lines().rev().take(2).collect();
    assert_eq!(end[1], "warning    3 rows ended badly, within --tolerate 10");
    assert!(end[0].starts_with("next "), "{human}");
    let json: serde_json::Value = serde_json::to_value(warned).unwrap();
    assert_eq!(json["warnings"][0], "3 rows ended badly, within --tolerate 10");
}

#[test]
fn json_says_the_same() {
    let json: serde_json::Value = serde_json::to_value(summary()).unwrap();
    assert_eq!(json["totals"]["deleted"], 196_800);
    assert_eq!(json["totals"]["absent"], 3_200);
    assert_eq!(json["exit_code"], 75);
    assert_eq!(json["chain_head"], Digest::of(b"head").to_string());
    assert_eq!(json["latency"]["p95_ms"], 91.0);
}
