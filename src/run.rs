//! The only place that knows every room: it wires them, and nothing else.
//!
//! `job` tells a mass operation from its beginning to its end; the other modules are its steps.

mod against;
mod ask;
mod closing;
mod dry;
mod expect;
mod input;
mod job;
mod key;
mod place;
mod profiles;
mod recount;
mod serve;
mod signals;
mod target;
mod threads;
mod wall;

use crate::{
    config::{Command, Config},
    domain::{Dice, random_key},
    error::{Error, Exit},
    progress::{Screen, Show},
    telemetry,
};

/// Where a command speaks and how.
struct Stage {
    screen: Screen,
    show: Show,
    quiet: bool,
    colour: bool,
}

impl Stage {
    /// Says something, unless `-q`.
    fn tell(&self, text: &str) {
        if !self.quiet {
            self.screen.say(text);
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
    let stage = Stage { screen, show: config.voice.show, quiet: config.voice.quiet, colour: config.voice.log.colour };
    match config.command {
        Command::Delete(job) | Command::Get(job) | Command::Verify(job) => job::perform(*job, &stage).await,
        Command::Sandbox(job) => serve::perform(*job, &stage).await,
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
