//! From command lines to jobs: syncs, and what they remember.

use std::{path::PathBuf, time::Duration};

use tollgate::{
    config::{Amount, MemoryWish},
    domain::{Action, Task},
    flow::MaxAbsent,
    source::{Counting, Dedupe},
};

use super::{job, said, turned_down};

fn memory(line: &str) -> MemoryWish {
    job(line, &[]).memory.unwrap_or_else(|| panic!("`{line}` remembers nothing"))
}

#[test]
fn a_bare_sync_updates_and_takes_the_last_row_of_each_in_order() {
    let made = job("sync x", &[]);
    assert_eq!((made.task, made.source.action), (Task::Sync, Action::Update));
    assert_eq!(made.source.action_column.as_deref(), Some("action"));
    assert!(made.source.decided == Some(Counting::Last) && made.flow.in_order && !made.flow.compare);
    assert_eq!((made.source.dedupe, made.memory.clone(), made.flow.max_delete), (Dedupe::Off, None, u64::MAX));
    assert_eq!((made.flow.canary, made.flow.max_absent), (5, MaxAbsent::Percent(95.0)));
    let own = |line: &&str| !said(&job("update x", &[])).lines().any(|plain| plain == *line);
    insta::assert_snapshot!(said(&made).lines().filter(own).collect::<Vec<_>>().join("\n"), @r"
    action update
    action-column action
    every-row false
    ");
}

#[test]
fn every_row_goes_in_file_order() {
    let made = job("sync x --every-row", &[]);
    assert!(made.source.decided.is_none() && made.flow.in_order);
    let remembering = job("sync x --every-row --memory m", &[]);
    assert_eq!(remembering.source.decided, Some(Counting::Every), "whoever remembers wants to know of all rows first");
    assert_eq!(made.source.dedupe, Dedupe::Off);
    let piped = job("sync - --every-row", &[]);
    assert!(piped.source.decided.is_none() && piped.flow.in_order);
}

#[test]
fn rows_without_a_word_of_their_own_want_what_was_said() {
    for action in [Action::Update, Action::Create, Action::Upsert, Action::Delete] {
        assert_eq!(job(&format!("sync x --action {}", action.word()), &[]).source.action, action);
    }
    assert_eq!(job("sync x --action-column what", &[]).source.action_column.as_deref(), Some("what"));
    let numbered = |line: &str| job(&format!("sync x --no-header --id-column 1 {line}"), &[]).source.action_column;
    assert_eq!((numbered(""), numbered("--action-column 3")), (None, Some("3".to_owned())));
    assert_eq!(numbered("--format jsonl").as_deref(), Some("action"));
}

#[test]
fn a_number_bounds_deletions_that_rows_ask_for_and_a_share_only_pruning() {
    assert_eq!(job("sync x --max-delete 7", &[]).flow.max_delete, 7);
    assert_eq!(job("sync x --memory m --prune --max-delete 7%", &[]).flow.max_delete, u64::MAX);
    assert_eq!(memory("sync x --memory m").prune, None);
    assert_eq!(memory("sync x --memory m --prune").prune, Some(Amount::Percent(1.0)));
    assert_eq!(memory("sync x --memory m --prune --max-delete 7").prune, Some(Amount::Rows(7)));
    let bounds = job("sync x --max-create 3 --max-changes 4", &[]).flow;
    assert_eq!((bounds.max_create, bounds.max_changes), (3, 4));
}

#[test]
fn what_a_sync_remembers_is_what_was_said() {
    let plain = MemoryWish {
        directory: PathBuf::from("m"),
        first: false,
        assume_sent: false,
        refresh: None,
        missing_again: Duration::from_hours(12),
        prune: None,
    };
    assert_eq!(memory("sync x --memory m"), plain);
    for (said, missing_again) in [("0s", Duration::ZERO), ("20h", Duration::from_hours(20))] {
        let wish = memory(&format!("sync x --memory m --missing-again {said}"));
        assert_eq!(wish, MemoryWish { missing_again, ..plain.clone() });
    }
    let refresh = Some(Duration::from_hours(30 * 24));
    assert_eq!(memory("sync x --memory m --first --refresh 30d"), MemoryWish { first: true, refresh, ..plain.clone() });
    let assumed = MemoryWish { first: true, assume_sent: true, ..plain };
    assert_eq!(memory("sync x --memory m --first --assume-sent"), assumed);
    assert!(job("sync x --memory m --compare server", &[]).flow.compare);
}

#[test]
fn a_sync_records_what_it_remembers() {
    let made = job("sync x --memory m --first --refresh 1w --prune --max-delete 2% --action upsert --every-row", &[]);
    let own = |line: &&str| !said(&job("update x", &[])).lines().any(|plain| plain == *line);
    insta::assert_snapshot!(said(&made).lines().filter(own).collect::<Vec<_>>().join("\n"), @r"
    action upsert
    action-column action
    assume-sent false
    every-row true
    first true
    memory m
    missing-again 43200s
    prune 2%
    refresh 604800s
    ");
}

#[test]
fn what_contradicts_itself_is_turned_down() {
    let lines = [
        ("sync x --first", "--first needs --memory"),
        ("sync x --assume-sent", "--assume-sent needs --memory"),
        ("sync x --refresh 30d", "--refresh needs --memory"),
        ("sync x --prune", "--prune needs --memory"),
        ("sync x --missing-again 1h", "--missing-again needs --memory"),
        ("sync x --memory m --max-delete 7%", "--max-delete bounds rows that ask for a deletion by a number"),
        ("sync x --memory m --refresh 0s", "invalid value '0s' for '--refresh"),
        ("sync x --memory m --assume-sent --prune", "--assume-sent sends nothing and --prune deletes"),
        ("sync x --memory m --assume-sent --compare server", "--assume-sent makes no call and --compare"),
        ("sync - --memory m", "--memory reads the input twice"),
        ("sync - --memory m --every-row", "--memory reads the input twice"),
        ("sync -", "which row of an identity is the last one"),
        ("sync x --dedupe on", "--dedupe on has no meaning for sync"),
        ("sync x --action get", "invalid value 'get' for '--action"),
        ("sync x --max-delete many", "invalid value 'many' for '--max-delete"),
        ("sync x --no-header --id-column 1 --action-column what", "with --no-header a column is a number"),
        ("sync x --look", "unexpected argument '--look'"),
    ];
    for (line, expected) in lines {
        let (code, what) = turned_down(line);
        assert!(code == 2 && what.starts_with(expected), "`{line}` leaves with {code}: {what}");
    }
}
