//! A mass operation as it was typed, whichever it is: one form, and what differs between them.

use std::{path::PathBuf, time::Duration};

use super::{Amount, MemoryWish, ProfilesTo, SuppressWish, syncing};
use crate::{
    cli::{
        ChangeArgs, CreateArgs, DeleteArgs, FieldArgs, GetArgs, ListArgs, MassArgs, OutProfiles, SyncArgs, UpdateArgs,
        VerifyArgs, WriteArgs,
    },
    domain::{Action, Task},
    error::{Error, Exit},
    flow::MaxAbsent,
};

/// A mass operation as it was typed.
pub(super) struct Wanted {
    pub(super) task: Task,
    pub(super) mass: MassArgs,
    pub(super) wants: Wants,
    /// Where rows have fields.
    pub(super) fields: Option<FieldArgs>,
    pub(super) guards: Guards,
    pub(super) suppress: Option<SuppressWish>,
    pub(super) memory: Option<MemoryWish>,
    pub(super) profiles: ProfilesTo,
    pub(super) against: Option<PathBuf>,
    pub(super) continue_from: Option<PathBuf>,
}

/// What rows want.
pub(super) struct Wants {
    pub(super) action: Action,
    pub(super) action_column: Option<String>,
    pub(super) last_wins: bool,
    pub(super) in_order: bool,
    pub(super) compare: bool,
}

/// What keeps it from going wrong, beyond what every operation has.
pub(super) struct Guards {
    pub(super) yes: bool,
    pub(super) max_delete: u64,
    pub(super) max_create: u64,
    pub(super) max_changes: u64,
    pub(super) max_absent: MaxAbsent,
    pub(super) canary: u64,
    pub(super) look: bool,
    pub(super) verify_after: Option<Duration>,
}

impl Guards {
    /// Where nothing is changed, nothing needs to be asked, counted or tried first.
    const fn harmless(max_absent: MaxAbsent) -> Self {
        Self {
            yes: true,
            max_delete: u64::MAX,
            max_create: u64::MAX,
            max_changes: u64::MAX,
            max_absent,
            canary: 0,
            look: false,
            verify_after: None,
        }
    }

    /// Where something is changed.
    const fn careful(change: &ChangeArgs, max_absent: MaxAbsent) -> Self {
        Self { yes: change.yes, canary: change.canary, ..Self::harmless(max_absent) }
    }
}

impl Wanted {
    pub(super) fn delete(args: DeleteArgs) -> Result<Self, Error> {
        let DeleteArgs { mass, change, absent, safety, continue_from } = args;
        let guards = Guards {
            max_delete: safety.max_delete.unwrap_or(u64::MAX),
            look: safety.look,
            verify_after: safety.verify.then_some(safety.verify_after),
            ..Guards::careful(&change, absent.max_absent)
        };
        Ok(Self { suppress: suppress(change.list)?, continue_from, ..Self::plain(Task::Delete, mass, guards) })
    }

    /// Nobody being there is what a creation expects, so it cannot be what stops the run.
    pub(super) fn create(args: CreateArgs) -> Result<Self, Error> {
        let mut wanted = Self::write(Task::Create, args.write, MaxAbsent::Off)?;
        wanted.guards.max_create = args.creation.max_create.unwrap_or(u64::MAX);
        Ok(wanted)
    }

    pub(super) fn update(args: UpdateArgs) -> Result<Self, Error> {
        let mut wanted = Self::write(Task::Update, args.write, args.absent.max_absent)?;
        wanted.wants.compare = args.compare.compare.is_some();
        Ok(wanted)
    }

    pub(super) fn sync(args: SyncArgs) -> Result<Self, Error> {
        let (compare, every_row) = (args.compare.compare.is_some(), args.wants.every_row);
        syncing::is_read_twice(&args.write.mass.path, args.memory.memory.is_some(), every_row)?;
        let memory = syncing::memory(&args.memory, args.max_delete, compare)?;
        let mut wanted = Self::write(Task::Sync, args.write, args.absent.max_absent)?;
        wanted.guards.max_create = args.creation.max_create.unwrap_or(u64::MAX);
        wanted.guards.max_delete = match args.max_delete {
            Some(Amount::Rows(most)) => most,
            Some(Amount::Percent(_)) | None => u64::MAX,
        };
        let wants = Wants {
            action: args.wants.action,
            action_column: args.wants.action_column,
            last_wins: !every_row,
            // Where the last row wins, too, several rows may share an id.
            in_order: true,
            compare,
        };
        Ok(Self { wants, memory, ..wanted })
    }

    pub(super) fn get(args: GetArgs) -> Self {
        let profiles = match args.out_profiles {
            None => ProfilesTo::Directory,
            Some(OutProfiles::File(path)) => ProfilesTo::File(path),
            Some(OutProfiles::Stdout) => ProfilesTo::Stdout,
        };
        Self { profiles, ..Self::plain(Task::Get, args.mass, Guards::harmless(args.absent.max_absent)) }
    }

    /// Everybody being absent is what is hoped for, so it cannot be what stops the run.
    pub(super) fn verify(args: VerifyArgs) -> Self {
        Self { against: args.against, ..Self::plain(Task::Verify, args.mass, Guards::harmless(MaxAbsent::Off)) }
    }

    /// Rows with fields: all of them count, in file order.
    fn write(task: Task, args: WriteArgs, max_absent: MaxAbsent) -> Result<Self, Error> {
        let max_changes = args.max_changes.unwrap_or(u64::MAX);
        let guards = Guards { max_changes, ..Guards::careful(&args.change, max_absent) };
        let plain = Self::plain(task, args.mass, guards);
        let wants = Wants { in_order: true, ..plain.wants };
        Ok(Self { wants, fields: Some(args.fields), suppress: suppress(args.change.list)?, ..plain })
    }

    /// Every row asks for the same, by its ids alone.
    fn plain(task: Task, mass: MassArgs, guards: Guards) -> Self {
        let action = task.usual();
        Self {
            task,
            mass,
            wants: Wants { action, action_column: None, last_wins: false, in_order: false, compare: false },
            fields: None,
            guards,
            suppress: None,
            memory: None,
            profiles: ProfilesTo::Nowhere,
            against: None,
            continue_from: None,
        }
    }
}

/// The list and its key: neither is of use without the other.
pub(super) fn suppress(args: ListArgs) -> Result<Option<SuppressWish>, Error> {
    match (args.suppress, args.suppress_key) {
        (None, None) => Ok(None),
        (Some(list), Some(key)) => Ok(Some(SuppressWish { list, key })),
        (Some(_), None) => {
            Err(Error::new(Exit::Usage, "--suppress needs --suppress-key, the file with the list's key"))
        }
        (None, Some(_)) => Err(Error::new(Exit::Usage, "--suppress-key needs --suppress, the list whose key it is")),
    }
}
