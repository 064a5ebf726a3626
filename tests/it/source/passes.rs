//! What a pass hands on: shares, repeats, what earlier tries settled, and the replay of stdin.

use std::fmt::Write as _;

use tollgate::{
    domain::{Batch, Digest, Fingerprints, Keep, Kept, LineSet, Past, ReplaySum, Spared, Subject},
    error::Exit,
    source::{Dedupe, Options, Reader, Shard},
};

use super::{both, collect, customer, fixture, known, lines, options, read, reasons, rows, subjects, surveyed};

fn lines_of(numbers: impl IntoIterator<Item = u64>) -> LineSet {
    let mut set = LineSet::default();
    for number in numbers {
        set.insert(number);
    }
    set
}

fn numbered_ids(count: usize) -> Vec<u8> {
    (1..=count)
        .fold(String::new(), |mut text, number| {
            writeln!(text, "c-{number}").unwrap();
            text
        })
        .into_bytes()
}

#[test]
fn skip_and_limit_count_rows_not_lines() {
    let input = b"c-1\n\nc-2\n\n\nc-3\nc-4\n";
    let part = Options { skip: 1, limit: 2, ..lines() };
    assert_eq!(subjects(input, "-", &part), known(&[(3, customer("c-2")), (6, customer("c-3"))]));
    assert_eq!(surveyed(input, "-", &part).rows, 2);
    assert_eq!(surveyed(input, "-", &part).digest, Digest::of(input));
    assert_eq!(surveyed(input, "-", &Options { skip: 9, ..lines() }).rows, 0);
    let (_, finish) = read(&input[..], "-", &part, &Past::default()).unwrap();
    assert_eq!((finish.rows, finish.bytes), (2, input.len() as u64));
}

#[test]
fn shards_share_all_rows_and_keep_an_identity_together() {
    let input = b"c-1\nc-2\nNULL\nc-3\nc-1\nc-4\nnan\nc-5\nc-2\n";
    let shard = |index| Options { shard: Shard { index, count: 3 }, ..lines() };
    let parts: Vec<_> = (0..3).map(|index| rows(input, "-", &shard(index))).collect();
    for (index, part) in (0..).zip(&parts) {
        assert_eq!(surveyed(input, "-", &shard(index)).rows, part.len() as u64);
        assert!(part.iter().filter(|row| row.id_bytes() == b"c-1").count() % 2 == 0);
    }
    let mut dealt: Vec<u64> = parts.iter().flatten().map(|row| row.line).collect();
    dealt.sort_unstable();
    assert_eq!(dealt, (1..=9).collect::<Vec<u64>>());
    let malformed_in = |line: usize| parts[line % 3].iter().any(|row| row.line == line as u64);
    assert!(malformed_in(3) && malformed_in(7));
    // A contract between processes and versions: another hash would deal rows to two shards, or to none.
    let first: Vec<u64> = parts[0].iter().map(|row| row.line).collect();
    assert_eq!(first, STABLE_SHARD);
}

const STABLE_SHARD: [u64; 3] = [2, 3, 9];

#[test]
fn a_repeated_identity_is_repeated_only_as_a_whole() {
    let input = fixture("duplicates.csv");
    let on = Options { dedupe: Dedupe::Auto, ..options() };
    assert_eq!(reasons(&input, "-", &on), ["ok", "ok", "Repeated", "ok", "Repeated"]);
    assert_eq!(reasons(&input, "-", &options()), ["ok"; 5]);
    let rows = rows(&input, "-", &on);
    assert_eq!(rows[4].subject, Subject::Spared(customer("c-2"), Spared::Repeated));
    let (_, finish) = read(&input[..], "-", &on, &Past::default()).unwrap();
    assert_eq!((finish.rows, finish.repeated, finish.trimmed), (5, 2, 1));
}

#[test]
fn a_settled_row_still_makes_a_later_one_a_repeat() {
    let on = Options { dedupe: Dedupe::On, ..lines() };
    let past = Past { settled: lines_of([1]), ..Past::default() };
    let (all, _) = read(&b"c-1\nc-2\nc-1\n"[..], "-", &on, &past).unwrap();
    let subjects: Vec<_> = all.rows.into_iter().map(|row| row.subject).collect();
    assert_eq!(subjects, [Subject::Known(customer("c-2")), Subject::Spared(customer("c-1"), Spared::Repeated)]);
    assert_eq!(all.skipped, 1);
}

#[test]
fn dedupe_auto_follows_the_known_count() {
    let auto = Options { dedupe: Dedupe::Auto, ..lines() };
    let repeated = |known_rows, options: &Options| {
        let mut reader = Reader::open(&b"c-1\nc-1\n"[..], "-", options, known_rows).unwrap();
        collect(&mut reader, &Past::default()).unwrap();
        reader.finish().unwrap().repeated
    };
    assert_eq!(repeated(Some(1_000_000), &auto), 1);
    assert_eq!(repeated(Some(1_000_001), &auto), 0);
    assert_eq!(repeated(Some(1_000_001), &Options { dedupe: Dedupe::On, ..lines() }), 1);
    assert_eq!(repeated(None, &auto), 1);
}

