//! The deciding pass, against a model that holds all rows at once.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fmt::Write as _,
};

use proptest::prelude::*;
use tollgate::{
    domain::{Action, Decided, Id, Known, LineSet, Past, Printer, Row, Span, Spared, Standing, Subject, Suppressed},
    source::{Changes, Counting, Decision, Options, Readings, Shard, decide, survey},
};

use super::{
    CUSTOMER, customer,
    people::{said, updating},
    recall::{Memory, known},
    rows,
    spans::{pass, set},
    surveyed,
};

fn last_wins() -> Options {
    Options { decided: Some(Counting::Last), ..updating() }
}

/// Every row counts, and somebody is asked about it.
fn remembering() -> Options {
    Options { decided: Some(Counting::Every), ..updating() }
}

fn decided(input: &[u8], options: &Options, past: &Past, memory: &mut Memory) -> Decision {
    let survey = surveyed(input, "-", options);
    decide(&|| Ok(input), "-", options, &survey, past, Some(memory), Readings::in_turn).unwrap()
}

fn suppressing(ids: &[&str]) -> Suppressed {
    let printer = Printer::new(b"key", ["profile", "customer"]);
    let prints: HashSet<_> = ids.iter().map(|id| printer.id(&Id::parse(CUSTOMER, id).unwrap())).collect();
    Suppressed::new(printer, prints)
}

fn numbers(lines: &LineSet) -> Vec<u64> {
    (0..=lines.highest().unwrap_or(0)).filter(|line| lines.contains(*line)).collect()
}

#[test]
fn the_last_row_of_an_identity_wins() {
    let input = b"customer_user_id,first_name,action\nc-1,a,\nc-2,same,\nc-1,same,\nc-3,bad,\nc-1,b,create\nc-1,long long long,\n";
    let options = Options { fields: without_required(), ..last_wins() };
    let mut memory = Memory::default();
    let Decision { decided, counts, samples, .. } = decided(input, &options, &Past::default(), &mut memory);
    assert_eq!(numbers(&decided.superseded), [2, 4]);
    assert_eq!((numbers(&decided.unchanged), numbers(&decided.before.refused)), (vec![3], vec![5]));
    assert_eq!((counts.of(Action::Create), counts.sent(), counts.malformed), (1, 1, 1));
    assert_eq!((counts.superseded, counts.unchanged, counts.refused_before), (2, 1, 1));
    assert_eq!(samples.iter().map(|sample| sample.line).collect::<Vec<_>>(), [6]);
    assert_eq!(memory.asked(), ["c-2", "c-3", "c-1"]);
}

#[test]
fn rows_of_one_person_that_are_sent_are_tied_to_each_other() {
    let input =
        b"profile_id,customer_user_id,first_name\nkin-1a,x,a\nkin-2a,y,a\nkin-1b,x,same\nkin-1c,x,a\nkin-3a,z,a\n\
        kin-3b,z,bad\nkin-1d,x,a\n";
    let past = Past { settled: set([8]), ..Past::default() };
    let mut memory = Memory::default();
    let Decision { decided, .. } = decided(input, &remembering(), &past, &mut memory);
    let tied = |line| decided.kin.ties(line).collect::<Vec<_>>();
    assert_eq!([2, 3, 4, 5, 6, 7, 8].map(tied), [vec![1], vec![], vec![], vec![1], vec![], vec![], vec![]]);
    assert_eq!(memory.shared, BTreeSet::from([2, 4, 5, 6, 7, 8]));
}

/// By any of its ids, whether it is the first of a row or the second.
#[test]
fn a_row_is_told_to_share_an_id_wherever_the_other_one_stands() {
    let input =
        b"profile_id,customer_user_id,first_name\np-1,c-1,a\n,c-2,a\np-3,c-3,a\np-3,c-4,long long long\n,c-1,a\n\
        p-5,c-2,a\n,c-6,a\np-7,p-1,a\n";
    for options in [remembering(), last_wins()] {
        let mut memory = Memory::default();
        decided(input, &Options { fields: without_required(), ..options }, &Past::default(), &mut memory);
        assert_eq!(memory.shared, BTreeSet::from([2, 3, 4, 6, 7]), "the last one is another kind's id");
    }
}

