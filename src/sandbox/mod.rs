//! The stand-in: a server that answers as Adapty does, with faults on demand.
//!
//! Promises: loopback only; reproducible from its seed whatever the order in which requests arrive. It shares no
//! code with `remote`, so that a mistake there is not repeated here.

mod options;

pub use options::{Faults, Options, Population, Profile, Share, Throttle};
