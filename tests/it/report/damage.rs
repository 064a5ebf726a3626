//! Torn tails are cut off; everything else that does not chain is refused.

use proptest::prelude::*;
use tollgate::{
    domain::{Dice, Digest, Verdict},
    error::Exit,
    report::{HEADER, scan},
};

use super::{create, ending, look, now, options, outcome, records, resume, written};
use crate::support::disk::SimDisk;

/// The lines that a line may say it is about, well or badly.
const PLACES: [&str; 9] =
    ["1", "2", "3-9", "70", "4294967", "4294967296", "18446744073709551615", "2-18446744073709551615", "0"];

const FIVE: [Verdict; 5] = [Verdict::Deleted, Verdict::Absent, Verdict::Deleted, Verdict::Refused, Verdict::Deleted];

/// The same run with other results.
fn with_results(disk: &SimDisk, results: &[u8]) -> SimDisk {
    let other = SimDisk::default();
    other.put("run.json", &disk.bytes("run.json").unwrap());
    other.put("results.csv", results);
    other
}

/// Where each line of the file ends, its newline included.
fn line_ends(bytes: &[u8]) -> Vec<usize> {
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect()
}

#[test]
fn a_tail_torn_at_any_byte_is_set_aside() {
    let disk = written(&FIVE);
    let whole = disk.bytes("results.csv").unwrap();
    let ends = line_ends(&whole);
    for cut in HEADER.len()..=whole.len() {
        let torn = with_results(&disk, &whole[..cut]);
        let lines = ends.iter().filter(|end| **end <= cut).count() - 1;
        let scan = look(&torn);
        assert_eq!(scan.lines, lines as u64, "cut at byte {cut}");
        assert_eq!(scan.torn.len(), cut - ends[lines], "cut at byte {cut}");

        resume(&torn).record(&[outcome(9, Verdict::Deleted)], now()).unwrap();
        assert_eq!(records(&torn).len(), lines + 1);
        let aside = torn.bytes("results.torn").unwrap_or_default();
        assert_eq!(aside, &whole[ends[lines]..cut]);
    }
}

#[test]
fn a_page_of_zeros_after_the_last_line_is_torn() {
    let disk = written(&FIVE);
    let whole = disk.bytes("results.csv").unwrap();
    let zeros = [0; 4096];
    assert_eq!(look(&with_results(&disk, &[&whole[..], &zeros].concat())).torn.len(), 4096);
    let without_end = &whole[..whole.len() - 1];
    let scan = look(&with_results(&disk, &[without_end, &zeros].concat()));
    assert_eq!((scan.lines, scan.past.settled.contains(5)), (4, false));
}

#[test]
fn a_second_torn_tail_is_put_after_the_first() {
    let disk = written(&FIVE);
    for tail in ["6,cust", "7,c"] {
        let torn = [disk.bytes("results.csv").unwrap().as_slice(), tail.as_bytes()].concat();
        disk.put("results.csv", &torn);
        drop(resume(&disk));
    }
    assert_eq!(disk.durable_bytes("results.torn").unwrap(), b"6,cust7,c");
    assert_eq!(look(&disk).lines, 5);
}

#[test]
fn any_bit_flipped_before_the_last_line_is_found() {
    let disk = written(&FIVE);
    let whole = disk.bytes("results.csv").unwrap();
    let ends = line_ends(&whole);
    for at in 0..ends[ends.len() - 2] {
        let line = ends.iter().filter(|end| **end <= at).count() + 1;
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            let error = scan(&with_results(&disk, &bytes), options()).unwrap_err();
            assert_eq!(error.exit(), Exit::Data);
            assert!(error.what().starts_with(&format!("line {line} of results.csv ")), "{error} at {at}.{bit}");
        }
    }
}

#[test]
fn a_flip_in_the_last_line_of_a_closed_run_is_found() {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    journal.record(&[outcome(1, Verdict::Deleted), outcome(2, Verdict::Deleted)], now()).unwrap();
    journal.close(ending(false)).unwrap();
    let mut bytes = disk.bytes("results.csv").unwrap();
    let at = bytes.len() - 100;
    bytes[at] ^= 1;
    let error = scan(&with_results(&disk, &bytes), options()).unwrap_err();
    assert_eq!(error.exit(), Exit::Data);
    assert!(error.what().contains("head"), "{error}");
}

#[test]
fn lines_taken_away_or_swapped_are_found() {
    let disk = written(&FIVE);
    let whole = disk.bytes("results.csv").unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for tampered in [
        [lines[0], lines[2], lines[3], lines[4], lines[5]].concat(),
        [lines[0], lines[2], lines[1], lines[3], lines[4], lines[5]].concat(),
        [lines[0], lines[1], lines[2], lines[3], lines[5], lines[4]].concat(),
        [lines[1], lines[2], lines[3], lines[4], lines[5]].concat(),
    ] {
        assert_eq!(scan(&with_results(&disk, &tampered), options()).unwrap_err().exit(), Exit::Data);
    }
}

