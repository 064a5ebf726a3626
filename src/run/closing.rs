//! The end of a run: what it came to, for the journal, for people, for programs, and for the process.

use std::{path::Path, time::Duration};

use super::{Stage, came::Came, patience::share, profiles, wall};
use crate::{
    config::{Amount, Job},
    domain::{Tally, Task, Verdict, say_count},
    error::{Error, Exit},
    flow::{Account, Ending, Figures, Report, Trip},
    remote::Client,
    report::{self, Closed, Journal, Latency, RealDisk, Scan, Summary},
};

/// The run is bound to the app that its first look named, so the right key cannot go on with it.
const ANOTHER_APP: &str = "if the key is another app's, the right one begins anew: --new, or another --out; if the work \
                           was done already, the same command with --max-absent off goes on";

/// A shorter run, most of it canary and warming up, tells nothing about the width.
const LONG_ENOUGH: Duration = Duration::from_secs(5);

/// What is known when the flow has ended.
pub(super) struct Closing<'a> {
    pub(super) job: &'a Job,
    pub(super) client: &'a Client,
    pub(super) app: Option<String>,
    pub(super) directory: &'a Path,
    pub(super) settled_before: u64,
    pub(super) trimmed: u64,
    pub(super) rows: Option<u64>,
    pub(super) sandbox: bool,
    pub(super) report: Report,
    /// Why it ended early; `None` when every row of the input has its line.
    pub(super) failure: Option<Error>,
}

