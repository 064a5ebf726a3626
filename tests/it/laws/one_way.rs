//! Trouble with one way into the API alone (deletions come to nothing, and looks are answered well) is trouble with the
//! API: it fails no more rows than a handful of bad ones might be, and then it is an outage like any other.

use std::time::Duration;

use proptest::{prelude::*, sample::select};
use tollgate::{
    domain::{Action, Row, Verdict},
    flow::{Ending, Options},
};

use super::{every_row_has_one_outcome_at_most, every_word_is_borne_out, millis, seconds, the_pace_is_kept};
use crate::support::{
    remote::{Manner, Phase, Reach, Script},
    stage::{Seen, Stage, fields, options, people},
};

/// So many rows in succession may be taken for bad ones.
const MOST_FAILED: usize = 20;

/// What is done to the rows, and which calls are out of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Delete,
    LookAndDelete,
    /// The API's own first call is a look.
    SeekAndDelete,
    /// The looks are out of order, and come after the deletion.
    DeleteAndVerify,
    Update,
    CompareAndUpdate,
    UpdateInOrder,
    Create,
    /// Nobody is there: updates are answered, creations are not.
    UpsertNew,
    /// Deletions are not answered, updates are.
    Sync,
}

const ALL: [Work; 10] = [
    Work::Delete,
    Work::LookAndDelete,
    Work::SeekAndDelete,
    Work::DeleteAndVerify,
    Work::Update,
    Work::CompareAndUpdate,
    Work::UpdateInOrder,
    Work::Create,
    Work::UpsertNew,
    Work::Sync,
];

impl Work {
    fn action(self, row: usize) -> Action {
        match self {
            Self::Delete | Self::LookAndDelete | Self::SeekAndDelete | Self::DeleteAndVerify => Action::Delete,
            Self::Update | Self::CompareAndUpdate | Self::UpdateInOrder => Action::Update,
            Self::Create => Action::Create,
            Self::UpsertNew => Action::Upsert,
            Self::Sync => [Action::Delete, Action::Update][row % 2],
        }
    }

    const fn reach(self) -> Reach {
        match self {
            Self::Delete
            | Self::LookAndDelete
            | Self::SeekAndDelete
            | Self::Update
            | Self::CompareAndUpdate
            | Self::UpdateInOrder
            | Self::Create => Reach::Changes,
            Self::DeleteAndVerify => Reach::Reads,
            Self::UpsertNew => Reach::Creations,
            Self::Sync => Reach::Deletions,
        }
    }

    fn rows(self, count: usize) -> Vec<Row> {
        let wanting = |(number, row): (usize, Row)| {
            let action = self.action(number);
            let plan = if action.takes_fields() { fields(&[("plan", Some("gold"))]) } else { row.fields };
            Row { action, fields: plan, ..row }
        };
        people(count).into_iter().enumerate().map(wanting).collect()
    }

    fn options(self, usual: &Options) -> Options {
        Options {
            look: self == Self::LookAndDelete,
            verify_after: (self == Self::DeleteAndVerify).then_some(seconds(1)),
            compare: self == Self::CompareAndUpdate,
            in_order: matches!(self, Self::UpdateInOrder | Self::Sync),
            ..usual.clone()
        }
    }

    fn script(self, rows: &[Row]) -> Script {
        let mut script = Script { looks_first: self == Self::SeekAndDelete, ..Script::calm(rows, millis(20)) };
        if matches!(self, Self::Create | Self::UpsertNew) {
            script.existing.clear();
        }
        script
    }
}

fn manner() -> impl Strategy<Value = Manner> {
    select(vec![Manner::Broken, Manner::Hang, Manner::ResetBefore, Manner::Unreachable])
}

/// One case: what is done, how fast, and from when on one way fails how.
#[derive(Debug, Clone)]
struct Case {
    work: Work,
    manner: Manner,
    from: Duration,
    options: Options,
}

