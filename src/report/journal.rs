//! The journal: a state machine that turns outcomes into lines that last.
//!
//! Promises: `run.json` and the header are on the disk, names included, before the journal exists; a line counts as
//! synced only after a sync that succeeded; after the first failure it refuses everything, since a sync that failed may
//! seem to succeed when tried again. It knows no clock: the caller says when.

use std::io::{self, Write as _};

use super::{
    RESULTS, TORN,
    disk::{Disk, DiskFile as _, cannot_write},
    line::{Encoder, HEADER, is_sound},
    profiles::Profiles,
    runfile::{Immutable, RunFile, State},
    scan::Scan,
    side::SideFiles,
};
use crate::{
    domain::{Action, Digest, Kept, Layout, LineSet, Moment, Naming, Outcome, Span, Tally, Verdict},
    error::{Error, Exit},
};

/// Lines that [`Journal::record`] lets pile up before it syncs by itself.
pub const SYNC_EVERY: u64 = 4096;

/// Every line that was recorded before this was given lasts: only the journal can say so.
#[derive(Debug)]
pub struct Synced(());

/// The journal of one try.
#[derive(Debug)]
pub struct Journal<D: Disk> {
    disk: D,
    run: RunFile,
    results: D::File,
    sides: SideFiles<D::File>,
    /// `None`: no row asks for its profile.
    profiles: Option<Profiles<D::File>>,
    naming: Naming,
    encoder: Encoder,
    buffer: Vec<u8>,
    /// Every row by its last line, those of this try included.
    totals: Tally,
    /// Rows whose last line is `failed`, then those whose `absent` is doubted: a line of this try supersedes them.
    unsettled: [LineSet; 2],
    /// Rows found absent after an attempt whose answer was lost.
    after_lost_answer: u64,
    lines: u64,
    lines_synced: u64,
    failed: bool,
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// The code that the process leaves with.
    pub exit: Exit,
    /// When.
    pub at: Moment,
    /// Rows that this try read, those settled before included.
    pub rows_read: u64,
    /// Rows read that have no settled word.
    pub unsettled: u64,
    /// Every row of the input was read and has a line: the side files get their final names.
    pub complete: bool,
}

/// What a closed journal came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Every row by its last line, all tries together.
    pub totals: Tally,
    /// The chain value of the last line.
    pub head: Digest,
    /// Rows of these found absent after an attempt whose answer was lost: may have been erased by it.
    pub after_lost_answer: u64,
    /// Outcome lines in the file, superseded ones included.
    pub lines: u64,
    /// The name of the file of rows that did not make it, when the run is complete and there are any.
    pub failed_file: Option<String>,
    /// The name of the file of rows that were not there, likewise.
    pub absent_file: Option<String>,
}

impl<D: Disk> Journal<D> {
    /// Begins a run.
    ///
    /// # Errors
    /// [`Exit::CannotCreate`] when the files cannot be created.
    pub fn create(mut disk: D, immutable: &Immutable, layout: &Layout) -> Result<Self, Error> {
        let run = RunFile::begin(immutable.clone())?;
        let begin = |disk: &mut D| {
            run.write(disk)?;
            let results = begin_results(disk).map_err(|error| cannot_write(RESULTS, &error))?;
            Ok((results, SideFiles::begin(disk, layout)?))
        };
        let (results, sides) = begin(&mut disk).map_err(|error| cannot_create(&error))?;
        let encoder = Encoder::after(run.first_link());
        Ok(Self {
            disk,
            run,
            results,
            sides,
            profiles: None,
            naming: Naming::default(),
            encoder,
            buffer: Vec::new(),
            totals: Tally::default(),
            unsettled: [LineSet::default(), LineSet::default()],
            after_lost_answer: 0,
            lines: 0,
            lines_synced: 0,
            failed: false,
        })
    }

