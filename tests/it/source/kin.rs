//! Rows that are about one person by way of others, against a model that joins them one by one.

use std::fmt::Write as _;

use proptest::prelude::*;
use tollgate::{
    domain::Kin,
    source::{Readings, kin},
};

use super::people::updating;

fn kin_of(rows: &[(u8, u8)]) -> Kin {
    let cell = |kind: char, id: u8| if id == 0 { String::new() } else { format!("{kind}-{id}") };
    let mut text = "profile_id,customer_user_id,first_name\n".to_owned();
    for (p, c) in rows {
        writeln!(text, "{},{},x", cell('p', *p), cell('c', *c)).unwrap();
    }
    kin(&|| Ok(text.as_bytes()), "-", &updating(), Readings::in_turn).unwrap()
}

fn are_tied(kin: &Kin, one: u64, other: u64) -> bool {
    kin.ties(one).any(|tie| kin.ties(other).any(|of| of == tie))
}

#[test]
fn two_rows_are_tied_by_a_third_one_wherever_it_stands() {
    for rows in [[(1, 2), (1, 0), (0, 2)], [(1, 0), (0, 2), (1, 2)]] {
        let kin = kin_of(&rows);
        assert!((2..=4).all(|one| (2..=4).all(|other| are_tied(&kin, one, other))), "{rows:?}");
    }
    assert!(kin_of(&[(1, 0), (0, 2), (1, 0), (3, 4)]).is_empty(), "nobody is joined by any row");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn rows_of_one_person_share_an_id_or_a_tie_and_others_do_not(rows in prop::collection::vec((0..6_u8, 0..6_u8), 0..12)) {
        let kin = kin_of(&rows);
        let shares = |one: (u8, u8), other: (u8, u8)| (one.0 != 0 && one.0 == other.0) || (one.1 != 0 && one.1 == other.1);
        let mut person: Vec<usize> = (0..rows.len()).collect();
        for _ in 0..rows.len() {
            for one in 0..rows.len() {
                for other in 0..rows.len() {
                    if shares(rows[one], rows[other]) {
                        let least = person[one].min(person[other]);
                        (person[one], person[other]) = (least, least);
                    }
                }
            }
        }
        for one in 0..rows.len() {
            for other in (0..rows.len()).filter(|other| *other != one) {
                let told = shares(rows[one], rows[other]) || are_tied(&kin, one as u64 + 2, other as u64 + 2);
                prop_assert_eq!(told, person[one] == person[other], "{} and {} of {:?}", one, other, rows);
            }
        }
    }
}
