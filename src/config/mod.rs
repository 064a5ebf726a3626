//! What will be done: complete, checked, no `Option` that means "default".
//!
//! Promises: what was typed is read once, here; nothing downstream sees clap, an environment variable or a default.
//! It does not touch the input, the results or the network; the only file that it opens is the API's description.

mod again;
mod api;
mod job;
mod part;
mod pipeline;
mod reading;
mod report;
mod rows;
mod said;
mod sandbox;
mod suppress;
mod syncing;
mod target;
mod wanted;
mod wishes;

use wanted::Wanted;

pub use crate::domain::Amount;
pub use again::Again;
pub use job::{Consent, Job, ProfilesTo};
pub use report::{FindWish, ReportJob};
pub use sandbox::{Residents, SandboxJob};
pub use suppress::SuppressJob;
pub use target::{Connection, KeyWish, Rehearsal, Target};
pub use wishes::{Leniency, MemoryWish, Patience, SuppressDeed, SuppressWish};

use crate::{
    cli::{self, Cli},
    error::Error,
    progress::Show,
    telemetry::{self, Level, LogOptions},
};

/// What surrounds the process: everything that is neither typed nor a constant.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Looks up an environment variable.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// Whether stderr is a terminal.
    pub stderr_is_terminal: bool,
    /// Seeds jitter and the choice of samples: drawn anew by each process.
    pub seed: u64,
    /// Keys the fingerprints of repeated identities: drawn anew by each process.
    pub fingerprint_key: [u8; 32],
}

impl Surroundings<'_> {
    /// A variable's value; an empty one counts as absent.
    fn variable(&self, name: &str) -> Option<String> {
        (self.environment)(name).filter(|value| !value.is_empty())
    }
}

/// What will be done, and in which voice.
#[derive(Debug)]
pub struct Config {
    /// How words are said.
    pub voice: Voice,
    /// What will be done.
    pub command: Command,
}

/// How words are said on stderr.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// The logs.
    pub log: LogOptions,
    /// Which spectator watches.
    pub show: Show,
    /// `-q`: a success says nothing.
    pub quiet: bool,
}

/// What will be done.
#[derive(Debug)]
pub enum Command {
    /// Delete the profiles of the input.
    Delete(Box<Job>),
    /// Create the profiles that the input describes.
    Create(Box<Job>),
    /// Set fields of the input's profiles.
    Update(Box<Job>),
    /// Do what each row of the input says.
    Sync(Box<Job>),
    /// Read them into a file.
    Get(Box<Job>),
    /// Show that they do not exist.
    Verify(Box<Job>),
    /// Look into the list of those who shall not come back, or take somebody off it.
    Suppress(Box<SuppressJob>),
    /// Serve the stand-in until a signal.
    Sandbox(Box<SandboxJob>),
    /// Check a run's chain and print its summary again, or what became of somebody in it.
    Report(ReportJob),
    /// Write this on stdout (completions, the manual page, descriptions).
    Print(String),
}

/// Turns what was typed into what will be done.
///
/// # Errors
/// 2 when flags contradict each other, 78 when the API's description or the base URL does not hold.
pub fn configure(cli: Cli, around: &Surroundings<'_>) -> Result<Config, Error> {
    let voice = voice(&cli.voice, around);
    let mass = |wanted| job::configure(wanted, Again::new(cli.typed), around).map(Box::new);
    let command = match cli.command {
        cli::Command::Delete(args) => Command::Delete(mass(Wanted::delete(*args)?)?),
        cli::Command::Create(args) => Command::Create(mass(Wanted::create(*args)?)?),
        cli::Command::Update(args) => Command::Update(mass(Wanted::update(*args)?)?),
        cli::Command::Sync(args) => Command::Sync(mass(Wanted::sync(*args)?)?),
        cli::Command::Get(args) => Command::Get(mass(Wanted::get(*args))?),
        cli::Command::Verify(args) => Command::Verify(mass(Wanted::verify(*args))?),
        cli::Command::Suppress(args) => Command::Suppress(Box::new(suppress::configure(*args, around)?)),
        cli::Command::Sandbox(args) => Command::Sandbox(Box::new(sandbox::configure(*args, around)?)),
        cli::Command::Report(args) => Command::Report(report::configure(*args, around)?),
        cli::Command::Api(args) => Command::Print(api::words(args)?),
        cli::Command::Completions(args) => Command::Print(cli::completions(args.shell)),
        cli::Command::Man(args) => Command::Print(cli::man(args.command.as_deref())?),
    };
    Ok(Config { voice, command })
}

fn voice(args: &cli::VoiceArgs, around: &Surroundings<'_>) -> Voice {
    let level = match (args.quiet, args.verbose) {
        (true, _) => Level::Error,
        (false, 0) => Level::Info,
        (false, 1) => Level::Debug,
        (false, _) => Level::Trace,
    };
    let said_how_much = args.quiet || args.verbose > 0;
    Voice {
        log: LogOptions {
            format: args.log_format,
            level,
            tuning: if said_how_much { None } else { around.variable("RUST_LOG") },
            colour: telemetry::colour(args.color, around.stderr_is_terminal, around.environment),
        },
        show: show(args, around),
        quiet: args.quiet,
    }
}

/// A bar needs a terminal whose cursor moves.
fn show(args: &cli::VoiceArgs, around: &Surroundings<'_>) -> Show {
    let dumb = around.variable("TERM").is_some_and(|term| term == "dumb");
    if args.quiet || args.no_progress {
        Show::Nothing
    } else if around.stderr_is_terminal && !dumb {
        Show::Bar
    } else {
        Show::Lines
    }
}
