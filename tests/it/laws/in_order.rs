//! Several rows of one identity that all count: they are applied in file order, whatever happens, across retries and tries.

use std::num::NonZeroU32;

use proptest::{collection::vec, prelude::*, sample::select};
use tollgate::{
    domain::{Action, Id, Kin, Outcome, Row, Subject, Value, Verdict},
    flow::{Ending, Options, Signal},
};

use super::{
    changes, every_row_has_one_outcome_at_most, every_word_is_borne_out, millis,
    random::{habits, phases, signals, tempers},
    rows_of_one_person_keep_their_order, seconds, the_pace_is_kept,
};
use crate::support::{
    remote::{Habits, Manner, Phase, Reach, Script, Sent, Temper},
    stage::{Seen, Stage, fields, name, options, people, profile, row},
    world::World,
};

/// So few that every one of them stands on several lines.
const PEOPLE: usize = 6;

/// The row's line is among its fields, so that the log tells whose request it was.
fn marked(action: Action, row: Row, takes_note_away: bool) -> Row {
    let line = row.line.to_string();
    let note = (!takes_note_away).then_some("noted");
    let fields = match action {
        Action::Update | Action::Upsert => fields(&[("line", Some(&line)), ("note", note)]),
        Action::Delete | Action::Create | Action::Get | Action::Verify => fields(&[("line", Some(&line))]),
    };
    Row { action, fields, ..row }
}

fn line_of(sent: &Sent) -> u64 {
    let line = sent.fields.iter().find(|setting| &*setting.name == "line").expect("every row is marked");
    let Value::Text(text) = &line.value else { panic!("a text") };
    text.parse().expect("a line")
}

fn action() -> impl Strategy<Value = Action> {
    select(vec![Action::Create, Action::Update, Action::Upsert, Action::Delete])
}

fn rows(of_two_ids: bool) -> impl Strategy<Value = Vec<Row>> {
    vec((action(), 0..6u8, 0..PEOPLE, 0..PEOPLE, any::<bool>()), 1..40).prop_map(move |shapes| {
        let rows = shapes.into_iter().zip(2..).map(|((action, kind, first, second, nothing), line)| {
            let row = match kind {
                0 | 1 if of_two_ids => row(line, &[&profile(first), &name(second)]),
                2 if of_two_ids => row(line, &[&profile(first)]),
                _ => row(line, &[&name(first)]),
            };
            marked(action, row, nothing)
        });
        rows.collect()
    })
}

/// Of some rows it is known that they are of one person, whatever their ids.
fn kin() -> impl Strategy<Value = Kin> {
    vec((2..42_u64, 0..6_u64), 0..12).prop_map(Kin::of)
}

/// Trouble that passes, and so settles no row.
fn passing() -> impl Strategy<Value = Vec<Phase>> {
    let manner = select(vec![
        Manner::Broken,
        Manner::ResetBefore,
        Manner::ResetAfter,
        Manner::BrokenAfter,
        Manner::Hang,
        Manner::TooMany(None),
        Manner::TooMany(Some(seconds(2))),
    ]);
    let phase = (0..400u64, vec((0.0..0.3, manner), 1..4));
    phase.prop_map(|(latency, faults)| vec![Phase { faults, ..Phase::calm(millis(0), millis(latency)) }])
}

fn ids(row: &Row) -> Vec<&str> {
    match &row.subject {
        Subject::Known(identity) => identity.ids().map(Id::text).collect(),
        Subject::Spared(..) | Subject::Malformed { .. } => Vec::new(),
    }
}

fn belong_together(one: &Row, other: &Row, kin: &Kin) -> bool {
    ids(one).iter().any(|id| ids(other).contains(id))
        || kin.ties(one.line).any(|tie| kin.ties(other.line).any(|of| of == tie))
}

fn is_settled(outcomes: &[Outcome], line: u64) -> bool {
    outcomes.iter().any(|outcome| outcome.row.line == line && outcome.verdict.is_settled())
}

/// No request of an earlier row goes after one of a later row of the same person.
fn nobody_is_overtaken(seen: &Seen, rows: &[Row], kin: &Kin) {
    let row_of = |sent| rows.iter().find(|row| row.line == line_of(sent)).expect("a row of this try");
    let sent: Vec<&Row> = changes(seen).map(row_of).collect();
    for (index, later) in sent.iter().enumerate() {
        let overtaken = sent[index..].iter().find(|row| row.line < later.line && belong_together(row, later, kin));
        assert!(overtaken.is_none(), "line {} after line {}", overtaken.map_or(0, |row| row.line), later.line);
    }
}

