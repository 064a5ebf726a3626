//! The nouns of the house: row, identity, answer, outcome, tally, and what an earlier try left behind.
//!
//! Promises: no I/O, no clock, no Tokio, no other room of ours but [`crate::error`]. Everything here is a plain
//! value that any room may hold.

mod action;
mod amount;
mod answer;
mod circles;
mod destination;
mod dice;
mod digest;
mod fields;
mod fingerprint;
mod identity;
mod kin;
mod lines;
mod moment;
mod naming;
mod outcome;
mod past;
mod print;
mod recall;
mod row;
mod say;
mod schema;
mod secret_key;
mod spelling;
mod tally;
mod task;

pub use action::Action;
pub use amount::{Amount, parse_percent};
pub use answer::{Blame, Call, Evidence, Fact, Operation, Reply, Slot, Suspicion, Word};
pub use circles::Circles;
pub use destination::Destination;
pub use dice::Dice;
pub use digest::{Digest, Hasher, HmacKey, hmac_fingerprint, random_key};
pub use fields::{Fields, Setting, Value};
pub use fingerprint::Fingerprints;
pub use identity::{Id, IdFault, IdFormat, IdKind, Identity, is_uuid};
pub use kin::Kin;
pub use lines::LineSet;
pub use moment::{Moment, parse_duration};
pub use naming::Naming;
pub use outcome::{Outcome, Verdict};
pub use past::{Answered, Before, Beginning, Decided, Past, Quiet, Recorded, ReplaySum};
pub use print::{Print, Printer, RowPrint, Suppressed};
pub use recall::{Asked, Conclusion, Known, Recall, Standing, Told};
pub use row::{Aside, Batch, Keep, Kept, Layout, Row, Sample, Span, Spared, Subject};
pub use say::{say_count, say_duration, say_number, say_quoted};
pub use schema::{Field, FieldKind, PairRules, Schema, Shape};
pub use secret_key::SecretKey;
pub use tally::Tally;
pub use task::Task;
