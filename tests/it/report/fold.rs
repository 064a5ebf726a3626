//! What a journal means for the next try, against a model that is as plain as can be.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tollgate::{
    domain::{Action, Answered, Past, ReplaySum, Verdict},
    error::Exit,
    flow::MaxAbsent,
    report::{ScanOptions, scan},
};

use super::{create, now, outcome};
use crate::support::disk::SimDisk;

/// One line: the row, its word, whether an earlier answer was lost.
type Event = (u64, Verdict, bool);

/// What is known of one row.
#[derive(Clone, Copy)]
struct Known {
    verdict: Verdict,
    lost: bool,
    doubted: bool,
    sent: bool,
}

/// Every step recomputed from the beginning; quadratic, and independent of the room's own bookkeeping.
#[derive(Default)]
struct Model {
    rows: BTreeMap<u64, Known>,
    window: Vec<u64>,
    /// Unsettled when the latest try began, without a line since.
    open: BTreeSet<u64>,
}

impl Model {
    fn run(events: &[Event], percent: Option<f64>) -> Option<Self> {
        let mut model = Self::default();
        for event in events {
            model.step(*event, percent)?;
        }
        Some(model)
    }

    fn step(&mut self, (line, verdict, lost): Event, percent: Option<f64>) -> Option<()> {
        let before = self.rows.get(&line).copied();
        if let Some(before) = before {
            let open = before.verdict == Verdict::Failed || (before.verdict == Verdict::Absent && !before.lost);
            if !open {
                return None;
            }
            let unsettled = |known: &Known| known.doubted || known.verdict == Verdict::Failed;
            if !unsettled(&before) {
                // It was sent again all the same: nobody believed it then, nor any other one.
                let others = self.rows.iter_mut().filter(|(other, _)| **other != line).map(|(_, known)| known);
                others
                    .filter(|known| known.verdict == Verdict::Absent && !known.lost)
                    .for_each(|known| known.doubted = true);
            }
            if !unsettled(&before) || !self.open.remove(&line) {
                let rows = &self.rows;
                self.window.retain(|line| !rows[line].doubted);
                self.open = rows.iter().filter(|(_, known)| unsettled(known)).map(|(line, _)| *line).collect();
                self.open.remove(&line);
            }
            self.window.retain(|other| *other != line);
        }
        let attempted = verdict.is_answered() || verdict == Verdict::Failed;
        let sent = before.map_or(attempted, |before| before.sent);
        self.rows.insert(line, Known { verdict, lost, doubted: false, sent });
        let counts = verdict.is_answered() && !(verdict == Verdict::Absent && lost);
        if counts && self.window.len() < 200 {
            self.window.push(line);
        }
        if counts && self.trips(percent) {
            for row in self.rows.values_mut().filter(|row| row.verdict == Verdict::Absent && !row.lost) {
                row.doubted = true;
            }
        }
        Some(())
    }

    fn trips(&self, percent: Option<f64>) -> bool {
        let absent = self.window.iter().filter(|line| self.rows[line].verdict == Verdict::Absent).count();
        percent.is_some_and(|percent| {
            let share = |part: usize| f64::from(u32::try_from(part).unwrap());
            self.window.len() >= 50 && 100.0 * share(absent) >= percent * share(self.window.len())
        })
    }

    fn settled(&self) -> impl Iterator<Item = (u64, Known)> {
        let settled = |known: &Known| known.verdict.is_settled() && !known.doubted;
        self.rows.iter().map(|(line, known)| (*line, *known)).filter(move |(_, known)| settled(known))
    }
}

/// The words in which the model thinks; a reading has other words for the same.
const WORDS: [Verdict; 6] =
    [Verdict::Deleted, Verdict::Absent, Verdict::Failed, Verdict::Refused, Verdict::Invalid, Verdict::Duplicate];

fn said(action: Action, verdict: Verdict) -> Verdict {
    match (action, verdict) {
        (Action::Get, Verdict::Deleted) => Verdict::Found,
        (Action::Get, Verdict::Absent) => Verdict::Missing,
        (_, verdict) => verdict,
    }
}

fn journal_of(action: Action, events: &[Event]) -> SimDisk {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    let lines: Vec<_> = events
        .iter()
        .map(|(line, verdict, lost)| {
            let mut outcome = outcome(*line, said(action, *verdict));
            outcome.row.action = action;
            outcome.after_lost_answer = *lost;
            outcome
        })
        .collect();
    journal.record(&lines, now()).unwrap();
    disk
}

