//! Keyed hashes that outlive the process: of who a row is about, and of what it says.

use std::{collections::HashSet, fmt};

use super::{Action, Digest, Fields, Id, Identity, hmac_fingerprint};

/// The first 128 bits of an HMAC-SHA-256: two of 10 million differ but for odds of about 1 in 10^24.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Print(pub [u8; 16]);

impl From<Digest> for Print {
    fn from(Digest(bytes): Digest) -> Self {
        let mut out = [0; 16];
        out.copy_from_slice(&bytes[..16]);
        Self(out)
    }
}

/// Makes prints under one key; ids are told apart by their kind's name, so that prints outlive a description's order.
#[derive(Clone)]
pub struct Printer {
    key: Box<[u8]>,
    kinds: Box<[Box<str>]>,
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Printer")
    }
}

impl Printer {
    /// `kinds` are the names of the API's identities, in the order of [`super::IdKind`].
    #[must_use]
    pub fn new(key: &[u8], kinds: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        Self { key: key.into(), kinds: kinds.into_iter().map(Into::into).collect() }
    }

    /// Of one id.
    #[must_use]
    pub fn id(&self, id: &Id) -> Digest {
        hmac_fingerprint(&self.key, &[self.kind(id), id.text().as_bytes()])
    }

    /// Of who a row is about: all ids of it.
    #[must_use]
    pub fn identity(&self, identity: &Identity) -> Print {
        let parts: Vec<&[u8]> = identity.ids().flat_map(|id| [self.kind(id), id.text().as_bytes()]).collect();
        hmac_fingerprint(&self.key, &parts).into()
    }

    /// Of who a row is about and of all that it says.
    #[must_use]
    pub fn content(&self, identity: &Identity, action: Action, fields: &Fields) -> Print {
        let mut whole = Vec::with_capacity(256);
        let mut part = |bytes: &[u8]| {
            whole.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            whole.extend_from_slice(bytes);
        };
        part(action.word().as_bytes());
        for id in identity.ids() {
            part(self.kind(id));
            part(id.text().as_bytes());
        }
        for setting in fields.iter() {
            part(setting.name.as_bytes());
            setting.value.parts(&mut part);
        }
        hmac_fingerprint(&self.key, &[&whole]).into()
    }

    fn kind(&self, id: &Id) -> &[u8] {
        self.kinds.get(usize::from(id.kind().0)).map_or(b"", |name| name.as_bytes())
    }
}

/// Who was erased and shall not come back, by the keyed hash of each id.
#[derive(Debug)]
pub struct Suppressed {
    printer: Printer,
    prints: HashSet<Digest>,
}

impl Suppressed {
    /// A list under its key.
    #[must_use]
    pub const fn new(printer: Printer, prints: HashSet<Digest>) -> Self {
        Self { printer, prints }
    }

    /// Whether any id of the identity is on the list.
    #[must_use]
    pub fn holds(&self, identity: &Identity) -> bool {
        !self.prints.is_empty() && identity.ids().any(|id| self.prints.contains(&self.printer.id(id)))
    }
}
