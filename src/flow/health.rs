//! Whether the API is well: definitive answers, failures, and when failures are an outage. Pure; time is handed in.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    retry::Delays,
    ways::{Answers, Way, Ways},
};

/// An outage is: no definitive answer for so long …
const QUIET: Duration = Duration::from_secs(10);
/// … and at least so many failures …
const FAILURES: u64 = 5;
/// … over at least so many rows, or on the last row left.
const ROWS: usize = 2;
/// The first probe of an outage comes after this, later ones after twice as long each …
const FIRST_PROBE: Duration = Duration::from_secs(1);
/// … up to this.
const PROBE_CAP: Duration = Duration::from_mins(1);
/// A remote that was never reached within this is not worth waiting for.
const NEVER_REACHED: Duration = Duration::from_secs(30);

/// Where no fresh row is tried, the witness is asked after so much silence: sooner than it is taken for an
/// outage.
const WITNESS_AFTER: Duration = Duration::from_secs(5);
/// After this part of `--give-up-after` without a definitive answer the witness is asked, however many rows are fresh: so
/// late that an outage's probes are mostly rows, so early that an attempt may time out before it and another after it.
const PATIENCE_FOR_ROWS: u32 = 4;
/// The witness has no line in the input.
pub(super) const NO_LINE: u64 = 0;

/// Whether the API is well.
#[derive(Debug)]
pub(super) struct Health {
    ways: Ways,
    reached: bool,
    first_sent: Option<Instant>,
    quiet_since: Instant,
    trouble_since: Option<Instant>,
    failures: u64,
    /// Since the last definitive answer, the witness among them.
    failed_rows: BTreeSet<u64>,
    /// Rows in the house whose last attempt failed, and on which way, whatever others were answered: no witnesses for or
    /// against the API.
    doubtful_rows: BTreeMap<u64, Way>,
    outage: Option<Outage>,
    /// Rows have failed since the witness was last asked.
    unwitnessed: bool,
    /// One of them was in doubt before: it told nothing about the API.
    failed_again: bool,
    last_words: Option<String>,
}

/// An outage's probes, further and further apart.
#[derive(Debug)]
struct Outage {
    intervals: Delays,
    stepped: Instant,
}

/// What a failed attempt means for the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alarm {
    /// Nothing yet.
    None,
    /// One at a time from now on, so far apart.
    Outage(Duration),
}

/// The run has waited long enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overdue {
    /// No HTTP answer of any kind since the first request.
    NeverReached,
    /// No definitive answer since trouble began.
    GiveUp(Duration),
}