#[test]
fn what_was_the_same_is_asked_about_again_where_somebody_wants_that() {
    let input = b"customer_user_id,first_name\nc-1,same\nc-2,a\nc-3,same\nc-4,bad\nc-5,bad\n";
    let mut memory = Memory::default();
    memory.overturns = BTreeSet::from([4, 6]);
    let Decision { decided, counts, samples, .. } = decided(input, &remembering(), &Past::default(), &mut memory);
    assert_eq!((numbers(&decided.unchanged), numbers(&decided.before.refused)), (vec![2], vec![5]));
    assert_eq!((counts.sent(), counts.unchanged, counts.refused_before), (3, 1, 1));
    assert_eq!(samples.iter().map(|sample| sample.line).collect::<Vec<_>>(), [3, 4, 6]);
}

#[test]
fn what_became_of_a_row_in_earlier_tries_is_told() {
    let input = b"customer_user_id,first_name\nc-1,a\nc-2,a\nc-3,a\nc-4,a\nc-5,a\n";
    let past =
        Past { settled: set([3, 4, 5, 6]), bad: set([4, 6]), taken: set([6]), absent: set([5]), ..Past::default() };
    let mut memory = Memory::default();
    decided(input, &remembering(), &past, &mut memory);
    let expected = [
        (2, Standing::Open),
        (3, Standing::Well),
        (4, Standing::Refused),
        (5, Standing::NotThere),
        (6, Standing::Taken),
    ];
    assert_eq!(memory.standing, BTreeMap::from(expected));
}

fn without_required() -> tollgate::source::FieldWish {
    let mut wish = updating().fields;
    wish.schema.iter_mut().flat_map(|schema| &mut schema.fields).for_each(|field| field.required.clear());
    wish
}

#[test]
fn every_row_counts_where_that_was_asked_for() {
    let input = b"customer_user_id,first_name\nc-1,a\nc-1,same\nc-1,b\n";
    let mut memory = Memory::default();
    let Decision { decided, counts, .. } = decided(input, &remembering(), &Past::default(), &mut memory);
    assert_eq!((numbers(&decided.unchanged), numbers(&decided.superseded)), (vec![3], vec![]));
    assert_eq!((counts.of(Action::Update), memory.asked.len()), (2, 3));
}

/// The last row that says something wins; but nobody is deleted whom a later row wants as he is.
#[test]
fn a_row_that_leaves_everything_as_it_is_supersedes_nothing() {
    let input = b"customer_user_id,first_name,action\nc-1,a,\nc-1,,\nc-2,,delete\nc-2,,\nc-3,,\n";
    let mut memory = Memory::default();
    let Decision { decided, counts, .. } = decided(input, &last_wins(), &Past::default(), &mut memory);
    assert_eq!((numbers(&decided.superseded), counts.superseded), (vec![4], 1));
    assert_eq!((counts.sent(), counts.unchanged, counts.malformed), (1, 3, 0));
    assert_eq!(memory.asked(), ["c-1"]);
    let handed = pass(input, &last_wins(), &Past { decided, ..Past::default() });
    let idle = |row: &&Row| matches!(row.subject, Subject::Spared(_, Spared::Idle));
    assert_eq!(handed.rows.iter().filter(idle).map(|row| row.line).collect::<Vec<_>>(), [3, 5, 6]);
    assert_eq!((handed.finish.unchanged, handed.finish.superseded), (3, 1));
}

