//! Reading on while rows are looked at: a thread of its own for each pass that comes before the first call.
//!
//! Promises: it only saves time; whoever looks sees the same piles in the same order. At most [`PILES`] are in memory.

use std::{
    io::Read,
    sync::mpsc::channel,
    thread::{self, Builder},
};

use super::threads::no_thread;
use crate::{
    error::Error,
    source::{Pile, Readings},
};

/// Piles on their way there and back.
const PILES: usize = 8;

/// A [`crate::source::Carry`] that reads on a thread of its own. Piles go back to it and are emptied there: memory that
/// one thread takes and another gives back is dear, and so are counts that both touch.
pub(super) fn carry<R: Read + Send>(readings: &mut Readings<R>, take: &mut dyn FnMut(&Pile)) -> Result<(), Error> {
    let (hand_over, full) = channel();
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
        let reader = Builder::new().name("readings".to_owned()).spawn_scoped(scope, read);
        let reader = reader.map_err(|error| no_thread(&error))?;
        for pile in full {
            take(&pile);
            let _reader_is_done = give_back.send(pile);
        }
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