#[test]
fn dedupe_auto_gives_up_after_a_million_identities_of_stdin() {
    let input = [&b"first\nfirst\n"[..], &numbered_ids(1_000_000), b"first\nc-1\n"].concat();
    let auto = Options { dedupe: Dedupe::Auto, ..lines() };
    let (all, finish) = read(&input[..], "stdin", &auto, &Past::default()).unwrap();
    let repeated: Vec<u64> =
        all.rows.iter().filter(|row| matches!(row.subject, Subject::Spared(..))).map(|row| row.line).collect();
    assert_eq!(repeated, [2]);
    assert!(finish.warnings.iter().any(|warning| warning.contains("more than a million")), "{:?}", finish.warnings);
}

#[test]
fn what_an_earlier_run_has_done_is_repeated_there() {
    let mut deleted = Fingerprints::keyed([1; 32]);
    deleted.insert_text(b"c-1");
    let mut absent = Fingerprints::keyed([1; 32]);
    absent.insert_text(b"c-2");
    absent.insert_text(b"p-3");
    let past = Past { elsewhere_deleted: Some(deleted), elsewhere_absent: Some(absent), ..Past::default() };
    let input = b"profile_id,customer_user_id\n,c-1\n,c-2\np-3,c-3\n,c-4\n";
    let (all, finish) = read(&input[..], "-", &options(), &past).unwrap();
    let subjects: Vec<_> = all.rows.into_iter().map(|row| row.subject).collect();
    assert_eq!(
        subjects,
        [
            Subject::Spared(customer("c-1"), Spared::EarlierRun),
            Subject::Spared(customer("c-2"), Spared::EarlierRun),
            Subject::Known(both("p-3", "c-3")),
            Subject::Known(customer("c-4")),
        ]
    );
    assert_eq!(finish.repeated, 2);
}

#[test]
fn settled_rows_are_kept_where_a_side_file_wants_them() {
    let past = Past { settled: lines_of([1, 2, 3]), bad: lines_of([2]), absent: lines_of([3]), ..Past::default() };
    for dedupe in [Dedupe::Off, Dedupe::On] {
        let (all, finish) = read(&b"c-1\n c-2\nc-3\nc-4\n"[..], "-", &Options { dedupe, ..lines() }, &past).unwrap();
        let kept = |keep, original: &[u8]| Kept { keep, original: original.into() };
        assert_eq!(all.kept, [kept(Keep::Failed, b" c-2"), kept(Keep::Absent, b"c-3")]);
        assert_eq!((all.skipped, all.rows.len(), finish.rows), (3, 1, 4));
    }
}

/// A range settles whatever lies between its ends; a resumed run once counted the rows of other shards with its own.
#[test]
fn what_a_range_settles_of_another_shard_is_none_of_ours() {
    let input = numbered_ids(100);
    let ours = Options { shard: Shard { index: 0, count: 3 }, ..lines() };
    let (all, finish) = read(&input[..], "-", &ours, &Past::default()).unwrap();
    let lines: Vec<u64> = all.rows.iter().map(|row| row.line).collect();
    let past = Past { settled: lines_of(lines[0]..=lines[9]), ..Past::default() };
    let (resumed, again) = read(&input[..], "-", &ours, &past).unwrap();
    assert_eq!((resumed.skipped, resumed.rows.len()), (10, lines.len() - 10));
    assert_eq!(again.rows, finish.rows);
}

#[test]
fn batches_are_bounded_by_rows_by_skips_and_by_bytes() {
    let mut batch = Batch::default();
    let input = numbered_ids(200_000);
    let mut reader = Reader::open(&input[..], "-", &lines(), None).unwrap();
    assert!(reader.next(&Past::default(), &mut batch).unwrap());
    assert_eq!((batch.rows.len(), batch.rows[255].line), (256, 256));

    let settled = Past { settled: lines_of(1..=200_000), ..Past::default() };
    assert!(reader.next(&settled, &mut batch).unwrap());
    assert_eq!((batch.rows.len(), batch.skipped), (0, 65_536));

    let large = [vec![b'x'; 700_000], b"\n".to_vec()].concat().repeat(5);
    let mut reader = Reader::open(&large[..], "-", &lines(), None).unwrap();
    assert!(reader.next(&Past::default(), &mut batch).unwrap());
    assert_eq!(batch.rows.len(), 2);
}

fn replayed(input: &[u8], past: &Past) -> (Vec<u64>, Option<tollgate::error::Error>) {
    let mut reader = Reader::open(input, "stdin", &lines(), None).unwrap().replaying();
    let (mut seen, mut batch) = (Vec::new(), Batch::default());
    loop {
        match reader.next(past, &mut batch) {
            Ok(true) => seen.extend(batch.rows.iter().map(|row| row.line)),
            Ok(false) => return (seen, None),
            Err(error) => {
                seen.extend(batch.rows.iter().map(|row| row.line));
                return (seen, Some(error));
            }
        }
    }
}

