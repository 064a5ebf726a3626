//! How the flow shall behave: complete and checked, no `Option` that means "default".

use std::{num::NonZeroU32, time::Duration};

/// A pace: so many requests per period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    per_second: f64,
}

impl Rate {
    /// The highest pace that can be asked for, per second: above it the timer's grain is the limit.
    pub const MAX_PER_SECOND: f64 = 1_000_000.0;
    /// The lowest: one request an hour.
    pub const MIN_PER_SECOND: f64 = 1.0 / 3600.0;

    /// Requests per second, within the bounds above.
    ///
    /// # Errors
    /// One sentence when it is out of bounds.
    pub fn per_second(per_second: f64) -> Result<Self, String> {
        if (Self::MIN_PER_SECOND..=Self::MAX_PER_SECOND).contains(&per_second) {
            Ok(Self { per_second })
        } else {
            Err(format!("a rate must lie between one an hour and {} a second", Self::MAX_PER_SECOND))
        }
    }

    /// Requests per second.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.per_second
    }

    /// `20/s`, `600/m`, `3600/h`; a bare number is per second.
    ///
    /// # Errors
    /// One sentence about what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a rate such as 20/s or 600/m");
        let (count, seconds) = match text.trim().split_once('/') {
            None => (text.trim(), 1.0),
            Some((count, "s")) => (count, 1.0),
            Some((count, "m")) => (count, 60.0),
            Some((count, "h")) => (count, 3600.0),
            Some(_) => return Err(wrong()),
        };
        let count: f64 = count.trim().parse().map_err(|_| wrong())?;
        Self::per_second(count / seconds)
    }

    /// How many requests may leave at once after a lull: a twentieth of a second's worth, at least one. Burst 1 loses
    /// a tenth of the pace to the timer's grain (measured: 541/s at 600/s); the vendor absorbs only short bursts.
    #[must_use]
    pub fn default_burst(self) -> NonZeroU32 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by MAX_PER_SECOND / 20")]
        let burst = (self.per_second / 20.0).floor() as u32;
        NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN)
    }
}

/// When too many rows end badly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxErrors {
    /// So many refused and failed rows stop the run.
    Count(u64),
    /// So many per cent of the answered rows, from 100 answered on.
    Percent(f64),
}

/// When too many of the first answered rows are `absent`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxAbsent {
    /// At or above so many per cent of the first 200 answered rows, from 50 on.
    Percent(f64),
    /// The guard is off.
    Off,
}

impl MaxAbsent {
    /// Unless somebody asks for something else.
    pub const USUAL: Self = Self::Percent(95.0);
}

/// How the flow shall behave.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The permitted pace, for every request of any kind.
    pub rate: Rate,
    /// How many may leave at once after a lull.
    pub burst: NonZeroU32,
    /// The most requests on the wire at once.
    pub width: NonZeroU32,
    /// Attempts that may count against one row before it is `failed`.
    pub max_attempts: NonZeroU32,
    /// How long one attempt may take, answer and body included.
    pub timeout: Duration,
    /// The longest pause that the API may ask for.
    pub max_hold: Duration,
    /// How long an outage may last before the run leaves.
    pub give_up_after: Duration,
    /// How long the run may last; [`Duration::MAX`] when unbounded.
    pub max_duration: Duration,
    /// How long requests on the wire are awaited after the first signal.
    pub grace: Duration,
    /// How many rows go alone at the beginning of a run.
    pub canary: u64,
    /// The most rows that may be taken in for deletion; `u64::MAX` when unbounded.
    pub max_delete: u64,
    /// The most profiles that may be created; `u64::MAX` when unbounded.
    pub max_create: u64,
    /// The most rows that may be taken in for a change of any kind; `u64::MAX` when unbounded.
    pub max_changes: u64,
    /// Several rows of one identity all count, in file order: after one that is `failed`, the later ones fail without a
    /// call, so that none of them is overtaken by a retry.
    pub in_order: bool,
    /// Hold each row against what the API returns, and send an update only where they differ.
    pub compare: bool,
    /// Look at each profile before it is deleted.
    pub look: bool,
    /// Look so long after each deletion whether the profile is gone; `None`: the deletion's own answer is enough.
    pub verify_after: Option<Duration>,
    /// When too many rows end badly.
    pub max_errors: MaxErrors,
    /// When too many rows are not there.
    pub max_absent: MaxAbsent,
    /// Seeds the jitter.
    pub seed: u64,
}
