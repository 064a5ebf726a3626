//! What is said of a row, by what was sent before.

use super::*;

#[test]
fn what_was_sent_is_the_same_until_it_says_something_else() {
    let mut memory = open(&Drive::default());
    assert_eq!(known(&mut memory, &person(1), "a"), Known::Changed);
    send(&mut memory, &person(1), "a", Verdict::Updated);
    assert_eq!(known(&mut memory, &person(1), "a"), Known::Same);
    assert_eq!(known(&mut memory, &person(1), "b"), Known::Changed);
    assert_eq!(known(&mut memory, &person(2), "a"), Known::Changed);
    let upsert = recollect(&mut memory).ask(&person(1), Action::Upsert, &says("a"));
    assert_eq!(upsert, Known::Changed, "another action is another wish");
}

#[test]
fn each_verdict_leaves_what_it_says() {
    let cases = [
        (Action::Update, Verdict::Updated, Known::Same),
        (Action::Upsert, Verdict::Created, Known::Same),
        (Action::Create, Verdict::Created, Known::Same),
        (Action::Update, Verdict::Unchanged, Known::Same),
        (Action::Update, Verdict::Refused, Known::Refused),
        (Action::Delete, Verdict::Deleted, Known::Same),
        (Action::Delete, Verdict::Absent, Known::Changed),
        (Action::Delete, Verdict::Refused, Known::Refused),
        (Action::Update, Verdict::Missing, Known::Changed),
        (Action::Update, Verdict::Failed, Known::Changed),
        (Action::Create, Verdict::Exists, Known::Changed),
        (Action::Verify, Verdict::Absent, Known::Changed),
        (Action::Get, Verdict::Found, Known::Changed),
    ];
    for before in [false, true] {
        for (action, verdict, expected) in cases {
            let mut memory = open(&Drive::default());
            if before {
                send(&mut memory, &person(1), "before", Verdict::Updated);
            }
            let fields = if action.takes_fields() { says("a") } else { Fields::default() };
            memory.forget(std::iter::once(&person(1))).unwrap();
            memory.remember(&[outcome(&person(1), action, &fields, verdict)], now()).unwrap();
            let answer = recollect(&mut memory).ask(&person(1), action, &fields);
            assert_eq!(answer, expected, "{} {}", action.word(), verdict.word());
            assert_eq!(known(&mut memory, &person(1), "before"), Known::Changed);
        }
    }
}

/// Another app's key says of everybody that he is missing, and the guard that stops such a run may come late: its next try
/// must not take the guard's word for it.
#[test]
fn whoever_was_missing_is_known_to_be_once_the_sync_is_complete_and_not_for_long() {
    let cases = [
        (Action::Update, Verdict::Missing, Known::Missing),
        (Action::Create, Verdict::Exists, Known::Taken),
        (Action::Upsert, Verdict::Exists, Known::Taken),
    ];
    for (action, verdict, expected) in cases {
        let mut memory = open(&Drive::default());
        memory.forget(std::iter::once(&person(1))).unwrap();
        memory.remember(&[outcome(&person(1), action, &says("a"), verdict)], now()).unwrap();
        let ask = |recollection: &mut Recollection, says: &Fields| recollection.ask(&person(1), action, says);
        let mut whole = recollect(&mut memory);
        assert_eq!(ask(&mut whole, &says("a")), Known::Changed);
        memory.complete(&whole, 1, now()).unwrap();
        assert_eq!(ask(&mut recollect(&mut memory), &says("b")), Known::Changed, "it says something else");
        let mut after = |hours: i64, again| {
            let now = Moment::from_millis(now().millis() + hours * DAY / 24);
            ask(&mut memory.recollect(now, None, again).unwrap(), &says("a"))
        };
        assert_eq!(
            [0, 11, 12, 24 * 365].map(|hours| after(hours, AGAIN)),
            [expected, expected, Known::Changed, Known::Changed]
        );
        assert_eq!(after(-13, AGAIN), Known::Changed, "a clock that was wrong");
        assert_eq!(after(0, Duration::ZERO), Known::Changed);
        // Asked about in vain, he is not believed to be missing any longer than before.
        let mut quiet = recollect(&mut memory);
        assert_eq!(ask(&mut quiet, &says("a")), expected);
        memory.complete(&quiet, 1, after_days(0)).unwrap();
        let mut later = memory.recollect(after_days(1), None, AGAIN).unwrap();
        assert_eq!(ask(&mut later, &says("a")), Known::Changed);
    }
}

