//! Random rows as a file would hold them, and how each must end: a model that reads the API's nature, and no code of ours.

use std::collections::{BTreeMap, HashMap, HashSet};

use proptest::{collection::vec, prelude::*};

use tollgate::domain::LineSet;

use crate::support::remote::{Habits, Phase, Script, Temper};

/// What the API thinks of an id, whatever happens around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    Here,
    Gone,
    Unwelcome,
    Poison,
}

/// What stands in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Record {
    Ids(Vec<String>),
    Empty,
    TwoLines,
    Odd,
}

/// One row of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) line: u64,
    /// As it stands in the input, without the line end.
    pub(super) raw: String,
    /// The ids that would be sent, the primary one first; none when malformed.
    pub(super) ids: Vec<String>,
    /// The id as the results hold it.
    pub(super) stored: &'static str,
    /// It was sent before just as it stands.
    pub(super) unchanged: bool,
    number: usize,
}

/// The rows and the API's nature.
#[derive(Debug, Clone)]
pub(super) struct People {
    records: Vec<Record>,
    natures: HashMap<String, Nature>,
    pub(super) dedupe: bool,
    /// Places of records that were sent before just as they stand.
    unchanged: HashSet<usize>,
}

pub(super) const HEADER: &str = "profile_id,customer_user_id";

/// Ids as people have them: plain, like a formula, with a comma and quotes, with a backslash, beyond ASCII.
fn person(number: usize) -> String {
    match number % 6 {
        1 => format!("-minus {number}"),
        2 => format!("o\"neil, {number}"),
        3 => format!("back\\{number}"),
        4 => format!("é{number}"),
        _ => format!("person-{number}"),
    }
}

fn profile(number: usize) -> String {
    format!("profile-{number}")
}

impl Entry {
    /// The id as the results hold it, once unquoted.
    pub(super) fn stored_id(&self) -> String {
        match (self.stored, self.ids.first()) {
            ("", Some(id)) if id.starts_with('-') => format!("'{id}"),
            ("", Some(id)) => id.replace('\\', "\\\\"),
            (stored, _) => stored.to_owned(),
        }
    }
}

fn quoted(id: &str) -> String {
    if id.contains([',', '"', '\n']) { format!("\"{}\"", id.replace('"', "\"\"")) } else { id.to_owned() }
}

impl People {
    /// So many people with one id each, all of one nature but for a few.
    pub(super) fn alike(count: usize, nature: Nature, others: &[(usize, Nature)]) -> Self {
        let mut natures: HashMap<_, _> = (0..count).map(|number| (person(number), nature)).collect();
        natures.extend(others.iter().map(|(number, nature)| (person(*number), *nature)));
        Self {
            records: (0..count).map(|number| Record::Ids(vec![person(number)])).collect(),
            natures,
            dedupe: true,
            unchanged: HashSet::new(),
        }
    }

    pub(super) fn nature(&self, id: &str) -> Nature {
        self.natures.get(id).copied().unwrap_or(Nature::Gone)
    }

    /// Without the record at a place.
    pub(super) fn without(&self, place: usize) -> Self {
        let mut other = self.clone();
        other.records.remove(place);
        other
    }

    /// With two records in each other's place.
    pub(super) fn swapped(&self, one: usize, two: usize) -> Self {
        let mut other = self.clone();
        other.records.swap(one, two);
        other
    }

    /// With another person at a place.
    pub(super) fn changed(&self, place: usize) -> Self {
        let mut other = self.clone();
        other.records[place] = Record::Ids(vec!["somebody else".to_owned()]);
        other
    }

    /// With another person before a place.
    pub(super) fn with_one_more(&self, place: usize) -> Self {
        let mut other = self.clone();
        other.records.insert(place, Record::Ids(vec!["somebody else".to_owned()]));
        other
    }

