//! Calls out: an API is a description (TOML), compiled once into a plan; nothing of it is interpreted per row.
//!
//! Promises: the key stands in no error, log line or redirect, and in no evidence even where the API repeats it; one call
//! of [`crate::flow::Remote::send`] is one request on the wire; only an answer that carries the API's own shape settles a
//! row. It neither paces nor retries.

mod address;
mod body;
mod client;
mod description;
mod field;
mod judge;
mod key;
mod options;
mod plan;
mod retry_after;
mod seat;
mod transport;
mod wire;
mod writing;
mod written;

pub use client::Client;
pub use description::{Carriage, Description, Endpoint, ErrorBodyRules, ErrorRules, IdentityKind, Owner, Sends, Shape};
pub use field::FieldPath;
pub use key::warn_if_readable_by_others;
pub use options::{ApiName, ClientIdentity, KeySource, Options};
pub use seat::{PLACEHOLDER, Seat};
pub use written::Written;
