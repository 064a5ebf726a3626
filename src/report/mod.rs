//! The results: one line per row, which is also the journal that the next try continues from.
//!
//! Promises: a line that was synced is settled for ever; a torn tail is recognised, never guessed at; what is not on
//! the disk is not claimed. Logic is synchronous over the `Disk` trait; it knows no API and no clock.

mod options;

pub use options::{Place, Whereabouts};
