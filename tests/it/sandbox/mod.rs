//! The stand-in as its clients see it, byte by byte over real loopback connections.

#![cfg(test)]

mod client;
mod contract;
mod crafter;
mod described;
mod journal;
mod life;
mod trouble;
