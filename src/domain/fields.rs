//! What a row wants of a profile: fields and values.

use std::{fmt, sync::Arc};

/// The fields that a row names, ordered by name; each once. An empty cell is no field.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Fields(Box<[Setting]>);

/// One field and its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its whole name: `email`, `installation_meta.device_id`, `custom_attributes.favourite_sport`.
    pub name: Arc<str>,
    /// Its place in [`super::Schema::fields`].
    pub field: u16,
    /// What it shall be.
    pub value: Value,
}

/// A value, typed and checked.
///
/// Its tag takes a whole word, so that a move copies words: the bytes behind a short one are copied in pieces that overlap,
/// and whoever reads them waits for both (there `perf` found half of the time within the reading of a row's columns).
#[derive(Clone, PartialEq, Eq)]
#[repr(u64)]
pub enum Value {
    /// Nothing: what stands there goes away.
    Null,
    /// A text.
    Text(Box<str>),
    /// A number, as a JSON literal.
    Number(Box<str>),
    /// True or false.
    Boolean(bool),
    /// A list of texts.
    Texts(Box<[Box<str>]>),
    /// Any other JSON value, as a compact JSON text.
    Json(Box<str>),
}

impl Fields {
    /// Puts settings in order. Of two with one name the caller must have chosen already: both would stay.
    #[must_use]
    pub fn new(mut settings: Vec<Setting>) -> Self {
        settings.sort_by(|one, other| one.name.cmp(&other.name));
        Self(settings.into())
    }

    /// The settings, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.0.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Setting {
    /// What follows after the field's own name and a dot: the key of a pair or of a map's entry.
    #[must_use]
    pub fn key(&self, field: &str) -> Option<&str> {
        self.name.strip_prefix(field)?.strip_prefix('.')
    }
}

impl Value {
    /// One byte that tells the kinds apart, and the bytes of the value: equal just when the values are.
    pub fn parts(&self, mut each: impl FnMut(&[u8])) {
        match self {
            Self::Null => each(b"-"),
            Self::Text(text) => [b"t".as_slice(), text.as_bytes()].into_iter().for_each(each),
            Self::Number(number) => [b"n".as_slice(), number.as_bytes()].into_iter().for_each(each),
            Self::Boolean(true) => each(b"1"),
            Self::Boolean(false) => each(b"0"),
            Self::Texts(texts) => {
                each(b"l");
                each(&(texts.len() as u64).to_le_bytes());
                texts.iter().for_each(|text| each(text.as_bytes()));
            }
            Self::Json(json) => [b"j".as_slice(), json.as_bytes()].into_iter().for_each(each),
        }
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

/// Names the field and keeps the value to itself: it may be somebody's address.
impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value")
    }
}
