//! Who exists after what was done to them.

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