#[test]
fn nobody_to_ask_means_that_all_that_counts_is_sent() {
    let input = b"customer_user_id,first_name\nc-1,same\nc-1,bad\n";
    let survey = surveyed(input, "-", &last_wins());
    let decision =
        decide(&|| Ok(&input[..]), "-", &last_wins(), &survey, &Past::default(), None, Readings::in_turn).unwrap();
    assert_eq!((decision.counts.sent(), decision.counts.superseded), (1, 1));
}

#[test]
fn a_suppressed_row_supersedes_nothing() {
    let input = b"customer_user_id,first_name,action\nc-1,a,delete\nc-1,b,update\nc-2,a,\nc-2,b,delete\nc-1,b,upsert\n";
    let past = Past { suppressed: Some(suppressing(&["c-1", "c-2"])), ..Past::default() };
    let mut memory = Memory::default();
    let Decision { decided, counts, .. } = decided(input, &last_wins(), &past, &mut memory);
    assert_eq!((counts.of(Action::Delete), counts.suppressed, counts.superseded), (2, 3, 0));
    assert!(decided.superseded.is_empty());
    assert_eq!(memory.asked.len(), 2);
    let handed = pass(input, &last_wins(), &Past { decided, ..past });
    let suppressed = |row: &&Row| matches!(row.subject, Subject::Spared(_, Spared::Suppressed));
    let lines: Vec<u64> = handed.rows.iter().filter(suppressed).map(|row| row.line).collect();
    assert_eq!((lines, handed.finish.suppressed), (vec![3, 4, 6], 3));
    assert_eq!(handed.rows[0].subject, Subject::Known(customer("c-1")));
}

#[test]
fn what_was_settled_is_asked_about_and_in_no_set() {
    let input = b"customer_user_id,first_name\nc-1,a\nc-1,b\nc-2,same\nc-3,bad\nc-4,a\nc-5,far too long a name\n";
    let past = Past { settled: set([3, 4, 5, 6, 7]), ..Past::default() };
    let mut memory = Memory::default();
    let Decision { decided, counts, samples, .. } = decided(input, &last_wins(), &past, &mut memory);
    assert_eq!(numbers(&decided.superseded), [2]);
    assert!(decided.unchanged.is_empty() && decided.before.refused.is_empty() && samples.is_empty());
    let superseded_only = |Changes { superseded, .. }: &Changes| *superseded == 1;
    assert!(superseded_only(&counts) && counts.sent() == 0, "{counts:?}");
    assert_eq!((counts.unchanged, counts.refused_before, counts.malformed), (0, 0, 0));
    assert_eq!(memory.asked.len(), 4);
}

#[test]
fn an_identity_is_its_first_id() {
    let input = b"profile_id,customer_user_id,first_name\np-1,c-1,a\np-1,c-2,b\n,c-1,c\np-2,c-1,d\n,p-1,e\n";
    let Decision { decided, .. } = decided(input, &last_wins(), &Past::default(), &mut Memory::default());
    assert_eq!(numbers(&decided.superseded), [2]);
}

#[test]
fn suspects_are_found_however_many_rows_lie_between() {
    let mut input = String::from("customer_user_id,first_name\n");
    // More than the first filter holds.
    let count = 1_060_000_u64;
    (0..count).for_each(|number| writeln!(input, "c-{number},a").unwrap());
    (0..count).step_by(100_000).for_each(|number| writeln!(input, "c-{number},b").unwrap());
    let Decision { decided, counts, .. } =
        decided(input.as_bytes(), &last_wins(), &Past::default(), &mut Memory::default());
    assert_eq!(numbers(&decided.superseded), (0..count).step_by(100_000).map(|number| number + 2).collect::<Vec<_>>());
    assert_eq!(counts.of(Action::Update), count);
}

/// What a row of the model's input says.
#[derive(Debug, Clone)]
struct Said(u8, &'static str, &'static str);

