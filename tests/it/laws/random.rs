//! Random rows, widths, rates, faults, phases and signals: the laws that hold whatever happens.

use std::{collections::HashMap, time::Duration};

use proptest::{collection::vec, prelude::*, sample::select};
use tollgate::{
    domain::{Action, Row},
    flow::{Ending, Options, Signal},
};

use super::{
    a_hold_is_kept, every_row_has_one_outcome_at_most, every_row_is_accounted_for, every_word_is_borne_out, millis,
    nothing_is_sent_after, reading::deleted_only_when_a_look_says_so, rows_of_one_person_keep_their_order, seconds,
    the_pace_is_kept,
};
use crate::support::{
    remote::{Habits, Manner, Phase, Reach, Script, Temper},
    stage::{Stage, asking, name, options, profile, repeated, row},
};

/// So few that rows share ids all the time.
const PEOPLE: usize = 24;

/// What a case is made of; a stage is built from it, since a stage is played once.
#[derive(Debug, Clone)]
struct Case {
    rows: Vec<Row>,
    missing: Vec<usize>,
    tempers: HashMap<String, Temper>,
    phases: Vec<Phase>,
    per_second: f64,
    width: u32,
    batch: usize,
    reading: Duration,
    writing: Duration,
    signals: Vec<(Duration, Signal)>,
    seed: u64,
}

