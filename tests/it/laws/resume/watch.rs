//! What must hold after each try, and at the end: from the remote's log and the files alone.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
};

use tollgate::{
    domain::{Fact, Id, IdKind, Identity, Operation, Word},
    flow::Ending,
};

use super::{
    naive::{self, Journal, Line},
    people::{Entry, HEADER, People},
    story::{End, Fate, Story, Try},
};
use crate::support::remote::{Manner, Sent};

/// Plays a story and judges each try of it.
pub(super) struct Watch<'a> {
    pub(super) story: &'a Story<'a>,
    people: &'a People,
    pub(super) entries: Vec<Entry>,
    /// Lines that can no longer be lost.
    lasting: RefCell<Vec<Line>>,
    /// Where each try begins in the remote's log.
    pub(super) begins: RefCell<Vec<usize>>,
    /// While the not-found guard doubts rows, they may be sent again.
    doubts: bool,
}

/// The ids of a request or of a row.
pub(super) fn ids(identity: &Identity) -> Vec<String> {
    identity.ids().map(|id| id.text().to_owned()).collect()
}

fn is_definitive(sent: &Sent) -> bool {
    let definitive = matches!(sent.answer, Some(Word::Done(Fact::Deleted | Fact::Absent) | Word::Refused));
    definitive && sent.operation == Operation::Delete
}

impl<'a> Watch<'a> {
    pub(super) fn new(story: &'a Story<'a>, people: &'a People) -> Self {
        Self {
            story,
            people,
            entries: people.entries(),
            lasting: RefCell::default(),
            begins: RefCell::default(),
            doubts: false,
        }
    }

    /// The guard that doubts rows is on.
    pub(super) fn doubting(self) -> Self {
        Self { doubts: true, ..self }
    }

    /// One try under its fate, judged.
    pub(super) async fn attempt(&self, fate: &Fate) -> Try {
        let before = naive::journal(&self.story.disk);
        let attempt = self.story.attempt(fate).await;
        let after = naive::journal(&self.story.disk);
        self.begins.borrow_mut().push(attempt.from);
        self.what_was_synced_lasts(&attempt, &after);
        self.nothing_settled_is_sent_again(&attempt, &before);
        self.nothing_is_lost_but_what_waited(&attempt, fate, &before, &after);
        self.nothing_is_claimed_that_is_not_there(&after);
        attempt
    }

    /// Tries without any trouble until nothing is left to do.
    pub(super) async fn finish(&self) {
        for _ in 0..3 {
            let end = self.attempt(&Fate::default()).await.end;
            match end {
                End::Closed(Ending::Complete, None) => {}
                End::Finished => return,
                other @ (End::Died | End::Trouble(..) | End::Closed(..)) => panic!("nobody interfered: {other:?}"),
            }
        }
        panic!("a complete run is not taken for finished");
    }

    /// Whether another line may follow this word.
    fn may_follow(&self, word: &str) -> bool {
        word == "failed" || (self.doubts && word == "absent")
    }

    fn what_was_synced_lasts(&self, attempt: &Try, after: &Journal) {
        let mut lasting = self.lasting.borrow_mut();
        assert!(after.lines.starts_with(&lasting), "a line that was synced has changed, or is gone");
        let claimed = usize::try_from(attempt.claimed).expect("few lines");
        assert!(after.lines.len() >= claimed, "{claimed} lines were claimed, {} are there", after.lines.len());
        let now = claimed.max(lasting.len());
        lasting.clone_from(&after.lines[..now].to_vec());
    }

    fn sent_in(&self, attempt: &Try) -> Vec<Sent> {
        let log = self.story.remote.log();
        log[attempt.from..].iter().filter(|sent| sent.operation == Operation::Delete).cloned().collect()
    }

