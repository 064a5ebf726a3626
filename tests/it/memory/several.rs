//! People of whom several rows stand in one file, by the same ids or by others.

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

/// How a row names its person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Both,
    ByFirst,
    BySecond,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Update,
    Upsert,
    Delete,
}

/// A line of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    who: u8,
    by: Named,
    deed: Deed,
    field: &'static str,
    /// The API refuses whoever is `bad`.
    value: &'static str,
    /// The answer is lost, ten times.
    fails: bool,
}

const WHO: u8 = 3;

impl Line {
    fn row(self, line: u64, standing: Standing) -> FileRow {
        let (first, second) = (id(1, &format!("p-{}", self.who)), id(0, &format!("customer-{}", self.who)));
        let identity = match self.by {
            Named::Both => Identity::two(first, second),
            Named::ByFirst => Identity::one(first),
            Named::BySecond => Identity::one(second),
        };
        let setting = Setting { name: Arc::from(self.field), field: 0, value: Value::Text(self.value.into()) };
        let (action, fields) = match self.deed {
            Deed::Update => (Action::Update, Fields::new(vec![setting])),
            Deed::Upsert => (Action::Upsert, Fields::new(vec![setting])),
            Deed::Delete => (Action::Delete, Fields::default()),
        };
        FileRow { line, identity, action, fields, standing }
    }
}

/// What each person says at the API.
type People = BTreeMap<u8, BTreeMap<&'static str, &'static str>>;

fn apply(people: &mut People, line: Line) -> Verdict {
    match line.deed {
        Deed::Delete if people.remove(&line.who).is_some() => Verdict::Deleted,
        Deed::Delete => Verdict::Absent,
        Deed::Update | Deed::Upsert if line.value == "bad" => Verdict::Refused,
        Deed::Update if !people.contains_key(&line.who) => Verdict::Missing,
        Deed::Update | Deed::Upsert => {
            let is_new = !people.contains_key(&line.who);
            people.entry(line.who).or_default().insert(line.field, line.value);
            if is_new { Verdict::Created } else { Verdict::Updated }
        }
    }
}

/// As they are after all of this.
fn applied<'l>(people: &People, lines: impl Iterator<Item = &'l Line>) -> People {
    let mut people = people.clone();
    for line in lines {
        apply(&mut people, *line);
    }
    people
}

/// What happens in a night.
#[derive(Debug, Clone)]
enum Night {
    Complete,
    /// Killed after so many rows have come, and not told again.
    Short(usize),
    /// Killed after so many rows have come; the same command goes on, perhaps after a sync of another file.
    Resumed(usize, Option<Vec<Line>>),
    /// Taken as sent.
    Baseline,
}

fn line() -> impl Strategy<Value = Line> {
    let by = select(vec![Named::Both, Named::ByFirst, Named::BySecond]);
    let deed = prop_oneof![2 => Just(Deed::Update), 4 => Just(Deed::Upsert), 1 => Just(Deed::Delete)];
    let value = prop_oneof![4 => Just("a"), 4 => Just("b"), 1 => Just("bad")];
    let (field, fails) = (select(vec!["email", "name"]), prop::bool::weighted(0.05));
    (0..WHO, by, deed, field, value, fails).prop_map(|(who, by, deed, field, value, fails)| Line {
        who,
        by,
        deed,
        field,
        value,
        fails,
    })
}

fn nights() -> impl Strategy<Value = Vec<(Night, Vec<Line>)>> {
    let night = prop_oneof![
        6 => Just(Night::Complete),
        2 => (0..5_usize).prop_map(Night::Short),
        3 => (0..5_usize, prop::option::weighted(0.3, vec(line(), 0..4))).prop_map(|(cut, other)| Night::Resumed(cut, other)),
        1 => Just(Night::Baseline),
    ];
    let again = prop::bool::weighted(0.3);
    vec((night, vec(line(), 0..7), again), 1..9).prop_map(|nights| {
        let mut file = Vec::new();
        nights
            .into_iter()
            .map(|(night, lines, again)| {
                // Now and then the file of the night before, perhaps with one line less.
                file = if again { file[usize::from(lines.len() > 3).min(file.len())..].to_vec() } else { lines };
                if matches!(night, Night::Baseline) {
                    // It can have been sent.
                    for line in &mut file {
                        line.value = if line.value == "bad" { "a" } else { line.value };
                        line.deed = if line.deed == Deed::Update { Deed::Upsert } else { line.deed };
                    }
                }
                (night, file.clone())
            })
            .collect()
    })
}

