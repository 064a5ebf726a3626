//! The rows of a history: who they are about, what they ask for, and how they stand in the file.

use std::collections::BTreeMap;

use crate::chance::Chance;

/// What the API thinks of an id, whatever happens around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nature {
    Here,
    Gone,
    /// It exists, and no change of it is ever taken.
    Unwelcome,
    /// It exists, and whatever is asked about it meets a 500.
    Poison,
}

/// What a row asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Delete,
    Update,
    Upsert,
    Create,
}

impl Deed {
    /// As the input and the results write it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Create => "create",
        }
    }
}

/// One row of the input.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The physical line on which it begins.
    pub(crate) line: u64,
    /// As it stands in the input, without the line end.
    pub(crate) raw: String,
    /// The ids that would be sent, the primary one first; none when malformed.
    pub(crate) ids: Vec<String>,
    pub(crate) deed: Deed,
    /// What its plan becomes.
    pub(crate) plan: Option<String>,
    /// The id as the results hold it.
    pub(crate) stored: String,
}

impl Entry {
    pub(crate) fn shares_an_id(&self, ids: &[String]) -> bool {
        self.ids.iter().any(|id| ids.contains(id))
    }
}

/// The rows, and the API's nature.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) entries: Vec<Entry>,
    pub(crate) natures: BTreeMap<String, Nature>,
    /// Rows say what they want, and all of an identity count, in order; otherwise all are deletions.
    pub(crate) is_sync: bool,
    /// The sync remembers what it sent.
    pub(crate) remembers: bool,
    pub(crate) dedupe: bool,
}

/// Whoever may be created has one id only.
fn maker(number: usize) -> String {
    format!("maker-{number}")
}

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

