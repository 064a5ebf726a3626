//! The room `source`: fixtures and rules one by one, and properties over any bytes.

#![expect(clippy::unwrap_used, reason = "a helper that fails shall fail its test")]

mod bodies;
mod deciding;
mod fields;
mod fixtures;
mod hygiene;
mod kin;
mod passes;
mod people;
mod properties;
mod quiet;
mod recall;
mod spans;

use std::io::{self, Cursor, Read};

use tollgate::{
    domain::{Action, Batch, Id, IdFormat, IdKind, Identity, Kept, Past, Row, Subject},
    error::{Error, Exit},
    source::{ColumnWish, Dedupe, FieldWish, Finish, Format, Options, Reader, Readings, Shard, Survey, Wish, survey},
};

const PROFILE: IdKind = IdKind(0);
const CUSTOMER: IdKind = IdKind(1);

/// As for Adapty: the profile id is tried first, a bare id is a customer's.
fn options() -> Options {
    let wish = |kind, name: &str, bare| {
        let written = IdFormat::Any;
        ColumnWish { kind, name: name.to_owned(), required: false, bare, written, creates: true }
    };
    Options {
        format: Wish::Recognise,
        delimiter: Wish::Recognise,
        header: true,
        columns: vec![wish(PROFILE, "profile_id", false), wish(CUSTOMER, "customer_user_id", true)],
        allow_odd_ids: false,
        dedupe: Dedupe::Off,
        shard: Shard { index: 0, count: 1 },
        skip: 0,
        limit: u64::MAX,
        action: Action::Delete,
        action_column: None,
        fields: FieldWish::default(),
        decided: None,
        fingerprint_key: [7; 32],
        seed: 1,
    }
}

/// CSV without a header: the first column is the id.
fn numbered() -> Options {
    Options {
        format: Wish::Is(Format::Csv),
        delimiter: Wish::Is(b','),
        header: false,
        columns: vec![ColumnWish {
            kind: CUSTOMER,
            name: "1".to_owned(),
            required: true,
            bare: true,
            written: IdFormat::Any,
            creates: true,
        }],
        ..options()
    }
}

fn lines() -> Options {
    Options { format: Wish::Is(Format::Lines), ..options() }
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/fixtures/input/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn customer(id: &str) -> Identity {
    Identity::one(Id::parse(CUSTOMER, id).unwrap())
}

fn profile(id: &str) -> Identity {
    Identity::one(Id::parse(PROFILE, id).unwrap())
}

fn both(profile: &str, customer: &str) -> Identity {
    Identity::two(Id::parse(PROFILE, profile).unwrap(), Id::parse(CUSTOMER, customer).unwrap())
}

/// All that a pass hands on.
#[derive(Debug, Default)]
struct Pass {
    rows: Vec<Row>,
    kept: Vec<Kept>,
    skipped: u64,
}

fn collect<R: Read>(reader: &mut Reader<R>, past: &Past) -> Result<Pass, Error> {
    let (mut all, mut batch) = (Pass::default(), Batch::default());
    while reader.next(past, &mut batch)? {
        assert!(batch.rows.len() <= 256);
        all.rows.append(&mut batch.rows);
        all.kept.append(&mut batch.aside.kept);
        all.skipped += batch.skipped;
    }
    Ok(all)
}

fn read<R: Read>(input: R, name: &str, options: &Options, past: &Past) -> Result<(Pass, Finish), Error> {
    let mut reader = Reader::open(input, name, options, None)?;
    let all = collect(&mut reader, past)?;
    Ok((all, reader.finish()?))
}

fn rows(input: &[u8], name: &str, options: &Options) -> Vec<Row> {
    read(input, name, options, &Past::default()).unwrap().0.rows
}

/// Line and subject of each row.
fn subjects(input: &[u8], name: &str, options: &Options) -> Vec<(u64, Subject)> {
    rows(input, name, options).into_iter().map(|row| (row.line, row.subject)).collect()
}

fn known(rows: &[(u64, Identity)]) -> Vec<(u64, Subject)> {
    rows.iter().map(|(line, identity)| (*line, Subject::Known(identity.clone()))).collect()
}

/// The reason of each malformed row, `ok` for the others.
fn reasons(input: &[u8], name: &str, options: &Options) -> Vec<String> {
    let reason = |row: Row| match row.subject {
        Subject::Known(_) => "ok".to_owned(),
        Subject::Spared(_, repeat) => format!("{repeat:?}"),
        Subject::Malformed { reason, .. } => reason,
    };
    rows(input, name, options).into_iter().map(reason).collect()
}

fn surveyed(input: &[u8], name: &str, options: &Options) -> Survey {
    survey(input, name, options, Readings::in_turn).unwrap()
}

/// The error that both passes must agree on.
fn refused(input: &[u8], name: &str, options: &Options) -> Error {
    let counted = survey(input, name, options, Readings::in_turn).unwrap_err();
    let read = read(input, name, options, &Past::default()).unwrap_err();
    assert_eq!(counted, read);
    assert_eq!(counted.exit(), Exit::Data);
    counted
}

/// Gives a few bytes at a time, and is interrupted now and then.
struct Dribble {
    bytes: Cursor<Vec<u8>>,
    most: usize,
    turn: usize,
}

impl Dribble {
    fn new(bytes: &[u8], most: usize) -> Self {
        Self { bytes: Cursor::new(bytes.to_vec()), most, turn: 0 }
    }
}

impl Read for Dribble {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        if self.turn.is_multiple_of(7) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = self.most.min(into.len());
        self.bytes.read(&mut into[..most])
    }
}