/// A memory, and the API beside it.
struct World {
    drive: Drive,
    memory: Memory,
    people: People,
    /// Whose two ids stood together in a row that was sent: till then they are two people, and nobody is named by one.
    joined: BTreeSet<u8>,
    runs: u8,
}

/// How a file's rows ended, as far as they did.
type Verdicts = BTreeMap<u64, Verdict>;

fn rows(lines: &[Line], verdicts: &Verdicts) -> Vec<FileRow> {
    let standing = |line| match verdicts.get(&line) {
        None | Some(Verdict::Failed) => Standing::Open,
        Some(Verdict::Created | Verdict::Updated | Verdict::Deleted | Verdict::Unchanged) => Standing::Well,
        Some(Verdict::Absent | Verdict::Missing) => Standing::NotThere,
        Some(Verdict::Exists) => Standing::Taken,
        Some(_) => Standing::Refused,
    };
    (2..).zip(lines).map(|(at, line)| line.row(at, standing(at))).collect()
}

impl World {
    fn new() -> Self {
        let drive = Drive::default();
        let memory = open(&drive);
        Self { drive, memory, people: People::new(), joined: BTreeSet::new(), runs: 0 }
    }

    /// The lines as the file has them.
    fn named(&self, lines: &[Line]) -> Vec<Line> {
        let by = |line: &Line| if self.joined.contains(&line.who) { line.by } else { Named::Both };
        lines.iter().map(|line| Line { by: by(line), ..*line }).collect()
    }

    fn reopen(&mut self) {
        self.memory = {
            let closed = std::mem::replace(&mut self.memory, open(&Drive::default()));
            drop(closed);
            open(&self.drive)
        };
    }

    fn new_run(&mut self) -> Digest {
        self.runs += 1;
        Digest::of(&[self.runs])
    }

    /// One try at a file: how its rows stand afterwards. With `cut`, the process dies when so many have come; the next one
    /// has arrived at the API then.
    fn try_at(&mut self, run: Digest, lines: &[Line], mut verdicts: Verdicts, cut: usize) -> Verdicts {
        let rows = rows(lines, &verdicts);
        let mut recollection = recollect(&mut self.memory);
        let known = ask_all(&mut recollection, &rows);
        for (row, known) in rows.iter().zip(&known) {
            if row.standing == Standing::Well && *known == Known::Changed && row.action != Action::Delete {
                recollection.settled(&row.identity);
            }
        }
        self.memory.learn(&recollection, now()).unwrap();
        self.memory.begin_run(run).unwrap();
        let (mut sent, mut held) = (0, BTreeSet::new());
        let is_open = |row: &&FileRow| row.standing == Standing::Open;
        let changed: Vec<&FileRow> =
            rows.iter().zip(&known).filter(|(_, known)| **known == Known::Changed).map(|(row, _)| row).collect();
        for (row, known) in rows.iter().zip(&known).filter(|(row, _)| is_open(row)) {
            match known {
                Known::Same => drop(verdicts.insert(row.line, Verdict::Unchanged)),
                Known::Refused => drop(verdicts.insert(row.line, Verdict::Refused)),
                Known::Missing => drop(verdicts.insert(row.line, Verdict::Missing)),
                Known::Taken => drop(verdicts.insert(row.line, Verdict::Exists)),
                Known::Changed => {}
                Known::Erased => panic!("nobody must not come back"),
            }
        }
        // In batches, as the reader hands them on.
        for batch in changed.into_iter().filter(is_open).collect::<Vec<_>>().chunks(2) {
            self.memory.forget(batch.iter().map(|row| &row.identity)).unwrap();
            let line_of = |row: &FileRow| lines[usize::try_from(row.line - 2).unwrap()];
            self.joined.extend(batch.iter().map(|row| line_of(row).who));
            for row in batch {
                let line = line_of(row);
                let verdict = if held.contains(&line.who) { Verdict::Failed } else { apply(&mut self.people, line) };
                if sent == cut {
                    self.reopen();
                    return verdicts;
                }
                let verdict = if line.fails { Verdict::Failed } else { verdict };
                if verdict == Verdict::Failed {
                    held.insert(line.who);
                }
                let mut outcome = outcome(&row.identity, row.action, &row.fields, verdict);
                outcome.row.line = row.line;
                self.memory.remember(&[outcome], now()).unwrap();
                verdicts.insert(row.line, verdict);
                sent += 1;
            }
        }
        if !verdicts.values().any(|verdict| *verdict == Verdict::Failed) {
            self.memory.complete(&recollection, lines.len() as u64, now()).unwrap();
        }
        verdicts
    }

