//! What must hold after each try: from the API's log and the files alone.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use tollgate::{
    domain::{Fact, Operation, Value, Word},
    error::Exit,
    flow::{Ending, MaxAbsent},
};

use crate::{
    machine::{End, Machine, Try},
    naive::{self, Journal, Line},
    plan::Fate,
    rows::{Deed, Entry},
    support::remote::{Manner, Sent, WITNESS},
};

/// Plays a history and judges each try of it.
pub(crate) struct Judge<'a> {
    pub(crate) machine: &'a Machine<'a>,
    /// Lines that can no longer be lost.
    lasting: RefCell<Vec<Line>>,
    /// Where each try begins in the remote's log, and where it ends.
    pub(crate) tries: RefCell<Vec<(usize, usize)>>,
}

/// The ids that a request is about.
pub(crate) fn ids(sent: &Sent) -> Vec<String> {
    sent.identity.ids().map(|id| id.text().to_owned()).collect()
}

/// The plan that a request sets.
fn plan(sent: &Sent) -> Option<String> {
    let setting = sent.fields.iter().find(|setting| &*setting.name == "plan")?;
    let Value::Text(text) = &setting.value else { panic!("a plan is a text: {:?}", setting.value) };
    Some(text.to_string())
}

/// Whether a row may have sent it; looks may be about whomever.
pub(crate) fn is_of(sent: &Sent, entry: &Entry) -> bool {
    let fits = match sent.operation {
        Operation::Delete => entry.deed == Deed::Delete,
        Operation::Create => matches!(entry.deed, Deed::Create | Deed::Upsert),
        Operation::Update | Operation::Remove => matches!(entry.deed, Deed::Update | Deed::Upsert),
        Operation::Look | Operation::Get | Operation::Compare => true,
    };
    fits && entry.ids == ids(sent) && (!sent.operation.changes() || plan(sent) == entry.plan)
}

/// The answer is the last word about its row.
fn is_definitive(sent: &Sent) -> bool {
    let done = |fact| matches!(fact, Fact::Deleted | Fact::Absent | Fact::Updated | Fact::Created);
    sent.operation.changes()
        && match &sent.answer {
            // Whom an upsert does not find it creates.
            Some(Word::Done(Fact::Absent)) => sent.operation == Operation::Delete,
            Some(Word::Done(fact)) => done(*fact),
            Some(Word::Refused) => true,
            Some(Word::Next(_) | Word::Again { .. } | Word::Suspect(_)) | None => false,
        }
}

impl<'a> Judge<'a> {
    pub(crate) fn new(machine: &'a Machine<'a>) -> Self {
        Self { machine, lasting: RefCell::default(), tries: RefCell::default() }
    }

    /// One try under its fate, judged.
    pub(crate) async fn attempt(&self, fate: &Fate) -> Try {
        let before = naive::journal(&self.machine.disk);
        let attempt = self.machine.attempt(fate).await;
        let after = naive::journal(&self.machine.disk);
        self.tries.borrow_mut().push((attempt.from, self.machine.remote.log().len()));
        let sent = self.machine.remote.log()[attempt.from..].to_vec();
        self.what_was_synced_lasts(&attempt, &after);
        self.nothing_settled_is_sent_again(&sent, &attempt, &before);
        self.nothing_is_lost_but_what_waited((&sent, &attempt, fate), &before, &after);
        self.nothing_is_claimed_that_is_not_there(&after);
        self.the_pace_is_kept(&sent);
        a_hold_is_kept(&sent);
        self.rows_of_one_person_keep_their_order(&sent, &before, &after);
        self.the_end_has_a_reason(&attempt, fate, &after);
        self.nobody_comes_back(&sent, &attempt);
        self.hardly_anybody_fails_in_succession(&sent, &before, &after);
        attempt
    }

    fn entries(&self) -> &[Entry] {
        &self.machine.rows.entries
    }

    /// Whether another line may follow this word: the guard doubts whom it has not found.
    fn may_follow(&self, word: &str) -> bool {
        word == "failed" || (word == "absent" && self.machine.options.max_absent != MaxAbsent::Off)
    }

    fn what_was_synced_lasts(&self, attempt: &Try, after: &Journal) {
        let mut lasting = self.lasting.borrow_mut();
        assert!(after.lines.starts_with(&lasting), "a line that was synced has changed, or is gone");
        let claimed = usize::try_from(attempt.claimed).expect("few lines");
        assert!(after.lines.len() >= claimed, "{claimed} lines were claimed, {} are there", after.lines.len());
        let now = claimed.max(lasting.len());
        lasting.clone_from(&after.lines[..now].to_vec());
    }

