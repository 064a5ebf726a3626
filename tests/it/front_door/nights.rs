//! Night after night a sync with a memory, in whatever weather: killed, stopped, refused answers, repeated or abandoned.
//!
//! After one calm night the stand-in has what the last file says, whoever left the files is gone where that was asked for,
//! nobody else is, and the same file once more is no call at all, whether its last rows count or all of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
};

use proptest::{prelude::*, sample::subsequence};
use serde_json::{Value, json};
use tollgate::sandbox::{Faults, Population, Sandbox, Share};

use crate::support::{
    acts::{act, people, received},
    program::{Desk, Left, Running, Signal, run, sandbox},
};

/// Those that files are about; the first few exist from the beginning.
const POOL: u8 = 9;
const FROM_THE_BEGINNING: u64 = 5;
/// Exists from the beginning, and is in no file.
const OUTSIDER: u8 = 3;

/// A row of a file.
#[derive(Debug, Clone, PartialEq)]
enum Row {
    /// This version of somebody.
    Is(u8, u8),
    /// Somebody shall go.
    Goes(u8),
    /// A value that cannot be.
    Invalid(u8),
}

/// What befalls a night.
#[derive(Debug, Clone)]
enum Trouble {
    None,
    /// A signal when the stand-in has received so many requests; whether the same command is given again.
    Struck {
        signal: Signal,
        requests: u64,
        again: bool,
    },
}

#[derive(Debug, Clone)]
struct Night {
    file: Vec<Row>,
    flags: Vec<&'static str>,
    trouble: Trouble,
}

const FLAGS: [&str; 5] = ["--every-row", "--prune", "--compare=server", "--refresh=1d", "--max-attempts=2"];

fn row() -> impl Strategy<Value = Row> {
    let who = (0..POOL).prop_map(|who| if who == OUTSIDER { POOL } else { who });
    (who, prop_oneof![8 => (0..2_u8).prop_map(Some), 1 => Just(None)], 0..25_u8).prop_map(|(who, version, luck)| {
        match version {
            _ if luck == 24 => Row::Invalid(who),
            Some(version) => Row::Is(who, version),
            None => Row::Goes(who),
        }
    })
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let signal = prop_oneof![3 => Just(Signal::KILL), 1 => Just(Signal::TERM)];
    let struck = (signal, 1..26_u64, any::<bool>());
    let struck = struck.prop_map(|(signal, requests, again)| Trouble::Struck { signal, requests, again });
    prop_oneof![2 => Just(Trouble::None), 3 => struck]
}

fn night() -> impl Strategy<Value = Night> {
    let flags = subsequence(FLAGS.to_vec(), 0..=3);
    (prop::collection::vec(row(), 1..12), flags, trouble()).prop_map(|(file, flags, trouble)| Night {
        file,
        flags,
        trouble,
    })
}

fn name(who: u8) -> String {
    format!("customer-{}", who + 1)
}

/// What a version of somebody says: each always names the same fields.
fn fields(who: u8, version: u8) -> (Option<String>, Option<String>, Option<String>) {
    let (email, first, sport) =
        (format!("{version}@example.com"), format!("Name {version}"), format!("sport {version}"));
    match who % 3 {
        0 => (Some(email), Some(first), None),
        1 => (None, None, Some(sport)),
        _ => (Some(email), Some(first), Some(sport)),
    }
}

fn content(who: u8, version: u8) -> Value {
    let (email, first, sport) = fields(who, version);
    let mut content = json!({});
    for (name, value) in [("email", email), ("first_name", first)] {
        if let Some(value) = value {
            content[name] = value.into();
        }
    }
    if let Some(sport) = sport {
        content["custom_attributes"] = json!({ "sport": sport });
    }
    content
}

fn file(rows: &[Row]) -> String {
    let mut text = "customer_user_id,action,email,first_name,custom_attributes.sport\n".to_owned();
    for row in rows {
        let cell = Option::unwrap_or_default;
        match row {
            Row::Is(who, version) => {
                let (email, first, sport) = fields(*who, *version);
                writeln!(text, "{},,{},{},{}", name(*who), cell(email), cell(first), cell(sport)).unwrap();
            }
            Row::Goes(who) => writeln!(text, "{},delete,,,", name(*who)).unwrap(),
            Row::Invalid(who) => writeln!(text, "{},,nobody at all,,", name(*who)).unwrap(),
        }
    }
    text
}

