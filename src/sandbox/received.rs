//! Counters of what arrived, readable from other threads while the server works.

use std::{
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hyper::Method;

/// What the stand-in has received so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Received {
    /// Requests of any kind.
    pub requests: u64,
    /// Those with the method GET.
    pub gets: u64,
    /// Those with the method DELETE.
    pub deletes: u64,
    /// Those with the method POST.
    pub posts: u64,
    /// Those with the method PATCH.
    pub patches: u64,
    /// Those with the method PUT.
    pub puts: u64,
    /// Those that made, changed or removed a profile.
    pub applied: u64,
    /// Requests that the rate limit answered with 429.
    pub throttled: u64,
    /// The most requests that were waiting for their answers at once.
    pub peak_in_flight: u64,
}

/// The live counters behind [`Received`]; only the server's thread counts.
#[derive(Debug)]
pub(super) struct Counters {
    requests: AtomicU64,
    gets: AtomicU64,
    deletes: AtomicU64,
    posts: AtomicU64,
    patches: AtomicU64,
    puts: AtomicU64,
    applied: AtomicU64,
    throttled: AtomicU64,
    peak_in_flight: AtomicU64,
    /// The least number of requests that somebody waits for: spares the hot path a lock.
    awaited: AtomicU64,
    waiting: Mutex<()>,
    reached: Condvar,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            requests: AtomicU64::new(0),
            gets: AtomicU64::new(0),
            deletes: AtomicU64::new(0),
            posts: AtomicU64::new(0),
            patches: AtomicU64::new(0),
            puts: AtomicU64::new(0),
            applied: AtomicU64::new(0),
            throttled: AtomicU64::new(0),
            peak_in_flight: AtomicU64::new(0),
            awaited: AtomicU64::new(u64::MAX),
            waiting: Mutex::new(()),
            reached: Condvar::new(),
        }
    }
}

/// What one request adds to the counters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival<'a> {
    pub(super) method: &'a Method,
    pub(super) applied: bool,
    pub(super) throttled: bool,
    /// Requests waiting for their answers, this one included.
    pub(super) in_flight: u64,
}

impl Counters {
    /// Counts a request, and wakes whoever waited for it.
    pub(super) fn add(&self, arrival: Arrival<'_>) {
        let of_method = match *arrival.method {
            Method::GET => Some(&self.gets),
            Method::DELETE => Some(&self.deletes),
            Method::POST => Some(&self.posts),
            Method::PATCH => Some(&self.patches),
            Method::PUT => Some(&self.puts),
            _ => None,
        };
        if let Some(counter) = of_method {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.applied.fetch_add(u64::from(arrival.applied), Ordering::Relaxed);
        self.throttled.fetch_add(u64::from(arrival.throttled), Ordering::Relaxed);
        self.peak_in_flight.fetch_max(arrival.in_flight, Ordering::Relaxed);
        // Last, so that whoever sees this request sees what it did.
        let requests = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        if requests >= self.awaited.load(Ordering::SeqCst) {
            let _waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            self.awaited.store(u64::MAX, Ordering::SeqCst);
            self.reached.notify_all();
        }
    }

    /// Blocks until so many requests were received; `false` when `patience` ended first.
    pub(super) fn wait_for(&self, requests: u64, patience: Duration) -> bool {
        let guard = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let short = |(): &mut ()| {
            self.awaited.fetch_min(requests, Ordering::SeqCst);
            self.requests.load(Ordering::SeqCst) < requests
        };
        let waited = self.reached.wait_timeout_while(guard, patience, short);
        let (_guard, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        !waited.timed_out()
    }

    /// How things stand.
    pub(super) fn read(&self) -> Received {
        Received {
            requests: self.requests.load(Ordering::SeqCst),
            gets: self.gets.load(Ordering::Relaxed),
            deletes: self.deletes.load(Ordering::Relaxed),
            posts: self.posts.load(Ordering::Relaxed),
            patches: self.patches.load(Ordering::Relaxed),
            puts: self.puts.load(Ordering::Relaxed),
            applied: self.applied.load(Ordering::Relaxed),
            throttled: self.throttled.load(Ordering::Relaxed),
            peak_in_flight: self.peak_in_flight.load(Ordering::Relaxed),
        }
    }
}
