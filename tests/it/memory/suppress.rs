//! The suppression list: who is on it, under which key, and who holds it.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use proptest::prelude::*;
use tollgate::{
    domain::Suppressed,
    error::{Error, Exit},
    memory::SuppressList,
};

use super::{id, kinds, person};
use tollgate::domain::Identity;

pub(super) const KEY: &str = "c2l4dGVlbiBieXRlcyBvciBtb3Jl\n";

pub(super) struct Desk(tempfile::TempDir);

impl Desk {
    pub(super) fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        fs::write(desk.key(), KEY).unwrap();
        desk
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn key(&self) -> PathBuf {
        self.path("key")
    }

    pub(super) fn list(&self) -> PathBuf {
        self.path("list")
    }

    /// A child that another test forks holds our locks until it is the program that it shall be: an instant.
    pub(super) fn open(&self) -> Result<SuppressList, Error> {
        let mut tries = 0;
        loop {
            let opened = SuppressList::create_or_open(&self.list(), &self.key(), &kinds(), false);
            tries += 1;
            if tries > 100_000 || !opened.as_ref().is_err_and(|error| error.exit() == Exit::Incomplete) {
                return opened;
            }
            std::thread::yield_now();
        }
    }

    pub(super) fn read(&self) -> Result<Suppressed, Error> {
        SuppressList::read(&self.list(), &self.key(), &kinds())
    }
}

