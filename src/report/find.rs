//! The lines of a run's results that are about somebody, without naming them.
//!
//! Promises: changes nothing, locks nothing; what it gives holds no id and no message. It does not know how ids are read
//! or hashed: it is given them as the results name them.

use std::{collections::HashMap, path::Path};

use super::{
    RealDisk,
    audit::{open, read_run},
    entry::without_ids,
    walk::walk,
};
use crate::error::Error;

/// The columns of what [`find`] gives, after the number of the row that asks.
pub const FOUND_HEADER: &str = "row,line,action,outcome,status,code,attempts,ms,finished_at,request_id";

/// Who is looked for: rows by the ids that they go by, as the results name them.
#[derive(Debug, Default)]
pub struct Wanted(HashMap<Box<[u8]>, Vec<u64>>);

impl Wanted {
    /// The row goes by this id, too.
    pub fn add(&mut self, row: u64, id: &[u8]) {
        let rows = self.0.entry(id.into()).or_default();
        if rows.last() != Some(&row) {
            rows.push(row);
        }
    }
}

/// A line that is about a row that was looked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The row's number in the list of those looked for.
    pub row: u64,
    /// The line's place among the results, so that they stand in the order of settling.
    number: u64,
    /// The line's fields as they stand in the results; see [`FOUND_HEADER`].
    pub fields: Vec<u8>,
}

/// All lines about those who are wanted, by rows, then in the order of settling: whose `id` or `remote_id` is theirs.
/// A range names nobody, so nobody is found in it.
///
/// # Errors
/// [`crate::error::Exit::Data`] when there is no run, or the chain is broken; [`crate::error::Exit::Io`] when it cannot
/// be read.
pub fn find(directory: &Path, wanted: &Wanted) -> Result<Vec<Found>, Error> {
    let disk = RealDisk::at(directory, false);
    let run = read_run(&disk, directory)?;
    let mut found = Vec::new();
    walk(open(&disk)?, run.first_link(), |link| {
        for name in [link.entry.id(), link.entry.remote_id()].into_iter().flatten().filter(|name| !name.is_empty()) {
            let rows = wanted.0.get(&*name).into_iter().flatten();
            found.extend(rows.map(|row| Found { row: *row, number: link.number, fields: without_ids(link.raw) }));
        }
        Ok(())
    })?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
