//! How long to wait before a row is tried again: the only module that names `backoff`.
//!
//! `backoff` gives the growing delays; we draw uniformly from zero to the delay ("full jitter"), since its own jitter
//! cannot be seeded and exceeds the cap, and we own the loop, since its helper never ends under Retry-After.

use std::time::Duration;

use backoff::{ExponentialBackoff, backoff::Backoff};

use crate::domain::Dice;

/// The first delay is drawn from zero to this.
const FIRST: Duration = Duration::from_millis(500);
/// No delay is longer: botocore's cap in adaptive mode.
const CAP: Duration = Duration::from_secs(20);

/// The delays of one row.
#[derive(Debug)]
pub(super) struct Delays(ExponentialBackoff);

impl Default for Delays {
    fn default() -> Self {
        Self::growing(FIRST, CAP)
    }
}

impl Delays {
    /// Delays that double from `first` up to `cap`.
    pub(super) fn growing(first: Duration, cap: Duration) -> Self {
        Self(ExponentialBackoff {
            current_interval: first,
            initial_interval: first,
            max_interval: cap,
            multiplier: 2.0,
            randomization_factor: 0.0,
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        })
    }

    /// The next delay in full.
    pub(super) fn full(&mut self) -> Duration {
        self.0.next_backoff().unwrap_or(self.0.max_interval)
    }

    /// The next delay, drawn from zero to its full length.
    pub(super) fn draw(&mut self, dice: &mut Dice) -> Duration {
        self.full().mul_f64(dice.fraction())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_to_the_cap_and_jitter_never_exceeds_them() {
        let mut full = Delays::default();
        let mut drawn = Delays::default();
        let mut dice = Dice::seeded(7);
        let mut expected = FIRST;
        for _ in 0..12 {
            assert_eq!(full.full(), expected);
            assert!(drawn.draw(&mut dice) <= expected);
            expected = (expected * 2).min(CAP);
        }
    }
}
