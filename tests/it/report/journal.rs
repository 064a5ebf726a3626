//! Writing, dying and continuing.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tollgate::{
    domain::{Action, Dice, Keep, Kept, ReplaySum, Span, Spared, Subject, Tally, Verdict},
    error::Exit,
    report::{AFTER_LOST_ANSWER, Journal, SYNC_EVERY, scan},
};

use super::{create, ending, immutable, layout, look, now, options, outcome, records, resume, written};
use crate::support::disk::SimDisk;

#[test]
fn everything_is_durable_before_the_first_call() {
    let disk = SimDisk::default();
    let _journal = create(&disk);
    assert_eq!(disk.durable_bytes("results.csv").unwrap(), tollgate::report::HEADER);
    assert_eq!(disk.durable_bytes("run.json"), disk.bytes("run.json"));
}

#[test]
fn a_line_says_what_is_known_and_nothing_more() {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    let mut refused = outcome(2, Verdict::Refused);
    refused.evidence.status = Some(400);
    refused.evidence.code = Some("value_error".to_owned());
    refused.evidence.message = Some(format!("email: \"=1\", bad\n{}", "é".repeat(400)));
    refused.evidence.request_id = Some("-r1".to_owned());
    let mut invalid = outcome(5, Verdict::Invalid);
    invalid.row.subject = Subject::Malformed { id: b"=a\xff".to_vec(), reason: "column id: not UTF-8".to_owned() };
    let mut absent = outcome(6, Verdict::Absent);
    absent.after_lost_answer = true;
    let mut duplicate = outcome(7, Verdict::Duplicate);
    let Subject::Known(identity) = duplicate.row.subject else { unreachable!() };
    duplicate.row.subject = Subject::Spared(identity, Spared::EarlierRun);
    journal.record(&[refused, invalid, absent, duplicate], now()).unwrap();

    let records = records(&disk);
    let cut = format!("email: \"=1\", bad\\x0a{}", "é".repeat(300 - 17));
    let stamp = "2026-11-21T01:59:00.123Z";
    let said = |at: usize| records[at].iter().take(12).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        said(0),
        ["2", "customer-2", "delete", "refused", "400", "value_error", "1", "7", stamp, "'-r1", "", &cut]
    );
    assert_eq!(said(1), ["5", "'=a\\xff", "delete", "invalid", "", "", "0", "", stamp, "", "", "column id: not UTF-8"]);
    assert!(records[2][11].starts_with(AFTER_LOST_ANSWER));
    assert!(records[3][11].contains("--continue-from"));
    assert_eq!(look(&disk).lines, 4);
}

#[test]
fn one_write_per_batch_and_a_sync_every_4096_lines() {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    let (writes, syncs) = (disk.writes(), disk.syncs());
    let batch: Vec<_> = (1..SYNC_EVERY).map(|line| outcome(line, Verdict::Deleted)).collect();
    journal.record(&batch, now()).unwrap();
    assert_eq!((disk.writes() - writes, disk.syncs() - syncs, journal.lines_synced()), (1, 0, 0));
    journal.record(&[outcome(SYNC_EVERY, Verdict::Deleted)], now()).unwrap();
    assert_eq!((disk.syncs() - syncs, journal.lines_synced()), (1, SYNC_EVERY));
    journal.sync().unwrap();
    assert_eq!(disk.syncs() - syncs, 1, "nothing new, so nothing to sync");
}

#[test]
fn a_failed_sync_is_never_tried_again() {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    journal.record(&[outcome(1, Verdict::Deleted)], now()).unwrap();
    disk.fail_syncs(true);
    assert_eq!(journal.sync().unwrap_err().exit(), Exit::Io);
    disk.fail_syncs(false);
    let syncs = disk.syncs();
    assert_eq!(journal.sync().unwrap_err().exit(), Exit::Io);
    assert_eq!(journal.record(&[outcome(2, Verdict::Deleted)], now()).unwrap_err().exit(), Exit::Io);
    assert_eq!(journal.keep(&[]).unwrap_err().exit(), Exit::Io);
    assert_eq!(journal.lines_synced(), 0);
    assert_eq!(journal.close(ending(true)).unwrap_err().exit(), Exit::Io);
    assert_eq!(disk.syncs(), syncs);
}

