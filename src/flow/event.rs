//! What the loop may be told: every source becomes one of these, and [`super::shift`] decides.

use tokio::time::Instant;

use super::{Ending, IntakeLost, Signal, walk::Departure};
use crate::domain::Batch;

/// Everything that the loop may be told.
pub(super) enum Event {
    Signal(Signal),
    Departed(Vec<Departure>),
    Arrived(Result<Option<Batch>, IntakeLost>),
    Pulse { now: Instant, overdue: Option<Ending> },
}