/// Lines 1 and 3 are settled; 3 was malformed.
fn replay_past() -> Past {
    let mut replay = ReplaySum::default();
    replay.add(3, b"NULL");
    replay.add(1, b"c-1");
    Past { settled: lines_of([1, 3]), replay, ..Past::default() }
}

#[test]
fn the_same_stdin_goes_on() {
    assert_eq!(replayed(b"c-1\nc-2\nNULL\nc-4\n", &replay_past()), (vec![2, 4], None));
    assert_eq!(replayed(b"c-1\nc-2\nNULL\n", &replay_past()), (vec![2], None));
    assert_eq!(replayed(b"c-1\nc-2\n", &Past::default()), (vec![1, 2], None));
    // An unsettled row below the highest settled one may differ: nothing was said about it.
    assert_eq!(replayed(b"c-1\nother\nNULL\nc-4\n", &replay_past()), (vec![2, 4], None));
}

#[test]
fn another_stdin_is_refused_before_anything_of_it_is_handed_on() {
    for other in [
        &b"c-9\nc-2\nNULL\nc-4\n"[..], // another id
        b"c-2\nNULL\nc-1\nc-4\n",      // another order
        b"c-1\nc-2\n",                 // ends too early
        b"c-1\n",
        b"",
        b"c-1\n\nc-2\nNULL\nc-4\n", // shifted by a blank line
    ] {
        let (seen, error) = replayed(other, &replay_past());
        let error = error.expect("refused");
        assert_eq!((error.exit(), error.what()), (Exit::Data, "stdin is not the input this run began with"));
        assert!(seen.is_empty(), "{seen:?}");
    }
}

/// Rows that were on the wire when a try was killed lie between settled ones: of another list, they were once sent before it
/// was known to be another.
#[test]
fn rows_that_were_kept_back_come_in_order_and_in_bounded_batches() {
    let input = numbered_ids(2_000);
    let mut replay = ReplaySum::default();
    let first = std::str::from_utf8(&input).unwrap().lines().next().unwrap();
    let last = std::str::from_utf8(&input).unwrap().lines().nth(999).unwrap();
    replay.add(1, first.as_bytes());
    replay.add(1_000, last.as_bytes());
    let past = Past { settled: lines_of([1, 1_000]), replay, ..Past::default() };
    let (seen, error) = replayed(&input, &past);
    assert_eq!(error, None);
    assert!(seen.iter().copied().eq((2..=2_000).filter(|line| *line != 1_000)));
    let mut reader = Reader::open(&input[..], "stdin", &lines(), None).unwrap().replaying();
    let mut batch = Batch::default();
    while reader.next(&past, &mut batch).unwrap() {
        assert!(batch.rows.len() <= 256);
    }
    let (seen, error) = replayed(&input[..input.len() / 2], &Past { replay: ReplaySum::default(), ..past });
    assert_eq!((seen, error.is_some()), (Vec::new(), true));
}

#[test]
fn samples_are_spread_over_the_file_and_the_same_for_a_seed() {
    let input = numbered_ids(20_000);
    let lines_with = |seed| -> Vec<u64> {
        let survey = surveyed(&input, "-", &Options { seed, ..lines() });
        survey.samples.iter().map(|sample| sample.line).collect()
    };
    let samples = lines_with(1);
    assert_eq!((samples.len(), &lines_with(1)), (200, &samples));
    assert_ne!(lines_with(2), samples);
    let quarter = |from: u64| samples.iter().filter(|line| (from..from + 5_000).contains(*line)).count();
    assert!([1, 5_001, 10_001, 15_001].into_iter().all(|from| (25..=75).contains(&quarter(from))), "{samples:?}");
}

/// A pipe that brings one line and then nothing for a while: the row it brought must not wait for the next one.
#[test]
fn rows_are_not_kept_back_for_a_slow_pipe() {
    struct Slow(Vec<&'static [u8]>);
    impl std::io::Read for Slow {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let Some(chunk) = self.0.last_mut() else { panic!("asked for more while a row was at hand") };
            let length = chunk.len().min(into.len());
            into[..length].copy_from_slice(&chunk[..length]);
            *chunk = &chunk[length..];
            if chunk.is_empty() {
                self.0.pop();
            }
            Ok(length)
        }
    }
    // The first bytes are awaited, to tell what they are: 64 of them.
    let first = b"customer_user_id\r\ncustomer-number-one-of-many\r\ncustomer-number-two-of-many\r\n";
    let input = Slow(vec![b"customer-3\r\n", first]);
    let mut reader = Reader::open(input, "-", &options(), None).unwrap();
    let mut batch = Batch::default();
    let mut lines = Vec::new();
    while lines.len() < 3 {
        assert!(reader.next(&Past::default(), &mut batch).unwrap());
        lines.extend(batch.rows.iter().map(|row| row.line));
    }
    assert_eq!(lines, [2, 3, 4]);
}
