//! Who was erased by one id, and would come back by another.
//!
//! Promises: nobody is sent anything but his deletion of whom the memory was ever told an id that is on the list, as long as
//! it holds the ids in clear; and whom a sync with the list once met so stays known as such when they are gone, until the id
//! by which it met him is taken off. It does not know how the list is kept.

use std::collections::BTreeSet;

use super::{
    links::{Touched, prints},
    persons::PersonRow,
    recollection::Recollection,
    store::Reading,
};
use crate::{
    domain::{Action, Asked, Identity, Print, Suppressed},
    error::Error,
};

impl Recollection {
    /// Somebody is on the list by an id of a row: whatever touches him is known to be his from now on.
    pub(super) fn note_listed(&mut self, identity: &Identity, list: Option<&Suppressed>, touched: &Touched) {
        if touched.others().next().is_none() {
            // He is on the list by the only id there is.
            return;
        }
        let listed = list.and_then(|list| identity.ids().find_map(|id| list.listed(id)));
        self.listed.extend(listed.into_iter().flat_map(|listed| touched.all().map(move |id| (id, listed))));
    }

    /// Whether a row would bring back somebody who was erased by another id.
    pub(super) fn would_come_back(&self, asked: &Asked<'_>, touched: &Touched) -> Result<bool, Error> {
        match asked.suppressed {
            Some(suppressed) if asked.action != Action::Delete => {
                Ok(self.find_erased(asked.identity, touched.all(), suppressed)?.is_some())
            }
            Some(_) | None => Ok(false),
        }
    }

    /// How the list has an id that must not come back and is remembered together with any of these: in clear, or of an earlier
    /// sync with that list, when the ids in clear may be gone with the person.
    pub(super) fn find_erased(
        &self,
        identity: &Identity,
        ids: impl Iterator<Item = Print>,
        suppressed: &Suppressed,
    ) -> Result<Option<Print>, Error> {
        let reading = self.store.read()?;
        if self.was_taken_off(identity, suppressed, &reading)? {
            return Ok(None);
        }
        for id in ids {
            let known = reading.ids(id)?.unwrap_or_default();
            let mut in_clear = self.kinds.decode_all(&known).filter_map(|id| suppressed.listed(&id));
            let before = reading.links(self.printer.erased(id))?;
            let found = in_clear.next().or_else(|| prints(&before).find(|listed| suppressed.lists(*listed)));
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Whether one of the row's own ids, none of which is on the list, was on it when a sync met it: whoever took that one off
    /// wants him back, though the list may have others of his, which a look told and nobody remembers.
    fn was_taken_off(
        &self,
        identity: &Identity,
        suppressed: &Suppressed,
        reading: &Reading<'_>,
    ) -> Result<bool, Error> {
        for id in identity.ids() {
            let before = reading.links(self.printer.erased(self.printer.who(id)))?;
            if prints(&before).any(|listed| listed == suppressed.as_listed(id)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whoever has a row that tells that he was erased is not sent the others either, but for what deletes him.
    pub(super) fn part_with_erased(&mut self, rows: &mut Vec<PersonRow>) -> Result<(), Error> {
        let erased: BTreeSet<Print> = self.erased.iter().copied().collect();
        let tells = |row: &PersonRow| row.erased.is_some() || row.touched().any(|id| erased.contains(&id));
        let people: BTreeSet<usize> = rows.iter().filter(|row| tells(row)).map(|row| row.person).collect();
        if people.is_empty() {
            return Ok(());
        }
        let is_kept = |row: &PersonRow| row.is_deletion || !people.contains(&row.person);
        let ids: Vec<Print> = rows.iter().filter(|row| !is_kept(row)).flat_map(PersonRow::touched).collect();
        // They stand in the input: nobody has left it.
        for id in &ids {
            self.look_up(*id)?.into_iter().for_each(|at| self.touched.set(at));
        }
        self.erased.extend(ids);
        let (kept, parted): (Vec<_>, Vec<_>) = std::mem::take(rows).into_iter().partition(is_kept);
        for row in &parted {
            let listed = row.erased.or_else(|| row.touched().find_map(|id| self.listed.get(&id).copied()));
            self.listed.extend(listed.into_iter().flat_map(|listed| row.touched().map(move |id| (id, listed))));
        }
        *rows = kept;
        self.pairs.extend(parted.iter().filter_map(|row| Some((row.who, row.second?))));
        self.erased_rows.extend(parted.iter().map(|row| row.line));
        Ok(())
    }
}
