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

/// What a print is of: the first byte of what is signed, so that no two kinds of prints are ever the same.
#[derive(Clone, Copy)]
enum Of {
    Id,
    Row,
    Together,
    Among,
    Erased,
}

/// What is signed: short, since each block of 64 bytes costs as much as the next one. Parts of any length have it before
/// them, so that no two lists of parts give the same bytes.
struct Signed(Vec<u8>);

impl Signed {
    /// Room for a common row's, so that it is asked for once.
    fn new(of: Of) -> Self {
        let mut signed = Self(Vec::with_capacity(256));
        signed.begin(of);
        signed
    }

    fn begin(&mut self, of: Of) {
        self.0.clear();
        self.0.push(of as u8);
    }

    /// A length below 255 takes a byte, another one eight more.
    fn add(&mut self, part: &[u8]) {
        let short = u8::try_from(part.len()).unwrap_or(u8::MAX);
        self.0.push(short);
        if short == u8::MAX {
            self.0.extend_from_slice(&(part.len() as u64).to_le_bytes());
        }
        self.0.extend_from_slice(part);
    }

    fn add_print(&mut self, Print(print): Print) {
        self.0.extend_from_slice(&print);
    }
}

impl Printer {
    /// `kinds` are the names of the API's identities, in the order of [`super::IdKind`].
    #[must_use]
    pub fn new(key: &[u8], kinds: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        Self { key: HmacKey::new(key), kinds: kinds.into_iter().map(Into::into).collect() }
    }

    /// Of one id, as results that name nobody have it.
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
        let mut parts = Vec::with_capacity(128);
        for part in [self.kind(kind), text] {
            parts.extend_from_slice(&(part.len() as u64).to_le_bytes());
            parts.extend_from_slice(part);
        }
        self.key.sign(&parts)
    }

    /// By which whoever has an id is remembered.
    #[must_use]
    pub fn who(&self, id: &Id) -> Print {
        self.sign_id(&mut Signed::new(Of::Id), id)
    }

    /// Of a row.
    #[must_use]
    pub fn row(&self, identity: &Identity, action: Action, fields: &Fields) -> RowPrint {
        let mut signed = Signed::new(Of::Id);
        let who = self.sign_id(&mut signed, identity.primary());
        let second = identity.fallback().map(|id| self.sign_id(&mut signed, id));
        signed.begin(Of::Row);
        // A print stands for its id: shorter than it is, and as good.
        signed.add_print(who);
        signed.0.push(second.is_some().into());
        if let Some(second) = second {
            signed.add_print(second);
        }
        signed.add(action.word().as_bytes());
        for setting in fields.iter() {
            signed.add(setting.name.as_bytes());
            setting.value.parts(|part| signed.add(part));
        }
        RowPrint { who, what: self.sign(&signed) }
    }

    /// Of several rows of one person, one after the other: of all that they say in the end.
    #[must_use]
    pub fn together(&self, rows: impl IntoIterator<Item = Print>) -> Print {
        let mut signed = Signed::new(Of::Together);
        rows.into_iter().for_each(|row| signed.add_print(row));
        self.sign(&signed)
    }

    /// Of one of these rows, in its place among them.
    #[must_use]
    pub fn among(&self, together: Print, place: usize) -> Print {
        let mut signed = Signed::new(Of::Among);
        signed.add_print(together);
        signed.0.extend_from_slice(&(place as u64).to_le_bytes());
        self.sign(&signed)
    }

    /// Where it is kept that whoever has this print was erased.
    #[must_use]
    pub fn erased(&self, who: Print) -> Print {
        let mut signed = Signed::new(Of::Erased);
        signed.add_print(who);
        self.sign(&signed)
    }

    fn sign_id(&self, signed: &mut Signed, id: &Id) -> Print {
        signed.begin(Of::Id);
        signed.add(self.kind(Some(id.kind())));
        signed.0.extend_from_slice(id.name().as_bytes());
        self.sign(signed)
    }

    fn sign(&self, signed: &Signed) -> Print {
        self.key.sign(&signed.0).into()
    }

    fn kind(&self, kind: Option<IdKind>) -> &[u8] {
        let name = kind.and_then(|kind| self.kinds.get(usize::from(kind.0)));
        name.map_or(b"", |name| name.as_bytes())
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
        let listed = (!self.prints.is_empty()).then(|| self.as_listed(id));
        listed.filter(|listed| self.lists(*listed))
    }

    /// How the list would have an id, on it or not.
    #[must_use]
    pub fn as_listed(&self, id: &Id) -> Print {
        self.printer.listed(id).into()
    }

    /// Whether this is how the list has an id.
    #[must_use]
    pub fn lists(&self, listed: Print) -> bool {
        self.prints.binary_search(&listed).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::{collection::vec, option, prelude::*, sample::select};

    use super::*;
    use crate::domain::{Setting, Value};

    /// Few texts, some as long as where a length takes more bytes, and some that look like a length.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "[a\u{1}]{1,3}",
            1 => select(vec![253_usize, 254, 255, 256, 257]).prop_map(|length| "a".repeat(length)),
        ]
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Boolean),
            text().prop_map(|text| Value::Text(text.into())),
            text().prop_map(|text| Value::Json(text.into())),
            vec(text(), 0..3).prop_map(|texts| Value::Texts(texts.into_iter().map(Into::into).collect())),
        ]
    }

    fn row() -> impl Strategy<Value = (Identity, Action, Fields)> {
        let id = |kind| text().prop_map(move |text| Id::parse(IdKind(kind), &text.replace('\u{1}', "b")).unwrap());
        let setting = (text(), value()).prop_map(|(name, value)| Setting { name: Arc::from(name), field: 0, value });
        let fields = vec(setting, 0..3).prop_map(Fields::new);
        let action = select(vec![Action::Update, Action::Upsert, Action::Delete]);
        (id(0), option::of(id(1)), action, fields).prop_map(|(first, second, action, fields)| {
            let identity = match second {
                Some(second) => Identity::two(first, second),
                None => Identity::one(first),
            };
            (identity, action, fields)
        })
    }

    proptest! {
        #[test]
        fn rows_have_one_print_just_when_they_say_the_same(one in row(), other in row()) {
            let printer = Printer::new(b"key", ["a", "aa"]);
            let print = |(identity, action, fields): &(Identity, Action, Fields)| printer.row(identity, *action, fields);
            prop_assert_eq!(print(&one).what == print(&other).what, one == other);
            prop_assert_eq!(print(&one).who == print(&other).who, one.0.primary() == other.0.primary());
            prop_assert_eq!(print(&one).who, printer.who(one.0.primary()));
        }
    }

    #[test]
    fn prints_of_one_thing_are_none_of_another() {
        let printer = Printer::new(b"key", ["", "a"]);
        let [first, second] = [0, 1].map(|kind| printer.who(&Id::parse(IdKind(kind), "aa").unwrap()));
        let row = printer.row(&Identity::one(Id::parse(IdKind(0), "aa").unwrap()), Action::Update, &Fields::default());
        let [together, swapped] = [[first, second], [second, first]].map(|rows| printer.together(rows));
        let all = [
            first,
            second,
            row.what,
            together,
            swapped,
            printer.together([first]),
            printer.among(first, 0),
            printer.among(first, 1),
            printer.erased(first),
        ];
        for (place, print) in all.iter().enumerate() {
            assert_eq!(all.iter().position(|other| other == print), Some(place));
        }
    }
}
