//! Profiles that were read: none twice, none missing, whatever dies when.

use proptest::prelude::*;
use tollgate::{
    domain::{Action, Dice, Outcome, Verdict},
    error::{Error, Exit},
    report::{Journal, PROFILES, Profiles, scan},
};

use super::{create, ending, immutable, layout, look, now, options, outcome, records, resume};
use crate::support::disk::SimDisk;

/// A row of `tollgate get`, with a profile whose length depends on its line.
fn got(line: u64, verdict: Verdict) -> Outcome {
    let mut got = outcome(line, verdict);
    got.row.action = Action::Get;
    if verdict == Verdict::Found {
        let filling = "x".repeat(usize::try_from(line * 7 % 90).unwrap());
        got.evidence.profile = Some(format!("{{\"n\": {line}.50,\"filling\":\"{filling}\"}}").into());
    }
    got
}

/// The lines of the file of profiles, read without the program's own code.
fn profiles(disk: &SimDisk) -> Vec<(u64, String, u64)> {
    let text = String::from_utf8(disk.bytes(PROFILES).unwrap()).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "torn");
    let number = |value: &serde_json::Value| value.as_u64().unwrap();
    text.lines()
        .map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let inside = value["profile"]["n"].as_f64().unwrap().floor().to_string().parse().unwrap();
            (number(&value["line"]), value["id"].as_str().unwrap().to_owned(), inside)
        })
        .collect()
}

/// What the results say was found, in their order.
fn found(disk: &SimDisk) -> Vec<(u64, String, u64)> {
    let is_found = |record: &csv::StringRecord| &record[3] == "found";
    let line = |record: &csv::StringRecord| record[0].parse().unwrap();
    records(disk).iter().filter(|r| is_found(r)).map(|r| (line(r), r[1].to_owned(), line(r))).collect()
}

fn open(disk: &SimDisk) -> Result<Journal<SimDisk>, Error> {
    let mut own = disk.clone();
    match scan(disk, options())? {
        None => {
            Ok(Journal::create(disk.clone(), &immutable(), &layout())?.keeping(Profiles::begin(&mut own, PROFILES)?))
        }
        Some(scan) => {
            let profiles = Profiles::resume(&mut own, PROFILES, &scan)?;
            Ok(Journal::resume(disk.clone(), &scan, &layout(), "ab12")?.keeping(profiles))
        }
    }
}

#[test]
fn a_profile_stands_there_as_it_was_sent_with_its_line_and_id() {
    let disk = SimDisk::default();
    let mut journal = open(&disk).unwrap();
    journal.record(&[got(2, Verdict::Missing), got(3, Verdict::Found)], now()).unwrap();
    let line = b"{\"line\":3,\"id\":\"customer-3\",\"profile\":{\"n\": 3.50,\"filling\":\"xxxxxxxxxxxxxxxxxxxxx\"}}\n";
    assert_eq!(disk.durable_bytes(PROFILES).unwrap(), line, "durable before its row is");
    let closed = journal.close(ending(true)).unwrap();
    assert_eq!((closed.failed_file, closed.absent_file.as_deref()), (None, Some("absent.csv")));
    assert_eq!(disk.bytes("absent.csv").unwrap(), b"customer_user_id\ncustomer-2\n");
}

#[test]
fn a_file_that_is_not_ours_is_never_touched() {
    let disk = SimDisk::default();
    disk.put(PROFILES, b"somebody's\n");
    assert_eq!(Profiles::begin(&mut disk.clone(), PROFILES).unwrap_err().exit(), Exit::CannotCreate);
    drop(create(&disk));
    let refused = Profiles::resume(&mut disk.clone(), PROFILES, &look(&disk)).unwrap_err();
    assert_eq!((refused.exit(), disk.bytes(PROFILES).unwrap().as_slice()), (Exit::Data, b"somebody's\n".as_slice()));
}

#[test]
fn profiles_that_were_taken_away_or_changed_are_found_out() {
    let disk = SimDisk::default();
    let mut journal = open(&disk).unwrap();
    journal.record(&[got(2, Verdict::Found), got(3, Verdict::Found)], now()).unwrap();
    journal.close(ending(false)).unwrap();
    let whole = disk.bytes(PROFILES).unwrap();
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let other = String::from_utf8(whole.clone()).unwrap().replace("\"line\":2", "\"line\":9").into_bytes();
    for damaged in [b"".to_vec(), whole[..first].to_vec(), whole[..whole.len() - 1].to_vec(), other] {
        disk.put(PROFILES, &damaged);
        let refused = Profiles::resume(&mut disk.clone(), PROFILES, &look(&disk)).unwrap_err();
        assert_eq!(refused.exit(), Exit::Data, "{refused}");
        assert_eq!(disk.bytes(PROFILES).unwrap(), damaged, "nothing is made worse");
    }
    disk.put(PROFILES, &whole);
    drop(open(&disk).unwrap());
}

