//! The injected wall clock, read in one place.

use crate::domain::Moment;

/// What the wall clock says now.
#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "the one place that asks for the date")]
pub(super) fn now() -> Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
    Moment::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