    fn whole(&mut self, lines: &[Line]) -> Verdicts {
        let run = self.new_run();
        self.try_at(run, lines, Verdicts::new(), usize::MAX)
    }

    /// A night; if it was whole, whether nobody else came between.
    fn play(&mut self, night: &Night, lines: &[Line]) -> Option<bool> {
        let run = self.new_run();
        match night {
            Night::Complete => {
                self.try_at(run, lines, Verdicts::new(), usize::MAX);
                Some(true)
            }
            Night::Short(cut) => {
                let verdicts = self.try_at(run, lines, Verdicts::new(), *cut);
                (verdicts.len() == lines.len()).then_some(true)
            }
            Night::Resumed(cut, other) => {
                let verdicts = self.try_at(run, lines, Verdicts::new(), *cut);
                if let Some(other) = other {
                    let other = self.named(other);
                    self.whole(&other);
                }
                self.try_at(run, lines, verdicts, usize::MAX);
                Some(other.is_none())
            }
            Night::Baseline => {
                let rows = rows(lines, &Verdicts::new());
                let mut baseline = self.memory.baseline(now());
                self.joined.extend(lines.iter().map(|line| line.who));
                assert!(ask_all(&mut baseline, &rows).iter().all(|known| *known == Known::Same));
                baseline.finish(0).unwrap();
                // Whoever says that a file was sent answers for it.
                self.people = applied(&self.people, lines.iter());
                None
            }
        }
    }

    /// What is known of each line of a file by now.
    fn known(&mut self, lines: &[Line]) -> Vec<Known> {
        let rows = rows(lines, &Verdicts::new());
        ask_all(&mut recollect(&mut self.memory), &rows)
    }
}

