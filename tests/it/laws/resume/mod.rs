//! Promises 1 and 3, of the whole machine: run, kill at any byte or moment, run again = run.

use std::{cell::RefCell, num::NonZeroU32, path::Path, time::Duration};

use proptest::{collection::vec, prelude::*};
use tollgate::{
    domain::{Dice, IdKind, Naming, SecretKey},
    error::{Error, Exit},
    flow::Ending,
};

use super::millis;
use crate::support::{
    disk::SimDisk,
    remote::{Manner, Phase, ScriptedRemote},
    stage::options,
};
use people::{People, partly_unchanged};
use story::{End, Fate, Story, tell};
use watch::Watch;

mod again;
mod guard;
mod intake;
mod naive;
mod people;
mod stdin;
mod story;
mod watch;

/// The setting of a story.
#[derive(Debug, Clone)]
struct Setting {
    per_second: f64,
    width: u32,
    chunk: usize,
    reading: Duration,
    writing: Duration,
    piped: bool,
    seed: u64,
    /// How the results name ids.
    naming: Naming,
}

impl Setting {
    fn story<'a>(&self, people: &People, remote: &'a ScriptedRemote) -> Story<'a> {
        let mut options = options(self.per_second, self.width);
        options.seed = self.seed;
        options.timeout = Duration::from_secs(5);
        options.max_attempts = NonZeroU32::new(16).expect("a count");
        Story {
            remote,
            disk: SimDisk::default(),
            input: people.bytes(),
            dedupe: people.dedupe,
            // A range has no ids that a replay could be held against.
            piped: self.piped && people.unchanged().is_empty(),
            options,
            chunk: self.chunk,
            reading: self.reading,
            writing: self.writing,
            elsewhere: None,
            unchanged: people.unchanged(),
            naming: self.naming.clone(),
            dice: RefCell::new(Dice::seeded(self.seed)),
        }
    }
}

/// Under a key of its own.
fn hashing() -> Naming {
    let key = SecretKey::of_file(Path::new("key"), Ok(b"a key of more than sixteen bytes".to_vec()), "the key");
    let kinds = ["profile_id", "customer_user_id"].map(str::to_owned);
    Naming::hashed(&key.expect("it is long enough"), &kinds, Some(IdKind(0)))
}

fn settings() -> impl Strategy<Value = Setting> {
    let pace = (2.0..300.0, 1..9u32);
    let speed = (8..2_000usize, 0..100u64, prop_oneof![2 => Just(0), 1 => 1..150u64]);
    (pace, speed, any::<bool>(), any::<u64>(), any::<bool>()).prop_map(
        |((per_second, width), (chunk, reading, writing), piped, seed, hashed)| Setting {
            per_second,
            width,
            chunk,
            reading: millis(reading),
            writing: millis(writing),
            piped,
            seed,
            naming: if hashed { hashing() } else { Naming::default() },
        },
    )
}

/// Trouble that passes: whatever it does to a request, it decides no row.
fn passing() -> impl Strategy<Value = Manner> {
    prop_oneof![
        2 => Just(Manner::Broken),
        1 => Just(Manner::ResetBefore),
        3 => Just(Manner::ResetAfter),
        1 => Just(Manner::Hang),
        1 => Just(Manner::Unreachable),
        1 => Just(Manner::TooMany(None)),
        1 => (0..20u64).prop_map(|after| Manner::TooMany(Some(Duration::from_secs(after)))),
    ]
}

fn phases() -> impl Strategy<Value = Vec<Phase>> {
    let phase = (1..900u64, 0..400u64, vec((0.0..0.12, passing()), 0..3));
    vec(phase, 1..6).prop_map(|drawn| {
        let mut from = Duration::ZERO;
        let phase = |(lasts, latency, faults)| {
            let phase = Phase { faults, ..Phase::calm(from, millis(latency)) };
            from += millis(lasts);
            phase
        };
        drawn.into_iter().map(phase).collect()
    })
}

fn deaths() -> impl Strategy<Value = Fate> {
    let cause = prop_oneof![
        4 => (0..6_000u64).prop_map(|bytes| Fate { dies_after: Some(bytes), ..Fate::default() }),
        4 => (0..2_500u64).prop_map(|at| Fate { dies_at: Some(millis(at)), ..Fate::default() }),
        2 => vec(0..2_500u64, 1..3).prop_map(|mut at| {
            at.sort_unstable();
            Fate { signals: at.into_iter().map(millis).collect(), ..Fate::default() }
        }),
    ];
    (cause, any::<bool>()).prop_map(|(cause, power_cut)| Fate { power_cut, ..cause })
}

fn troubles() -> impl Strategy<Value = Fate> {
    let cause = prop_oneof![
        2 => (0..5_000u64).prop_map(|room| Fate { room: Some(room), ..Fate::default() }),
        2 => (0..1_500u64).prop_map(|at| Fate { syncs_fail_at: Some(millis(at)), ..Fate::default() }),
    ];
    let at_most = prop::option::of(1..200usize);
    (cause, at_most, any::<bool>()).prop_map(|(cause, at_most, power_cut)| Fate { at_most, power_cut, ..cause })
}

fn comes_to_the_same_end(people: &People, phases: &[Phase], setting: &Setting, fates: &[Fate]) {
    tell(async {
        let remote = ScriptedRemote::new(people.script(phases.to_vec(), setting.seed));
        let story = setting.story(people, &remote);
        let watch = Watch::new(&story, people);
        for fate in fates {
            match watch.attempt(fate).await.end {
                End::Finished => break,
                End::Trouble(error, ending) => troubled(fate, &error, ending.as_ref()),
                End::Died | End::Closed(..) => {}
            }
        }
        watch.finish().await;
        watch.the_end_is_that_of_an_undisturbed_run();
    });
}

/// A disk that fails ends the run with its own code, whatever the flow was about.
fn troubled(fate: &Fate, error: &Error, ending: Option<&Ending>) {
    assert!(fate.room.is_some() || fate.syncs_fail_at.is_some(), "the disk was well: {error}");
    assert!(matches!(error.exit(), Exit::Io | Exit::CannotCreate), "{error}");
    assert!(matches!(ending, None | Some(Ending::LedgerLost | Ending::Complete)), "{ending:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn killed_at_any_moment_it_comes_to_the_same_end(
        people in partly_unchanged(30),
        phases in phases(),
        setting in settings(),
        fates in vec(deaths(), 0..5),
    ) {
        comes_to_the_same_end(&people, &phases, &setting, &fates);
    }

    #[test]
    fn once_the_disk_is_mended_it_comes_to_the_same_end(
        people in partly_unchanged(30),
        phases in phases(),
        setting in settings(),
        fates in vec(troubles(), 1..4),
    ) {
        comes_to_the_same_end(&people, &phases, &setting, &fates);
    }
}
