//! Who a row is about.

use std::{
    borrow::Cow,
    fmt,
    hash::{Hash, Hasher},
};

use super::Digest;

/// Which of the API's identities an id is: an index into the description's list, in order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdKind(pub u8);

/// An id that can travel: not empty, no control character, no blank at either end, neither `.` nor `..`, at most
/// [`Id::MAX_BYTES`] long.
///
/// Two of them are equal where they name the same: capitals are no other letters in an id whose form is hexadecimal digits.
#[derive(Clone)]
pub struct Id {
    kind: IdKind,
    text: Box<str>,
    /// Its kind is written in hexadecimal digits, of either case.
    is_hexadecimal: bool,
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name() == other.name()
    }
}

impl Eq for Id {}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
        self.name().hash(state);
    }
}

/// Why a text is not an [`Id`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdFault {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Longer than [`Id::MAX_BYTES`].
    #[error("is longer than {} bytes", Id::MAX_BYTES)]
    TooLong,
    /// CR, LF, NUL and their like cannot survive in a header.
    #[error("has a control character, which cannot travel in a header")]
    Control,
    /// A blank at either end would be lost in a header.
    #[error("begins or ends with a blank, which cannot travel in a header")]
    Blank,
    /// In a URL's path, however they are written, these two mean another place: deleting there is another deed.
    #[error("is `.` or `..`, which cannot travel in a URL")]
    Dots,
    /// See [`IdFormat::Hex24`].
    #[error("is not 24 hexadecimal digits, as this API's ids are")]
    NotHex24,
    /// See [`IdFormat::Uuid`].
    #[error("is not a UUID such as 0dd5f1a0-5b1c-4c9e-8f3a-2b6d7e8f9a0b, as this API's ids are")]
    NotUuid,
}

/// How an API writes the ids of one kind: what is written in another way is none of its own, and is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdFormat {
    /// In any way that can travel.
    Any,
    /// 24 hexadecimal digits of either case (`MongoDB`'s object ids).
    Hex24,
    /// 8-4-4-4-12 hexadecimal digits of either case.
    Uuid,
}

impl IdFormat {
    /// An id that is written so; it knows from then on whether capitals are other letters in it.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn take(self, id: Id) -> Result<Id, IdFault> {
        self.check(&id)?;
        Ok(if self == Self::Any { id } else { id.hexadecimal() })
    }

    /// Holds an id against it.
    ///
    /// # Errors
    /// The rule that is broken.
    pub fn check(self, id: &Id) -> Result<(), IdFault> {
        let text = id.text().as_bytes();
        match self {
            Self::Any => Ok(()),
            Self::Hex24 if text.len() == 24 && text.iter().all(u8::is_ascii_hexdigit) => Ok(()),
            Self::Hex24 => Err(IdFault::NotHex24),
            Self::Uuid if is_uuid(id.text()) => Ok(()),
            Self::Uuid => Err(IdFault::NotUuid),
        }
    }
}

/// Whether a text is a UUID in 8-4-4-4-12 form, its hexadecimal digits of either case.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    let groups = text.as_bytes().split(|byte| *byte == b'-');
    groups.clone().map(<[u8]>::len).eq([8, 4, 4, 4, 12]) && groups.flatten().all(u8::is_ascii_hexdigit)
}

impl Id {
    /// Half of the 8 KiB that common servers grant to one header line, so that an id never meets that limit.
    pub const MAX_BYTES: usize = 4096;

    /// Takes a text as it will be sent, byte for byte.
    ///
    /// # Errors
    /// What keeps the text from travelling in a header or a URL.
    pub fn parse(kind: IdKind, text: &str) -> Result<Self, IdFault> {
        if text.is_empty() {
            return Err(IdFault::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(IdFault::TooLong);
        }
        if has_control(text) {
            return Err(IdFault::Control);
        }
        if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
            return Err(IdFault::Blank);
        }
        if matches!(text, "." | "..") {
            return Err(IdFault::Dots);
        }
        Ok(Self { kind, text: text.into(), is_hexadecimal: false })
    }

    /// What stands for an id: 64 hex digits can travel anywhere.
    pub(super) fn hashed(kind: IdKind, hash: Digest) -> Self {
        Self { kind, text: hash.to_string().into(), is_hexadecimal: false }
    }

