//! Where the profiles go that are read.

use std::{
    ffi::OsStr,
    fs::File,
    path::{Path, PathBuf},
};

use super::{Stage, place::Place};
use crate::{
    config::{Job, ProfilesTo},
    error::{Error, Exit},
    report::{PROFILES, Profiles, RealDisk},
};

/// The file of profiles, if they go into one.
pub(super) fn path(job: &Job, directory: &Path) -> Option<PathBuf> {
    match &job.profiles {
        ProfilesTo::Nowhere | ProfilesTo::Stdout => None,
        ProfilesTo::Directory => Some(directory.join(PROFILES)),
        ProfilesTo::File(path) => Some(path.clone()),
    }
}

/// Before a new run is begun: the file that it is to write is nobody else's.
pub(super) fn must_be_new(job: &Job, place: &Place) -> Result<(), Error> {
    match file(job, place)? {
        Some((disk, name)) if place.scan.is_none() => {
            place_is_there(job)?;
            Profiles::must_be_new(&disk, &name)
        }
        Some(_) | None => Ok(()),
    }
}

fn place_is_there(job: &Job) -> Result<(), Error> {
    let ProfilesTo::File(path) = &job.profiles else { return Ok(()) };
    let parent = parent(path);
    if parent.is_dir() {
        return Ok(());
    }
    Err(Error::new(
        Exit::CannotCreate,
        format!("{} cannot be created: {} is no directory", path.display(), parent.display()),
    )
    .hint("make it, or choose another place with --out-profiles"))
}

/// Opens it; `None` when no row asks for its profile.
pub(super) fn open(job: &Job, place: &Place, stage: &Stage) -> Result<Option<Profiles<File>>, Error> {
    let Some((mut disk, name)) = file(job, place)? else {
        let stdout = job.profiles == ProfilesTo::Stdout;
        return Ok(stdout.then(|| Profiles::onto(stage.screen.data_writer(), "stdout")));
    };
    match &place.scan {
        None => Profiles::begin(&mut disk, &name),
        Some(scan) => Profiles::resume(&mut disk, &name, scan),
    }
    .map(Some)
}

/// Its directory and its name.
fn file(job: &Job, place: &Place) -> Result<Option<(RealDisk, String)>, Error> {
    let Some(path) = path(job, &place.path) else { return Ok(None) };
    let Some(name) = path.file_name().and_then(OsStr::to_str) else {
        return Err(Error::new(Exit::CannotCreate, format!("{} does not name a file", path.display()))
            .hint("--out-profiles FILE, with a name of UTF-8"));
    };
    Ok(Some((RealDisk::at(parent(&path), job.place.group_readable), name.to_owned())))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
