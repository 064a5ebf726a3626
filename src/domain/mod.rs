//! The nouns of the house: row, identity, answer, outcome, tally, and what an earlier try left behind.
//!
//! Promises: no I/O, no clock, no Tokio, no other room of ours but [`crate::error`]. Everything here is a plain
//! value that any room may hold.

mod action;
mod answer;
mod dice;
mod digest;
mod fingerprint;
mod identity;
mod lines;
mod moment;
mod outcome;
mod past;
mod row;
mod say;
mod tally;

pub use action::Action;
pub use answer::{Blame, Call, Evidence, Fact, Operation, Reply, Slot, Suspicion, Word};
pub use dice::Dice;
pub use digest::{Digest, Hasher, hmac_fingerprint, random_key};
pub use fingerprint::Fingerprints;
pub use identity::{Id, IdFault, IdFormat, IdKind, Identity};
pub use lines::LineSet;
pub use moment::{Moment, parse_duration};
pub use outcome::{Outcome, Verdict};
pub use past::{Answered, Past, Recorded, ReplaySum};
pub use row::{Batch, Keep, Kept, Layout, Repeat, Row, Sample, Subject};
pub use say::{say_count, say_duration};
pub use tally::Tally;
