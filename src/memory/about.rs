//! What a memory is about: one API at one place, for one set of parameters, one app, one key, one format.
//!
//! Promises: a memory is used for nothing else than what it was begun for; one that is lost or empty is not taken for
//! one that has nothing to say.

use std::collections::BTreeMap;

use super::{
    entry::Kinds,
    store::{Facts, Store},
};
use crate::{
    domain::{Destination, Digest, Moment, hmac_fingerprint},
    error::{Error, Exit},
};

/// Of this version; a store of another one is left alone.
const FORMAT: u32 = 4;

const FORMAT_OF: &str = "format";
const API: &str = "api";
const HOST: &str = "host";
const BASE_PATH: &str = "base path";
/// Names and values of what was said once for all calls, as [`written`] writes them.
const PARAMETERS: &str = "parameters";
/// The id of the key that the prints are made with.
const KEY: &str = "key";
/// The names of the kinds of ids, one a line.
const KINDS: &str = "kinds";
pub(super) const APP: &str = "app";
/// The highest pass of any entry.
pub(super) const PASS: &str = "pass";
/// The number of the last complete sync, as its entries bear it.
pub(super) const SYNC: &str = "sync";
/// Rows and identities of the last complete sync, and when it was complete.
pub(super) const LAST: &str = "last";
/// The first link of the run that worked with it last, while the end of that one is still to be made.
pub(super) const RUN: &str = "run";

const ALL: [&str; 12] = [FORMAT_OF, API, HOST, BASE_PATH, PARAMETERS, KEY, KINDS, APP, PASS, SYNC, LAST, RUN];

/// What is known of the last complete sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastSync {
    /// Its rows, as the caller counted them.
    pub rows: u64,
    /// Identities in it that may have a profile: those that a later sync may prune.
    pub identities: u64,
    /// When it was complete.
    pub at: Moment,
}

impl LastSync {
    pub(super) fn encode(&self) -> Vec<u8> {
        [self.rows.to_le_bytes(), self.identities.to_le_bytes(), self.at.millis().to_le_bytes()].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (rows, rest) = bytes.split_first_chunk()?;
        let (identities, rest) = rest.split_first_chunk()?;
        Some(Self {
            rows: u64::from_le_bytes(*rows),
            identities: u64::from_le_bytes(*identities),
            at: Moment::from_millis(i64::from_le_bytes(*rest.first_chunk()?)),
        })
    }
}

/// What was found in a memory that may be used.
pub(super) struct Bound {
    pub(super) kinds: Kinds,
    pub(super) pass: u32,
    pub(super) sync: u32,
    pub(super) last: Option<LastSync>,
    pub(super) app: Option<String>,
    pub(super) run: Option<Digest>,
}

/// Holds a memory against what it shall be used for; an empty one is begun with `first`.
pub(super) fn bind(
    store: &Store,
    key: &[u8; 32],
    about: &Destination,
    kinds: &[String],
    first: bool,
) -> Result<Bound, Error> {
    let facts = store.facts(&ALL)?;
    let facts = if facts.is_empty() && first { begin(store, key, about)? } else { facts };
    if facts.is_empty() {
        return Err(refused(store.name(), "empty"));
    }
    check(store.name(), &facts, key, about)?;
    // One that has seen a complete sync knows that there is nobody: a crash may have kept it from being told.
    if !first && !facts.contains_key(LAST) && store.read()?.len()? == 0 {
        return Err(refused(store.name(), "empty"));
    }
    let stored: Vec<String> = text(&facts, KINDS).lines().map(str::to_owned).collect();
    let known = stored.len();
    let kinds = Kinds::of(stored, kinds);
    if kinds.names.len() > known {
        store.write(|writing| writing.state(KINDS, kinds.names.join("\n").as_bytes()))?;
    }
    Ok(Bound {
        kinds,
        pass: number(store.name(), &facts, PASS)?,
        sync: number(store.name(), &facts, SYNC)?,
        last: facts.get(LAST).and_then(|bytes| LastSync::decode(bytes)),
        app: facts.contains_key(APP).then(|| text(&facts, APP)),
        run: facts.get(RUN).and_then(|bytes| bytes.as_slice().try_into().ok()).map(Digest),
    })
}

