//! The only place that sleeps: on Tokio's clock, so that a paused one rules it.

use tokio::time::Instant;

/// Sleeps until a moment of Tokio's clock.
#[expect(clippy::disallowed_methods, reason = "the one door to sleeping; everybody else comes here")]
pub(super) async fn sleep_until(deadline: Instant) {
    tokio::time::sleep_until(deadline).await;
}