fn any_rows() -> impl Strategy<Value = Vec<Said>> {
    let action = prop_oneof![3 => Just(""), 1 => Just("delete"), 1 => Just("upsert"), 1 => Just("nonsense")];
    let name = prop_oneof![3 => Just("a"), 2 => Just("same"), 1 => Just("bad"), 1 => Just("lost"), 1 => Just("took"), 1 => Just("far too long")];
    prop::collection::vec((0..8_u8, action, name).prop_map(|(id, action, name)| Said(id, action, name)), 0..40)
}

fn table(rows: &[Said]) -> Vec<u8> {
    let mut text = String::from("customer_user_id,action,first_name\n");
    for Said(id, action, name) in rows {
        writeln!(text, "c-{id},{action},{name}").unwrap();
    }
    text.into_bytes()
}

/// What the pass should come to, found with all of our rows at hand.
#[derive(Debug, Default, PartialEq)]
struct Model {
    unchanged: Vec<u64>,
    superseded: Vec<u64>,
    refused: Vec<u64>,
    missing: Vec<u64>,
    taken: Vec<u64>,
    suppressed: u64,
    malformed: u64,
    sent: BTreeMap<u64, Action>,
    asked: BTreeMap<u64, (String, Action, Vec<String>)>,
    /// Of those asked about, whose id another row has.
    shared: BTreeSet<u64>,
}

fn model(rows: &[Row], options: &Options, past: &Past, erased: &BTreeSet<String>) -> Model {
    let mut model = Model::default();
    let id = |row: &Row| String::from_utf8(row.id_bytes().to_vec()).unwrap();
    let mut last = BTreeMap::new();
    // Where somebody's very last row is impossible, no deletion is done in its stead.
    let ends_badly: BTreeMap<String, bool> =
        rows.iter().map(|row| (id(row), matches!(row.subject, Subject::Malformed { .. }))).collect();
    let is_stale = |row: &Row| row.action == Action::Delete && ends_badly[&id(row)];
    let may = |row: &Row| {
        let known = matches!(row.subject, Subject::Known(_));
        (known, known && row.action != Action::Delete && erased.contains(&id(row)))
    };
    for row in rows.iter().filter(|row| may(row) == (true, false)) {
        last.insert(id(row), row.line);
    }
    for row in rows {
        let settled = past.settled.contains(row.line);
        match may(row) {
            (false, _) => model.malformed += u64::from(!settled),
            (true, true) => model.suppressed += u64::from(!settled),
            (true, false)
                if options.decided == Some(Counting::Last) && (last[&id(row)] != row.line || is_stale(row)) =>
            {
                model.superseded.extend((!settled).then_some(row.line));
            }
            (true, false) => {
                let fields = said(&row.fields);
                match known(&fields) {
                    _ if settled => {}
                    Known::Same => model.unchanged.push(row.line),
                    Known::Refused => model.refused.push(row.line),
                    Known::Missing => model.missing.push(row.line),
                    Known::Taken => model.taken.push(row.line),
                    Known::Changed => drop(model.sent.insert(row.line, row.action)),
                    Known::Erased => panic!("this one never says so"),
                }
                model.asked.insert(row.line, (id(row), row.action, fields));
                let rows_of_his = rows.iter().filter(|other| id(other) == id(row)).count();
                model.shared.extend((rows_of_his > 1).then_some(row.line));
            }
        }
    }
    model
}

