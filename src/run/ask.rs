//! Before anything is touched: what a person must know, and their word for it.

use std::{
    fmt::Write as _,
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    time::Duration,
};

use futures::{Stream, StreamExt};
use tokio::sync::oneshot;

use super::{Stage, input::Input, wall};
use crate::{
    config::{Job, Target},
    domain::{Action, Past, Sample, Task, say_count, say_duration, say_number, say_quoted},
    error::{Error, Exit},
    flow::{Ending, Looked, Signal},
    source::Decision,
};

/// How many ids the prompt shows.
const SHOWN: usize = 5;

/// What is about to happen.
pub(super) struct Picture<'a> {
    pub(super) job: &'a Job,
    pub(super) input: &'a Input,
    pub(super) host: &'a str,
    pub(super) looked: &'a Looked,
    pub(super) samples: &'a [Sample],
    pub(super) past: &'a Past,
    pub(super) decision: Option<&'a Decision>,
    /// How many will be pruned.
    pub(super) leavers: usize,
}

impl Picture<'_> {
    /// In words.
    pub(super) fn words(&self) -> String {
        let Self { job, input, .. } = *self;
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name:<10} {value}");
        };
        line("about to", format!("{} profiles on {} ({})", job.task.word(), self.host, job.description.name()));
        line("app", app(job, self.looked));
        line("input", whence(input));
        match input.survey() {
            Some(survey) => {
                let settled = self.past.tally.settled();
                let malformed = self.decision.map_or(survey.malformed, |decision| decision.counts.malformed);
                line("rows", rows(survey.rows, settled, malformed));
                if survey.odd > 0 {
                    line("odd ids", format!("{}, such as NULL or 1.23457E+15", say_count(survey.odd)));
                }
                let left = survey.rows.saturating_sub(settled);
                let sent = self.decision.map(|decision| decision.counts.sent());
                if let Some(decision) = self.decision {
                    line("to send", what_is_sent(decision));
                }
                line("pace", pace(job, sent.unwrap_or(left)));
                input.warnings(self.decision).for_each(|warning| line("warning", warning.clone()));
            }
            None => line("pace", format!("{}/s", job.flow.rate.get())),
        }
        if self.leavers > 0 {
            line("to prune", format!("{} profiles that are not in the input any more", say_count(self.leavers as u64)));
        }
        // Where the results must not name anybody, what is shown may be kept as well.
        if job.hash_ids.is_none() {
            let shown = self.samples.iter().take(SHOWN);
            let ids: Vec<_> = shown.map(|sample| say_quoted(sample.identity.primary().text())).collect();
            line("such as", ids.join(", "));
        }
        text
    }
}

/// `14c3…, 18 of 20 exist`.
pub(super) fn app(job: &Job, looked: &Looked) -> String {
    let app = match looked.app.as_deref() {
        Some(app) => app,
        None if job.description.names_apps() => "not known, since none of those looked at exists",
        None => "never named by this API",
    };
    format!("{app}, {} of {} exist", looked.exist, looked.asked)
}

fn whence(input: &Input) -> String {
    match input {
        Input::File { name, metadata, .. } => {
            let age = wall::of_file(metadata).map(|written| wall::now().since(written));
            age.map_or_else(|| name.clone(), |age| format!("{name}, written {} ago", say_duration(whole(age))))
        }
        Input::Stdin => "stdin; how many rows it has will be seen at its end".to_owned(),
    }
}

fn whole(age: Duration) -> Duration {
    Duration::from_secs(age.as_secs().max(1))
}

fn rows(rows: u64, settled: u64, malformed: u64) -> String {
    let mut text = say_count(rows);
    if settled > 0 {
        let _ = write!(text, ", {} of them settled by earlier tries", say_count(settled));
    }
    if malformed > 0 {
        let _ = write!(text, ", {} malformed: these are not sent", say_count(malformed));
    }
    text
}

/// How many rows will be sent, and how many of these delete.
pub(super) fn what_is_sent(decision: &Decision) -> String {
    let rows = say_number(decision.counts.sent(), "row");
    match decision.counts.of(Action::Delete) {
        0 => rows,
        deletions => format!("{rows} ({})", say_number(deletions, "deletion")),
    }
}

fn pace(job: &Job, rows: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let seconds = rows as f64 * requests_a_row(job) / job.flow.rate.get();
    let lasts = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    format!("{}/s, so about {}", job.flow.rate.get(), say_duration(whole(lasts)))
}

fn requests_a_row(job: &Job) -> f64 {
    let looks_first =
        job.flow.look || job.flow.compare || (job.task == Task::Delete && !job.description.delete_tells());
    1.0 + f64::from(u8::from(looks_first)) + f64::from(u8::from(job.flow.verify_after.is_some()))
}

/// Asks on the terminal; the answer is the row count, typed. A signal is an answer too.
pub(super) async fn consent(
    stage: &Stage,
    task: Task,
    picture: &str,
    rows: Option<u64>,
    stops: &mut (impl Stream<Item = Signal> + Unpin),
) -> Result<(), Error> {
    let (word, question) = match rows {
        Some(rows) => (rows.to_string(), format!("type the number of rows ({rows}) to go on: ")),
        None => (task.word().to_owned(), format!("type `{}` to go on: ", task.word())),
    };
    let terminal = terminal()?;
    stage.screen.say(picture.trim_end());
    let (answer, answered) = oneshot::channel();
    // A plain thread: a read from the terminal cannot be called off, and must not hold the exit.
    std::thread::spawn(move || {
        let _nobody_waits = answer.send(ask(terminal, &question));
    });
    let answer = tokio::select! {
        biased;
        Some(signal) = stops.next() => return Err(Ending::Stopped(signal).error().unwrap_or_else(declined)),
        answer = answered => answer.ok().flatten(),
    };
    if answer.is_some_and(|answer| answer.replace([',', ' ', '_'], "") == word) { Ok(()) } else { Err(declined()) }
}

/// Before anything is sent: where there is nobody to ask, `--yes` must have been said.
pub(super) fn must_be_possible(job: &Job) -> Result<(), Error> {
    match job.target {
        Target::Real { .. } if !job.consent.yes => terminal().map(drop),
        Target::Real { .. } | Target::Sandbox(_) => Ok(()),
    }
}

fn declined() -> Error {
    Error::new(Exit::Guard, "not confirmed; nothing was sent")
}

fn terminal() -> Result<File, Error> {
    OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(|_| {
        Error::new(Exit::Usage, "there is no terminal to ask on, and what is changed cannot be changed back")
            .hint("--yes goes without asking; --expect-rows, --expect-sha256 and --expect-app make that safe")
    })
}

fn ask(mut terminal: File, question: &str) -> Option<String> {
    terminal.write_all(question.as_bytes()).ok()?;
    let mut answer = String::new();
    BufReader::new(terminal).read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
}