    fn nothing_settled_is_sent_again(&self, sent: &[Sent], attempt: &Try, before: &Journal) {
        let words = before.last_words();
        let settled = |line: u64| words.get(&line).is_some_and(|line| !self.may_follow(&line.outcome));
        for sent in sent.iter().filter(|sent| sent.id() != WITNESS) {
            let open = self.entries().iter().any(|entry| is_of(sent, entry) && !settled(entry.line));
            assert!(open, "{:?} {:?} belongs to no row that is unsettled", sent.operation, ids(sent));
        }
        for line in &attempt.offered {
            assert!(!settled(*line), "line {line} has another outcome, and was settled");
        }
    }

    /// A row that was answered has its line afterwards, or waited for the disk when the process died.
    fn nothing_is_lost_but_what_waited(
        &self,
        (sent, attempt, fate): (&[Sent], &Try, &Fate),
        before: &Journal,
        after: &Journal,
    ) {
        let new: Vec<u64> = after.lines.iter().skip(before.lines.len()).flat_map(Line::rows).collect();
        let waited = attempt.offered.iter().filter(|line| !new.contains(line)).count();
        let orderly = matches!(attempt.end, End::Closed(_)) && fate.signals.len() < 2;
        if orderly {
            assert_eq!(waited, 0, "an orderly end leaves no outcome behind");
        }
        // A deletion that is to be verified is settled later, or written down as failed.
        let mut answered: HashMap<(Vec<String>, Option<String>), usize> = HashMap::new();
        for sent in sent.iter().filter(|sent| is_definitive(sent)) {
            *answered.entry((ids(sent), plan(sent))).or_default() += 1;
        }
        let lost = answered.iter().map(|((ids, plan), times)| {
            let is_written = |entry: &&Entry| entry.ids == *ids && entry.plan == *plan && new.contains(&entry.line);
            times.saturating_sub(self.entries().iter().filter(is_written).count())
        });
        let lost: usize = lost.sum();
        let on_the_way = self.machine.options.width.get() as usize;
        // A row whose answer came at the very moment of the end has left the wire, and not the flow.
        let most = waited + if orderly && !was_doubted(attempt) { 0 } else { on_the_way + self.verifying() };
        assert!(lost <= most, "{lost} answered rows have no line, {waited} outcomes waited");
    }

    /// Rows that wait for the look after their deletion are not settled yet.
    fn verifying(&self) -> usize {
        if self.machine.options.verify_after.is_some() { self.entries().len() } else { 0 }
    }

    /// What `run.json` says is true of some beginning of the results.
    fn nothing_is_claimed_that_is_not_there(&self, after: &Journal) {
        if after.heads.is_empty() {
            return;
        }
        let state = naive::state(&self.machine.disk);
        let head = state["chain_head"].as_str().expect("a head");
        let at = after.heads.iter().position(|other| other == head).expect("the recorded head occurs in the chain");
        let beginning = Journal { lines: after.lines[..at].to_vec(), ..Journal::default() };
        assert_eq!(totals_said(&state), totals(&beginning), "run.json counts what stands before its head");
        let mut settled: BTreeMap<u64, &str> = BTreeMap::new();
        for line in &after.lines {
            for row in line.rows() {
                let before = settled.insert(row, &line.outcome);
                assert!(before.is_none_or(|word| self.may_follow(word)), "line {row} is settled twice");
            }
        }
    }

    /// In any window the pace and its burst bound what is sent, and the width bounds what is on the wire.
    fn the_pace_is_kept(&self, sent: &[Sent]) {
        let options = &self.machine.options;
        let (rate, burst) = (options.rate.get(), f64::from(options.burst.get()));
        let mut lowest = f64::INFINITY;
        for (index, one) in sent.iter().enumerate() {
            let level = f64::from(u32::try_from(index).expect("few requests")) - rate * one.at.as_secs_f64();
            lowest = lowest.min(level);
            assert!(level + 1.0 - lowest <= burst + 1.0, "request {index} at {:?} is above the pace", one.at);
            let wire = sent[..index].iter().filter(|other| other.until.is_none_or(|until| until > one.at)).count() + 1;
            assert!(wire <= options.width.get() as usize, "{wire} on the wire at {:?}", one.at);
        }
    }

    /// Rows that share an id are never on the wire at once, and those that were sent settle in file order.
    fn rows_of_one_person_keep_their_order(&self, sent: &[Sent], before: &Journal, after: &Journal) {
        let mut busy: BTreeMap<String, Duration> = BTreeMap::new();
        for sent in sent.iter().filter(|sent| sent.operation.changes()) {
            for id in ids(sent) {
                let free_from = busy.insert(id.clone(), sent.until.unwrap_or(Duration::MAX));
                assert!(free_from.is_none_or(|until| until <= sent.at), "{id} is on the wire twice");
            }
        }
        let mut last: BTreeMap<&String, u64> = BTreeMap::new();
        for line in after.lines.iter().skip(before.lines.len()).filter(|line| line.request.is_some()) {
            let entry = self.entries().iter().find(|entry| entry.line == line.row).expect("a line is about a row");
            for id in &entry.ids {
                let earlier = last.insert(id, line.row);
                assert!(earlier.is_none_or(|earlier| earlier < line.row), "{id} went out of order: line {}", line.row);
            }
        }
    }