#[test]
fn a_full_disk_claims_nothing_and_is_continued_from() {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    journal.record(&[outcome(1, Verdict::Deleted)], now()).unwrap();
    disk.leave_room(50);
    let error = journal.record(&[outcome(2, Verdict::Deleted)], now()).unwrap_err();
    assert_eq!(error.exit(), Exit::Io);
    assert_eq!(journal.lines(), 1);
    drop(journal);
    disk.kill();
    let scan = look(&disk);
    assert_eq!((scan.lines, scan.torn.len()), (1, 50));
    resume(&disk).record(&[outcome(2, Verdict::Deleted)], now()).unwrap();
    assert_eq!(disk.bytes("results.torn").unwrap().len(), 50);
    assert_eq!(records(&disk).len(), 2);
}

#[test]
fn no_room_at_the_start_is_73() {
    let disk = SimDisk::default();
    disk.leave_room(10);
    let error = Journal::create(disk, &immutable(), &layout()).unwrap_err();
    assert_eq!(error.exit(), Exit::CannotCreate);
}

#[test]
fn short_writes_are_written_on() {
    let disk = SimDisk::default();
    disk.write_at_most(7);
    let mut journal = create(&disk);
    journal.record(&[outcome(1, Verdict::Deleted), outcome(2, Verdict::Absent)], now()).unwrap();
    assert_eq!(records(&disk).len(), 2);
    assert_eq!(disk.bytes("absent.csv.partial").unwrap(), b"customer_user_id\ncustomer-2\n");
}

#[test]
fn side_files_can_be_fed_back() {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    let verdicts = [Verdict::Deleted, Verdict::Absent, Verdict::Refused, Verdict::Failed, Verdict::Invalid];
    let batch: Vec<_> = (1..).zip(verdicts).map(|(line, verdict)| outcome(line, verdict)).collect();
    journal.record(&batch, now()).unwrap();
    let closed = journal.close(ending(true)).unwrap();
    assert_eq!(closed.failed_file.as_deref(), Some("failed.csv"));
    assert_eq!(closed.absent_file.as_deref(), Some("absent.csv"));
    assert_eq!(disk.durable_bytes("failed.csv").unwrap(), b"customer_user_id\ncustomer-3\ncustomer-4\ncustomer-5\n");
    assert_eq!(disk.durable_bytes("absent.csv").unwrap(), b"customer_user_id\ncustomer-2\n");
    assert_eq!(disk.list(), ["absent.csv", "failed.csv", "results.csv", "run.json"]);
}

#[test]
fn what_a_sync_left_alone_is_in_no_side_file() {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    let wanted = [Verdict::Updated, Verdict::Unchanged, Verdict::Superseded, Verdict::Suppressed, Verdict::Created];
    let said = |line, action, verdict| {
        let mut outcome = outcome(line, verdict);
        outcome.row.action = action;
        outcome
    };
    let mut batch: Vec<_> = (1..).zip(wanted).map(|(line, verdict)| said(line, Action::Update, verdict)).collect();
    batch.push(said(6, Action::Update, Verdict::Missing));
    batch.push(said(7, Action::Create, Verdict::Exists));
    batch.push(said(8, Action::Delete, Verdict::Absent));
    journal.record(&batch, now()).unwrap();
    journal.pass(&[Span { first: 9, last: 11, rows: 3, action: Action::Update }], now()).unwrap();
    let past = look(&disk).past;
    assert!(past.absent.contains(6) && past.bad.contains(7) && past.absent.contains(8));
    assert_eq!((past.absent.len(), past.bad.len(), past.settled.len()), (2, 1, 11));
    journal.close(ending(true)).unwrap();
    assert_eq!(disk.durable_bytes("failed.csv").unwrap(), b"customer_user_id\ncustomer-7\n");
    assert_eq!(disk.durable_bytes("absent.csv").unwrap(), b"customer_user_id\ncustomer-6\ncustomer-8\n");
}

