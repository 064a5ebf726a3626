//! People with two ids, who are named now by the one, now by the other, now by both.

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
    let suppress = |memory: &mut Memory| {
        let mut recollection = recollect(memory);
        recollection.suppress(&ada, None);
        memory.learn(&recollection, now()).unwrap();
    };
    memory.forget(std::iter::once(&ada)).unwrap();
    memory.remember(&[outcome(&ada, Action::Delete, &Fields::default(), Verdict::Deleted)], now()).unwrap();
    suppress(&mut memory);
    assert_eq!(recollect(&mut memory).ask(&ada, Action::Delete, &Fields::default()), Known::Same);
    send(&mut memory, &ada, "a", Verdict::Refused);
    suppress(&mut memory);
    assert_eq!(known(&mut memory, &ada, "a"), Known::Refused);
    send(&mut memory, &ada, "a", Verdict::Updated);
    suppress(&mut memory);
    assert_eq!(known(&mut memory, &ada, "a"), Known::Changed, "somebody else erased her");
}

/// Their other row is known, so that forgetting it would only have it sent again every second night.
#[test]
fn whoever_has_another_row_that_is_known_is_not_forgotten_for_a_suppressed_one() {
    let mut memory = open(&Drive::default());
    let [ada, both] = [Named::ByFirst, Named::Both].map(|by| named(1, by));
    send(&mut memory, &both, "a", Verdict::Updated);
    send(&mut memory, &ada, "a", Verdict::Updated);
    for _ in 0..3 {
        let mut recollection = recollect(&mut memory);
        recollection.suppress(&both, None);
        assert_eq!(recollection.ask(&ada, Action::Update, &says("a")), Known::Same);
        memory.learn(&recollection, now()).unwrap();
    }
}

/// Each id had a row, and the answer to one told that they are one person's while the other was under way. By the updated
/// one he was once remembered as being there: pruned when he had come back, or called as a witness who is not there.
#[test]
fn whoever_was_deleted_by_an_id_that_was_learned_meanwhile_is_there_by_none() {
    let [first, second] = [Named::ByFirst, Named::BySecond].map(|by| named(1, by));
    for (at_once, deletion_first) in [(true, false), (true, true), (false, false), (false, true)] {
        let mut memory = open(&Drive::default());
        night(&mut memory, &[(2, Named::ByFirst, "a")]);
        let mut recollection = recollect(&mut memory);
        recollection.ask(&named(2, Named::ByFirst), Action::Update, &says("a"));
        memory.forget([&first, &second].into_iter()).unwrap();
        let mut update = outcome(&first, Action::Update, &says("b"), Verdict::Updated);
        update.evidence.names = vec![second.primary().clone()];
        let mut outcomes = [update, outcome(&second, Action::Delete, &Fields::default(), Verdict::Deleted)];
        outcomes.rotate_left(usize::from(deletion_first));
        let batch = if at_once { 2 } else { 1 };
        outcomes.chunks(batch).for_each(|some| memory.remember(some, now()).unwrap());
        memory.complete(&recollection, 3, now()).unwrap();
        let there = [named(2, Named::ByFirst)];
        let how = format!("at once {at_once}, the deletion first {deletion_first}");
        assert_eq!(memory.witnesses(20).unwrap(), there, "{how}");
        assert_eq!(leavers(&mut memory, &[]), there, "{how}");
        assert_eq!(known(&mut memory, &first, "b"), Known::Changed, "{how}");
        let deleted = recollect(&mut memory).ask(&second, Action::Delete, &Fields::default());
        assert_eq!(deleted, Known::Changed, "nobody knows which came last, {how}");
    }
}

/// Two updates, one by each id: nobody knows which came last, and so both are sent once more.
#[test]
fn what_was_sent_by_two_ids_at_once_is_certain_by_neither() {
    let [first, second] = [Named::ByFirst, Named::BySecond].map(|by| named(1, by));
    for batch in [1, 2] {
        let mut memory = open(&Drive::default());
        let _ = recollect(&mut memory);
        memory.forget([&first, &second].into_iter()).unwrap();
        let mut update = outcome(&first, Action::Update, &says("b"), Verdict::Updated);
        update.evidence.names = vec![second.primary().clone()];
        let outcomes = [update, outcome(&second, Action::Update, &says("c"), Verdict::Updated)];
        outcomes.chunks(batch).for_each(|some| memory.remember(some, now()).unwrap());
        assert_eq!(known(&mut memory, &first, "b"), Known::Changed);
        assert_eq!(known(&mut memory, &second, "c"), Known::Changed);
    }
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

/// Rows that share an id in the file itself are taken together; what an earlier sync knew beside that makes them void.
#[test]
fn a_baseline_is_certain_of_nobody_whose_rows_an_earlier_sync_alone_ties() {
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
    for (_, by, value) in [(1, ByFirst, "a"), (1, BySecond, "b")] {
        let mut memory = baseline(&[(1, ByFirst, "a"), (1, BySecond, "b")]);
        assert_eq!(known(&mut memory, &named(1, by), value), Known::Changed, "{by:?}");
    }
    assert_eq!(known(&mut baseline(&[(1, ByFirst, "a")]), &named(1, BySecond), "before"), Known::Changed);
    assert_eq!(known(&mut baseline(&[(1, Both, "a")]), &named(1, BySecond), "before"), Known::Changed);
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

/// One id stands beside more others than are kept of it: it was once new to the first of them each night, and its row was sent.
#[test]
fn whoever_stands_beside_too_many_is_sent_once_all_the_same() {
    let mut memory = open(&Drive::default());
    let shared = id(1, "p-1");
    let row = |number| Identity::two(shared.clone(), id(0, &format!("customer-{number}")));
    let mut night = || {
        let mut recollection = recollect(&mut memory);
        (0..40).for_each(|number| recollection.supersede(&row(number)));
        let known = recollection.ask(&row(40), Action::Update, &says("a"));
        memory.learn(&recollection, now()).unwrap();
        if known == Known::Changed {
            send(&mut memory, &row(40), "a", Verdict::Updated);
        }
        memory.complete(&recollection, 41, now()).unwrap();
        known
    };
    assert_eq!([night(), night(), night()], [Known::Changed, Known::Same, Known::Same]);
}

/// The API knows him by the second id of the row alone; by which it told him to have another one, too.
#[test]
fn what_an_answer_tells_is_beside_each_id_of_the_row() {
    let mut memory = open(&Drive::default());
    let (dead, second, told) = (id(1, "p-0"), id(0, "customer-1"), id(1, "p-1"));
    let row = Identity::two(dead, second.clone());
    memory.forget(std::iter::once(&row)).unwrap();
    let mut created = outcome(&row, Action::Upsert, &says("a"), Verdict::Created);
    created.evidence.names = vec![told.clone(), second.clone()];
    memory.remember(&[created], now()).unwrap();
    let rows = [(2, told), (3, second)].map(|(line, id)| FileRow {
        line,
        identity: Identity::one(id),
        action: Action::Update,
        fields: says("b"),
        standing: Standing::Open,
    });
    let mut recollection = recollect(&mut memory);
    for row in &rows {
        assert_eq!(answer(&mut recollection, row, &rows), None, "line {} waits for the other one", row.line);
    }
    let Conclusion::Told(told) = recollection.conclude() else { panic!("all was asked") };
    assert_eq!(told.iter().map(|told| told.person).collect::<Vec<_>>(), [Some(2), Some(2)], "they are one person");
}