fn is_profile(id: &str) -> bool {
    id.starts_with("profile")
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// As the results hold it, once unquoted.
fn stored(id: &str) -> String {
    if id.starts_with('-') { format!("'{id}") } else { id.replace('\\', "\\\\") }
}

impl Rows {
    /// Up to `most` rows that share ids all the time.
    pub(crate) fn draw(chance: &mut Chance, most: usize, remembers: bool, suppresses: bool) -> Self {
        let people = most / 2 + 1;
        let mut natures = BTreeMap::new();
        for number in 0..people {
            for id in [person(number), profile(number), maker(number)] {
                let nature = match chance.within(0, 40) {
                    0..=23 => Nature::Here,
                    24..=36 => Nature::Gone,
                    37..=38 => Nature::Unwelcome,
                    _ => Nature::Poison,
                };
                natures.insert(id, nature);
            }
        }
        let is_sync = remembers || chance.happens(50);
        let mut rows =
            Self { entries: Vec::new(), natures, is_sync, remembers, dedupe: !is_sync && chance.happens(50) };
        let count = chance.place(most) + 1;
        rows.fill(chance, count, is_sync || suppresses);
        rows.numbered()
    }

    /// `with_makers`: deletions are about those whom a sync may create, too.
    fn fill(&mut self, chance: &mut Chance, count: usize, with_makers: bool) {
        self.entries = (0..count).map(|number| self.entry(chance, number, with_makers)).collect();
    }

    fn entry(&self, chance: &mut Chance, number: usize, with_makers: bool) -> Entry {
        let people = self.natures.len() / 3;
        let deed = if self.is_sync {
            chance.pick(&[Deed::Delete, Deed::Update, Deed::Update, Deed::Upsert, Deed::Create])
        } else {
            Deed::Delete
        };
        let (first, second) = (chance.place(people), chance.place(people));
        let ids = match (chance.within(0, 14), deed) {
            (0, _) => return self.malformed(chance),
            (_, Deed::Upsert | Deed::Create) => vec![maker(first)],
            (1..=3, Deed::Delete | Deed::Update) => self.both(first, second),
            (4, Deed::Delete | Deed::Update) => vec![profile(first)],
            (5..=7, Deed::Delete | Deed::Update) if with_makers => vec![maker(first)],
            (_, Deed::Delete | Deed::Update) => vec![person(second)],
        };
        // Now and then a plan that others have, too.
        let plan = (deed != Deed::Delete).then(|| format!("p{}", if chance.happens(15) { 0 } else { number + 1 }));
        self.row(ids, deed, plan)
    }

    /// Each row on its line: see [`Rows::numbered`].
    fn row(&self, ids: Vec<String>, deed: Deed, plan: Option<String>) -> Entry {
        let cell =
            |wanted: bool| ids.iter().find(|id| is_profile(id) == wanted).map(|id| quoted(id)).unwrap_or_default();
        let raw = self.record(&[cell(true), cell(false)], deed, plan.as_deref());
        let stored = stored(&ids[0]);
        Entry { line: 0, raw, ids, deed, plan, stored }
    }

    /// Who has two ids has them in one person's name: once the first is erased, the second is gone as well.
    fn both(&self, first: usize, second: usize) -> Vec<String> {
        let (first, second) = (profile(first), person(second));
        let both = self.natures[&first] == Nature::Gone || self.natures[&second] == Nature::Gone;
        if both { vec![first, second] } else { vec![first] }
    }

    fn malformed(&self, chance: &mut Chance) -> Entry {
        let (second, stored) = chance.pick(&[("", ""), ("\"two\nlines\"", "two\\x0alines"), ("NULL", "NULL")]);
        let raw = self.record(&[String::new(), second.to_owned()], Deed::Delete, None);
        Entry { line: 0, raw, ids: Vec::new(), deed: Deed::Delete, plan: None, stored: stored.to_owned() }
    }

    fn record(&self, ids: &[String; 2], deed: Deed, plan: Option<&str>) -> String {
        let ids = ids.join(",");
        if self.is_sync { format!("{ids},{},{}", deed.word(), plan.unwrap_or_default()) } else { ids }
    }

    pub(crate) const fn header(&self) -> &'static str {
        if self.is_sync { "profile_id,customer_user_id,action,plan" } else { "profile_id,customer_user_id" }
    }

    /// The file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let rows: String = self.entries.iter().flat_map(|entry| [&*entry.raw, "\n"]).collect();
        format!("{}\n{rows}", self.header()).into_bytes()
    }

    /// The next export of the same people: some want something else, and some who had two ids are named by one of them.
    pub(crate) fn next_export(&self, chance: &mut Chance) -> Self {
        let mut next = self.clone();
        for entry in next.entries.iter_mut().filter(|entry| !entry.ids.is_empty()) {
            let (mut plan, mut ids) = (entry.plan.clone(), entry.ids.clone());
            if plan.is_some() && chance.happens(30) {
                plan = Some(format!("q{}", entry.line));
            }
            if ids.len() > 1 && chance.happens(50) {
                ids.swap_remove(chance.place(2));
            }
            *entry = Entry { line: entry.line, ..self.row(ids, entry.deed, plan) };
        }
        next
    }

    /// Deletions of so many people with one id each, all of one nature but for a few.
    pub(crate) fn alike(count: usize, nature: Nature, others: &[(usize, Nature)]) -> Self {
        let mut natures: BTreeMap<_, _> = (0..count).map(|number| (person(number), nature)).collect();
        natures.extend(others.iter().map(|(number, nature)| (person(*number), *nature)));
        let entries = Vec::new();
        let mut rows = Self { entries, natures, is_sync: false, remembers: false, dedupe: true };
        rows.entries = (0..count).map(|number| rows.deletion(person(number))).collect();
        rows.numbered()
    }

    fn deletion(&self, id: String) -> Entry {
        let raw = self.record(&[String::new(), quoted(&id)], Deed::Delete, None);
        Entry { line: 0, raw, stored: stored(&id), ids: vec![id], deed: Deed::Delete, plan: None }
    }

    /// All rows of a row's person, in file order, as far as rows share ids.
    pub(crate) fn of_one_person(&self, entry: &Entry) -> Vec<&Entry> {
        let mut ids = entry.ids.clone();
        loop {
            let rows: Vec<&Entry> = self.entries.iter().filter(|other| other.shares_an_id(&ids)).collect();
            let before = ids.len();
            ids = rows.iter().flat_map(|row| row.ids.iter().cloned()).collect();
            ids.sort();
            ids.dedup();
            if ids.len() == before {
                return rows;
            }
        }
    }

    /// Each row on its line.
    fn numbered(mut self) -> Self {
        let mut line = 2;
        for entry in &mut self.entries {
            entry.line = line;
            line += entry.raw.matches('\n').count() as u64 + 1;
        }
        self
    }

    /// Without the row at a place.
    pub(crate) fn without(&self, place: usize) -> Self {
        let mut other = self.clone();
        other.entries.remove(place);
        other.numbered()
    }

    /// With two rows in each other's place.
    pub(crate) fn swapped(&self, one: usize, two: usize) -> Self {
        let mut other = self.clone();
        other.entries.swap(one, two);
        other.numbered()
    }

    /// With another person before a place.
    pub(crate) fn with_one_more(&self, place: usize) -> Self {
        let mut other = self.clone();
        let id = "somebody else".to_owned();
        other.natures.insert(id.clone(), Nature::Gone);
        other.entries.insert(place, self.deletion(id));
        other.numbered()
    }

    /// A request to erase some of these people.
    pub(crate) fn erasing(&self, chance: &mut Chance) -> Self {
        let mut some = Self { entries: Vec::new(), is_sync: false, remembers: false, dedupe: false, ..self.clone() };
        some.fill(chance, self.entries.len().div_ceil(4), true);
        some.numbered()
    }

    /// A later file about the same people, those who were erased included.
    pub(crate) fn coming_back(&self, chance: &mut Chance) -> Self {
        let mut next = Self { entries: Vec::new(), is_sync: true, dedupe: false, ..self.clone() };
        next.fill(chance, self.entries.len(), true);
        next.numbered()
    }

    /// Everybody of this nature.
    pub(crate) fn of(&self, nature: Nature) -> impl Iterator<Item = String> {
        self.natures.iter().filter(move |(_, is)| **is == nature).map(|(id, _)| id.clone())
    }

    pub(crate) fn exists_at_first(&self, id: &str) -> bool {
        self.natures.get(id).is_some_and(|nature| *nature != Nature::Gone)
    }
}