/// Nor is anything that was sent together with him: it would be sent again without him.
#[test]
fn of_several_rows_one_that_was_missing_makes_all_of_them_be_asked_about_again() {
    let row = |line, action| {
        let identity = person(1);
        FileRow { line, identity, action, fields: says("a"), standing: Standing::Open }
    };
    let rows = [row(2, Action::Update), row(3, Action::Upsert)];
    let mut memory = open(&Drive::default());
    let mut first = recollect(&mut memory);
    assert_eq!(ask_all(&mut first, &rows), [Known::Changed, Known::Changed]);
    memory.learn(&first, now()).unwrap();
    memory.forget(rows.iter().map(|row| &row.identity)).unwrap();
    for (row, verdict) in rows.iter().zip([Verdict::Missing, Verdict::Created]) {
        let mut outcome = outcome(&row.identity, row.action, &row.fields, verdict);
        outcome.row.line = row.line;
        memory.remember(&[outcome], now()).unwrap();
    }
    assert_eq!(ask_all(&mut recollect(&mut memory), &rows), [Known::Changed, Known::Changed], "it is not complete");
    // The process died, and the same command goes on; what became of the first row was once forgotten then.
    let settled = [Standing::NotThere, Standing::Well].into_iter().zip(rows.clone());
    let settled: Vec<FileRow> = settled.map(|(standing, row)| FileRow { standing, ..row }).collect();
    let mut further = recollect(&mut memory);
    assert_eq!(ask_all(&mut further, &settled), [Known::Changed, Known::Changed]);
    memory.learn(&further, now()).unwrap();
    memory.complete(&further, 2, now()).unwrap();
    assert_eq!(ask_all(&mut recollect(&mut memory), &rows), [Known::Missing, Known::Same]);
    let mut later = memory.recollect(after_days(1), None, AGAIN).unwrap();
    assert_eq!(ask_all(&mut later, &rows), [Known::Changed, Known::Changed]);
    assert_eq!(leavers(&mut memory, &[]), [person(1)], "he was created");
}

#[test]
fn a_row_that_was_spared_teaches_nothing() {
    let mut memory = open(&Drive::default());
    let mut spared = outcome(&person(1), Action::Update, &says("a"), Verdict::Refused);
    spared.row.subject = Subject::Spared(person(1), tollgate::domain::Spared::RefusedBefore);
    memory.remember(&[spared], now()).unwrap();
    assert!(recollect(&mut memory).is_empty());
}

#[test]
fn after_a_changed_row_every_later_row_of_its_identity_is_changed() {
    let mut memory = open(&Drive::default());
    send(&mut memory, &person(1), "a", Verdict::Updated);
    let mut recollection = recollect(&mut memory);
    let mut ask = |value| recollection.ask(&person(1), Action::Update, &says(value));
    assert_eq!([ask("a"), ask("b"), ask("a"), ask("b")], [Known::Same, Known::Changed, Known::Changed, Known::Changed]);
}

