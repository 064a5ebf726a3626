//! Rows with nothing new: many of them on one line, which closes them all.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tollgate::{
    domain::{Action, Digest, Outcome, Span, Spared, Subject, Verdict},
    error::Exit,
    flow::MaxAbsent,
    report::{HEADER, RANGE_WORDS, Scan, ScanOptions, scan},
};

use super::{create, ending, look, now, options, outcome, records, resume};
use crate::support::disk::SimDisk;

const OFF: ScanOptions = ScanOptions { max_absent: MaxAbsent::Off, with_replay: false };

fn span(first: u64, last: u64, rows: u64) -> Span {
    Span { first, last, rows, action: Action::Update }
}

fn updating(line: u64, verdict: Verdict) -> Outcome {
    let mut outcome = outcome(line, verdict);
    outcome.row.action = Action::Update;
    outcome
}

/// A journal of one handwritten line that chains.
fn handwritten(raw: &str) -> SimDisk {
    let disk = SimDisk::default();
    drop(create(&disk));
    let first = look(&disk).head;
    let chain = Digest::of(format!("{first}{raw}").as_bytes());
    disk.put("results.csv", &[HEADER, format!("{raw},{chain}\n").as_bytes()].concat());
    disk
}

fn is_corrupt(disk: &SimDisk) -> bool {
    match scan(disk, OFF) {
        Ok(_) => false,
        Err(error) => error.exit() == Exit::Data,
    }
}

#[test]
fn ten_million_rows_are_one_line() {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    journal.pass(&[span(3, 10_000_001, 9_999_998), span(10_000_003, 10_000_003, 1)], now()).unwrap();
    assert_eq!(journal.totals().of(Verdict::Unchanged), 9_999_999);
    assert_eq!(journal.lines(), 2);
    let closed = journal.close(ending(true)).unwrap();
    assert_eq!((closed.failed_file, closed.absent_file), (None, None));

    let stamp = "2026-11-21T01:59:00.123Z";
    let said: Vec<Vec<_>> =
        records(&disk).iter().map(|record| record.iter().take(12).map(str::to_owned).collect()).collect();
    let message = format!("9999998{RANGE_WORDS}");
    assert_eq!(said[0], ["3-10000001", "", "update", "unchanged", "", "", "0", "", stamp, "", "", &message]);
    let alone = "as it was sent before";
    assert_eq!(said[1], ["10000003", "", "update", "unchanged", "", "", "0", "", stamp, "", "", alone]);

    let scan = look(&disk);
    assert_eq!((scan.lines, scan.superseded), (2, 0));
    assert_eq!((scan.totals, scan.past.tally), (closed.totals, closed.totals));
    assert_eq!((scan.past.sent, scan.past.answered.len()), (0, 0), "nothing was sent");
    let settled = &scan.past.settled;
    assert!(settled.contains(3) && settled.contains(10_000_001) && settled.contains(10_000_003));
    assert!(!settled.contains(2) && !settled.contains(10_000_002));
    assert!(scan.past.bad.is_empty() && scan.past.absent.is_empty());
}

#[test]
fn a_span_that_is_none_is_not_written() {
    for unsound in [span(0, 5, 5), span(5, 4, 2), span(1, 5, 6), span(1, 5, 1), span(1, 5, 0), span(4, 4, 2)] {
        let disk = SimDisk::default();
        let mut journal = create(&disk);
        assert_eq!(journal.pass(&[span(7, 9, 3), unsound], now()).unwrap_err().exit(), Exit::Internal);
        assert_eq!(disk.bytes("results.csv").unwrap(), HEADER, "{unsound:?}");
    }
}

#[test]
fn a_line_that_no_input_has_takes_no_memory() {
    let rest = "customer-1,delete,deleted,204,,1,7,2026-11-21T01:59:00.123Z,,,";
    for line in ["4294967296", "18446744073709551615"] {
        assert!(is_corrupt(&handwritten(&format!("{line},{rest}"))), "{line}");
    }
}