/// The spans of a main pass over our rows, one after the other.
fn spans(rows: &[Row], unchanged: &LineSet) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut goes_on = false;
    for row in rows {
        let is = unchanged.contains(row.line);
        match spans.last_mut().filter(|_| is && goes_on) {
            Some(span) => (span.last, span.rows) = (row.line, span.rows + 1),
            None if is => spans.push(Span { first: row.line, last: row.line, rows: 1, action: Action::Update }),
            None => {}
        }
        goes_on = is;
    }
    spans
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn decisions_and_spans_are_those_of_a_naive_model(
        table_rows in any_rows(),
        counting in prop_oneof![Just(Counting::Every), Just(Counting::Last)],
        (skip, limit) in (0..4_u64, 1..60_u64),
        (index, count) in prop_oneof![Just((0, 1)), (0..3_u32).prop_map(|index| (index, 3))],
        settled in prop::collection::btree_set(2..42_u64, 0..20),
        erased in prop::option::of(prop::collection::btree_set((0..8_u8).prop_map(|id| format!("c-{id}")), 0..4)),
    ) {
        let input = table(&table_rows);
        let decided_first = Some(counting);
        let options = Options { decided: decided_first, skip, limit, shard: Shard { index, count }, ..updating() };
        let ours = rows(&input, "-", &options);
        let settled = ours.iter().map(|row| row.line).filter(|line| settled.contains(line));
        let ids: Option<Vec<&str>> = erased.as_ref().map(|erased| erased.iter().map(String::as_str).collect());
        let suppressed = ids.map(|ids| suppressing(&ids));
        let past = Past { settled: set(settled), suppressed, ..Past::default() };
        let expected = model(&ours, &options, &past, &erased.clone().unwrap_or_default());

        let mut memory = Memory::default();
        let decision = decided(&input, &options, &past, &mut memory);
        let Decided { unchanged, superseded, before, suppressed, kin, quiet } = &decision.decided;
        prop_assert!(suppressed.is_empty() && kin.is_empty() && quiet.is_empty(), "one pile is read again");
        prop_assert_eq!(numbers(unchanged), &expected.unchanged[..]);
        prop_assert_eq!(numbers(superseded), &expected.superseded[..]);
        prop_assert_eq!(numbers(&before.refused), &expected.refused[..]);
        prop_assert_eq!(numbers(&before.missing), &expected.missing[..]);
        prop_assert_eq!(numbers(&before.taken), &expected.taken[..]);
        let counts = decision.counts;
        prop_assert_eq!((counts.suppressed, counts.malformed), (expected.suppressed, expected.malformed));
        for action in Action::ALL {
            let rows = expected.sent.values().filter(|one| **one == action).count() as u64;
            prop_assert_eq!(counts.of(action), rows);
        }
        let sampled: Vec<u64> = decision.samples.iter().map(|sample| sample.line).collect();
        prop_assert_eq!(sampled, expected.sent.keys().copied().collect::<Vec<_>>());
        prop_assert_eq!(memory.asked, expected.asked);
        prop_assert_eq!(memory.shared, expected.shared);

        let past = Past { decided: decision.decided, ..past };
        let handed = pass(&input, &options, &past);
        prop_assert_eq!(&handed.spans, &spans(&ours, &past.decided.unchanged));
        let in_spans: u64 = handed.spans.iter().map(|span| span.rows).sum();
        prop_assert_eq!(handed.finish.rows, handed.rows.len() as u64 + in_spans + handed.skipped);
        prop_assert_eq!(handed.finish.rows, ours.len() as u64);
        let sent = handed.rows.iter().filter(|row| matches!(row.subject, Subject::Known(_)));
        prop_assert_eq!(sent.map(|row| (row.line, row.action)).collect::<BTreeMap<_, _>>(), expected.sent);
        prop_assert_eq!(handed.finish.suppressed, expected.suppressed);
    }

    #[test]
    fn a_survey_that_looks_out_for_repeats_leaves_the_fields_to_the_decision(table_rows in any_rows()) {
        let (input, options) = (table(&table_rows), last_wins());
        let whole = survey(&input[..], "-", &updating(), Readings::in_turn).unwrap();
        let of_ids = survey(&input[..], "-", &options, Readings::in_turn).unwrap();
        let decision = decided(&input, &options, &Past::default(), &mut Memory::default());
        prop_assert_eq!((of_ids.rows, of_ids.malformed), (whole.rows, 0));
        prop_assert_eq!(decision.counts.malformed, whole.malformed);
        let warnings: Vec<&String> = of_ids.warnings.iter().chain(&decision.warnings).collect();
        prop_assert_eq!(warnings, whole.warnings.iter().collect::<Vec<_>>());
    }
}
