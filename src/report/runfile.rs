//! `run.json`: what a run is about, and how it stands.
//!
//! Promises: the immutable part's bytes never change after the first write, since the chain of the results begins with
//! their digest; the state is rewritten atomically, and may lag behind the results. It does not know the results.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    RUN,
    disk::{Disk, cannot_read, cannot_write, read_whole, replace},
};
use crate::{
    domain::{Destination, Digest, Moment, Tally},
    error::{Error, Exit},
};

/// What a run is about: fixed by its first try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Immutable {
    /// The version of the program that began the run.
    pub tool_version: String,
    /// `delete`.
    pub command: String,
    /// Where its calls go.
    #[serde(flatten)]
    pub destination: Destination,
    /// The app that the key belongs to, where a look told.
    pub app: Option<String>,
    /// `--operator`.
    pub operator: Option<String>,
    /// `--reference`.
    pub reference: Option<String>,
    /// Tells keys apart without showing one.
    pub key_fingerprint: String,
    /// What was read.
    pub input: InputFacts,
    /// The options that shape the run, as they would be typed.
    pub options: BTreeMap<String, String>,
    /// Ids are hashed under the key with this id; `None` where they stand in clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_ids: Option<String>,
    /// A rehearsal against the stand-in: nobody real was touched.
    pub sandbox: bool,
    /// When the first try began.
    #[serde(with = "moment")]
    pub started: Moment,
    /// Its place in the order in which the runs beside it were begun, whatever the clock said; from 1 on. 0 where it was
    /// not recorded.
    #[serde(default)]
    pub turn: u64,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFacts {
    /// The path as typed; `-` for stdin.
    pub name: String,
    /// Bytes of the file; `None` for stdin.
    pub size: Option<u64>,
    /// SHA-256 of the file's bytes; `None` for stdin.
    #[serde(with = "optional_digest")]
    pub digest: Option<Digest>,
    /// Records in the file; `None` for stdin.
    pub rows: Option<u64>,
}

/// How a run stands: rewritten at the beginning and at the end of each try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Every row by its last line, words that are not settled included.
    #[serde(with = "totals")]
    pub totals: Tally,
    /// Rows that the latest try read, those settled before included.
    pub rows_read: u64,
    /// Rows read that have no settled word.
    pub unsettled: u64,
    /// Every row of the input was read and has a line: another try would send nothing, but for `failed` rows.
    pub complete: bool,
    /// The code that the latest try left with; `None` while it runs, and after it was killed.
    pub exit_code: Option<u8>,
    /// When the latest try ended.
    #[serde(with = "optional_moment")]
    pub ended: Option<Moment>,
    /// The chain value of the last line, as far as this file knows.
    #[serde(with = "digest")]
    pub chain_head: Digest,
    /// Of the latest try's key.
    pub key_fingerprint: String,
    /// The app that the key belongs to, where it was learned only after the run had begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// How many tries were begun.
    pub tries: u64,
}

/// A whole `run.json`.
#[derive(Debug, Clone)]
pub struct RunFile {
    /// What the run is about.
    pub immutable: Immutable,
    /// How it stands.
    pub state: State,
    raw: Box<RawValue>,
}

#[derive(Serialize)]
struct Written<'a> {
    immutable: &'a RawValue,
    state: &'a State,
}

#[derive(Deserialize)]
struct Read {
    immutable: Box<RawValue>,
    state: State,
}

impl RunFile {
    /// A run that begins its first try.
    ///
    /// # Errors
    /// [`Exit::Internal`] when it cannot be put into JSON.
    pub fn begin(immutable: Immutable) -> Result<Self, Error> {
        let raw = serde_json::to_string_pretty(&immutable)
            .map(|text| text.replace('\n', "\n  "))
            .and_then(RawValue::from_string)
            .map_err(|error| not_json(&error))?;
        let state = State {
            totals: Tally::default(),
            rows_read: 0,
            unsettled: 0,
            complete: false,
            exit_code: None,
            ended: None,
            chain_head: Digest::of(raw.get().as_bytes()),
            key_fingerprint: immutable.key_fingerprint.clone(),
            app: None,
            tries: 1,
        };
        Ok(Self { immutable, state, raw })
    }