impl Health {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            ways: Ways::default(),
            reached: false,
            first_sent: None,
            quiet_since: now,
            trouble_since: None,
            failures: 0,
            failed_rows: BTreeSet::new(),
            doubtful_rows: BTreeMap::new(),
            outage: None,
            unwitnessed: false,
            failed_again: false,
            last_words: None,
        }
    }

    /// The run begins: that nothing was asked since the look before it is not the API's silence.
    pub(super) fn begin(&mut self, now: Instant) {
        self.quiet_since = self.quiet_since.max(now);
    }

    pub(super) fn sent(&mut self, now: Instant) {
        if self.first_sent.is_none() {
            self.first_sent = Some(now);
            self.quiet_since = now;
        }
    }

    /// Some HTTP answer came, whatever it said.
    pub(super) const fn reached(&mut self) {
        self.reached = true;
    }

    pub(super) const fn was_reached(&self) -> bool {
        self.reached
    }

    /// How many definitive answers there have been: a row compares two of these to see whether others were answered.
    pub(super) const fn answers(&self, way: Way) -> Answers {
        self.ways.answers(way)
    }

    /// A definitive answer about a row came; tells whether it ended an outage. While rows wait for another way that is out
    /// of order, it proves nothing.
    pub(super) fn definitive(&mut self, line: u64, way: Way, now: Instant) -> bool {
        self.is_beyond_doubt(line);
        self.ways.answered(way);
        // Changes of another kind are worth going on with; a look is not, while no change comes of it.
        if self.shut_way().is_some_and(|shut| way == Way::Read || shut == Way::Read) {
            return false;
        }
        self.ways.believe();
        self.quiet_since = self.quiet_since.max(now);
        self.trouble_since = None;
        self.failures = 0;
        self.failed_rows.clear();
        self.witness_is_asked();
        self.outage.take().is_some()
    }

    /// The API asked for a pause: silence until its end is neither an outage nor trouble.
    pub(super) fn held_until(&mut self, until: Instant) {
        self.trouble_since.get_or_insert(until);
        self.quiet_since = self.quiet_since.max(until);
    }

    /// A row shall fail for good; tells whether it may, since so many have before it that it is rather the way.
    pub(super) fn may_give_up(&mut self, way: Way) -> bool {
        let may = !self.ways.is_doubted(way);
        if may {
            self.ways.gave_up(way);
        }
        may
    }

    /// The way that is out of order, as far as can be told, while rows wait for it.
    fn shut_way(&self) -> Option<Way> {
        let mut waited_for = self.doubtful_rows.values().copied();
        self.ways.is_any_doubted().then(|| waited_for.find(|way| self.ways.is_doubted(*way)))?
    }

    /// An attempt failed, and that may be the row's fault or the API's.
    ///
    /// Those that were on the wire together when an outage was recognised say nothing new: only what was `sent` since
    /// makes its probes rarer.
    pub(super) fn failed(
        &mut self,
        (line, way): (u64, Way),
        last_row: bool,
        words: Option<&str>,
        sent: Instant,
        now: Instant,
    ) -> Alarm {
        self.trouble_since.get_or_insert(now);
        self.failures += 1;
        self.failed_rows.insert(line);
        if line != NO_LINE {
            self.failed_again |= self.doubtful_rows.insert(line, way).is_some();
            self.unwitnessed = true;
        }
        if let Some(words) = words {
            self.last_words = Some(words.to_owned());
        }
        if let Some(outage) = &mut self.outage {
            if sent < outage.stepped {
                return Alarm::None;
            }
            outage.stepped = now;
            return Alarm::Outage(outage.intervals.full());
        }
        let is_outage = now.saturating_duration_since(self.quiet_since) >= QUIET
            && self.failures >= FAILURES
            && (self.failed_rows.len() >= ROWS || last_row);
        if !is_outage {
            return Alarm::None;
        }
        let mut intervals = Delays::growing(FIRST_PROBE, PROBE_CAP);
        let first = intervals.full();
        self.outage = Some(Outage { intervals, stepped: now });
        Alarm::Outage(first)
    }

    /// A row was answered well, or is in the house no longer.
    pub(super) fn is_beyond_doubt(&mut self, line: u64) {
        self.doubtful_rows.remove(&line);
    }

    /// Whether an impossible id is to be looked at, to tell an outage from rows that always fail: the rows that are tried
    /// have failed before, or all that are in the house have; or trouble has lasted for so much of the run's patience that
    /// there is no more time to try fresh ones. Once for each failed row at most, and never where it would prove nothing.
    pub(super) fn needs_witness(&self, rows_in_house: usize, now: Instant, give_up_after: Duration) -> bool {
        if self.shut_way().is_some_and(|way| way != Way::Read) {
            return false;
        }
        let nobody_is_fresh = self.doubtful_rows.len() >= rows_in_house;
        let is_silent = now.saturating_duration_since(self.quiet_since) >= WITNESS_AFTER;
        let trouble = self.trouble_since.map(|since| now.saturating_duration_since(since));
        let time_runs_out = trouble.is_some_and(|trouble| trouble >= give_up_after / PATIENCE_FOR_ROWS);
        let is_alone = nobody_is_fresh && rows_in_house <= 1;
        self.unwitnessed && (is_alone || time_runs_out || (is_silent && (nobody_is_fresh || self.failed_again)))
    }

    /// The witness is asked.
    pub(super) const fn witness_is_asked(&mut self) {
        (self.unwitnessed, self.failed_again) = (false, false);
    }

    /// Since when the API has not answered, while that is an outage.
    pub(super) fn outage_since(&self) -> Option<Instant> {
        self.outage.as_ref().and(self.trouble_since)
    }

    /// What the last failure said, for the closing words.
    pub(super) fn last_words(&self) -> Option<String> {
        let shut = self.shut_way().map(|way| format!("no {} is answered, whatever else is", way.noun()));
        match (&self.last_words, shut) {
            (Some(words), Some(shut)) => Some(format!("{words}; {shut}")),
            (words, shut) => shut.or_else(|| words.clone()),
        }
    }

    /// Whether the run has waited long enough.
    pub(super) fn overdue(&self, now: Instant, give_up_after: Duration) -> Option<Overdue> {
        let waited = |since: Instant| now.saturating_duration_since(since);
        if let (false, Some(first)) = (self.reached, self.first_sent)
            && waited(first) >= NEVER_REACHED
        {
            return Some(Overdue::NeverReached);
        }
        let trouble = waited(self.trouble_since?);
        (trouble >= give_up_after).then_some(Overdue::GiveUp(trouble))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn fail(health: &mut Health, line: u64, last_row: bool, at: Instant) -> Alarm {
        health.failed((line, Way::Delete), last_row, None, at, at)
    }

    #[test]
    fn an_outage_needs_silence_failures_and_two_rows() {
        let start = Instant::now();
        let mut health = Health::new(start);
        health.sent(start);
        for line in 1..=4 {
            assert_eq!(fail(&mut health, line, false, start + seconds(11)), Alarm::None);
        }
        assert_eq!(fail(&mut health, 5, false, start + seconds(11)), Alarm::Outage(FIRST_PROBE));
        assert_eq!(fail(&mut health, 6, false, start + seconds(12)), Alarm::Outage(FIRST_PROBE * 2));
        assert!(health.definitive(1, Way::Delete, start + seconds(13)));
        assert_eq!(health.outage_since(), None);
    }

    #[test]
    fn one_row_failing_while_others_wait_is_no_outage() {
        let start = Instant::now();
        let mut health = Health::new(start);
        for second in 0..100 {
            assert_eq!(fail(&mut health, 1, false, start + seconds(second)), Alarm::None);
        }
        assert!(matches!(fail(&mut health, 1, true, start + seconds(100)), Alarm::Outage(_)));
    }

    #[test]
    fn a_hold_is_not_an_outage() {
        let start = Instant::now();
        let mut health = Health::new(start);
        health.held_until(start + seconds(60));
        for line in 0..10 {
            assert_eq!(fail(&mut health, line, false, start + seconds(61)), Alarm::None);
        }
    }

    #[test]
    fn the_witness_is_asked_where_no_fresh_row_is_tried_and_once_for_each_failure() {
        let start = Instant::now();
        let asks = |health: &Health, at| health.needs_witness(3, start + seconds(at), seconds(7200));
        let mut health = Health::new(start);
        health.sent(start);
        fail(&mut health, 1, false, start + seconds(6));
        assert!(!asks(&health, 6), "two are fresh");
        fail(&mut health, 1, false, start + seconds(7));
        assert!(asks(&health, 7), "what was tried again tells nothing");
        health.witness_is_asked();
        assert!(!asks(&health, 8));
        health.definitive(NO_LINE, Way::Read, start + seconds(8));
        fail(&mut health, 1, false, start + seconds(9));
        assert!(!asks(&health, 12), "the last answer is young");
        assert!(asks(&health, 13));
        health.is_beyond_doubt(1);
        health.definitive(NO_LINE, Way::Read, start + seconds(13));
        fail(&mut health, 2, false, start + seconds(20));
        assert!(!asks(&health, 20));
        assert!(asks(&health, 20 + 1800), "a quarter of the patience is over");
    }

    #[test]
    fn never_reached_and_giving_up_have_their_time() {
        let start = Instant::now();
        let mut health = Health::new(start);
        health.sent(start);
        fail(&mut health, 1, false, start + seconds(1));
        assert_eq!(health.overdue(start + seconds(29), seconds(7200)), None);
        assert_eq!(health.overdue(start + seconds(30), seconds(7200)), Some(Overdue::NeverReached));
        health.reached();
        assert_eq!(health.overdue(start + seconds(30), seconds(7200)), None);
        assert_eq!(health.overdue(start + seconds(7201), seconds(7200)), Some(Overdue::GiveUp(seconds(7200))));
    }
}
