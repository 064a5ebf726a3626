//! Which rows are ours: `--skip`, `--limit` and `--shard`.
//!
//! Promises: `--skip` and `--limit` count the input's rows, before shards are dealt; all rows with one primary id fall
//! to one shard, in every process and version. It does not know what a row is about.

use super::options::{Options, Shard};
use crate::domain::{Digest, Subject};

/// Where a row lies with respect to `--skip` and `--limit`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Passed over.
    Before,
    /// Between the two; the shard decides.
    Within,
}

/// Our part of the rows.
pub(super) struct Share {
    skip: u64,
    end: u64,
    shard: Shard,
    met: u64,
}

impl Share {
    pub(super) fn of(options: &Options) -> Self {
        let end = options.skip.saturating_add(options.limit);
        Self { skip: options.skip, end, shard: options.shard, met: 0 }
    }

    /// Whether no further row can be ours.
    pub(super) fn is_over(&self) -> bool {
        self.met >= self.end
    }

    /// Counts one more row of the input.
    pub(super) fn count(&mut self) -> Place {
        self.met += 1;
        if self.met <= self.skip { Place::Before } else { Place::Within }
    }

    /// Counts so many more rows of the input, all of them ours.
    pub(super) fn pass(&mut self, rows: u64) {
        self.met += rows;
    }

    /// How many rows of the input have been counted, ours or not.
    pub(super) fn met(&self) -> u64 {
        self.met
    }

    /// Whether [`Share::takes`] looks at who a row is about.
    pub(super) const fn depends_on_ids(&self) -> bool {
        self.shard.count > 1
    }

    /// Whether a row is our shard's; a malformed one belongs by its line.
    pub(super) fn takes(&self, line: u64, subject: &Subject) -> bool {
        if !self.depends_on_ids() {
            return true;
        }
        let number = match subject {
            Subject::Known(identity) | Subject::Spared(identity, _) => stable(identity.primary().name().as_bytes()),
            Subject::Malformed { .. } => line,
        };
        number % u64::from(self.shard.count) == u64::from(self.shard.index)
    }
}

/// A number that stands for an id in every process: the library's own hashes may differ between versions.
fn stable(id: &[u8]) -> u64 {
    let Digest(bytes) = Digest::of(id);
    bytes[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
