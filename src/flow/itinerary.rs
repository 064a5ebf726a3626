//! Which calls lead to a row's goal. Pure: a fact in, the next step out.

use std::time::Duration;

use crate::domain::{Call, Fact, Operation, Slot};

use super::{Options, house::LOOK, retry::Delays};

/// How often a deleted profile is looked at before the row is given up: the second time after twice the delay, the
/// third after four times.
const VERIFYING_LOOKS: u32 = 3;
/// No delay between these looks is longer, but for the first one, which is as long as was asked for.
const VERIFYING_CAP: Duration = Duration::from_mins(1);

/// What a fact means for the journey.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is over.
    Arrive(Fact),
    /// At once.
    Go(Call),
    /// The profile was deleted, or is still there: look so much later.
    LookAfter(Duration),
}

/// Where a journey stands.
#[derive(Debug)]
pub(super) struct Itinerary {
    leg: Leg,
    erased: bool,
    verify_after: Option<Duration>,
}

#[derive(Debug)]
enum Leg {
    /// One call, and whatever it says is the end.
    Plain,
    /// Whether there is anything to delete.
    Looking,
    Deleting,
    /// Whether it is gone.
    Verifying {
        delays: Delays,
        left: u32,
    },
}

impl Itinerary {
    /// One call, and whatever it says is the end.
    pub(super) const fn plain() -> Self {
        Self { leg: Leg::Plain, erased: false, verify_after: None }
    }

    /// A deletion, with what was asked for before and after it. Where the API's `usual` first call is a look, that is the
    /// look before it; and a row that was `erased` by an earlier try is looked at first in any case: it may be gone by
    /// that.
    pub(super) const fn deletion(options: &Options, usual: Call, erased: bool) -> Self {
        let leg = if options.look || erased || !usual.operation.changes() { Leg::Looking } else { Leg::Deleting };
        Self { leg, erased, verify_after: options.verify_after }
    }

    /// The first call, where `usual` is the one that the API's description begins with.
    pub(super) const fn first(&self, usual: Call) -> Call {
        match self.leg {
            Leg::Looking => LOOK,
            Leg::Plain | Leg::Deleting | Leg::Verifying { .. } => usual,
        }
    }

    /// The API said that it deleted the profile, in this try or an earlier one.
    pub(super) const fn is_erased(&self) -> bool {
        self.erased
    }

    /// It is a look that shows that the profile is gone.
    pub(super) const fn is_confirmed_by_a_look(&self) -> bool {
        match self.leg {
            Leg::Looking | Leg::Verifying { .. } => self.erased,
            Leg::Plain | Leg::Deleting => false,
        }
    }

    /// Whether a call is what the row asks for, and not a look before or after it.
    pub(super) const fn is_the_goal(&self, operation: Operation) -> bool {
        match self.leg {
            Leg::Plain => true,
            Leg::Looking | Leg::Deleting | Leg::Verifying { .. } => operation.changes(),
        }
    }

    /// What follows from a fact that a call to this slot brought.
    pub(super) fn on(&mut self, fact: Fact, slot: Slot) -> Step {
        match (&mut self.leg, fact) {
            (Leg::Looking, Fact::Found) => {
                self.leg = Leg::Deleting;
                // By the id with which it was found: the other one is not there.
                Step::Go(Call { operation: Operation::Delete, slot })
            }
            (Leg::Deleting, Fact::Deleted) => self.deleted(),
            (Leg::Verifying { delays, left }, Fact::Found) if *left > 0 => {
                *left -= 1;
                Step::LookAfter(delays.full())
            }
            (Leg::Looking | Leg::Deleting | Leg::Verifying { .. }, Fact::Absent) if self.erased => {
                Step::Arrive(Fact::Deleted)
            }
            (Leg::Plain | Leg::Looking | Leg::Deleting | Leg::Verifying { .. }, fact) => Step::Arrive(fact),
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
