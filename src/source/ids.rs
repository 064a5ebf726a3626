//! From the texts of a row's id columns to who it is about.
//!
//! Promises: a text is sent as it stands, but for the blanks around it; a reason names the column and the rule, and
//! quotes nothing. It does not know where the texts come from.

use super::odd::is_odd;
use crate::domain::{Id, IdFormat, IdKind, Identity, Subject};

/// What was noticed about a row's ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Notes {
    /// Blanks around an id were taken away.
    pub(super) trimmed: bool,
    /// An id is hardly one, whether or not it is sent.
    pub(super) odd: bool,
    /// An id has characters beyond ASCII, whose encoding in a header is undocumented.
    pub(super) non_ascii: bool,
}

/// Who a record is about.
pub(super) struct Who {
    /// [`Subject::Known`] or [`Subject::Malformed`].
    pub(super) subject: Subject,
    /// What was noticed on the way.
    pub(super) notes: Notes,
}

impl Who {
    /// A record of which no id can be read.
    pub(super) fn unreadable(reason: impl Into<String>) -> Self {
        Self { subject: Subject::Malformed { id: Vec::new(), reason: reason.into() }, notes: Notes::default() }
    }
}

/// Ids being gathered, the preferred kind first.
pub(super) struct Draft {
    allow_odd: bool,
    primary: Option<Id>,
    fallback: Option<Id>,
    /// The text that was rejected, for the results' `id` column where no other id was read.
    shown: Vec<u8>,
    reason: Option<String>,
    notes: Notes,
}

impl Draft {
    /// Nothing yet; `allow_odd` as in [`super::Options`].
    pub(super) fn new(allow_odd: bool) -> Self {
        Self { allow_odd, primary: None, fallback: None, shown: Vec::new(), reason: None, notes: Notes::default() }
    }

    /// Takes the text of one column. Empty texts count as none; a third id has no place and is not looked at.
    pub(super) fn offer(&mut self, kind: IdKind, written: IdFormat, label: &str, raw: &[u8]) {
        if self.reason.is_some() || self.fallback.is_some() {
            return;
        }
        let Ok(text) = std::str::from_utf8(raw) else {
            return self.reject(label, raw.trim_ascii(), "is not valid UTF-8");
        };
        // Blanks of the layout; any other, a line end too, is part of what somebody wrote, and makes the id invalid.
        let id = text.trim_matches([' ', '\t']);
        if id.is_empty() {
            return;
        }
        self.notes.trimmed |= id.len() != text.len();
        self.notes.non_ascii |= !id.is_ascii();
        let checked = Id::parse(kind, id).and_then(|id| written.take(id));
        let parsed = match checked {
            Ok(parsed) => parsed,
            Err(fault) => return self.reject(label, id.as_bytes(), &fault.to_string()),
        };
        if is_odd(id) {
            self.notes.odd = true;
            if !self.allow_odd {
                return self.reject(label, id.as_bytes(), "is odd for an id (`--allow-odd-ids` sends it all the same)");
            }
        }
        if self.primary.is_none() {
            self.primary = Some(parsed);
        } else {
            self.fallback = Some(parsed);
        }
    }

    /// Notes a text that cannot be read at all.
    pub(super) fn reject(&mut self, label: &str, shown: &[u8], why: &str) {
        // The results' lines stay short enough to be mended after a crash, whatever the input holds.
        self.shown = shown[..shown.len().min(Id::MAX_BYTES)].to_vec();
        self.reason = Some(format!("{label}: {why}"));
    }

    /// Who the row is about; `without` is the reason when there was no id at all.
    pub(super) fn finish(self, without: &str) -> Who {
        let subject = match (self.reason, self.primary, self.fallback) {
            (Some(reason), Some(primary), _) => Subject::Malformed { id: primary.text().into(), reason },
            (Some(reason), None, _) => Subject::Malformed { id: self.shown, reason },
            (None, Some(primary), Some(fallback)) => Subject::Known(Identity::two(primary, fallback)),
            (None, Some(primary), None) => Subject::Known(Identity::one(primary)),
            (None, None, _) => Subject::Malformed { id: Vec::new(), reason: without.to_owned() },
        };
        // Of what is not sent it is no matter how the API would read it.
        let non_ascii = self.notes.non_ascii && matches!(subject, Subject::Known(_));
        Who { subject, notes: Notes { non_ascii, ..self.notes } }
    }
}