#[test]
fn a_further_try_begins_the_side_files_anew() {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    journal.record(&[outcome(1, Verdict::Failed), outcome(2, Verdict::Absent)], now()).unwrap();
    journal.close(ending(true)).unwrap();

    let mut journal = resume(&disk);
    let kept = Kept { keep: Keep::Absent, original: b"customer-2".as_slice().into() };
    journal.keep(&[kept]).unwrap();
    journal.record(&[outcome(1, Verdict::Deleted)], now()).unwrap();
    assert!(disk.bytes("failed.csv").is_some(), "the finished one stands until the run is finished again");
    let closed = journal.close(ending(true)).unwrap();
    assert_eq!(closed.failed_file, None);
    assert_eq!(disk.list(), ["absent.csv", "results.csv", "run.json"]);
    assert_eq!(disk.bytes("absent.csv").unwrap(), b"customer_user_id\ncustomer-2\n");
}

#[test]
fn run_json_tells_how_it_stands() {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    journal.record(&[outcome(1, Verdict::Failed), outcome(2, Verdict::Deleted)], now()).unwrap();
    journal.close(ending(false)).unwrap();
    let first = look(&disk).run;
    assert_eq!((first.state.exit_code, first.state.tries, first.state.complete), (Some(75), 1, false));

    let journal = Journal::resume(disk.clone(), &look(&disk), &layout(), "cd34").unwrap();
    let second = look(&disk).run;
    assert_eq!((second.state.exit_code, second.state.tries), (None, 2));
    assert_eq!((second.state.key_fingerprint.as_str(), second.immutable.key_fingerprint.as_str()), ("cd34", "ab12"));
    assert_eq!(second.first_link(), first.first_link());
    drop(journal);

    let mut journal = resume(&disk);
    journal.record(&[outcome(1, Verdict::Deleted)], now()).unwrap();
    let closed = journal.close(ending(true)).unwrap();
    let mut totals = Tally::default();
    totals.add_many(Verdict::Deleted, 2);
    assert_eq!(closed.totals, totals, "a superseded line counts no more");
    let third = look(&disk);
    assert_eq!((third.run.state.totals, third.totals, third.superseded), (totals, totals, 1));
    assert_eq!(third.run.state.chain_head, third.head);
}

#[test]
fn a_run_that_died_before_its_header_begins_it_again() {
    for (name, bytes) in [("no file", None), ("empty", Some(&b""[..])), ("torn header", Some(&b"line,id,act"[..]))] {
        let disk = SimDisk::default();
        let fresh = written(&[]);
        disk.put("run.json", &fresh.bytes("run.json").unwrap());
        if let Some(bytes) = bytes {
            disk.put("results.csv", bytes);
        }
        resume(&disk).record(&[outcome(1, Verdict::Deleted)], now()).unwrap();
        assert_eq!(records(&disk).len(), 1, "{name}");
    }
}

#[test]
fn nothing_there_is_no_run() {
    assert!(scan(&SimDisk::default(), options()).unwrap().is_none());
}

