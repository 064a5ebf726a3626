//! Who exists after what was done to them.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::sandbox::Profile;

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
    let expected = Found { customer_user_id: None, profile_id: "p".into(), content: None };
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

fn named(customer: &str, profile: Option<&str>) -> Profile {
    Profile { customer_user_id: Some(customer.into()), profile_id: profile.map(Into::into) }
}

/// A profile, by how the world lists it.
fn listed(world: &World, customer: &str) -> Option<Resident> {
    world.profiles().into_iter().find(|resident| resident.customer_id.as_deref() == Some(customer))
}

#[test]
fn whoever_is_made_again_has_another_own_id_whatever_came_between() {
    for style in [Style::Uuid, Style::Hex24] {
        let world = || World::new(Population::Count(0), 7, style);
        let (mut one, mut other) = (world(), world());
        let first = one.create("a");
        other.create("b");
        assert_eq!(other.create("a"), first, "the order of arrival changes no id");
        assert_eq!(first.len(), if style == Style::Uuid { 36 } else { 24 });
        assert!(one.delete(Kind::Profile, &first));
        let second = one.create("a");
        assert_ne!(second, first);
        assert_eq!(one.look(Kind::Profile, &first), None);
        assert_eq!(profile_id_of(&one, "a"), second);
    }
}

#[test]
fn what_was_written_is_found_by_both_ids_and_forgotten_with_the_profile() {
    for population in
        [Population::Count(2), Population::Profiles(vec![named("customer-1", None)]), Population::Everybody]
    {
        let mut world = World::new(population.clone(), 7, Style::Uuid);
        let own = profile_id_of(&world, "customer-1");
        let put = |value: u8| move |content: &mut Content| drop(content.insert("a".into(), json!(value)));
        assert_eq!(world.write(Kind::Profile, &own, put(1)), Some(true), "{population:?}");
        assert_eq!(world.write(Kind::Customer, "customer-1", put(1)), Some(false), "{population:?}");
        assert_eq!(listed(&world, "customer-1").unwrap().content, json!({"a": 1}));
        assert!(world.delete(Kind::Customer, "customer-1"));
        assert_eq!(world.write(Kind::Profile, &own, put(2)), None);
        assert_eq!(listed(&world, "customer-1"), None);
        world.create("customer-1");
        assert_eq!(listed(&world, "customer-1").unwrap().content, json!({}), "{population:?}");
    }
}

#[test]
fn a_nameless_profile_can_be_given_a_name_that_nobody_has() {
    let nameless = "0dd5f1a0-0000-4000-8000-000000000001";
    let people = vec![named("taken", None), Profile { customer_user_id: None, profile_id: Some(nameless.into()) }];
    let mut world = World::new(Population::Profiles(people), 7, Style::Uuid);
    assert_eq!(world.link("new", "0dd5f1a0-0000-4000-8000-000000000002"), Err(Refused::Nobody));
    assert_eq!(world.link("taken", nameless), Err(Refused::Taken));
    assert_eq!(world.link("new", nameless), Ok(true));
    assert_eq!(world.link("new", nameless), Ok(false));
    assert_eq!(world.link("another", nameless), Err(Refused::Taken));
    assert_eq!(profile_id_of(&world, "new"), nameless);
    assert!(world.delete(Kind::Customer, "new"));
    assert_eq!(world.look(Kind::Profile, nameless), None);
}

#[test]
fn a_changed_name_is_the_only_one() {
    for population in [Population::Count(2), Population::Everybody] {
        let mut world = World::new(population.clone(), 7, Style::Uuid);
        let own = profile_id_of(&world, "customer-1");
        assert_eq!(world.rename(Kind::Customer, "customer-1", "new"), Ok(true), "{population:?}");
        assert_eq!(world.look(Kind::Customer, "customer-1"), None, "{population:?}");
        assert_eq!(profile_id_of(&world, "new"), own, "{population:?}");
        assert!(world.delete(Kind::Profile, &own));
        assert_eq!(world.look(Kind::Customer, "new"), None, "{population:?}");
        assert_eq!(world.look(Kind::Customer, "customer-1"), None, "{population:?}");
    }
}

#[derive(Debug, Clone)]
enum Act {
    Create(u8),
    Write(u8),
    Delete(u8),
    Rename(u8, u8),
    Link(u8, u8),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let one = prop_oneof![
        (0..6u8).prop_map(Act::Create),
        (0..6u8).prop_map(Act::Write),
        (0..6u8).prop_map(Act::Delete),
        (0..6u8, 0..6u8).prop_map(|(from, to)| Act::Rename(from, to)),
        (0..6u8, 0..6u8).prop_map(|(to, of)| Act::Link(to, of)),
    ];
    prop::collection::vec(one, 0..40)
}

proptest! {
    /// However it was come by, everybody is found by both ids, and no two have one in common.
    #[test]
    fn everybody_is_one_by_either_id(acts in acts(), kind in 0..3u8) {
        let people = vec![named("customer-1", None), named("customer-2", Some("p")), Profile { customer_user_id: None, profile_id: None }];
        let population = match kind {
            0 => Population::Count(3),
            1 => Population::Profiles(people),
            _ => Population::Everybody,
        };
        let mut world = World::new(population, 7, Style::Uuid);
        let name = |number: u8| format!("customer-{number}");
        for act in acts {
            match act {
                Act::Create(who) if world.look(Kind::Customer, &name(who)).is_none() => drop(world.create(&name(who))),
                Act::Create(who) | Act::Write(who) => {
                    world.write(Kind::Customer, &name(who), |content| drop(content.insert("a".into(), json!(who))));
                }
                Act::Delete(who) => {
                    let was_there = world.look(Kind::Customer, &name(who)).is_some();
                    prop_assert_eq!(world.delete(Kind::Customer, &name(who)), was_there);
                    prop_assert!(world.look(Kind::Customer, &name(who)).is_none());
                }
                Act::Rename(from, to) => {
                    let _ = world.rename(Kind::Customer, &name(from), &name(to));
                }
                Act::Link(to, of) => {
                    let own = Style::Uuid.write(7, u64::from(of));
                    let _ = world.link(&name(to), &own);
                }
            }
            let all = world.profiles();
            for resident in &all {
                let by_own = world.look(Kind::Profile, &resident.own_id).unwrap();
                prop_assert_eq!(by_own.customer_user_id.as_deref(), resident.customer_id.as_deref());
                if let Some(customer) = &resident.customer_id {
                    prop_assert_eq!(&world.look(Kind::Customer, customer).unwrap().profile_id, &resident.own_id);
                }
            }
            let owns: HashSet<&String> = all.iter().map(|resident| &resident.own_id).collect();
            prop_assert_eq!(owns.len(), all.len());
        }
    }
}
