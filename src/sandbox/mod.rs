//! The stand-in: a real HTTP server that answers as Adapty's server-side API does, with faults on demand.
//!
//! Promises: it listens on loopback only; GET and DELETE of a profile behave as documented, and where the
//! documentation is silent a doubtful request gets a loud, signed 400; its faults are reproducible from the seed
//! whatever the order in which requests arrive; a request takes effect when it arrives, whatever becomes of its
//! answer; the key stands in nothing that it writes. It shares no code with `remote`, so that a mistake there is not
//! repeated here. It does not know who calls it, nor what a run is.

mod adapty;
mod body;
mod desk;
mod faults;
mod handle;
mod ids;
mod journal;
mod line;
mod options;
mod received;
mod server;
mod throttle;
mod world;

pub use handle::Sandbox;
pub use options::{Faults, Options, Population, Profile, Share, Throttle};
pub use received::Received;
pub use server::serve;