    /// Continues a run: sets a torn tail aside and says in `run.json` that another try began.
    ///
    /// # Errors
    /// [`Exit::Io`] when the files cannot be written.
    pub fn resume(mut disk: D, scan: &Scan, layout: &Layout, key_fingerprint: &str) -> Result<Self, Error> {
        let results = mend(&mut disk, scan).map_err(|error| cannot_write(RESULTS, &error))?;
        let mut run = scan.run.clone();
        run.state = State {
            totals: scan.totals,
            complete: false,
            exit_code: None,
            ended: None,
            chain_head: scan.head,
            key_fingerprint: key_fingerprint.to_owned(),
            tries: run.state.tries + 1,
            ..run.state
        };
        run.write(&mut disk)?;
        let sides = SideFiles::begin(&mut disk, layout)?;
        Ok(Self {
            disk,
            run,
            results,
            sides,
            profiles: None,
            naming: Naming::default(),
            encoder: Encoder::after(scan.head),
            buffer: Vec::new(),
            totals: scan.totals,
            unsettled: scan.unsettled.clone(),
            after_lost_answer: scan.after_lost_answer,
            lines: scan.lines,
            lines_synced: scan.lines,
            failed: false,
        })
    }

    /// From now on the profiles of rows that are found go there.
    #[must_use]
    pub fn keeping(self, profiles: Profiles<D::File>) -> Self {
        Self { profiles: Some(profiles), ..self }
    }

    /// From now on ids are named like that; the side files' layout must be [`Naming::layout`]'s.
    #[must_use]
    pub fn naming(self, naming: Naming) -> Self {
        Self { naming, ..self }
    }

    /// Writes one line per outcome, all at once, and syncs when [`SYNC_EVERY`] lines have piled up.
    ///
    /// # Errors
    /// [`Exit::Io`]; from then on always.
    pub fn record(&mut self, outcomes: &[Outcome], at: Moment) -> Result<(), Error> {
        let named: Vec<Outcome>;
        let outcomes = if self.naming.key_id().is_some() {
            named = outcomes.iter().map(|outcome| self.naming.outcome(outcome).into_owned()).collect();
            &named
        } else {
            outcomes
        };
        self.guarded(|journal| {
            if let Some(profiles) = &mut journal.profiles {
                profiles.write(outcomes)?;
            }
            journal.write_lines(outcomes, |encoder, outcome, out| encoder.push(outcome, at, out))?;
            for outcome in outcomes {
                journal.count(outcome);
            }
            journal.sides.record(&mut journal.disk, outcomes)
        })?;
        self.sync_if_due()
    }

    /// Writes one line per span of rows that have nothing new, all at once, and syncs like [`Journal::record`]. No line of
    /// a span may have been settled before.
    ///
    /// # Errors
    /// [`Exit::Internal`] when a span has more rows than lines, or none; [`Exit::Io`]; from then on always.
    pub fn pass(&mut self, spans: &[Span], at: Moment) -> Result<(), Error> {
        self.guarded(|journal| {
            if let Some(unsound) = spans.iter().find(|span| !is_sound(span)) {
                return Err(Error::new(Exit::Internal, format!("{unsound:?} cannot be written as one line")));
            }
            journal.write_lines(spans, |encoder, span, out| encoder.push_span(span, at, out))?;
            for span in spans {
                journal.count_span(span);
            }
            Ok(())
        })?;
        self.sync_if_due()
    }

    /// Puts rows that an earlier try settled into this try's side files.
    ///
    /// # Errors
    /// [`Exit::Io`]; from then on always.
    pub fn keep(&mut self, kept: &[Kept]) -> Result<(), Error> {
        self.guarded(|journal| journal.sides.keep(&mut journal.disk, kept))
    }

    /// Makes every line so far last; nothing happens when all of them do.
    ///
    /// # Errors
    /// [`Exit::Io`]; from then on always.
    pub fn sync(&mut self) -> Result<Synced, Error> {
        self.guarded(|journal| {
            if journal.lines_synced < journal.lines {
                journal.results.sync().map_err(|error| cannot_write(RESULTS, &error))?;
                journal.lines_synced = journal.lines;
            }
            Ok(Synced(()))
        })
    }

    /// The app that the key belongs to was learned after the run had begun; written down when the try ends.
    pub fn learn_app(&mut self, app: String) {
        self.run.state.app = Some(app);
    }

    /// Every row by its last line, all tries together.
    #[must_use]
    pub const fn totals(&self) -> Tally {
        self.totals
    }

    /// See [`RunFile::first_link`].
    #[must_use]
    pub fn first_link(&self) -> Digest {
        self.run.first_link()
    }