/// What the next try is fed with stands behind everything that is settled.
fn nobody_is_settled_before_those_ahead(seen: &Seen, rows: &[Row], kin: &Kin) {
    for settled in seen.outcomes.iter().filter(|outcome| outcome.verdict.is_settled()) {
        let ahead = rows.iter().filter(|row| row.line < settled.row.line && belong_together(row, &settled.row, kin));
        for row in ahead {
            assert!(is_settled(&seen.outcomes, row.line), "line {} before line {}", settled.row.line, row.line);
        }
    }
}

fn unsettled(seen: &Seen, rows: &[Row]) -> Vec<Row> {
    rows.iter().filter(|row| !is_settled(&seen.outcomes, row.line)).cloned().collect()
}

/// How one run of several tries is set.
#[derive(Debug, Clone)]
struct Setting {
    options: Options,
    habits: Habits,
    batch: usize,
}

fn settings() -> impl Strategy<Value = Setting> {
    (1..8u32, 1..3u32, any::<bool>(), habits(), 1..20usize, any::<u64>()).prop_map(
        |(width, attempts, compare, habits, batch, seed)| {
            let usual = options(100.0, width);
            let max_attempts = attempts.try_into().expect("above zero");
            let timeout = seconds(5);
            Setting {
                options: Options { in_order: true, compare, max_attempts, timeout, seed, ..usual },
                habits,
                batch,
            }
        },
    )
}

impl Setting {
    fn attempt(
        &self,
        rows: &[Row],
        phases: &[Phase],
        existing: World,
        signals: &[(std::time::Duration, Signal)],
    ) -> Stage {
        let script = Script {
            existing,
            habits: self.habits,
            phases: phases.to_vec(),
            seed: self.options.seed,
            ..Script::calm(rows, millis(0))
        };
        let stage = Stage::new(self.options.clone(), rows.to_vec(), script);
        Stage { batch: self.batch, signals: signals.to_vec(), ..stage }
    }
}