#[test]
fn a_range_is_read_strictly() {
    let line = |place: &str, id: &str, middle: &str, message: &str| {
        format!("{place},{id},{middle},,2026-11-21T01:59:00.123Z,,,{message}")
    };
    let (update, three) = ("update,unchanged,,,0", "3 rows as they were sent before");
    assert!(!is_corrupt(&handwritten(&line("4-6", "", update, three))));
    for wrong in [
        line("6-4", "", update, three),
        line("4-4", "", update, "1 rows as they were sent before"),
        line("0-6", "", update, three),
        line("4-", "", update, three),
        line("-6", "", update, three),
        line("04-6", "", update, three),
        line("4-4294967296", "", update, three),
        line("4-18446744073709551615", "", update, three),
        line("4-6-7", "", update, three),
        line("4-5", "", update, three),
        line("4-6", "somebody", update, three),
        line("4-6", "", "get,unchanged,,,0", three),
        line("4-6", "", "update,updated,,,0", three),
        line("4-6", "", "update,failed,,,0", three),
        line("4-6", "", "update,unchanged,200,,0", three),
        line("4-6", "", "update,unchanged,,,1", three),
        line("4-6", "", update, "1 rows as they were sent before"),
        line("4-6", "", update, "03 rows as they were sent before"),
        line("4-6", "", update, "3 rows as they were sent before, or so"),
        line("4-6", "", update, "rows as an earlier sync sent them"),
        line("4-6", "", update, ""),
        "4-6,,update,unchanged,,,0,7,2026-11-21T01:59:00.123Z,,,3 rows as they were sent before".to_owned(),
        "4-6,,update,unchanged,,,0,,2026-11-21T01:59:00.123Z,r,,3 rows as they were sent before".to_owned(),
        "4-6,,update,unchanged,,,0,,2026-11-21T01:59:00.123Z,,p,3 rows as they were sent before".to_owned(),
    ] {
        assert!(is_corrupt(&handwritten(&wrong)), "{wrong}");
    }
}

#[test]
fn any_bit_flipped_in_a_range_is_found() {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    journal.pass(&[span(2, 2_000, 1_998)], now()).unwrap();
    journal.record(&[updating(2_001, Verdict::Updated)], now()).unwrap();
    let whole = disk.bytes("results.csv").unwrap();
    let range = whole.windows(7).position(|bytes| bytes == b"\n2-2000").unwrap() + 1;
    let end = range + whole[range..].iter().position(|byte| *byte == b'\n').unwrap();
    for at in range..=end {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            disk.put("results.csv", &bytes);
            assert_eq!(scan(&disk, options()).unwrap_err().exit(), Exit::Data, "{at}.{bit}");
        }
    }
}

#[test]
fn a_row_of_a_range_is_settled_once() {
    for settled in [Verdict::Updated, Verdict::Unchanged, Verdict::Refused, Verdict::Superseded] {
        for line in [4, 5, 9] {
            let disk = SimDisk::default();
            let mut journal = create(&disk);
            journal.record(&[updating(line, settled)], now()).unwrap();
            journal.pass(&[span(4, 9, 2)], now()).unwrap();
            assert!(is_corrupt(&disk), "{settled:?} on line {line}, then a range");

            let disk = SimDisk::default();
            let mut journal = create(&disk);
            journal.pass(&[span(4, 9, 2)], now()).unwrap();
            journal.record(&[updating(line, settled)], now()).unwrap();
            assert!(is_corrupt(&disk), "a range, then {settled:?} on line {line}");
        }
    }
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    journal.pass(&[span(4, 9, 6), span(9, 10, 2)], now()).unwrap();
    assert!(is_corrupt(&disk), "two ranges share a line");
}

/// Another run with the same memory may have sent meanwhile what this one gave up for the time being.
#[test]
fn what_was_given_up_may_turn_out_to_be_as_sent_before() {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    journal.record(&[updating(5, Verdict::Failed), updating(20, Verdict::Failed)], now()).unwrap();
    drop(journal);
    let mut journal = resume(&disk);
    journal.pass(&[span(4, 9, 6)], now()).unwrap();
    let totals = journal.totals();
    assert_eq!((totals.of(Verdict::Unchanged), totals.of(Verdict::Failed), totals.total()), (6, 1, 7));
    let scan = look(&disk);
    assert_eq!((scan.totals, scan.superseded), (totals, 1));
    assert!(scan.past.settled.contains(5) && !scan.past.settled.contains(20));
}

#[test]
fn what_a_sync_remembers_says_nothing_about_the_key() {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    let mut refused = updating(2, Verdict::Refused);
    let Subject::Known(identity) = refused.row.subject else { unreachable!() };
    refused.row.subject = Subject::Spared(identity, Spared::RefusedBefore);
    refused.attempts = 0;
    journal.record(&[refused, updating(3, Verdict::Refused)], now()).unwrap();
    journal.pass(&[span(4, 4, 1), span(6, 90, 85)], now()).unwrap();
    let past = look(&disk).past;
    assert_eq!((past.sent, past.answered.len(), past.answered[0].line), (1, 1, 3));
    assert!(past.bad.contains(2), "the failed file lists it all the same");
    assert_eq!(past.tally.settled(), 88);
}

