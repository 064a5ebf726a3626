//! Complete syncs: who leaves, who stays, and what a quiet night writes.

use super::*;

#[test]
fn who_was_in_the_last_complete_sync_and_is_not_met_leaves() {
    let mut memory = open(&Drive::default());
    sync(&mut memory, &[(person(1), "a"), (person(2), "a"), (person(3), "a")]);
    assert_eq!(memory.last_rows(), Some(3));
    assert_eq!(memory.last_sync().unwrap().identities, 3);
    assert_eq!(leavers(&mut memory, &[(person(1), "a"), (person(2), "changed")]), [person(3)]);
    let answers = sync(&mut memory, &[(person(1), "a"), (person(2), "changed"), (person(4), "a")]);
    assert_eq!(answers, [Known::Same, Known::Changed, Known::Changed]);
    let two_and_four = [(person(2), "changed"), (person(4), "a")];
    assert_eq!(leavers(&mut memory, &two_and_four), [person(1)], "the third one left a sync ago");
    assert_eq!(known(&mut memory, &person(3), "a"), Known::Same, "nobody deleted it");
}

#[test]
fn a_sync_that_broke_off_takes_nobody_in() {
    let mut memory = open(&Drive::default());
    sync(&mut memory, &[(person(1), "a")]);
    send(&mut memory, &person(2), "a", Verdict::Updated);
    assert_eq!(leavers(&mut memory, &[(person(1), "a")]), []);
    sync(&mut memory, &[(person(1), "a")]);
    assert_eq!(leavers(&mut memory, &[(person(1), "a")]), []);
}

/// He was not there before, so that nobody else's profile is taken away.
#[test]
fn who_was_created_by_a_sync_that_broke_off_leaves_and_who_was_changed_by_it_does_not() {
    let end = |memory: &mut Memory, number, action, verdict| {
        memory.forget(std::iter::once(&person(number))).unwrap();
        memory.remember(&[outcome(&person(number), action, &says("b"), verdict)], now()).unwrap();
    };
    let drive = Drive::default();
    let mut memory = open(&drive);
    sync(&mut memory, &[(person(1), "a")]);
    end(&mut memory, 2, Action::Upsert, Verdict::Created);
    end(&mut memory, 3, Action::Upsert, Verdict::Updated);
    end(&mut memory, 4, Action::Update, Verdict::Updated);
    // Whether it was there before is not told.
    end(&mut memory, 5, Action::Create, Verdict::Created);
    end(&mut memory, 2, Action::Upsert, Verdict::Failed);
    drop(memory);
    let mut memory = open(&drive);
    assert_eq!(leavers(&mut memory, &[(person(1), "a")]), [person(2)]);
    assert_eq!(leavers(&mut memory, &[(person(1), "a"), (person(2), "a")]), []);
    let mut recollection = recollect(&mut memory);
    recollection.ask(&person(1), Action::Update, &says("a"));
    let all = |members| {
        assert_eq!(members, 2, "he counts where a share of them may leave");
        members
    };
    assert!(matches!(memory.leavers(&recollection, all), Ok(Leavers::Known(gone)) if gone.len() == 1));
    memory.complete(&recollection, 1, now()).unwrap();
    assert_eq!(leavers(&mut memory, &[(person(1), "a")]), [], "a sync without pruning let him be");
}

#[test]
fn who_was_forgotten_and_never_settled_still_leaves() {
    let drive = Drive::default();
    let mut memory = open(&drive);
    sync(&mut memory, &[(person(1), "a"), (person(2), "a")]);
    memory.forget(std::iter::once(&person(1))).unwrap();
    drop(memory);
    let mut memory = open(&drive);
    assert_eq!(known(&mut memory, &person(1), "a"), Known::Changed);
    assert_eq!(leavers(&mut memory, &[(person(2), "a")]), [person(1)]);
}

#[test]
fn who_was_deleted_or_is_missing_does_not_leave() {
    let mut memory = open(&Drive::default());
    sync(&mut memory, &[(person(1), "a"), (person(2), "a"), (person(3), "a")]);
    memory.remember(&[outcome(&person(1), Action::Delete, &Fields::default(), Verdict::Deleted)], now()).unwrap();
    send(&mut memory, &person(2), "b", Verdict::Missing);
    assert_eq!(leavers(&mut memory, &[]), [person(3)]);
    let recollection = recollect(&mut memory);
    memory.complete(&recollection, 0, now()).unwrap();
    assert_eq!(recollect(&mut memory).len(), 1, "only the one who may exist is remembered, as nobody else was met");
}

