//! People with two ids, who are named now by the one, now by the other, now by both.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

/// How a row names its person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Both,
    ByFirst,
    BySecond,
}

fn named(person: u8, named: Named) -> Identity {
    let (first, second) = (id(1, &format!("p-{person}")), id(0, &format!("customer-{person}")));
    match named {
        Named::Both => Identity::two(first, second),
        Named::ByFirst => Identity::one(first),
        Named::BySecond => Identity::one(second),
    }
}

/// What each of a file's rows was answered, all the changed ones being sent.
fn night(memory: &mut Memory, rows: &[(u8, Named, &str)]) -> Vec<Known> {
    let people: Vec<(Identity, &str)> = rows.iter().map(|(who, by, value)| (named(*who, *by), *value)).collect();
    sync(memory, &people)
}

#[test]
fn a_change_back_is_sent_by_whichever_ids_the_person_was_named_between() {
    use Named::{Both, ByFirst, BySecond};
    for between in [ByFirst, BySecond, Both] {
        for back in [ByFirst, BySecond, Both] {
            let mut memory = open(&Drive::default());
            night(&mut memory, &[(1, Both, "a")]);
            night(&mut memory, &[(1, back, "a")]);
            assert_eq!(night(&mut memory, &[(1, between, "b")]), [Known::Changed]);
            assert_eq!(night(&mut memory, &[(1, back, "a")]), [Known::Changed], "{back:?} after {between:?}");
            assert_eq!(night(&mut memory, &[(1, back, "a")]), [Known::Same]);
        }
    }
}

#[test]
fn who_was_deleted_by_both_ids_is_brought_back_by_one() {
    let mut memory = open(&Drive::default());
    night(&mut memory, &[(9, Named::BySecond, "a")]);
    let both = named(9, Named::Both);
    memory.forget(std::iter::once(&both)).unwrap();
    memory.remember(&[outcome(&both, Action::Delete, &Fields::default(), Verdict::Deleted)], now()).unwrap();
    assert_eq!(night(&mut memory, &[(9, Named::BySecond, "a")]), [Known::Changed]);
    let deleted = recollect(&mut memory).ask(&both, Action::Delete, &Fields::default());
    assert_eq!(deleted, Known::Changed, "somebody came back since");
}

/// Somebody is deleted, and another row of the same file would bring him back: tomorrow the deletion is done already.
#[test]
fn whoever_was_deleted_stays_deleted_when_a_suppressed_row_names_him() {
    let mut memory = open(&Drive::default());
    let ada = named(1, Named::ByFirst);
    memory.forget(std::iter::once(&ada)).unwrap();
    memory.remember(&[outcome(&ada, Action::Delete, &Fields::default(), Verdict::Deleted)], now()).unwrap();
    memory.lose(std::iter::once(&ada)).unwrap();
    assert_eq!(recollect(&mut memory).ask(&ada, Action::Delete, &Fields::default()), Known::Same);
    send(&mut memory, &ada, "a", Verdict::Updated);
    memory.lose(std::iter::once(&ada)).unwrap();
    assert_eq!(known(&mut memory, &ada, "a"), Known::Changed);
}

/// He was named by the first id alone meanwhile, so that his last row says nothing of the second.
#[test]
fn whoever_stands_in_the_input_by_another_id_has_not_left() {
    use Named::{Both, ByFirst, BySecond};
    let mut memory = open(&Drive::default());
    night(&mut memory, &[(1, Both, "a"), (2, ByFirst, "a")]);
    night(&mut memory, &[(1, ByFirst, "b"), (2, ByFirst, "a")]);
    for value in ["c", "c", "d"] {
        let left = leavers(&mut memory, &[(named(1, BySecond), value)]);
        assert_eq!(left, [named(2, ByFirst)]);
        night(&mut memory, &[(1, BySecond, value), (2, ByFirst, "a")]);
    }
}

/// A later row of the same first id is sent instead of the one that names both.
#[test]
fn two_ids_that_stand_together_in_a_superseded_row_are_of_one_person() {
    let mut memory = open(&Drive::default());
    night(&mut memory, &[(1, Named::ByFirst, "b")]);
    let [first, second, both] = [Named::ByFirst, Named::BySecond, Named::Both].map(|by| named(1, by));
    let mut recollection = recollect(&mut memory);
    let mut ask = |identity, value| recollection.ask(identity, Action::Update, &says(value));
    assert_eq!(ask(&second, "a"), Known::Changed);
    recollection.supersede(&both);
    assert_eq!(recollection.ask(&first, Action::Update, &says("b")), Known::Changed, "it is overtaken otherwise");
    memory.learn(&recollection, now()).unwrap();
    send(&mut memory, &second, "a", Verdict::Updated);
    assert_eq!(known(&mut memory, &first, "b"), Known::Changed);
    send(&mut memory, &first, "b", Verdict::Updated);
    let mut again = recollect(&mut memory);
    again.supersede(&both);
    assert_eq!(again.ask(&first, Action::Update, &says("b")), Known::Same, "they are known to each other by now");
}