    /// Outcome lines that are on the disk for ever, those of earlier tries included.
    #[must_use]
    pub const fn lines_synced(&self) -> u64 {
        self.lines_synced
    }

    /// Outcome lines written, synced or not, those of earlier tries included.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// Ends the try: syncs, gives the side files of a complete run their names, and writes how the run stands.
    ///
    /// # Errors
    /// [`Exit::Io`], also when anything failed before.
    pub fn close(mut self, ending: Ending) -> Result<Closed, Error> {
        self.sync()?;
        let [failed_file, absent_file] =
            if ending.complete { self.sides.finish(&mut self.disk)? } else { [None, None] };
        let head = self.encoder.head();
        self.run.state = State {
            totals: self.totals,
            rows_read: ending.rows_read,
            unsettled: ending.unsettled,
            complete: ending.complete,
            exit_code: Some(ending.exit.code()),
            ended: Some(ending.at),
            chain_head: head,
            ..self.run.state
        };
        self.run.write(&mut self.disk)?;
        let Self { totals, after_lost_answer, lines, .. } = self;
        Ok(Closed { totals, head, after_lost_answer, lines, failed_file, absent_file })
    }

    fn sync_if_due(&mut self) -> Result<(), Error> {
        if self.lines - self.lines_synced >= SYNC_EVERY { self.sync().map(drop) } else { Ok(()) }
    }

    fn write_lines<T>(&mut self, all: &[T], push: impl Fn(&mut Encoder, &T, &mut Vec<u8>)) -> Result<(), Error> {
        if all.is_empty() {
            return Ok(());
        }
        self.buffer.clear();
        for one in all {
            push(&mut self.encoder, one, &mut self.buffer);
        }
        self.results.write_all(&self.buffer).map_err(|error| cannot_write(RESULTS, &error))?;
        self.lines += all.len() as u64;
        Ok(())
    }

    fn count(&mut self, outcome: &Outcome) {
        self.supersede(outcome.row.line, outcome.row.action);
        self.totals.add(outcome.verdict);
        self.after_lost_answer += u64::from(outcome.verdict == Verdict::Absent && outcome.after_lost_answer);
    }

    fn count_span(&mut self, span: &Span) {
        let lines = span.first..=span.last;
        let [failed, doubted] = &self.unsettled;
        let unsettled: Vec<u64> = failed.within(lines.clone()).chain(doubted.within(lines)).collect();
        for line in unsettled {
            self.supersede(line, span.action);
        }
        self.totals.add_many(Verdict::Unchanged, span.rows);
    }

    /// The row counts by its last line.
    fn supersede(&mut self, line: u64, action: Action) {
        let [failed, doubted] = &mut self.unsettled;
        if failed.remove(line) {
            self.totals.remove(Verdict::Failed);
        } else if doubted.remove(line)
            && let Some(not_there) = action.not_there()
        {
            self.totals.remove(not_there);
        }
    }

    /// After a failure nothing is tried again.
    fn guarded<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.failed {
            return Err(Error::new(Exit::Io, "the journal failed before, so nothing more is written to it"));
        }
        let done = act(self);
        self.failed = done.is_err();
        done
    }
}

fn begin_results<D: Disk>(disk: &mut D) -> io::Result<D::File> {
    let mut results = disk.create(RESULTS)?;
    results.write_all(HEADER)?;
    results.sync()?;
    disk.sync_names()?;
    Ok(results)
}

/// Opens the results after their last valid line. The torn tail is safe in its own file before it is cut off. What a
/// killed process wrote but did not sync was read all the same, and is synced before anything relies on it.
fn mend<D: Disk>(disk: &mut D, scan: &Scan) -> io::Result<D::File> {
    if !scan.torn.is_empty() {
        let mut torn = disk.append(TORN)?;
        torn.write_all(&scan.torn)?;
        torn.sync()?;
        disk.sync_names()?;
    }
    if scan.bytes == 0 {
        return begin_results(disk);
    }
    if !scan.torn.is_empty() {
        disk.cut(RESULTS, scan.bytes)?;
    }
    let mut results = disk.append(RESULTS)?;
    results.sync()?;
    disk.sync_names()?;
    Ok(results)
}

fn cannot_create(error: &Error) -> Error {
    Error::new(Exit::CannotCreate, error.what()).hint("nothing was sent; make room, or choose another place with --out")
}
