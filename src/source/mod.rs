//! Rows in: a file or stdin; plain, gzip or zstd; CSV, JSON Lines or bare ids.
//!
//! Promises: every record becomes exactly one row, in order, under its physical line number; bounded memory whatever
//! the input; nothing is guessed silently. It knows no journal and no API: which columns hold ids is told to it.
//!
//! The way of a byte: `decode` unpacks it (in the pass of the `survey`, `hashed` has seen it before), `text` holds it in a window, `records` finds where its record
//! ends, `columns`, `ids` and `fields` make a row of the record, `share` says whether the row is ours, and then, in the
//! piles of `readings`, `survey` counts it and `decide` finds out whether it must be sent; `reader` hands it on. What the
//! input is at all is recognised in `open`, by `sniff`.

mod bench;
mod columns;
mod decide;
mod decision;
mod decode;
mod desk;
mod fields;
mod hashed;
mod ids;
mod json;
mod judge;
mod kin;
mod names;
mod odd;
mod open;
mod options;
mod reader;
mod readings;
mod records;
mod repeats;
mod reservoir;
mod share;
mod sniff;
mod spans;
mod stretches;
mod survey;
mod suspects;
mod text;

pub use decide::decide;
pub use decision::{Changes, Decision};
pub use hashed::Hashed;
pub use kin::{erased, kin};
pub use options::{ACTION_COLUMN, ColumnWish, Counting, Dedupe, FieldWish, Format, InputName, Options, Shard, Wish};
pub use reader::{Finish, Reader};
pub use readings::{Carry, Hashing, Pile, Readings};
pub use survey::{Survey, survey};
