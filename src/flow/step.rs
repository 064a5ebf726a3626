//! What a fact means for a journey.

use std::time::Duration;

use crate::domain::{Call, Fact};

/// What a fact means for the journey.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is over.
    Arrive(Fact),
    /// At once.
    Go(Call),
    /// What was found stands, and at once it is seen what the other id names.
    SeeBeside(Call),
    /// The profile was deleted, or is still there: look so much later.
    LookAfter(Duration),
}
