//! The gate: one turnstile in order of arrival, one budget, and `width` on the wire.
//!
//! Every request of any kind passes here, retries, looks and probes included. It is open, held until a deadline that
//! only ever moves later, single (one at a time, with an interval), or closed; sleepers look again on waking.

use std::{
    cell::{Cell, RefCell},
    num::NonZeroU32,
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::Clock,
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use tokio::{
    sync::{Mutex, Notify},
    time::Instant,
};

use super::{Options, clock::sleep_until, pace::Pace};

/// The gate is closed: nothing further is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closed;

/// Who wants to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// The rows' own requests.
    Row,
    /// An investigation's looks: they pass while the rows wait.
    Investigation,
    /// The one look at the impossible id: it goes before the rows that wait.
    Witness,
}

/// Governor's clock, on Tokio's: governor's own ignores a paused clock.
#[derive(Debug, Clone, Copy)]
struct Ticks {
    origin: Instant,
}

impl Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Duration>>;

/// The gate.
pub(super) struct Gate {
    row_turnstile: Mutex<()>,
    investigation_turnstile: Mutex<()>,
    width: u32,
    burst: NonZeroU32,
    ticks: Ticks,
    state: RefCell<State>,
    in_flight: Cell<u32>,
    changed: Notify,
    waits: Cell<Waits>,
}

struct State {
    limiter: Limiter,
    pace: Pace,
    halved: Option<Instant>,
    held_until: Option<Instant>,
    single: Option<Duration>,
    last_sent: Option<Instant>,
    reserved: bool,
    witness_waits: bool,
    closed: bool,
}

/// What requests at the front of the turnstile had to wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Waits {
    /// A place on the wire.
    pub(super) wire: u64,
    /// The pace.
    pub(super) budget: u64,
}

enum Decision {
    Go,
    WaitUntil(Instant),
    WaitForChange,
    Refuse,
}

/// The right to have one request on the wire, until dropped.
pub(super) struct Pass<'a> {
    gate: &'a Gate,
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.gate.in_flight.set(self.gate.in_flight.get() - 1);
        self.gate.changed.notify_waiters();
    }
}

impl Gate {
    pub(super) fn new(options: &Options) -> Self {
        let now = Instant::now();
        let ticks = Ticks { origin: now };
        let pace = Pace::new(options.rate, now);
        Self {
            row_turnstile: Mutex::new(()),
            investigation_turnstile: Mutex::new(()),
            width: options.width.get(),
            burst: options.burst,
            ticks,
            state: RefCell::new(State {
                limiter: limiter(pace, options.burst, ticks),
                pace,
                halved: None,
                held_until: None,
                single: None,
                last_sent: None,
                reserved: false,
                witness_waits: false,
                closed: false,
            }),
            in_flight: Cell::new(0),
            changed: Notify::new(),
            waits: Cell::new(Waits::default()),
        }
    }

