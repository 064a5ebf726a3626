//! From flags to a look into the list of those who shall not come back.

use std::path::PathBuf;

use clap::{Args, FromArgMatches};
use tollgate::{
    cli::SuppressArgs,
    config::{SuppressDeed, SuppressJob, Surroundings},
    error::Error,
    source::InputName,
};

fn configured(line: &str) -> Result<SuppressJob, Error> {
    let command = SuppressArgs::augment_args(clap::Command::new("suppress").no_binary_name(true));
    let matches = command.try_get_matches_from(line.split_whitespace()).expect("well formed");
    let args = SuppressArgs::from_arg_matches(&matches).expect("well formed");
    let around = Surroundings { environment: &|_| None, stderr_is_terminal: true, seed: 7, fingerprint_key: [9; 32] };
    SuppressJob::configure(args, &around)
}

#[test]
fn a_list_is_looked_into_or_shortened_by_the_ids_of_an_input() {
    let job = configured("check x.csv --suppress l --suppress-key k").expect("complete");
    assert_eq!((job.deed, job.input), (SuppressDeed::Check, InputName::File("x.csv".into())));
    assert_eq!((job.list, job.key), (PathBuf::from("l"), PathBuf::from("k")));
    assert_eq!((job.source.columns.len(), job.description.name()), (2, "adapty"));
    let job = configured("remove - --suppress l --suppress-key k --api crafter --id-column user");
    assert_eq!(job.expect_err("crafter has no ids of the caller's").exit().code(), 2);
    let job = configured("remove - --suppress l --suppress-key k --api crafter").expect("complete");
    assert_eq!((job.deed, job.input, job.description.name()), (SuppressDeed::Remove, InputName::Stdin, "crafter"));
}

#[test]
fn a_list_without_its_key_is_turned_down() {
    for line in ["check x", "check x --suppress l", "check x --suppress-key k"] {
        assert_eq!(configured(line).expect_err("incomplete").exit().code(), 2, "{line}");
    }
}
