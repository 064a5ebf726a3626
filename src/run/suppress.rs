//! Who shall not come back: heeded by what writes, grown by what deletes, asked and mended by `tollgate suppress`.

use std::{fmt::Write as _, fs::File, path::Path};

use super::{Stage, input::Input, register::List, remembered};
use crate::{
    config::{Job, SuppressDeed, SuppressJob},
    domain::{Identity, Row, Subject, Suppressed, Task, say_count, say_number},
    error::{Error, Exit},
    memory::SuppressList,
    remote::warn_if_readable_by_others,
    source::Finish,
};

/// The list that a run heeds. It stays as it is until the file is dropped: whoever is erased meanwhile would come back.
pub(super) fn heeded(job: &Job) -> Result<Option<(Suppressed, File)>, Error> {
    match (job.task, &job.suppress) {
        (Task::Create | Task::Update | Task::Sync, Some(wish)) => {
            warn_of_key(&wish.key);
            SuppressList::hold(&wish.list, &wish.key, &remembered::kinds(&job.description)).map(Some)
        }
        (Task::Delete | Task::Get | Task::Verify, _) | (_, None) => Ok(None),
    }
}

/// The list into which a run enters those whom it deletes.
pub(super) fn grown(job: &Job, is_sandbox: bool, stage: &Stage) -> Result<Option<List>, Error> {
    match (job.task, &job.suppress) {
        (Task::Delete, Some(_)) if is_sandbox => {
            stage.tell("a rehearsal erases nobody, so nobody is entered into the list of --suppress");
            Ok(None)
        }
        (Task::Delete, Some(wish)) => {
            warn_of_key(&wish.key);
            let kinds = remembered::kinds(&job.description);
            let list = SuppressList::create_or_open(&wish.list, &wish.key, &kinds, job.place.group_readable)?;
            Ok(Some(List::of(list)))
        }
        (Task::Create | Task::Update | Task::Sync | Task::Get | Task::Verify, _) | (_, None) => Ok(None),
    }
}

/// Answers, or takes off; 1 when rows could not be understood.
pub(super) fn perform(job: &SuppressJob, stage: &Stage) -> Result<Exit, Error> {
    let kinds = remembered::kinds(&job.description);
    // A list that is not there is no empty list: nothing is made here.
    warn_of_key(&job.key);
    let listed = SuppressList::read(&job.list, &job.key, &kinds)?;
    let finish = match job.deed {
        SuppressDeed::Check => check(job, stage, |identity| listed.holds(identity))?,
        SuppressDeed::Remove => remove(job, stage, &kinds)?,
    };
    finish.warnings.iter().for_each(|warning| stage.tell(&format!("warning: {warning}")));
    if finish.malformed == 0 {
        return Ok(Exit::Success);
    }
    stage.tell(&format!("malformed, and nothing is known of it: {}", say_number(finish.malformed, "row")));
    Ok(Exit::Rows)
}

/// Of how many malformed rows it is said what is wrong with them.
const TOLD: usize = 5;

/// What is wrong with rows of which nothing is known.
struct Complaints<'s> {
    stage: &'s Stage,
    told: usize,
}

impl<'s> Complaints<'s> {
    const fn to(stage: &'s Stage) -> Self {
        Self { stage, told: 0 }
    }

    fn hear(&mut self, batch: &[Row]) {
        for row in batch {
            if let (Subject::Malformed { reason, .. }, true) = (&row.subject, self.told < TOLD) {
                self.stage.tell(&format!("line {}: {reason}", row.line));
                self.told += 1;
            }
        }
    }
}

/// One line for each row, by its number in the input: an answer holds no id.
fn check(job: &SuppressJob, stage: &Stage, holds: impl Fn(&Identity) -> bool) -> Result<Finish, Error> {
    let (mut rows, mut held, mut complaints) = (0_u64, 0_u64, Complaints::to(stage));
    stage.screen.data("line,suppressed")?;
    let finish = Input::open(&job.input, &job.source)?.each_batch(&job.source, |batch| {
        complaints.hear(batch);
        let mut lines = String::new();
        for (row, identity) in batch.iter().filter_map(known) {
            let holds = holds(identity);
            rows += 1;
            held += u64::from(holds);
            // Writing to a string cannot fail.
            let _infallible = writeln!(lines, "{},{}", row.line, if holds { "yes" } else { "no" });
        }
        if lines.is_empty() { Ok(()) } else { stage.screen.data(&lines) }
    })?;
    stage.tell(&format!("on the list: {} of {}", say_count(held), say_number(rows, "row")));
    Ok(finish)
}

/// The list is replaced once, when the input has been read to its end.
fn remove(job: &SuppressJob, stage: &Stage, kinds: &[String]) -> Result<Finish, Error> {
    let mut list = SuppressList::create_or_open(&job.list, &job.key, kinds, job.group_readable)?;
    let (mut identities, mut complaints): (Vec<Identity>, _) = (Vec::new(), Complaints::to(stage));
    let finish = Input::open(&job.input, &job.source)?.each_batch(&job.source, |batch| {
        complaints.hear(batch);
        identities.extend(batch.iter().filter_map(known).map(|(_, identity)| identity.clone()));
        Ok(())
    })?;
    let removed = list.remove(identities.iter())?;
    stage.tell(&format!(
        "taken off the list: {} of {}; {} left on it",
        say_number(removed as u64, "id"),
        say_number(identities.len() as u64, "row"),
        say_count(list.len() as u64)
    ));
    Ok(finish)
}

fn warn_of_key(path: &Path) {
    warn_if_readable_by_others(path, "the suppression list's key file");
}

const fn known(row: &Row) -> Option<(&Row, &Identity)> {
    match &row.subject {
        Subject::Known(identity) | Subject::Spared(identity, _) => Some((row, identity)),
        Subject::Malformed { .. } => None,
    }
}
