//! The only place that knows every room: it wires them, and nothing else.
//!
//! `job` tells a mass operation from its beginning to its end, `attempt` one try of it; the other modules are their steps.

mod against;
mod ahead;
mod ask;
mod attempt;
mod beforehand;
mod came;
mod carry;
mod closing;
mod descriptors;
mod dry;
mod elsewhere;
mod expect;
mod find;
mod input;
mod job;
mod key;
mod naming;
mod opening;
mod pass;
mod patience;
mod place;
mod profiles;
mod prune;
mod recount;
mod register;
mod remembered;
mod serve;
mod signals;
mod store;
mod suppress;
mod target;
mod threads;
mod wall;

use crate::{
    config::{Command, Config},
    domain::{Dice, random_key},
    error::{Error, Exit},
    progress::{Screen, Show},
    report::Summary,
    telemetry::{self, LogFormat},
};

/// Where a command speaks and how.
struct Stage {
    screen: Screen,
    show: Show,
    quiet: bool,
    colour: bool,
    logs: LogFormat,
}

impl Stage {
    /// Says something, unless `-q`.
    fn tell(&self, text: &str) {
        match self.logs {
            _ if self.quiet => {}
            LogFormat::Human => self.screen.say(text),
            LogFormat::Json => tracing::info!("{text}"),
        }
    }

    /// Says what must be known of a success too, even to those who want silence.
    fn warn(&self, text: &str) {
        match self.logs {
            LogFormat::Human => self.screen.say(&format!("warning: {text}")),
            LogFormat::Json => tracing::warn!("{text}"),
        }
    }

    /// Says how a run came out, to whoever asked for that with `--json`.
    fn hand_out(&self, summary: &Summary) -> Result<(), Error> {
        self.screen.data(&serde_json::to_string_pretty(summary).map_err(|error| not_json(&error))?)
    }

    /// Says how a run came out, to people or to whoever collects logs; `-q` says nothing of a success.
    fn sum_up(&self, summary: &Summary) -> Result<(), Error> {
        match self.logs {
            _ if self.quiet && summary.exit == Exit::Success => {
                summary.warnings.iter().for_each(|text| self.warn(text));
            }
            LogFormat::Human => self.screen.say(summary.human(self.colour).trim_end()),
            LogFormat::Json => self.screen.say(&serde_json::to_string(summary).map_err(|error| not_json(&error))?),
        }
        Ok(())
    }
}

fn not_json(error: &serde_json::Error) -> Error {
    Error::new(Exit::Internal, format!("the summary cannot be put into JSON: {error}"))
}

/// The last words of a process that could not do what it was asked for.
pub fn lament(error: &Error, logs: LogFormat, screen: &Screen) {
    match logs {
        LogFormat::Human => screen.say(&format!("error: {error}")),
        LogFormat::Json => {
            tracing::error!(exit_code = error.exit().code(), hint = error.what_next(), "{}", error.what());
        }
    }
}

/// Does what was asked for; gives the code to leave with.
///
/// # Errors
/// Why it could not be begun, or not be written down.
pub async fn perform(config: Config, screen: Screen) -> Result<Exit, Error> {
    let writer = screen.clone();
    telemetry::init(&config.voice.log, move || writer.writer(), || wall::now().rfc3339())?;
    let stage = Stage {
        screen,
        show: config.voice.show,
        quiet: config.voice.quiet,
        colour: config.voice.log.colour,
        logs: config.voice.log.format,
    };
    match config.command {
        Command::Delete(job)
        | Command::Create(job)
        | Command::Update(job)
        | Command::Sync(job)
        | Command::Get(job)
        | Command::Verify(job) => Box::pin(job::perform(*job, &stage)).await,
        Command::Sandbox(job) => serve::perform(*job, &stage).await,
        Command::Suppress(job) => suppress::perform(&job, &stage),
        Command::Report(job) => recount::perform(&job, &stage),
        Command::Print(text) => stage.screen.data(&text).map(|()| Exit::Success),
    }
}

/// Seeds the jitter and the choice of samples: another one for each process.
#[must_use]
pub fn seed() -> u64 {
    Dice::entropy()
}

/// Keys the fingerprints of this process; never leaves it.
#[must_use]
pub fn fingerprint_key() -> [u8; 32] {
    random_key()
}
