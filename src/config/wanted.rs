//! A mass operation as it was typed, whichever it is: one form, and what differs between them.

use std::{path::PathBuf, time::Duration};

use super::ProfilesTo;
use crate::{
    cli::{
        CheckArgs, ConnectionArgs, DeleteArgs, GetArgs, InputArgs, OutProfiles, PaceArgs, ReadArgs, ResultsArgs,
        VerifyArgs,
    },
    domain::Task,
    flow::MaxAbsent,
    source::InputName,
};

/// A mass operation as it was typed.
pub(super) struct Wanted {
    pub(super) task: Task,
    pub(super) path: InputName,
    pub(super) input: InputArgs,
    pub(super) allow_empty: bool,
    pub(super) checks: CheckArgs,
    pub(super) guards: Guards,
    pub(super) pace: PaceArgs,
    pub(super) results: ResultsArgs,
    pub(super) connection: ConnectionArgs,
    pub(super) profiles: ProfilesTo,
    pub(super) against: Option<PathBuf>,
    pub(super) continue_from: Option<PathBuf>,
}

/// What keeps it from going wrong, beyond what every operation has.
pub(super) struct Guards {
    pub(super) yes: bool,
    pub(super) max_delete: u64,
    pub(super) max_absent: MaxAbsent,
    pub(super) canary: u64,
    pub(super) look: bool,
    pub(super) verify_after: Option<Duration>,
}

impl Guards {
    /// Where nothing is changed, nothing needs to be asked, counted or tried first.
    const fn harmless(max_absent: MaxAbsent) -> Self {
        Self { yes: true, max_delete: u64::MAX, max_absent, canary: 0, look: false, verify_after: None }
    }
}

impl Wanted {
    pub(super) fn delete(args: DeleteArgs) -> Self {
        let safety = args.safety;
        Self {
            task: Task::Delete,
            path: args.path,
            input: args.input,
            allow_empty: args.allow_empty,
            checks: args.checks,
            guards: Guards {
                yes: safety.yes,
                max_delete: safety.max_delete.unwrap_or(u64::MAX),
                max_absent: safety.max_absent,
                canary: safety.canary,
                look: safety.look,
                verify_after: safety.verify.then_some(safety.verify_after),
            },
            pace: args.pace,
            results: args.results,
            connection: args.connection,
            profiles: ProfilesTo::Nowhere,
            against: None,
            continue_from: args.continue_from,
        }
    }

    pub(super) fn get(args: GetArgs) -> Self {
        let profiles = match args.out_profiles {
            None => ProfilesTo::Directory,
            Some(OutProfiles::File(path)) => ProfilesTo::File(path),
            Some(OutProfiles::Stdout) => ProfilesTo::Stdout,
        };
        Self { profiles, ..Self::read(Task::Get, args.read, args.max_absent) }
    }

    /// Everybody being absent is what is hoped for, so it cannot be what stops the run.
    pub(super) fn verify(args: VerifyArgs) -> Self {
        Self { against: args.against, ..Self::read(Task::Verify, args.read, MaxAbsent::Off) }
    }

    fn read(task: Task, args: ReadArgs, max_absent: MaxAbsent) -> Self {
        Self {
            task,
            path: args.path,
            input: args.input,
            allow_empty: args.allow_empty,
            checks: args.checks,
            guards: Guards::harmless(max_absent),
            pace: args.pace,
            results: args.results,
            connection: args.connection,
            profiles: ProfilesTo::Nowhere,
            against: None,
            continue_from: None,
        }
    }
}
