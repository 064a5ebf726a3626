//! Two rows of one identity, or that are kin, are never in the house at once: the later one parks until the earlier one is
//! done. Where they must stay in file order whatever happens, one that is held back holds back those behind it. Pure.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState},
};

use crate::domain::{Kin, Row, Subject};

/// Who is busy, and who waits for whom. Ids are kept as 64-bit hashes: a collision only parks a row needlessly.
#[derive(Debug, Default)]
pub(super) struct Order {
    keyring: Keyring,
    busy: Counts,
    waiting: Counts,
    parked: VecDeque<Row>,
    /// Ids behind whose row on that line nobody may go any more. It grows with the rows that fail, not with the input:
    /// about 40 bytes for each id of one.
    held: ByHash<u64>,
}

/// What rows are told apart by, and belong together by.
#[derive(Debug, Default)]
struct Keyring {
    hasher: RandomState,
    kin: Kin,
}

/// How many rows have an id.
type Counts = ByHash<u32>;

/// What is kept by an id's hash, which needs no further one.
type ByHash<V> = HashMap<u64, V, BuildHasherDefault<AsItIs>>;

/// A hash that is a key's own.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    /// Keys are hashes: nothing else is ever written.
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }
}

impl Order {
    /// Nobody is in the house; rows that share no id may be `kin`.
    pub(super) fn of(kin: Kin) -> Self {
        Self { keyring: Keyring { kin, ..Keyring::default() }, ..Self::default() }
    }

    /// From this row on nobody who shares an id with it, or is its kin, may go.
    pub(super) fn hold(&mut self, row: &Row) {
        let Some(keys) = self.keyring.keys(row) else { return };
        for key in keys {
            let line = self.held.entry(key).or_insert(row.line);
            *line = row.line.min(*line);
        }
    }

    /// Whether an earlier row that shares an id with it, or is its kin, is held.
    pub(super) fn is_held(&self, row: &Row) -> bool {
        // Before any id is hashed: mostly nobody is.
        if self.held.is_empty() {
            return false;
        }
        let Some(mut keys) = self.keyring.keys(row) else { return false };
        keys.any(|key| self.held.get(&key).is_some_and(|line| *line < row.line))
    }

    /// Takes a row in: given back when it may go at once, otherwise parked.
    pub(super) fn admit(&mut self, row: Row) -> Option<Row> {
        let Some(keys) = self.keyring.keys(&row) else { return Some(row) };
        if keys.clone().any(|key| self.busy.contains_key(&key) || self.waiting.contains_key(&key)) {
            enter(&mut self.waiting, keys);
            self.parked.push_back(row);
            return None;
        }
        enter(&mut self.busy, keys);
        Some(row)
    }

    /// A row has left: gives those that may go now, in file order.
    pub(super) fn leave(&mut self, row: &Row) -> Vec<Row> {
        let Some(keys) = self.keyring.keys(row) else { return Vec::new() };
        leave(&mut self.busy, keys);
        if self.parked.is_empty() {
            return Vec::new();
        }
        let mut free = Vec::new();
        let mut ahead = Counts::default();
        for row in std::mem::take(&mut self.parked) {
            let Some(keys) = self.keyring.keys(&row) else { continue };
            if keys.clone().any(|key| self.busy.contains_key(&key) || ahead.contains_key(&key)) {
                enter(&mut ahead, keys);
                self.parked.push_back(row);
            } else {
                leave(&mut self.waiting, keys.clone());
                enter(&mut self.busy, keys);
                free.push(row);
            }
        }
        free
    }
}

impl Keyring {
    /// The hashes of a row's ids, and its ties to its kin; none of a row that has no id to be sent by.
    fn keys(&self, row: &Row) -> Option<impl Iterator<Item = u64> + Clone + use<'_>> {
        let Subject::Known(identity) = &row.subject else { return None };
        let ids =
            [Some(self.hasher.hash_one(identity.primary())), identity.fallback().map(|id| self.hasher.hash_one(id))];
        Some(ids.into_iter().flatten().chain(self.kin.ties(row.line)))
    }
}

