//! Who exists: the population and the set of those deleted since.
//!
//! A profile has one place, whichever of its ids names it; deleting the place removes it for both.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::{
    Population, Profile,
    ids::{self, Style},
};
use crate::domain::LineSet;

/// Which id of a profile a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// The caller's.
    Customer,
    /// The API's.
    Profile,
}

impl Kind {
    /// Adapty's name for it, which also sets the draws about the two kinds apart.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer_user_id",
            Self::Profile => "profile_id",
        }
    }
}

/// A profile that exists.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) customer_user_id: Option<Cow<'a, str>>,
    pub(super) profile_id: Cow<'a, str>,
}

/// Who exists.
#[derive(Debug)]
pub(super) struct World {
    naming: Naming,
    people: People,
}

/// How ids are made.
#[derive(Debug, Clone, Copy)]
struct Naming {
    seed: u64,
    style: Style,
}

impl Naming {
    fn write(self, number: u64) -> String {
        self.style.write(self.seed, number)
    }

    fn read(self, text: &str) -> Option<u64> {
        self.style.read(self.seed, text)
    }
}

#[derive(Debug)]
enum People {
    Counted { count: u64, deleted: LineSet },
    Listed { list: List, deleted: LineSet },
    Everybody { deleted: HashSet<u128> },
}

#[derive(Debug)]
struct List {
    profiles: Vec<Profile>,
    by_customer: HashMap<String, u64>,
    by_profile: HashMap<String, u64>,
}

impl World {
    pub(super) fn new(population: Population, seed: u64, style: Style) -> Self {
        let people = match population {
            Population::Count(count) => People::Counted { count, deleted: LineSet::default() },
            Population::Profiles(profiles) => People::Listed { list: List::new(profiles), deleted: LineSet::default() },
            Population::Everybody => People::Everybody { deleted: HashSet::new() },
        };
        Self { naming: Naming { seed, style }, people }
    }

    /// The profile that an id names, if it exists.
    pub(super) fn look<'a>(&'a self, kind: Kind, text: &'a str) -> Option<Found<'a>> {
        let naming = self.naming;
        match &self.people {
            People::Counted { count, deleted } => {
                let number = counted(naming, *count, kind, text).filter(|number| !deleted.contains(*number))?;
                let customer_user_id = Some(Cow::Owned(format!("{PREFIX}{number}")));
                Some(Found { customer_user_id, profile_id: Cow::Owned(naming.write(number)) })
            }
            People::Listed { list, deleted } => {
                let number = list.number(naming, kind, text).filter(|number| !deleted.contains(*number))?;
                list.found(naming, number)
            }
            People::Everybody { deleted } => {
                let place = anybody(naming.seed, kind, text);
                (!deleted.contains(&place)).then(|| match kind {
                    Kind::Customer => Found {
                        customer_user_id: Some(Cow::Borrowed(text)),
                        profile_id: Cow::Owned(uuid::Uuid::from_u128(place).to_string()),
                    },
                    Kind::Profile => Found { customer_user_id: None, profile_id: Cow::Borrowed(text) },
                })
            }
        }
    }

