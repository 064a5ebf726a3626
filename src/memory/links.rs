//! Ids that stood together in one row, or that an answer told together, and so are of one person: whatever is sent by one of
//! them is sent to all of them.
//!
//! Promises: two such ids, whether or not the row was sent, are known to each other for ever, also when the person was
//! erased: nothing but prints of them is kept. It does not go from the others to others of theirs: ids that were never
//! together are two people.

use super::store::{Reading, Writing};
use crate::{
    domain::{Identity, Print, Printer},
    error::Error,
};

/// Of an id so many others are known, the latest ones: what stands beside more of them is nobody's id, but a word such as
/// `unknown`.
const MOST: usize = 16;

/// Bytes of a print.
const PRINT: usize = 16;

/// Everybody to whom a row is sent, as far as ids tell.
pub(super) struct Touched {
    /// By the row's first id: what is sent is remembered there.
    pub(super) who: Print,
    /// The row's other id, where it has one.
    pub(super) second: Option<Print>,
    /// Whatever was together with either of them, and is neither.
    pub(super) beside: Vec<Print>,
    /// Whether its two ids were together before.
    is_known: bool,
}

impl Touched {
    /// By a row of this identity.
    pub(super) fn by(identity: &Identity, printer: &Printer, reading: &Reading<'_>) -> Result<Self, Error> {
        let who = printer.who(identity.primary());
        let second = identity.fallback().map(|id| printer.who(id));
        let mut touched = Self { who, second, beside: Vec::new(), is_known: false };
        let is_own = |id: Print| id == who || Some(id) == second;
        for id in [Some(who), second].into_iter().flatten() {
            let links = reading.links(id)?;
            // One that stands beside too many may have lost it: it is enough that the other one knows.
            touched.is_known |= prints(&links).any(|link| link != id && is_own(link));
            touched.beside.extend(prints(&links).filter(|link| !is_own(*link)));
        }
        Ok(touched)
    }

    /// The ids of the row itself.
    pub(super) fn own(&self) -> impl Iterator<Item = Print> {
        [Some(self.who), self.second].into_iter().flatten()
    }

    /// All but the row's first id; one may come twice.
    pub(super) fn others(&self) -> impl Iterator<Item = Print> {
        self.second.into_iter().chain(self.beside.iter().copied())
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = Print> {
        std::iter::once(self.who).chain(self.others())
    }

    /// Its two ids, where they are not known to each other yet.
    pub(super) fn new_pair(&self) -> Option<Pair> {
        self.second.filter(|_| !self.is_known).map(|second| (self.who, second))
    }
}

/// Two ids that stand together in a row.
pub(super) type Pair = (Print, Print);

/// From now on the two are known to each other.
pub(super) fn join((one, other): Pair, writing: &mut Writing<'_>) -> Result<(), redb::Error> {
    for (id, beside) in [(one, other), (other, one)] {
        let known = writing.links(id)?;
        writing.put_links(id, &with(&known, std::iter::once(beside)))?;
    }
    Ok(())
}

/// The links of an id, and more: the latest come last, and each once.
pub(super) fn with(known: &[u8], more: impl Iterator<Item = Print>) -> Vec<u8> {
    let mut all: Vec<Print> = Vec::new();
    for link in prints(known).chain(more) {
        all.retain(|other| *other != link);
        all.push(link);
    }
    all.iter().skip(all.len().saturating_sub(MOST)).flat_map(|Print(bytes)| *bytes).collect()
}

/// The links of an id, one by one.
pub(super) fn prints(links: &[u8]) -> impl Iterator<Item = Print> {
    links.chunks_exact(PRINT).filter_map(|bytes| bytes.try_into().ok().map(Print))
}
