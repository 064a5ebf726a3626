//! Who left since the last complete sync is deleted: a run of its own, in a directory of the sync's.
//!
//! Promises: it begins only after every row of the sync is settled; its rows go through the same gate, guards, results and
//! resume as those of any deletion.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::{
    config::{Consent, Job, Leniency, Patience, ProfilesTo},
    domain::{IdKind, Task},
    error::{Error, Exit},
    memory::Leaver,
    report::{self, Disk as _, DiskFile as _, PRUNE, RealDisk, Whereabouts},
    source::{self, ColumnWish, Dedupe, FieldWish, Format, InputName, Shard, Wish},
};

/// The name of the list of those who left, and of the directory in which they are deleted: the first that is new, or of
/// just these. A try that was broken off has left fewer of them.
fn stage(directory: &Path, list: &[u8]) -> io::Result<String> {
    let mut name = PRUNE.to_owned();
    for nth in 2.. {
        match fs::read(directory.join(format!("{name}.jsonl"))) {
            Ok(earlier) if earlier == list => break,
            Ok(_) => name = format!("{PRUNE}-{nth}"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => return Err(error),
        }
    }
    Ok(name)
}

/// Writes down whom it is about, and gives the deletion of them.
pub(super) fn job(sync: &Job, directory: &Path, leavers: &[Leaver]) -> Result<Job, Error> {
    let (list, results) = write_list(sync, directory, leavers)
        .map_err(|error| Error::new(Exit::Io, format!("the list of who left cannot be written: {error}")))?;
    Ok(Job {
        task: Task::Delete,
        description: sync.description.clone(),
        input: InputName::File(list),
        source: reading(sync),
        // One that is refused each night would stop those behind it each night.
        flow: crate::flow::Options {
            in_order: false,
            compare: false,
            max_changes: u64::MAX,
            canary: 0,
            ..sync.flow.clone()
        },
        target: sync.target.clone(),
        place: report::Place {
            whereabouts: Whereabouts::Exact(results),
            new: false,
            continue_from: None,
            retry_failed: false,
            group_readable: sync.place.group_readable,
        },
        profiles: ProfilesTo::Nowhere,
        against: None,
        memory: None,
        suppress: None,
        hash_ids: None,
        patience: Patience::default(),
        leniency: Leniency { tolerate: sync.leniency.tolerate, keep_runs: None },
        consent: Consent { dry_run: false, yes: true, expect_app: None, expect_rows: None, expect_sha256: None },
        allow_empty: true,
        json: false,
        operator: sync.operator.clone(),
        reference: sync.reference.clone(),
        options_said: sync.options_said.clone(),
        again: sync.again.clone().trying_again(),
    })
}

/// Gives the list's path, and that of the deletion's results.
fn write_list(sync: &Job, directory: &Path, leavers: &[Leaver]) -> io::Result<(PathBuf, PathBuf)> {
    let mut text = Vec::new();
    for leaver in leavers {
        let ids: BTreeMap<&str, &str> = leaver
            .identity
            .ids()
            .filter_map(|id| {
                Some((sync.description.identities().get(usize::from(id.kind().0))?.name.as_str(), id.text()))
            })
            .collect();
        serde_json::to_writer(&mut text, &ids)?;
        text.push(b'\n');
    }
    let name = stage(directory, &text)?;
    let list = format!("{name}.jsonl");
    let mut disk = RealDisk::at(directory, sync.place.group_readable);
    let mut file = disk.create(&list)?;
    file.write_all(&text)?;
    file.sync()?;
    disk.sync_names()?;
    Ok((directory.join(list), directory.join(name)))
}

fn reading(sync: &Job) -> source::Options {
    let column = |(place, identity): (u8, &crate::remote::IdentityKind)| ColumnWish {
        kind: IdKind(place),
        name: identity.name.clone(),
        required: false,
        bare: false,
        written: identity.format,
        creates: identity.creates,
    };
    source::Options {
        format: Wish::Is(Format::JsonLines),
        columns: (0..).zip(sync.description.identities()).map(column).collect(),
        allow_odd_ids: true,
        dedupe: Dedupe::Off,
        shard: Shard { index: 0, count: 1 },
        skip: 0,
        limit: u64::MAX,
        action: Task::Delete.usual(),
        action_column: None,
        fields: FieldWish::default(),
        decided: None,
        ..sync.source.clone()
    }
}
