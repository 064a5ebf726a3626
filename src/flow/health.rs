//! Whether the API is well: definitive answers, failures, and when failures are an outage. Pure; time is handed in.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::Instant;

use super::retry::Delays;

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

/// Whether the API is well.
#[derive(Debug)]
pub(super) struct Health {
    definitive: u64,
    reached: bool,
    first_sent: Option<Instant>,
    quiet_since: Instant,
    trouble_since: Option<Instant>,
    failures: u64,
    failed_rows: BTreeSet<u64>,
    outage: Option<Outage>,
    last_words: Option<String>,
}

/// An outage, and the interval of its probes.
#[derive(Debug)]
struct Outage {
    delays: Delays,
    /// When the interval grew last.
    grown: Instant,
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
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            definitive: 0,
            reached: false,
            first_sent: None,
            quiet_since: now,
            trouble_since: None,
            failures: 0,
            failed_rows: BTreeSet::new(),
            outage: None,
            last_words: None,
        }
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
    pub(super) const fn definitive_answers(&self) -> u64 {
        self.definitive
    }

    /// A definitive answer came; tells whether it ended an outage.
    pub(super) fn definitive(&mut self, now: Instant) -> bool {
        self.definitive += 1;
        self.quiet_since = self.quiet_since.max(now);
        self.trouble_since = None;
        self.failures = 0;
        self.failed_rows.clear();
        self.outage.take().is_some()
    }

    /// The API asked for a pause: silence until its end is not an outage.
    pub(super) fn held_until(&mut self, until: Instant, now: Instant) {
        self.trouble_since.get_or_insert(now);
        self.quiet_since = self.quiet_since.max(until);
    }

    /// An attempt sent at `sent` failed in a way that may be the row's fault or the API's. Only a probe makes the interval
    /// grow: what was on the wire together when the outage began says no more than its first failure did.
    pub(super) fn failed(
        &mut self,
        line: u64,
        last_row: bool,
        words: Option<&str>,
        sent: Instant,
        now: Instant,
    ) -> Alarm {
        self.trouble_since.get_or_insert(now);
        self.failures += 1;
        self.failed_rows.insert(line);
        if let Some(words) = words {
            self.last_words = Some(words.to_owned());
        }
        let has_begun = now.saturating_duration_since(self.quiet_since) >= QUIET
            && self.failures >= FAILURES
            && (self.failed_rows.len() >= ROWS || last_row);
        match &mut self.outage {
            Some(outage) if sent < outage.grown => Alarm::None,
            Some(outage) => {
                outage.grown = now;
                Alarm::Outage(outage.delays.full())
            }
            None if has_begun => {
                let mut delays = Delays::growing(FIRST_PROBE, PROBE_CAP);
                let interval = delays.full();
                self.outage = Some(Outage { delays, grown: now });
                Alarm::Outage(interval)
            }
            None => Alarm::None,
        }
    }

    /// Whether no row in the house is fresh enough to be a witness: each has failed since the last definitive answer.
    pub(super) fn needs_witness(&self, rows_in_house: usize) -> bool {
        (self.outage.is_some() || rows_in_house <= 1) && self.failed_rows.len() >= rows_in_house.max(1)
    }

    /// Since when the API has not answered, while that is an outage.
    pub(super) fn outage_since(&self) -> Option<Instant> {
        self.outage.as_ref().and(self.trouble_since)
    }

    /// What the last failure said, for the closing words.
    pub(super) fn last_words(&self) -> Option<&str> {
        self.last_words.as_deref()
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

    #[test]
    fn an_outage_needs_silence_failures_and_two_rows() {
        let start = Instant::now();
        let mut health = Health::new(start);
        health.sent(start);
        for line in 1..=4 {
            assert_eq!(health.failed(line, false, None, start, start + seconds(11)), Alarm::None);
        }
        assert_eq!(health.failed(5, false, None, start, start + seconds(11)), Alarm::Outage(FIRST_PROBE));
        let (probed, answered) = (start + seconds(12), start + seconds(13));
        assert_eq!(health.failed(6, false, None, probed, answered), Alarm::Outage(FIRST_PROBE * 2));
        assert!(health.definitive(start + seconds(14)));
        assert_eq!(health.outage_since(), None);
    }

    #[test]
    fn requests_that_were_on_the_wire_together_do_not_stretch_the_first_probe() {
        let (sent, lost) = (Instant::now(), Instant::now() + seconds(30));
        let mut health = Health::new(sent);
        health.sent(sent);
        let alarms: Vec<Alarm> = (1..=100).map(|line| health.failed(line, false, None, sent, lost)).collect();
        let outages: Vec<&Alarm> = alarms.iter().filter(|alarm| **alarm != Alarm::None).collect();
        assert_eq!(outages, [&Alarm::Outage(FIRST_PROBE)]);
    }

    #[test]
    fn one_row_failing_while_others_wait_is_no_outage() {
        let start = Instant::now();
        let mut health = Health::new(start);
        for second in 0..100 {
            let now = start + seconds(second);
            assert_eq!(health.failed(1, false, None, now, now), Alarm::None);
        }
        let now = start + seconds(100);
        assert!(matches!(health.failed(1, true, None, now, now), Alarm::Outage(_)));
    }

    #[test]
    fn a_hold_is_not_an_outage() {
        let start = Instant::now();
        let mut health = Health::new(start);
        health.held_until(start + seconds(60), start);
        for line in 0..10 {
            assert_eq!(health.failed(line, false, None, start, start + seconds(61)), Alarm::None);
        }
    }

    #[test]
    fn never_reached_and_giving_up_have_their_time() {
        let start = Instant::now();
        let mut health = Health::new(start);
        health.sent(start);
        health.failed(1, false, None, start, start + seconds(1));
        assert_eq!(health.overdue(start + seconds(29), seconds(7200)), None);
        assert_eq!(health.overdue(start + seconds(30), seconds(7200)), Some(Overdue::NeverReached));
        health.reached();
        assert_eq!(health.overdue(start + seconds(30), seconds(7200)), None);
        assert_eq!(health.overdue(start + seconds(7201), seconds(7200)), Some(Overdue::GiveUp(seconds(7200))));
    }
}
