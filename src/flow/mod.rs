//! The one loop: places, gate, retry, health, order, guards, stop.
//!
//! Promises: never above the permitted pace, whatever the kind of request; never more than `width` on the wire;
//! exactly one outcome, or "unsettled", for every row taken in. It does not know which API it speaks to, where
//! rows come from, or where outcomes go: see the ports.

mod arrival;
mod clock;
mod deletion;
mod ending;
mod engine;
mod event;
mod gate;
mod guards;
mod health;
mod house;
mod investigation;
mod itinerary;
mod journey;
mod options;
mod order;
mod pace;
mod ports;
mod retry;
mod shift;
mod stats;
mod step;
mod walk;
mod ways;
mod writing;

pub use ending::Ending;
pub use engine::{Engine, Looked, Report};
pub use guards::Trip;
pub use options::{MaxAbsent, MaxErrors, Options, Rate};
pub use ports::{Intake, IntakeLost, Ledger, LedgerLost, Pulse, Register, Remote, Renewal, Signal, Spectator};
pub use shift::Account;
pub use stats::Figures;