/// Those of a file's lines about whom it is not believed that he is missing: he was, a while ago, though a later line may have
/// created him since.
fn believed_to_be_there(lines: &[Line], known: &[Known]) -> Vec<Line> {
    lines.iter().zip(known).filter(|(_, known)| **known != Known::Missing).map(|(line, _)| *line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the nights before were, after a whole night everybody is as the whole file would have left him, and the
    /// same file once more takes no call. And nobody is ever known to be as a file says who is not.
    #[test]
    fn a_whole_night_leaves_everybody_as_its_file_says_and_is_quiet_when_repeated(nights in nights()) {
        let mut world = World::new();
        let mut files: Vec<Vec<Line>> = Vec::new();
        for (night, lines) in &nights {
            let lines = world.named(lines);
            let known = world.known(&lines);
            let sent = believed_to_be_there(&lines, &known);
            let expected = applied(&world.people, sent.iter());
            let is_whole = world.play(night, &lines);
            files.push(lines.clone());
            for file in &files {
                let known = world.known(file);
                for who in 0..WHO {
                    let is_known = file.iter().zip(&known).all(|(line, known)| line.who != who || *known != Known::Changed);
                    let sent = believed_to_be_there(file, &known);
                    let applied = applied(&world.people, sent.iter().filter(|line| line.who == who));
                    let is_missing = file.iter().any(|line| line.who == who) && !sent.iter().any(|line| line.who == who);
                    prop_assert!(!is_missing || !world.people.contains_key(&who), "{who} is there, by {file:?}");
                    prop_assert!(!is_known || applied == world.people, "{who} of {file:?} in {:?}", world.people);
                }
            }
            let Some(is_alone) = is_whole else { continue };
            if !is_alone || lines.iter().any(|line| line.fails) {
                continue;
            }
            prop_assert_eq!(&world.people, &expected, "after {:?}", lines);
            let known = world.known(&lines);
            prop_assert!(!known.contains(&Known::Changed), "{:?} of {:?}", known, lines);
        }
    }
}

/// That a row among several was refused once more was once written down as new, so that everybody behind it in the memory's
/// order was taken for his neighbour: some were part of the sync who were not, and the other way round.
#[test]
fn a_row_among_several_that_is_refused_again_moves_nobody() {
    let drive = Drive::default();
    let mut memory = open(&drive);
    let row = |line, number, value| FileRow {
        line,
        identity: person(number),
        action: Action::Upsert,
        fields: says(value),
        standing: Standing::Open,
    };
    // A dozen people, each with a row that is refused among theirs, so that some place is before somebody's in any order.
    let file = |people: std::ops::Range<u32>| -> Vec<FileRow> {
        people
            .flat_map(|number| ["bad", "a"].map(|value| (number, value)))
            .zip(2..)
            .map(|((number, value), line)| row(line, number, value))
            .collect()
    };
    let mut night = |rows: &[FileRow], days| {
        let refresh = Some(Duration::from_hours(24 * 30));
        let mut recollection = memory.recollect(after_days(days), refresh, AGAIN).unwrap();
        let known = ask_all(&mut recollection, rows);
        memory.learn(&recollection, after_days(days)).unwrap();
        for (row, _) in rows.iter().zip(&known).filter(|(_, known)| **known == Known::Changed) {
            memory.forget(std::iter::once(&row.identity)).unwrap();
            let verdict = if row.fields == says("bad") { Verdict::Refused } else { Verdict::Updated };
            let mut outcome = outcome(&row.identity, row.action, &row.fields, verdict);
            outcome.row.line = row.line;
            memory.remember(&[outcome], after_days(days)).unwrap();
        }
        memory.complete(&recollection, rows.len() as u64, after_days(days)).unwrap();
        known
    };
    night(&file(0..12), 0);
    assert!(night(&file(0..6), 40).iter().all(|known| *known == Known::Changed), "a month has gone by");
    let quiet = [Known::Refused, Known::Same].repeat(6);
    assert_eq!(night(&file(0..6), 41), quiet);
    drop(memory);
    let mut memory = open(&drive);
    assert_eq!(memory.last_sync().unwrap().identities, 6);
    let mut members = leavers(&mut memory, &[]);
    members.sort_by_key(|identity| identity.primary().text().to_owned());
    assert_eq!(members, [0, 1, 2, 3, 4, 5].map(person));
}

/// Of a person who is known by two ids only one was once part of the sync, where the two have their places side by side: the
/// other one was forgotten, and the night after all of it was sent again.
#[test]
fn every_id_of_a_person_is_part_of_a_quiet_night() {
    let mut world = World::new();
    let line = |by, deed| Line { who: 2, by, deed, field: "email", value: "a", fails: false };
    let file = [line(Named::BySecond, Deed::Delete), line(Named::ByFirst, Deed::Upsert)];
    for night in 1..=4 {
        let lines = world.named(&file);
        world.play(&Night::Complete, &lines);
        assert_eq!(world.known(&lines), [Known::Same, Known::Same], "night {night}");
    }
}
