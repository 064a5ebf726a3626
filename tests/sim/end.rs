//! What must hold of a finished run: each row has its one settled line, what that says is what the API did, and the API
//! holds what the lines say.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    judge::{Judge, ids, is_of, totals, totals_said},
    model::{Model, State, is_so},
    naive::{self, Journal, Line},
    names::{header, named, record},
    rows::{Deed, Entry},
    support::remote::{Manner, Sent},
};

impl Judge<'_> {
    /// The files of a finished run say what an undisturbed run's would, or why not; gives what the API holds now.
    pub(crate) fn the_end_is_that_of_an_undisturbed_run(&self, beginning: State) -> State {
        let machine = self.machine;
        let journal = naive::journal(&machine.disk);
        assert_eq!(journal.rest, 0, "nothing stands behind the last line");
        let entries = &machine.rows.entries;
        let words = journal.last_words();
        let lines: Vec<u64> = entries.iter().map(|entry| entry.line).collect();
        assert_eq!(words.keys().copied().collect::<Vec<_>>(), lines, "every row has its line");
        let tainted = self.tainted(&journal);
        let mut model = Model::new(machine.rows, beginning, machine.listed());
        for entry in entries {
            let line = words[&entry.line];
            let expected = model.expect(entry);
            if !entry.shares_an_id(&tainted) {
                self.is_right(entry, &words, expected, &model);
            }
            // What was sent by an earlier sync is so already, together with the person's other rows; and what was missing
            // has not been sent.
            if line.request.is_some() || !["unchanged", "missing"].contains(&line.outcome.as_str()) {
                model.apply(entry, &line.outcome);
            }
        }
        self.the_api_holds_what_the_lines_say(&model.state, &tainted);
        self.files_agree(&journal, &words);
        let world = machine.remote.world();
        let natures = machine.rows.natures.keys();
        natures.filter(|id| world.has(id)).map(|id| (id.clone(), plan_of(world.field(id, "plan")))).collect()
    }

    fn is_right(&self, entry: &Entry, words: &BTreeMap<u64, &Line>, expected: &str, model: &Model<'_>) {
        let line = words[&entry.line];
        if line.request.is_none() && line.outcome == "unchanged" {
            let rows = self.machine.rows;
            let ended_so = |row: &&Entry| {
                words[&row.line].request.is_none() && self.ended_so_before_a_later_row(row, &words[&row.line].outcome)
            };
            let person: Vec<&Entry> = rows.of_one_person(entry).into_iter().filter(|row| !ended_so(row)).collect();
            let is_so = is_so(rows, (&model.state, self.machine.listed()), &person);
            assert!(self.machine.store.is_some() && is_so, "line {} is not so yet", entry.line);
            return;
        }
        assert_eq!(line.id, named(&self.machine.plan.naming, entry)[0], "line {} is about somebody else", entry.line);
        if let Some(request) = line.request {
            let log = self.machine.remote.log();
            assert!(is_of(&log[request], entry), "line {} was decided by an answer about another row", entry.line);
        }
        let machine = self.machine;
        let is_held = || machine.store.is_some() && model.holds_kin_of(entry, &machine.plan.rows);
        if line.request.is_none() && line.outcome == "failed" && is_held() {
            return;
        }
        if line.request.is_none() && self.ended_so_before_a_later_row(entry, &line.outcome) {
            return;
        }
        if line.request.is_none() && line.outcome == "suppressed" && self.may_be_known_as_erased(entry) {
            return;
        }
        if line.outcome != expected && !self.may_be_blamed(entry, line) {
            self.is_excused(entry, line, expected);
        }
    }

    /// He was not there when an earlier sync of the same rows came to this one, and a later row created him; or he was, and
    /// a later row has changed or deleted him.
    fn ended_so_before_a_later_row(&self, entry: &Entry, outcome: &str) -> bool {
        let creates = |row: &&Entry| matches!(row.deed, Deed::Upsert | Deed::Create);
        let person = self.machine.rows.of_one_person(entry);
        let mut later = person.iter().filter(|row| row.line > entry.line).copied();
        self.machine.store.is_some()
            && match outcome {
                "missing" => later.any(|row| creates(&row)),
                "exists" => later.next().is_some(),
                _ => false,
            }
    }

    /// None of the row's ids is on the list, but a memory may know, of any file before, that another one of the person's is.
    fn may_be_known_as_erased(&self, entry: &Entry) -> bool {
        let machine = self.machine;
        machine.store.is_some() && entry.deed != Deed::Delete && !machine.listed().is_empty()
    }

    /// A request that this row has something to do with was applied, and its line did not survive, or its answer was lost.
    fn is_excused(&self, entry: &Entry, line: &Line, expected: &str) {
        let log = self.machine.remote.log();
        let what = || format!("line {} is {}, not {expected}", entry.line, line.outcome);
        let deciding = line.request.unwrap_or_else(|| panic!("{}, and without a call", what()));
        let journal = naive::journal(&self.machine.disk);
        let try_of = |request| self.tries.borrow().iter().position(|(from, to)| (*from..*to).contains(&request));
        let excuses = |(request, sent): (usize, &Sent)| {
            let lost = matches!(sent.manner, Manner::ResetAfter | Manner::BrokenAfter);
            let unwritten = try_of(request) != try_of(deciding) && !self.is_written(request, sent, &journal);
            sent.applied && entry.shares_an_id(&ids(sent)) && (lost || unwritten)
        };
        let first = self.tries.borrow().first().map_or(0, |(from, _)| *from);
        let excuse = log[..deciding].iter().enumerate().skip(first).find(|(request, sent)| excuses((*request, sent)));
        let (request, sent) = excuse.unwrap_or_else(|| panic!("{}, and nothing was lost", what()));
        let options = &self.machine.options;
        let plainly = !options.look && options.verify_after.is_none();
        if plainly && line.outcome == "absent" && try_of(request) == try_of(deciding) && ids(sent) == entry.ids {
            assert!(line.message.starts_with("after a lost answer"), "line {} does not say so", entry.line);
        }
    }

    /// The try that sent it wrote down what came of it.
    fn is_written(&self, request: usize, sent: &Sent, journal: &Journal) -> bool {
        let tries = self.tries.borrow();
        let Some((_, end)) = tries.iter().find(|(from, to)| (*from..*to).contains(&request)) else { return false };
        let decided = |line: &&Line| line.request.is_some_and(|deciding| (request..*end).contains(&deciding));
        let entries = &self.machine.rows.entries;
        journal
            .lines
            .iter()
            .filter(decided)
            .any(|line| entries.iter().any(|entry| entry.line == line.row && is_of(sent, entry)))
    }

    /// Ids about which the API has lied, or whose lines cannot be foretold, and those that rows share with them.
    fn tainted(&self, journal: &Journal) -> Vec<String> {
        let log = self.machine.remote.log();
        let lies = log.iter().filter(|sent| sent.manner == Manner::Lying);
        let mut tainted: BTreeSet<String> = lies.flat_map(ids).collect();
        tainted.extend(self.blamed_beyond_foretelling(journal));
        loop {
            let before = tainted.len();
            for entry in &self.machine.rows.entries {
                if entry.ids.iter().any(|id| tainted.contains(id)) {
                    tainted.extend(entry.ids.iter().cloned());
                }
            }
            if tainted.len() == before {
                return tainted.into_iter().collect();
            }
        }
    }

    fn the_api_holds_what_the_lines_say(&self, state: &State, tainted: &[String]) {
        let world = self.machine.remote.world();
        for id in self.machine.rows.natures.keys().filter(|id| !tainted.contains(id)) {
            let holds = world.has(id).then(|| plan_of(world.field(id, "plan")));
            assert_eq!(holds.as_ref(), state.get(id), "the lines say something else of {id}");
        }
    }

    fn files_agree(&self, journal: &Journal, words: &BTreeMap<u64, &Line>) {
        let naming = &self.machine.plan.naming;
        let of = |verdicts: &[&str]| {
            let fits = |entry: &&Entry| verdicts.contains(&words[&entry.line].outcome.as_str());
            let mut raw: Vec<_> =
                self.machine.rows.entries.iter().filter(fits).map(|entry| record(naming, entry)).collect();
            raw.sort();
            raw
        };
        let (disk, header) = (&self.machine.disk, header(naming, self.machine.rows));
        assert_eq!(naive::side_file(disk, "failed.csv", header), of(&["refused", "failed", "invalid", "exists"]));
        assert_eq!(naive::side_file(disk, "absent.csv", header), of(&["absent", "missing"]));
        let left = disk.list();
        assert!(!left.iter().any(|name| name.ends_with(".partial")), "{left:?}");
        let state = naive::state(disk);
        assert_eq!(totals_said(&state), totals(journal));
        assert_eq!(state["complete"], true);
        assert_eq!(state["rows_read"], self.machine.rows.entries.len());
        assert_eq!(state["chain_head"].as_str(), journal.heads.last().map(String::as_str));
    }
}

/// The world writes a kind before each value.
fn plan_of(field: Option<&str>) -> Option<String> {
    field.and_then(|text| text.strip_prefix('t')).map(str::to_owned)
}