fn begin(store: &Store, key: &[u8; 32], about: &Destination) -> Result<Facts, Error> {
    let facts = Facts::from([
        (FORMAT_OF, FORMAT.to_le_bytes().to_vec()),
        (API, about.api.clone().into_bytes()),
        (HOST, about.host.clone().into_bytes()),
        (BASE_PATH, about.base_path.clone().into_bytes()),
        (PARAMETERS, written(&about.parameters).into_bytes()),
        (KEY, key_id(key)),
        (PASS, 1_u32.to_le_bytes().to_vec()),
        (SYNC, 1_u32.to_le_bytes().to_vec()),
    ]);
    store.write(|writing| facts.iter().try_for_each(|(name, fact)| writing.state(name, fact)))?;
    Ok(facts)
}

/// Each followed by a NUL, which no argument of a command line holds; a name ends with the first `=`, as there.
fn written(parameters: &BTreeMap<String, String>) -> String {
    parameters.iter().flat_map(|(name, value)| [name, "=", value, "\0"]).collect()
}

fn key_id(key: &[u8; 32]) -> Vec<u8> {
    hmac_fingerprint(key, &[b"tollgate memory key id"]).0[..8].to_vec()
}

fn check(name: &str, facts: &Facts, key: &[u8; 32], about: &Destination) -> Result<(), Error> {
    if number(name, facts, FORMAT_OF)? != FORMAT {
        return Err(Error::new(
            Exit::Config,
            format!("the memory in {name} has a format that this version does not know"),
        )
        .hint("use the version of tollgate that wrote it, or begin another memory with --first or --assume-sent"));
    }
    if let Some(what) = destination(facts).difference(about) {
        return Err(another(Error::new(Exit::Config, format!("the memory in {name} is of {what}"))));
    }
    if facts.get(KEY) != Some(&key_id(key)) {
        let what = format!("the memory in {name} was made with another key than the one beside it");
        return Err(Error::new(Exit::Data, what).hint("restore both from one copy, or begin another memory"));
    }
    Ok(())
}

fn destination(facts: &Facts) -> Destination {
    let parameters = text(facts, PARAMETERS);
    let said = parameters.split('\0').filter_map(|said| said.split_once('='));
    Destination {
        api: text(facts, API),
        host: text(facts, HOST),
        base_path: text(facts, BASE_PATH),
        parameters: said.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    }
}

fn text(facts: &Facts, name: &str) -> String {
    facts.get(name).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
}

fn number(memory: &str, facts: &Facts, name: &str) -> Result<u32, Error> {
    let bytes = facts.get(name).and_then(|bytes| bytes.as_slice().try_into().ok());
    let damaged = || Error::new(Exit::Data, format!("the memory in {memory} is damaged: it does not say its {name}"));
    // One that a sync each second would reach after decades is none that was counted.
    bytes.map(u32::from_le_bytes).filter(|number| *number <= u32::MAX / 2).ok_or_else(damaged)
}

/// The memory belongs to another app.
pub(super) fn other_app(name: &str, its: &str, ours: &str) -> Error {
    another(Error::new(Exit::Config, format!("the memory in {name} is of another app: {its}, not {ours}")))
}

fn another(error: Error) -> Error {
    error.hint("give another directory with --memory: each API, host, base path, parameter and app has its own")
}

/// A memory that is lost would have every row sent again, and nobody pruned: that is asked for, or does not happen.
pub(super) fn refused(name: &str, how: &str) -> Error {
    Error::new(Exit::Guard, format!("the memory in {name} is {how}"))
        .hint("--first begins one and sends every row; --first --assume-sent takes this input as sent already")
}
