//! What a run left in its directory and what the stand-in wrote down, read without the program's own code.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use tollgate::domain::Digest;

/// One line of `results.csv`.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "the columns' own names")]
pub(crate) struct Line {
    pub(crate) line: u64,
    pub(crate) id: String,
    pub(crate) action: String,
    pub(crate) outcome: String,
    pub(crate) status: Option<u16>,
    pub(crate) code: String,
    pub(crate) attempts: u32,
    pub(crate) ms: Option<u64>,
    pub(crate) finished_at: String,
    pub(crate) request_id: String,
    pub(crate) remote_id: String,
    pub(crate) message: String,
    pub(crate) chain: String,
}

impl Line {
    /// Whether no later line may supersede it.
    pub(crate) fn is_settled(&self) -> bool {
        self.outcome != "failed"
    }
}

/// Every whole line of `results.csv`; what a kill left torn is passed over.
pub(crate) fn lines(directory: &Path) -> Vec<Line> {
    let bytes = fs::read(directory.join("results.csv")).unwrap_or_default();
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    csv::Reader::from_reader(&bytes[..whole]).deserialize().map(Result::unwrap).collect()
}

/// How many rows ended how, when each has exactly one settled line and no line is there but settled ones.
#[track_caller]
pub(crate) fn settled_once(directory: &Path) -> BTreeMap<String, usize> {
    let mut seen = BTreeSet::new();
    let mut counts = BTreeMap::new();
    for line in lines(directory) {
        assert!(line.is_settled(), "{line:?}");
        assert!(seen.insert(line.line), "a second line: {line:?}");
        *counts.entry(line.outcome).or_default() += 1;
    }
    counts
}

/// `run.json`.
pub(crate) fn run_json(directory: &Path) -> Value {
    serde_json::from_slice(&fs::read(directory.join("run.json")).unwrap()).unwrap()
}

/// Computes the whole chain anew, and gives its head.
#[track_caller]
pub(crate) fn chain(directory: &Path) -> String {
    let run = fs::read_to_string(directory.join("run.json")).unwrap();
    let parts: BTreeMap<&str, &RawValue> = serde_json::from_str(&run).unwrap();
    let mut head = Digest::of(parts["immutable"].get().as_bytes()).to_string();
    let results = fs::read_to_string(directory.join("results.csv")).unwrap();
    assert!(results.ends_with('\n'), "torn");
    for (number, line) in results.lines().enumerate().skip(1) {
        let (raw, said) = line.rsplit_once(',').unwrap();
        head = Digest::of(format!("{head}{raw}").as_bytes()).to_string();
        assert_eq!(said, head, "line {} does not chain", number + 1);
    }
    head
}

/// One request, as the stand-in wrote it down.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Request {
    pub(crate) n: u64,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) id: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) fault: Option<String>,
    pub(crate) applied: bool,
}

/// The stand-in's own account.
pub(crate) fn journal(path: &Path) -> Vec<Request> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// How often each id was asked to be deleted, from the n-th request on.
pub(crate) fn deletions(requests: &[Request], from: u64) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for request in requests.iter().filter(|request| request.method == "DELETE" && request.n >= from) {
        *counts.entry(request.id.as_deref().unwrap()).or_default() += 1;
    }
    counts
}