/// One try that may die at any byte: tells how many lines were synced for sure.
fn one_try(disk: &SimDisk, rows: u64, dice: &mut Dice, last: bool) -> u64 {
    let attempt = |synced: &mut u64, dice: &mut Dice| {
        let scan = scan(disk, options())?;
        let mut journal = match &scan {
            None => Journal::create(disk.clone(), &immutable(), &layout())?,
            Some(scan) => Journal::resume(disk.clone(), scan, &layout(), "ab12")?,
        };
        let settled = scan.map(|scan| scan.past.settled).unwrap_or_default();
        let mut open: Vec<u64> = (1..=rows).filter(|line| !settled.contains(*line)).collect();
        while !open.is_empty() {
            let mut batch = Vec::new();
            for _ in 0..=dice.below(5).min(open.len() as u64 - 1) {
                let at = usize::try_from(dice.below(open.len() as u64)).unwrap();
                let line = open.swap_remove(at);
                batch.push(outcome(line, verdict(line, last, dice)));
            }
            journal.record(&batch, now())?;
            if dice.below(3) == 0 {
                journal.sync()?;
            }
            *synced = journal.lines_synced();
        }
        journal.close(ending(last)).map(|closed| *synced = closed.lines)
    };
    let mut synced = 0;
    let ended = attempt(&mut synced, dice);
    assert!(!last || ended.is_ok(), "{ended:?}");
    synced
}

fn verdict(line: u64, last: bool, dice: &mut Dice) -> Verdict {
    match line % 5 {
        0 => Verdict::Refused,
        1 => Verdict::Invalid,
        2 if !last && dice.below(2) == 0 => Verdict::Failed,
        3 => Verdict::Absent,
        _ => Verdict::Deleted,
    }
}

proptest! {
    #[test]
    fn any_id_and_any_message_make_one_line_that_reads_back(
        ids in prop::collection::vec(prop_oneof![any::<Vec<u8>>(), "[-=+@',\"\\\\a\n ]{0,8}".prop_map(String::into_bytes)], 1..5),
        message: Option<String>,
    ) {
        let disk = SimDisk::default();
        let mut journal = create(&disk);
        let mut replay = ReplaySum::default();
        let mut batch = Vec::new();
        for (line, id) in (1..).zip(&ids) {
            let mut outcome = outcome(line, Verdict::Invalid);
            outcome.row.subject = Subject::Malformed { id: id.clone(), reason: "why".to_owned() };
            outcome.evidence.message.clone_from(&message);
            replay.add(line, id);
            batch.push(outcome);
        }
        journal.record(&batch, now()).unwrap();
        let records = records(&disk);
        prop_assert_eq!(records.len(), ids.len());
        prop_assert!(records.iter().all(|record| record.len() == 13 && !record[1].starts_with(['=', '+', '-', '@'])));
        prop_assert_eq!(look(&disk).past.replay, replay);
    }

    #[test]
    fn killed_at_any_byte_every_row_ends_with_one_settled_line(
        seed: u64,
        rows in 1_u64..40,
        kills in prop::collection::vec((0_u64..4000, any::<bool>()), 0..5),
    ) {
        let disk = SimDisk::default();
        let mut dice = Dice::seeded(seed);
        for (bytes, power) in kills {
            disk.kill_after(bytes);
            let synced = one_try(&disk, rows, &mut dice, false);
            if power { disk.power_cut(&mut dice) } else { disk.kill() }
            let survived = scan(&disk, options()).unwrap().map_or(0, |scan| scan.lines);
            prop_assert!(survived >= synced, "{survived} of {synced} synced lines survived");
        }
        one_try(&disk, rows, &mut dice, true);

        let mut settled: BTreeMap<u64, u32> = BTreeMap::new();
        for record in records(&disk) {
            let word = Verdict::parse(record[3].as_bytes()).unwrap();
            *settled.entry(record[0].parse().unwrap()).or_default() += u32::from(word.is_settled());
        }
        prop_assert_eq!(settled.len() as u64, rows);
        prop_assert!(settled.values().all(|lines| *lines == 1));
        let scan = look(&disk);
        prop_assert!(scan.run.state.complete && scan.totals.total() == rows && scan.past.tally.settled() == rows);
        prop_assert_eq!(scan.run.state.totals, scan.totals);
    }
}
