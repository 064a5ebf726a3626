//! Keyed hashes that outlive the process: of who a row is about, and of what it says.

use std::fmt;

use super::{Action, Digest, Fields, HmacKey, Id, IdFormat, IdKind, Identity, is_uuid};

/// The first 128 bits of an HMAC-SHA-256: two of 10 million differ but for odds of about 1 in 10^24.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Print(pub [u8; 16]);

impl Print {
    /// Its first 64 bits.
    #[must_use]
    pub const fn leading(self) -> u64 {
        let Self(bytes) = self;
        (u128::from_be_bytes(bytes) >> 64) as u64
    }
}

impl From<Digest> for Print {
    fn from(Digest(bytes): Digest) -> Self {
        let mut out = [0; 16];
        out.copy_from_slice(&bytes[..16]);
        Self(out)
    }
}

/// The prints of a row: of whom it is about, and of all that it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowPrint {
    /// Of its first id.
    pub who: Print,
    /// Of all its ids and of all that it says.
    pub what: Print,
}

/// Makes prints under one key; ids are told apart by their kind's name, so that prints outlive a description's order.
#[derive(Clone)]
pub struct Printer {
    key: HmacKey,
    kinds: Box<[Box<str>]>,
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Printer")
    }
}

/// Parts one after the other, each with its length before it: no two lists of parts give the same bytes.
struct Parts(Vec<u8>);

impl Parts {
    /// Room for a common row's, so that it is asked for once.
    fn new() -> Self {
        Self(Vec::with_capacity(256))
    }

    fn add(&mut self, part: &[u8]) {
        self.0.extend_from_slice(&(part.len() as u64).to_le_bytes());
        self.0.extend_from_slice(part);
    }
}

impl Printer {
    /// `kinds` are the names of the API's identities, in the order of [`super::IdKind`].
    #[must_use]
    pub fn new(key: &[u8], kinds: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        Self { key: HmacKey::new(key), kinds: kinds.into_iter().map(Into::into).collect() }
    }

    /// Of one id.
    #[must_use]
    pub fn id(&self, id: &Id) -> Digest {
        self.text(Some(id.kind()), id.name().as_bytes())
    }

    /// Of one id, as the list of those who shall not come back has it: where capitals are no other letters, in a UUID and
    /// in 24 hexadecimal digits, they are none here either.
    #[must_use]
    pub fn listed(&self, id: &Id) -> Digest {
        if is_uuid(id.text()) || IdFormat::Hex24.check(id).is_ok() {
            self.text(Some(id.kind()), id.text().to_ascii_lowercase().as_bytes())
        } else {
            self.id(id)
        }
    }

    /// Of a text that stands for an id; `None` when nobody knows of which kind.
    #[must_use]
    pub fn text(&self, kind: Option<IdKind>, text: &[u8]) -> Digest {
        let mut parts = Parts::new();
        self.add(&mut parts, kind, text);
        self.key.sign(&parts.0)
    }

    /// Of a row.
    #[must_use]
    pub fn row(&self, identity: &Identity, action: Action, fields: &Fields) -> RowPrint {
        let mut parts = Parts::new();
        let who = self.sign_id(&mut parts, identity.primary());
        let second = identity.fallback().map(|id| self.sign_id(&mut parts, id));
        parts.0.clear();
        // A print stands for its id: shorter than it is, and as good. No action's word has so many bytes.
        parts.add(&who.0);
        if let Some(Print(second)) = second {
            parts.add(&second);
        }
        parts.add(action.word().as_bytes());
        for setting in fields.iter() {
            parts.add(setting.name.as_bytes());
            setting.value.parts(|part| parts.add(part));
        }
        RowPrint { who, what: self.key.sign(&parts.0).into() }
    }

    /// Of several rows of one person, one after the other: of all that they say in the end.
    #[must_use]
    pub fn together(&self, rows: impl IntoIterator<Item = Print>) -> Print {
        let mut parts = Parts::new();
        parts.add(b"rows of one person");
        rows.into_iter().for_each(|Print(row)| parts.add(&row));
        self.key.sign(&parts.0).into()
    }

    /// Of one of these rows, in its place among them.
    #[must_use]
    pub fn among(&self, Print(together): Print, place: usize) -> Print {
        let mut parts = Parts::new();
        parts.add(b"a row among them");
        parts.add(&together);
        parts.add(&(place as u64).to_le_bytes());
        self.key.sign(&parts.0).into()
    }

    /// Where it is kept that whoever has this print was erased.
    #[must_use]
    pub fn erased(&self, Print(id): Print) -> Print {
        let mut parts = Parts::new();
        parts.add(b"erased");
        parts.add(&id);
        self.key.sign(&parts.0).into()
    }

    fn sign_id(&self, parts: &mut Parts, id: &Id) -> Print {
        parts.0.clear();
        self.add(parts, Some(id.kind()), id.name().as_bytes());
        self.key.sign(&parts.0).into()
    }

    fn add(&self, parts: &mut Parts, kind: Option<IdKind>, text: &[u8]) {
        let name = kind.and_then(|kind| self.kinds.get(usize::from(kind.0)));
        parts.add(name.map_or(&b""[..], |name| name.as_bytes()));
        parts.add(text);
    }
}

/// Who was erased and shall not come back, by the keyed hash of each id: 16 bytes an id; on a list of 10 million, a
/// stranger is taken for one of them with odds of 3 in 10^32.
#[derive(Debug)]
pub struct Suppressed {
    printer: Printer,
    /// In ascending order.
    prints: Box<[Print]>,
}

impl Suppressed {
    /// A list under its key.
    #[must_use]
    pub fn new(printer: Printer, prints: impl IntoIterator<Item = Digest>) -> Self {
        let mut prints: Vec<Print> = prints.into_iter().map(Print::from).collect();
        prints.sort_unstable();
        prints.dedup();
        Self { printer, prints: prints.into() }
    }

    /// Whether nobody is on it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.prints.is_empty()
    }

    /// Whether any id of the identity is on the list.
    #[must_use]
    pub fn holds(&self, identity: &Identity) -> bool {
        identity.ids().any(|id| self.listed(id).is_some())
    }

    /// How the list has an id, if it is on it.
    #[must_use]
    pub fn listed(&self, id: &Id) -> Option<Print> {
        let listed = (!self.prints.is_empty()).then(|| self.printer.listed(id).into());
        listed.filter(|listed| self.lists(*listed))
    }

    /// Whether this is how the list has an id.
    #[must_use]
    pub fn lists(&self, listed: Print) -> bool {
        self.prints.binary_search(&listed).is_ok()
    }
}
