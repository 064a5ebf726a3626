//! How an input is read: for a job, and for a stand-in that shall know its people.

use std::num::NonZeroU32;

use super::Surroundings;
use crate::{
    cli::InputArgs,
    domain::{Action, IdKind},
    error::{Error, Exit},
    remote::{Description, Owner},
    source::{self, ColumnWish, FieldWish, Format, Wish},
};

/// How the input is read, for an API's identities.
pub(super) fn reading(
    action: Action,
    args: &InputArgs,
    api: &Description,
    around: &Surroundings<'_>,
) -> Result<source::Options, Error> {
    Ok(source::Options {
        columns: columns(args, api)?,
        format: args.format.map_or(Wish::Recognise, Wish::Is),
        delimiter: args.delimiter.map_or(Wish::Recognise, Wish::Is),
        header: !args.no_header,
        allow_odd_ids: args.allow_odd_ids,
        dedupe: args.dedupe,
        shard: args.shard,
        skip: args.skip,
        limit: args.limit.unwrap_or(u64::MAX),
        action,
        action_column: None,
        fields: FieldWish::default(),
        decided: None,
        fingerprint_key: around.fingerprint_key,
        seed: around.seed,
    })
}

/// One wish for each identity of the API, in its order of preference.
fn columns(args: &InputArgs, api: &Description) -> Result<Vec<ColumnWish>, Error> {
    let bare = bare(args, api);
    let mut columns = Vec::new();
    for owner in [Owner::Caller, Owner::System] {
        let (flag, named) = match owner {
            Owner::Caller => ("--id-column", &args.id_column),
            Owner::System => ("--profile-id-column", &args.profile_id_column),
        };
        let mut kinds = (0_u8..).zip(api.identities()).filter(|(_, identity)| identity.owner == owner);
        match (kinds.next(), named) {
            (Some((place, identity)), named) => columns.push(ColumnWish {
                kind: IdKind(place),
                name: named.as_ref().unwrap_or(&identity.name).clone(),
                required: named.is_some(),
                bare: owner == bare,
                written: identity.format,
                creates: identity.creates,
            }),
            (None, None) => {}
            (None, Some(_)) => {
                let what = format!("{flag} has no meaning for {}, which has no such identity", api.name());
                return Err(Error::new(Exit::Usage, what));
            }
        }
    }
    columns.sort_by_key(|column| column.kind);
    if has_numbers(args) { numbered(columns) } else { Ok(columns) }
}

/// Whether columns have numbers instead of names.
pub(super) fn has_numbers(args: &InputArgs) -> bool {
    args.no_header && args.format.is_none_or(|format| format == Format::Csv)
}

/// Whose ids bare ids are: the caller's, unless only the API's own were asked for, or there are no others but names by
/// which a profile must be looked for first.
fn bare(args: &InputArgs, api: &Description) -> Owner {
    let asked_for_own = args.id_column.is_none() && args.profile_id_column.is_some();
    let mut kinds = (0_u8..).map(IdKind).zip(api.identities());
    let has_callers = kinds.any(|(kind, identity)| identity.owner == Owner::Caller && api.own_look(kind).is_none());
    if asked_for_own || !has_callers { Owner::System } else { Owner::Caller }
}

/// Without a header only columns that were given by number can be found.
fn numbered(mut columns: Vec<ColumnWish>) -> Result<Vec<ColumnWish>, Error> {
    columns.retain(|column| column.required);
    if columns.is_empty() {
        return Err(Error::new(Exit::Usage, "--no-header leaves no names to find the ids by")
            .hint("say the column's number: --id-column 1 or --profile-id-column 1"));
    }
    match columns.iter().find(|column| column.name.parse::<NonZeroU32>().is_err()) {
        None => Ok(columns),
        Some(column) => {
            let what = format!("with --no-header a column is a number from 1 on, and `{}` is none", column.name);
            Err(Error::new(Exit::Usage, what).hint("for example --id-column 1"))
        }
    }
}