/// A line of a journal, as it is handed over.
#[derive(Debug, Clone)]
enum Event {
    Row(u64, Verdict),
    Rows(Span),
}

/// A row's last word, and whether that is doubted.
type Words = BTreeMap<u64, (Verdict, bool)>;

/// Row by row, as plain as can be; `None` when a row is settled twice.
fn counted(events: &[Event]) -> Option<(Words, BTreeSet<u64>, u64)> {
    let (mut rows, mut closed, mut unchanged) = (Words::new(), BTreeSet::new(), 0);
    for event in events {
        match event {
            Event::Row(line, verdict) => {
                supersede(&mut rows, *line)?;
                if closed.contains(line) {
                    return None;
                }
                rows.insert(*line, (*verdict, false));
            }
            Event::Rows(span) => {
                for line in span.first..=span.last {
                    supersede(&mut rows, line)?;
                    if !closed.insert(line) {
                        return None;
                    }
                }
                unchanged += span.rows;
            }
        }
    }
    Some((rows, closed, unchanged))
}

/// Whoever was missing and is sent again was not believed to be, nor was any other one.
fn supersede(rows: &mut Words, line: u64) -> Option<()> {
    match rows.remove(&line) {
        None | Some((Verdict::Failed, _) | (Verdict::Missing, true)) => {}
        Some((Verdict::Missing, false)) => {
            for (verdict, doubted) in rows.values_mut() {
                *doubted |= *verdict == Verdict::Missing;
            }
        }
        Some(_) => return None,
    }
    Some(())
}

fn event() -> impl Strategy<Value = Event> {
    let words = prop_oneof![
        2 => Just(Verdict::Updated),
        2 => Just(Verdict::Failed),
        2 => Just(Verdict::Missing),
        1 => Just(Verdict::Refused),
        1 => Just(Verdict::Unchanged),
        1 => Just(Verdict::Superseded),
    ];
    let row = (1..400_u64, words).prop_map(|(line, verdict)| Event::Row(line, verdict));
    let rows = (1..400_u64, 0..40_u64, 0.0..1.0).prop_map(|(first, more, share)| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "few")]
        let rows = if more == 0 { 1 } else { 2 + (share * (more - 1) as f64) as u64 };
        Event::Rows(span(first, first + more, rows))
    });
    prop_oneof![3 => row, 1 => rows]
}

fn journal_of(events: &[Event]) -> SimDisk {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    for event in events {
        match event {
            Event::Row(line, verdict) => journal.record(&[updating(*line, *verdict)], now()).unwrap(),
            Event::Rows(span) => journal.pass(&[*span], now()).unwrap(),
        }
    }
    disk
}

/// Leaves out what would settle a row twice.
fn lawful(events: Vec<Event>) -> Vec<Event> {
    let mut kept = Vec::new();
    for event in events {
        kept.push(event);
        if counted(&kept).is_none() {
            kept.pop();
        }
    }
    kept
}

fn agrees(events: &[Event]) -> Result<(), TestCaseError> {
    let scanned = scan(&journal_of(events), OFF);
    let Some((rows, closed, unchanged)) = counted(events) else {
        prop_assert_eq!(scanned.unwrap_err().exit(), Exit::Data);
        return Ok(());
    };
    let scan: Scan = scanned.unwrap().unwrap();
    for verdict in Verdict::ALL {
        let plain = rows.values().filter(|(row, _)| *row == verdict).count() as u64;
        let more = if verdict == Verdict::Unchanged { unchanged } else { 0 };
        prop_assert_eq!(scan.totals.of(verdict), plain + more, "{:?}", verdict);
    }
    let settled = |line: &u64| {
        closed.contains(line) || rows.get(line).is_some_and(|(verdict, doubted)| verdict.is_settled() && !doubted)
    };
    for line in 0..450 {
        prop_assert_eq!(scan.past.settled.contains(line), settled(&line), "line {}", line);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_rows_and_ranges_count_as_one_would_count_them(events in prop::collection::vec(event(), 0..12)) {
        agrees(&events)?;
    }

    #[test]
    fn lawful_rows_and_ranges_count_as_one_would_count_them(events in prop::collection::vec(event(), 0..150)) {
        agrees(&lawful(events))?;
    }
}
