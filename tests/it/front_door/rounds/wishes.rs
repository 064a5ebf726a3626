//! What else was wished of a round, and what must be so in the end: nobody who was erased comes back, whoever left is
//! gone, whatever was read is kept once, and who is hashed is named nowhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tollgate::{
    domain::{Id, IdKind, Identity},
    memory::SuppressList,
};

use super::{
    checks::{Fall, by_row, most_unremembered, of_each},
    plan::{Entry, Kind, Plan, Wishes, Work},
};
use crate::support::{
    program::{Desk, Left},
    record::Request,
};

/// On the disk that is filled and closed like the results'.
const LIST: &str = "ground/erased.list";
const LIST_KEY: &str = "erased.key";
const HASH_KEY: &str = "hash.key";

/// What every id here begins with, and nothing else.
const NAMES: [&str; 3] = ["person-", "ghost-", "new-"];

pub(super) fn put_keys(desk: &Desk) {
    desk.put(LIST_KEY, "a key of more than sixteen bytes");
    desk.put(HASH_KEY, "another key of more than sixteen bytes");
}

pub(super) fn words(wishes: Wishes) -> impl Iterator<Item = &'static str> {
    let suppress = wishes.suppress.then_some(["--suppress", LIST, "--suppress-key", LIST_KEY]);
    let prune = wishes.prune.then_some(["--prune", "--max-delete", "1000"]);
    let hashed = wishes.hashed.then_some(["--hash-ids", HASH_KEY]);
    let pairs = prune.into_iter().flatten().chain(hashed.into_iter().flatten());
    suppress.into_iter().flatten().chain(pairs)
}

/// What holds whenever the program has ended, however it did.
pub(super) fn hold(plan: &Plan, desk: &Desk, out: &Path, left: &Left, requests: &[Request]) {
    if plan.wishes.suppress {
        whoever_was_to_be_deleted_is_listed(desk, requests);
    }
    if plan.wishes.hashed {
        let files = files(out).into_iter().map(|path| (path.display().to_string(), fs::read(&path).unwrap()));
        let said = [("stderr", &left.stderr), ("stdout", &left.stdout)];
        let said = said.map(|(name, text)| (name.to_owned(), text.clone().into_bytes()));
        for (name, bytes) in files.chain(said) {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!NAMES.iter().any(|id| name.contains(id) || text.contains(id)), "somebody is named in {name}");
        }
    }
}

fn whoever_was_to_be_deleted_is_listed(desk: &Desk, requests: &[Request]) {
    let deleted: BTreeSet<&str> =
        requests.iter().filter(|request| request.method == "DELETE").filter_map(|it| it.id.as_deref()).collect();
    if deleted.is_empty() {
        return;
    }
    let kinds = ["profile_id", "customer_user_id"].map(str::to_owned);
    let list = SuppressList::read(&desk.path(LIST), &desk.path(LIST_KEY), &kinds).unwrap();
    let unlisted: Vec<_> = deleted.into_iter().filter(|id| !list.holds(&customer(id))).collect();
    assert!(unlisted.is_empty(), "sent to be deleted, and not on the list: {unlisted:?}");
}

fn customer(id: &str) -> Identity {
    Identity::one(Id::parse(IdKind(1), id).unwrap())
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// In the second night all of the first one's rows are held back, and nobody else's.
pub(super) fn nobody_came_back(plan: &Plan, out: &Path, requests: &[Request]) {
    let each = of_each(requests);
    let erased: BTreeSet<String> = plan.rows(1).into_iter().map(|row| row.id).collect();
    for (row, verdict) in by_row(&plan.rows(2), out) {
        let asked = each.get(row.id.as_str()).map_or(&[][..], Vec::as_slice);
        let is_so = match (row.kind, plan.work[1]) {
            (Kind::Invalid, _) => verdict == "invalid" && asked.is_empty(),
            _ if erased.contains(&row.id) => verdict == "suppressed" && asked.is_empty(),
            (_, Work::Update) => verdict == "missing",
            (_, Work::Create) => verdict == "created",
            (_, Work::Upsert | Work::Delete { .. } | Work::Get) => matches!(&*verdict, "created" | "updated"),
        };
        assert!(is_so, "the night after: {row:?}: {verdict}, by {asked:#?}");
    }
}

/// Whoever left is deleted once, but for those whom a kill left unremembered; and nobody else is.
pub(super) fn who_left_is_gone(plan: &Plan, requests: &[Request], falls: &[Fall]) {
    let leavers = plan.leavers();
    let deletions = requests.iter().filter(|request| request.method == "DELETE");
    let asked: BTreeSet<&str> = deletions.clone().filter_map(|request| request.id.as_deref()).collect();
    let strangers: Vec<_> = asked.iter().filter(|id| !leavers.contains(**id)).collect();
    assert!(strangers.is_empty(), "still in the file, and pruned: {strangers:?}");
    let mut gone: BTreeMap<&str, usize> = BTreeMap::new();
    for request in deletions.filter(|request| request.applied) {
        *gone.entry(request.id.as_deref().unwrap()).or_default() += 1;
    }
    assert!(gone.values().all(|times| *times == 1), "deleted twice: {gone:?}");
    let stayed = leavers.iter().filter(|id| !gone.contains_key(id.as_str())).count() as u64;
    let most = most_unremembered(plan, falls);
    assert!(stayed <= most, "{stayed} of {} who left are still there, which may be {most}", leavers.len());
}

/// Each row that was found has one profile, its own.
pub(super) fn profiles(rows: &[Entry], out: &Path) {
    let text = fs::read_to_string(out.join("profiles.jsonl")).unwrap_or_default();
    let mut kept = BTreeMap::new();
    for line in text.lines() {
        let read: Value = serde_json::from_str(line).unwrap();
        let at = read["line"].as_u64().unwrap();
        assert_eq!(read["profile"]["customer_user_id"], read["id"], "{line}");
        assert!(kept.insert(at, read["id"].as_str().unwrap().to_owned()).is_none(), "line {at} was kept twice");
    }
    let found: BTreeMap<u64, String> = by_row(rows, out)
        .into_iter()
        .zip(2..)
        .filter(|((_, verdict), _)| verdict == "found")
        .map(|((row, _), line)| (line, row.id.clone()))
        .collect();
    assert_eq!(kept, found);
}
