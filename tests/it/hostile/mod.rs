//! Servers that mean harm, or are broken past belief: none holds a row beyond its timeout, none fills the memory, none
//! gets the key sent anywhere else.
//!
//! Each hangs on nothing but what it was told to do, and stops by itself: when the client has hung up.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod answers;
mod echoes;
mod floods;
mod goodbyes;
mod h2;
mod program;
mod server;
mod stage;
mod tls;

/// A key that must show up nowhere but on the wire.
const KEY: &str = "secret_live_do_not_show";