fn cases(works: Vec<Work>) -> impl Strategy<Value = Case> {
    (select(works), manner(), 0..3_000u64, 1..24u32, 2.0..150.0, any::<u64>()).prop_map(
        |(work, manner, from, width, per_second, seed)| Case {
            work,
            manner,
            from: millis(from),
            options: Options { seed, timeout: seconds(10), ..work.options(&options(per_second, width)) },
        },
    )
}

impl Case {
    /// The trouble, and what comes after it.
    fn play(&self, rows: &[Row], later: Option<Phase>) -> Seen {
        let trouble = Phase::all(self.from, millis(20), self.manner).reaches(self.work.reach());
        let script = self.work.script(rows).then(trouble);
        let script = later.into_iter().fold(script, Script::then);
        let seen = Stage::new(self.options.clone(), rows.to_vec(), script).play();
        every_row_has_one_outcome_at_most(&seen, rows);
        every_word_is_borne_out(&seen);
        the_pace_is_kept(&seen, &self.options);
        seen
    }

    fn places(&self) -> usize {
        4 * self.options.width.get() as usize
    }
}

/// Nobody ends otherwise than well or as failed, and those who failed were tried ten times at least.
fn only_so_many_failed(seen: &Seen, most: usize) {
    let failed = seen.count(Verdict::Failed);
    assert!(failed <= most, "{failed} failed");
    for outcome in &seen.outcomes {
        let is_well = matches!(outcome.verdict, Verdict::Deleted | Verdict::Updated | Verdict::Created);
        assert!(is_well || (outcome.verdict == Verdict::Failed && outcome.attempts >= 10), "{outcome:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_outage_of_one_way_stops_the_run_and_fails_hardly_a_row(
        case in cases(ALL.into_iter().filter(|work| *work != Work::DeleteAndVerify).collect()),
        patience in select(vec![60, 600, 7_200]),
    ) {
        let rows = case.work.rows(500);
        let options = Options { give_up_after: seconds(patience), ..case.options.clone() };
        let case = Case { options, ..case };
        let seen = case.play(&rows, None);
        only_so_many_failed(&seen, MOST_FAILED);
        let Ending::GaveUp { last_words, .. } = &seen.report.ending else { panic!("{:?}", seen.report.ending) };
        let says_so = last_words.as_ref().is_some_and(|words| words.ends_with(" is answered, whatever else is"));
        prop_assert_eq!(says_so, seen.count(Verdict::Failed) == MOST_FAILED, "{:?}", last_words);
        prop_assert_eq!(seen.exit(), 75);
    }

    #[test]
    fn an_outage_of_one_way_that_heals_costs_hardly_a_row(
        case in cases(ALL.to_vec()),
        lasts in 1..7_000u64,
    ) {
        let rows = case.work.rows(300);
        let healed = Phase::calm(case.from + seconds(lasts), millis(20)).some(0.2, Manner::Broken);
        let seen = case.play(&rows, Some(healed));
        only_so_many_failed(&seen, MOST_FAILED);
        prop_assert_eq!(seen.report.ending, Ending::Complete);
    }

    /// Ten attempts that count are ten answers to looks, each after five seconds of silence.
    #[test]
    fn a_short_outage_of_one_way_costs_no_row(case in cases(ALL.to_vec()), lasts in 1..25u64) {
        let rows = case.work.rows(200);
        let healed = Phase::calm(case.from + seconds(lasts), millis(20)).some(0.2, Manner::Broken);
        let seen = case.play(&rows, Some(healed));
        only_so_many_failed(&seen, 0);
        prop_assert_eq!(seen.report.ending, Ending::Complete);
    }

    /// Ten attempts for each row that is in the house, then it is an outage, and probed like any other.
    #[test]
    fn ten_minutes_without_one_way_cost_few_requests(
        case in cases(ALL.into_iter().filter(|work| *work != Work::DeleteAndVerify).collect()),
    ) {
        let rows = case.work.rows(3_000);
        let seen = case.play(&rows, None);
        let sent = seen.sent_between(case.from, case.from + Duration::from_mins(10));
        let most = 16 * (case.places() + MOST_FAILED) + 220;
        prop_assert!(sent <= most, "{} requests, with {} places", sent, case.places());
    }
}
