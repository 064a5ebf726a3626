//! Who exists, and what was written to them: the population of the beginning, and a record of whoever was made or changed
//! since.
//!
//! Content is what a part keeps of what it was sent, in the part's own words; deleting a profile forgets it, and a name
//! that is made again gets another own id. It knows nothing of requests.

mod people;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
};

use serde_json::{Map, Value};

use self::people::People;
use super::{
    Population, Resident,
    ids::{self, Style},
};

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

/// What was written to a profile.
pub(super) type Content = Map<String, Value>;

/// A group whose last field was taken away is none.
pub(super) fn without_empty_groups(content: &mut Content) {
    content.retain(|_, value| value.as_object().is_none_or(|group| !group.is_empty()));
}

/// A profile that exists.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) customer_user_id: Option<Cow<'a, str>>,
    pub(super) profile_id: Cow<'a, str>,
    /// None where nothing was ever written.
    pub(super) content: Option<&'a Content>,
}

/// Why a name cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// There is no such profile.
    Nobody,
    /// The name is another profile's, or the profile has another name.
    Taken,
}

/// Who exists.
#[derive(Debug)]
pub(super) struct World {
    naming: Naming,
    people: People,
    records: BTreeMap<Place, Record>,
    /// Customers' ids given since the beginning.
    given: HashMap<String, Place>,
    /// The own ids of all who were ever made.
    born: HashSet<u128>,
}

/// Where a profile is kept, whichever of its ids names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// One of a count or a list.
    Number(u64),
    /// Whoever was asked for, by the bits of the own id.
    Anybody(u128),
    /// One made since the beginning, by the bits of the own id.
    Made(u128),
}

/// Somebody who was made or changed.
#[derive(Debug)]
struct Record {
    customer_user_id: Option<String>,
    profile_id: String,
    content: Content,
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

impl World {
    pub(super) fn new(population: Population, seed: u64, style: Style) -> Self {
        Self {
            naming: Naming { seed, style },
            people: People::new(population),
            records: BTreeMap::new(),
            given: HashMap::new(),
            born: HashSet::new(),
        }
    }

    /// The profile that an id names, if it exists.
    pub(super) fn look<'a>(&'a self, kind: Kind, text: &'a str) -> Option<Found<'a>> {
        let place = self.place(kind, text)?;
        let Some(record) = self.records.get(&place) else {
            let (customer_user_id, profile_id) = self.people.ids(self.naming, place, Some((kind, text)))?;
            return Some(Found { customer_user_id, profile_id, content: None });
        };
        let asked = (kind == Kind::Customer).then_some(text);
        Some(Found {
            customer_user_id: record.customer_user_id.as_deref().or(asked).map(Cow::Borrowed),
            profile_id: Cow::Borrowed(&record.profile_id),
            content: Some(&record.content),
        })
    }

    /// Removes the profile that an id names; tells whether it existed.
    pub(super) fn delete(&mut self, kind: Kind, text: &str) -> bool {
        let Some(place) = self.place(kind, text) else { return false };
        if let Some(record) = self.records.remove(&place) {
            self.release(place, record.customer_user_id.as_deref());
        }
        self.people.remove(place);
        true
    }

    /// Makes a profile of a name that nobody has; its own id comes from the seed, the name, and how often it was made.
    pub(super) fn create(&mut self, customer: &str) -> String {
        let bits = self.unborn(customer);
        let (place, profile_id) = (Place::Made(bits), self.naming.style.print(bits));
        let record = Record { customer_user_id: None, profile_id: profile_id.clone(), content: Content::new() };
        self.records.insert(place, record);
        self.give(place, customer);
        profile_id
    }

    /// Lets what was written to a profile be changed; tells whether it was, or nothing where nobody is there.
    pub(super) fn write(&mut self, kind: Kind, text: &str, change: impl FnOnce(&mut Content)) -> Option<bool> {
        let place = self.place(kind, text)?;
        let record = self.record(place, Some((kind, text)))?;
        let before = record.content.clone();
        change(&mut record.content);
        Some(record.content != before)
    }

    /// Gives a nameless profile a customer's id; tells whether it had not this one already.
    pub(super) fn link(&mut self, customer: &str, profile: &str) -> Result<bool, Refused> {
        let found = self.look(Kind::Profile, profile).ok_or(Refused::Nobody)?;
        match found.customer_user_id.as_deref() {
            Some(own) if own == customer => Ok(false),
            Some(_) => Err(Refused::Taken),
            None => self.rename(Kind::Profile, profile, customer),
        }
    }

