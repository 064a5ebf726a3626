//! Laws of the suppression list's checks: what its key's holder did not write is refused, and what a crash left is not.

use std::{collections::BTreeSet, fs, path::Path};

use proptest::{prelude::*, sample::Index};
use tollgate::{
    domain::{SecretKey, Suppressed},
    error::{Error, Exit},
    memory::{SheetFile, SuppressList},
};

use super::{
    kinds, person,
    suppress::{Desk, KEY},
};

const LINE: usize = 82;

/// The bytes of a list of so many.
fn list_of(people: u32) -> Vec<u8> {
    let desk = Desk::new();
    desk.open().unwrap().enter((0..people).map(person).collect::<Vec<_>>().iter()).unwrap();
    fs::read(desk.list()).unwrap()
}

fn parse(bytes: &[u8]) -> Result<Suppressed, Error> {
    let key = SecretKey::of_file(Path::new("key"), Ok(KEY.into()), "the key")?;
    SuppressList::<SheetFile>::parse(bytes, Path::new("list"), &key, &kinds())
}

/// The first line, and the lines after it.
fn lines(list: &[u8]) -> (&[u8], Vec<&[u8]>) {
    let mut lines = list.split_inclusive(|byte| *byte == b'\n');
    (lines.next().unwrap(), lines.collect())
}

fn is_refused(bytes: &[u8]) -> bool {
    parse(bytes).is_err_and(|error| matches!(error.exit(), Exit::Data | Exit::Config) && error.what_next().is_some())
}

#[test]
fn no_byte_can_be_another_one() {
    let list = list_of(2);
    for at in 0..list.len() {
        for other in (0..=u8::MAX).filter(|other| *other != list[at]) {
            let mut changed = list.clone();
            changed[at] = other;
            assert!(is_refused(&changed), "byte {at} as {other}");
        }
    }
}

/// A power cut leaves a file of the new size whose last pages were never written.
#[test]
fn zeros_at_the_end_are_no_lines_and_the_list_goes_on_before_them() {
    for zeros in [2, LINE - 1, LINE, LINE + 1, 4096] {
        for torn in [0, 1, LINE / 2, LINE - 1] {
            let desk = Desk::new();
            let mut list = desk.open().unwrap();
            list.enter([person(0), person(1)].iter()).unwrap();
            drop(list);
            let mut bytes = fs::read(desk.list()).unwrap();
            bytes.truncate(bytes.len() - LINE + torn);
            bytes.extend(std::iter::repeat_n(0, zeros));
            fs::write(desk.list(), bytes).unwrap();
            let mut list = desk.open().unwrap();
            list.enter([person(2)].iter()).unwrap();
            drop(list);
            let known = parse(&fs::read(desk.list()).unwrap()).unwrap();
            let holds = [0, 1, 2].map(|number| known.holds(&person(number)));
            // A line that lacks nothing but its end is one.
            assert_eq!(holds, [true, torn == LINE - 1, true], "{torn} bytes of a line, then {zeros} zeros");
        }
    }
}

#[test]
fn a_list_with_other_line_ends_is_told_so() {
    let text = String::from_utf8(list_of(2)).unwrap().replace('\n', "\r\n");
    let error = parse(text.as_bytes()).unwrap_err();
    assert_eq!(error.exit(), Exit::Data);
    assert!(error.what().contains("line 1: ends with a carriage return"), "{error}");
}

