//! Who a row is about.

use std::fmt;

/// Which of the API's identities an id is: an index into the description's list, in order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdKind(pub u8);

/// An id that can travel: not empty, no control character, no blank at either end, at most [`Id::MAX_BYTES`] long.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id {
    kind: IdKind,
    text: Box<str>,
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
}

impl Id {
    /// Half of the 8 KiB that common servers grant to one header line, so that an id never meets that limit.
    pub const MAX_BYTES: usize = 4096;

    /// Takes a text as it will be sent, byte for byte.
    ///
    /// # Errors
    /// What keeps the text from travelling in a header.
    pub fn parse(kind: IdKind, text: &str) -> Result<Self, IdFault> {
        if text.is_empty() {
            return Err(IdFault::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(IdFault::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(IdFault::Control);
        }
        if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
            return Err(IdFault::Blank);
        }
        Ok(Self { kind, text: text.into() })
    }

    /// Which identity of the API this is.
    #[must_use]
    pub const fn kind(&self) -> IdKind {
        self.kind
    }

    /// The text as it is sent.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
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
