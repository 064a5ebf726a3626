//! The stand-in as its clients see it, byte by byte over real loopback connections.

#![cfg(test)]

mod adapty_writes;
mod client;
mod contract;
mod crafter;
mod crafter_writes;
mod described;
mod described_writes;
mod journal;
mod life;
mod trouble;
