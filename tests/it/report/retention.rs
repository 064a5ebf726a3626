//! What is kept of finished runs, and what the last one tells.

use std::{
    collections::BTreeMap,
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use proptest::prelude::*;
use tempfile::TempDir;
use tollgate::{
    domain::{Destination, Moment, Verdict},
    error::Exit,
    report::{
        Asked, Immutable, InputFacts, Journal, PRUNE, Place, RealDisk, Whereabouts, audit, last_complete_rows, resolve,
        retain,
    },
};

use super::{destination, elsewhere, ending, immutable, layout, now, outcome};

fn asked() -> Asked {
    Asked {
        command: "sync".to_owned(),
        destination: destination(),
        input_digest: None,
        reading: BTreeMap::new(),
        hash_ids: None,
        sandbox: false,
        repeatable: true,
        in_turn: false,
    }
}

/// What a sync that began in the given second is about.
fn about(second: i64) -> Immutable {
    let started = Moment::from_millis(now().millis() + second * 1000);
    let input = InputFacts { rows: Some(1_000 + second.unsigned_abs()), ..immutable().input };
    Immutable { command: "sync".to_owned(), started, input, ..immutable() }
}

/// A run's directory with all that runs leave there.
fn run(root: &Path, name: &str, about: &Immutable, complete: bool) -> PathBuf {
    let path = root.join(name);
    fs::create_dir_all(&path).unwrap();
    let mut journal = Journal::create(RealDisk::at(&path, false), about, &layout()).unwrap();
    journal.record(&[outcome(1, Verdict::Refused), outcome(2, Verdict::Absent)], now()).unwrap();
    journal.close(ending(complete)).unwrap();
    fs::write(path.join("lock"), "").unwrap();
    path
}

fn names(root: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn keep(runs: usize) -> NonZeroUsize {
    NonZeroUsize::new(runs).unwrap()
}

#[test]
fn the_oldest_complete_runs_go() {
    let root = TempDir::new().unwrap();
    let runs: Vec<_> = (0..5).map(|day| run(root.path(), &format!("{day}"), &about(day), true)).collect();
    let gone = retain(root.path(), keep(2), &runs[4]).unwrap();
    assert_eq!(gone, [runs[2].clone(), runs[1].clone(), runs[0].clone()]);
    assert_eq!(names(root.path()), ["3", "4"]);
    assert_eq!(retain(root.path(), keep(2), &runs[4]).unwrap(), Vec::<PathBuf>::new());
    assert_eq!(retain(root.path(), keep(1), &runs[3]).unwrap(), [runs[4].clone()], "the spared one is kept");
}

#[test]
fn nothing_else_is_ever_taken_away() {
    let root = TempDir::new().unwrap();
    let spare = run(root.path(), "spare", &about(99), true);
    run(root.path(), "unfinished", &about(0), false);
    run(root.path(), "delete", &Immutable { command: "delete".to_owned(), ..about(0) }, true);
    run(root.path(), "other place", &Immutable { destination: elsewhere(), ..about(0) }, true);
    run(root.path(), "rehearsal", &Immutable { sandbox: true, ..about(0) }, true);
    run(root.path(), "20261121T015900Z-sync-sandbox", &about(0), true);
    let unreadable = run(root.path(), "unreadable", &about(0), true);
    fs::write(unreadable.join("run.json"), "{}").unwrap();
    let orphan = run(root.path(), "orphan", &about(0), true);
    fs::remove_file(orphan.join("run.json")).unwrap();
    fs::create_dir(root.path().join("notes")).unwrap();
    fs::write(root.path().join("notes/results.csv"), "mine").unwrap();
    fs::write(root.path().join("file"), "mine").unwrap();
    let elsewhere = TempDir::new().unwrap();
    let linked = run(elsewhere.path(), "linked", &about(0), true);
    std::os::unix::fs::symlink(&linked, root.path().join("link")).unwrap();
    let stage = run(root.path(), "pruning", &about(0), true).join(PRUNE);
    run(&stage, "", &Immutable { command: "delete".to_owned(), ..about(0) }, false);
    let held_path = run(root.path(), "held", &about(0), true);
    let held = fs::File::open(held_path.join("lock")).unwrap();
    held.try_lock().unwrap();

    let before = names(root.path());
    assert_eq!(retain(root.path(), keep(1), &spare).unwrap(), Vec::<PathBuf>::new());
    assert_eq!(names(root.path()), before);
    assert_eq!(names(&linked).len(), 5);

    drop(held);
    assert_eq!(retain(root.path(), keep(1), &spare).unwrap(), [held_path], "in use no more");
}

/// The only record of those who were deleted since they had left.
#[test]
fn a_run_that_pruned_somebody_stays() {
    let root = TempDir::new().unwrap();
    let spare = run(root.path(), "spare", &about(9), true);
    let old = run(root.path(), "old", &about(0), true);
    run(&old, PRUNE, &Immutable { command: "delete".to_owned(), ..about(0) }, true);
    assert_eq!(retain(root.path(), keep(1), &spare).unwrap(), Vec::<PathBuf>::new());
    fs::remove_dir_all(old.join(PRUNE)).unwrap();
    assert_eq!(retain(root.path(), keep(1), &spare).unwrap(), [old]);
    assert_eq!(names(root.path()), ["spare"]);
}

/// Whatever is left of it when a removal dies: results go first, `run.json` last.
#[test]
fn a_removal_that_died_is_never_continued_and_is_finished_later() {
    let left = ["run.json", "lock", "failed.csv", "absent.csv"];
    for still_there in 0..=left.len() {
        let root = TempDir::new().unwrap();
        let spare = run(root.path(), "spare", &about(9), true);
        let old = run(root.path(), "old", &about(0), true);
        fs::remove_file(old.join("results.csv")).unwrap();
        for name in left.iter().skip(still_there.max(1)) {
            fs::remove_file(old.join(name)).unwrap();
        }
        assert!(!audit(&old).unwrap().recorded_head_occurs, "its results are not taken at their word");
        let place = Place {
            whereabouts: Whereabouts::Under(root.path().to_owned()),
            new: false,
            continue_from: None,
            retry_failed: false,
            group_readable: false,
        };
        let same = Asked { input_digest: immutable().input.digest, ..asked() };
        assert!(resolve(&place, &same, now()).unwrap().existing.is_none());
        assert_eq!(retain(root.path(), keep(1), &spare).unwrap(), [old]);
    }
}

#[test]
fn what_cannot_be_listed_is_said() {
    let root = TempDir::new().unwrap();
    let nowhere = root.path().join("nowhere");
    assert_eq!(retain(&nowhere, keep(1), &nowhere).unwrap_err().exit(), Exit::Io);
    assert_eq!(last_complete_rows(&nowhere, &asked()), None);
}

#[test]
fn the_last_complete_run_of_the_same_tells_its_rows() {
    let root = TempDir::new().unwrap();
    assert_eq!(last_complete_rows(root.path(), &asked()), None);
    run(root.path(), "old", &about(1), true);
    run(root.path(), "last", &about(2), true);
    run(root.path(), "unfinished", &about(3), false);
    run(root.path(), "other host", &Immutable { destination: elsewhere(), ..about(4) }, true);
    run(
        root.path(),
        "other api",
        &Immutable { destination: Destination { api: "crafter".to_owned(), ..destination() }, ..about(5) },
        true,
    );
    run(root.path(), "other command", &Immutable { command: "update".to_owned(), ..about(6) }, true);
    run(root.path(), "rehearsal", &Immutable { sandbox: true, ..about(7) }, true);
    assert_eq!(last_complete_rows(root.path(), &asked()), Some(1_002));
    assert_eq!(last_complete_rows(root.path(), &Asked { sandbox: true, ..asked() }), Some(1_007));
    let mut piped = about(8);
    piped.input.rows = None;
    run(root.path(), "piped", &piped, true);
    assert_eq!(last_complete_rows(root.path(), &asked()), Some(3), "as many as were read");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn as_many_as_asked_for_are_kept_and_no_unfinished_one_goes(
        runs in prop::collection::vec((0..50_i64, any::<bool>()), 1..10),
        spare in any::<prop::sample::Index>(),
        kept in 1..6_usize,
    ) {
        let root = TempDir::new().unwrap();
        let paths: Vec<_> = runs
            .iter()
            .enumerate()
            .map(|(at, (second, complete))| run(root.path(), &format!("{at}"), &about(*second), *complete))
            .collect();
        let spare = spare.index(runs.len());
        let gone = retain(root.path(), keep(kept), &paths[spare]).unwrap();
        let others = (0..runs.len()).filter(|at| *at != spare && runs[*at].1).count();
        prop_assert_eq!(gone.len(), others.saturating_sub(kept - 1));
        let youngest_gone = (0..runs.len()).filter(|at| gone.contains(&paths[*at])).map(|at| runs[at].0).max();
        for (at, path) in paths.iter().enumerate() {
            prop_assert_eq!(path.exists(), !gone.contains(path));
            if path.exists() && at != spare && runs[at].1 {
                prop_assert!(youngest_gone.is_none_or(|youngest| youngest <= runs[at].0));
            } else if !path.exists() {
                prop_assert!(at != spare && runs[at].1);
            }
        }
    }
}