    fn nothing_settled_is_sent_again(&self, attempt: &Try, before: &Journal) {
        let words = before.last_words();
        let settled = |line: u64| words.get(&line).is_some_and(|line| !self.may_follow(&line.outcome));
        for sent in self.sent_in(attempt) {
            let ids = ids(&sent.identity);
            let open = self.entries.iter().any(|entry| entry.ids == ids && !entry.unchanged && !settled(entry.line));
            assert!(open, "{ids:?} was sent again, and its lines were settled, or have nothing new");
        }
        for line in &attempt.offered {
            assert!(!settled(*line), "line {line} has another outcome, and was settled");
        }
    }

    /// A row that was answered has its line afterwards, or waited for the disk when the process died.
    fn nothing_is_lost_but_what_waited(&self, attempt: &Try, fate: &Fate, before: &Journal, after: &Journal) {
        let new: Vec<_> = after.lines.iter().skip(before.lines.len()).flat_map(Line::rows).collect();
        let waited: Vec<_> = attempt.offered.iter().filter(|line| !new.contains(line)).collect();
        let mut answered: HashMap<Vec<String>, usize> = HashMap::new();
        for sent in self.sent_in(attempt).iter().filter(|sent| is_definitive(sent)) {
            *answered.entry(ids(&sent.identity)).or_default() += 1;
        }
        let lost = answered.iter().map(|(ids, times)| {
            let written =
                self.entries.iter().filter(|entry| entry.ids == *ids && !entry.unchanged && new.contains(&entry.line));
            times.saturating_sub(written.count())
        });
        let lost: usize = lost.sum();
        assert!(lost <= waited.len(), "{lost} answered rows have no line, {} outcomes waited", waited.len());
        if matches!(attempt.end, End::Closed(..)) && fate.signals.len() < 2 {
            assert_eq!(waited.len(), 0, "an orderly end leaves no outcome behind");
        }
        if attempt.end_is_unforeseen() {
            let log = self.story.remote.log();
            let when = log.iter().filter_map(|sent| sent.until).max();
            let wire = log[attempt.from..].iter().filter(|sent| sent.answer.is_none() && sent.until == when);
            let width = self.story.options.width.get() as usize;
            assert!(wire.count() <= width, "more was on the wire than there is room");
        }
    }

    /// What `run.json` says is true of some beginning of the results.
    fn nothing_is_claimed_that_is_not_there(&self, after: &Journal) {
        if after.heads.is_empty() {
            return;
        }
        let state = naive::state(&self.story.disk);
        let head = state["chain_head"].as_str().expect("a head");
        let at = after.heads.iter().position(|other| other == head).expect("the recorded head occurs in the chain");
        let beginning = Journal { lines: after.lines[..at].to_vec(), ..Journal::default() };
        assert_eq!(totals_said(&state), totals(&beginning), "run.json counts what stands before its head");
    }

