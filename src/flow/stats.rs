//! Figures about the requests: the only module that names `hdrhistogram`.

use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::Instant;

/// How many seconds the current rate looks back.
const WINDOW: usize = 5;

/// Figures about the requests of one try.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// Requests sent, of any kind.
    pub requests: u64,
    /// Attempts that came to nothing and were repeated.
    pub retries: u64,
    /// From the first to the last moment, the thinking between look and run left out.
    pub elapsed: Duration,
    /// Half of the answers came within this.
    pub p50: Duration,
    /// 95% of the answers came within this.
    pub p95: Duration,
    /// 99% of the answers came within this.
    pub p99: Duration,
    /// The places on the wire, not the pace, were the limit.
    pub limited_by_width: bool,
}

#[derive(Debug)]
pub(super) struct Stats {
    started: Instant,
    requests: u64,
    retries: u64,
    paused: Option<Instant>,
    latency: Option<Histogram<u64>>,
    recent: [(u64, u32); WINDOW + 1],
}

impl Stats {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            started: now,
            requests: 0,
            retries: 0,
            paused: None,
            latency: Histogram::new_with_bounds(1, 3_600_000_000, 2).ok(),
            recent: [(0, 0); WINDOW + 1],
        }
    }

    /// Nothing is sent until [`Self::resume`]: a person is being asked.
    pub(super) const fn pause(&mut self, now: Instant) {
        self.paused = Some(now);
    }

    /// Time goes on; the pause did not happen.
    pub(super) fn resume(&mut self, now: Instant) {
        if let Some(paused) = self.paused.take() {
            self.started += now.saturating_duration_since(paused);
        } else {
            self.started = now;
        }
    }

    pub(super) fn sent(&mut self, now: Instant) {
        self.requests += 1;
        let second = now.saturating_duration_since(self.started).as_secs();
        let slot = &mut self.recent[usize::try_from(second).unwrap_or(0) % (WINDOW + 1)];
        if slot.0 != second {
            *slot = (second, 0);
        }
        slot.1 += 1;
    }

    pub(super) fn answered(&mut self, took: Duration) {
        if let Some(latency) = &mut self.latency {
            latency.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1));
        }
    }

    pub(super) const fn repeated(&mut self) {
        self.retries += 1;
    }

    pub(super) fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
    }

    pub(super) const fn retries(&self) -> u64 {
        self.retries
    }

    /// Requests per second over the last whole seconds.
    pub(super) fn rate(&self, now: Instant) -> f64 {
        let second = self.elapsed(now).as_secs();
        if second == 0 {
            return f64::from(self.recent[0].1) / self.elapsed(now).as_secs_f64().max(0.1);
        }
        let from = second.saturating_sub(WINDOW as u64);
        let count: u32 = self.recent.iter().filter(|(at, _)| (from..second).contains(at)).map(|(_, count)| count).sum();
        #[expect(clippy::cast_precision_loss, reason = "at most five seconds")]
        let seconds = (second - from).max(1) as f64;
        f64::from(count) / seconds
    }

    pub(super) fn figures(&self, now: Instant, limited_by_width: bool) -> Figures {
        let quantile = |share| {
            let micros = self.latency.as_ref().map_or(0, |latency| latency.value_at_quantile(share));
            Duration::from_micros(micros)
        };
        Figures {
            requests: self.requests,
            retries: self.retries,
            elapsed: self.elapsed(now),
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
            limited_by_width,
        }
    }
}
