//! Sets of identities that keep no identity: 96-bit keyed fingerprints.

use std::collections::HashSet;

use super::{Digest, Id, Identity, Naming};

/// A set of 96-bit keyed fingerprints; at a million entries a chance match has odds of about 1 in 10^17.
#[derive(Clone)]
pub struct Fingerprints {
    key: [u8; 32],
    /// How the results name ids that bare texts are taken from.
    naming: Naming,
    seen: HashSet<[u8; 12]>,
}

impl std::fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fingerprints({})", self.seen.len())
    }
}

impl Fingerprints {
    /// An empty set under a key that must not outlive the process.
    #[must_use]
    pub fn keyed(key: [u8; 32]) -> Self {
        Self { key, naming: Naming::default(), seen: HashSet::new() }
    }

    /// Bare texts are taken from results that name ids like that.
    #[must_use]
    pub fn named(self, naming: Naming) -> Self {
        Self { naming, ..self }
    }

    /// Adds a whole identity, all its ids; tells whether it is new.
    pub fn insert(&mut self, identity: &Identity) -> bool {
        let print = self.print_identity(identity);
        self.seen.insert(print)
    }

    /// Adds a bare id text, as the results hold it.
    pub fn insert_text(&mut self, text: &[u8]) -> bool {
        let print = self.print(&[text]);
        self.seen.insert(print)
    }

    /// Whether a bare id text is in.
    #[must_use]
    pub fn contains_text(&self, text: &[u8]) -> bool {
        self.seen.contains(&self.print(&[text]))
    }

    /// Whether an id is in, as the results name it.
    #[must_use]
    pub fn contains_id(&self, id: &Id) -> bool {
        self.contains_text(self.naming.id(id).as_bytes())
    }

    /// How many are in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether none is in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    fn print_identity(&self, identity: &Identity) -> [u8; 12] {
        let primary = identity.primary();
        match identity.fallback() {
            None => self.print(&[&[primary.kind().0], primary.name().as_bytes()]),
            Some(second) => self.print(&[
                &[primary.kind().0],
                primary.name().as_bytes(),
                &[second.kind().0],
                second.name().as_bytes(),
            ]),
        }
    }

    /// SHA-256 over the key and the parts, each with its length: the prints never leave the process and are cut to 96
    /// bits, so that a keyed prefix is as good as HMAC, at half the cost.
    fn print(&self, parts: &[&[u8]]) -> [u8; 12] {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&self.key);
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        let mut out = [0; 12];
        out.copy_from_slice(&Digest::of(&bytes).0[..12]);
        out
    }
}
