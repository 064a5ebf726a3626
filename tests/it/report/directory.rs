//! Which directory a run uses, who may work in it, and what is found there later.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use tollgate::{
    domain::{Action, Digest, Moment, Naming, Span, Verdict},
    error::{Error, Exit},
    report::{
        Asked, Chosen, Elsewhere, Immutable, InputFacts, Journal, PRUNE, Place, RealDisk, Whereabouts, audit, likely,
        recorded_by, resolve, scan, settled_elsewhere,
    },
};

use super::{below, destination, elsewhere, ending, immutable, layout, now, of_tenant, options, outcome};

fn asked() -> Asked {
    Asked {
        reading: BTreeMap::new(),
        command: "delete".to_owned(),
        destination: destination(),
        input_digest: Some(Digest::of(b"customers")),
        hash_ids: None,
        sandbox: false,
        repeatable: false,
        in_turn: false,
    }
}

fn place(whereabouts: Whereabouts) -> Place {
    Place { whereabouts, new: false, continue_from: None, retry_failed: false, group_readable: false }
}

fn under(root: &TempDir) -> Place {
    place(Whereabouts::Under(root.path().join("runs")))
}

fn exactly(root: &TempDir) -> Place {
    place(Whereabouts::Exact(root.path().join("out")))
}

fn chosen(place: &Place) -> Chosen {
    resolve(place, &asked(), now()).unwrap()
}

/// Works in the directory: the given verdicts, then an end.
fn work(chosen: &Chosen, immutable: &Immutable, verdicts: &[Verdict], complete: bool) {
    let disk = RealDisk::at(&chosen.path, false);
    let mut journal = Journal::create(disk, immutable, &layout()).unwrap();
    let lines: Vec<_> = (1..).zip(verdicts).map(|(line, verdict)| outcome(line, *verdict)).collect();
    journal.record(&lines, now()).unwrap();
    journal.close(ending(complete)).unwrap();
}