#[test]
fn an_older_copys_lines_do_not_follow_on_a_newer_ones() {
    let desk = Desk::new();
    let mut list = desk.open().unwrap();
    list.enter([person(0), person(1), person(2)].iter()).unwrap();
    let old = fs::read(desk.list()).unwrap();
    list.remove([person(0)].iter()).unwrap();
    list.enter([person(0)].iter()).unwrap();
    drop(list);
    let new = fs::read(desk.list()).unwrap();
    assert!(parse(&old).is_ok() && parse(&new).is_ok());
    assert!(is_refused(&[&new[..], &old[old.len() - LINE..]].concat()));
    let mut exchanged = new.clone();
    exchanged.splice(new.len() - LINE.., old[old.len() - LINE..].iter().copied());
    assert!(is_refused(&exchanged));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn lines_are_a_list_only_from_the_first_one_on_and_in_their_order(
        people in 1_u32..6, picked in prop::collection::vec(any::<Index>(), 0..7),
    ) {
        let list = list_of(people);
        let (header, lines) = lines(&list);
        let picked: Vec<usize> = picked.into_iter().map(|index| index.index(lines.len())).collect();
        let text = [header, &picked.iter().flat_map(|at| lines[*at]).copied().collect::<Vec<_>>()].concat();
        if picked.iter().copied().eq(0..picked.len()) {
            let read = parse(&text).unwrap();
            prop_assert!((0..people).all(|number| read.holds(&person(number)) == ((number as usize) < picked.len())));
        } else {
            prop_assert!(is_refused(&text));
        }
    }

    #[test]
    fn two_lines_exchanged_or_one_taken_out_or_put_in_are_refused(people in 2_u32..6, one: Index, other: Index) {
        let list = list_of(people);
        let (header, lines) = lines(&list);
        let (one, other) = (one.index(lines.len()), other.index(lines.len()));
        let text = |lines: &[&[u8]]| [header, &lines.concat()].concat();
        let (mut swapped, mut missing, mut doubled) = (lines.clone(), lines.clone(), lines.clone());
        swapped.swap(one, other);
        missing.remove(one);
        doubled.insert(one, lines[other]);
        prop_assert!(one == other || is_refused(&text(&swapped)));
        prop_assert!(one == lines.len() - 1 || is_refused(&text(&missing)));
        prop_assert!(is_refused(&text(&doubled)));
    }

    #[test]
    fn whatever_is_done_to_it_nobody_is_missing_but_from_its_end(
        from: Index, to: Option<Index>, digits in prop::collection::vec(0_usize..18, 0..20),
    ) {
        let list = list_of(4);
        let from = from.index(list.len() + 1);
        let to = to.map_or(from + digits.len(), |to| to.index(list.len() + 1)).min(list.len());
        let mut edited = list.clone();
        edited.splice(from.min(to)..from.max(to), digits.into_iter().map(|nth| b"0123456789abcdef \n"[nth]));
        if let Ok(read) = parse(&edited) {
            let held: Vec<bool> = (0..4).map(|number| read.holds(&person(number))).collect();
            prop_assert!(held.is_sorted_by(|one, other| one >= other), "{held:?}");
            prop_assert!(list.starts_with(&edited[..edited.len() - (edited.len() - lines(&list).0.len()) % LINE]));
        } else {
            prop_assert!(is_refused(&edited));
        }
    }

    /// A batch may be torn at any byte; what was torn is cut off, and the list goes on.
    #[test]
    fn whoever_was_entered_for_sure_stays_on_it_however_often_it_is_torn(
        batches in prop::collection::vec((prop::collection::vec(0_u32..40, 1..5), any::<Option<Index>>()), 1..6),
    ) {
        let desk = Desk::new();
        drop(desk.open().unwrap());
        let mut sure = BTreeSet::new();
        for (batch, torn) in batches {
            let before = fs::metadata(desk.list()).unwrap().len();
            let people: Vec<_> = batch.iter().copied().map(person).collect();
            desk.open().unwrap().enter(people.iter()).unwrap();
            let after = fs::metadata(desk.list()).unwrap().len();
            match torn {
                Some(at) => {
                    let file = fs::OpenOptions::new().write(true).open(desk.list()).unwrap();
                    file.set_len(before + at.index(usize::try_from(after - before).unwrap() + 1) as u64).unwrap();
                }
                None => sure.extend(batch),
            }
            let read = desk.read().unwrap();
            prop_assert!(sure.iter().all(|number| read.holds(&person(*number))));
            let list = desk.open().unwrap();
            prop_assert!(sure.iter().all(|number| list.holds(&person(*number))));
        }
    }
}
