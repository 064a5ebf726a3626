//! The results: one line per row, which is also the journal that the next try continues from.
//!
//! Promises: a line that was synced is settled for ever; a torn tail is recognised, never guessed at; what is not on
//! the disk is not claimed. Logic is synchronous over the [`Disk`] trait; it knows no API and no clock.
//!
//! A run: [`resolve`] the directory → [`scan`] what earlier tries left → [`Journal::create`] or [`Journal::resume`] →
//! [`Journal::record`] … → [`Journal::close`] → [`Summary`].

mod audit;
mod directory;
mod disk;
mod entry;
mod find;
mod journal;
mod line;
mod lock;
mod options;
mod profiles;
mod retention;
mod runfile;
mod scan;
mod settled;
mod side;
mod summary;
mod text;
mod walk;

pub use audit::{Against, Audit, Elsewhere, audit, its_naming, recorded_by, settled_elsewhere};
pub use directory::{Chosen, likely, resolve};
pub use disk::{Disk, DiskFile, RealDisk};
pub use find::{FOUND_HEADER, Found, Wanted, find};
pub use journal::{Closed, Ending, Journal, SYNC_EVERY, Synced};
pub use line::{AFTER_LOST_ANSWER, HEADER, MESSAGE_CHARACTERS, NOT_VERIFIED, RANGE_WORDS};
pub use lock::Locks;
pub use options::{Asked, Place, Whereabouts};
pub use profiles::{PROFILES, Profiles};
pub use retention::{last_complete_rows, retain};
pub use runfile::{Immutable, InputFacts, RunFile, State};
pub use scan::{Scan, ScanOptions, scan};
pub use summary::{Latency, Summary};

/// The journal's name in the run's directory.
pub const RESULTS: &str = "results.csv";
/// The name of the file about the run itself.
pub const RUN: &str = "run.json";
/// The directory of a sync's prune stage, a deletion of its own, in the sync's directory.
pub const PRUNE: &str = "prune";
/// Where torn tails are set aside.
pub const TORN: &str = "results.torn";
