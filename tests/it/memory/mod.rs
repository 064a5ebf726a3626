//! What a sync remembers, and who must not come back: asked, forgotten, cut short, locked.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod aliases;
mod binding;
mod crashes;
mod damage;
mod ends;
mod power;
mod remembering;
mod several;
mod suppress;
mod suppress_checks;
mod suppress_file;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tollgate::{
    domain::{
        Action, Asked, Conclusion, Destination, Digest, Evidence, Fields, Id, IdKind, Identity, Known, Moment, Outcome,
        Recall, Row, Setting, Standing, Subject, Value, Verdict,
    },
    memory::{Leavers, Memory, Recollection},
};

use power::Drive;

const KEY: [u8; 32] = [7; 32];
const DAY: i64 = 86_400_000;
/// How long it is believed that somebody is missing.
const AGAIN: Duration = Duration::from_hours(12);

fn now() -> Moment {
    after_days(0)
}

fn after_days(days: i64) -> Moment {
    Moment::from_millis(1_795_226_340_123 + days * DAY)
}

fn kinds() -> Vec<String> {
    vec!["customer_user_id".to_owned(), "profile_id".to_owned()]
}

fn about() -> Destination {
    Destination {
        api: "adapty".to_owned(),
        host: "api.adapty.io".to_owned(),
        base_path: "/".to_owned(),
        parameters: BTreeMap::new(),
    }
}

fn id(kind: u8, text: &str) -> Id {
    Id::parse(IdKind(kind), text).unwrap()
}

fn person(number: u32) -> Identity {
    Identity::one(id(0, &format!("customer-{number}")))
}

fn says(value: &str) -> Fields {
    Fields::new(vec![Setting { name: Arc::from("email"), field: 0, value: Value::Text(value.into()) }])
}

fn outcome(identity: &Identity, action: Action, fields: &Fields, verdict: Verdict) -> Outcome {
    let subject = Subject::Known(identity.clone());
    let row = Row { line: 2, action, subject, fields: fields.clone(), original: (*b"row").into() };
    Outcome {
        row,
        verdict,
        attempts: 1,
        elapsed: Duration::ZERO,
        evidence: Evidence::default(),
        after_lost_answer: false,
        erased: false,
    }
}

fn open(drive: &Drive) -> Memory {
    Memory::over(drive.clone(), &KEY, "memory", &about(), &kinds(), true).unwrap()
}

/// Sends an update, as a sync does.
fn send(memory: &mut Memory, identity: &Identity, value: &str, verdict: Verdict) {
    memory.forget(std::iter::once(identity)).unwrap();
    memory.remember(&[outcome(identity, Action::Update, &says(value), verdict)], now()).unwrap();
}

/// A row of a file.
#[derive(Debug, Clone)]
struct FileRow {
    line: u64,
    identity: Identity,
    action: Action,
    fields: Fields,
    standing: Standing,
}

/// Asks about every row of a file, as the deciding pass does; what is known of each.
fn ask_all(recall: &mut dyn Recall, rows: &[FileRow]) -> Vec<Known> {
    let mut known: BTreeMap<u64, Option<Known>> = BTreeMap::new();
    for row in rows {
        known.insert(row.line, answer(recall, row, rows));
    }
    loop {
        match recall.conclude() {
            Conclusion::Told(told) => {
                for told in told {
                    assert_eq!(known.insert(told.line, Some(told.known)), Some(None), "line {}", told.line);
                }
                return known.into_values().map(Option::unwrap).collect();
            }
            Conclusion::AskAgain => {
                for row in rows {
                    if known[&row.line].is_some() {
                        known.insert(row.line, answer(recall, row, rows));
                    }
                }
            }
        }
    }
}

fn answer(recall: &mut dyn Recall, row: &FileRow, rows: &[FileRow]) -> Option<Known> {
    let FileRow { line, identity, action, fields, standing } = row;
    let shares = |other: &FileRow| other.identity.ids().any(|id| identity.ids().any(|own| own == id));
    let is_shared = rows.iter().any(|other| other.line != *line && shares(other));
    let print = recall.printer().row(identity, *action, fields);
    let (line, action, standing) = (*line, *action, *standing);
    recall.answer(Asked { line, identity, action, fields, print, is_shared, suppressed: None, standing })
}

fn recollect(memory: &mut Memory) -> Recollection {
    memory.recollect(now(), None, AGAIN).unwrap()
}

/// What is known of an update, as a sync that begins now sees it.
fn known(memory: &mut Memory, identity: &Identity, value: &str) -> Known {
    recollect(memory).ask(identity, Action::Update, &says(value))
}

/// A whole sync of these, all of them updated that changed.
fn sync(memory: &mut Memory, people: &[(Identity, &str)]) -> Vec<Known> {
    let mut recollection = recollect(memory);
    let mut answers = Vec::new();
    for (identity, value) in people {
        let answer = recollection.ask(identity, Action::Update, &says(value));
        if answer == Known::Changed {
            send(memory, identity, value, Verdict::Updated);
        }
        answers.push(answer);
    }
    memory.complete(&recollection, people.len() as u64, now()).unwrap();
    answers
}

/// Who would be pruned if nobody but these were in the input.
fn leavers(memory: &mut Memory, met: &[(Identity, &str)]) -> Vec<Identity> {
    let mut recollection = recollect(memory);
    for (identity, value) in met {
        recollection.ask(identity, Action::Update, &says(value));
    }
    match memory.leavers(&recollection, |_| u64::MAX).unwrap() {
        Leavers::Known(leavers) => leavers.into_iter().map(|leaver| leaver.identity).collect(),
        Leavers::TooMany(count) => panic!("{count} are too many"),
    }
}