    /// Gives a profile another customer's id; tells whether that is another one.
    pub(super) fn rename(&mut self, kind: Kind, text: &str, customer: &str) -> Result<bool, Refused> {
        let place = self.place(kind, text).ok_or(Refused::Nobody)?;
        if self.claimed(customer).is_some_and(|owner| owner != place) {
            return Err(Refused::Taken);
        }
        let record = self.record(place, Some((kind, text))).ok_or(Refused::Nobody)?;
        let old = record.customer_user_id.take();
        self.release(place, old.as_deref());
        self.give(place, customer);
        Ok(old.as_deref() != Some(customer))
    }

    /// Everybody who exists and can be named, by customer's id and own id.
    pub(super) fn profiles(&self) -> Vec<Resident> {
        let untouched = self.people.places().into_iter().filter(|place| !self.records.contains_key(place));
        let untouched = untouched.filter_map(|place| {
            let (customer_id, own_id) = self.people.ids(self.naming, place, None)?;
            Some(Resident {
                own_id: own_id.into_owned(),
                customer_id: customer_id.map(Cow::into_owned),
                content: Value::Object(Content::new()),
            })
        });
        let written = self.records.values().map(|record| Resident {
            own_id: record.profile_id.clone(),
            customer_id: record.customer_user_id.clone(),
            content: Value::Object(record.content.clone()),
        });
        let mut all: Vec<Resident> = untouched.chain(written).collect();
        all.sort_by(|one, other| (&one.customer_id, &one.own_id).cmp(&(&other.customer_id, &other.own_id)));
        all
    }

    /// Where whoever an id names is kept. Somebody whose name was changed is no longer found by the old one.
    fn place(&self, kind: Kind, text: &str) -> Option<Place> {
        let of_beginning = || self.people.place(self.naming, kind, text);
        match kind {
            Kind::Customer => self.given.get(text).copied().or_else(|| {
                let name =
                    |place: &Place| self.records.get(place).and_then(|record| record.customer_user_id.as_deref());
                of_beginning().filter(|place| name(place).is_none_or(|name| name == text))
            }),
            Kind::Profile => {
                let made = self.naming.style.bits(text).map(Place::Made);
                made.filter(|place| self.records.contains_key(place)).or_else(of_beginning)
            }
        }
    }

    /// Whose a customer's id is. Where everybody exists, it is nobody's until something was written to it.
    fn claimed(&self, customer: &str) -> Option<Place> {
        let place = self.place(Kind::Customer, customer)?;
        (!self.people.is_everybody() || self.records.contains_key(&place)).then_some(place)
    }

    /// The record of a place, begun if there is none.
    fn record(&mut self, place: Place, asked: Option<(Kind, &str)>) -> Option<&mut Record> {
        if !self.records.contains_key(&place) {
            let (customer, profile) = self.people.ids(self.naming, place, asked)?;
            let (customer_user_id, profile_id) = (customer.map(Cow::into_owned), profile.into_owned());
            self.records.insert(place, Record { customer_user_id, profile_id, content: Content::new() });
        }
        let record = self.records.get_mut(&place)?;
        if let (None, Some((Kind::Customer, text))) = (&record.customer_user_id, asked) {
            record.customer_user_id = Some(text.to_owned());
        }
        Some(record)
    }

    fn give(&mut self, place: Place, customer: &str) {
        // Where everybody exists, whoever would have had this name no longer does; unless renamed meanwhile.
        let namesake = self.people.place(self.naming, Kind::Customer, customer);
        if let Some(namesake) = namesake.filter(|other| *other != place && !self.records.contains_key(other)) {
            self.people.remove(namesake);
        }
        self.given.insert(customer.to_owned(), place);
        if let Some(record) = self.records.get_mut(&place) {
            record.customer_user_id = Some(customer.to_owned());
        }
    }

    fn release(&mut self, place: Place, customer: Option<&str>) {
        if let Some(customer) = customer
            && self.given.get(customer) == Some(&place)
        {
            self.given.remove(customer);
        }
    }

    /// Bits that no own id was made of yet.
    fn unborn(&mut self, customer: &str) -> u128 {
        let mut turn: u64 = 0;
        loop {
            let bits = ids::hashed(self.naming.seed, "created", &format!("{turn} {customer}")).as_u128();
            let bits = self.naming.style.bound(bits);
            if self.born.insert(bits) {
                return bits;
            }
            turn += 1;
        }
    }
}
