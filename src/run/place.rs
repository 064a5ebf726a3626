//! The run's directory: chosen, locked, and read, before anything is sent.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    ahead::{Ahead, scan_options},
    input::Input,
    wall,
};
use crate::{
    config::{Job, ProfilesTo},
    domain::{Digest, Naming, Past, Task, Verdict, say_count},
    error::{Error, Exit},
    remote::Client,
    report::{Asked, Locks, RealDisk, Scan, Whereabouts, last_complete_rows, resolve, scan},
};

/// What one results line takes at most, for the check of free space: ids and messages are seldom longer.
const BYTES_PER_LINE: u64 = 400;

/// What one profile takes by experience: they have no bound but [`crate::remote`]'s.
const BYTES_PER_PROFILE: u64 = 2048;

/// The options whose change would make the same input another list of rows, and where the profiles are that the results
/// say were found.
const READING: [&str; 15] = [
    "format",
    "delimiter",
    "header",
    "columns",
    "shard",
    "skip",
    "limit",
    "out-profiles",
    "action",
    "action-column",
    "every-row",
    "null",
    "set",
    "ignore-column",
    "only-column",
];

/// The directory of this try.
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) disk: RealDisk,
    /// What earlier tries left.
    pub(super) scan: Option<Scan>,
    /// Of a run that is to be created: its place in the order of those beside it.
    pub(super) turn: u64,
    /// The directory was there before: it is not ours to take away.
    prepared: bool,
    /// Held until the end.
    _locks: Locks,
}

impl Place {
    /// Chooses and locks the directory, and reads what earlier tries left there.
    pub(super) fn open(
        job: &Job,
        input: &Input,
        client: &Client,
        sandbox: bool,
        ahead: Option<Ahead>,
        naming: &Naming,
    ) -> Result<Self, Error> {
        let hash_ids = naming.key_id().map(str::to_owned);
        let asked = Asked { hash_ids, ..asked(job, client, input.survey().map(|survey| survey.digest), sandbox) };
        let prepared = matches!(&job.place.whereabouts, Whereabouts::Exact(path) if path.exists());
        let chosen = resolve(&job.place, &asked, wall::now())?;
        let disk = RealDisk::at(&chosen.path, job.place.group_readable);
        let scan = match ahead.and_then(|ahead| ahead.of(&chosen.path)) {
            Some(scan) => Some(scan),
            None => scan(&disk, scan_options(job))?,
        };
        let place = Self { path: chosen.path, disk, scan, turn: chosen.turn, prepared, _locks: chosen.locks };
        place.has_room_for(input, job)?;
        Ok(place)
    }

    /// How the run stands, when it is finished and nothing of it shall be tried again.
    pub(super) fn finished(&self, job: &Job) -> Option<&Scan> {
        let scan = self.scan.as_ref().filter(|scan| scan.run.state.complete)?;
        let again = job.place.retry_failed && scan.totals.of(Verdict::Failed) > 0;
        (!again).then_some(scan)
    }

    /// What the run must not send again; taken out, since the reader's thread wants it too.
    pub(super) fn past(&mut self, naming: Naming) -> Past {
        let mut past = self.scan.as_mut().map(|scan| std::mem::take(&mut scan.past)).unwrap_or_default();
        past.naming = naming;
        past
    }

    /// Nothing was begun here after all: leaves no empty directory behind.
    pub(super) fn abandon(&self) {
        if self.scan.is_some() {
            return;
        }
        let _still_there = std::fs::remove_file(self.path.join("lock"));
        if !self.prepared {
            let _not_empty = std::fs::remove_dir(&self.path);
        }
    }

    fn has_room_for(&self, input: &Input, job: &Job) -> Result<(), Error> {
        let (Some(survey), Ok(space)) = (input.survey(), rustix::fs::statvfs(&self.path)) else { return Ok(()) };
        let a_row = match job.profiles {
            ProfilesTo::Directory => BYTES_PER_LINE + BYTES_PER_PROFILE,
            ProfilesTo::Nowhere | ProfilesTo::File(_) | ProfilesTo::Stdout => BYTES_PER_LINE,
        };
        let (free, wanted) = (space.f_bavail.saturating_mul(space.f_frsize), survey.rows.saturating_mul(a_row));
        if free >= wanted || self.scan.is_some() {
            return Ok(());
        }
        self.abandon();
        Err(Error::new(
            Exit::CannotCreate,
            format!(
                "{} has {} MiB free, and {} rows may need {} MiB of results",
                self.path.display(),
                say_count(free >> 20),
                say_count(survey.rows),
                say_count(wanted.div_ceil(1 << 20))
            ),
        )
        .hint("make room, or choose another place with --out or --runs-dir"))
    }
}

/// Rows of the last complete run of this kind; there is none where every run has a directory of its own choice.
pub(super) fn last_rows(job: &Job, client: &Client, sandbox: bool) -> Option<u64> {
    match &job.place.whereabouts {
        Whereabouts::Under(runs_dir) => last_complete_rows(runs_dir, &asked(job, client, None, sandbox)),
        Whereabouts::Exact(_) => None,
    }
}

fn asked(job: &Job, client: &Client, input_digest: Option<Digest>, sandbox: bool) -> Asked {
    Asked {
        command: job.task.word().to_owned(),
        destination: client.destination().clone(),
        input_digest,
        reading: reading(job),
        hash_ids: None,
        sandbox,
        repeatable: !job.task.changes() || job.task == Task::Sync,
        in_turn: job.task == Task::Sync,
    }
}

/// The options by which the input's bytes become these rows and no others.
fn reading(job: &Job) -> BTreeMap<String, String> {
    let said = READING.into_iter().filter_map(|name| Some((name.to_owned(), job.options_said.get(name)?.clone())));
    said.collect()
}