fn past_of(events: &[Event], max_absent: MaxAbsent) -> Past {
    scan(&journal_of(Action::Delete, events), ScanOptions { max_absent, with_replay: true }).unwrap().unwrap().past
}

fn agrees(action: Action, events: &[Event], percent: Option<f64>) -> Result<(), TestCaseError> {
    let max_absent = percent.map_or(MaxAbsent::Off, MaxAbsent::Percent);
    let scanned = scan(&journal_of(action, events), ScanOptions { max_absent, with_replay: true });
    let Some(model) = Model::run(events, percent) else {
        prop_assert_eq!(scanned.unwrap_err().exit(), Exit::Data);
        return Ok(());
    };
    let scan = scanned.unwrap().unwrap();
    let past = &scan.past;
    let mut replay = ReplaySum::default();
    for (line, _) in model.settled() {
        replay.add(line, format!("customer-{line}").as_bytes());
    }
    let of = |verdicts: &[Verdict]| -> Vec<u64> {
        model.settled().filter(|(_, known)| verdicts.contains(&known.verdict)).map(|(line, _)| line).collect()
    };
    let lines = |set: &tollgate::domain::LineSet| -> Vec<u64> { (0..500).filter(|line| set.contains(*line)).collect() };
    prop_assert_eq!(lines(&past.settled), of(&Verdict::ALL));
    prop_assert_eq!(lines(&past.bad), of(&[Verdict::Refused, Verdict::Invalid]));
    prop_assert_eq!(lines(&past.absent), of(&[Verdict::Absent]));
    for verdict in WORDS {
        prop_assert_eq!(past.tally.of(said(action, verdict)), of(&[verdict]).len() as u64);
        let all = model.rows.values().filter(|known| known.verdict == verdict).count();
        prop_assert_eq!(scan.totals.of(said(action, verdict)), all as u64);
    }
    prop_assert_eq!(scan.totals.total(), model.rows.len() as u64);
    let window = model.window.iter().filter(|line| !model.rows[line].doubted);
    let answered: Vec<_> = window
        .map(|line| Answered { line: *line, verdict: said(action, model.rows[line].verdict), after_lost_answer: false })
        .collect();
    prop_assert_eq!(&past.answered, &answered);
    prop_assert_eq!(past.sent, model.rows.values().filter(|known| known.sent).count() as u64);
    prop_assert_eq!(past.replay, replay);
    prop_assert_eq!(scan.superseded, events.len() as u64 - model.rows.len() as u64);
    Ok(())
}

fn verdicts(absent: u32) -> impl Strategy<Value = Verdict> {
    prop_oneof![
        absent => Just(Verdict::Absent),
        3 => Just(Verdict::Deleted),
        2 => Just(Verdict::Failed),
        1 => Just(Verdict::Refused),
        1 => Just(Verdict::Invalid),
        1 => Just(Verdict::Duplicate),
    ]
}

