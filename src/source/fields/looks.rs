//! Which columns are looked at.
//!
//! Promises: a wish for a group is one for all that is in it. It does not know what a column means.

use super::FieldWish;
use crate::source::names::{Complaint, describe};

/// The columns that are looked at.
pub(super) struct Looks {
    ignore: Vec<String>,
    only: Option<Vec<String>>,
}

impl Looks {
    pub(super) fn of(wish: &FieldWish) -> Self {
        Self { ignore: wish.ignore.clone(), only: wish.only.clone() }
    }

    /// Whether a column is looked at.
    pub(super) fn at(&self, name: &str) -> bool {
        let among = |wishes: &[String]| wishes.iter().any(|wish| is_within(name, wish));
        !among(&self.ignore) && self.only.as_deref().is_none_or(among)
    }

    /// Whether this, or something in this group, is looked at.
    pub(super) fn enters(&self, group: &str) -> bool {
        let wanted = |only: &Vec<String>| only.iter().any(|wish| is_within(wish, group));
        self.at(group)
            || (self.only.as_ref().is_some_and(wanted) && self.ignore.iter().all(|wish| !is_within(group, wish)))
    }

    /// Holds the wishes against a header: what is named must be there, and ids cannot be left out.
    pub(super) fn check(&self, header: &[Vec<u8>], taken: &[usize]) -> Result<(), Complaint> {
        let names: Vec<&str> = header.iter().map(|cell| name_of(cell)).collect();
        let wishes = [("--ignore-column", Some(&self.ignore)), ("--only-column", self.only.as_ref())];
        for (flag, wishes) in wishes {
            for wish in wishes.into_iter().flatten() {
                if !names.iter().any(|name| is_within(name, wish)) {
                    let found = describe(header);
                    return Err(Complaint::Usage(format!("`{flag} {wish}` names a column that is not there; {found}")));
                }
            }
        }
        match self.ignore.iter().find(|wish| taken.iter().any(|index| names.get(*index) == Some(&wish.as_str()))) {
            None => Ok(()),
            Some(wish) => Err(Complaint::Usage(format!(
                "`--ignore-column {wish}` names a column that says who a row is about, or what it asks for"
            ))),
        }
    }
}

/// A header's cell as a name; what is no text is none.
pub(super) fn name_of(cell: &[u8]) -> &str {
    std::str::from_utf8(cell).unwrap_or("").trim()
}

/// Whether a column is the wished one, or in the wished group.
fn is_within(name: &str, wish: &str) -> bool {
    let inside = |rest: &str| rest.is_empty() || (rest.starts_with('.') && !wish.is_empty());
    name.strip_prefix(wish).is_some_and(inside)
}
