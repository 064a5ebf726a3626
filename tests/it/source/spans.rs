//! Rows with nothing new are handed on as spans.

use std::fmt::Write as _;

use tollgate::{
    domain::{Action, Batch, Before, Decided, LineSet, Past, Row, Span, Spared, Subject},
    source::{Finish, Options, Reader, Shard},
};

use super::{lines, people::updating};

/// All that a pass hands on, with its spans.
pub(super) struct Handed {
    pub(super) rows: Vec<Row>,
    pub(super) spans: Vec<Span>,
    pub(super) skipped: u64,
    pub(super) finish: Finish,
    /// How many batches had no row.
    pub(super) bare: usize,
}

pub(super) fn pass(input: &[u8], options: &Options, past: &Past) -> Handed {
    let mut reader = Reader::open(input, "-", options, None).unwrap();
    let mut batch = Batch::default();
    let (mut rows, mut spans, mut skipped, mut bare) = (Vec::new(), Vec::new(), 0, 0);
    while reader.next(past, &mut batch).unwrap() {
        rows.append(&mut batch.rows);
        bare += usize::from(batch.rows.is_empty());
        spans.append(&mut batch.aside.spans);
        skipped += batch.skipped;
    }
    Handed { rows, spans, skipped, bare, finish: reader.finish().unwrap() }
}

pub(super) fn set(numbers: impl IntoIterator<Item = u64>) -> LineSet {
    numbers.into_iter().fold(LineSet::default(), |mut set, line| {
        set.insert(line);
        set
    })
}

fn unchanged(numbers: impl IntoIterator<Item = u64>) -> Past {
    Past { decided: Decided { unchanged: set(numbers), ..Decided::default() }, ..Past::default() }
}

fn ids(count: u64) -> Vec<u8> {
    let mut text = String::new();
    (1..=count).for_each(|number| writeln!(text, "c-{number}").unwrap());
    text.into_bytes()
}

const fn span(first: u64, last: u64, rows: u64) -> Span {
    Span { first, last, rows, action: Action::Delete }
}

#[test]
fn a_span_ends_where_one_of_our_rows_ends_in_another_way() {
    let past = Past { settled: set([5]), ..unchanged([1, 2, 4, 6, 7]) };
    let handed = pass(&ids(8), &lines(), &past);
    assert_eq!(handed.spans, [span(1, 2, 2), span(4, 4, 1), span(6, 7, 2)]);
    assert_eq!(handed.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 8]);
    assert_eq!((handed.skipped, handed.finish.rows, handed.finish.unchanged), (1, 8, 5));
}

#[test]
fn the_last_span_is_closed_by_the_end_and_by_a_limit() {
    assert_eq!(pass(&ids(3), &lines(), &unchanged(1..=3)).spans, [span(1, 3, 3)]);
    let part = Options { skip: 1, limit: 2, ..lines() };
    assert_eq!(pass(&ids(5), &part, &unchanged(2..=3)).spans, [span(2, 3, 2)]);
}

#[test]
fn blank_lines_and_rows_of_other_shards_do_not_break_a_span() {
    assert_eq!(pass(b"c-1\n\n\nc-2\n", &lines(), &unchanged([1, 4])).spans, [span(1, 4, 2)]);
    let shard = Options { shard: Shard { index: 0, count: 3 }, ..lines() };
    let ours: Vec<u64> = pass(&ids(100), &shard, &Past::default()).rows.iter().map(|row| row.line).collect();
    assert!(ours.len() < 60 && ours.len() > 10);
    let handed = pass(&ids(100), &shard, &unchanged(ours.iter().copied()));
    assert_eq!(handed.spans, [span(ours[0], *ours.last().unwrap(), ours.len() as u64)]);
}

#[test]
fn a_span_goes_on_through_batches_up_to_a_million_rows() {
    let handed = pass(&ids(1_000_002), &lines(), &unchanged(1..=1_000_002));
    assert_eq!(handed.spans, [span(1, 1_000_000, 1_000_000), span(1_000_001, 1_000_002, 2)]);
    assert!(handed.bare >= 15, "{}", handed.bare);
}

#[test]
fn unchanged_rows_are_not_read_and_a_span_says_what_the_others_ask_for() {
    let input = b"customer_user_id,action,email\nc-1,delete,\nc-2,nonsense,x\nc-3,,a@b\n";
    let handed = pass(input, &updating(), &unchanged([2, 3]));
    assert_eq!(handed.spans, [Span { action: Action::Update, ..span(2, 3, 2) }]);
    assert_eq!((handed.finish.malformed, handed.rows.len()), (0, 1));
}

#[test]
fn what_was_decided_spares_a_row() {
    let before = Before { refused: set([3]), missing: set([4]), taken: set([5]) };
    let decided = Decided { superseded: set([2]), before, ..Decided::default() };
    let handed = pass(&ids(5), &lines(), &Past { decided, ..Past::default() });
    let spared = |row: &Row| match row.subject {
        Subject::Spared(_, spared) => Some(spared),
        Subject::Known(_) | Subject::Malformed { .. } => None,
    };
    let all: Vec<_> = handed.rows.iter().map(spared).collect();
    assert_eq!(
        all,
        [
            None,
            Some(Spared::Superseded),
            Some(Spared::RefusedBefore),
            Some(Spared::MissingBefore),
            Some(Spared::TakenBefore)
        ]
    );
    let Finish { repeated, superseded, refused_before, missing_before, taken_before, .. } = handed.finish;
    assert_eq!((repeated, superseded, refused_before, missing_before, taken_before), (0, 1, 1, 1, 1));
}