    /// The rows, with the physical lines on which they begin.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let mut line = 2;
        let mut entries = Vec::new();
        for (number, record) in self.records.iter().enumerate() {
            let (raw, ids, stored) = match record {
                Record::Empty => (",".to_owned(), Vec::new(), ""),
                Record::TwoLines => (",\"two\nlines\"".to_owned(), Vec::new(), "two\\x0alines"),
                Record::Odd => (",NULL".to_owned(), Vec::new(), "NULL"),
                Record::Ids(ids) => {
                    let cell = |kind: &str| {
                        ids.iter().find(|id| id.starts_with("profile") == (kind == "profile")).map(|id| quoted(id))
                    };
                    let raw = [cell("profile"), cell("person")].map(Option::unwrap_or_default).join(",");
                    (raw, ids.clone(), "")
                }
            };
            let lines = raw.matches('\n').count() as u64 + 1;
            let unchanged = self.unchanged.contains(&number);
            entries.push(Entry { line, raw, ids, stored, unchanged, number });
            line += lines;
        }
        entries
    }

    /// The lines of those who were sent before just as they stand.
    pub(super) fn unchanged(&self) -> LineSet {
        let mut lines = LineSet::default();
        for entry in self.entries().iter().filter(|entry| entry.unchanged) {
            lines.insert(entry.line);
        }
        lines
    }

    /// The file.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let rows = self.entries().into_iter().map(|entry| entry.raw + "\n");
        (format!("{HEADER}\n") + &rows.collect::<String>()).into_bytes()
    }

    /// How each line must end, as one undisturbed worker would find it, row after row.
    pub(super) fn expected(&self) -> BTreeMap<u64, &'static str> {
        let mut gone = HashSet::new();
        let mut seen = HashSet::new();
        let mut verdicts = BTreeMap::new();
        for entry in self.entries() {
            let verdict = match &self.records[entry.number] {
                Record::Ids(_) if entry.unchanged => "unchanged",
                Record::Empty | Record::TwoLines | Record::Odd => "invalid",
                Record::Ids(ids) if self.dedupe && !seen.insert(ids.clone()) => "duplicate",
                Record::Ids(ids) => self.fate(ids, &mut gone),
            };
            verdicts.insert(entry.line, verdict);
        }
        verdicts
    }

    fn fate(&self, ids: &[String], gone: &mut HashSet<String>) -> &'static str {
        for id in ids {
            match self.nature(id) {
                Nature::Unwelcome => return "refused",
                Nature::Poison => return "failed",
                Nature::Here if gone.insert(id.clone()) => return "deleted",
                Nature::Here | Nature::Gone => {}
            }
        }
        "absent"
    }

    /// The API of this nature.
    pub(super) fn script(&self, phases: Vec<Phase>, seed: u64) -> Script {
        let of = |nature| self.natures.iter().filter(move |(_, is)| **is == nature).map(|(id, _)| id.clone());
        let tempers = of(Nature::Unwelcome)
            .map(|id| (id, Temper::Unwelcome))
            .chain(of(Nature::Poison).map(|id| (id, Temper::Poison)));
        Script {
            phases,
            tempers: tempers.collect(),
            existing: of(Nature::Here).collect(),
            new_key: None,
            looks_first: false,
            habits: Habits::default(),
            seed,
        }
    }
}

fn nature() -> impl Strategy<Value = Nature> {
    prop_oneof![
        12 => Just(Nature::Here),
        5 => Just(Nature::Gone),
        2 => Just(Nature::Unwelcome),
        1 => Just(Nature::Poison),
    ]
}

/// Who has two ids has them in one person's name: once the first is erased, the second is gone as well.
fn ids(first: usize, second: usize, natures: &HashMap<String, Nature>) -> Record {
    let (first, second) = (profile(first), person(second));
    let of = |id: &str| natures.get(id).copied().unwrap_or(Nature::Gone);
    let both = of(&first) != Nature::Here || of(&second) == Nature::Gone;
    Record::Ids(if both { vec![first, second] } else { vec![first] })
}

/// Rows that share ids all the time.
pub(super) fn people(most: usize) -> impl Strategy<Value = People> {
    let count = (most / 2).max(1);
    let shapes = vec((0..12u8, 0..count, 0..most), 1..most);
    (shapes, vec(nature(), most), vec(nature(), count), any::<bool>()).prop_map(
        |(shapes, persons, profiles, dedupe)| {
            let mut natures: HashMap<_, _> = persons.into_iter().enumerate().map(|(n, is)| (person(n), is)).collect();
            natures.extend(profiles.into_iter().enumerate().map(|(number, is)| (profile(number), is)));
            let record = |(kind, first, second): (u8, usize, usize)| match kind {
                0 => [Record::Empty, Record::TwoLines, Record::Odd][second % 3].clone(),
                1..=3 => ids(first, second, &natures),
                4 => Record::Ids(vec![profile(first)]),
                _ => Record::Ids(vec![person(second)]),
            };
            let records = shapes.into_iter().map(record).collect();
            People { records, natures, dedupe, unchanged: HashSet::new() }
        },
    )
}

/// The same, and stretches of them were sent before just as they stand; a sync knows no repeats.
pub(super) fn partly_unchanged(most: usize) -> impl Strategy<Value = People> {
    let stretches = vec((0..most, 1..most / 2), 0..4);
    (people(most), stretches).prop_map(|(people, stretches)| {
        let places = stretches.into_iter().flat_map(|(first, length)| first..first + length);
        let is_person = |place: &usize| matches!(people.records.get(*place), Some(Record::Ids(_)));
        let unchanged = places.filter(is_person).filter(|_| !people.dedupe).collect();
        People { unchanged, ..people }
    })
}
