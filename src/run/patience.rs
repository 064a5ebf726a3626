//! An input that comes from a pipeline: waited for, not too old, not too short.
//!
//! Promises: whatever is wrong is said before the first call.

use std::{fs, io, path::Path, time::Duration};

use futures::{Stream, StreamExt};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{Stage, input::Input, wall};
use crate::{
    config::{Amount, Job},
    domain::{say_count, say_duration, say_number},
    error::{Error, Exit},
    flow::{Ending, Signal},
    source::InputName,
};

/// How often the file is looked for.
const GLANCE: Duration = Duration::from_secs(1);
/// A file that was written to so shortly ago may still be written to: it must stand still for two glances.
const FRESH: Duration = Duration::from_secs(10);

/// Waits until the file is there and stands still.
///
/// # Errors
/// 66 when it does not come in time, or is still written to then; a signal's code when somebody has no more patience.
pub(super) async fn wait(
    job: &Job,
    stage: &Stage,
    stops: &mut (impl Stream<Item = Signal> + Unpin),
) -> Result<(), Error> {
    let InputName::File(path) = &job.input else { return Ok(()) };
    let deadline = Instant::now() + job.patience.wait;
    let mut glances = interval(GLANCE);
    glances.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut before, mut told) = (None, false);
    loop {
        tokio::select! {
            biased;
            Some(signal) = stops.next() => return Err(stopped(signal)),
            now = glances.tick() => match glance(path)? {
                Some(stand) if stand.is_old() || before.as_ref() == Some(&stand) => return Ok(()),
                None if now >= deadline => return Err(late(path, "did not come", job.patience.wait)),
                Some(_) if now >= deadline && before.is_some() => {
                    return Err(late(path, "did not stand still", job.patience.wait));
                }
                stand => before = stand,
            },
        }
        if !std::mem::replace(&mut told, true) {
            stage.tell(&format!("waiting for {}", path.display()));
        }
    }
}

/// How a file stands: what changes while it is written.
#[derive(PartialEq, Eq)]
struct Stand {
    size: u64,
    written: Option<crate::domain::Moment>,
}

impl Stand {
    fn is_old(&self) -> bool {
        self.written.is_some_and(|written| wall::now().since(written) > FRESH)
    }
}

fn glance(path: &Path) -> Result<Option<Stand>, Error> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(Stand { size: metadata.len(), written: wall::of_file(&metadata) })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::new(Exit::NoInput, format!("{} cannot be read: {error}", path.display()))),
    }
}

fn stopped(signal: Signal) -> Error {
    Ending::Stopped(signal).error().unwrap_or_else(|| Error::new(Exit::Internal, "a signal without a meaning"))
}

fn late(path: &Path, what: &str, waited: Duration) -> Error {
    Error::new(Exit::NoInput, format!("{} {what} within {}", path.display(), say_duration(waited)))
        .hint("see what became of the export that writes it; nothing was sent")
}

/// The file is not older than `--max-input-age`.
///
/// # Errors
/// 3 when it is.
pub(super) fn young_enough(job: &Job, input: &Input) -> Result<(), Error> {
    let (Some(most), Input::File { name, metadata, .. }) = (job.patience.max_age, input) else { return Ok(()) };
    let age = wall::of_file(metadata).map(|written| wall::now().since(written));
    match age {
        Some(age) if age > most => Err(Error::new(
            Exit::Guard,
            format!("{name} was written {} ago, more than --max-input-age {}", say_duration(age), say_duration(most)),
        )
        .hint("see whether the export that writes it has run; nothing was sent")),
        Some(_) | None => Ok(()),
    }
}

/// The file has as many rows as `--min-rows` asks for; `last_time` is how many the last complete run had.
///
/// # Errors
/// 3 when it has fewer.
pub(super) fn long_enough(
    job: &Job,
    input: &Input,
    stage: &Stage,
    last_time: impl FnOnce() -> Option<u64>,
) -> Result<(), Error> {
    let (Some(least), Some(survey)) = (job.patience.min_rows, input.survey()) else { return Ok(()) };
    let (wanted, of_what) = match least {
        Amount::Rows(rows) => (rows, String::new()),
        Amount::Percent(percent) => {
            let Some(before) = last_time() else {
                stage.tell(&format!("warning: no earlier run is known, so --min-rows {least} holds for any input"));
                return Ok(());
            };
            (share(percent, before), format!(", {percent}% of the {} rows of last time", say_count(before)))
        }
    };
    if survey.rows >= wanted {
        return Ok(());
    }
    let rows = say_number(survey.rows, "row");
    Err(Error::new(Exit::Guard, format!("the input has {rows}, fewer than --min-rows {}{of_what}", say_count(wanted)))
        .hint("an export that was cut short looks like this; nothing was sent"))
}

/// So many per cent of a number of rows, rounded up.
pub(super) fn share(percent: f64, rows: u64) -> u64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a row count is not negative and no larger"
    )]
    let rows = (rows as f64 * percent / 100.0).ceil() as u64;
    rows
}