impl Night {
    fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    /// What each identity wants in the end; none to be gone. Where the last row counts, a deletion is not done instead of a
    /// later row that cannot be sent: then nothing is wanted.
    fn wanted(&self) -> BTreeMap<u8, Option<u8>> {
        let mut wanted = BTreeMap::new();
        for row in &self.file {
            match row {
                Row::Is(who, version) => drop(wanted.insert(*who, Some(*version))),
                Row::Goes(who) => drop(wanted.insert(*who, None)),
                Row::Invalid(who) if wanted.get(who) == Some(&None) && !self.has("--every-row") => {
                    wanted.remove(who);
                }
                Row::Invalid(_) => {}
            }
        }
        wanted
    }
}

/// Whom a file names, in whatever row.
fn named(rows: &[Row]) -> BTreeSet<u8> {
    rows.iter()
        .map(|row| match row {
            Row::Is(who, _) | Row::Goes(who) | Row::Invalid(who) => *who,
        })
        .collect()
}

/// How a night ended whose every row has its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Every row reached its goal.
    Well,
    /// Rows are invalid, none failed.
    Invalid,
    /// Rows failed.
    Failed,
}

/// What is known for certain, told by how the nights ended.
#[derive(Debug, Default)]
struct Model {
    /// The members of the last complete sync, and whoever was created by one that was told to stop since.
    members: BTreeSet<u8>,
    /// Who is there and who is not.
    exist: BTreeMap<u8, bool>,
}

impl Model {
    /// A night that may have done any part of its work.
    fn broken_off(&mut self, night: &Night) {
        let wanted = night.wanted();
        for (who, wish) in &wanted {
            if wish.is_none() || night.file.contains(&Row::Goes(*who)) || self.exist.get(who) != Some(&true) {
                self.exist.remove(who);
            }
        }
        // With every row, a deletion counts that no later row takes back.
        self.exist.retain(|who, _| !night.file.contains(&Row::Goes(*who)));
        if night.has("--prune") {
            let named = named(&night.file);
            self.exist.retain(|who, _| named.contains(who) || !self.members.contains(who));
        }
    }

    /// A night whose every row has its line.
    fn completed(&mut self, night: &Night, end: End) {
        let wanted = night.wanted();
        if end == End::Well {
            self.exist.extend(wanted.iter().map(|(who, wish)| (*who, wish.is_some())));
        } else {
            self.broken_off(&Night { flags: Vec::new(), ..night.clone() });
        }
        let named = named(&night.file);
        let leavers: Vec<u8> = self.members.iter().copied().filter(|who| !named.contains(who)).collect();
        if night.has("--prune") && !leavers.is_empty() {
            if end == End::Failed {
                return;
            }
            self.exist.extend(leavers.iter().map(|who| (*who, false)));
        }
        // Whoever is named in rows alone that are not sent is a member still if he was.
        self.members.retain(|who| named.contains(who) && !wanted.contains_key(who));
        self.members.extend(wanted.iter().filter(|(_, wish)| wish.is_some()).map(|(who, _)| *who));
    }
}

/// How far a night came.
enum Came {
    Through(End),
    /// Killed: nobody knows how far.
    Struck,
    /// Told to stop: these were created.
    Stopped(BTreeSet<u8>),
}

/// Gives the night's command, once or until it is through; tells how it ended.
fn spend(desk: &Desk, night: &Night, sandbox: &Sandbox) -> Came {
    desk.put("tonight.csv", file(&night.file));
    let command = || {
        let mut words = vec!["sync", "tonight.csv", "--action", "upsert", "--memory", "memory", "--first"];
        words.extend(["--max-delete", "100"]);
        words.extend(&night.flags);
        act(desk, &words, sandbox)
    };
    let Trouble::Struck { signal, requests, again } = night.trouble else {
        return Came::Through(through(&run(&mut command())));
    };
    let target = sandbox.received().requests + requests;
    let mut running = Running::start(&mut command());
    received(&mut running, sandbox, target);
    running.strike(signal);
    let left = running.leave();
    match left.code {
        Some(0 | 1) => Came::Through(through(&left)),
        _ if again => Came::Through(through(&run(&mut command()))),
        Some(143) => Came::Stopped(created(desk, &left)),
        _ => Came::Struck,
    }
}

