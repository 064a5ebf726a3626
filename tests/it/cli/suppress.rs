//! From flags to a look into the list of those who shall not come back.

use std::path::PathBuf;

use tollgate::{
    config::{Command, SuppressDeed, SuppressJob},
    source::{Dedupe, InputName},
};

use super::{configured, turned_down};

fn job(line: &str) -> SuppressJob {
    let config = configured(line, &[]).unwrap_or_else(|error| panic!("`{line}`: {error}"));
    let Command::Suppress(job) = config.command else { panic!("`{line}` looks into no list") };
    *job
}

#[test]
fn a_list_is_looked_into_or_shortened_by_the_ids_of_an_input() {
    let look = job("suppress check x.csv --suppress l --suppress-key k");
    assert_eq!((look.deed, look.input), (SuppressDeed::Check, InputName::File("x.csv".into())));
    assert_eq!((look.list, look.key), (PathBuf::from("l"), PathBuf::from("k")));
    assert_eq!((look.source.columns.len(), look.source.dedupe), (2, Dedupe::Off));
    assert_eq!((look.description.name(), look.group_readable), ("adapty", false));
    let removal = job("suppress remove - --suppress l --suppress-key k --api crafter --group-readable");
    assert_eq!((removal.deed, removal.input), (SuppressDeed::Remove, InputName::Stdin));
    assert_eq!((removal.description.name(), removal.group_readable), ("crafter", true));
}

#[test]
fn what_names_no_list_or_does_nothing_with_it_is_turned_down() {
    let lines = [
        ("suppress check x", "--suppress"),
        ("suppress check x --suppress l", "--suppress-key"),
        ("suppress check x --suppress-key k", "--suppress"),
        ("suppress burn x --suppress l --suppress-key k", "burn"),
        ("suppress check --suppress l --suppress-key k", "<INPUT>"),
    ];
    for (line, flag) in lines {
        let (code, what) = turned_down(line);
        assert!(code == 2 && what.contains(flag), "`{line}` leaves with {code}: {what}");
    }
}
