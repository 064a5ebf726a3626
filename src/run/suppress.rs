//! Who shall not come back: heeded by what writes, grown by what deletes, asked and mended by hand.

use super::{Stage, input::Input};
use crate::{
    config::{Job, SuppressDeed, SuppressJob},
    domain::{Batch, Identity, Past, Row, Subject, Suppressed, Task, say_count},
    error::{Error, Exit},
    memory::SuppressList,
};

/// The list that a run heeds.
pub(super) fn heeded(job: &Job) -> Result<Option<Suppressed>, Error> {
    match (job.task, &job.suppress) {
        (Task::Create | Task::Update | Task::Sync, Some(wish)) => {
            SuppressList::read(&wish.list, &wish.key, &super::remembered::kinds(job)).map(Some)
        }
        (Task::Delete | Task::Get | Task::Verify, _) | (_, None) => Ok(None),
    }
}

/// The list that a run enters those into whom it deletes.
pub(super) fn grown(job: &Job) -> Result<Option<SuppressList>, Error> {
    match (job.task, &job.suppress) {
        (Task::Delete, Some(wish)) => {
            let kinds = super::remembered::kinds(job);
            SuppressList::create_or_open(&wish.list, &wish.key, &kinds, job.place.group_readable).map(Some)
        }
        (Task::Create | Task::Update | Task::Sync | Task::Get | Task::Verify, _) | (_, None) => Ok(None),
    }
}

/// `tollgate suppress check` and `remove`.
pub(super) fn perform(job: &SuppressJob, stage: &Stage) -> Result<Exit, Error> {
    let input = Input::open(&job.input, &job.source)?;
    let rows = rows(&input, job)?;
    let kinds: Vec<String> = job.description.identities().iter().map(|kind| kind.name.clone()).collect();
    match job.deed {
        SuppressDeed::Check => check(&rows, &SuppressList::read(&job.list, &job.key, &kinds)?, stage),
        SuppressDeed::Remove => {
            let mut list = SuppressList::open(&job.list, &job.key, &kinds)?;
            let removed = list.remove(rows.iter().filter_map(identity))?;
            stage.tell(&format!("{} taken off the list", say_count(removed as u64)));
            Ok(verdict(&rows))
        }
    }
}

fn rows(input: &Input, job: &SuppressJob) -> Result<Vec<Row>, Error> {
    let (mut reader, nobody) = (input.reader(&job.source)?, Past::default());
    let (mut rows, mut batch) = (Vec::new(), Batch::default());
    while reader.next(&nobody, &mut batch)? {
        rows.append(&mut batch.rows);
    }
    Ok(rows)
}

/// One JSON object a row: the ids are the asker's own.
fn check(rows: &[Row], list: &Suppressed, stage: &Stage) -> Result<Exit, Error> {
    for row in rows {
        let id = String::from_utf8_lossy(row.id_bytes());
        let listed = identity(row).map(|identity| list.holds(identity));
        stage.screen.data(&serde_json::json!({ "line": row.line, "id": id, "listed": listed }).to_string())?;
    }
    Ok(verdict(rows))
}

/// A row without an id that can be asked about is a bad row.
fn verdict(rows: &[Row]) -> Exit {
    if rows.iter().all(|row| identity(row).is_some()) { Exit::Success } else { Exit::Rows }
}

fn identity(row: &Row) -> Option<&Identity> {
    match &row.subject {
        Subject::Known(identity) | Subject::Spared(identity, _) => Some(identity),
        Subject::Malformed { .. } => None,
    }
}
