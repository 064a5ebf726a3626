//! Reading on while rows are hashed and looked at: threads of their own for each pass that comes before the first call.
//!
//! Promises: they only save time; whoever looks sees the same piles in the same order. At most [`PILES`] are in memory.

use std::{
    io::Read,
    sync::mpsc::channel,
    thread::{self, Builder},
};

use crate::{
    error::Error,
    source::{Hashing, Pile, Readings},
};

/// Piles on their way there and back.
const PILES: usize = 12;

/// A [`crate::source::Carry`] that reads on one thread and hashes on another. Piles go back to where they were filled and
/// are emptied there: memory that one thread takes and another gives back is dear, and so are counts that both touch.
pub(super) fn carry<R: Read + Send>(
    readings: &mut Readings<R>,
    hashing: &Hashing,
    take: &mut dyn FnMut(&Pile),
) -> Result<(), Error> {
    let (hand_over, filled) = channel();
    let (hand_on, hashed) = channel();
    let (give_back, empty) = channel();
    for _ in 0..PILES {
        let _never_fails = give_back.send(Pile::default());
    }
    thread::scope(move |scope| {
        let read = move || {
            for mut pile in empty {
                if !readings.next(&mut pile)? || hand_over.send(pile).is_err() {
                    break;
                }
            }
            Ok(())
        };
        let hash = move || {
            for mut pile in filled {
                hashing.work(&mut pile);
                if hand_on.send(pile).is_err() {
                    break;
                }
            }
        };
        let reader = Builder::new().name("readings".to_owned()).spawn_scoped(scope, read);
        let reader = reader.map_err(|error| Error::no_thread(&error))?;
        Builder::new()
            .name("hashing".to_owned())
            .spawn_scoped(scope, hash)
            .map_err(|error| Error::no_thread(&error))?;
        for pile in hashed {
            take(&pile);
            let _reader_is_done = give_back.send(pile);
        }
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
