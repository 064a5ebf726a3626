//! What was typed becomes what will be done; and how words are said.

#![expect(clippy::expect_used, reason = "a test that cannot be set up must fail loudly")]

mod changes;
mod environment;
mod grammar;
mod jobs;
mod suppress;
mod syncs;
mod voice;
mod watching;

use std::ffi::OsString;

use tollgate::{
    cli::{self, Cli, Parsed},
    config::{self, Command, Config, Job, Surroundings},
    error::Error,
};

/// Reads a command line without the program's name, words apart by blanks.
fn typed(line: &str) -> Result<Parsed, Error> {
    cli::parse(std::iter::once("tollgate").chain(line.split_whitespace()).map(OsString::from), false)
}

fn cli(line: &str) -> Result<Cli, Error> {
    match typed(line)? {
        Parsed::Job(cli) => Ok(*cli),
        Parsed::Words(words) => panic!("`{line}` asks for words: {words}"),
    }
}

/// From a command line to what will be done, in an environment with these variables and a terminal.
fn configured(line: &str, variables: &[(&str, &str)]) -> Result<Config, Error> {
    let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let around = Surroundings { environment: &find, stderr_is_terminal: true, seed: 7, fingerprint_key: [9; 32] };
    config::configure(cli(line)?, &around)
}

fn job(line: &str, variables: &[(&str, &str)]) -> Job {
    match configured(line, variables).unwrap_or_else(|error| panic!("`{line}`: {error}")).command {
        Command::Delete(job)
        | Command::Create(job)
        | Command::Update(job)
        | Command::Sync(job)
        | Command::Get(job)
        | Command::Verify(job) => *job,
        other @ (Command::Suppress(_) | Command::Sandbox(_) | Command::Report(_) | Command::Print(_)) => {
            panic!("`{line}` is no mass operation: {other:?}")
        }
    }
}

/// The flags that shape a run, one a line.
fn said(job: &Job) -> String {
    job.options_said.iter().map(|(flag, value)| format!("{flag} {value}")).collect::<Vec<_>>().join("\n")
}

/// Why a command line is turned down: its exit code, and the sentence.
fn turned_down(line: &str) -> (u8, String) {
    let error = configured(line, &[]).err().unwrap_or_else(|| panic!("`{line}` is taken"));
    (error.exit().code(), error.what().to_owned())
}
