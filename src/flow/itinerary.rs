//! Which calls lead to a row's goal. Pure: a fact in, the next step out.

use crate::domain::{Action, Call, Fact, Slot};

use super::{Options, deletion::Deletion, step::Step, writing::Writing};

/// Where a journey stands.
#[derive(Debug)]
pub(super) enum Itinerary {
    /// One call, and whatever it says is the end.
    Plain(Call),
    /// It shall be seen whether anybody is there, by each of two ids.
    Verification(Call),
    /// The profile shall go.
    Deletion(Deletion),
    /// The profile shall have the row's fields.
    Writing(Writing),
}

impl Itinerary {
    /// What a row's action asks for, where `usual` is the call that the API's description begins with, and the row has
    /// `two` ids or one. `erased`: the API said in an earlier try that it deleted the profile.
    pub(super) const fn of(options: &Options, action: Action, usual: Call, two: bool, erased: bool) -> Self {
        match action {
            Action::Delete => Self::Deletion(Deletion::new(options, usual, erased)),
            Action::Create | Action::Update | Action::Upsert => Self::Writing(Writing::new(options, action, usual)),
            Action::Verify if two => Self::Verification(usual),
            Action::Get | Action::Verify => Self::Plain(usual),
        }
    }

    pub(super) const fn first(&self) -> Call {
        match self {
            Self::Plain(call) | Self::Verification(call) => *call,
            Self::Deletion(deletion) => deletion.first(),
            Self::Writing(writing) => writing.first(),
        }
    }

    /// The API said that it deleted the profile, in this try or an earlier one.
    pub(super) const fn is_erased(&self) -> bool {
        match self {
            Self::Deletion(deletion) => deletion.is_erased(),
            Self::Plain(_) | Self::Verification(_) | Self::Writing(_) => false,
        }
    }

    /// It is a look that shows that the profile is gone.
    pub(super) const fn is_confirmed_by_a_look(&self) -> bool {
        match self {
            Self::Deletion(deletion) => deletion.is_confirmed_by_a_look(),
            Self::Plain(_) | Self::Verification(_) | Self::Writing(_) => false,
        }
    }

    /// Another one was found to have the name of the one to be created.
    pub(super) const fn met_another(&self) -> bool {
        match self {
            Self::Writing(writing) => writing.met_another(),
            Self::Plain(_) | Self::Verification(_) | Self::Deletion(_) => false,
        }
    }

    /// What follows from a fact that a call brought.
    pub(super) fn on(&mut self, fact: Fact, call: Call) -> Step {
        match self {
            Self::Plain(_) => Step::Arrive(fact),
            Self::Verification(_) => match (fact, call.slot) {
                (Fact::Found, Slot::Primary) => Step::SeeBeside(Call { slot: Slot::Fallback, ..call }),
                (fact, _) => Step::Arrive(fact),
            },
            Self::Deletion(deletion) => deletion.on(fact, call),
            Self::Writing(writing) => writing.on(fact, call),
        }
    }
}
