//! The not-found guard across tries: a wrong key stops, and nobody stays behind once it is mended.

use std::time::Duration;

use tollgate::flow::{Ending, MaxAbsent, Options, Rate, Trip};

use crate::{
    chance::Chance,
    history::{finish, tell},
    judge::{Judge, ids},
    machine::{End, Machine, wait},
    model::beginning,
    naive,
    plan::{Fate, Plan},
    rows::{Nature, Rows},
    support::remote::{Manner, Phase, ScriptedRemote},
};

/// As the command line has it.
const GUARDED: MaxAbsent = MaxAbsent::Percent(95.0);

/// Long after the last try with the wrong key.
const MENDED: Duration = Duration::from_secs(1_000_000);

/// A pace at which what a death costs is far below the fifty answers that the guard waits for.
fn guarded<'a>(plan: &'a Plan, remote: &'a ScriptedRemote, chance: &mut Chance) -> Machine<'a> {
    let machine = Machine::new(plan, &plan.rows, remote);
    let rate = Rate::per_second(chance.share().mul_add(50.0, 10.0)).expect("a rate");
    let options = Options { rate, burst: rate.default_burst(), max_absent: GUARDED, ..machine.options.clone() };
    Machine { options, ..machine }
}

/// Nobody is found until the key is mended.
fn under_the_wrong_key(chance: &mut Chance, rows: Rows) -> Plan {
    let latency = Duration::from_millis(chance.within(0, 200));
    let phases = vec![Phase::all(Duration::ZERO, latency, Manner::Lying), Phase::calm(MENDED, latency)];
    Plan { phases, writing: Duration::ZERO, ..Plan::calm(chance, rows) }
}

fn deaths(chance: &mut Chance, below: u64) -> Vec<Fate> {
    (0..chance.within(0, below)).map(|_| Fate::death(chance)).collect()
}

/// An undisturbed try under the wrong key.
async fn is_stopped(judge: &Judge<'_>) {
    let attempt = judge.attempt(&Fate::default()).await;
    let is_the_guard = matches!(attempt.end, End::Closed(Ending::Guard(Trip::Absent { .. })));
    assert!(is_the_guard, "{:?}", attempt.end);
    let sent = judge.machine.remote.log().len() - attempt.from;
    // Whoever left the wire at the very instant of the trip may have made room for another one.
    let on_the_wire = 2 * judge.machine.options.width.get() as usize;
    assert!(sent <= 50 + on_the_wire, "{sent} were sent under the wrong key");
}

/// Nobody is left, and who is said to have been absent was erased before, or was never there.
fn everybody_is_erased(judge: &Judge<'_>) {
    let rows = judge.machine.rows;
    judge.the_end_is_that_of_an_undisturbed_run(beginning(rows));
    let journal = naive::journal(&judge.machine.disk);
    let log = judge.machine.remote.log();
    for (line, word) in journal.last_words() {
        let entry = rows.entries.iter().find(|entry| entry.line == line).expect("a line is about a row");
        let erased = log.iter().filter(|sent| sent.applied && ids(sent) == entry.ids).count();
        assert_eq!(erased, usize::from(rows.exists_at_first(&entry.ids[0])), "line {line}");
        assert!(word.outcome == "deleted" || word.outcome == "absent", "line {line} is {}", word.outcome);
    }
}

#[test]
fn with_the_mended_key_everybody_is_erased() {
    for seed in 0..60 {
        let mut chance = Chance::of(seed);
        let gone: Vec<_> = (0..chance.place(6)).map(|_| (chance.place(60), Nature::Gone)).collect();
        let count = 60 + chance.place(50);
        let plan = under_the_wrong_key(&mut chance, Rows::alike(count, Nature::Here, &gone));
        tell(async {
            let remote = ScriptedRemote::new(plan.script());
            let machine = guarded(&plan, &remote, &mut chance);
            let judge = Judge::new(&machine);
            for fate in deaths(&mut chance, 4) {
                judge.attempt(&fate).await;
            }
            is_stopped(&judge).await;
            wait(MENDED).await;
            for fate in deaths(&mut chance, 3) {
                judge.attempt(&fate).await;
            }
            finish(&plan, &judge).await;
            everybody_is_erased(&judge);
        });
    }
}

#[test]
fn without_the_guard_what_was_absent_stays_so() {
    for seed in 0..60 {
        let mut chance = Chance::of(seed);
        let rows = Rows::alike(60 + chance.place(50), Nature::Gone, &[]);
        let plan = Plan { writing: Duration::ZERO, ..Plan::calm(&mut chance, rows) };
        tell(async {
            let remote = ScriptedRemote::new(plan.script());
            let stopped = guarded(&plan, &remote, &mut chance);
            is_stopped(&Judge::new(&stopped)).await;
            let options = Options { max_absent: MaxAbsent::Off, ..stopped.options.clone() };
            let machine = Machine { options, disk: stopped.disk.clone(), ..stopped.anew() };
            let judge = Judge::new(&machine);
            for fate in deaths(&mut chance, 3) {
                judge.attempt(&fate).await;
            }
            finish(&plan, &judge).await;
            everybody_is_erased(&judge);
        });
    }
}

#[test]
fn a_run_that_was_stopped_says_whom_it_doubts_only_until_the_key_is_mended() {
    let mut chance = Chance::of(3);
    let plan = under_the_wrong_key(&mut chance, Rows::alike(80, Nature::Here, &[]));
    tell(async {
        let remote = ScriptedRemote::new(plan.script());
        let machine = guarded(&plan, &remote, &mut chance);
        let judge = Judge::new(&machine);
        is_stopped(&judge).await;
        wait(MENDED).await;
        let half = judge.attempt(&Fate { dies_at: Some(Duration::from_millis(900)), ..Fate::default() }).await;
        let erased = remote.log()[half.from..].iter().filter(|sent| sent.applied).count();
        assert!((5..75).contains(&erased), "{erased} were erased before it died");
        finish(&plan, &judge).await;
        everybody_is_erased(&judge);
    });
}