fn refused(place: &Place, asked: &Asked) -> Error {
    resolve(place, asked, now()).unwrap_err()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_run_is_named_by_its_time_and_command() {
    let root = TempDir::new().unwrap();
    let first = chosen(&under(&root));
    assert_eq!(first.path, root.path().join("runs/20261121T015900Z-delete"));
    assert!(first.existing.is_none());
    drop(first);
    let second = chosen(&under(&root));
    assert_eq!(second.path, root.path().join("runs/20261121T015900Z-delete-2"), "unique within the second");
}

#[test]
fn the_unfinished_run_continues_and_a_finished_one_says_so() {
    let root = TempDir::new().unwrap();
    let first = chosen(&under(&root));
    work(&first, &immutable(), &[Verdict::Deleted, Verdict::Failed], false);
    let path = first.path.clone();
    drop(first);

    let again = chosen(&under(&root));
    assert_eq!((&again.path, again.existing.is_some()), (&path, true));
    work(&again, &immutable(), &[Verdict::Deleted, Verdict::Failed], true);
    drop(again);

    let error = refused(&under(&root), &asked());
    assert_eq!(error.exit(), Exit::Usage);
    assert!(error.to_string().contains("--new") && error.to_string().contains("1 failed"), "{error}");

    let new = chosen(&Place { new: true, ..under(&root) });
    assert_ne!(new.path, path);
    drop(new);
    assert_eq!(chosen(&Place { retry_failed: true, ..under(&root) }).path, path);
}

#[test]
fn a_sync_of_an_unchanged_file_is_a_new_run_unless_one_is_unfinished() {
    let root = TempDir::new().unwrap();
    let sync = Asked { command: "sync".to_owned(), repeatable: true, ..asked() };
    let about = Immutable { command: "sync".to_owned(), ..immutable() };
    let first = resolve(&under(&root), &sync, now()).unwrap();
    assert!(first.path.ends_with("runs/20261121T015900Z-sync"));
    work(&first, &about, &[Verdict::Updated], true);
    drop(first);

    let second = resolve(&under(&root), &sync, now()).unwrap();
    assert!(second.path.ends_with("runs/20261121T015900Z-sync-2") && second.existing.is_none());
    work(&second, &about, &[Verdict::Updated], false);
    drop(second);

    let third = resolve(&under(&root), &sync, now()).unwrap();
    assert!(third.path.ends_with("20261121T015900Z-sync-2") && third.existing.is_some(), "the unfinished one goes on");
}

/// What a later sync sent must not be passed over as settled by an earlier one that goes on, though the clock was set
/// back between the two.
#[test]
fn an_unfinished_sync_is_history_once_another_came_after_it() {
    let root = TempDir::new().unwrap();
    let of = |input: &[u8]| Asked {
        command: "sync".to_owned(),
        input_digest: Some(Digest::of(input)),
        repeatable: true,
        in_turn: true,
        ..asked()
    };
    let night = |input: &[u8], millis: i64| {
        let chosen = resolve(&under(&root), &of(input), now()).unwrap();
        let input = InputFacts { digest: Some(Digest::of(input)), ..immutable().input };
        let started = Moment::from_millis(millis);
        let about = Immutable { command: "sync".to_owned(), input, started, turn: chosen.turn, ..immutable() };
        work(&chosen, &about, &[Verdict::Updated], false);
        chosen.path
    };
    let first = night(b"monday", 1);
    assert_eq!(resolve(&under(&root), &of(b"monday"), now()).unwrap().path, first, "nothing came in between");
    let second = night(b"tuesday", 2);
    assert_ne!(resolve(&under(&root), &of(b"monday"), now()).unwrap().path, first);
    assert_eq!(resolve(&under(&root), &of(b"tuesday"), now()).unwrap().path, second);
    let third = night(b"wednesday", 0);
    assert_eq!(resolve(&under(&root), &of(b"wednesday"), now()).unwrap().path, third);
    assert_ne!(resolve(&under(&root), &of(b"tuesday"), now()).unwrap().path, second);
}

/// A sync's prune stage is a deletion of its own, in the sync's directory.
#[test]
fn a_stage_of_a_run_is_nobody_elses() {
    let root = TempDir::new().unwrap();
    let sync = chosen(&under(&root));
    work(&sync, &Immutable { command: "sync".to_owned(), ..immutable() }, &[Verdict::Updated], true);
    let stage = chosen(&place(Whereabouts::Exact(sync.path.join(PRUNE))));
    work(&stage, &immutable(), &[Verdict::Deleted], false);
    let path = sync.path.clone();
    drop((sync, stage));
    let again = chosen(&place(Whereabouts::Exact(path.join(PRUNE))));
    assert!(again.existing.as_ref().is_some_and(|run| !run.state.complete), "whoever names it continues it");
    drop(again);

    assert_eq!(likely(&under(&root)), None);
    let inside = place(Whereabouts::Under(path.clone()));
    assert_eq!(likely(&inside), None);
    assert_ne!(chosen(&inside).path, path.join(PRUNE));
    assert_ne!(chosen(&under(&root)).path, path);
}

#[test]
fn another_input_host_or_command_is_another_run() {
    let root = TempDir::new().unwrap();
    let first = chosen(&under(&root));
    work(&first, &immutable(), &[Verdict::Deleted], false);
    let path = first.path.clone();
    drop(first);
    let others = [
        Asked { input_digest: Some(Digest::of(b"others")), ..asked() },
        Asked { destination: elsewhere(), ..asked() },
        Asked { destination: below("/v2/"), ..asked() },
        Asked { destination: of_tenant("b"), ..asked() },
        Asked { command: "verify".to_owned(), ..asked() },
        Asked { input_digest: None, ..asked() },
        Asked { sandbox: true, ..asked() },
    ];
    for other in others {
        let chosen = resolve(&under(&root), &other, now()).unwrap();
        assert_ne!(chosen.path, path);
        assert_eq!(chosen.path.to_string_lossy().contains("sandbox"), other.sandbox);
    }
}

#[test]
fn a_sandbox_run_is_never_continued() {
    let root = TempDir::new().unwrap();
    let first = chosen(&under(&root));
    work(&first, &Immutable { sandbox: true, ..immutable() }, &[Verdict::Deleted], false);
    let path = first.path.clone();
    drop(first);
    assert_ne!(chosen(&under(&root)).path, path);
}

#[test]
fn out_names_what_differs() {
    let root = TempDir::new().unwrap();
    let first = chosen(&exactly(&root));
    work(&first, &immutable(), &[Verdict::Deleted], true);
    drop(first);
    assert!(chosen(&exactly(&root)).existing.unwrap().state.complete, "the caller decides about a finished run");

    for (other, word) in [
        (Asked { input_digest: Some(Digest::of(b"others")), ..asked() }, "input"),
        (Asked { input_digest: None, ..asked() }, "stdin"),
        (Asked { destination: elsewhere(), ..asked() }, "another host: api.adapty.io:443, not localhost:1"),
        (Asked { destination: below("/v2/"), ..asked() }, "another base path: /, not /v2/"),
        (Asked { destination: of_tenant("b"), ..asked() }, "no tenant, and one is said now"),
        (Asked { command: "verify".to_owned(), ..asked() }, "command"),
        (Asked { sandbox: true, ..asked() }, "sandbox"),
    ] {
        let error = refused(&exactly(&root), &other);
        assert_eq!(error.exit(), Exit::Config);
        assert!(error.what().contains(word), "{error}");
    }
    assert_eq!(refused(&Place { new: true, ..exactly(&root) }, &asked()).exit(), Exit::Usage);
}

#[test]
fn results_alone_are_refused() {
    let root = TempDir::new().unwrap();
    let path = chosen(&exactly(&root)).path;
    fs::write(path.join("results.csv"), "line\n").unwrap();
    assert_eq!(refused(&exactly(&root), &asked()).exit(), Exit::Data);
}

#[test]
fn the_second_process_leaves_with_75() {
    let root = TempDir::new().unwrap();
    let held = chosen(&exactly(&root));
    let error = refused(&exactly(&root), &asked());
    assert_eq!(error.exit(), Exit::Incomplete);
    assert!(error.what().contains(root.path().to_str().unwrap()), "{error}");

    let same_pace = place(Whereabouts::Under(root.path().to_owned()));
    assert_eq!(refused(&same_pace, &asked()).exit(), Exit::Incomplete, "the pace belongs to the key");
    let other_host = Asked { destination: elsewhere(), ..asked() };
    assert!(resolve(&same_pace, &other_host, now()).is_ok());
    assert_eq!(refused(&exactly(&root), &other_host).exit(), Exit::Incomplete, "the directory is taken all the same");
    drop(held);
    chosen(&exactly(&root));
}

#[test]
fn what_cannot_be_created_is_73() {
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("file"), "").unwrap();
    for path in ["file", "file/below"] {
        let path: PathBuf = root.path().join(path);
        assert_eq!(refused(&place(Whereabouts::Under(path.clone())), &asked()).exit(), Exit::CannotCreate);
        assert_eq!(refused(&place(Whereabouts::Exact(path)), &asked()).exit(), Exit::CannotCreate);
    }
}