fn enter(counts: &mut Counts, keys: impl Iterator<Item = u64>) {
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
}

fn leave(counts: &mut Counts, keys: impl Iterator<Item = u64>) {
    for key in keys {
        if let Entry::Occupied(mut count) = counts.entry(key) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, Fields, Id, IdKind, Identity};

    fn row(line: u64, primary: &str, fallback: Option<&str>) -> Row {
        let id = |kind, text| Id::parse(IdKind(kind), text).unwrap();
        let identity = match fallback {
            None => Identity::one(id(0, primary)),
            Some(second) => Identity::two(id(0, primary), id(1, second)),
        };
        Row {
            line,
            action: Action::Delete,
            subject: Subject::Known(identity),
            fields: Fields::default(),
            original: Box::default(),
        }
    }

    fn lines(rows: &[Row]) -> Vec<u64> {
        rows.iter().map(|row| row.line).collect()
    }

    #[test]
    fn whoever_stands_behind_a_held_row_is_held() {
        let mut order = Order::default();
        order.hold(&row(5, "a", Some("x")));
        for (line, primary, fallback, held) in
            [(4, "a", None, false), (5, "a", None, false), (6, "a", None, true), (7, "b", Some("x"), true)]
        {
            assert_eq!(order.is_held(&row(line, primary, fallback)), held, "line {line}");
        }
        assert!(!order.is_held(&row(8, "b", None)), "until the row that shares it is held, too");
        order.hold(&row(7, "b", Some("x")));
        assert!(order.is_held(&row(8, "b", None)));
        order.hold(&row(9, "a", None));
        assert!(order.is_held(&row(6, "a", None)), "the earliest counts");
    }

    #[test]
    fn rows_of_one_identity_go_one_after_the_other_in_file_order() {
        let mut order = Order::default();
        let first = order.admit(row(1, "a", Some("x"))).expect("nobody is busy");
        assert!(order.admit(row(2, "b", Some("x"))).is_none(), "shares x with line 1");
        assert!(order.admit(row(3, "b", None)).is_none(), "shares b with the parked line 2");
        assert!(order.admit(row(4, "c", None)).is_some());
        let freed = order.leave(&first);
        assert_eq!(lines(&freed), [2]);
        let freed = order.leave(&freed[0]);
        assert_eq!(lines(&freed), [3]);
        assert!(order.parked.is_empty());
    }

    #[test]
    fn rows_that_are_kin_go_one_after_the_other_and_are_held_like_those_that_share_an_id() {
        let kin = || Kin::of(vec![(1, 7), (3, 7), (3, 8), (4, 8), (5, 9)]);
        let mut order = Order::of(kin());
        let first = order.admit(row(1, "a", None)).expect("nobody is busy");
        assert!(order.admit(row(2, "b", None)).is_some(), "nobody's kin");
        assert!(order.admit(row(3, "c", None)).is_none(), "kin of line 1");
        assert!(order.admit(row(4, "d", None)).is_none(), "kin of the parked line 3");
        assert!(order.admit(row(5, "e", None)).is_some(), "a tie to nobody");
        assert_eq!(lines(&order.leave(&row(2, "b", None))), [0; 0]);
        let freed = order.leave(&first);
        assert_eq!(lines(&freed), [3]);
        assert_eq!(lines(&order.leave(&freed[0])), [4]);
        assert!(order.parked.is_empty() && order.waiting.is_empty());
        let mut order = Order::of(kin());
        order.hold(&row(1, "a", None));
        assert_eq!([2, 3, 4].map(|line| order.is_held(&row(line, "x", None))), [false, true, false]);
        order.hold(&row(3, "c", None));
        assert!(order.is_held(&row(4, "d", None)), "once line 3 is held, too");
    }
}
