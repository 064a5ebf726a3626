//! The built binary against the stand-in: real files, real HTTP, real signals, real kills.
//!
//! Kills and signals fire on the stand-in's counter or on a line that the program said, never on a clock.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod again;
mod aliases;
mod apis;
mod bombs;
mod clocks;
mod crafter_writing;
mod disk;
mod erasure;
mod guards;
mod hashing;
mod honesty;
mod kills;
mod missing;
mod nasty;
mod nights;
mod people;
mod pipeline;
mod prompt;
mod pruning;
mod reading;
mod resurrection;
mod rounds;
mod secrets;
mod servers;
mod several;
mod signals;
mod stdin;
mod strangers;
mod suppress;
mod trouble;
mod verifying;
mod whole;
mod writing;
