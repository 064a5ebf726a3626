//! Why the loop ended, and what that means for the process.

use std::time::Duration;

use crate::{
    domain::{Suspicion, say_duration},
    error::{Error, Exit},
};

use super::{Signal, guards::Trip};

/// Why the loop ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// Every row that came in has its line.
    Complete,
    /// Somebody asked us to leave.
    Stopped(Signal),
    /// `--max-duration` is over.
    TimeIsUp,
    /// An outage lasted longer than `--give-up-after`.
    GaveUp {
        /// How long.
        waited: Duration,
        /// What the last failure said.
        last_words: Option<String>,
    },
    /// No HTTP answer of any kind came.
    NeverReached {
        /// What the last failure said.
        last_words: Option<String>,
    },
    /// The API asked for a longer pause than `--max-hold`.
    HoldTooLong {
        /// How long a pause it asked for.
        asked: Duration,
    },
    /// A guard tripped.
    Guard(Trip),
    /// The key, the URL or the way there is wrong.
    Suspicious {
        /// What is wrong.
        why: Suspicion,
        /// The status of the suspicious answer.
        status: Option<u16>,
        /// What was said about it, never the key.
        words: Option<String>,
    },
    /// The reader failed; it holds the error.
    IntakeLost,
    /// The journal failed; it holds the error.
    LedgerLost,
    /// Somebody was about to be deleted, and could not be entered into the list of those who shall not come back.
    RegisterLost(Error),
}

impl Ending {
    /// [`Ending::error`] of a run of which every row has its line all the same.
    #[must_use]
    pub fn error_with_nothing_left(&self) -> Option<Error> {
        if let Self::Stopped(signal) = self {
            Some(stopped(*signal, "when every row had its line"))
        } else {
            self.error()
        }
    }

    /// The run's failure; `None` when it is complete, or when the reader or the journal holds the error.
    #[must_use]
    pub fn error(&self) -> Option<Error> {
        let error = match self {
            Self::Complete | Self::IntakeLost | Self::LedgerLost => return None,
            Self::RegisterLost(error) => error.clone(),
            Self::Stopped(signal) => stopped(*signal, "with rows left"),
            Self::TimeIsUp => Error::new(Exit::Incomplete, "the time that --max-duration grants is over"),
            Self::GaveUp { waited, last_words } => Error::new(
                Exit::Incomplete,
                format!("the API has not answered for {}{}", say_duration(*waited), quoted(last_words.as_deref())),
            ),
            Self::NeverReached { last_words } => {
                Error::new(Exit::Incomplete, format!("the API was never reached{}", quoted(last_words.as_deref())))
            }
            Self::HoldTooLong { asked } => Error::new(
                Exit::Incomplete,
                format!("the API asks for a pause of {}, longer than --max-hold", pause(*asked)),
            )
            .hint("run the same command again after that time"),
            Self::Guard(trip) => trip.error(),
            Self::Suspicious { why, status, words } => suspicious(*why, *status, words.as_deref()),
        };
        Some(error)
    }
}

fn stopped(signal: Signal, when: &str) -> Error {
    match signal {
        Signal::Interrupt => Error::new(Exit::Interrupted, format!("stopped by SIGINT {when}")),
        Signal::Terminate => Error::new(Exit::Terminated, format!("stopped by SIGTERM {when}")),
    }
}

fn suspicious(why: Suspicion, status: Option<u16>, words: Option<&str>) -> Error {
    let status = status.map_or_else(String::new, |status| format!(" (status {status})"));
    let words = quoted(words);
    match why {
        Suspicion::Credentials => Error::new(Exit::Credentials, format!("the API refused the credentials{status}"))
            .hint("check that the key is whole, not revoked, and meant for this API"),
        Suspicion::Right => Error::new(Exit::Credentials, format!("the API says that the key lacks a right{status}"))
            .hint("give the key that right, or use one that has it; then run the same command again"),
        Suspicion::Parameters => {
            Error::new(Exit::Config, format!("the API does not know what was said once for the run with --set{status}"))
                .hint("check those values of --set that are the API's parameters (`tollgate api show` has them as [[parameters]])")
        }
        Suspicion::Proxy => Error::new(Exit::Config, format!("the proxy asks for credentials of its own{status}"))
            .hint("put them into the proxy's URL, or set NO_PROXY for this host"),
        Suspicion::Redirect => Error::new(
            Exit::Config,
            format!("the API's address answers with a redirect{status}, which is not followed"),
        )
        .hint("check --base-url: scheme, host and path"),
        Suspicion::Unsigned => Error::new(
            Exit::Config,
            format!("the answers are not the API's own{status}, so they say nothing about a row"),
        )
        .hint("check --base-url and whatever stands between here and the API (proxy, portal, firewall)"),
        Suspicion::Certificate => Error::new(Exit::Config, format!("the API's certificate does not hold{words}"))
            .hint("check the host name and the clock, or give the issuer with --ca-cert"),
        Suspicion::HostName => {
            Error::new(Exit::Config, format!("the API's host name does not exist{words}")).hint("check --base-url")
        }
    }
}

impl Trip {
    fn error(self) -> Error {
        match self {
            Self::Canary { line, verdict } => Error::new(
                Exit::Guard,
                format!("the canary on line {line} was {}; nothing further was sent", verdict.word()),
            )
            .hint("look at its line in the results; --canary 0 goes without"),
            Self::Errors { bad, of } => {
                Error::new(Exit::Guard, format!("{bad} of {of} rows were refused or failed, more than --max-errors"))
                    .hint("look at their lines in the results, then run the same command again, with a higher --max-errors if that is right")
            }
            Self::Absent { absent, of } => Error::new(
                Exit::Guard,
                format!(
                    "{absent} of the first {of} answered rows are not there: the key probably belongs to another app, or the work was done already"
                ),
            )
            .hint("if the key is wrong, mend it and run the same command again: those rows are sent again; if the work was done already, add --max-absent off"),
            Self::MaxDelete { limit } => {
                Error::new(Exit::Guard, format!("the input has more rows to delete than --max-delete {limit}"))
                    .hint("check the input, then run the same command again with a higher --max-delete")
            }
            Self::MaxCreate { limit } => {
                Error::new(Exit::Guard, format!("more profiles would be created than --max-create {limit}"))
                    .hint("is the key that of the right app? if it is, run the same command again with a higher --max-create")
            }
            Self::MaxChanges { limit } => {
                Error::new(Exit::Guard, format!("more rows would be changed than --max-changes {limit}"))
                    .hint("check the input, then run the same command again with a higher --max-changes")
            }
        }
    }
}

/// Beyond a year the number means nothing any more.
fn pause(asked: Duration) -> String {
    const YEAR: Duration = Duration::from_hours(24 * 365);
    if asked > YEAR { "more than a year".to_owned() } else { say_duration(asked) }
}

fn quoted(words: Option<&str>) -> String {
    words.map_or_else(String::new, |words| format!(": {words}"))
}
