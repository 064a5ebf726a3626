//! The results: written, killed, torn, tampered with, continued.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod damage;
mod directory;
mod fold;
mod journal;
mod profiles;
mod ranges;
mod retention;
mod summary;

use std::{collections::BTreeMap, time::Duration};

use tollgate::{
    domain::{
        Action, Destination, Digest, Evidence, Fields, Id, IdKind, Identity, Layout, Moment, Outcome, Row, Subject,
        Verdict,
    },
    error::Exit,
    flow::MaxAbsent,
    report::{Ending, Immutable, InputFacts, Journal, Scan, ScanOptions, scan},
};

use crate::support::disk::SimDisk;

fn now() -> Moment {
    Moment::from_millis(1_795_226_340_123)
}

fn destination() -> Destination {
    Destination {
        api: "adapty".to_owned(),
        host: "api.adapty.io:443".to_owned(),
        base_path: "/".to_owned(),
        parameters: BTreeMap::new(),
    }
}

fn below(base_path: &str) -> Destination {
    Destination { base_path: base_path.to_owned(), ..destination() }
}

fn of_tenant(name: &str) -> Destination {
    Destination { parameters: BTreeMap::from([("tenant".to_owned(), name.to_owned())]), ..destination() }
}

fn elsewhere() -> Destination {
    Destination { host: "localhost:1".to_owned(), ..destination() }
}

fn immutable() -> Immutable {
    Immutable {
        tool_version: "0.1.0".to_owned(),
        command: "delete".to_owned(),
        destination: destination(),
        app: Some("14c3".to_owned()),
        operator: Some("Ada".to_owned()),
        reference: None,
        key_fingerprint: "ab12".to_owned(),
        input: InputFacts {
            name: "customers.csv".to_owned(),
            size: Some(12),
            digest: Some(Digest::of(b"customers")),
            rows: Some(3),
        },
        options: BTreeMap::from([("rate".to_owned(), "20/s".to_owned())]),
        hash_ids: None,
        sandbox: false,
        started: now(),
        turn: 1,
    }
}

fn layout() -> Layout {
    Layout { extension: "csv", prelude: b"customer_user_id\n".as_slice().into() }
}

fn options() -> ScanOptions {
    ScanOptions { max_absent: MaxAbsent::Percent(95.0), with_replay: true }
}

fn outcome(line: u64, verdict: Verdict) -> Outcome {
    let id = format!("customer-{line}");
    let identity = Identity::one(Id::parse(IdKind(0), &id).unwrap());
    let sent = verdict.is_answered() || verdict == Verdict::Failed;
    Outcome {
        row: Row {
            line,
            action: Action::Delete,
            subject: Subject::Known(identity),
            fields: Fields::default(),
            original: id.into_bytes().into(),
        },
        verdict,
        attempts: u32::from(sent),
        elapsed: Duration::from_millis(7),
        evidence: Evidence { status: sent.then_some(204), ..Evidence::default() },
        after_lost_answer: false,
        erased: false,
    }
}

fn ending(complete: bool) -> Ending {
    let exit = if complete { Exit::Success } else { Exit::Incomplete };
    Ending { exit, at: now(), rows_read: 3, unsettled: 0, complete }
}

fn create(disk: &SimDisk) -> Journal<SimDisk> {
    Journal::create(disk.clone(), &immutable(), &layout()).unwrap()
}

fn look(disk: &SimDisk) -> Scan {
    scan(disk, options()).unwrap().unwrap()
}

fn resume(disk: &SimDisk) -> Journal<SimDisk> {
    Journal::resume(disk.clone(), &look(disk), &layout(), "ab12").unwrap()
}

/// A journal of the given verdicts, of rows 1, 2, …, that was closed unfinished.
fn written(verdicts: &[Verdict]) -> SimDisk {
    let disk = SimDisk::default();
    let mut journal = create(&disk);
    for (line, verdict) in (1..).zip(verdicts) {
        journal.record(&[outcome(line, *verdict)], now()).unwrap();
    }
    journal.sync().unwrap();
    disk
}

/// The outcome lines by an independent reader, after an independent check of the chain.
fn records(disk: &SimDisk) -> Vec<csv::StringRecord> {
    let bytes = disk.bytes("results.csv").unwrap();
    let run: BTreeMap<String, Box<serde_json::value::RawValue>> =
        serde_json::from_slice(&disk.bytes("run.json").unwrap()).unwrap();
    let mut previous = Digest::of(run["immutable"].get().as_bytes()).to_string();
    for line in std::str::from_utf8(&bytes).unwrap().lines().skip(1) {
        let (raw, chain) = line.rsplit_once(',').unwrap();
        assert_eq!(Digest::of(format!("{previous}{raw}").as_bytes()).to_string(), chain);
        chain.clone_into(&mut previous);
    }
    csv::Reader::from_reader(bytes.as_slice()).records().map(Result::unwrap).collect()
}