    /// Whom the API was asked to delete is on the list, and nobody on it is created or changed.
    fn nobody_comes_back(&self, sent: &[Sent], attempt: &Try) {
        if self.machine.shelf.is_none() {
            return;
        }
        for sent in sent.iter().filter(|sent| sent.operation.changes()) {
            for id in ids(sent) {
                let is_listed = attempt.listed.contains(&id);
                let is_deletion = sent.operation == Operation::Delete;
                assert!(
                    is_listed || !is_deletion || self.machine.rows.is_sync,
                    "{id} is to be deleted, and not listed"
                );
                assert!(!is_listed || is_deletion, "{id} is brought back");
            }
        }
    }

    /// Nobody leaves without a reason, and the exit code names it.
    fn the_end_has_a_reason(&self, attempt: &Try, fate: &Fate, after: &Journal) {
        let plan = self.machine.plan;
        let disk_failed = fate.hurts_the_disk() || fate.memory_fails_after.is_some();
        let ending = match &attempt.end {
            End::Finished => return,
            End::Died => return assert!(fate.dies_after.is_some() || fate.dies_at.is_some(), "nobody killed it"),
            End::Trouble(error) => return assert!(disk_failed, "the disk was well: {error}"),
            End::Closed(ending) => ending,
        };
        let bad = |word: &str| matches!(word, "refused" | "failed" | "invalid" | "exists");
        let exit = match ending {
            Ending::Complete => u64::from(after.last_words().values().any(|line| bad(&line.outcome))),
            Ending::Stopped(signal) => {
                assert!(fate.signals.iter().any(|(_, sent)| sent == signal), "nobody sent {signal:?}");
                if *signal == tollgate::flow::Signal::Interrupt { 130 } else { 143 }
            }
            Ending::GaveUp { .. } | Ending::NeverReached { .. } | Ending::HoldTooLong { .. } => {
                assert!(plan.calm_from() > Duration::ZERO, "the API was well: {ending:?}");
                75
            }
            Ending::Suspicious { .. } if plan.meets(|manner| matches!(manner, Manner::Unsigned(_))) => 78,
            Ending::Suspicious { .. } => {
                assert!(plan.meets(|manner| matches!(manner, Manner::Unauthorized | Manner::Revoked)), "{ending:?}");
                77
            }
            Ending::Guard(_) if self.machine.options.max_absent != MaxAbsent::Off => u64::from(Exit::Guard.code()),
            other @ (Ending::TimeIsUp
            | Ending::Guard(_)
            | Ending::IntakeLost
            | Ending::LedgerLost
            | Ending::RegisterLost(_)) => {
                panic!("nothing in the plan leads to {other:?}")
            }
        };
        let state = naive::state(&self.machine.disk);
        assert_eq!(state["exit_code"], exit, "{ending:?}");
        assert_eq!(state["complete"], *ending == Ending::Complete);
        let number = |name: &str| state[name].as_u64().expect("a count");
        let settled = after.last_words().values().filter(|line| line.outcome != "failed").count() as u64;
        assert!(number("rows_read") - number("unsettled") <= settled, "more is said to be settled than is");
    }
}

/// What was answered while the run was under suspicion is not written down when that holds.
const fn was_doubted(attempt: &Try) -> bool {
    matches!(&attempt.end, End::Closed(Ending::Suspicious { .. }))
}

/// While the API asks for a pause nothing is sent.
fn a_hold_is_kept(sent: &[Sent]) {
    let asked = sent.iter().filter_map(|sent| match (&sent.answer, sent.until) {
        (Some(Word::Again { after: Some(after), .. }), Some(answered)) => Some((answered, answered + *after)),
        _ => None,
    });
    for (answered, until) in asked {
        let early = sent.iter().find(|other| other.at > answered && other.at < until);
        assert!(
            early.is_none(),
            "sent at {:?}, though asked at {answered:?} to wait until {until:?}",
            early.map(|sent| sent.at)
        );
    }
}

/// How many rows ended how, by their last lines.
pub(crate) fn totals(journal: &Journal) -> BTreeMap<String, u64> {
    let mut totals = BTreeMap::new();
    for line in journal.last_words().values() {
        *totals.entry(line.outcome.clone()).or_default() += 1;
    }
    totals
}

pub(crate) fn totals_said(state: &serde_json::Value) -> BTreeMap<String, u64> {
    let said: BTreeMap<String, u64> = serde_json::from_value(state["totals"].clone()).expect("counts");
    said.into_iter().filter(|(_, count)| *count > 0).collect()
}
