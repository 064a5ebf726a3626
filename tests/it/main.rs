//! One test binary: the rooms one by one, the laws on a paused clock, and the real front door.

mod cli;
mod deploy;
mod front_door;
mod fuzzed;
mod hostile;
mod house;
mod laws;
mod memory;
mod readme;
mod remote;
mod report;
mod sandbox;
mod scenarios;
mod security;
mod source;
mod support;
