//! The calls of a deletion: a look before it, the deletion, looks after it. Pure: a fact in, the next step out.

use std::time::Duration;

use crate::domain::{Call, Fact, Operation};

use super::{Options, house::LOOK, retry::Delays, step::Step};

/// How often a deleted profile is looked at before the row is given up: the second time after twice the delay, the
/// third after four times.
const VERIFYING_LOOKS: u32 = 3;
/// No delay between these looks is longer, but for the first one, which is as long as was asked for.
const VERIFYING_CAP: Duration = Duration::from_mins(1);

/// Where a deletion stands.
#[derive(Debug)]
pub(super) struct Deletion {
    leg: Leg,
    first: Call,
    erased: bool,
    verify_after: Option<Duration>,
}

#[derive(Debug)]
enum Leg {
    /// Whether there is anything to delete.
    Looking,
    Deleting,
    /// Whether it is gone.
    Verifying {
        delays: Delays,
        left: u32,
    },
}

impl Deletion {
    /// With what was asked for before and after it. Where the API's `usual` first call is a look, that is the look before
    /// it; and a row that was `erased` by an earlier try is looked at first in any case: it may be gone by that.
    pub(super) const fn new(options: &Options, usual: Call, erased: bool) -> Self {
        let (leg, first) = if options.look || erased || !usual.operation.changes() {
            (Leg::Looking, LOOK)
        } else {
            (Leg::Deleting, usual)
        };
        Self { leg, first, erased, verify_after: options.verify_after }
    }

    pub(super) const fn first(&self) -> Call {
        self.first
    }

    /// The API said that it deleted the profile, in this try or an earlier one.
    pub(super) const fn is_erased(&self) -> bool {
        self.erased
    }

    /// It is a look that shows that the profile is gone.
    pub(super) const fn is_confirmed_by_a_look(&self) -> bool {
        match self.leg {
            Leg::Looking | Leg::Verifying { .. } => self.erased,
            Leg::Deleting => false,
        }
    }

    /// What follows from a fact that a call brought.
    pub(super) fn on(&mut self, fact: Fact, call: Call) -> Step {
        match (&mut self.leg, fact) {
            // Also on the way: where the second id is a name, it is looked up once the first one is not there.
            (Leg::Looking | Leg::Deleting, Fact::Found) => {
                self.leg = Leg::Deleting;
                // By the id with which it was found: the other one is not there.
                Step::Go(Call { operation: Operation::Delete, slot: call.slot })
            }
            (Leg::Deleting, Fact::Deleted) => self.deleted(),
            (Leg::Verifying { delays, left }, Fact::Found) if *left > 0 => {
                *left -= 1;
                Step::LookAfter(delays.full())
            }
            (Leg::Looking | Leg::Deleting | Leg::Verifying { .. }, Fact::Absent) if self.erased => {
                Step::Arrive(Fact::Deleted)
            }
            (Leg::Looking | Leg::Deleting | Leg::Verifying { .. }, fact) => Step::Arrive(fact),
        }
    }

    fn deleted(&mut self) -> Step {
        let Some(after) = self.verify_after else { return Step::Arrive(Fact::Deleted) };
        self.erased = true;
        let mut delays = Delays::growing(after, VERIFYING_CAP.max(after));
        let first = delays.full();
        self.leg = Leg::Verifying { delays, left: VERIFYING_LOOKS - 1 };
        Step::LookAfter(first)
    }
}
