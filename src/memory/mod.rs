//! What a sync sent last time, and who must not come back.
//!
//! Promises: what it says was sent is at the API, as far as answers tell; a crash costs a repeated call, never a missed
//! one. It holds keyed hashes of what was said, and the ids of those who may have a profile (which are personal data:
//! its directory is private); it knows neither the API nor how rows are read.

mod about;
mod asking;
mod awaited;
mod baseline;
mod complete;
mod entry;
mod erased;
mod files;
mod links;
mod listed;
mod persons;
mod place;
mod recollection;
mod remembering;
mod sayings;
mod sent;
mod sheet;
mod sorting;
mod store;
mod suppress;

pub use about::LastSync;
pub use baseline::Baseline;
pub use complete::{Leaver, Leavers};
pub use recollection::Recollection;
pub use sent::Memory;
pub use sheet::{Sheet, SheetFile};
pub use suppress::SuppressList;