    /// Waits for a turn: in order of arrival within a lane, at the permitted pace, with a place on the wire.
    pub(super) async fn pass(&self, lane: Lane) -> Result<Pass<'_>, Closed> {
        let _turn = match lane {
            Lane::Row => Some(self.row_turnstile.lock().await),
            Lane::Investigation => Some(self.investigation_turnstile.lock().await),
            Lane::Witness => {
                self.state.borrow_mut().witness_waits = true;
                None
            }
        };
        loop {
            match self.decide(lane) {
                Decision::Go => {
                    self.in_flight.set(self.in_flight.get() + 1);
                    if lane == Lane::Witness {
                        self.state.borrow_mut().witness_waits = false;
                        self.changed.notify_waiters();
                    }
                    return Ok(Pass { gate: self });
                }
                Decision::WaitUntil(deadline) => {
                    tokio::select! {
                        biased;
                        () = self.changed.notified() => {}
                        () = sleep_until(deadline) => {}
                    }
                }
                Decision::WaitForChange => self.changed.notified().await,
                Decision::Refuse => return Err(Closed),
            }
        }
    }

    fn decide(&self, lane: Lane) -> Decision {
        let now = Instant::now();
        let mut state = self.state.borrow_mut();
        if state.closed {
            return Decision::Refuse;
        }
        let gives_way = match lane {
            Lane::Row => state.reserved || state.witness_waits,
            Lane::Witness => state.reserved,
            Lane::Investigation => false,
        };
        if gives_way {
            return Decision::WaitForChange;
        }
        if let Some(held) = state.held_until {
            let until = state.last_sent.map_or(held, |last| held.max(last + state.pace.interval()));
            if now < until {
                return Decision::WaitUntil(until);
            }
            state.held_until = None;
            // What was saved up during the hold would leave as the very burst that the API protests against.
            self.swap_limiter(&mut state, now);
        }
        let alone = state.single.is_some() || lane == Lane::Investigation;
        if self.in_flight.get() >= if alone { 1 } else { self.width } {
            self.count(|waits| waits.wire += u64::from(!alone));
            return Decision::WaitForChange;
        }
        if let (Some(interval), Some(last)) = (state.single, state.last_sent)
            && now < last + interval
        {
            return Decision::WaitUntil(last + interval);
        }
        match state.limiter.check() {
            Ok(()) => {
                state.last_sent = Some(now);
                // Only now: a limiter that is swapped while somebody waits makes him wait again from the beginning.
                if state.pace.creep(now) {
                    self.swap_limiter(&mut state, now);
                }
                Decision::Go
            }
            Err(not_until) => {
                self.count(|waits| waits.budget += 1);
                Decision::WaitUntil(now + not_until.wait_time_from(self.ticks.now()))
            }
        }
    }

    /// The API asks everybody to pause: the deadline only ever moves later.
    pub(super) fn hold_until(&self, until: Instant) {
        let mut state = self.state.borrow_mut();
        state.held_until = Some(state.held_until.map_or(until, |held| held.max(until)));
        state.pace.pause_until(until);
        drop(state);
        self.changed.notify_waiters();
    }

    /// The API protested against a request sent at `sent`: halves the pace, once for all that were on the wire together.
    pub(super) fn slow_down(&self, sent: Instant) {
        let mut state = self.state.borrow_mut();
        if state.halved.is_some_and(|halved| sent <= halved) {
            return;
        }
        let now = Instant::now();
        state.halved = Some(now);
        state.pace.halve(now);
        self.swap_limiter(&mut state, now);
    }

    /// One at a time, so far apart, until [`Self::open`].
    pub(super) fn single(&self, interval: Duration) {
        self.state.borrow_mut().single = Some(interval);
        self.changed.notify_waiters();
    }

    /// As many as the pace and the width permit.
    pub(super) fn open(&self) {
        self.state.borrow_mut().single = None;
        self.changed.notify_waiters();
    }

    /// Rows wait while an investigation looks.
    pub(super) fn reserve(&self, reserved: bool) {
        self.state.borrow_mut().reserved = reserved;
        self.changed.notify_waiters();
    }

    /// Whether an investigation is under way.
    pub(super) fn is_reserved(&self) -> bool {
        self.state.borrow().reserved
    }

    /// Nothing further is sent; whoever waits is sent home.
    pub(super) fn close(&self) {
        self.state.borrow_mut().closed = true;
        self.changed.notify_waiters();
    }

    fn is_closed(&self) -> bool {
        self.state.borrow().closed
    }

    /// Sleeps, but not longer than the gate stays unclosed.
    pub(super) async fn pause_until(&self, deadline: Instant) -> Result<(), Closed> {
        loop {
            if self.is_closed() {
                return Err(Closed);
            }
            if Instant::now() >= deadline {
                return Ok(());
            }
            tokio::select! {
                biased;
                () = self.changed.notified() => {}
                () = sleep_until(deadline) => {}
            }
        }
    }

    /// How much longer the API wants us to pause.
    pub(super) fn held(&self) -> Option<Duration> {
        let until = self.state.borrow().held_until?;
        until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// Whether the API has protested against the pace.
    pub(super) fn was_slowed_down(&self) -> bool {
        self.state.borrow().halved.is_some()
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight.get()
    }

    pub(super) fn waits(&self) -> Waits {
        self.waits.get()
    }

    fn count(&self, change: impl FnOnce(&mut Waits)) {
        let mut waits = self.waits.get();
        change(&mut waits);
        self.waits.set(waits);
    }

    /// A new limiter comes with a full burst, of which only what the last request's age has earned is left: one, at
    /// most. The burst shrinks with the pace: an API that protests does not absorb it.
    fn swap_limiter(&self, state: &mut State, now: Instant) {
        let burst = state.pace.share_of(self.burst);
        state.limiter = limiter(state.pace, burst, self.ticks);
        let is_due = state.last_sent.is_none_or(|last| now >= last + state.pace.interval());
        if let Some(unearned) = NonZeroU32::new(burst.get() - u32::from(is_due)) {
            let drained = state.limiter.check_n(unearned);
            debug_assert!(matches!(drained, Ok(Ok(()))), "a fresh limiter holds its burst");
        }
    }
}

fn limiter(pace: Pace, burst: NonZeroU32, ticks: Ticks) -> Limiter {
    let quota = Quota::with_period(pace.interval()).unwrap_or(Quota::per_second(NonZeroU32::MIN)).allow_burst(burst);
    RateLimiter::direct_with_clock(quota, ticks)
}
