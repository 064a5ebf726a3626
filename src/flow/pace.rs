//! How fast we may go just now: halved when the API protests, creeping back up to what the user permits.
//!
//! Additive increase, multiplicative decrease (Chiu and Jain, 1989): many clients of one limit converge on a fair share.

use std::{num::NonZeroU32, time::Duration};

use tokio::time::Instant;

use super::Rate;

/// The pace creeps back by this part of the permitted one a step: from half to full in 16 steps.
const STEP: f64 = 1.0 / 32.0;
/// How long a step takes.
const STEP_EVERY: Duration = Duration::from_secs(1);
/// The pace never falls below this part of the permitted one: slower than that, only a hold is an answer.
const FLOOR: f64 = 1.0 / 64.0;

/// The pace just now, never above the permitted one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    permitted: f64,
    now: f64,
    stepped: Instant,
}

impl Pace {
    pub(super) fn new(permitted: Rate, now: Instant) -> Self {
        Self { permitted: permitted.get(), now: permitted.get(), stepped: now }
    }

    /// Requests per second.
    pub(super) const fn per_second(&self) -> f64 {
        self.now
    }

    /// The part of a burst that goes with the pace just now.
    pub(super) fn share_of(&self, burst: NonZeroU32) -> NonZeroU32 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most the burst")]
        let share = (f64::from(burst.get()) * self.now / self.permitted).floor() as u32;
        NonZeroU32::new(share).unwrap_or(NonZeroU32::MIN)
    }

    pub(super) fn halve(&mut self, now: Instant) {
        self.now = (self.now / 2.0).max(self.permitted * FLOOR);
        self.stepped = now;
    }

    /// Time during which nothing could be sent teaches nothing about the pace: the next step starts after it.
    pub(super) fn pause_until(&mut self, until: Instant) {
        self.stepped = self.stepped.max(until);
    }

    /// Takes the steps that are due; tells whether the pace changed.
    pub(super) fn creep(&mut self, now: Instant) -> bool {
        if self.now >= self.permitted || now < self.stepped + STEP_EVERY {
            return false;
        }
        while now >= self.stepped + STEP_EVERY && self.now < self.permitted {
            self.now = (self.now + self.permitted * STEP).min(self.permitted);
            self.stepped += STEP_EVERY;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_to_the_floor_and_creeps_back_to_the_permitted_pace() {
        let start = Instant::now();
        let mut pace = Pace::new(Rate::per_second(64.0).unwrap(), start);
        pace.halve(start);
        assert!((pace.per_second() - 32.0).abs() < 1e-9);
        assert!(!pace.creep(start + Duration::from_millis(999)));
        assert!(pace.creep(start + Duration::from_secs(1)));
        assert!((pace.per_second() - 34.0).abs() < 1e-9);
        pace.creep(start + Duration::from_secs(100));
        assert!((pace.per_second() - 64.0).abs() < 1e-9);
        for _ in 0..20 {
            pace.halve(start);
        }
        assert!((pace.per_second() - 1.0).abs() < 1e-9);
    }
}