    /// The first link of the results' chain: the digest of the immutable part, byte for byte as it stands in the file.
    #[must_use]
    pub fn first_link(&self) -> Digest {
        Digest::of(self.raw.get().as_bytes())
    }

    /// The app that the run's key belongs to, where an answer told.
    #[must_use]
    pub fn app(&self) -> Option<&str> {
        self.immutable.app.as_deref().or(self.state.app.as_deref())
    }

    /// Reads it; `None` when there is none.
    ///
    /// # Errors
    /// [`Exit::Data`] when it is not what this program writes, [`Exit::Io`] when it cannot be read.
    pub fn read<D: Disk>(disk: &D) -> Result<Option<Self>, Error> {
        let Some(bytes) = read_whole(disk, RUN).map_err(|error| cannot_read(RUN, &error))? else { return Ok(None) };
        let corrupt = |error: serde_json::Error| {
            Error::new(Exit::Data, format!("{RUN} is not what this program writes: {error}"))
                .hint("restore it from a copy, or begin anew in another directory")
        };
        let Read { immutable: raw, state } = serde_json::from_slice(&bytes).map_err(corrupt)?;
        let immutable = serde_json::from_str(raw.get()).map_err(corrupt)?;
        Ok(Some(Self { immutable, state, raw }))
    }

    /// Writes it, so that it is either the old one or this one, whenever the power goes.
    pub(super) fn write<D: Disk>(&self, disk: &mut D) -> Result<(), Error> {
        let written = Written { immutable: &self.raw, state: &self.state };
        let mut bytes = serde_json::to_vec_pretty(&written).map_err(|error| not_json(&error))?;
        bytes.push(b'\n');
        replace(disk, RUN, &bytes).map_err(|error| cannot_write(RUN, &error))
    }
}

fn not_json(error: &serde_json::Error) -> Error {
    Error::new(Exit::Internal, format!("{RUN} cannot be put into JSON: {error}"))
}

mod digest {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::domain::Digest;

    pub(super) fn serialize<S: Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(digest)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(deserializer)?;
        Digest::parse(text.as_bytes()).ok_or_else(|| D::Error::custom("not 64 lower-case hex digits"))
    }
}

mod optional_digest {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    use crate::domain::Digest;

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub(super) fn serialize<S: Serializer>(digest: &Option<Digest>, serializer: S) -> Result<S::Ok, S::Error> {
        digest.map(|digest| digest.to_string()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Digest>, D::Error> {
        Option::<String>::deserialize(deserializer)?
            .map(|text| Digest::parse(text.as_bytes()).ok_or_else(|| D::Error::custom("not 64 lower-case hex digits")))
            .transpose()
    }
}

mod moment {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::domain::Moment;

    pub(super) fn serialize<S: Serializer>(moment: &Moment, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&moment.rfc3339())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        let text = String::deserialize(deserializer)?;
        Moment::parse_rfc3339(&text).ok_or_else(|| D::Error::custom("not a date such as 2026-11-21T01:39:00.123Z"))
    }
}

mod optional_moment {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    use crate::domain::Moment;

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub(super) fn serialize<S: Serializer>(moment: &Option<Moment>, serializer: S) -> Result<S::Ok, S::Error> {
        moment.map(Moment::rfc3339).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Moment>, D::Error> {
        Option::<String>::deserialize(deserializer)?
            .map(|text| Moment::parse_rfc3339(&text).ok_or_else(|| D::Error::custom("not an RFC 3339 date")))
            .transpose()
    }
}

/// A tally as a map from word to count.
pub(super) mod totals {
    use std::collections::BTreeMap;

    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::domain::{Tally, Verdict};

    pub(in super::super) fn serialize<S: Serializer>(tally: &Tally, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Verdict::ALL.into_iter().map(|verdict| (verdict.word(), tally.of(verdict))))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tally, D::Error> {
        let mut tally = Tally::default();
        for (word, rows) in BTreeMap::<String, u64>::deserialize(deserializer)? {
            let verdict = Verdict::parse(word.as_bytes())
                .ok_or_else(|| D::Error::custom(format!("`{word}` is a word that this version does not know")))?;
            tally.add_many(verdict, rows);
        }
        Ok(tally)
    }
}
