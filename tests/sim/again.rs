//! `--continue-from` over several tries: whoever another run settled well is not sent again.

use std::collections::HashSet;

use tollgate::report::settled_elsewhere;

use crate::{
    desk::KEY,
    history::{finish, tell},
    judge::{Judge, ids},
    machine::{End, Machine},
    naive,
    plan::{Listing, Plan},
    rows::Rows,
    support::{disk::SimDisk, remote::ScriptedRemote},
};

/// The run's directory, as the other run finds it.
fn laid_down(disk: &SimDisk) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for name in disk.list() {
        std::fs::write(directory.path().join(&name), disk.bytes(&name).expect("it is there")).expect("room");
    }
    directory
}

/// Rows that need no further request, by the old run's word.
fn settled_well(old: &Rows, disk: &SimDisk) -> HashSet<Vec<String>> {
    let journal = naive::journal(disk);
    let words = journal.last_words();
    let well = |line: u64, ids: &[String]| {
        let word = words.get(&line).map(|line| line.outcome.as_str());
        word == Some("deleted") || (word == Some("absent") && ids.len() == 1)
    };
    old.entries.iter().filter(|entry| well(entry.line, &entry.ids)).map(|entry| entry.ids.clone()).collect()
}

/// Half of what befalls the runs of this plan befalls the old one.
async fn nobody_is_sent_twice(plan: &Plan) {
    let remote = ScriptedRemote::new(plan.script());
    let old = Machine::new(plan, &plan.rows, &remote);
    let (before, after) = plan.fates.split_at(plan.fates.len().div_ceil(2));
    for fate in before {
        old.attempt(fate).await;
    }
    if old.disk.bytes("run.json").is_none() {
        return;
    }
    let elsewhere = settled_elsewhere(laid_down(&old.disk).path(), KEY, &plan.naming).expect("an old run");
    let (done, rows) = (settled_well(&plan.rows, &old.disk), plan.rows.with_one_more(0));
    let machine =
        Machine { elsewhere: Some((elsewhere.deleted, elsewhere.absent)), ..Machine::new(plan, &rows, &remote) };
    let (judge, from) = (Judge::new(&machine), remote.log().len());
    for fate in after {
        if matches!(judge.attempt(fate).await.end, End::Finished) {
            break;
        }
    }
    finish(plan, &judge).await;
    for sent in &remote.log()[from..] {
        assert!(!done.contains(&ids(sent)), "{:?} was settled by the old run", ids(sent));
    }
    let journal = naive::journal(&machine.disk);
    let words = journal.last_words();
    assert_eq!(words.len(), rows.entries.len(), "every row has its line");
    for entry in rows.entries.iter().filter(|entry| done.contains(&entry.ids)) {
        assert_eq!(words[&entry.line].outcome, "duplicate", "line {}", entry.line);
    }
}

#[test]
fn whoever_another_run_settled_well_is_not_sent_again() {
    let deletions = |plan: &Plan| !plan.rows.is_sync && plan.listing == Listing::Never && !plan.fates.is_empty();
    for plan in (0..400).map(Plan::of).filter(deletions) {
        tell(nobody_is_sent_twice(&plan));
    }
}