    /// The same of a kind that is written in hexadecimal digits: capitals are no other letters in it.
    #[must_use]
    pub fn hexadecimal(self) -> Self {
        Self { is_hexadecimal: true, ..self }
    }

    /// Whether it is of such a kind.
    #[must_use]
    pub const fn is_hexadecimal(&self) -> bool {
        self.is_hexadecimal
    }

    /// Which identity of the API this is.
    #[must_use]
    pub const fn kind(&self) -> IdKind {
        self.kind
    }

    /// The text by which it is told from others: in small letters where capitals are no other letters.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        if self.is_hexadecimal && self.text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.text.to_ascii_lowercase().into()
        } else {
            Cow::Borrowed(&*self.text)
        }
    }

    /// The text as it is sent.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Most ids are ASCII, whose bytes are looked at many at a time where none ends the looking.
fn has_control(text: &str) -> bool {
    if text.is_ascii() {
        text.bytes().fold(false, |found, byte| found | byte.is_ascii_control())
    } else {
        text.chars().any(char::is_control)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({})", self.kind.0)
    }
}

/// One or two ids of the same person; the primary one is tried first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    primary: Id,
    fallback: Option<Id>,
}

impl Identity {
    /// A person known by one id.
    #[must_use]
    pub const fn one(primary: Id) -> Self {
        Self { primary, fallback: None }
    }

    /// A person known by two ids; `primary` is tried first.
    #[must_use]
    pub const fn two(primary: Id, fallback: Id) -> Self {
        Self { primary, fallback: Some(fallback) }
    }

    /// The id that is tried first, and that stands in the results.
    #[must_use]
    pub const fn primary(&self) -> &Id {
        &self.primary
    }

    /// The id that is tried when the primary one is absent.
    #[must_use]
    pub const fn fallback(&self) -> Option<&Id> {
        self.fallback.as_ref()
    }

    /// All ids, the primary one first.
    pub fn ids(&self) -> impl Iterator<Item = &Id> {
        std::iter::once(&self.primary).chain(self.fallback.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(format: IdFormat, text: &str) -> Option<IdFault> {
        format.check(&Id::parse(IdKind(0), text).unwrap()).err()
    }

    #[test]
    fn capitals_are_no_other_letters_in_hexadecimal_digits_alone() {
        let id = |format: IdFormat, text: &str| format.take(Id::parse(IdKind(0), text).unwrap()).unwrap();
        let (small, large) = ("507f1f77bcf86cd799439011", "507F1F77BCF86CD799439011");
        assert_eq!(id(IdFormat::Hex24, small), id(IdFormat::Hex24, large));
        assert_eq!(id(IdFormat::Hex24, large).text(), large, "sent as it stands");
        assert_ne!(id(IdFormat::Any, small), id(IdFormat::Any, large));
    }

    #[test]
    fn a_format_takes_what_is_written_its_way() {
        let uuid = "0dd5f1a0-5b1c-4C9E-8f3a-2b6d7e8f9a0b";
        for (format, text) in [
            (IdFormat::Any, "anything at all"),
            (IdFormat::Hex24, "507f1f77bcf86cd799439011"),
            (IdFormat::Hex24, "507F1F77BCF86CD799439011"),
            (IdFormat::Uuid, uuid),
        ] {
            assert_eq!(fault(format, text), None, "{text}");
        }
        for text in ["507f1f77bcf86cd79943901", "507f1f77bcf86cd7994390111", "507f1f77bcf86cd79943901g", uuid] {
            assert_eq!(fault(IdFormat::Hex24, text), Some(IdFault::NotHex24), "{text}");
        }
        let braced = format!("{{{uuid}}}");
        let plain = uuid.replace('-', "");
        for text in [&uuid[1..], &uuid.replace('c', "g"), &format!("{uuid}0"), &braced, &plain, &format!("{uuid}-")] {
            assert_eq!(fault(IdFormat::Uuid, text), Some(IdFault::NotUuid), "{text}");
        }
    }

    #[test]
    fn what_a_path_would_read_as_another_place_is_no_id() {
        for text in [".", ".."] {
            assert_eq!(Id::parse(IdKind(0), text), Err(IdFault::Dots));
        }
        for text in ["...", ".a", "a."] {
            assert!(Id::parse(IdKind(0), text).is_ok(), "{text}");
        }
    }
}