pub(super) fn exit<T: std::fmt::Debug>(opened: Result<T, Error>) -> Exit {
    opened.unwrap_err().exit()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn every_id_of_a_row_is_entered_once_and_any_of_them_is_held_back() {
    let desk = Desk::new();
    let mut list = desk.open().unwrap();
    let both = Identity::two(id(0, "ada"), id(1, "p-1"));
    assert_eq!(list.enter([both.clone(), person(1)].iter()).unwrap(), 3);
    assert_eq!(list.enter([Identity::one(id(1, "p-1")), person(2)].iter()).unwrap(), 1);
    assert_eq!(list.len(), 4);
    let read = desk.read().unwrap();
    for held in [Identity::one(id(0, "ada")), Identity::one(id(1, "p-1")), Identity::two(id(0, "new"), id(1, "p-1"))] {
        assert!(list.holds(&held) && read.holds(&held));
    }
    for free in [Identity::one(id(1, "ada")), Identity::one(id(0, "p-1")), person(3)] {
        assert!(!list.holds(&free) && !read.holds(&free), "the same text of another kind is another id");
    }
}

/// Another tool may write a UUID in capitals.
#[test]
fn capitals_are_no_way_back_where_they_are_no_other_letters() {
    let (desk, uuid, hex) = (Desk::new(), "0dd5f1a0-5b1c-4c9e-8f3a-2b6d7e8f9a0b", "507f1f77bcf86cd79943901a");
    let mut list = desk.open().unwrap();
    let one = |text: &str| Identity::one(id(0, text));
    list.enter([one(uuid), one(&hex.to_uppercase()), one("ada")].iter()).unwrap();
    for held in [uuid, hex] {
        assert!(list.holds(&one(&held.to_uppercase())) && desk.read().unwrap().holds(&one(held)), "{held}");
    }
    assert!(!list.holds(&one("ADA")), "whose ids they are, capitals may tell two apart");
}

#[test]
fn a_list_is_text_that_names_its_key_and_nobody() {
    let desk = Desk::new();
    desk.open().unwrap().enter([person(1), person(2)].iter()).unwrap();
    let text = fs::read_to_string(desk.list()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let is_hex = |text: &str, digits| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = lines[0].strip_prefix("tollgate-suppress 2 ").unwrap();
    assert!(is_hex(id, 16) && lines.len() == 3);
    for (hash, check) in lines[1..].iter().map(|line| line.split_once(' ').unwrap()) {
        assert!(is_hex(hash, 64) && is_hex(check, 16), "{text}");
    }
    assert!(!text.contains("customer"));
}

#[test]
fn a_list_that_is_missing_is_not_an_empty_one() {
    let desk = Desk::new();
    assert_eq!(exit(desk.read()), Exit::NoInput);
    assert!(!desk.list().exists());
    drop(desk.open().unwrap());
    assert!(!desk.read().unwrap().holds(&person(1)));
}

#[test]
fn another_key_than_the_lists_is_told() {
    let desk = Desk::new();
    desk.open().unwrap().enter([person(1)].iter()).unwrap();
    let before = fs::read(desk.list()).unwrap();
    fs::write(desk.key(), "another key of sixteen bytes").unwrap();
    assert_eq!(exit(desk.read()), Exit::Config);
    assert_eq!(exit(desk.open()), Exit::Config);
    assert_eq!(fs::read(desk.list()).unwrap(), before);
}

#[test]
fn a_key_that_is_missing_or_short_is_refused_with_the_way_to_make_one() {
    let desk = Desk::new();
    fs::write(desk.key(), "  fifteen bytes..\n\n").unwrap();
    let short = desk.open().unwrap_err();
    fs::remove_file(desk.key()).unwrap();
    for error in [short, desk.open().unwrap_err(), desk.read().unwrap_err()] {
        assert_eq!(error.exit(), Exit::Config);
        assert!(error.what_next().unwrap().contains("/dev/urandom"));
        assert!(!error.to_string().contains("fifteen"), "a key is never quoted");
    }
    assert!(!desk.list().exists());
    fs::write(desk.key(), " sixteen bytes...\n").unwrap();
    drop(desk.open().unwrap());
}

#[test]
fn it_is_private_or_the_groups_also_after_a_removal() {
    for (group, expected) in [(false, 0o600), (true, 0o660)] {
        let desk = Desk::new();
        let mut list = SuppressList::create_or_open(&desk.list(), &desk.key(), &kinds(), group).unwrap();
        list.enter([person(1)].iter()).unwrap();
        assert_eq!(mode(&desk.list()), expected);
        list.remove([person(1)].iter()).unwrap();
        assert_eq!(mode(&desk.list()), expected);
    }
}

#[test]
fn one_process_writes_it_at_a_time_also_after_a_removal() {
    let desk = Desk::new();
    let mut list = desk.open().unwrap();
    assert_eq!(exit(desk.open()), Exit::Incomplete);
    list.enter([person(1), person(2)].iter()).unwrap();
    assert_eq!(list.remove([person(1), person(3)].iter()).unwrap(), 1);
    assert_eq!(exit(desk.open()), Exit::Incomplete);
    assert!(desk.read().unwrap().holds(&person(2)), "it may be read meanwhile");
    assert_eq!(list.enter([person(4)].iter()).unwrap(), 1);
    drop(list);
    let list = desk.open().unwrap();
    assert_eq!([1, 2, 3, 4].map(|number| list.holds(&person(number))), [false, true, false, true]);
    assert!(!desk.path("list.new").exists());
}

#[derive(Debug, Clone)]
enum Step {
    Enter(Vec<u32>),
    Remove(Vec<u32>),
    Reopen,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn it_holds_who_was_entered_and_not_taken_off(steps in prop::collection::vec(prop_oneof![
        3 => prop::collection::vec(0_u32..9, 0..5).prop_map(Step::Enter),
        2 => prop::collection::vec(0_u32..9, 0..5).prop_map(Step::Remove),
        1 => Just(Step::Reopen),
    ], 0..12)) {
        let desk = Desk::new();
        let mut list = desk.open().unwrap();
        let mut model = BTreeSet::new();
        for step in steps {
            let before = model.len();
            match step {
                Step::Enter(numbers) => {
                    model.extend(numbers.iter().copied());
                    let people: Vec<_> = numbers.into_iter().map(person).collect();
                    prop_assert_eq!(list.enter(people.iter()).unwrap(), model.len() - before);
                }
                Step::Remove(numbers) => {
                    model.retain(|number| !numbers.contains(number));
                    let people: Vec<_> = numbers.into_iter().map(person).collect();
                    prop_assert_eq!(list.remove(people.iter()).unwrap(), before - model.len());
                }
                Step::Reopen => {
                    drop(list);
                    list = desk.open().unwrap();
                }
            }
            let read = desk.read().unwrap();
            prop_assert_eq!(list.len(), model.len());
            for number in 0..9 {
                prop_assert_eq!(list.holds(&person(number)), model.contains(&number));
                prop_assert_eq!(read.holds(&person(number)), model.contains(&number));
            }
        }
    }
}
