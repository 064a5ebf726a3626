//! `verify` looks at each id of a row.

use tollgate::sandbox::{Faults, Options, Part, Population, Profile, Sandbox};

use crate::support::{
    acts::act,
    program::{Desk, options, run, sandbox},
    record::lines,
};

fn profile(n: u64) -> String {
    format!("0dd5f1a0-0000-4000-8000-{n:012}")
}

/// Somebody who was found by the first id was once enough, and nobody was told that the second one names another.
#[test]
fn both_ids_of_a_row_are_looked_at_and_another_profile_is_named() {
    let desk = Desk::new();
    let known = |n: u64| Profile { customer_user_id: Some(format!("c-{n}")), profile_id: Some(profile(n)) };
    let sandbox = sandbox(Population::Profiles((1..=3).map(known).collect()), Faults::default(), None);
    let rows =
        [(profile(1), "c-2"), (profile(1), "c-1"), (profile(1), "c-9"), (profile(9), "c-3"), (profile(9), "c-9")];
    let rows = rows.map(|(one, other)| format!("{one},{other}")).join("\n");
    desk.put("rows.csv", format!("profile_id,customer_user_id\n{rows}\n"));
    run(&mut act(&desk, &["verify", "rows.csv", "--out", "verified"], &sandbox)).with(1);
    let mut told = lines(&desk.path("verified"));
    told.sort_by_key(|line| line.line);
    let told: Vec<_> =
        told.iter().map(|line| (&*line.outcome, line.attempts, &*line.remote_id, &*line.message)).collect();
    let (one, three) = (profile(1), profile(3));
    let another = format!("its second id, c-2, names another profile, {}", profile(2));
    let (by_second, nobody) = ("by the row's second id, c-3", told[4].3);
    assert_eq!(
        told,
        [
            ("exists", 2, &*one, &*another),
            ("exists", 2, &*one, ""),
            ("exists", 2, &*one, ""),
            ("exists", 2, &*three, by_second),
            ("absent", 2, "", nobody),
        ]
    );
    desk.put("hash.key", "a key of more than sixteen bytes");
    let verify = ["verify", "rows.csv", "--out", "hashed", "--hash-ids", "hash.key"];
    run(&mut act(&desk, &verify, &sandbox)).with(1);
    let told = lines(&desk.path("hashed")).into_iter().find(|line| line.line == 2).unwrap().message;
    assert!(told.contains("names another profile") && !told.contains("0dd5f1a0") && !told.contains("c-2"), "{told}");
}

#[test]
fn a_name_beside_an_id_is_looked_for_in_its_own_way() {
    let known = |n: u64| Profile { customer_user_id: Some(format!("user-{n}")), profile_id: Some(format!("{n:024x}")) };
    let population = Population::Profiles((1..=2).map(known).collect());
    let part = Part::Crafter { tenant: None };
    let (desk, sandbox) =
        (Desk::new(), Sandbox::start(Options { part, ..options(population, Faults::default()) }).unwrap());
    desk.put("rows.csv", format!("id,username\n{:024x},user-2\n{:024x},user-1\n", 1, 1));
    let verify = ["verify", "rows.csv", "--out", "verified", "--api", "crafter", "--set", "tenantName=sandbox"];
    run(&mut act(&desk, &verify, &sandbox)).with(1);
    let mut told = lines(&desk.path("verified"));
    told.sort_by_key(|line| line.line);
    assert_eq!(told[0].message, format!("its second id, user-2, names another profile, {:024x}", 2));
    assert_eq!((&*told[1].outcome, told[1].attempts, &*told[1].message), ("exists", 2, ""));
}