    /// Removes the profile that an id names; tells whether it existed.
    pub(super) fn delete(&mut self, kind: Kind, text: &str) -> bool {
        let naming = self.naming;
        match &mut self.people {
            People::Counted { count, deleted } => {
                counted(naming, *count, kind, text).is_some_and(|number| deleted.insert(number))
            }
            People::Listed { list, deleted } => {
                list.number(naming, kind, text).is_some_and(|number| deleted.insert(number))
            }
            People::Everybody { deleted } => deleted.insert(anybody(naming.seed, kind, text)),
        }
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

/// The place of whoever is asked for: the uuid that a customer's id gives is also that customer's profile id.
fn anybody(seed: u64, kind: Kind, text: &str) -> u128 {
    let uuid = match kind {
        Kind::Customer => ids::hashed(seed, kind.word(), text),
        Kind::Profile => ids::canonical(text).unwrap_or_else(|| ids::hashed(seed, kind.word(), text)),
    };
    uuid.as_u128()
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

    fn found(&self, naming: Naming, number: u64) -> Option<Found<'_>> {
        let profile = self.profile(number)?;
        let profile_id = profile.profile_id.as_deref().map_or_else(|| Cow::Owned(naming.write(number)), Cow::Borrowed);
        Some(Found { customer_user_id: profile.customer_user_id.as_deref().map(Cow::Borrowed), profile_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The other id of whoever a customer id names.
    fn profile_id_of(world: &World, customer: &str) -> String {
        world.look(Kind::Customer, customer).unwrap().profile_id.into_owned()
    }

    #[test]
    fn a_count_knows_exactly_its_customers() {
        let world = World::new(Population::Count(10), 7, Style::Uuid);
        for known in ["customer-1", "customer-10"] {
            assert_eq!(world.look(Kind::Customer, known).unwrap().customer_user_id.as_deref(), Some(known));
        }
        for unknown in ["customer-0", "customer-11", "customer-01", "customer-+1", "customer-", "Customer-1", "1", ""] {
            assert_eq!(world.look(Kind::Customer, unknown), None, "{unknown}");
        }
        assert_eq!(world.look(Kind::Profile, &Style::Uuid.write(7, 11)), None);
        assert_eq!(world.look(Kind::Profile, &Style::Uuid.write(7, 0)), None);
        assert_eq!(world.look(Kind::Profile, &Style::Uuid.write(8, 1)), None);
    }

    #[test]
    fn deleting_by_one_id_removes_the_profile_for_both() {
        let listed = |n: u8| Profile { customer_user_id: Some(format!("customer-{n}")), profile_id: None };
        let named = Profile { profile_id: Some("0dd5f1a0-0000-4000-8000-000000000001".into()), ..listed(1) };
        for population in [
            Population::Count(2),
            Population::Profiles(vec![listed(1), listed(2)]),
            Population::Profiles(vec![named, listed(2)]),
            Population::Everybody,
        ] {
            for by in [Kind::Customer, Kind::Profile] {
                let mut world = World::new(population.clone(), 7, Style::Uuid);
                let profile_id = profile_id_of(&world, "customer-1");
                let named = if by == Kind::Customer { "customer-1" } else { &profile_id };
                assert!(world.look(Kind::Profile, &profile_id).is_some(), "{population:?}");
                assert!(world.delete(by, named), "{population:?} by {by:?}");
                assert!(!world.delete(Kind::Customer, "customer-1"), "{population:?} by {by:?}");
                assert!(!world.delete(Kind::Profile, &profile_id), "{population:?} by {by:?}");
                assert_eq!(world.look(Kind::Customer, "customer-1"), None);
                assert_eq!(world.look(Kind::Profile, &profile_id), None);
                assert!(world.look(Kind::Customer, "customer-2").is_some(), "the other one is still there");
            }
        }
    }

    #[test]
    fn an_anonymous_profile_has_its_profile_id_only() {
        let anonymous = Profile { customer_user_id: None, profile_id: Some("p".into()) };
        let mut world = World::new(Population::Profiles(vec![anonymous]), 7, Style::Uuid);
        let expected = Found { customer_user_id: None, profile_id: "p".into() };
        assert_eq!(world.look(Kind::Profile, "p"), Some(expected));
        assert_eq!(world.look(Kind::Customer, "p"), None);
        assert!(world.delete(Kind::Profile, "p"));
    }

    #[test]
    fn an_id_that_two_profiles_claim_names_the_first() {
        let of = |profile: &str| Profile { customer_user_id: Some("c".into()), profile_id: Some(profile.into()) };
        let mut world = World::new(Population::Profiles(vec![of("p1"), of("p2")]), 7, Style::Uuid);
        assert!(world.delete(Kind::Customer, "c"));
        assert_eq!(world.look(Kind::Profile, "p1"), None);
        assert!(world.look(Kind::Profile, "p2").is_some());
    }
}
