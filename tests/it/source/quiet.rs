//! Stretches of rows with nothing new are passed over unread: what is handed on is the same as if each had been looked at.

use std::fmt::Write as _;

use proptest::prelude::*;
use tollgate::{
    domain::Past,
    source::{Counting, Options, Readings, Shard, decide},
};

use super::{
    people::updating,
    recall::Memory,
    spans::{pass, set},
    surveyed,
};

/// A file of so many rows, most of which say the same as ever.
fn file(rows: u64, changed: &[u64], layout: u8) -> Vec<u8> {
    let mut text = "customer_user_id,first_name\n".to_owned();
    for row in 0..rows {
        let name = if changed.contains(&row) { "a" } else { "same" };
        // A record may hold line ends, blank lines may stand between them, and lines may end in another way.
        match (row % 7 + u64::from(layout)) % 6 {
            0 => write!(text, "\"c-{row}\",{name}\r\n"),
            1 => write!(text, "c-{row},\"{name}\"\n\n"),
            2 => write!(text, "c-{row},{name}\r"),
            3 => write!(text, "c-{row},{name}\n \n"),
            _ => writeln!(text, "c-{row},{name}"),
        }
        .unwrap();
        if row % 900 == 5 {
            text.push_str("\"a\nb\",same\n");
        }
    }
    text.into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn passing_over_quiet_rows_hands_on_what_looking_at_each_does(
        rows in 0..9_000_u64,
        changed in prop::collection::vec(0..9_000_u64, 0..6),
        layout in 0..6_u8,
        (skip, limit) in prop_oneof![3 => Just((0, u64::MAX)), 1 => (0..2_000_u64, 1..9_000_u64)],
        shard in prop_oneof![3 => Just(Shard { index: 0, count: 1 }), 1 => Just(Shard { index: 1, count: 2 })],
        settled in prop::collection::vec(2..9_000_u64, 0..4),
    ) {
        let input = file(rows, &changed, layout);
        let options = Options { decided: Some(Counting::Every), skip, limit, shard, ..updating() };
        let survey = surveyed(&input, "-", &options);
        let past = Past { settled: set(settled), ..Past::default() };
        let open = || Ok(input.as_slice());
        let mut memory = Memory::default();
        let decided = decide(&open, "-", &options, &survey, &past, Some(&mut memory), Readings::in_turn).unwrap().decided;
        let mut past = Past { decided, ..past };
        let is_plain = skip == 0 && limit == u64::MAX && shard.count == 1 && past.settled.is_empty();
        let must_be_quiet = is_plain && rows > 4_000 && changed.len() < 3;
        prop_assert!(!must_be_quiet || !past.decided.quiet.is_empty());
        let unseen = pass(&input, &options, &past);
        past.decided.quiet.clear();
        let seen = pass(&input, &options, &past);
        prop_assert_eq!(unseen.rows, seen.rows);
        prop_assert_eq!(unseen.spans, seen.spans);
        prop_assert_eq!((unseen.skipped, unseen.finish), (seen.skipped, seen.finish));
    }
}