#[test]
fn a_missing_row_is_doubted_like_an_absent_one() {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    let batch: Vec<_> = (1..=60).map(|line| got(line, Verdict::Missing)).collect();
    journal.record(&batch, now()).unwrap();
    journal.close(ending(false)).unwrap();
    let past = look(&disk).past;
    assert_eq!((past.settled.len(), past.tally.total()), (0, 0));
    let journal = resume(&disk);
    let batch: Vec<_> = (1..=60).map(|line| got(line, Verdict::Found)).collect();
    journal.keeping(Profiles::onto(std::io::sink(), "nowhere")).record(&batch, now()).unwrap();
    let scan = look(&disk);
    assert_eq!((scan.totals.of(Verdict::Missing), scan.totals.of(Verdict::Found), scan.totals.total()), (0, 60, 60));
    assert_eq!(scan.past.tally.of(Verdict::Found), 60);
}

#[test]
fn a_verified_absence_is_final_and_no_row_for_a_file() {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    let batch: Vec<_> = (1..=60)
        .map(|line| {
            let mut verified = outcome(line, if line == 7 { Verdict::Exists } else { Verdict::Absent });
            verified.row.action = Action::Verify;
            verified
        })
        .collect();
    journal.record(&batch, now()).unwrap();
    let closed = journal.close(ending(true)).unwrap();
    assert_eq!((closed.failed_file.as_deref(), closed.absent_file), (Some("failed.csv"), None));
    let past = look(&disk).past;
    assert_eq!((past.settled.len(), past.absent.len(), past.bad.len()), (60, 0, 1));
}

#[test]
fn what_was_deleted_and_not_verified_is_known_to_the_next_try() {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    let erased = Outcome { erased: true, ..outcome(2, Verdict::Failed) };
    journal.record(&[erased, outcome(3, Verdict::Failed), outcome(4, Verdict::Deleted)], now()).unwrap();
    assert!(records(&disk)[0][11].starts_with(tollgate::report::NOT_VERIFIED));
    let past = look(&disk).past;
    assert_eq!((past.erased.len(), past.erased.contains(2), past.settled.len()), (1, true, 1));
    journal.record(&[outcome(2, Verdict::Deleted)], now()).unwrap();
    assert!(look(&disk).past.erased.is_empty());
}

/// One try that may die at any byte.
fn one_try(disk: &SimDisk, rows: u64, dice: &mut Dice, last: bool) -> Result<(), Error> {
    let settled = scan(disk, options())?.map(|scan| scan.past.settled).unwrap_or_default();
    let mut journal = open(disk)?;
    let mut open: Vec<u64> = (1..=rows).filter(|line| !settled.contains(*line)).collect();
    while !open.is_empty() {
        let mut batch = Vec::new();
        for _ in 0..=dice.below(5).min(open.len() as u64 - 1) {
            let at = usize::try_from(dice.below(open.len() as u64)).unwrap();
            let line = open.swap_remove(at);
            let verdict = match line % 4 {
                0 => Verdict::Missing,
                1 if !last && dice.below(2) == 0 => Verdict::Failed,
                _ => Verdict::Found,
            };
            batch.push(got(line, verdict));
        }
        journal.record(&batch, now())?;
        if dice.below(3) == 0 {
            journal.sync()?;
        }
    }
    journal.close(ending(last)).map(|_| ())
}

proptest! {
    #[test]
    fn killed_at_any_byte_each_found_row_has_its_profile_once(
        seed: u64,
        rows in 1_u64..40,
        kills in prop::collection::vec((0_u64..6000, any::<bool>()), 0..5),
    ) {
        let disk = SimDisk::default();
        let mut dice = Dice::seeded(seed);
        for (bytes, power) in kills {
            disk.kill_after(bytes);
            if let Err(error) = one_try(&disk, rows, &mut dice, false) {
                prop_assert_ne!(error.exit(), Exit::Data, "{}", error);
                prop_assert!(disk.is_dead(), "nobody killed it: {}", error);
            }
            if power { disk.power_cut(&mut dice) } else { disk.kill() }
        }
        one_try(&disk, rows, &mut dice, true).unwrap();
        prop_assert_eq!(profiles(&disk), found(&disk));
        let expected = (1..=rows).filter(|line| line % 4 != 0).count();
        prop_assert_eq!(profiles(&disk).len(), expected);
    }
}