impl Case {
    fn stage(&self) -> Stage {
        let mut script = Script::calm(&self.rows, Duration::ZERO);
        script.phases.clone_from(&self.phases);
        script.tempers.clone_from(&self.tempers);
        script.seed = self.seed;
        for number in &self.missing {
            script.existing.remove(&name(*number));
            script.existing.remove(&profile(*number));
        }
        let mut options = options(self.per_second, self.width);
        options.seed = self.seed;
        options.give_up_after = seconds(90);
        options.timeout = seconds(5);
        Stage {
            batch: self.batch,
            reading: self.reading,
            writing: self.writing,
            signals: self.signals.clone(),
            ..Stage::new(options, self.rows.clone(), script)
        }
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let shape = (0..10u8, 0..PEOPLE, 0..PEOPLE);
    vec(shape, 1..60).prop_map(|shapes| {
        let rows = shapes.into_iter().enumerate().map(|(index, (kind, first, second))| {
            let line = index as u64 + 2;
            match kind {
                0 => row(line, &[]),
                1 => repeated(line, &name(first)),
                2..=4 => row(line, &[&profile(first), &name(second)]),
                5 => row(line, &[&profile(first)]),
                _ => row(line, &[&name(first)]),
            }
        });
        rows.collect()
    })
}

fn manner() -> impl Strategy<Value = Manner> {
    prop_oneof![
        2 => Just(Manner::Broken),
        1 => Just(Manner::BrokenAfter),
        2 => Just(Manner::ResetBefore),
        2 => Just(Manner::ResetAfter),
        1 => Just(Manner::Hang),
        1 => Just(Manner::Unreachable),
        2 => Just(Manner::TooMany(None)),
        2 => (0..40u64).prop_map(|after| Manner::TooMany(Some(seconds(after)))),
        1 => (0..40u64).prop_map(|after| Manner::Unavailable(seconds(after))),
        1 => Just(Manner::Unsigned(404)),
        1 => Just(Manner::Unauthorized),
        1 => Just(Manner::BadRequest),
    ]
}

fn phase() -> impl Strategy<Value = Phase> {
    let reach = select(vec![Reach::All, Reach::Changes, Reach::Reads, Reach::Deletions, Reach::Creations]);
    (0..20_000u64, 0..400u64, vec((0.0..0.4, manner()), 0..3), reach).prop_map(|(from, latency, faults, reach)| {
        let calm = Phase::calm(millis(from), millis(latency));
        Phase { faults, reach, ..calm }
    })
}

pub(super) fn phases() -> impl Strategy<Value = Vec<Phase>> {
    vec(phase(), 1..4).prop_map(|mut phases| {
        phases.sort_by_key(|phase| phase.from);
        phases[0].from = Duration::ZERO;
        phases
    })
}

pub(super) fn tempers() -> impl Strategy<Value = HashMap<String, Temper>> {
    let temper = select(vec![Temper::Poison, Temper::Haunted, Temper::Unwelcome, Temper::Contested, Temper::Phantom]);
    vec((0..PEOPLE, temper), 0..3)
        .prop_map(|drawn| drawn.into_iter().map(|(number, temper)| (name(number), temper)).collect())
}

pub(super) fn habits() -> impl Strategy<Value = Habits> {
    any::<[bool; 3]>().prop_map(|[taken, names, removes]| Habits { taken, names, removes })
}

pub(super) fn signals() -> impl Strategy<Value = Vec<(Duration, Signal)>> {
    let signal = (0..15_000u64, select(vec![Signal::Interrupt, Signal::Terminate]));
    let drawn = prop_oneof![2 => Just(Vec::new()), 1 => vec(signal, 1..3)];
    drawn.prop_map(|mut drawn| {
        drawn.sort_by_key(|(at, _)| *at);
        drawn.into_iter().map(|(at, signal)| (millis(at), signal)).collect()
    })
}

fn cases() -> impl Strategy<Value = Case> {
    let world = (rows(), vec(0..PEOPLE, 0..6), tempers(), phases());
    let setting = (1.0..300.0, 1..12u32, 1..40usize, any::<u64>());
    let speed = (0..300u64, prop_oneof![3 => Just(0), 1 => 1..800u64]);
    (world, setting, speed, signals()).prop_map(
        |((rows, missing, tempers, phases), (per_second, width, batch, seed), (reading, writing), signals)| Case {
            rows,
            missing,
            tempers,
            phases,
            per_second,
            width,
            batch,
            reading: millis(reading),
            writing: millis(writing),
            signals,
            seed,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_laws_hold_whatever_happens(case in cases()) {
        let stage = case.stage();
        let options = stage.options.clone();
        let seen = stage.play();
        every_row_is_accounted_for(&seen, &case.rows);
        the_pace_is_kept(&seen, &options);
        a_hold_is_kept(&seen);
        rows_of_one_person_keep_their_order(&seen);
        if let (Ending::Stopped(_), Some((at, _))) = (&seen.report.ending, case.signals.first()) {
            nothing_is_sent_after(&seen, *at);
        }
    }

    #[test]
    fn the_laws_hold_for_every_action(
        case in cases(),
        action in select(Action::ALL.to_vec()),
        look in any::<bool>(),
        (compare, in_order) in any::<(bool, bool)>(),
        habits in habits(),
        verify_after in prop::option::of((0..5_000u64).prop_map(millis)),
    ) {
        let rows = asking(action, case.rows.clone());
        let stage = Case { rows: rows.clone(), ..case.clone() }.stage();
        let options = Options { look, verify_after, compare, in_order, ..stage.options.clone() };
        let script = Script { habits, ..stage.script.clone() };
        let seen = Stage { options: options.clone(), script, ..stage }.play();
        every_row_has_one_outcome_at_most(&seen, &rows);
        every_word_is_borne_out(&seen);
        the_pace_is_kept(&seen, &options);
        a_hold_is_kept(&seen);
        rows_of_one_person_keep_their_order(&seen);
        if !action.changes() {
            prop_assert!(seen.log.iter().all(|sent| !sent.operation.changes()), "nothing is changed");
        }
        if let (Ending::Stopped(_), Some((at, _))) = (&seen.report.ending, case.signals.first()) {
            nothing_is_sent_after(&seen, *at);
        }
        if let (Some(after), Action::Delete) = (verify_after, action) {
            deleted_only_when_a_look_says_so(&seen, after);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_run(case in cases()) {
        let (one, other) = (case.stage().play(), case.stage().play());
        prop_assert_eq!(one.report, other.report);
        prop_assert_eq!(one.outcomes, other.outcomes);
    }
}
