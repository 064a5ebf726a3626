//! A rate limit as the vendor describes his: a sustained rate, evenly smoothed, that absorbs a short burst.
//!
//! A pure function of instants: the token bucket as its own arithmetic (GCRA), one instant of state.

use std::time::Duration;

use tokio::time::Instant;

use super::Throttle;

/// A bucket of `burst` tokens, at least one, refilled at `per_second`.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    interval: Duration,
    /// How long the bucket takes to fill up from its last token.
    slack: Duration,
    /// When the bucket will be full again.
    full_at: Option<Instant>,
}

impl Bucket {
    /// A full one.
    pub(super) fn full(limit: Throttle) -> Self {
        let interval = Duration::try_from_secs_f64(1.0 / limit.per_second).unwrap_or(Duration::MAX);
        Self { interval, slack: interval.saturating_mul(limit.burst.saturating_sub(1)), full_at: None }
    }

    /// Takes one token, or tells after how long there will be one; a refusal costs nothing.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let full_at = self.full_at.map_or(now, |at| at.max(now));
        let wait = full_at.duration_since(now).saturating_sub(self.slack);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.full_at = Some(full_at.checked_add(self.interval).unwrap_or(full_at));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn limit(per_second: f64, burst: u32) -> Throttle {
        Throttle { per_second, burst, retry_after: true }
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_bucket_gives_its_burst_at_once_and_then_one_per_interval() {
        let mut bucket = Bucket::full(limit(10.0, 3));
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(bucket.take(start), Ok(()));
        }
        assert_eq!(bucket.take(start), Err(Duration::from_millis(100)));
        tokio::time::advance(Duration::from_millis(99)).await;
        assert_eq!(bucket.take(Instant::now()), Err(Duration::from_millis(1)));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(bucket.take(Instant::now()), Ok(()));
        assert_eq!(bucket.take(Instant::now()), Err(Duration::from_millis(100)));
    }

    #[test]
    fn a_lull_saves_up_no_more_than_the_burst() {
        let mut bucket = Bucket::full(limit(100.0, 5));
        let start = Instant::now();
        assert_eq!(bucket.take(start), Ok(()));
        let later = start + Duration::from_hours(1);
        assert_eq!((0..100).filter(|_| bucket.take(later).is_ok()).count(), 5);
    }

    #[test]
    fn a_burst_of_zero_is_a_burst_of_one() {
        let mut bucket = Bucket::full(limit(1.0, 0));
        let start = Instant::now();
        assert_eq!(bucket.take(start), Ok(()));
        assert_eq!(bucket.take(start), Err(Duration::from_secs(1)));
    }

    proptest! {
        #[test]
        fn never_more_than_the_rate_and_the_burst(
            per_second in 1u32..2000,
            burst in 1u32..50,
            gaps in prop::collection::vec(0u64..20_000, 1..400),
        ) {
            let mut bucket = Bucket::full(limit(f64::from(per_second), burst));
            let start = Instant::now();
            let (mut at, mut taken) = (Duration::ZERO, 0u32);
            for gap in gaps {
                at += Duration::from_micros(gap);
                taken += u32::from(bucket.take(start + at).is_ok());
                let permitted = f64::from(burst) + at.as_secs_f64() * f64::from(per_second);
                prop_assert!(f64::from(taken) <= permitted + 1e-3);
            }
        }

        #[test]
        fn waiting_as_told_is_enough(per_second in 1u32..2000, burst in 1u32..20) {
            let mut bucket = Bucket::full(limit(f64::from(per_second), burst));
            let start = Instant::now();
            let mut now = start;
            for _ in 0..100 {
                if let Err(wait) = bucket.take(now) {
                    now += wait;
                    prop_assert_eq!(bucket.take(now), Ok(()));
                }
            }
        }
    }
}
