//! A store whose bytes were changed behind its back: as before, or an error that says so; never a panic.

use std::sync::LazyLock;

use proptest::prelude::*;
use tollgate::{
    domain::{Action, Outcome, Recall as _, Verdict},
    error::{Error, Exit},
    memory::Memory,
};

use super::{AGAIN, Drive, KEY, about, kinds, now, open, outcome, person, says, sync};

const PEOPLE: u32 = 40;

/// The bytes of a sound store.
static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let drive = Drive::default();
    let people: Vec<_> = (0..PEOPLE).map(|number| (person(number), "a@example.com")).collect();
    sync(&mut open(&drive), &people);
    let mut sound = Vec::new();
    drive.damage(|bytes| sound.clone_from(bytes));
    sound
});

/// All that a sync does with its memory.
fn work(drive: &Drive) -> Result<(), Error> {
    let mut memory = Memory::over(drive.clone(), &KEY, "memory", &about(), &kinds(), false)?;
    let mut recollection = memory.recollect(now(), None, AGAIN)?;
    let people: Vec<_> = (0..PEOPLE).map(person).collect();
    let fields = says("b@example.com");
    for identity in &people {
        recollection.ask(identity, Action::Update, &fields);
    }
    memory.forget(people.iter())?;
    let updated = |identity| outcome(identity, Action::Update, &fields, Verdict::Updated);
    memory.remember(&people.iter().map(updated).collect::<Vec<Outcome>>(), now())?;
    recollection.check()?;
    memory.leavers(&recollection, |_| 10)?;
    memory.complete(&recollection, u64::from(PEOPLE), now())
}

/// Fuzzing found one (`fuzz/corpus/memory/aborts-in-a-write`) over which redb panicked while it cleaned up after
/// a panic, which ends the process, in the middle of a write. A few others stand for all.
#[test]
fn no_changed_byte_ends_the_process() {
    let written: Vec<usize> = (0..SOUND.len()).filter(|at| SOUND[*at] != 0).collect();
    let told = written.into_iter().step_by(211).filter(|at| {
        let drive = Drive::default();
        drive.damage(|bytes| {
            bytes.clone_from(&SOUND);
            bytes[*at] = bytes[*at].wrapping_add(100);
        });
        work(&drive).is_err()
    });
    assert!(told.count() > 5);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn changed_bytes_are_an_error_or_nothing(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 1..64_usize), 1..24),
        kept in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let drive = Drive::default();
        drive.damage(|bytes| {
            bytes.clone_from(&SOUND);
            // Most pages of a small store were never written.
            let written: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
            for (at, by, length) in changes {
                let at = *at.get(&written);
                let end = (at + length).min(bytes.len());
                bytes[at..end].iter_mut().for_each(|byte| *byte = byte.wrapping_add(by));
            }
            if let Some(kept) = kept {
                bytes.truncate(kept.index(bytes.len()));
            }
        });
        if let Err(error) = work(&drive) {
            prop_assert!(matches!(error.exit(), Exit::Data | Exit::Config | Exit::Guard | Exit::Io), "{error}");
        }
    }
}
