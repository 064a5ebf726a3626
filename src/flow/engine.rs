//! The loop: sources become one event, a plain function decides, the loop acts.

use std::{
    collections::BTreeSet,
    future::{poll_fn, ready},
    pin::{Pin, pin},
    rc::Rc,
    task::Poll,
    time::Duration,
};

use futures::{FutureExt, Stream, StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use crate::domain::{Evidence, Fact, Past, Sample};

use super::{
    Ending, Intake, Ledger, Options, Pulse, Register, Remote, Signal, Spectator,
    arrival::{Arrival, Conclusion},
    event::Event,
    house::{House, LOOK, NO_FIELDS, Stop},
    itinerary::Itinerary,
    journey::Journey,
    shift::{Account, Shift},
    stats::Figures,
    walk::{Departure, walk},
};

/// How often the spectators are shown how things stand.
const PULSE: Duration = Duration::from_millis(100);
/// How many departures are handled at once.
const DEPARTURES: usize = 64;

/// The flow of one process: its gate, its budget and its health outlive the look and serve the run.
pub struct Engine<'a, R> {
    house: House<'a, R>,
}

/// What the look before the run found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// How many identities the API told about: an answer that refused to tell does not count.
    pub asked: usize,
    /// How many of them exist.
    pub exist: usize,
    /// The app that the answers named.
    pub app: Option<String>,
    /// Answers that named another app than the first one did.
    pub other_apps: BTreeSet<String>,
}

/// What the run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Why it ended.
    pub ending: Ending,
    /// What happened to the rows.
    pub account: Account,
    /// Figures about the requests.
    pub figures: Figures,
}

/// What the loop listens and speaks to whatever it is doing.
struct Desk<'d, S> {
    spectator: &'d mut dyn Spectator,
    stops: &'d mut S,
    ticks: Interval,
    total: Option<u64>,
}

impl<'a, R: Remote> Engine<'a, R> {
    /// A house with nobody in it.
    pub fn new(options: &'a Options, remote: &'a R) -> Self {
        Self { house: House::new(options, remote) }
    }

    /// Tells the app that the key is known to belong to, so that a changed key can be checked against it.
    pub fn set_app(&self, app: Option<String>) {
        *self.house.app.borrow_mut() = app;
    }

    /// Whoever is found by a look is entered there before he is deleted, by all ids that the look tells.
    pub fn set_register(&self, register: Rc<dyn Register>) {
        *self.house.register.borrow_mut() = Some(register);
    }

    /// Looks at some identities, changing nothing.
    ///
    /// # Errors
    /// Why the run cannot begin.
    pub async fn look(
        &self,
        samples: &[Sample],
        stops: &mut (impl Stream<Item = Signal> + Unpin),
    ) -> Result<Looked, Ending> {
        let mut walks: FuturesUnordered<_> = samples
            .iter()
            .map(async |sample| {
                let itinerary = Itinerary::Plain(LOOK);
                Journey::new(&self.house, sample.line, &sample.identity, &NO_FIELDS, itinerary).travel().await
            })
            .collect();
        let mut looked = Looked::default();
        let mut ticks = pulses();
        loop {
            tokio::select! {
                biased;
                Some(signal) = stops.next() => return Err(Ending::Stopped(signal)),
                arrived = walks.next() => match arrived {
                    None => {
                        self.house.stats.borrow_mut().pause(Instant::now());
                        return Ok(looked);
                    }
                    Some((_, Some(Stop::Halt(ending)))) => return Err(ending),
                    Some((Some(arrival), _)) => looked.note(&arrival),
                    Some((None, _)) => {}
                },
                now = ticks.tick() => if let Some(ending) = self.house.overdue(now) {
                    return Err(ending);
                },
            }
        }
    }

    /// Takes rows in until the intake ends, the run must stop, or somebody asks it to.
    pub async fn run(
        &self,
        mut intake: impl Intake,
        mut ledger: impl Ledger,
        spectator: &mut dyn Spectator,
        stops: &mut (impl Stream<Item = Signal> + Unpin),
        past: &Past,
        total: Option<u64>,
    ) -> Report {
        self.house.begin(past);
        let mut shift = Shift::new(self.house.options, past);
        let mut walks = FuturesUnordered::new();
        let mut desk = Desk { spectator, stops, ticks: pulses(), total };
        loop {
            for row in shift.admit() {
                walks.push(walk(&self.house, row, past));
            }
            self.hand_over(&mut shift, &mut ledger, &mut desk).await;
            if shift.is_draining() {
                self.house.gate.close();
            }
            if shift.is_over(walks.is_empty()) {
                break;
            }
            let event = tokio::select! {
                biased;
                Some(signal) = desk.stops.next() => Event::Signal(signal),
                departed = next_departures(&mut walks), if !walks.is_empty() => Event::Departed(departed),
                now = desk.ticks.tick() => self.tick(&shift, &mut desk, now),
                arrived = intake.next(), if shift.wants_rows() => Event::Arrived(arrived),
            };
            shift.handle(event);
        }
        if shift.must_leave_now() {
            self.let_go(&mut walks, &mut shift);
            self.hand_over(&mut shift, &mut ledger, &mut desk).await;
        }
        desk.spectator.show(&self.pulse(&shift, total));
        let figures = self.figures();
        let (ending, account) = shift.close();
        Report { ending, account, figures }
    }