    /// A finished run's files say what an undisturbed run's would.
    pub(super) fn the_end_is_that_of_an_undisturbed_run(&self) {
        let journal = naive::journal(&self.story.disk);
        assert_eq!(journal.rest, 0, "nothing stands behind the last line");
        self.every_row_has_one_settled_line(&journal);
        let words = journal.last_words();
        let expected = self.people.expected();
        assert_eq!(words.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for entry in &self.entries {
            let (line, wanted) = (words[&entry.line], expected[&entry.line]);
            let id = if entry.unchanged { String::new() } else { self.named(entry)[0].clone() };
            assert_eq!(line.id, id, "line {} is about somebody else", entry.line);
            if line.outcome != wanted {
                assert_eq!((line.outcome.as_str(), wanted), ("absent", "deleted"), "line {}", entry.line);
                self.is_excused(entry, line);
            }
        }
        self.side_files_hold_the_rows(&words);
        let state = naive::state(&self.story.disk);
        assert_eq!(totals_said(&state), totals(&journal));
        assert_eq!(state["complete"], true);
        assert_eq!(state["rows_read"], self.entries.len());
        assert_eq!(state["chain_head"].as_str(), journal.heads.last().map(String::as_str));
    }

    fn every_row_has_one_settled_line(&self, journal: &Journal) {
        let mut settled: BTreeMap<u64, &str> = BTreeMap::new();
        for line in &journal.lines {
            for row in line.rows() {
                let before = settled.insert(row, &line.outcome);
                let may_follow = before.is_none_or(|word| self.may_follow(word));
                assert!(may_follow, "line {row} was {before:?}, and then {}", line.outcome);
            }
        }
    }

    /// The row was erased by a request of this run whose line did not survive, or whose answer was lost.
    fn is_excused(&self, entry: &Entry, line: &Line) {
        let log = self.story.remote.log();
        let deciding = line.request.expect("an absent row was answered");
        assert_eq!(ids(&log[deciding].identity), entry.ids);
        let erased = log[..deciding].iter().position(|sent| sent.applied && ids(&sent.identity) == entry.ids);
        let erased = erased.unwrap_or_else(|| panic!("line {}: nobody erased it, and it is absent", entry.line));
        let begins = self.begins.borrow();
        let try_of = |request: usize| begins.iter().filter(|from| **from <= request).count();
        if try_of(erased) == try_of(deciding) {
            let lost = log[erased].manner == Manner::ResetAfter;
            assert!(lost, "line {}: its answer came, and it was asked again", entry.line);
            assert!(line.message.starts_with("after a lost answer"), "line {} says so", entry.line);
        }
    }

    fn is_hashed(&self) -> bool {
        self.story.naming.key_id().is_some()
    }

    /// The row's ids as the results have them, the first one at least.
    fn named(&self, entry: &Entry) -> Vec<String> {
        if !self.is_hashed() {
            return vec![entry.stored_id()];
        }
        let naming = &self.story.naming;
        let id = |text: &String| Id::parse(IdKind(u8::from(!text.starts_with("profile"))), text).expect("a good id");
        let hashes: Vec<_> = entry.ids.iter().map(|text| naming.id(&id(text)).into_owned()).collect();
        if !hashes.is_empty() {
            return hashes;
        }
        let read = entry.stored.replace("\\x0a", "\n");
        vec![String::from_utf8(naming.unkind(read.as_bytes()).into_owned()).expect("hex digits")]
    }

    /// What a side file holds of the row.
    fn record(&self, entry: &Entry) -> String {
        if !self.is_hashed() {
            return entry.raw.clone();
        }
        let ids = self.named(entry);
        format!("{},{},{}", entry.line, ids[0], ids.get(1).map_or("", String::as_str))
    }

    fn side_files_hold_the_rows(&self, words: &BTreeMap<u64, &Line>) {
        let of = |verdicts: &[&str]| {
            let fits = |entry: &&Entry| verdicts.contains(&words[&entry.line].outcome.as_str());
            let mut raw: Vec<_> = self.entries.iter().filter(fits).map(|entry| self.record(entry)).collect();
            raw.sort();
            raw
        };
        let disk = &self.story.disk;
        let header = if self.is_hashed() { "line,id,second_id" } else { HEADER };
        assert_eq!(naive::side_file(disk, "failed.csv", header), of(&["refused", "failed", "invalid"]));
        assert_eq!(naive::side_file(disk, "absent.csv", header), of(&["absent"]));
        let left = disk.list();
        assert!(!left.iter().any(|name| name.ends_with(".partial")), "{left:?}");
    }
}

impl Try {
    fn end_is_unforeseen(&self) -> bool {
        matches!(self.end, End::Died)
    }
}

/// How many rows ended how, by their last lines.
fn totals(journal: &Journal) -> BTreeMap<String, u64> {
    let mut totals = BTreeMap::new();
    for line in journal.last_words().values() {
        *totals.entry(line.outcome.clone()).or_default() += 1;
    }
    totals
}

fn totals_said(state: &serde_json::Value) -> BTreeMap<String, u64> {
    let said: BTreeMap<String, u64> = serde_json::from_value(state["totals"].clone()).expect("counts");
    said.into_iter().filter(|(_, count)| *count > 0).collect()
}
