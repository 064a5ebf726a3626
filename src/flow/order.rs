//! Two rows of one identity are never in the house at once: the later one parks until the earlier one is done. Where
//! they must stay in file order whatever happens, one that is held back holds back those behind it. Pure.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState},
};

use crate::domain::{Identity, Row, Subject};

/// Who is busy, and who waits for whom. Ids are kept as 64-bit hashes: a collision only parks a row needlessly.
#[derive(Debug, Default)]
pub(super) struct Order {
    hasher: RandomState,
    busy: Counts,
    waiting: Counts,
    parked: VecDeque<Row>,
    /// Ids behind whose row on that line nobody may go any more. It grows with the rows that fail, not with the input:
    /// about 40 bytes for each id of one.
    held: ByHash<u64>,
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
    /// From this row on nobody who shares an id with it may go.
    pub(super) fn hold(&mut self, row: &Row) {
        let Subject::Known(identity) = &row.subject else { return };
        for key in self.keys(identity).into_iter().flatten() {
            let line = self.held.entry(key).or_insert(row.line);
            *line = row.line.min(*line);
        }
    }

    /// Whether an earlier row that shares an id with it is held.
    pub(super) fn is_held(&self, row: &Row) -> bool {
        // Before any id is hashed: mostly nobody is.
        if self.held.is_empty() {
            return false;
        }
        let Subject::Known(identity) = &row.subject else { return false };
        let is_behind = |key| self.held.get(&key).is_some_and(|line| *line < row.line);
        self.keys(identity).into_iter().flatten().any(is_behind)
    }

    /// Takes a row in: given back when it may go at once, otherwise parked.
    pub(super) fn admit(&mut self, row: Row) -> Option<Row> {
        let Subject::Known(identity) = &row.subject else { return Some(row) };
        let keys = self.keys(identity);
        if keys.iter().flatten().any(|key| self.busy.contains_key(key) || self.waiting.contains_key(key)) {
            enter(&mut self.waiting, keys);
            self.parked.push_back(row);
            return None;
        }
        enter(&mut self.busy, keys);
        Some(row)
    }

    /// A row has left: gives those that may go now, in file order.
    pub(super) fn leave(&mut self, identity: &Identity) -> Vec<Row> {
        let keys = self.keys(identity);
        leave(&mut self.busy, keys);
        if self.parked.is_empty() {
            return Vec::new();
        }
        let mut free = Vec::new();
        let mut ahead = Counts::default();
        for row in std::mem::take(&mut self.parked) {
            let Subject::Known(identity) = &row.subject else { continue };
            let keys = self.keys(identity);
            if keys.iter().flatten().any(|key| self.busy.contains_key(key) || ahead.contains_key(key)) {
                enter(&mut ahead, keys);
                self.parked.push_back(row);
            } else {
                leave(&mut self.waiting, keys);
                enter(&mut self.busy, keys);
                free.push(row);
            }
        }
        free
    }

    fn keys(&self, identity: &Identity) -> [Option<u64>; 2] {
        [Some(self.hasher.hash_one(identity.primary())), identity.fallback().map(|id| self.hasher.hash_one(id))]
    }
}

fn enter(counts: &mut Counts, keys: [Option<u64>; 2]) {
    for key in keys.into_iter().flatten() {
        *counts.entry(key).or_default() += 1;
    }
}

fn leave(counts: &mut Counts, keys: [Option<u64>; 2]) {
    for key in keys.into_iter().flatten() {
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
    use crate::domain::{Action, Fields, Id, IdKind};

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

    fn identity(row: &Row) -> &Identity {
        match &row.subject {
            Subject::Known(identity) => identity,
            Subject::Spared(..) | Subject::Malformed { .. } => panic!("known"),
        }
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
        let freed = order.leave(identity(&first));
        assert_eq!(freed.iter().map(|row| row.line).collect::<Vec<_>>(), [2]);
        let freed = order.leave(identity(&freed[0]));
        assert_eq!(freed.iter().map(|row| row.line).collect::<Vec<_>>(), [3]);
        assert!(order.parked.is_empty());
    }
}