#[test]
fn the_ids_of_the_last_row_are_those_to_delete_by() {
    let mut memory = open(&Drive::default());
    night(&mut memory, &[(1, Named::Both, "a")]);
    night(&mut memory, &[(1, Named::ByFirst, "a")]);
    assert_eq!(leavers(&mut memory, &[]), [named(1, Named::ByFirst)], "the second id was taken back");
    night(&mut memory, &[(1, Named::Both, "a")]);
    assert_eq!(leavers(&mut memory, &[]), [named(1, Named::Both)]);
}

#[test]
fn a_baseline_is_certain_of_nobody_who_has_several_rows_by_other_ids() {
    use Named::{Both, ByFirst, BySecond};
    let baseline = |rows: &[(u8, Named, &str)]| {
        let mut memory = open(&Drive::default());
        night(&mut memory, &[(1, Both, "before")]);
        night(&mut memory, &[(1, BySecond, "before")]);
        let mut baseline = memory.baseline(now());
        for (who, by, value) in rows {
            baseline.ask(&named(*who, *by), Action::Update, &says(value));
        }
        baseline.finish(rows.len() as u64).unwrap();
        memory
    };
    for rows in [
        [(1, Both, "a"), (1, BySecond, "b")],
        [(1, BySecond, "a"), (1, Both, "b")],
        [(1, ByFirst, "a"), (1, BySecond, "b")],
    ] {
        for (_, by, value) in rows {
            assert_eq!(known(&mut baseline(&rows), &named(1, by), value), Known::Changed, "{by:?} of {rows:?}");
        }
    }
    assert_eq!(known(&mut baseline(&[(1, ByFirst, "a")]), &named(1, BySecond), "before"), Known::Changed);
    assert_eq!(known(&mut baseline(&[(1, Both, "a")]), &named(1, BySecond), "before"), Known::Changed);
    let one_customer = |number| Identity::two(id(1, &format!("p-{number}")), id(0, "shared"));
    let mut memory = open(&Drive::default());
    let mut taken = memory.baseline(now());
    for number in 0..2 {
        taken.ask(&one_customer(number), Action::Update, &says("a"));
    }
    taken.finish(2).unwrap();
    assert_eq!(known(&mut memory, &one_customer(0), "a"), Known::Changed);
}

#[test]
fn an_id_beside_a_hundred_others_does_not_slow_anybody_down() {
    let mut memory = open(&Drive::default());
    let unknown = id(0, "unknown");
    for number in 0..100 {
        let identity = Identity::two(id(1, &format!("p-{number}")), unknown.clone());
        send(&mut memory, &identity, "a", Verdict::Updated);
    }
    let first = Identity::one(id(1, "p-0"));
    send(&mut memory, &first, "a", Verdict::Updated);
    send(&mut memory, &Identity::one(unknown), "b", Verdict::Updated);
    assert_eq!(known(&mut memory, &first, "a"), Known::Same, "it is one of the first hundred");
}

/// What ties the rows of a file to each other, as the file that comes next would have it.
fn ties(memory: &mut Memory, rows: &[Identity]) -> Vec<Vec<u64>> {
    let mut recollection = recollect(memory);
    rows.iter().map(|identity| recollection.ties(identity)).collect()
}

#[test]
fn rows_are_tied_to_those_of_ids_that_stood_beside_their_own_and_to_no_others() {
    use Named::{Both, ByFirst, BySecond};
    let mut memory = open(&Drive::default());
    let of_one = [Both, ByFirst, BySecond].map(|by| named(1, by));
    send(&mut memory, &named(2, ByFirst), "a", Verdict::Updated);
    assert_eq!(ties(&mut memory, &of_one), [[0; 0]; 3], "nobody's two ids ever stood together");
    send(&mut memory, &named(1, Both), "a", Verdict::Updated);
    let known = ties(&mut memory, &of_one);
    assert_eq!(known[0], [0; 0], "it shares an id with either of the others");
    assert_eq!((known[1].len(), &known[1]), (1, &known[2]));
    assert_eq!(ties(&mut memory, &[named(2, ByFirst), person(3)]), [[0; 0]; 2]);
    let moved = Identity::two(id(1, "p-4"), id(0, "customer-1"));
    send(&mut memory, &moved, "a", Verdict::Updated);
    let known = ties(&mut memory, &[named(1, ByFirst), Identity::one(id(1, "p-4")), named(1, BySecond), moved]);
    let common = |one: usize, other: usize| known[one].iter().any(|tie| known[other].contains(tie));
    assert_eq!([common(0, 1), common(0, 2), common(1, 2), common(0, 3)], [false, true, true, true]);
}

/// What happens in a night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Night {
    Complete,
    /// Cut short after so many rows were sent.
    Short(usize),
    /// Taken as sent.
    Baseline,
}