#[test]
fn everything_is_private_unless_the_group_may_read() {
    for (group_readable, directory, file) in [(false, 0o700, 0o600), (true, 0o770, 0o660)] {
        let root = TempDir::new().unwrap();
        let place = Place { group_readable, ..under(&root) };
        let chosen = resolve(&place, &asked(), now()).unwrap();
        let disk = RealDisk::at(&chosen.path, group_readable);
        let mut journal = Journal::create(disk, &immutable(), &layout()).unwrap();
        journal.record(&[outcome(1, Verdict::Failed)], now()).unwrap();
        journal.close(ending(true)).unwrap();
        assert_eq!(mode(&chosen.path), directory);
        assert_eq!(mode(chosen.path.parent().unwrap()), directory);
        for entry in fs::read_dir(&chosen.path).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), file, "{}", path.display());
        }
    }
}

#[test]
fn an_audit_counts_anew() {
    let root = TempDir::new().unwrap();
    let chosen = chosen(&exactly(&root));
    work(&chosen, &immutable(), &[Verdict::Deleted, Verdict::Absent, Verdict::Failed], true);
    let found = audit(&chosen.path).unwrap();
    assert!(found.recorded_head_occurs && found.complete);
    assert_eq!((found.lines, found.superseded, found.torn_bytes), (3, 0, 0));
    assert_eq!(found.totals.of(Verdict::Failed), 1);
    assert_eq!(found.first_finished_at, Some(now().rfc3339()));
    assert_eq!(found.last_finished_at, found.first_finished_at);
    assert_eq!(found.head, found.state.chain_head.to_string());

    let results = chosen.path.join("results.csv");
    let bytes = fs::read(&results).unwrap();
    fs::write(&results, &bytes[..bytes.len() - 5]).unwrap();
    let found = audit(&chosen.path).unwrap();
    assert!(!found.recorded_head_occurs && !found.complete, "the last line is gone");
    assert!(found.torn_bytes > 0);
    fs::write(&results, [&bytes[..150], b"x", &bytes[151..]].concat()).unwrap();
    assert_eq!(audit(&chosen.path).unwrap_err().exit(), Exit::Data);
    assert_eq!(audit(root.path()).unwrap_err().exit(), Exit::Data);
}

#[test]
fn what_another_run_settled_well_is_known_by_its_ids() {
    let root = TempDir::new().unwrap();
    let chosen = chosen(&exactly(&root));
    let verdicts = [Verdict::Deleted, Verdict::Absent, Verdict::Failed, Verdict::Refused, Verdict::Invalid];
    work(&chosen, &immutable(), &verdicts, false);
    let Elsewhere { deleted, absent, .. } = settled_elsewhere(&chosen.path, [7; 32], &Naming::default()).unwrap();
    assert!(deleted.contains_text(b"customer-1") && absent.contains_text(b"customer-2"));
    assert_eq!((deleted.len(), absent.len()), (1, 1));
}

