//! The injected wall clock, read in one place.

use crate::domain::Moment;

/// What the wall clock says now.
#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "the one place that asks for the date")]
pub(super) fn now() -> Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
    Moment::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// When a file was last written, where the file system tells.
pub(super) fn of_file(metadata: &std::fs::Metadata) -> Option<Moment> {
    use std::os::unix::fs::MetadataExt;
    Some(Moment::from_millis(metadata.mtime().checked_mul(1000)?))
}