/// Lines that a run may have written: a row gets another one only while it has no final word.
fn lawful(events: Vec<(u64, Verdict, bool)>) -> Vec<Event> {
    let mut last: BTreeMap<u64, (Verdict, bool)> = BTreeMap::new();
    events
        .into_iter()
        .map(|(line, verdict, lost)| (line, verdict, lost && verdict == Verdict::Absent))
        .filter(|(line, verdict, lost)| {
            let open = last
                .get(line)
                .is_none_or(|(last, lost)| *last == Verdict::Failed || (*last == Verdict::Absent && !lost));
            if open {
                last.insert(*line, (*verdict, *lost));
            }
            open
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_lines_mean_what_the_model_says(
        events in prop::collection::vec((1_u64..30, verdicts(3), any::<bool>()), 0..20),
    ) {
        let events: Vec<_> = events.into_iter().map(|(l, v, lost)| (l, v, lost && v == Verdict::Absent)).collect();
        agrees(Action::Delete, &events, Some(95.0))?;
    }

    #[test]
    fn the_guard_means_what_the_model_says(
        events in prop::collection::vec((1_u64..300, verdicts(20), prop::bool::weighted(0.1)), 0..600),
        percent in prop::option::of(40.0..100.0),
    ) {
        agrees(Action::Delete, &lawful(events), percent)?;
    }

    #[test]
    fn the_missing_of_a_reading_are_doubted_like_the_absent_of_a_deletion(
        events in prop::collection::vec((1_u64..300, verdicts(20)), 0..600),
        percent in prop::option::of(40.0..100.0),
    ) {
        let events = events.into_iter().map(|(line, verdict)| (line, verdict, false)).collect();
        agrees(Action::Get, &lawful(events), percent)?;
    }
}

fn absent(lines: std::ops::RangeInclusive<u64>) -> Vec<Event> {
    lines.map(|line| (line, Verdict::Absent, false)).collect()
}

#[test]
fn below_fifty_answers_the_guard_is_quiet() {
    assert_eq!(past_of(&absent(1..=49), MaxAbsent::Percent(95.0)).settled.len(), 49);
    assert_eq!(past_of(&absent(1..=50), MaxAbsent::Percent(95.0)).settled.len(), 0);
    assert_eq!(past_of(&absent(1..=50), MaxAbsent::Off).settled.len(), 50);
}

#[test]
fn what_was_on_the_wire_when_the_guard_tripped_is_doubted_too() {
    let past = past_of(&absent(1..=450), MaxAbsent::Percent(95.0));
    assert_eq!((past.settled.len(), past.answered.len(), past.tally.total()), (0, 0, 0));
    assert!(past.absent.is_empty());
    assert_eq!(past.sent, 450, "the canary was served by them all the same");
}

#[test]
fn a_lost_answer_says_nothing_about_the_key() {
    let lost: Vec<_> = (1..=100).map(|line| (line, Verdict::Absent, true)).collect();
    let past = past_of(&lost, MaxAbsent::Percent(95.0));
    assert_eq!((past.settled.len(), past.answered.len()), (100, 0));
}

#[test]
fn a_mended_run_that_dies_half_way_forgets_nobody() {
    let mut events = absent(1..=60);
    events.extend((1..=11).map(|line| (line, Verdict::Deleted, false)));
    let past = past_of(&events, MaxAbsent::Percent(95.0));
    assert_eq!(past.settled.len(), 11);
    assert_eq!(past.answered.len(), 11);
    events.extend((12..=60).map(|line| (line, Verdict::Deleted, false)));
    assert_eq!(past_of(&events, MaxAbsent::Percent(95.0)).settled.len(), 60);
}

/// Once, the doubts about the first try were forgotten as well when the guard was turned off after the second one: whom the
/// first key could not see, and the second one had not yet come to, stayed un-erased.
#[test]
fn to_turn_the_guard_off_vouches_for_the_last_try_alone() {
    let mut events = absent(1..=68);
    assert_eq!(past_of(&events, MaxAbsent::Off).settled.len(), 68);
    events.extend(absent(1..=50));
    assert_eq!(past_of(&events, MaxAbsent::Percent(95.0)).settled.len(), 0);
    let past = past_of(&events, MaxAbsent::Off);
    assert_eq!((past.settled.len(), past.settled.highest()), (50, Some(50)));
    assert_eq!(past_of(&events, MaxAbsent::Percent(99.9)).settled.len(), 0);
    events.extend(absent(51..=68));
    assert_eq!(past_of(&events, MaxAbsent::Off).settled.len(), 68);
}

/// Once, the second try's own trip was forgotten with the first line about a row that the first try had doubted as well:
/// that row, on the wire when the guard tripped again, stayed un-erased for ever.
#[test]
fn two_tries_with_the_wrong_key_leave_nobody_behind() {
    let mut events = absent(1..=55);
    events.extend(absent(1..=55));
    assert_eq!(past_of(&events, MaxAbsent::Percent(95.0)).settled.len(), 0);
    events.extend(absent(1..=53));
    assert_eq!(past_of(&events, MaxAbsent::Percent(95.0)).settled.len(), 0);
    events.extend((1..=55).map(|line| (line, Verdict::Deleted, false)));
    assert_eq!(past_of(&events, MaxAbsent::Percent(95.0)).settled.len(), 55);
}

#[test]
fn a_row_with_a_final_word_has_no_second_line() {
    for verdict in [Verdict::Deleted, Verdict::Refused, Verdict::Invalid, Verdict::Duplicate] {
        let disk = journal_of(
            Action::Delete,
            &[(7, verdict, false), (8, Verdict::Deleted, false), (7, Verdict::Deleted, false)],
        );
        let options = ScanOptions { max_absent: MaxAbsent::Off, with_replay: false };
        let error = scan(&disk, options).unwrap_err();
        assert_eq!(error.exit(), Exit::Data);
        assert!(error.what().starts_with("line 4 of results.csv"), "{error}");
    }
}