/// Whom a run that closed its results has created.
fn created(desk: &Desk, left: &Left) -> BTreeSet<u8> {
    let Some(said) = left.stderr.lines().find_map(|line| line.strip_prefix("results ")) else { return BTreeSet::new() };
    let results = fs::read_to_string(desk.path(said.trim()).join("results.csv")).unwrap();
    let fields = results.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let created = fields.filter(|fields| fields.get(3) == Some(&"created"));
    created.filter_map(|fields| fields[1].strip_prefix("customer-")?.parse::<u8>().ok()).map(|who| who - 1).collect()
}

#[track_caller]
fn through(left: &Left) -> End {
    match left.code {
        Some(0) => End::Well,
        Some(1) if left.stderr.contains("given up for now") => End::Failed,
        Some(1) => End::Invalid,
        _ => panic!("{left:#?}"),
    }
}

fn live_through(nights: &[Night], faults: Faults) {
    let (desk, sandbox) = (Desk::new(), sandbox(Population::Count(FROM_THE_BEGINNING), faults, None));
    let mut model = Model::default();
    let mut was_killed = false;
    for night in nights {
        let came = spend(&desk, night, &sandbox);
        was_killed = matches!(came, Came::Struck);
        match came {
            // Nights may end badly by rows that failed; that is what the next one is for.
            Came::Through(end) => model.completed(night, end),
            Came::Struck => model.broken_off(night),
            Came::Stopped(created) => {
                model.broken_off(night);
                model.members.extend(created);
            }
        }
    }
    let last = nights.last().unwrap();
    let flags = last.flags.iter().copied().filter(|flag| ["--prune", "--every-row"].contains(flag)).collect();
    let calm = Night { file: last.file.clone(), flags, trouble: Trouble::None };
    let has_invalid = last.file.iter().any(|row| matches!(row, Row::Invalid(_)));
    let expected = if has_invalid { End::Invalid } else { End::Well };
    let calmly = || match spend(&desk, &calm, &sandbox) {
        Came::Through(end) => assert_eq!(end, expected),
        Came::Struck | Came::Stopped(_) => panic!("nobody struck it"),
    };
    calmly();
    model.completed(&calm, expected);
    holds(&model, &calm, &people(&sandbox));
    // A calm night that goes on with a killed one is not told what that one wrote down and had no time to remember.
    if was_killed {
        calmly();
    }
    let before = sandbox.received().requests;
    calmly();
    assert_eq!(sandbox.received().requests, before, "nothing is new");
    holds(&model, &calm, &people(&sandbox));
}

fn holds(model: &Model, night: &Night, people: &BTreeMap<String, Value>) {
    for (who, wish) in night.wanted() {
        let expected = wish.map(|version| content(who, version));
        assert_eq!(people.get(&name(who)), expected.as_ref(), "{who} of {night:?}");
    }
    for (who, exists) in &model.exist {
        assert_eq!(people.contains_key(&name(*who)), *exists, "{who} of {model:?}");
    }
    assert_eq!(people.get(&name(OUTSIDER)), Some(&json!({})), "nobody asked for that");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_any_nights_a_calm_one_leaves_what_the_last_file_says(nights in prop::collection::vec(night(), 1..5)) {
        live_through(&nights, Faults::default());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_nights_with_a_sick_api_too(nights in prop::collection::vec(night(), 1..4)) {
        let faults = Faults { server_error: Share(0.1), reset: Share(0.1), truncate: Share(0.05), ..Faults::default() };
        live_through(&nights, faults);
    }
}

/// What was remembered of a row is forgotten before the row is sent: a kill in between must not leave the old word standing.
#[test]
fn whoever_was_changed_and_not_written_down_is_set_right_by_a_file_that_says_the_old_again() {
    let latency = std::time::Duration::from_millis(300);
    let (desk, sandbox) = (Desk::new(), sandbox(Population::Count(1), Faults { latency, ..Faults::default() }, None));
    let say = |version| {
        desk.put("tonight.csv", file(&[Row::Is(0, version)]));
        act(&desk, &["sync", "tonight.csv", "--memory", "memory", "--first"], &sandbox)
    };
    run(&mut say(0)).with(0);
    assert_eq!(sandbox.received().patches, 1);
    let mut running = Running::start(&mut say(1));
    let look_and_patch = sandbox.received().requests + 2;
    received(&mut running, &sandbox, look_and_patch);
    running.kill();
    assert_eq!(people(&sandbox)[&name(0)], content(0, 1), "the API has it");
    run(&mut say(0)).with(0).saying(&["updated 1"]);
    assert_eq!(people(&sandbox)[&name(0)], content(0, 0));
    assert!(fs::read_dir(desk.path("tollgate-runs")).unwrap().count() >= 3, "each night has its results");
}