    /// Nothing is awaited any more, not even the wire: each row is asked once what is known of it.
    fn let_go<F: Future<Output = Departure>>(&self, walks: &mut FuturesUnordered<F>, shift: &mut Shift) {
        self.house.let_go();
        let departures = Pin::new(walks).iter_pin_mut().filter_map(FutureExt::now_or_never).collect();
        shift.handle(Event::Departed(departures));
    }

    /// Hands over what is settled. While the journal takes its time nothing is sent, but signals and the clock are heard.
    async fn hand_over<S: Stream<Item = Signal> + Unpin>(
        &self,
        shift: &mut Shift,
        ledger: &mut impl Ledger,
        desk: &mut Desk<'_, S>,
    ) {
        let Some((outcomes, aside)) = shift.take_records(self.house.gate.is_reserved()) else { return };
        let mut recording = pin!(ledger.record(outcomes, aside));
        loop {
            let event = tokio::select! {
                biased;
                recorded = &mut recording => return shift.recorded(recorded),
                () = ready(()), if shift.must_leave_now() => return,
                Some(signal) = desk.stops.next() => Event::Signal(signal),
                now = desk.ticks.tick() => self.tick(shift, desk, now),
            };
            shift.handle(event);
        }
    }

    fn tick<S>(&self, shift: &Shift, desk: &mut Desk<'_, S>, now: Instant) -> Event {
        desk.spectator.show(&self.pulse(shift, desk.total));
        Event::Pulse { now, overdue: self.house.overdue(now) }
    }

    fn pulse(&self, shift: &Shift, total: Option<u64>) -> Pulse {
        let now = Instant::now();
        let stats = self.house.stats.borrow();
        Pulse {
            total,
            skipped: shift.skipped(),
            tally: shift.tally(),
            in_flight: self.house.gate.in_flight(),
            retries: stats.retries(),
            elapsed: stats.elapsed(now),
            rate: stats.rate(now),
            held: self.house.gate.held(),
            outage: self.house.health.borrow().outage_since().map(|since| now.saturating_duration_since(since)),
            investigating: self.house.gate.is_reserved(),
            draining: shift.is_draining(),
        }
    }

    /// The places on the wire were the limit when requests mostly waited for them, and nothing else held them up.
    fn figures(&self) -> Figures {
        let waits = self.house.gate.waits();
        let limited_by_width = waits.wire > waits.budget && !self.house.gate.was_slowed_down();
        self.house.stats.borrow().figures(Instant::now(), limited_by_width)
    }
}

impl Looked {
    fn note(&mut self, arrival: &Arrival) {
        if !matches!(arrival.conclusion, Conclusion::Done(_)) {
            return;
        }
        self.asked += 1;
        self.exist += usize::from(arrival.conclusion == Conclusion::Done(Fact::Found));
        let Evidence { app: Some(app), .. } = &arrival.evidence else { return };
        match &self.app {
            None => self.app = Some(app.clone()),
            Some(first) if first == app => {}
            Some(_) => {
                self.other_apps.insert(app.clone());
            }
        }
    }
}

/// All departures that are ready, at least one: handled together, they cost the journal's thread one waking.
async fn next_departures<F: Future<Output = Departure>>(walks: &mut FuturesUnordered<F>) -> Vec<Departure> {
    poll_fn(|context| {
        let mut ready = Vec::with_capacity(DEPARTURES.min(walks.len()));
        while ready.len() < DEPARTURES {
            match Pin::new(&mut *walks).poll_next(context) {
                Poll::Ready(Some(departure)) => ready.push(departure),
                Poll::Pending if ready.is_empty() => return Poll::Pending,
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        Poll::Ready(ready)
    })
    .await
}

fn pulses() -> Interval {
    let mut ticks = tokio::time::interval(PULSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
