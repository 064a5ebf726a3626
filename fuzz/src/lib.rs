//! The targets' laws, a module each but for the memory's, and what they share: an input read twice as a run reads it, a
//! directory in memory. `tests/it/fuzzed.rs` holds them against the corpus.
//!
//! A target's first bytes choose among options, the rest is what is parsed. A law that is broken panics, and so does
//! whatever libFuzzer counts as a find: a crash, more than 1 GiB, more than 10 seconds.

pub mod answers;
pub mod description;
pub mod fields;
pub mod reader;
pub mod results;
pub mod retry_after;
pub mod suppress;
pub mod words;

use std::{
    collections::BTreeMap,
    io::{self, Read, Sink},
};

use tollgate::{
    domain::{Action, Batch, Digest, IdFormat, IdKind, Past, Row, Schema},
    error::Error,
    report::{Disk, DiskFile},
    source::{ColumnWish, Dedupe, FieldWish, Finish, Format, Options, Reader, Readings, Shard, Wish, survey},
};

/// Deletions by either id, as for Adapty; with a schema, updates.
pub fn options(format: Wish<Format>, schema: Option<Schema>) -> Options {
    let wish = |kind, name: &str, bare| {
        let written = IdFormat::Any;
        ColumnWish { kind: IdKind(kind), name: name.to_owned(), required: false, bare, written, creates: true }
    };
    Options {
        format,
        delimiter: Wish::Recognise,
        header: true,
        columns: vec![wish(0, "profile_id", false), wish(1, "customer_user_id", true)],
        allow_odd_ids: false,
        dedupe: Dedupe::Off,
        shard: Shard { index: 0, count: 1 },
        skip: 0,
        limit: u64::MAX,
        action: if schema.is_some() { Action::Update } else { Action::Delete },
        action_column: None,
        fields: FieldWish { schema, ..FieldWish::default() },
        decided: None,
        fingerprint_key: [7; 32],
        seed: 1,
    }
}

/// What an input holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Held {
    /// What stands before the first record.
    pub prelude: Vec<u8>,
    /// The rows.
    pub rows: Vec<Row>,
    /// The counts.
    pub finish: Finish,
}

/// Counts an input and reads it, by passes that must agree; its rows stand on lines that only go up.
pub fn held(input: &[u8], options: &Options) -> Result<Held, Error> {
    match (survey(input, "-", options, Readings::in_turn), read(input, options)) {
        (Ok(survey), Ok(held)) => {
            let finish = &held.finish;
            assert_eq!((survey.rows, survey.malformed), (finish.rows, finish.malformed));
            assert_eq!((survey.odd, survey.trimmed, survey.bytes), (finish.odd, finish.trimmed, finish.bytes));
            assert_eq!(survey.digest, Digest::of(input));
            assert_eq!(survey.rows, held.rows.len() as u64, "every record one row");
            assert!(held.rows.is_sorted_by(|one, other| one.line < other.line), "one line, one row");
            Ok(held)
        }
        (Err(counted), Err(read)) => {
            assert_eq!(counted, read);
            Err(read)
        }
        (counted, read) => panic!("one pass reads it, the other does not: {:?} {:?}", counted.err(), read.err()),
    }
}

fn read(input: &[u8], options: &Options) -> Result<Held, Error> {
    let mut reader = Reader::open(input, "-", options, None)?;
    let prelude = reader.layout().prelude.to_vec();
    let (mut rows, mut batch) = (Vec::new(), Batch::default());
    while reader.next(&Past::default(), &mut batch)? {
        assert!(batch.rows.len() <= 256 && batch.skipped == 0);
        rows.append(&mut batch.rows);
    }
    Ok(Held { prelude, rows, finish: reader.finish()? })
}

/// A directory of few files that forgets what is written.
#[derive(Debug, Default)]
pub struct Shelf(pub BTreeMap<&'static str, Vec<u8>>);

/// A file that forgets.
pub struct Nowhere(Sink);

impl Disk for Shelf {
    type File = Nowhere;

    fn create(&mut self, _: &str) -> io::Result<Nowhere> {
        Ok(Nowhere(io::sink()))
    }

    fn append(&mut self, _: &str) -> io::Result<Nowhere> {
        Ok(Nowhere(io::sink()))
    }

    fn read(&self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>> {
        Ok(self.0.get(name).map(|bytes| Box::new(bytes.as_slice()) as Box<dyn Read>))
    }

    fn cut(&mut self, _: &str, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn rename(&mut self, _: &str, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn remove(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn sync_names(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl io::Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for Nowhere {
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}
