//! Words on stderr: logs for people or for machines.
//!
//! Promises: only our own events are written, whatever `RUST_LOG` says (HTTP crates log headers, and a header holds
//! the key); colour is decided by one pure function. It owns neither stderr nor the clock: both are given to it.

use tracing_subscriber::{
    Layer, Registry,
    filter::{FilterExt, LevelFilter, Targets, filter_fn},
    fmt::{MakeWriter, format::Writer, time::FormatTime},
    layer::SubscriberExt,
};

use crate::error::{Error, Exit};

/// The crate whose events are written; those of all others stay off.
const OURS: &str = env!("CARGO_PKG_NAME");

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// `-q`: only what stops a run.
    Error,
    /// The default: what somebody who watches should know.
    Info,
    /// `-v`.
    Debug,
    /// `-vv`.
    Trace,
}

/// Who reads the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// People.
    Human,
    /// Machines: one JSON object a line.
    Json,
}

/// When words are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourChoice {
    /// On a terminal, unless the environment objects.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How logs are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOptions {
    /// Who reads them.
    pub format: LogFormat,
    /// How much is said.
    pub level: Level,
    /// `RUST_LOG`: directives for our own targets (`tollgate`, `tollgate::flow=trace`); all others are passed over.
    pub tuning: Option<String>,
    /// Whether levels are coloured (never in JSON).
    pub colour: bool,
}

/// Decides whether words on stderr are coloured: `--color` first, then `NO_COLOR`, then `CLICOLOR_FORCE`, then
/// `TERM=dumb`, then whether stderr is a terminal. A variable that is empty counts as absent (no-color.org).
#[must_use]
pub fn colour(choice: ColourChoice, is_terminal: bool, environment: &dyn Fn(&str) -> Option<String>) -> bool {
    let said = |name: &str| environment(name).filter(|value| !value.is_empty());
    match choice {
        ColourChoice::Always => true,
        ColourChoice::Never => false,
        ColourChoice::Auto if said("NO_COLOR").is_some() => false,
        ColourChoice::Auto if said("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        ColourChoice::Auto if said("TERM").is_some_and(|value| value == "dumb") => false,
        ColourChoice::Auto => is_terminal,
    }
}

/// Makes the process speak: once, at its beginning. `now` is the wall clock's RFC 3339 text, asked for each event.
///
/// # Errors
/// 70 when the process speaks already.
pub fn init<W, N>(options: &LogOptions, writer: W, now: N) -> Result<(), Error>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    N: Fn() -> String + Send + Sync + 'static,
{
    tracing::subscriber::set_global_default(subscriber(options, writer, now))
        .map_err(|_| Error::new(Exit::Internal, "the logs were set up twice"))
}

/// What [`init`] installs.
pub fn subscriber<W, N>(options: &LogOptions, writer: W, now: N) -> impl tracing::Subscriber + Send + Sync + use<W, N>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    N: Fn() -> String + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_timer(Clock(now));
    let layer = match options.format {
        LogFormat::Human => layer.with_target(false).with_ansi(options.colour).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_ansi(false).boxed(),
    };
    Registry::default().with(layer.with_filter(targets(options).and(filter_fn(|event| is_ours(event.target())))))
}

/// How much of ours is written: the level asked for, tuned by what `RUST_LOG` says about targets by name. A directive
/// that is none, or that names no target (a bare level means everybody), is passed over.
fn targets(options: &LogOptions) -> Targets {
    let level = match options.level {
        Level::Error => LevelFilter::ERROR,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    let tuning = options.tuning.as_deref().unwrap_or_default();
    let directives = tuning.split(',').filter_map(|directive| directive.parse::<Targets>().ok());
    directives.fold(Targets::new().with_target(OURS, level), |all, directive| all.with_targets(directive.iter()))
}

fn is_ours(target: &str) -> bool {
    target.strip_prefix(OURS).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The injected wall clock, as the subscriber wants it.
struct Clock<N>(N);

impl<N: Fn() -> String> FormatTime for Clock<N> {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        writer.write_str(&(self.0)())
    }
}