/// A call was on its way that would have created him; or he came by himself.
#[test]
fn who_was_missing_and_may_have_been_created_since_does_not_leave() {
    let drive = Drive::default();
    let mut memory = open(&drive);
    sync(&mut memory, &[(person(1), "a")]);
    send(&mut memory, &person(1), "b", Verdict::Missing);
    memory.forget(std::iter::once(&person(1))).unwrap();
    drop(memory);
    let mut memory = open(&drive);
    assert_eq!(leavers(&mut memory, &[]), []);
}

/// A kill between the line's sync and the memory's: the same command goes on, and sends him nothing.
#[test]
fn who_was_settled_and_not_remembered_is_part_of_the_sync() {
    let drive = Drive::default();
    let mut memory = open(&drive);
    sync(&mut memory, &[(person(1), "a")]);
    memory.forget(std::iter::once(&person(2))).unwrap();
    drop(memory);
    let mut memory = open(&drive);
    let mut recollection = recollect(&mut memory);
    for number in [1, 2] {
        recollection.ask(&person(number), Action::Update, &says("a"));
        recollection.settled(&person(number));
    }
    memory.learn(&recollection, now()).unwrap();
    memory.complete(&recollection, 2, now()).unwrap();
    assert_eq!(memory.last_sync().unwrap().identities, 2);
    assert_eq!(known(&mut memory, &person(1), "a"), Known::Same);
    assert_eq!(known(&mut memory, &person(2), "a"), Known::Changed, "nothing is certain");
    assert_eq!(leavers(&mut memory, &[(person(1), "a")]), [person(2)]);
}

/// Another app's key says of everybody that he is not there, and the guard that stops such a run may come late.
#[test]
fn who_was_found_absent_is_taken_for_deleted_once_the_sync_is_complete() {
    let mut memory = open(&Drive::default());
    sync(&mut memory, &[(person(1), "a"), (person(2), "a")]);
    let ask = |recollection: &mut Recollection| recollection.ask(&person(1), Action::Delete, &Fields::default());
    for _ in 0..2 {
        let mut broken_off = recollect(&mut memory);
        assert_eq!(ask(&mut broken_off), Known::Changed);
        memory.forget(std::iter::once(&person(1))).unwrap();
        let absent = outcome(&person(1), Action::Delete, &Fields::default(), Verdict::Absent);
        memory.remember(&[absent], now()).unwrap();
        assert_eq!(leavers(&mut memory, &[(person(2), "a")]), [person(1)], "he may be there");
    }
    let mut whole = recollect(&mut memory);
    assert_eq!(ask(&mut whole), Known::Changed);
    memory.complete(&whole, 1, now()).unwrap();
    assert_eq!(memory.last_sync().unwrap().identities, 0);
    assert_eq!(ask(&mut recollect(&mut memory)), Known::Same);
    assert_eq!(leavers(&mut memory, &[]), []);
}

/// Whatever the clock says.
#[test]
fn the_end_of_a_run_is_awaited_until_a_sync_is_complete_or_another_run_begins() {
    let drive = Drive::default();
    let [one, other] = [Digest::of(b"one"), Digest::of(b"other")];
    let mut memory = open(&drive);
    memory.begin_run(one).unwrap();
    sync(&mut memory, &[(person(1), "a")]);
    assert!(!memory.awaits_the_end_of(one));
    memory.begin_run(other).unwrap();
    drop(memory);
    let mut memory = open(&drive);
    assert!(memory.awaits_the_end_of(other) && !memory.awaits_the_end_of(one));
    memory.baseline(now()).finish(0).unwrap();
    assert!(!open(&drive).awaits_the_end_of(other));
}

#[test]
fn who_was_deleted_leaves_again_once_the_api_took_something_of_ours() {
    let drive = Drive::default();
    let mut memory = open(&drive);
    sync(&mut memory, &[(person(1), "a")]);
    memory.remember(&[outcome(&person(1), Action::Delete, &Fields::default(), Verdict::Deleted)], now()).unwrap();
    memory.forget(std::iter::once(&person(1))).unwrap();
    drop(memory);
    let mut memory = open(&drive);
    assert_eq!(leavers(&mut memory, &[]), [], "a call to create him may have arrived, or he came by himself");
    memory.remember(&[outcome(&person(1), Action::Upsert, &says("a"), Verdict::Created)], now()).unwrap();
    assert_eq!(leavers(&mut memory, &[]), [person(1)]);
}

