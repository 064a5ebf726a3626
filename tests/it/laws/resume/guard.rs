//! The not-found guard across tries: a wrong key stops, and nobody stays behind once it is mended.

use std::time::Duration;

use proptest::{collection::vec, prelude::*};
use tollgate::flow::{Ending, MaxAbsent, Trip};

use super::{
    Setting, deaths, hashing, naive,
    people::{Nature, People},
    settings,
    story::{End, Fate, GUARDED, Story, tell, wait},
    watch::{Watch, ids},
};
use crate::{
    laws::millis,
    support::remote::{Manner, Phase, ScriptedRemote},
};

/// Long after the last try with the wrong key.
const MENDED: Duration = Duration::from_secs(1_000_000);

/// A pace at which what a death costs is far below the fifty answers that the guard waits for.
fn modest() -> impl Strategy<Value = Setting> {
    (settings(), 10.0..60.0).prop_map(|(setting, per_second)| Setting {
        per_second,
        writing: Duration::ZERO,
        ..setting
    })
}

fn is_the_guard(end: &End) -> bool {
    matches!(end, End::Closed(Ending::Guard(Trip::Absent { .. }), None))
}

/// An undisturbed try under the wrong key.
async fn is_stopped(watch: &Watch<'_>) {
    let attempt = watch.attempt(&Fate::default()).await;
    assert!(is_the_guard(&attempt.end), "{:?}", attempt.end);
    let sent = watch.story.remote.log().len() - attempt.from;
    // Whoever left the wire at the very instant of the trip may have made room for another one.
    let on_the_wire = 2 * watch.story.options.width.get() as usize;
    assert!(sent <= 50 + on_the_wire, "{sent} were sent under the wrong key");
}

fn guarded<'a>(setting: &Setting, people: &People, remote: &'a ScriptedRemote) -> Story<'a> {
    let mut story = setting.story(people, remote);
    story.options.max_absent = GUARDED;
    story
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn with_the_mended_key_everybody_is_erased(
        count in 60..110usize,
        gone in vec(0..60usize, 0..6),
        latency in 0..200u64,
        setting in modest(),
        wrong in vec(deaths(), 0..4),
        mended in vec(deaths(), 0..3),
    ) {
        let gone: Vec<_> = gone.into_iter().map(|number| (number, Nature::Gone)).collect();
        let people = People::alike(count, Nature::Here, &gone);
        let phases = vec![
            Phase::all(Duration::ZERO, millis(latency), Manner::Lying),
            Phase::calm(MENDED, millis(latency)),
        ];
        tell(async {
            let remote = ScriptedRemote::new(people.script(phases, setting.seed));
            let story = guarded(&setting, &people, &remote);
            let watch = Watch::new(&story, &people).doubting();
            for fate in &wrong {
                watch.attempt(fate).await;
            }
            is_stopped(&watch).await;
            wait(MENDED).await;
            for fate in &mended {
                watch.attempt(fate).await;
            }
            watch.finish().await;
            watch.the_end_is_that_of_an_undisturbed_run();
        });
    }

    #[test]
    fn without_the_guard_what_was_absent_stays_so(
        count in 60..110usize,
        setting in modest(),
        fates in vec(deaths(), 0..3),
    ) {
        let people = People::alike(count, Nature::Gone, &[]);
        tell(async {
            let calm = Phase::calm(Duration::ZERO, millis(20));
            let remote = ScriptedRemote::new(people.script(vec![calm], setting.seed));
            let stopped = guarded(&setting, &people, &remote);
            is_stopped(&Watch::new(&stopped, &people).doubting()).await;
            let mut story = guarded(&setting, &people, &remote);
            story.disk = stopped.disk.clone();
            story.options.max_absent = MaxAbsent::Off;
            let watch = Watch::new(&story, &people);
            for fate in &fates {
                watch.attempt(fate).await;
            }
            watch.finish().await;
            watch.the_end_is_that_of_an_undisturbed_run();
        });
    }
}

#[test]
fn a_run_that_was_stopped_says_whom_it_doubts_only_until_the_key_is_mended() {
    let people = People::alike(80, Nature::Here, &[]);
    let setting = Setting {
        per_second: 50.0,
        width: 4,
        chunk: 64,
        reading: Duration::ZERO,
        writing: Duration::ZERO,
        piped: false,
        seed: 3,
        naming: hashing(),
    };
    let phases = vec![Phase::all(Duration::ZERO, millis(20), Manner::Lying), Phase::calm(MENDED, millis(20))];
    tell(async {
        let remote = ScriptedRemote::new(people.script(phases, 3));
        let story = guarded(&setting, &people, &remote);
        let watch = Watch::new(&story, &people).doubting();
        is_stopped(&watch).await;
        wait(MENDED).await;
        let half = watch.attempt(&Fate { dies_at: Some(millis(700)), ..Fate::default() }).await;
        let erased = remote.log()[half.from..].iter().filter(|sent| sent.applied).count();
        assert!((20..50).contains(&erased), "{erased} were erased before it died");
        watch.finish().await;
        assert!(naive::journal(&story.disk).last_words().values().all(|line| line.outcome != "failed"));
        for entry in people.entries() {
            let erased = remote.log().iter().filter(|sent| sent.applied && ids(&sent.identity) == entry.ids).count();
            assert_eq!(erased, 1, "line {}", entry.line);
        }
    });
}