fn someone(existing: &[usize]) -> World {
    existing.iter().flat_map(|number| [name(*number), profile(*number)]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_each_identity_survives_any_fault(
        rows in rows(true),
        existing in vec(0..PEOPLE, 0..PEOPLE),
        troubles in vec((phases(), signals()), 2),
        tempers in tempers(),
        kin in kin(),
        setting in settings(),
    ) {
        let (mut left, mut world) = (rows, someone(&existing));
        for (phases, signals) in troubles {
            let mut stage = setting.attempt(&left, &phases, world, &signals);
            stage.script.tempers.clone_from(&tempers);
            stage.past.decided.kin.clone_from(&kin);
            let seen = stage.play();
            every_row_has_one_outcome_at_most(&seen, &left);
            every_word_is_borne_out(&seen);
            rows_of_one_person_keep_their_order(&seen);
            the_pace_is_kept(&seen, &setting.options);
            nobody_is_overtaken(&seen, &left, &kin);
            nobody_is_settled_before_those_ahead(&seen, &left, &kin);
            left = unsettled(&seen, &left);
            world = seen.left;
        }
    }

    #[test]
    fn once_everything_is_settled_the_last_row_of_each_identity_stands(
        rows in rows(false),
        existing in vec(0..PEOPLE, 0..PEOPLE),
        troubles in vec((passing(), signals()), 0..4),
        setting in settings(),
    ) {
        let calm = [Phase::calm(millis(0), millis(10))];
        let one_by_one = Setting {
            options: Options { canary: u64::MAX, ..setting.options.clone() },
            ..setting.clone()
        };
        let undisturbed = one_by_one.attempt(&rows, &calm, someone(&existing), &[]).play();
        let (mut left, mut world) = (rows, someone(&existing));
        for (phases, signals) in troubles.iter().map(|(phases, signals)| (&phases[..], &signals[..])).chain([(&calm[..], &[][..])]) {
            let seen = setting.attempt(&left, phases, world, signals).play();
            left = unsettled(&seen, &left);
            world = seen.left;
        }
        prop_assert!(left.is_empty(), "the last try is calm");
        prop_assert_eq!(world, undisturbed.left);
    }

    #[test]
    fn no_more_are_created_than_permitted(
        count in 1..60usize,
        limit in 0..60u64,
        earlier in 0..20u64,
        existing in vec(0..60usize, 0..30),
        phases in passing(),
        width in 1..12u32,
        habits in habits(),
    ) {
        let rows: Vec<Row> = people(count).into_iter().map(|row| marked(Action::Upsert, row, false)).collect();
        let missing = rows.len() - (1..=count).filter(|number| existing.contains(number)).count();
        // A row that is given up creates nobody.
        let options = Options { max_create: limit, max_attempts: NonZeroU32::MAX, ..options(200.0, width) };
        let script = Script { existing: someone(&existing), habits, phases, ..Script::calm(&rows, millis(0)) };
        let mut stage = Stage::new(options, rows.clone(), script);
        stage.past.tally.add_many(Verdict::Created, earlier);
        let seen = stage.play();
        every_row_has_one_outcome_at_most(&seen, &rows);
        let begun = missing as u64 <= limit.saturating_sub(earlier);
        prop_assert_eq!(seen.report.ending == Ending::Complete, begun, "{:?}", seen.report.ending);
        let created = seen.left.len() - someone(&existing).len();
        prop_assert!(created as u64 <= limit.saturating_sub(earlier), "{} created", created);
    }
}

#[test]
fn behind_a_failed_row_nobody_of_the_same_identity_is_sent() {
    let both = || row(0, &[&profile(1), &name(1)]).subject;
    let mut rows =
        vec![row(2, &[&profile(1)]), Row { subject: both(), ..row(3, &[]) }, row(4, &[&name(2)]), row(5, &[&name(1)])];
    rows.extend((6..40u32).map(|line| row(line.into(), &[&format!("person-of-line-{line}")])));
    let rows: Vec<Row> = rows.into_iter().map(|row| marked(Action::Update, row, false)).collect();
    let script = Script::calm(&rows, millis(20)).temper(&profile(1), Temper::Poison);
    for batch in [1, 100] {
        let in_order = Options { in_order: true, ..options(100.0, 4) };
        let stage = Stage { batch, ..Stage::new(in_order, rows.clone(), script.clone()) };
        let seen = stage.play();
        assert_eq!(
            [2, 3, 5].map(|line| seen.verdict(line)),
            [Some(Verdict::Failed); 3],
            "3 shares an id with 2, 5 with 3"
        );
        assert_eq!(seen.count(Verdict::Updated), rows.len() - 3);
        let held = seen.outcomes.iter().find(|outcome| outcome.row.line == 5).expect("an outcome");
        assert_eq!(held.attempts, 0);
        assert!(held.evidence.message.as_ref().is_some_and(|words| words.contains("is to be sent first")));
    }
    let unordered = Stage::new(options(100.0, 4), rows, script).play();
    assert_eq!(unordered.verdict(5), Some(Verdict::Updated), "unless it is asked for");
}

/// Two ids of one person: the API is slow with the first row, and fast with the second.
#[test]
fn a_row_waits_for_the_answer_to_its_kin() {
    let rows = vec![row(2, &[&profile(1)]), row(3, &[&name(1)]), row(4, &[&name(2)])];
    let rows: Vec<Row> = rows.into_iter().map(|row| marked(Action::Update, row, false)).collect();
    let script = Script::calm(&rows, millis(900)).then(Phase::calm(millis(5), millis(10)));
    let mut stage = Stage::new(Options { in_order: true, ..options(100.0, 4) }, rows.clone(), script);
    stage.past.decided.kin = Kin::of(vec![(2, 7), (3, 7)]);
    let seen = stage.play();
    let answered = seen.log[0].until.expect("an answer");
    let sent: Vec<(u64, bool)> = changes(&seen).map(|sent| (line_of(sent), sent.at < answered)).collect();
    assert_eq!(sent, [(2, true), (4, true), (3, false)]);
}

/// A row that the API will never take is no reason to hold back the next one.
#[test]
fn refused_rows_hold_nobody_back() {
    let rows = vec![row(2, &[&name(1)]), row(3, &[&name(2)]), row(4, &[&name(1)])];
    let rows: Vec<Row> = rows.into_iter().map(|row| marked(Action::Update, row, false)).collect();
    let script = Script::calm(&rows, millis(20));
    let refusing = Phase::all(millis(0), millis(20), Manner::BadRequest);
    let script = script.first(refusing).then(Phase::calm(millis(15), millis(20)));
    let in_order = Options { in_order: true, canary: 0, ..options(100.0, 1) };
    let seen = Stage::new(in_order, rows, script).play();
    assert_eq!((seen.verdict(2), seen.verdict(4)), (Some(Verdict::Refused), Some(Verdict::Updated)));
}

/// A later row was on the wire when the word of an earlier one was taken back: what it was told was written down.
#[test]
fn nobody_is_written_down_behind_a_row_whose_word_is_taken_back() {
    let both = |line, person| row(line, &[&profile(person), &name(person)]);
    for seed in 0..60 {
        let rows: Vec<Row> = (2..40).map(|line| both(line, usize::try_from(line % 7).unwrap_or(0))).collect();
        let rows: Vec<Row> = rows.into_iter().map(|row| marked(Action::Update, row, false)).collect();
        let firewall = Phase::calm(seconds(0), millis(41)).some(0.4, Manner::Unsigned(404)).reaches(Reach::Changes);
        let script = Script { phases: vec![firewall], seed, ..Script::calm(&rows, millis(0)) };
        let in_order = Options { in_order: true, canary: 0, seed, ..options(100.0, 5) };
        let seen = Stage { batch: 1, ..Stage::new(in_order, rows.clone(), script) }.play();
        nobody_is_settled_before_those_ahead(&seen, &rows, &Kin::default());
    }
}