#[test]
fn whoever_is_met_under_more_or_fewer_ids_does_not_leave() {
    let both = Identity::two(id(0, "ada"), id(1, "p-1"));
    for (before, after) in [
        (Identity::one(id(0, "ada")), both.clone()),
        (Identity::one(id(1, "p-1")), both.clone()),
        (both.clone(), Identity::one(id(0, "ada"))),
        (both.clone(), Identity::one(id(1, "p-1"))),
    ] {
        let mut memory = open(&Drive::default());
        sync(&mut memory, &[(before.clone(), "a"), (person(9), "a")]);
        let mut recollection = recollect(&mut memory);
        assert_eq!(recollection.ask(&after, Action::Update, &says("a")), Known::Changed);
        send(&mut memory, &after, "a", Verdict::Updated);
        let Leavers::Known(gone) = memory.leavers(&recollection, |_| 2).unwrap() else { panic!("two are allowed") };
        assert_eq!(gone.into_iter().map(|leaver| leaver.identity).collect::<Vec<_>>(), [person(9)]);
        memory.complete(&recollection, 1, now()).unwrap();
    }
    let mut memory = open(&Drive::default());
    sync(&mut memory, &[(both.clone(), "a")]);
    assert_eq!(leavers(&mut memory, &[(Identity::one(id(1, "ada")), "a")]), [both], "the same text of another kind");
}

#[test]
fn more_leavers_than_allowed_are_only_counted() {
    let mut memory = open(&Drive::default());
    sync(&mut memory, &[(person(1), "a"), (person(2), "a"), (person(3), "a")]);
    let recollection = recollect(&mut memory);
    assert_eq!(memory.leavers(&recollection, |_| 2).unwrap(), Leavers::TooMany(3));
    assert!(matches!(memory.leavers(&recollection, |_| 3).unwrap(), Leavers::Known(found) if found.len() == 3));
}

#[test]
fn a_quiet_night_writes_a_few_pages() {
    let drive = Drive::default();
    let mut memory = open(&drive);
    let people: Vec<(Identity, &str)> = (0..2000).map(|number| (person(number), "a")).collect();
    let mut baseline = memory.baseline(now());
    for (identity, value) in &people {
        assert_eq!(baseline.ask(identity, Action::Update, &says(value)), Known::Same);
    }
    baseline.finish(2000).unwrap();
    drop(memory);
    let mut memory = open(&drive);
    let before = drive.written();
    assert!(sync(&mut memory, &people).iter().all(|answer| *answer == Known::Same));
    assert!(drive.written() - before < 100_000, "{} bytes", drive.written() - before);
    assert_eq!(memory.last_rows(), Some(2000));
}

#[test]
fn a_baseline_is_a_complete_sync_without_a_call() {
    let drive = Drive::default();
    let mut memory = open(&drive);
    sync(&mut memory, &[(person(1), "a"), (person(2), "a")]);
    let mut baseline = memory.baseline(now());
    baseline.ask(&person(2), Action::Update, &says("old"));
    baseline.ask(&person(3), Action::Update, &says("a"));
    baseline.ask(&person(2), Action::Update, &says("b"));
    baseline.ask(&person(4), Action::Delete, &Fields::default());
    baseline.finish(4).unwrap();
    drop(memory);
    let mut memory = open(&drive);
    assert_eq!(memory.last_rows(), Some(4));
    assert_eq!(memory.last_sync().unwrap().identities, 2);
    assert_eq!(known(&mut memory, &person(1), "a"), Known::Same);
    assert_eq!(known(&mut memory, &person(2), "b"), Known::Same);
    assert_eq!(known(&mut memory, &person(2), "old"), Known::Changed);
    let deleted = recollect(&mut memory).ask(&person(4), Action::Delete, &Fields::default());
    assert_eq!(deleted, Known::Same);
    let mut gone = leavers(&mut memory, &[]);
    gone.sort_by_key(|identity| identity.primary().text().to_owned());
    assert_eq!(gone, [person(2), person(3)]);
}

#[test]
fn a_baseline_that_broke_off_takes_nobody_in() {
    let mut memory = open(&Drive::default());
    sync(&mut memory, &[(person(1), "a")]);
    let mut baseline = memory.baseline(now());
    baseline.ask(&person(2), Action::Update, &says("a"));
    drop(baseline);
    assert_eq!(memory.last_rows(), Some(1));
    assert_eq!(leavers(&mut memory, &[]), [person(1)]);
}

