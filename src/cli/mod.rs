//! What was typed: flags, their environment names, their help. The only room that names clap.
//!
//! Promises: [`Cli`] is a dumb structure, whose fields hold what was said and nothing that follows from it (that is
//! [`crate::config`]'s work); no flag takes a key; `--yes` and `--sandbox` have no environment name, so that nothing
//! lingers that makes a change silent or pretended.

#![expect(clippy::doc_markdown, reason = "the doc comments of flags are help texts, read on a terminal")]
#![expect(clippy::struct_excessive_bools, reason = "a switch is a bool; config makes sense of them")]

mod api;
mod change;
mod delete;
mod mass;
mod read;
mod report;
mod sandbox;
mod suppress;
mod sync;
mod texts;
mod values;

use std::ffi::OsString;

use clap::{
    ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand,
    builder::{BoolishValueParser, Resettable},
    error::ErrorKind,
};

pub use api::{ApiArgs, ApiCommand};
pub use change::{
    ChangeArgs, Compare, CompareArgs, CreateArgs, CreationArgs, FieldArgs, ListArgs, UpdateArgs, WriteArgs,
};
pub use delete::{DeleteArgs, SafetyArgs};
pub use mass::{
    AbsentArgs, ApiArg, CheckArgs, ConnectionArgs, InputArgs, MassArgs, PaceArgs, PipelineArgs, ResultsArgs,
};
pub use read::{GetArgs, OutProfiles, VerifyArgs};
pub use report::ReportArgs;
pub use sandbox::{FaultArgs, SandboxArgs};
pub use suppress::{Deed, SuppressArgs};
pub use sync::{MemoryArgs, SyncArgs, WantArgs};
pub use texts::{Shell, completions, man};

use crate::{
    error::{Error, Exit},
    telemetry::{ColourChoice, LogFormat},
};

/// Sends one request per row to an API that has no bulk endpoint.
///
/// Rows arrive in a queue, pass the gate one at a time at the permitted pace, and each leaves one line. It may be
/// stopped or killed at any time: the same command goes on where it was.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, max_term_width = 100, after_long_help = texts::exit_codes())]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to say it.
    #[command(flatten)]
    pub voice: VoiceArgs,
    /// The words themselves, the program's name in front.
    #[arg(skip)]
    pub typed: Vec<OsString>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Delete the profiles whose ids a file holds, one request each
    ///
    /// Reads the input once to count it, looks at some twenty profiles to see which app the key belongs to, asks, and
    /// then deletes one profile after the other at the permitted pace. Every row leaves one line in the results.
    #[command(after_help = texts::MORE, after_long_help = texts::delete_epilogue())]
    Delete(Box<DeleteArgs>),
    /// Create the profiles that a file describes, one request each
    ///
    /// A column's name is a field's: email, custom_attributes.favourite_sport; JSON Lines may hold the body as it is.
    /// Values are checked against the API's bounds first: an impossible one is `invalid`, with line, column and rule, and
    /// is not sent. All rows count, in file order.
    #[command(after_help = texts::MORE, after_long_help = texts::create_epilogue())]
    Create(Box<CreateArgs>),
    /// Set fields of the profiles whose ids a file holds, one request each
    ///
    /// A column's name is a field's: email, custom_attributes.favourite_sport; JSON Lines may hold the body as it is. An
    /// empty cell leaves its field alone; see --null. Who is not there is `missing`, which is no error, and is not created.
    /// All rows count, in file order.
    #[command(after_help = texts::MORE, after_long_help = texts::update_epilogue())]
    Update(Box<UpdateArgs>),
    /// Bring profiles to where a file says they shall be: rows that say what they want, and only what has changed
    ///
    /// Each row is updated, created or deleted as its column `action` says, or --action. Of several rows of one identity
    /// the last one is sent; see --every-row. With --memory only rows are sent that say something else than last time.
    #[command(after_help = texts::MORE, after_long_help = texts::sync_epilogue())]
    Sync(Box<SyncArgs>),
    /// Read the profiles whose ids a file holds, one request each, into a file of JSON Lines
    ///
    /// Asks nobody, since nothing is changed. Who is there is `found`, and written down as the API sent it, with the
    /// row's line and id: {"line":2,"id":"customer-1","profile":{...}}. Who is not there is `missing`, which is no
    /// error. A profile of 1 MiB or more is `failed`: it could only be kept cut.
    #[command(after_help = texts::MORE, after_long_help = texts::get_epilogue())]
    Get(Box<GetArgs>),
    /// Show that the profiles whose ids a file holds do not exist, one or two requests each
    ///
    /// Each id of a row is looked at. Nobody there: `absent`, which is what is wanted. Somebody there: `exists`, with
    /// the API's own id of the profile, and the row stands in failed.csv, ready to be given to `delete`. Asks nobody,
    /// since nothing is changed. With the key of another app everybody is absent: see --expect-app and --against.
    #[command(after_help = texts::MORE, after_long_help = texts::verify_epilogue())]
    Verify(Box<VerifyArgs>),
    /// Look into the list of those who shall not come back, or take people off it
    ///
    /// The list is made by `delete --suppress`, and heeded by create, update and sync. `check` writes one line for each
    /// row on stdout, by its number: line,suppressed. `remove` is for those who came back by themselves, and may be sent
    /// again.
    #[command(after_help = texts::MORE, after_long_help = texts::suppress_epilogue())]
    Suppress(Box<SuppressArgs>),
    /// Serve a stand-in for an API on this machine, with faults on demand
    ///
    /// It answers as Adapty or Crafter does (headers, statuses, bodies, error codes), or as a description says. Shares such as
    /// 5% or 0.05 are drawn for each id and request from --seed, so that a rehearsal can be repeated. Each flag has an
    /// environment name of its own: --server-error is TOLLGATE_SANDBOX_SERVER_ERROR.
    Sandbox(Box<SandboxArgs>),
    /// Check a run's chain and print its summary again, or what became of somebody in it
    #[command(after_help = texts::MORE)]
    Report(Box<ReportArgs>),
    /// Check, print or list descriptions of APIs
    Api(ApiArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man(ManArgs),
}

