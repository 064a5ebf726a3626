//! # tollgate: the floor plan
//!
//! Rows arrive in a queue, pass the gate one at a time at the permitted pace, and each leaves one line.
//!
//! One path: input row → [`domain::Row`] → calls through the gate → [`domain::Outcome`] → result line.
//! Nothing flows back.
//!
//! | room | what it does | what it may know |
//! |---|---|---|
//! | [`error`] | why a run cannot go on: exit code, sentence, hint | nothing of ours |
//! | [`domain`] | row, identity, answer, outcome, tally: no I/O, no clock | `error` |
//! | [`flow`] | the one loop: places, gate, retry, health, order, guards, stop | `domain` |
//! | [`source`] | rows in: file or stdin; plain, gzip, zstd; CSV, JSON Lines, bare ids | `domain`, `flow`'s ports |
//! | [`remote`] | calls out: an API is a description, compiled once into a plan | `domain`, `flow`'s ports |
//! | [`report`] | results: the journal, its chain, what is settled, the summary | `domain`, `flow`'s ports |
//! | [`memory`] | what a sync sent last time; who must not come back | `domain`, `flow`'s ports |
//! | [`progress`] | the spectators: bar, plain lines, silence | `domain`, `flow`'s ports |
//! | [`sandbox`] | the stand-in server, with faults on demand | `domain`, `flow`'s ports |
//! | [`telemetry`] | words on stderr | `error` |
//! | [`cli`] → [`config`] | what was typed → what will be done | the rooms' option types |
//! | [`run`] | the only place that wires every room | all of them |
//!
//! Logic is synchronous, threads are adapters: the reader and the journal are plain state machines;
//! the threads that run them against real files live in [`run`].

pub mod cli;
pub mod config;
pub mod domain;
pub mod error;
pub mod flow;
pub mod memory;
pub mod progress;
pub mod remote;
pub mod report;
pub mod run;
pub mod sandbox;
pub mod source;
pub mod telemetry;