#[test]
fn what_is_older_than_the_refresh_is_sent_again() {
    let mut memory = open(&Drive::default());
    send(&mut memory, &person(1), "a", Verdict::Updated);
    let mut after = |days, refresh| {
        let mut recollection = memory.recollect(after_days(days), refresh, AGAIN).unwrap();
        recollection.ask(&person(1), Action::Update, &says("a"))
    };
    let month = Some(Duration::from_hours(30 * 24));
    assert_eq!(after(29, month), Known::Same);
    assert_eq!(after(30, month), Known::Changed);
    assert_eq!(after(3000, None), Known::Same);
    // It was sent by a clock that was ahead, and set right since.
    assert_eq!(after(-29, month), Known::Same);
    assert_eq!(after(-30, month), Known::Changed);
}

#[test]
fn a_row_that_is_on_its_way_keeps_an_earlier_one_from_being_remembered() {
    let mut memory = open(&Drive::default());
    let (one, two) = (says("a"), says("b"));
    for _ in 0..2 {
        memory.forget(std::iter::once(&person(1))).unwrap();
    }
    memory.remember(&[outcome(&person(1), Action::Update, &one, Verdict::Updated)], now()).unwrap();
    assert!(memory.some_are_on_their_way());
    assert_eq!(known(&mut memory, &person(1), "a"), Known::Changed, "the second may have arrived already");
    memory.remember(&[outcome(&person(1), Action::Update, &two, Verdict::Updated)], now()).unwrap();
    assert!(!memory.some_are_on_their_way());
    assert_eq!(known(&mut memory, &person(1), "b"), Known::Same);
}

#[test]
fn of_several_outcomes_the_last_one_counts() {
    let mut memory = open(&Drive::default());
    let rows = [("a", Verdict::Updated), ("b", Verdict::Refused), ("c", Verdict::Updated)];
    let outcomes: Vec<Outcome> =
        rows.iter().map(|(value, verdict)| outcome(&person(1), Action::Update, &says(value), *verdict)).collect();
    memory.remember(&outcomes, now()).unwrap();
    assert_eq!(known(&mut memory, &person(1), "c"), Known::Same);
    assert_eq!(known(&mut memory, &person(1), "b"), Known::Changed);
    let failed = outcome(&person(1), Action::Update, &says("d"), Verdict::Failed);
    memory.remember(&[outcomes[2].clone(), failed], now()).unwrap();
    assert_eq!(known(&mut memory, &person(1), "c"), Known::Changed, "the failed one may have arrived");
}

#[test]
fn forgetting_who_was_never_sent_anything_writes_nothing() {
    let drive = Drive::default();
    let mut memory = open(&drive);
    send(&mut memory, &person(1), "a", Verdict::Updated);
    let syncs = drive.syncs();
    memory.forget([person(2), person(3)].iter()).unwrap();
    assert_eq!(drive.syncs(), syncs);
    memory.forget([person(1), person(3)].iter()).unwrap();
    assert!(drive.syncs() > syncs);
    let syncs = drive.syncs();
    memory.forget(std::iter::once(&person(1))).unwrap();
    assert_eq!(drive.syncs(), syncs, "it is forgotten already");
}

#[test]
fn thousands_are_found_again_each() {
    let drive = Drive::default();
    let mut memory = open(&drive);
    let outcomes: Vec<Outcome> = (0..5000)
        .map(|number| outcome(&person(number), Action::Update, &says(&number.to_string()), Verdict::Updated))
        .collect();
    memory.remember(&outcomes, now()).unwrap();
    drop(memory);
    let mut memory = open(&drive);
    let mut recollection = recollect(&mut memory);
    assert_eq!(recollection.len(), 5000);
    for number in 0..6000 {
        let (value, expected) = match number {
            5000.. => (number.to_string(), Known::Changed),
            _ if number % 3 == 0 => (format!("{number} changed"), Known::Changed),
            _ => (number.to_string(), Known::Same),
        };
        assert_eq!(recollection.ask(&person(number), Action::Update, &says(&value)), expected, "{number}");
    }
    assert_eq!(memory.leavers(&recollection, |_| 0).unwrap(), Leavers::Known(Vec::new()));
}
