//! Why a run cannot go on: each error carries its exit code, one sentence, and what to do next.
//!
//! A row's failure is data (an [`crate::domain::Outcome`]); only a *run's* failure is an [`Error`].
//! This room knows nothing of the others, so that every room may speak through it.

use std::fmt;

/// How the process leaves: one contract with the README, `--help`, the Kubernetes manifests and the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Exit {
    /// Every row reached the wanted end state (already gone counts).
    Success,
    /// Finished, but some rows were refused, failed or invalid: the results list them.
    Rows,
    /// The command line makes no sense.
    Usage,
    /// Stopped by a guard; nothing further was sent.
    Guard,
    /// Input or journal is not what it claims to be.
    Data,
    /// The input is missing.
    NoInput,
    /// A defect of ours; a panic ends here too.
    Internal,
    /// The results cannot be created or locked.
    CannotCreate,
    /// The results cannot be written or synced; a failed sync is never retried.
    Io,
    /// Incomplete: run the same command again to continue.
    Incomplete,
    /// The API refused the credentials.
    Credentials,
    /// Description, URL, certificate, proxy, or a run directory that belongs to something else.
    Config,
    /// SIGINT, rows left, results closed cleanly.
    Interrupted,
    /// SIGTERM, rows left, results closed cleanly.
    Terminated,
}

/// What a Kubernetes Job should make of an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobAction {
    /// The Job is complete.
    Complete,
    /// Another try cannot help: the Job fails at once.
    FailJob,
    /// Another try may help: it counts against `backoffLimit`.
    Count,
}

impl Exit {
    /// Every code, in ascending order: for tables and for the test that compares the manifests.
    pub const ALL: [Self; 14] = [
        Self::Success,
        Self::Rows,
        Self::Usage,
        Self::Guard,
        Self::Data,
        Self::NoInput,
        Self::Internal,
        Self::CannotCreate,
        Self::Io,
        Self::Incomplete,
        Self::Credentials,
        Self::Config,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The process's exit status: sysexits.h where it has a word, 128 + signal for signals.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Rows => 1,
            Self::Usage => 2,
            Self::Guard => 3,
            Self::Data => 65,
            Self::NoInput => 66,
            Self::Internal => 70,
            Self::CannotCreate => 73,
            Self::Io => 74,
            Self::Incomplete => 75,
            Self::Credentials => 77,
            Self::Config => 78,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// One line for `--help` and the README.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "every row reached the wanted end state (already gone counts)",
            Self::Rows => "finished, but some rows were refused, failed or invalid: the results list them",
            Self::Usage => "usage: the command line makes no sense",
            Self::Guard => "stopped by a guard; nothing further was sent",
            Self::Data => "the input or the journal is not what it claims to be",
            Self::NoInput => "the input is missing",
            Self::Internal => "internal error",
            Self::CannotCreate => "the results cannot be created or locked",
            Self::Io => "the results cannot be written or synced",
            Self::Incomplete => "incomplete: run the same command again to continue",
            Self::Credentials => "the API refused the credentials",
            Self::Config => "configuration: description, URL, certificate, proxy, or another run's directory",
            Self::Interrupted => "stopped by SIGINT with rows left; run the same command again to continue",
            Self::Terminated => "stopped by SIGTERM with rows left; run the same command again to continue",
        }
    }

    /// What the Kubernetes manifests must do with it.
    #[must_use]
    pub const fn job_action(self) -> JobAction {
        match self {
            Self::Success => JobAction::Complete,
            Self::Rows
            | Self::Usage
            | Self::Guard
            | Self::Data
            | Self::NoInput
            | Self::CannotCreate
            | Self::Io
            | Self::Credentials
            | Self::Config => JobAction::FailJob,
            Self::Internal | Self::Incomplete | Self::Interrupted | Self::Terminated => JobAction::Count,
        }
    }
}

/// Why a run cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    exit: Exit,
    what: String,
    hint: Option<String>,
}

impl Error {
    /// `what` is one lower-case sentence without a full stop: what happened, naming row, column or file.
    #[must_use]
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), hint: None }
    }

    /// A thread cannot be started.
    #[must_use]
    pub fn no_thread(error: &std::io::Error) -> Self {
        Self::new(Exit::Internal, format!("cannot start a thread: {error}"))
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The code the process leaves with.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        self.exit
    }

    /// What to do next, where something is known.
    #[must_use]
    pub fn what_next(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The sentence alone, without the hint.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
