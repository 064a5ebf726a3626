//! The end of a run: what it came to, for the journal, for people, for programs, and for the process.

use std::path::Path;

use super::{Stage, dry::json, profiles, wall};
use crate::{
    config::Job,
    domain::{Tally, Verdict},
    error::{Error, Exit},
    flow::{Ending, Figures, Report},
    remote::Client,
    report::{self, Closed, Journal, Latency, RealDisk, State, Summary},
};

/// What is known when the flow has ended.
pub(super) struct Closing<'a> {
    pub(super) job: &'a Job,
    pub(super) client: &'a Client,
    pub(super) app: Option<String>,
    pub(super) directory: &'a Path,
    pub(super) settled_before: u64,
    pub(super) rows: Option<u64>,
    pub(super) sandbox: bool,
    pub(super) report: Report,
    /// Why it ended early; `None` when every row of the input has its line.
    pub(super) failure: Option<Error>,
}

impl Closing<'_> {
    /// Closes the journal, prints the summary, and gives the code to leave with.
    pub(super) fn close(self, journal: Journal<RealDisk>, stage: &Stage) -> Result<Exit, Error> {
        let exit = self.exit(journal.totals());
        let account = &self.report.account;
        let closed = journal.close(report::Ending {
            exit,
            at: wall::now(),
            rows_read: account.read,
            unsettled: account.read.saturating_sub(account.skipped + account.tally.settled()),
            complete: self.failure.is_none(),
        })?;
        let summary = self.summary(exit, &closed);
        if !(stage.quiet && exit == Exit::Success) {
            stage.screen.say(summary.human(stage.colour).trim_end());
        }
        if self.job.json {
            stage.screen.data(&json(&summary)?)?;
        }
        Ok(exit)
    }

    fn exit(&self, totals: Tally) -> Exit {
        match &self.failure {
            Some(failure) => failure.exit(),
            None if totals.unwanted() > 0 => Exit::Rows,
            None => Exit::Success,
        }
    }

    fn summary(&self, exit: Exit, closed: &Closed) -> Summary {
        let Figures { requests, retries, elapsed, p50, p95, p99, .. } = self.report.figures;
        let account = &self.report.account;
        let unread = account.read.saturating_sub(account.skipped + account.tally.total());
        let millis = |latency: std::time::Duration| latency.as_secs_f64() * 1000.0;
        Summary {
            command: self.job.action,
            api: self.job.description.name().to_owned(),
            host: self.client.host().to_owned(),
            app: self.app.clone(),
            directory: Some(self.directory.to_owned()),
            profiles: profiles::path(self.job, self.directory),
            rows: self.rows,
            totals: closed.totals,
            settled_before: self.settled_before,
            unsettled: self.rows.map_or(unread, |rows| rows.saturating_sub(closed.totals.total())),
            requests,
            retries,
            latency: (!p99.is_zero()).then(|| Latency {
                p50_ms: millis(p50),
                p95_ms: millis(p95),
                p99_ms: millis(p99),
            }),
            elapsed_seconds: elapsed.as_secs_f64(),
            mean_rate: mean_rate(&self.report.figures),
            wanted_concurrency: self.wanted_concurrency(),
            chain_head: Some(closed.head),
            exit,
            ended: self.failure.as_ref().map_or("every row has its line", Error::what).to_owned(),
            next: self.next(closed),
            dry_run: false,
            sandbox: self.sandbox,
        }
    }

    /// Little's law: what is in flight = rate × latency.
    fn wanted_concurrency(&self) -> Option<u32> {
        let Figures { limited_by_width, p50, .. } = self.report.figures;
        let rate = self.job.flow.rate.get();
        if !limited_by_width || mean_rate(&self.report.figures) > rate * 0.9 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; a hint")]
        let wanted = (rate * p50.as_secs_f64() * 1.2).ceil() as u32;
        (wanted > self.job.flow.width.get()).then_some(wanted)
    }

    fn next(&self, closed: &Closed) -> Option<String> {
        match &self.failure {
            Some(failure) => Some(failure.what_next().map_or_else(|| self.again(), str::to_owned)),
            None => after_completion(closed),
        }
    }

    fn again(&self) -> String {
        if self.job.can_be_continued() {
            format!("to continue: {}", self.job.again.same())
        } else {
            "this run cannot be continued".to_owned()
        }
    }
}

fn after_completion(closed: &Closed) -> Option<String> {
    let mut steps = Vec::new();
    if let Some(file) = &closed.failed_file {
        steps.push(format!("look at {file}"));
        if closed.totals.of(Verdict::Exists) > 0 {
            steps.push("those that exist can be given to `tollgate delete` as they stand there".to_owned());
        }
    }
    if closed.totals.of(Verdict::Failed) > 0 {
        steps.push("the same command with --retry-failed tries the failed rows again".to_owned());
    }
    if let Some(file) = &closed.absent_file {
        steps.push(format!("{file} lists those not found"));
    }
    (!steps.is_empty()).then(|| steps.join("; "))
}

fn mean_rate(figures: &Figures) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let requests = figures.requests as f64;
    requests / figures.elapsed.as_secs_f64().max(0.001)
}

/// A run that was finished before: says so again, and leaves with the same code.
pub(super) fn finished_before(left: &State, directory: &Path, stage: &Stage) -> Exit {
    let failed = left.totals.of(Verdict::Failed);
    let exit = if left.totals.unwanted() > 0 { Exit::Rows } else { Exit::Success };
    let hint =
        if failed > 0 { format!("\nhint: --retry-failed tries its {failed} failed rows again") } else { String::new() };
    if !(stage.quiet && exit == Exit::Success) {
        stage.screen.say(&format!(
            "the run in {} is finished: {} rows have their lines; nothing was sent{hint}",
            directory.display(),
            left.totals.total()
        ));
    }
    exit
}

/// The error behind an ending, fetched from where it is held.
pub(super) fn failure(ending: &Ending, reader: Option<Error>) -> Option<Error> {
    match ending {
        Ending::IntakeLost => {
            Some(reader.unwrap_or_else(|| Error::new(Exit::Internal, "the reader left without a word")))
        }
        Ending::LedgerLost
        | Ending::Complete
        | Ending::Stopped(_)
        | Ending::TimeIsUp
        | Ending::GaveUp { .. }
        | Ending::NeverReached { .. }
        | Ending::HoldTooLong { .. }
        | Ending::Guard(_)
        | Ending::Suspicious { .. } => ending.error(),
    }
}
