//! Properties over any bytes, against a splitter that shares no code with the real one.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tollgate::{
    domain::{Digest, Past},
    source::{Dedupe, Format, Options, Readings, Wish, survey},
};

use super::{Dribble, lines, numbered, options, read};

/// Line and bytes of each record of comma-separated values; `None` when a quote stays open.
fn naive(input: &[u8]) -> Option<Vec<(u64, Vec<u8>)>> {
    let (mut records, mut raw, mut line, mut begun_on) = (Vec::new(), Vec::new(), 1, 1);
    let (mut quoted, mut at_field_start) = (false, true);
    let mut at = 0;
    while at < input.len() {
        let crlf = input[at..].starts_with(b"\r\n");
        let is_break = matches!(input[at], b'\r' | b'\n');
        if is_break && !quoted {
            records.push((begun_on, std::mem::take(&mut raw)));
            line += 1;
            begun_on = line;
            at_field_start = true;
            at += if crlf { 2 } else { 1 };
            continue;
        }
        let width = if is_break && crlf { 2 } else { 1 };
        line += u64::from(is_break);
        match (quoted, input[at]) {
            (true, b'"') if input.get(at + 1) == Some(&b'"') => {
                raw.push(b'"');
                at += 1;
            }
            (true, b'"') => quoted = false,
            (false, b'"') if at_field_start => quoted = true,
            _ => {}
        }
        at_field_start = !quoted && input[at] == b',';
        raw.extend_from_slice(&input[at..at + width]);
        at += width;
    }
    records.push((begun_on, raw));
    let is_record = |(_, raw): &(u64, Vec<u8>)| !raw.trim_ascii().is_empty();
    (!quoted).then(|| records.into_iter().filter(is_record).collect())
}

/// Text in which quotes, delimiters and line ends meet often.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => Just(&b"a"[..]), 3 => Just(&b","[..]), 3 => Just(&b"\""[..]), 2 => Just(&b"\n"[..]),
        2 => Just(&b"\r\n"[..]), 1 => Just(&b"\r"[..]), 1 => Just(&b" "[..]), 1 => Just(&b"\"\""[..]),
        1 => Just(&b"\xef\xbb\xbf"[..]), 1 => Just(&b"\xff"[..]),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| [b"x,\n", pieces.concat().as_slice()].concat())
}

fn any_options() -> impl Strategy<Value = Options> {
    let shapes = prop_oneof![
        Just(options()),
        Just(numbered()),
        Just(lines()),
        Just(Options { format: Wish::Is(Format::JsonLines), ..options() }),
        Just(Options { format: Wish::Is(Format::Csv), ..options() }),
    ];
    let dedupe = prop_oneof![Just(Dedupe::Off), Just(Dedupe::On), Just(Dedupe::Auto)];
    (shapes, dedupe, 0..4_u64, 1..20_u64, any::<bool>())
        .prop_map(|(shape, dedupe, skip, limit, allow_odd_ids)| Options { dedupe, skip, limit, allow_odd_ids, ..shape })
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let json = prop::collection::vec(
        prop_oneof![
            Just("{\"customer_user_id\":"),
            Just("\"c\""),
            Just("1"),
            Just("}"),
            Just("\n"),
            Just("\\u00"),
            Just("null"),
        ],
        0..30,
    );
    let start = prop_oneof![
        8 => Just(&b""[..]), 4 => Just(&b"customer_user_id,x\n"[..]), 1 => Just(&b"\x1f\x8b"[..]),
        1 => Just(&b"\x28\xb5\x2f\xfd"[..]), 1 => Just(&b"\xef\xbb\xbf"[..]), 1 => Just(&b"sep=;\n"[..]),
    ];
    let rest = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        nasty(),
        json.prop_map(|pieces| pieces.concat().into_bytes()),
    ];
    (start, rest).prop_map(|(start, rest)| [start, &rest].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn records_and_line_numbers_are_those_of_a_naive_splitter(input in nasty()) {
        let found = read(&input[..], "-", &numbered(), &Past::default());
        let found = found.ok().map(|(pass, _)| {
            pass.rows.into_iter().map(|row| (row.line, row.original.into_vec())).collect::<Vec<_>>()
        });
        prop_assert_eq!(found, naive(&input));
    }

    #[test]
    fn any_bytes_become_rows_in_order_or_one_error(input in any_bytes(), options in any_options()) {
        let counted = survey(&input[..], "-", &options, Readings::in_turn);
        let read = read(&input[..], "-", &options, &Past::default());
        match (counted, read) {
            (Ok(survey), Ok((pass, finish))) => {
                prop_assert!(pass.rows.is_sorted_by(|one, other| one.line < other.line));
                prop_assert_eq!(survey.rows, pass.rows.len() as u64);
                prop_assert_eq!(survey.rows, finish.rows);
                prop_assert_eq!(survey.malformed, finish.malformed);
                prop_assert_eq!((survey.odd, survey.trimmed), (finish.odd, finish.trimmed));
                prop_assert_eq!((survey.digest, survey.bytes), (Digest::of(&input), finish.bytes));
            }
            (counted, read) => prop_assert_eq!(counted.err(), read.err()),
        }
    }

    #[test]
    fn small_reads_change_nothing(input in any_bytes(), options in any_options(), most in 1..4_usize) {
        let (whole, small) = (
            read(&input[..], "-", &options, &Past::default()),
            read(Dribble::new(&input, most), "-", &options, &Past::default()),
        );
        match (whole, small) {
            (Ok((whole, whole_end)), Ok((small, small_end))) => {
                prop_assert_eq!(whole.rows, small.rows);
                prop_assert_eq!(whole_end, small_end);
            }
            (whole, small) => {
                prop_assert_eq!(whole.err().map(|error| error.exit()), small.err().map(|error| error.exit()));
            }
        }
    }

    #[test]
    fn what_is_settled_is_left_out_and_nothing_else(
        input in any_bytes(),
        options in any_options(),
        settled in prop::collection::btree_set(1..40_u64, 0..30),
    ) {
        let Ok((all, _)) = read(&input[..], "-", &options, &Past::default()) else { return Ok(()) };
        // Only rows that were handed on can be settled.
        let ours: BTreeSet<u64> = all.rows.iter().map(|row| row.line).collect();
        let settled: BTreeSet<u64> = settled.intersection(&ours).copied().collect();
        let mut past = Past::default();
        for line in &settled {
            past.settled.insert(*line);
        }
        past.bad = past.settled.clone();
        let (rest, finish) = read(&input[..], "-", &options, &past).unwrap();
        let expected: Vec<_> = all.rows.iter().filter(|row| !settled.contains(&row.line)).cloned().collect();
        prop_assert_eq!(rest.rows, expected);
        prop_assert_eq!(rest.skipped, settled.len() as u64);
        prop_assert_eq!(finish.rows, ours.len() as u64);
        let kept: Vec<_> = all.rows.iter().filter(|row| past.settled.contains(row.line)).map(|row| &row.original).collect();
        prop_assert_eq!(rest.kept.iter().map(|kept| &kept.original).collect::<Vec<_>>(), kept);
    }
}
