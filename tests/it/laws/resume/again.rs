//! `--continue-from` over several tries: whoever another run settled well is not sent again.

use std::collections::HashSet;

use proptest::{collection::vec, prelude::*};
use tollgate::report::settled_elsewhere;

use super::{
    deaths, naive,
    people::{People, people},
    phases, settings,
    story::{End, FINGERPRINT_KEY, Fate, Story, tell},
    watch::{Watch, ids},
};
use crate::support::{
    disk::SimDisk,
    remote::{Phase, ScriptedRemote},
};

/// The run's directory, as the other run finds it.
fn laid_down(disk: &SimDisk) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for name in disk.list() {
        std::fs::write(directory.path().join(&name), disk.bytes(&name).expect("it is there")).expect("room");
    }
    directory
}

/// Rows that need no further request, by the old run's word.
fn settled_well(old: &People, disk: &SimDisk) -> HashSet<Vec<String>> {
    let journal = naive::journal(disk);
    let words = journal.last_words();
    let well = |line: u64, ids: &[String]| {
        let word = words.get(&line).map(|line| line.outcome.as_str());
        word == Some("deleted") || (word == Some("absent") && ids.len() == 1)
    };
    old.entries().into_iter().filter(|entry| well(entry.line, &entry.ids)).map(|entry| entry.ids).collect()
}

fn nobody_is_sent_twice(old: &People, new: &People, phases: Vec<Phase>, setting: &super::Setting, fates: [&[Fate]; 2]) {
    tell(async {
        let remote = ScriptedRemote::new(old.script(phases, setting.seed));
        let first = setting.story(old, &remote);
        for fate in fates[0] {
            first.attempt(fate).await;
        }
        if first.disk.bytes("run.json").is_none() {
            return;
        }
        let directory = laid_down(&first.disk);
        let elsewhere = settled_elsewhere(directory.path(), FINGERPRINT_KEY, &setting.naming).expect("an old run");
        let done = settled_well(old, &first.disk);
        let story = Story { elsewhere: Some(elsewhere), ..setting.story(new, &remote) };
        let watch = Watch::new(&story, new);
        let from = remote.log().len();
        for fate in fates[1] {
            if matches!(watch.attempt(fate).await.end, End::Finished) {
                break;
            }
        }
        watch.finish().await;
        for sent in &remote.log()[from..] {
            assert!(!done.contains(&ids(&sent.identity)), "{:?} was settled by the old run", ids(&sent.identity));
        }
        let journal = naive::journal(&story.disk);
        let words = journal.last_words();
        assert_eq!(words.len(), watch.entries.len(), "every row has its line");
        for entry in watch.entries.iter().filter(|entry| done.contains(&entry.ids)) {
            assert_eq!(words[&entry.line].outcome, "duplicate", "line {}", entry.line);
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_another_run_settled_well_is_not_sent_again(
        old in people(24),
        phases in phases(),
        setting in settings(),
        before in vec(deaths(), 1..3),
        after in vec(deaths(), 0..4),
    ) {
        nobody_is_sent_twice(&old, &old.with_one_more(0), phases, &setting, [&before, &after]);
    }
}
