//! How the results and the side files name a row: as it stands in the input, or by its ids' hashes.

use std::path::Path;

use tollgate::domain::{Id, IdKind, Naming, SecretKey};

use crate::rows::{Entry, Rows};

/// Under a key of its own.
pub(crate) fn hashing() -> Naming {
    let key = SecretKey::of_file(Path::new("key"), Ok(b"a key of more than sixteen bytes".to_vec()), "the key");
    let kinds = ["profile_id", "customer_user_id"].map(str::to_owned);
    Naming::hashed(&key.expect("it is long enough"), &kinds, Some(IdKind(0)))
}

/// The row's ids as the results have them, the first one at least.
pub(crate) fn named(naming: &Naming, entry: &Entry) -> Vec<String> {
    if naming.key_id().is_none() {
        return vec![entry.stored.clone()];
    }
    if entry.ids.is_empty() {
        let read = entry.stored.replace("\\x0a", "\n");
        return vec![String::from_utf8(naming.unkind(read.as_bytes()).into_owned()).expect("hex digits")];
    }
    let id = |text: &String| Id::parse(IdKind(u8::from(!text.starts_with("profile"))), text).expect("a good id");
    entry.ids.iter().map(|text| naming.id(&id(text)).into_owned()).collect()
}

/// What a side file holds of the row.
pub(crate) fn record(naming: &Naming, entry: &Entry) -> String {
    if naming.key_id().is_none() {
        return entry.raw.clone();
    }
    let ids = named(naming, entry);
    format!("{},{},{}", entry.line, ids[0], ids.get(1).map_or("", String::as_str))
}

/// What stands above it.
pub(crate) fn header(naming: &Naming, rows: &Rows) -> &'static str {
    if naming.key_id().is_some() { "line,id,second_id" } else { rows.header() }
}
