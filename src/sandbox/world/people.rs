//! Whom the stand-in knew at the beginning: the population and the set of those deleted since.
//!
//! A profile has one place, whichever of its ids names it; removing the place removes it for both.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::{Kind, Naming, Place};
use crate::{
    domain::LineSet,
    sandbox::{Population, Profile, ids},
};

/// Those of the beginning who are still there.
#[derive(Debug)]
pub(super) enum People {
    Counted { count: u64, deleted: LineSet },
    Listed { list: List, deleted: LineSet },
    Everybody { deleted: HashSet<u128> },
}

/// The two ids of a profile.
pub(super) type Ids<'a> = (Option<Cow<'a, str>>, Cow<'a, str>);

impl People {
    pub(super) fn new(population: Population) -> Self {
        match population {
            Population::Count(count) => Self::Counted { count, deleted: LineSet::default() },
            Population::Profiles(profiles) => Self::Listed { list: List::new(profiles), deleted: LineSet::default() },
            Population::Everybody => Self::Everybody { deleted: HashSet::new() },
        }
    }

    /// The place of whoever an id names, if it was not removed.
    pub(super) fn place(&self, naming: Naming, kind: Kind, text: &str) -> Option<Place> {
        match self {
            Self::Counted { count, deleted } => {
                counted(naming, *count, kind, text).filter(|number| !deleted.contains(*number)).map(Place::Number)
            }
            Self::Listed { list, deleted } => {
                list.number(naming, kind, text).filter(|number| !deleted.contains(*number)).map(Place::Number)
            }
            Self::Everybody { deleted } => {
                let bits = anybody(naming, kind, text);
                (!deleted.contains(&bits)).then_some(Place::Anybody(bits))
            }
        }
    }

    /// Both ids of a place; one that is anybody's has the customer's id that it was asked for by, if it was.
    pub(super) fn ids<'a>(&'a self, naming: Naming, place: Place, asked: Option<(Kind, &'a str)>) -> Option<Ids<'a>> {
        match (self, place) {
            (Self::Counted { .. }, Place::Number(number)) => {
                Some((Some(Cow::Owned(format!("{PREFIX}{number}"))), Cow::Owned(naming.write(number))))
            }
            (Self::Listed { list, .. }, Place::Number(number)) => list.ids(naming, number),
            (Self::Everybody { .. }, Place::Anybody(bits)) => Some(match asked {
                Some((Kind::Customer, text)) => (Some(Cow::Borrowed(text)), Cow::Owned(naming.style.print(bits))),
                Some((Kind::Profile, text)) => (None, Cow::Borrowed(text)),
                None => (None, Cow::Owned(naming.style.print(bits))),
            }),
            (
                Self::Counted { .. } | Self::Listed { .. } | Self::Everybody { .. },
                Place::Number(_) | Place::Anybody(_) | Place::Made(_),
            ) => None,
        }
    }

    /// Removes a place; tells whether it was one of the beginning's, and still there.
    pub(super) fn remove(&mut self, place: Place) -> bool {
        match (self, place) {
            (Self::Counted { deleted, .. } | Self::Listed { deleted, .. }, Place::Number(number)) => {
                deleted.insert(number)
            }
            (Self::Everybody { deleted }, Place::Anybody(bits)) => deleted.insert(bits),
            (
                Self::Counted { .. } | Self::Listed { .. } | Self::Everybody { .. },
                Place::Number(_) | Place::Anybody(_) | Place::Made(_),
            ) => false,
        }
    }

    /// Everybody whose name can be told without being asked for.
    pub(super) fn places(&self) -> Vec<Place> {
        let (numbers, deleted) = match self {
            Self::Counted { count, deleted } => (1..count.saturating_add(1), deleted),
            Self::Listed { list, deleted } => (0..list.len(), deleted),
            Self::Everybody { .. } => return Vec::new(),
        };
        numbers.filter(|number| !deleted.contains(*number)).map(Place::Number).collect()
    }

    /// Whether it is whoever is asked for.
    pub(super) const fn is_everybody(&self) -> bool {
        matches!(self, Self::Everybody { .. })
    }
}

const PREFIX: &str = "customer-";

/// The number of one of `customer-1` to `customer-COUNT`.
fn counted(naming: Naming, count: u64, kind: Kind, text: &str) -> Option<u64> {
    let number = match kind {
        Kind::Customer => plain_number(text.strip_prefix(PREFIX)?)?,
        Kind::Profile => naming.read(text)?,
    };
    (1..=count).contains(&number).then_some(number)
}

/// A decimal number written in the one way that needs no sign and no leading zero.
fn plain_number(digits: &str) -> Option<u64> {
    if digits.starts_with(['0', '+']) { None } else { digits.parse().ok() }
}

/// The place of whoever is asked for: the id that a customer's id gives is also that customer's profile id.
fn anybody(naming: Naming, kind: Kind, text: &str) -> u128 {
    let hashed = || naming.style.bound(ids::hashed(naming.seed, kind.word(), text).as_u128());
    match kind {
        Kind::Customer => hashed(),
        Kind::Profile => naming.style.bits(text).unwrap_or_else(hashed),
    }
}

/// Those of a list.
#[derive(Debug)]
pub(super) struct List {
    profiles: Vec<Profile>,
    by_customer: HashMap<String, u64>,
    by_profile: HashMap<String, u64>,
}

impl List {
    /// An id that two profiles claim names the first of them.
    fn new(profiles: Vec<Profile>) -> Self {
        let mut by_customer = HashMap::with_capacity(profiles.len());
        let mut by_profile = HashMap::new();
        for (number, profile) in (0..).zip(&profiles) {
            if let Some(id) = &profile.customer_user_id {
                by_customer.entry(id.clone()).or_insert(number);
            }
            if let Some(id) = &profile.profile_id {
                by_profile.entry(id.clone()).or_insert(number);
            }
        }
        Self { profiles, by_customer, by_profile }
    }

    fn len(&self) -> u64 {
        self.profiles.len() as u64
    }

    fn number(&self, naming: Naming, kind: Kind, text: &str) -> Option<u64> {
        match kind {
            Kind::Customer => self.by_customer.get(text).copied(),
            Kind::Profile => self.by_profile.get(text).copied().or_else(|| self.generated(naming, text)),
        }
    }

    /// The profile without an id of its own that was given this one.
    fn generated(&self, naming: Naming, text: &str) -> Option<u64> {
        let number = naming.read(text)?;
        self.profile(number)?.profile_id.is_none().then_some(number)
    }

    fn profile(&self, number: u64) -> Option<&Profile> {
        self.profiles.get(usize::try_from(number).ok()?)
    }

    fn ids(&self, naming: Naming, number: u64) -> Option<Ids<'_>> {
        let profile = self.profile(number)?;
        let profile_id = profile.profile_id.as_deref().map_or_else(|| Cow::Owned(naming.write(number)), Cow::Borrowed);
        Some((profile.customer_user_id.as_deref().map(Cow::Borrowed), profile_id))
    }
}
