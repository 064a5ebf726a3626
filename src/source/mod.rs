//! Rows in: a file or stdin; plain, gzip or zstd; CSV, JSON Lines or bare ids.
//!
//! Promises: every record becomes exactly one row, in order, under its physical line number; bounded memory whatever
//! the input; nothing is guessed silently. It knows no journal and no API: which columns hold ids is told to it.

mod options;

pub use options::{ColumnWish, Dedupe, Format, InputName, Options, Shard, Wish};