/// Capitals are no other letters in hexadecimal digits: they once made another person, whose change hid the first one's.
#[test]
fn whoever_is_written_in_capitals_is_the_same_person() {
    let id = |text: &str| Identity::one(Id::parse(IdKind(0), text).unwrap().hexadecimal());
    let (small, large) = (id("507f1f77bcf86cd79943abcd"), id("507F1F77BCF86CD79943ABCD"));
    let drive = Drive::default();
    let mut memory = open(&drive);
    sync(&mut memory, &[(small.clone(), "a")]);
    assert_eq!(known(&mut memory, &large, "a"), Known::Same);
    sync(&mut memory, &[(large.clone(), "b")]);
    assert_eq!(known(&mut memory, &small, "a"), Known::Changed);
    assert_eq!(known(&mut memory, &small, "b"), Known::Same);
    assert!(leavers(&mut memory, &[(small.clone(), "b")]).is_empty());
    drop(memory);
    let mut memory = open(&drive);
    assert_eq!(leavers(&mut memory, &[]), [small], "and is still, when it is read again");
    let text = leavers(&mut memory, &[])[0].primary().text().to_owned();
    assert_eq!(text, large.primary().text(), "he is deleted by the id that was sent last, as it stood");
}

/// Somebody else's profile was once deleted since a row would have had its name; and one that came by itself, since the API had
/// refused to create it, or an earlier row had deleted it.
#[test]
fn nobody_leaves_of_whom_the_api_took_nothing_of_ours() {
    use Verdict::{Absent, Deleted, Exists, Failed, Missing, Refused, Updated};
    let ways: [(&[Verdict], bool); 14] = [
        (&[Exists], false),
        (&[Refused], false),
        (&[Failed], false),
        (&[Missing, Refused], false),
        (&[Updated], true),
        (&[Updated, Refused], true),
        (&[Updated, Exists], true),
        (&[Updated, Failed], true),
        (&[Updated, Refused, Failed, Refused], true),
        (&[Updated, Deleted, Refused], false),
        (&[Updated, Missing, Exists], false),
        (&[Updated, Absent], false),
        (&[Refused, Updated, Exists], true),
        (&[Updated, Deleted, Updated, Refused], true),
    ];
    for (way, leaves) in ways {
        // Each of them from a night of its own, or as one row of several in one night.
        for all_at_once in [false, true] {
            let drive = Drive::default();
            let mut memory = open(&drive);
            let rows: Vec<FileRow> = way.iter().zip(2..).map(|(verdict, line)| asking(line, *verdict)).collect();
            let nights: Vec<&[FileRow]> = if all_at_once { vec![&rows] } else { rows.chunks(1).collect() };
            for night in nights {
                let mut recollection = memory.recollect(now(), None, Duration::ZERO).unwrap();
                ask_all(&mut recollection, night);
                memory.learn(&recollection, now()).unwrap();
                for row in night {
                    memory.forget(std::iter::once(&row.identity)).unwrap();
                    let verdict = way[usize::try_from(row.line - 2).unwrap()];
                    let mut outcome = outcome(&row.identity, row.action, &row.fields, verdict);
                    outcome.row.line = row.line;
                    memory.remember(&[outcome], now()).unwrap();
                }
                memory.complete(&recollection, 1, now()).unwrap();
                drop(memory);
                memory = open(&drive);
            }
            let expected = if leaves { vec![person(1)] } else { Vec::new() };
            assert_eq!(leavers(&mut memory, &[]), expected, "{way:?}, all at once {all_at_once}");
            assert_eq!(memory.last_sync().unwrap().identities, u64::from(leaves), "{way:?}");
        }
    }
}

/// A row that can end so, and says something else than the others.
fn asking(line: u64, verdict: Verdict) -> FileRow {
    let is_deletion = [Verdict::Deleted, Verdict::Absent].contains(&verdict);
    let to_say_something = if verdict == Verdict::Exists { Action::Create } else { Action::Update };
    let action = if is_deletion { Action::Delete } else { to_say_something };
    let fields = if action == Action::Delete { Fields::default() } else { says(&line.to_string()) };
    FileRow { line, identity: person(1), action, fields, standing: Standing::Open }
}
