//! Stdin, continued: the same bytes go on, others are refused before anything beyond what is settled is sent.

use std::time::Duration;

use proptest::{prelude::*, sample::Index};
use tollgate::{error::Exit, flow::Ending};

use super::{
    Setting, deaths, hashing, naive,
    people::{Nature, People},
    settings,
    story::{End, Fate, Story, tell},
    watch::{Watch, ids},
};
use crate::{
    laws::millis,
    support::remote::{Phase, ScriptedRemote},
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
    fn of(self, people: &People, place: usize, other: usize) -> People {
        match self {
            Self::Changed => people.changed(place),
            Self::Swapped => people.swapped(place, other),
            Self::Missing => people.without(place),
            Self::Added => people.with_one_more(place),
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

fn differences() -> impl Strategy<Value = Difference> {
    prop_oneof![
        Just(Difference::Changed),
        Just(Difference::Swapped),
        Just(Difference::Missing),
        Just(Difference::Added),
    ]
}

/// Feeds in another input, and looks at how far it came.
async fn is_refused(story: &Story<'_>, other: &People, highest: u64) {
    let attempt = story.attempt(&Fate::default()).await;
    let End::Closed(Ending::IntakeLost, Some(error)) = &attempt.end else { panic!("{:?}", attempt.end) };
    assert_eq!(error.exit(), Exit::Data, "{error}");
    let entries = other.entries();
    for sent in &story.remote.log()[attempt.from..] {
        let ids = ids(&sent.identity);
        let below = entries.iter().any(|entry| entry.ids == ids && entry.line <= highest);
        assert!(below, "{ids:?} was sent, beyond line {highest}");
    }
}

fn tries_another_input(setting: &Setting, fate: &Fate, difference: Difference, places: &[Index; 2]) {
    let people = People::alike(24, Nature::Here, &[(3, Nature::Gone), (5, Nature::Unwelcome)]);
    tell(async {
        let calm = Phase::calm(Duration::ZERO, millis(60));
        let remote = ScriptedRemote::new(people.script(vec![calm], setting.seed));
        let story = setting.story(&people, &remote);
        let watch = Watch::new(&story, &people);
        watch.attempt(fate).await;
        let words = naive::journal(&story.disk);
        let words = words.last_words();
        let settled: Vec<_> =
            (0..watch.entries.len()).filter(|at| words.contains_key(&watch.entries[*at].line)).collect();
        let complete = words.len() == watch.entries.len();
        if settled.len() >= 2 && !complete {
            let (place, other) = (*places[0].get(&settled), *places[1].get(&settled));
            if place != other || difference != Difference::Swapped {
                let other = difference.of(&people, place, other);
                let highest = words.keys().copied().max().expect("somebody is settled");
                let refused =
                    Story { input: other.bytes(), disk: story.disk.clone(), ..setting.story(&people, &remote) };
                watch.begins.borrow_mut().push(remote.log().len());
                is_refused(&refused, &other, highest).await;
                if !difference.keeps_places() {
                    return;
                }
            }
        }
        watch.finish().await;
        watch.the_end_is_that_of_an_undisturbed_run();
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn another_input_is_refused_and_the_same_one_goes_on(
        setting in settings(),
        fate in deaths(),
        difference in differences(),
        places: [Index; 2],
    ) {
        tries_another_input(&Setting { piped: true, ..setting }, &fate, difference, &places);
    }
}

#[test]
fn an_input_that_ends_before_the_highest_settled_row_is_refused() {
    let people = People::alike(6, Nature::Here, &[(1, Nature::Poison)]);
    let setting = Setting {
        per_second: 50.0,
        width: 4,
        chunk: 64,
        reading: Duration::ZERO,
        writing: Duration::ZERO,
        piped: true,
        seed: 3,
        naming: hashing(),
    };
    tell(async {
        let remote = ScriptedRemote::new(people.script(vec![Phase::calm(Duration::ZERO, millis(20))], 3));
        let story = setting.story(&people, &remote);
        story.attempt(&Fate { signals: vec![Duration::from_secs(5)], ..Fate::default() }).await;
        assert_eq!(naive::journal(&story.disk).lines.len(), 5, "all but the second row are settled");
        let shorter = people.without(5);
        let refused = Story { input: shorter.bytes(), disk: story.disk.clone(), ..setting.story(&people, &remote) };
        is_refused(&refused, &shorter, 7).await;
    });
}
