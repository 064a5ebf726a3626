//! What must be on the disk before a row is sent: whoever is deleted is on the list of those who shall not come back, and
//! whatever is changed is no longer remembered as it was.
//!
//! Promises: a crash at any moment leaves the list too long or the memory too short, never the other way round.

use super::store::Store;
use crate::{
    domain::{Action, Batch, Identity, Row, Spared, Subject},
    error::Error,
    memory::SuppressList,
};

/// What is done with rows before they are handed on.
#[derive(Default)]
pub(super) struct Beforehand {
    pub(super) memory: Option<Store>,
    pub(super) suppress: Option<SuppressList>,
}

impl Beforehand {
    /// Does it; when it returns, it lasts.
    pub(super) fn prepare(&mut self, Batch { rows, settled, .. }: &Batch) -> Result<(), Error> {
        if let Some(memory) = &self.memory {
            let mut memory = memory.lock();
            memory.forget(rows.iter().filter(|row| row.action.changes()).filter_map(known))?;
            memory.lose(rows.iter().filter_map(suppressed))?;
        }
        if let Some(list) = &mut self.suppress {
            // Those too who are deleted already: an earlier try may have had no list, and a repeated row may have an id more.
            let deletions = rows.iter().filter(|row| row.action == Action::Delete);
            list.enter(deletions.filter_map(named).chain(settled))?;
        }
        Ok(())
    }
}

/// Erased since the memory was told of them.
fn suppressed(row: &Row) -> Option<&Identity> {
    match &row.subject {
        Subject::Spared(identity, Spared::Suppressed) => Some(identity),
        Subject::Known(_) | Subject::Spared(..) | Subject::Malformed { .. } => None,
    }
}

fn known(row: &Row) -> Option<&Identity> {
    match &row.subject {
        Subject::Known(identity) => Some(identity),
        Subject::Spared(..) | Subject::Malformed { .. } => None,
    }
}

fn named(row: &Row) -> Option<&Identity> {
    match &row.subject {
        Subject::Known(identity) | Subject::Spared(identity, _) => Some(identity),
        Subject::Malformed { .. } => None,
    }
}
