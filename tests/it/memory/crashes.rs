//! The law of the memory: whenever the power goes, it never says `Same` of what is not at the API.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tollgate::domain::Dice;

use super::*;

const PEOPLE: u32 = 6;
const VALUES: [&str; 3] = ["a", "b", "c"];

#[derive(Debug, Clone)]
enum Step {
    /// Rows are forgotten, sent, and those that are said to be are remembered.
    Send(Vec<(u32, usize, bool)>),
    Complete(Vec<u32>),
    Baseline(Vec<u32>),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rows = prop::collection::vec((0..PEOPLE, 0..VALUES.len(), prop::bool::weighted(0.8)), 1..6);
    let step = prop_oneof![
        6 => rows.prop_map(Step::Send),
        1 => prop::collection::vec(0..PEOPLE, 0..4).prop_map(Step::Complete),
        1 => prop::collection::vec(0..PEOPLE, 1..4).prop_map(Step::Baseline),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..12)
}

/// What may be at the API: a call that is sent sets it, whether its result is ever learned or not.
#[derive(Default)]
struct Api(BTreeMap<u32, &'static str>);

fn take(memory: &mut Memory, step: &Step, api: &mut Api) -> Result<(), tollgate::error::Error> {
    match step {
        Step::Send(rows) => {
            let identities: Vec<Identity> = rows.iter().map(|(number, ..)| person(*number)).collect();
            memory.forget(identities.iter())?;
            for (number, value, is_remembered) in rows {
                api.0.insert(*number, VALUES[*value]);
                if *is_remembered {
                    let fields = says(VALUES[*value]);
                    memory.remember(&[outcome(&person(*number), Action::Update, &fields, Verdict::Updated)], now())?;
                }
            }
            Ok(())
        }
        Step::Complete(numbers) => {
            let mut recollection = memory.recollect(now(), None, AGAIN)?;
            for number in numbers {
                recollection.ask(&person(*number), Action::Update, &says("a"));
            }
            memory.complete(&recollection, numbers.len() as u64, now())
        }
        Step::Baseline(numbers) => {
            // Whoever says that a file was sent answers for it.
            let rows: Vec<(u32, &str)> = numbers
                .iter()
                .filter_map(|number| api.0.get_key_value(number))
                .map(|(number, value)| (*number, *value))
                .collect();
            let mut baseline = memory.baseline(now());
            for (number, value) in &rows {
                baseline.ask(&person(*number), Action::Update, &says(value));
            }
            baseline.finish(rows.len() as u64)
        }
        Step::Reopen => Ok(()),
    }
}

fn check(memory: &mut Memory, api: &Api) -> Result<(), TestCaseError> {
    for value in VALUES {
        let mut recollection = recollect(memory);
        for number in 0..PEOPLE {
            if recollection.ask(&person(number), Action::Update, &says(value)) == Known::Same {
                prop_assert_eq!(api.0.get(&number), Some(&value), "of person {}", number);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn it_never_says_same_of_what_is_not_at_the_api(steps in steps(), cut in 0_u64..400, seed: u64) {
        let drive = Drive::default();
        let mut dice = Dice::seeded(seed);
        let mut memory = Some(open(&drive));
        let mut api = Api::default();
        drive.cut_after(cut);
        for step in &steps {
            let is_well = memory.as_mut().is_some_and(|memory| take(memory, step, &mut api).is_ok());
            if !is_well || matches!(step, Step::Reopen) {
                drop(memory.take());
                if !is_well {
                    drive.restore(&mut dice);
                }
                memory = Memory::over(drive.clone(), &KEY, "memory", &about(), &kinds(), true).ok();
                if memory.is_none() {
                    drive.restore(&mut dice);
                    memory = Some(open(&drive));
                }
                check(memory.as_mut().unwrap(), &api)?;
            }
        }
        drop(memory);
        drive.restore(&mut dice);
        check(&mut open(&drive), &api)?;
    }
}

#[test]
fn what_was_remembered_and_not_forgotten_outlasts_a_power_cut() {
    let drive = Drive::default();
    let mut memory = open(&drive);
    send(&mut memory, &person(1), "a", Verdict::Updated);
    send(&mut memory, &person(2), "a", Verdict::Refused);
    sync(&mut memory, &[(person(3), "a")]);
    drive.cut_after(0);
    drop(memory);
    drive.restore(&mut Dice::seeded(1));
    let mut memory = open(&drive);
    assert_eq!(known(&mut memory, &person(1), "a"), Known::Same);
    assert_eq!(known(&mut memory, &person(2), "a"), Known::Refused);
    assert_eq!(memory.last_rows(), Some(1));
}

#[test]
fn a_store_that_cannot_be_read_prunes_nobody() {
    let drive = Drive::default();
    let mut memory = open(&drive);
    sync(&mut memory, &[(person(1), "a")]);
    drive.cut_after(0);
    let error = memory.forget(std::iter::once(&person(1))).unwrap_err();
    assert_eq!(error.exit(), tollgate::error::Exit::Io);
}
