//! Identities met before in this input.
//!
//! Promises: bounded memory under [`Dedupe::Auto`]: about 32 bytes for each of the first million identities, then
//! none. It keeps no identity, only keyed fingerprints.

use super::options::{Dedupe, Options};
use crate::domain::{Fingerprints, Identity};

/// [`Dedupe::Auto`] is on up to so many rows (of a file) or distinct identities (of stdin).
pub(super) const AUTO_LIMIT: u64 = 1_000_000;

/// Identities met before.
pub(super) struct Repeats {
    seen: Option<Fingerprints>,
    most: u64,
    gave_up: bool,
}

impl Repeats {
    /// `known_rows` as the survey counted them, for a file.
    pub(super) fn of(options: &Options, known_rows: Option<u64>) -> Self {
        let (on, most) = match (options.dedupe, known_rows) {
            (Dedupe::Off, _) => (false, 0),
            (Dedupe::On, _) => (true, u64::MAX),
            (Dedupe::Auto, Some(rows)) => (rows <= AUTO_LIMIT, u64::MAX),
            (Dedupe::Auto, None) => (true, AUTO_LIMIT),
        };
        Self { seen: on.then(|| Fingerprints::keyed(options.fingerprint_key)), most, gave_up: false }
    }

    /// Whether identities are remembered.
    pub(super) fn is_on(&self) -> bool {
        self.seen.is_some()
    }

    /// Whether there were too many identities to go on remembering them.
    pub(super) fn gave_up(&self) -> bool {
        self.gave_up
    }

    /// Remembers an identity; tells whether it is met for the first time, as far as is known.
    pub(super) fn is_new(&mut self, identity: &Identity) -> bool {
        let Some(seen) = &mut self.seen else { return true };
        let new = seen.insert(identity);
        if seen.len() as u64 > self.most {
            self.seen = None;
            self.gave_up = true;
        }
        new
    }
}
