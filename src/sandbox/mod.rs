//! The stand-in: a real HTTP server that answers as Adapty's or Crafter's API does, or as one that it is told about, with
//! faults on demand.
//!
//! Promises: it listens on loopback only; looking at a profile and deleting it behave as documented, and where the
//! documentation is silent a doubtful request is answered loudly; its faults are reproducible from the seed
//! whatever the order in which requests arrive; a request takes effect when it arrives, whatever becomes of its
//! answer; the key stands in nothing that it writes. It shares no code with `remote`, so that a mistake there is not
//! repeated here. It does not know who calls it, nor what a run is.

mod adapty;
mod body;
mod crafter;
mod described;
mod desk;
mod faults;
mod handle;
mod ids;
mod journal;
mod line;
mod options;
mod part;
mod play;
mod received;
mod server;
mod throttle;
mod world;
mod written;

pub use handle::Sandbox;
pub use options::{Faults, Options, Population, Profile, Resident, Share, Throttle, Verb};
pub use part::{Described, Encoding, Errors, Gives, NamedBy, Part, Path, Route, Seat, Takes};
pub use received::Received;
pub use server::serve;