/// `tollgate completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// `tollgate man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command whose page it is; without one, the page of tollgate itself
    #[arg(value_name = "COMMAND", value_parser = texts::DOCUMENTED)]
    pub command: Option<String>,
}

/// How words are said on stderr.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct VoiceArgs {
    /// Say nothing unless something is wrong: for cron
    #[arg(short, long, global = true, env = "TOLLGATE_QUIET")]
    pub quiet: bool,
    /// Say more; -vv says everything
    #[arg(short, long, global = true, action = ArgAction::Count, env = "TOLLGATE_VERBOSE")]
    pub verbose: u8,
    /// Neither a bar nor the plain line that replaces it every 60 s where there is no terminal
    #[arg(long, global = true, env = "TOLLGATE_NO_PROGRESS")]
    pub no_progress: bool,
    /// Logs on stderr for people or, one JSON object a line, for machines: human, json
    #[arg(long, global = true, value_name = "FORMAT", default_value = "human", env = "TOLLGATE_LOG_FORMAT",
          hide_possible_values = true, value_parser = values::log_format())]
    pub log_format: LogFormat,
    /// Colours: auto (on a terminal, by NO_COLOR, CLICOLOR_FORCE and TERM), always, never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", env = "TOLLGATE_COLOR", hide = true,
          hide_possible_values = true, value_parser = values::colour())]
    pub color: ColourChoice,
    /// Print help with the seldom-used flags too
    #[arg(long, global = true, action = ArgAction::HelpLong)]
    pub help_all: Option<bool>,
}

/// What the command line came to.
#[derive(Debug)]
pub enum Parsed {
    /// Something to be done.
    Job(Box<Cli>),
    /// Help or the version: to be written on stdout, and that is all.
    Words(String),
}

/// Reads the command line (with the program's name in front) and the flags' environment names.
///
/// # Errors
/// 2, naming the flag.
pub fn parse(typed: impl IntoIterator<Item = OsString>, colour: bool) -> Result<Parsed, Error> {
    let typed: Vec<OsString> = typed.into_iter().collect();
    let all = typed.iter().take_while(|word| *word != "--").any(|word| word == "--help-all");
    let command = everywhere(if all { unhidden(command()) } else { command() }, deaf_to_empty);
    match command.try_get_matches_from(&typed).and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => Ok(Parsed::Job(Box::new(Cli { typed, ..cli }))),
        Err(told) if told.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Err(Error::new(Exit::Usage, "no command was given").hint("tollgate --help lists them"))
        }
        Err(told) if told.use_stderr() => Err(usage(&told)),
        Err(told) if colour => Ok(Parsed::Words(told.render().ansi().to_string())),
        Err(told) => Ok(Parsed::Words(told.render().to_string())),
    }
}

/// The grammar. A flag's environment name follows from its own and stands in the help once, not at every flag; a
/// switch takes 1/0, true/false, yes/no, on/off from the environment.
#[must_use]
pub fn command() -> clap::Command {
    everywhere(Cli::command(), |arg| {
        let arg = arg.hide_env(true);
        if matches!(arg.get_action(), ArgAction::SetTrue) { arg.value_parser(BoolishValueParser::new()) } else { arg }
    })
}

/// A variable that is set to nothing counts as absent: manifests and crontabs blank a variable to unset it.
fn deaf_to_empty(arg: clap::Arg) -> clap::Arg {
    let empty = arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    if empty { arg.env(Resettable::Reset) } else { arg }
}

/// The grammar with its seldom-used flags shown.
fn unhidden(command: clap::Command) -> clap::Command {
    everywhere(command, |arg| arg.hide(false))
}

fn everywhere(command: clap::Command, change: fn(clap::Arg) -> clap::Arg) -> clap::Command {
    command.mut_args(change).mut_subcommands(|sub| sub.mut_args(change))
}

/// One group of flags alone, without a command around it and without the environment.
fn group<G: Args>(typed: impl IntoIterator<Item = String>) -> Result<G, clap::Error> {
    let bare = clap::Command::new("tollgate").no_binary_name(true).disable_help_flag(true);
    let command = G::augment_args(bare).mut_args(|arg| arg.env(Resettable::Reset));
    G::from_arg_matches(&command.try_get_matches_from(typed)?)
}

fn usage(told: &clap::Error) -> Error {
    let text = told.render().to_string();
    Error::new(Exit::Usage, text.strip_prefix("error: ").unwrap_or(&text).trim_end())
}
