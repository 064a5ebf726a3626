//! How a run's results name ids: in clear, or hashed under the key in a file.

use std::{fs, path::Path};

use super::remembered::kinds;
use crate::{
    domain::{IdKind, Naming, SecretKey},
    error::Error,
    remote::{Description, Owner, warn_if_readable_by_others},
};

/// Reads the key, where there is one.
pub(super) fn of(key: Option<&Path>, api: &Description) -> Result<Naming, Error> {
    let Some(path) = key else { return Ok(Naming::default()) };
    let key = SecretKey::of_file(path, fs::read(path), "the key file of --hash-ids,")?;
    warn_if_readable_by_others(path, "the key file of --hash-ids");
    Ok(Naming::hashed(&key, &kinds(api), own(api)))
}

/// The kind of the API's own ids, by which its answers name profiles.
fn own(api: &Description) -> Option<IdKind> {
    let mut kinds = (0_u8..).map(IdKind).zip(api.identities());
    kinds
        .find(|(kind, identity)| identity.owner == Owner::System && api.own_look(*kind).is_none())
        .map(|(kind, _)| kind)
}
