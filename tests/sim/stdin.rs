//! Stdin, continued: the same bytes go on, others are refused before anything beyond what is settled is sent.

use std::time::Duration;

use tollgate::{error::Exit, flow::Signal};

use crate::{
    chance::Chance,
    history::{finish, tell},
    judge::{Judge, ids},
    machine::{End, Machine},
    model::beginning,
    naive,
    plan::{Fate, Plan},
    rows::{Nature, Rows},
    support::remote::ScriptedRemote,
};

/// How another input differs from the one that the run began with.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Difference {
    Changed,
    Swapped,
    Missing,
    Added,
}

impl Difference {
    const ALL: [Self; 4] = [Self::Changed, Self::Swapped, Self::Missing, Self::Added];

    fn of(self, rows: &Rows, place: usize, other: usize) -> Rows {
        match self {
            Self::Changed => rows.without(place).with_one_more(place),
            Self::Swapped => rows.swapped(place, other),
            Self::Missing => rows.without(place),
            Self::Added => rows.with_one_more(place),
        }
    }

    /// What stands on a line that is not settled is the same person as before.
    fn keeps_places(self) -> bool {
        match self {
            Self::Changed | Self::Swapped => true,
            Self::Missing | Self::Added => false,
        }
    }
}

/// Feeds in another input, and looks at how far it came.
async fn is_refused(machine: &Machine<'_>, other: &Rows, highest: u64) {
    let other_input = Machine { input: other.bytes(), disk: machine.disk.clone(), ..machine.anew() };
    let attempt = other_input.attempt(&Fate::default()).await;
    let End::Trouble(error) = &attempt.end else { panic!("{:?}", attempt.end) };
    assert_eq!(error.exit(), Exit::Data, "{error}");
    for sent in &machine.remote.log()[attempt.from..] {
        let below = other.entries.iter().any(|entry| entry.ids == ids(sent) && entry.line <= highest);
        assert!(below, "{:?} was sent, beyond line {highest}", ids(sent));
    }
}

async fn tries_another_input(plan: &Plan, difference: Difference, chance: &mut Chance) {
    let remote = ScriptedRemote::new(plan.script());
    let machine = Machine::new(plan, &plan.rows, &remote);
    let judge = Judge::new(&machine);
    judge.attempt(&Fate::death(chance)).await;
    let journal = naive::journal(&machine.disk);
    let (words, entries) = (journal.last_words(), &plan.rows.entries);
    let is_settled = |line| words.get(&line).is_some_and(|line| line.outcome != "failed");
    let settled: Vec<usize> = (0..entries.len()).filter(|at| is_settled(entries[*at].line)).collect();
    if settled.len() >= 2 && words.len() < entries.len() {
        let (place, other) = (chance.pick(&settled), chance.pick(&settled));
        if place != other || difference != Difference::Swapped {
            let highest = settled.iter().map(|at| entries[*at].line).max().expect("somebody is settled");
            is_refused(&machine, &difference.of(&plan.rows, place, other), highest).await;
            if !difference.keeps_places() {
                return;
            }
        }
    }
    finish(plan, &judge).await;
    judge.the_end_is_that_of_an_undisturbed_run(beginning(&plan.rows));
}

#[test]
fn another_input_is_refused_and_the_same_one_goes_on() {
    for seed in 0..200 {
        let mut chance = Chance::of(seed);
        let rows = Rows::alike(24, Nature::Here, &[(3, Nature::Gone), (5, Nature::Unwelcome)]);
        let plan = Plan { piped: true, ..Plan::calm(&mut chance, rows) };
        let difference = chance.pick(&Difference::ALL);
        tell(tries_another_input(&plan, difference, &mut chance));
    }
}

#[test]
fn an_input_that_ends_before_the_highest_settled_row_is_refused() {
    let rows = Rows::alike(6, Nature::Here, &[(1, Nature::Poison)]);
    let plan = Plan { piped: true, ..Plan::calm(&mut Chance::of(3), rows) };
    tell(async {
        let remote = ScriptedRemote::new(plan.script());
        let machine = Machine::new(&plan, &plan.rows, &remote);
        let signals = vec![(Duration::from_secs(20), Signal::Terminate)];
        machine.attempt(&Fate { signals, ..Fate::default() }).await;
        assert_eq!(naive::journal(&machine.disk).lines.len(), 5, "all but the second row are settled");
        is_refused(&machine, &plan.rows.without(5), 7).await;
    });
}
