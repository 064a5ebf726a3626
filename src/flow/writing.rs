//! The calls of a row that writes fields: create, update, upsert. Pure: a fact in, the next step out.
//!
//! It cannot go round in circles: a name that was taken is resolved once, and the second time ends it.

use crate::domain::{Action, Call, Fact, Operation, Slot};

use super::{Options, step::Step};

/// Where a writing journey stands.
#[derive(Debug)]
pub(super) struct Writing {
    action: Action,
    first: Call,
    compare: bool,
    taken: bool,
}

impl Writing {
    /// `usual` is the API's own first call for such a row: the writing itself, or a look where a name must be resolved.
    pub(super) const fn new(options: &Options, action: Action, usual: Call) -> Self {
        let compares = options.compare && matches!(usual.operation, Operation::Update);
        let operation = if compares { Operation::Compare } else { usual.operation };
        Self { action, first: Call { operation, slot: usual.slot }, compare: options.compare, taken: false }
    }

    pub(super) const fn first(&self) -> Call {
        self.first
    }

    /// Another one was found to have the name of the one to be created.
    pub(super) const fn met_another(&self) -> bool {
        self.taken
    }

    /// What follows from a fact that a call brought.
    pub(super) fn on(&mut self, fact: Fact, call: Call) -> Step {
        match fact {
            Fact::Found => self.found(call),
            Fact::Absent => self.absent(call.operation),
            Fact::Taken(_) if std::mem::replace(&mut self.taken, true) => Step::Arrive(fact),
            Fact::Taken(name) => Step::Go(self.resolution(name)),
            Fact::Created | Fact::Updated | Fact::Same | Fact::Deleted => Step::Arrive(fact),
        }
    }

    /// By the id with which it was found: the other one is not there.
    const fn found(&self, Call { operation, slot }: Call) -> Step {
        let is_compared = matches!(operation, Operation::Compare);
        let creates = matches!(self.action, Action::Create);
        let next = match (creates, is_compared) {
            (true, true) => return Step::Arrive(Fact::Found),
            (false, _) if is_compared || !self.compare => Operation::Update,
            (true, false) | (false, _) => Operation::Compare,
        };
        Step::Go(Call { operation: next, slot })
    }

    /// An answer to the creation itself that says so is about something that the row names, and is final.
    const fn absent(&self, operation: Operation) -> Step {
        if matches!(operation, Operation::Create) || matches!(self.action, Action::Update) {
            return Step::Arrive(Fact::Absent);
        }
        Step::Go(Call { operation: Operation::Create, slot: Slot::Primary })
    }

    /// Who has the name: an upsert begins anew, and meets whoever was made meanwhile.
    const fn resolution(&self, name: Slot) -> Call {
        match self.action {
            Action::Create => Call { operation: Operation::Compare, slot: name },
            Action::Update | Action::Upsert | Action::Delete | Action::Get | Action::Verify => self.first,
        }
    }
}
