//! A few rows of many, each with equal odds.
//!
//! Promises: the same rows for the same seed and input; constant memory. It does not know which rows are offered.

use crate::domain::{Dice, Identity, Sample};

/// How many rows are chosen, at most.
const SAMPLES: usize = 200;

/// The rows chosen so far.
pub(super) struct Reservoir {
    offered: u64,
    chosen: Vec<Sample>,
    dice: Dice,
}

impl Reservoir {
    pub(super) fn seeded(seed: u64) -> Self {
        Self { offered: 0, chosen: Vec::new(), dice: Dice::seeded(seed) }
    }

    /// Keeps each row with equal odds, so that the samples are spread evenly.
    pub(super) fn offer(&mut self, line: u64, identity: &Identity) {
        self.offered += 1;
        if self.chosen.len() < SAMPLES {
            return self.chosen.push(Sample { line, identity: identity.clone() });
        }
        let place = usize::try_from(self.dice.below(self.offered)).ok();
        if let Some(slot) = place.and_then(|place| self.chosen.get_mut(place)) {
            *slot = Sample { line, identity: identity.clone() };
        }
    }

    /// The rows chosen, in file order.
    pub(super) fn samples(mut self) -> Vec<Sample> {
        self.chosen.sort_unstable_by_key(|sample| sample.line);
        self.chosen
    }
}