impl Closing<'_> {
    /// Closes the journal, prints the summary, and gives the code to leave with.
    pub(super) fn close(self, mut journal: Journal<RealDisk>, stage: &Stage) -> Result<Came, Error> {
        if let Some(app) = &self.app {
            journal.learn_app(app.clone());
        }
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
        stage.sum_up(&summary)?;
        Ok(Came {
            exit,
            directory: self.directory.to_owned(),
            complete: self.failure.is_none(),
            settled: is_settled(closed.totals),
            bad: closed.totals.unwanted(),
            rows: self.rows.unwrap_or(account.read),
            summary,
        })
    }

    fn exit(&self, totals: Tally) -> Exit {
        self.failure.as_ref().map_or_else(|| of_complete(totals, totals.total(), self.job), Error::exit)
    }

    fn summary(&self, exit: Exit, closed: &Closed) -> Summary {
        let Figures { requests, retries, elapsed, p50, p95, p99, .. } = self.report.figures;
        let account = &self.report.account;
        let unread = account.read.saturating_sub(account.skipped + account.tally.total());
        let millis = |latency: Duration| latency.as_secs_f64() * 1000.0;
        Summary {
            command: self.job.task,
            api: self.job.description.name().to_owned(),
            host: self.client.destination().host.clone(),
            app: self.app.clone(),
            directory: Some(self.directory.to_owned()),
            profiles: profiles::path(self.job, self.directory),
            rows: self.rows,
            totals: closed.totals,
            after_lost_answer: closed.after_lost_answer,
            trimmed: self.trimmed,
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
            warnings: warnings(closed.totals, exit),
            ended: self.failure.as_ref().map_or("every row has its line", Error::what).to_owned(),
            next: self.next(closed),
            dry_run: false,
            sandbox: self.sandbox,
            pruned: None,
        }
    }

    /// Little's law: what is in flight = rate × latency.
    fn wanted_concurrency(&self) -> Option<u32> {
        let Figures { limited_by_width, p50, .. } = self.report.figures;
        let rate = self.job.flow.rate.get();
        let is_short = self.report.figures.elapsed < LONG_ENOUGH;
        if is_short || !limited_by_width || mean_rate(&self.report.figures) > rate * 0.9 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; a hint")]
        let wanted = (rate * p50.as_secs_f64() * 1.2).ceil() as u32;
        (wanted > self.job.flow.width.get()).then_some(wanted)
    }

    fn next(&self, closed: &Closed) -> Option<String> {
        match &self.failure {
            Some(failure) => Some(failure.what_next().map_or_else(|| self.again(), str::to_owned)),
            None => after_completion(closed, self.job),
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

fn after_completion(closed: &Closed, job: &Job) -> Option<String> {
    let mut steps = Vec::new();
    if let Some(file) = &closed.failed_file {
        steps.push(format!("look at {file}; results.csv says why"));
        // Hashes cannot be fed back.
        let can_be_given = job.task == Task::Verify && job.hash_ids.is_none();
        if can_be_given && closed.totals.of(Verdict::Exists) > 0 {
            steps.push("those that exist can be given to `tollgate delete` as they stand there".to_owned());
        }
    }
    if closed.totals.of(Verdict::Failed) > 0 {
        steps.push(job.again.for_failed_rows().to_owned());
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

/// A run that was finished before: sums it up again, and leaves with the same code.
pub(super) fn finished_before(scan: &Scan, job: &Job, directory: &Path, stage: &Stage) -> Result<Came, Error> {
    let (about, totals) = (&scan.run.immutable, scan.totals);
    let failed = totals.of(Verdict::Failed);
    let exit = of_complete(totals, totals.total(), job);
    let summary = Summary {
        command: job.task,
        api: about.destination.api.clone(),
        host: about.destination.host.clone(),
        app: scan.run.app().map(str::to_owned),
        directory: Some(directory.to_owned()),
        profiles: profiles::path(job, directory),
        rows: Some(totals.total()),
        totals,
        after_lost_answer: scan.after_lost_answer,
        trimmed: 0,
        settled_before: totals.settled(),
        unsettled: 0,
        requests: 0,
        retries: 0,
        latency: None,
        elapsed_seconds: 0.0,
        mean_rate: 0.0,
        wanted_concurrency: None,
        chain_head: Some(scan.head),
        exit,
        warnings: warnings(totals, exit),
        ended: "this run is finished; nothing was sent".to_owned(),
        next: (failed > 0).then(|| job.again.for_failed_rows().to_owned()),
        dry_run: false,
        sandbox: about.sandbox,
        pruned: None,
    };
    stage.sum_up(&summary)?;
    let (settled, bad) = (is_settled(totals), totals.unwanted());
    Ok(Came { exit, directory: directory.to_owned(), complete: true, settled, bad, rows: totals.total(), summary })
}

/// Nothing is left to be tried.
const fn is_settled(totals: Tally) -> bool {
    totals.of(Verdict::Failed) == 0
}

/// So many bad ones of an input's rows as are tolerated are none.
pub(super) fn of_complete(totals: Tally, rows: u64, job: &Job) -> Exit {
    let tolerated = match job.leniency.tolerate {
        Amount::Rows(rows) => rows,
        Amount::Percent(percent) => share(percent, rows),
    };
    if totals.unwanted() > tolerated { Exit::Rows } else { Exit::Success }
}

/// A success that is none to the last row says so.
fn warnings(totals: Tally, exit: Exit) -> Vec<String> {
    let bad = totals.unwanted();
    let said = || format!("{} of {} rows ended badly, within --tolerate", say_count(bad), say_count(totals.total()));
    (bad > 0 && exit == Exit::Success).then(said).into_iter().collect()
}

/// The error behind an ending, fetched from where it is held.
pub(super) fn failure(report: &Report, total: Option<u64>, reader: Option<Error>, app: Option<&str>) -> Option<Error> {
    let Account { read, skipped, tally } = report.account;
    let nothing_is_left = total == Some(read) && read == skipped + tally.total();
    let ending = &report.ending;
    match ending {
        Ending::Stopped(_) if nothing_is_left => ending.error_with_nothing_left(),
        Ending::Guard(Trip::Absent { .. }) if app.is_some() => ending.error().map(|error| error.hint(ANOTHER_APP)),
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
        | Ending::Suspicious { .. }
        | Ending::RegisterLost(_) => ending.error(),
    }
}