#[test]
fn a_range_counts_its_rows_and_names_nobody() {
    let root = TempDir::new().unwrap();
    let chosen = chosen(&exactly(&root));
    let mut journal = Journal::create(RealDisk::at(&chosen.path, false), &immutable(), &layout()).unwrap();
    let action = Action::Update;
    journal.pass(&[Span { first: 2, last: 900, rows: 800, action }], now()).unwrap();
    let mut looked = outcome(901, Verdict::Deleted);
    looked.evidence.remote_id = Some("p-1".to_owned());
    journal.record(&[looked], now()).unwrap();
    journal.pass(&[Span { first: 902, last: 902, rows: 1, action }], now()).unwrap();
    journal.close(ending(true)).unwrap();

    let found = audit(&chosen.path).unwrap();
    assert!(found.complete && found.recorded_head_occurs);
    assert_eq!((found.lines, found.totals.of(Verdict::Unchanged), found.totals.total()), (3, 801, 802));
    let Elsewhere { deleted, absent, .. } = settled_elsewhere(&chosen.path, [7; 32], &Naming::default()).unwrap();
    assert_eq!((deleted.len(), absent.len()), (1, 0));
    let against = recorded_by(&chosen.path, [7; 32], &Naming::default()).unwrap();
    assert!(against.recorded.knows_another(b"customer-901", b"p-2"));
    assert!(!against.recorded.knows_another(b"", b"p-2"));
}

#[test]
fn an_earlier_runs_doubtful_absences_are_not_taken_over() {
    let root = TempDir::new().unwrap();
    let chosen = chosen(&exactly(&root));
    work(&chosen, &immutable(), &[Verdict::Absent; 60], false);
    let Elsewhere { deleted, absent, .. } = settled_elsewhere(&chosen.path, [7; 32], &Naming::default()).unwrap();
    assert!(deleted.is_empty() && absent.is_empty());
}

#[test]
fn the_youngest_unfinished_run_is_continued() {
    let root = TempDir::new().unwrap();
    let mut paths = Vec::new();
    for second in 0..3 {
        let started = Moment::from_millis(now().millis() + second * 1000);
        let place = Place { new: true, ..under(&root) };
        let chosen = resolve(&place, &asked(), started).unwrap();
        work(&chosen, &Immutable { started, ..immutable() }, &[Verdict::Deleted], second == 2);
        paths.push(chosen.path.clone());
    }
    assert_eq!(chosen(&under(&root)).path, paths[1]);
}

#[test]
fn another_slice_shard_or_column_is_another_run() {
    let root = tempfile::tempdir().unwrap();
    let reading = |limit: &str| BTreeMap::from([("limit".to_owned(), limit.to_owned())]);
    let first = resolve(&under(&root), &Asked { reading: reading("10"), ..asked() }, now()).unwrap();
    let options = reading("10");
    work(&first, &Immutable { options, ..immutable() }, &[Verdict::Deleted], true);
    let path = first.path.clone();
    drop(first);
    let rest = resolve(&under(&root), &Asked { reading: reading("unbounded"), ..asked() }, now()).unwrap();
    assert!(rest.existing.is_none(), "the rest of the file is no finished run");
    drop(rest);
    let place = place(Whereabouts::Exact(path));
    let refused = resolve(&place, &Asked { reading: reading("20"), ..asked() }, now()).unwrap_err();
    assert_eq!(refused.exit(), Exit::Config);
    assert!(refused.what().contains("its limit was 10, this one's is 20"), "{refused}");
}

/// What was read ahead without a lock holds only as long as nobody wrote after it.
#[test]
fn a_scan_holds_until_the_journal_grows_or_another_try_begins() {
    let root = tempfile::tempdir().unwrap();
    let chosen = chosen(&under(&root));
    work(&chosen, &immutable(), &[Verdict::Deleted, Verdict::Failed], false);
    let disk = RealDisk::at(&chosen.path, false);
    let ahead = scan(&disk, options()).unwrap().unwrap();
    assert!(ahead.still_holds(&chosen.path));
    let mut journal = Journal::resume(disk.clone(), &ahead, &layout(), "ab12").unwrap();
    assert!(!ahead.still_holds(&chosen.path), "another try has begun");
    journal.record(&[outcome(2, Verdict::Deleted)], now()).unwrap();
    assert!(!ahead.still_holds(&chosen.path));
    let again = scan(&disk, options()).unwrap().unwrap();
    assert!(again.still_holds(&chosen.path));
    journal.record(&[outcome(3, Verdict::Deleted)], now()).unwrap();
    assert!(!again.still_holds(&chosen.path), "a line was written");
}