#[derive(Debug, Clone, Copy)]
struct Line {
    who: u8,
    by: Named,
    value: &'static str,
    deletes: bool,
    /// It is applied, and nobody hears of it.
    fails: bool,
}

fn line() -> impl Strategy<Value = Line> {
    let by = select(vec![Named::Both, Named::ByFirst, Named::BySecond]);
    let (value, deletes, fails) = (select(vec!["a", "b"]), prop::bool::weighted(0.2), prop::bool::weighted(0.1));
    (0..3_u8, by, value, deletes, fails).prop_map(|(who, by, value, deletes, fails)| Line {
        who,
        by,
        value,
        deletes,
        fails,
    })
}

fn nights() -> impl Strategy<Value = Vec<(Night, Vec<Line>)>> {
    let night = prop_oneof![
        6 => Just(Night::Complete),
        2 => (0..5_usize).prop_map(Night::Short),
        1 => Just(Night::Baseline),
    ];
    vec((night, vec(line(), 0..6)), 1..12)
}

/// A memory, and the API beside it: what each person says there.
struct World {
    memory: Memory,
    people: BTreeMap<u8, &'static str>,
    /// Whose two ids stood together.
    joined: [bool; 3],
}

impl World {
    /// Nobody is named by one id before his two have stood together: till then they are two people.
    fn named(&mut self, line: Line) -> Identity {
        let by = if self.joined[usize::from(line.who)] { line.by } else { Named::Both };
        self.joined[usize::from(line.who)] = true;
        named(line.who, by)
    }

    fn apply(people: &mut BTreeMap<u8, &'static str>, line: Line) {
        if line.deletes {
            people.remove(&line.who);
        } else {
            people.insert(line.who, line.value);
        }
    }

    fn ask(recall: &mut dyn Recall, identity: &Identity, line: Line) -> Known {
        let (action, fields) = said(line);
        recall.ask(identity, action, &fields)
    }

    /// The calls of a night; whether all of them were heard of.
    fn play(&mut self, night: Night, rows: &[(Line, Identity)]) -> bool {
        if night == Night::Baseline {
            let mut baseline = self.memory.baseline(now());
            for (line, identity) in rows {
                assert_eq!(Self::ask(&mut baseline, identity, *line), Known::Same);
                Self::apply(&mut self.people, *line);
            }
            baseline.finish(0).unwrap();
            return true;
        }
        let mut recollection = recollect(&mut self.memory);
        let changed: Vec<&(Line, Identity)> = rows
            .iter()
            .filter(|(line, identity)| Self::ask(&mut recollection, identity, *line) == Known::Changed)
            .collect();
        let cut = if let Night::Short(cut) = night { cut.min(changed.len()) } else { changed.len() };
        self.memory.forget(changed.iter().map(|(_, identity)| identity)).unwrap();
        for (line, identity) in &changed[..cut] {
            let (action, fields) = said(*line);
            let verdict = match (line.fails, line.deletes) {
                (true, _) => Verdict::Failed,
                (false, true) => Verdict::Deleted,
                (false, false) => Verdict::Updated,
            };
            Self::apply(&mut self.people, *line);
            self.memory.remember(&[outcome(identity, action, &fields, verdict)], now()).unwrap();
        }
        match changed.get(cut) {
            // It arrived, and nobody heard of it.
            Some((line, _)) => Self::apply(&mut self.people, *line),
            None => self.memory.complete(&recollection, 0, now()).unwrap(),
        }
        cut == changed.len()
    }
}

fn said(line: Line) -> (Action, Fields) {
    if line.deletes { (Action::Delete, Fields::default()) } else { (Action::Update, says(line.value)) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the nights before were, after a night whose rows were all sent as far as they changed everybody is as the
    /// whole file would have left him; and the same file once more takes no call, as long as it has one row a person.
    #[test]
    fn a_whole_night_leaves_everybody_as_its_file_says(nights in nights()) {
        let drive = Drive::default();
        let mut world = World { memory: open(&drive), people: BTreeMap::new(), joined: [false; 3] };
        for (night, lines) in nights {
            let mut expected = world.people.clone();
            for line in &lines {
                World::apply(&mut expected, *line);
            }
            let rows: Vec<(Line, Identity)> = lines.iter().map(|line| (*line, world.named(*line))).collect();
            let whole = world.play(night, &rows);
            if !whole {
                drop(world.memory);
                world.memory = open(&drive);
                continue;
            }
            prop_assert_eq!(&world.people, &expected, "after {:?}", lines);
            let mut people: Vec<u8> = lines.iter().map(|line| line.who).collect();
            people.sort_unstable();
            people.dedup();
            if people.len() == lines.len() && lines.iter().all(|line| !line.fails) {
                let mut again = recollect(&mut world.memory);
                for (line, identity) in &rows {
                    prop_assert_eq!(World::ask(&mut again, identity, *line), Known::Same, "{:?}", line);
                }
            }
        }
    }
}