#[test]
fn a_long_invalid_end_is_not_a_torn_tail() {
    let disk = written(&FIVE);
    let whole = disk.bytes("results.csv").unwrap();
    let just = [whole.as_slice(), &vec![b'x'; 1 << 20]].concat();
    assert_eq!(look(&with_results(&disk, &just)).torn.len(), 1 << 20);
    let beyond = [whole.as_slice(), &vec![b'x'; (1 << 20) + 1]].concat();
    let error = scan(&with_results(&disk, &beyond), options()).unwrap_err();
    assert!(error.what().starts_with("line 7 of results.csv"), "{error}");
}

#[test]
fn results_without_run_json_are_refused() {
    let disk = SimDisk::default();
    disk.put("results.csv", HEADER);
    assert_eq!(scan(&disk, options()).unwrap_err().exit(), Exit::Data);
}

#[test]
fn a_changed_immutable_part_breaks_the_chain() {
    let disk = written(&FIVE);
    let run = String::from_utf8(disk.bytes("run.json").unwrap()).unwrap();
    disk.put("run.json", run.replace("Ada", "Eve").as_bytes());
    assert_eq!(scan(&disk, options()).unwrap_err().exit(), Exit::Data);
    disk.put("run.json", b"{}");
    assert_eq!(scan(&disk, options()).unwrap_err().exit(), Exit::Data);
}

#[test]
fn a_spreadsheet_that_saved_the_file_anew_is_found() {
    let disk = written(&FIVE);
    let text = String::from_utf8(disk.bytes("results.csv").unwrap()).unwrap();
    let saved = with_results(&disk, text.replace('\n', "\r\n").as_bytes());
    assert_eq!(scan(&saved, options()).unwrap_err().exit(), Exit::Data);
}

#[test]
fn the_first_format_is_still_read() {
    let disk = SimDisk::default();
    disk.put("run.json", include_bytes!("../../../fixtures/report/first/run.json"));
    disk.put("results.csv", include_bytes!("../../../fixtures/report/first/results.csv"));
    let scan = look(&disk);
    assert_eq!((scan.lines, scan.superseded, scan.torn.len()), (6, 1, 0));
    assert_eq!(scan.totals.of(Verdict::Deleted), 2);
    assert!(scan.run.state.complete);
    disk.put("results.csv", include_bytes!("../../../fixtures/report/torn/results.csv"));
    disk.put("run.json", include_bytes!("../../../fixtures/report/torn/run.json"));
    let scan = look(&disk);
    assert_eq!((scan.lines, scan.torn.len()), (3, 40));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn many_lines_in_many_chunks_are_read_alike(seed: u64, rows in 1_u64..6000) {
        let disk = SimDisk::default();
        let mut journal = create(&disk);
        let mut dice = Dice::seeded(seed);
        let mut batch: Vec<_> = (1..=rows).map(|line| outcome(line, Verdict::Deleted)).collect();
        for outcome in &mut batch {
            outcome.evidence.message = Some("m".repeat(usize::try_from(dice.below(300)).unwrap()));
        }
        journal.record(&batch, now()).unwrap();
        let scan = look(&disk);
        prop_assert_eq!((scan.lines, scan.past.settled.len(), scan.torn.len()), (rows, rows, 0));
    }

    #[test]
    fn any_lines_that_chain_are_all_counted_or_one_error(
        said in prop::collection::vec(
            (
                prop::sample::select(PLACES.to_vec()),
                prop::sample::select(vec!["", "a", "\"a,\"\"b\"", "\"", "\\x0"]),
                prop::sample::select(vec!["update", "delete", "erase"]),
                prop::sample::select(vec!["unchanged", "deleted", "failed", "absent", "gone"]),
            ),
            0..6,
        ),
    ) {
        let disk = written(&[]);
        let mut head = look(&disk).head.to_string();
        let mut results = HEADER.to_vec();
        for (place, id, action, outcome) in &said {
            let raw = format!("{place},{id},{action},{outcome},,,0,,,,,7 rows as they were sent before");
            head = Digest::of(format!("{head}{raw}").as_bytes()).to_string();
            results.extend(format!("{raw},{head}\n").into_bytes());
        }
        match scan(&with_results(&disk, &results), options()) {
            Ok(scan) => {
                let scan = scan.unwrap();
                prop_assert_eq!((scan.lines, scan.torn.len()), (said.len() as u64, 0));
            }
            Err(error) => prop_assert_eq!(error.exit(), Exit::Data),
        }
    }
}
