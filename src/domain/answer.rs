//! What an answer means: five words. Everything about an API is said in them.

use std::time::Duration;

use super::Id;

/// What one call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Erase the profile.
    Delete,
    /// Make it, with the row's fields. It names every id of the row where the API's description says so.
    Create,
    /// Give it the row's fields; those that the row does not name stay as they are.
    Update,
    /// Take away the fields that the row says are to be null, where an update cannot.
    Remove,
    /// Read it, and hold the row's fields against what the API returns: changes nothing.
    Compare,
    /// See whether it is there: changes nothing.
    Look,
    /// Read it whole, and keep what was read: changes nothing.
    Get,
}

impl Operation {
    /// Whether it changes anything at the API.
    #[must_use]
    pub const fn changes(self) -> bool {
        match self {
            Self::Delete | Self::Create | Self::Update | Self::Remove => true,
            Self::Look | Self::Get | Self::Compare => false,
        }
    }
}

/// Which id of the identity a call names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// [`super::Identity::primary`].
    Primary,
    /// [`super::Identity::fallback`].
    Fallback,
}

/// One request to be made for an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Call {
    /// What it does.
    pub operation: Operation,
    /// Which id it names.
    pub slot: Slot,
}

/// The five words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// The row reached its goal.
    Done(Fact),
    /// The row needs a further call.
    Next(Call),
    /// The API will never take this row: a signed 4xx about it.
    Refused,
    /// Not now.
    Again {
        /// How long the API asked us to wait, if it said so: this holds everybody.
        after: Option<Duration>,
        /// Whether the row may be at fault.
        blame: Blame,
    },
    /// Something is wrong with the run, not with the row.
    Suspect(Suspicion),
}

/// What is now known about the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// It was there, and is gone by this call.
    Deleted,
    /// It was not there, by the API's own not-found code.
    Absent,
    /// It is there (the answer to a look, or to a comparison that found a difference).
    Found,
    /// It was made by this call.
    Created,
    /// It has the row's fields by this call.
    Updated,
    /// It is there, and nothing that can be compared differs.
    Same,
    /// It could not be made: another one has its name, which is the id in this place of the row's.
    Taken(Slot),
}

/// Whether a passing failure may be the row's own fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// A 500, a timeout, a reset: it may cost the row an attempt.
    Row,
    /// 429, 503 with Retry-After: it costs no attempt, and holds the whole gate.
    Never,
}

/// Why the run itself is suspicious.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspicion {
    /// 401 or 403: the key may be wrong.
    Credentials,
    /// By its code: the key lacks a right, and no row is at fault.
    Right,
    /// By its code: what was said once for the run may be wrong, and no row's fault.
    Parameters,
    /// 407: the proxy wants its own credentials.
    Proxy,
    /// Any 3xx: redirects are not followed.
    Redirect,
    /// An answer that does not carry the API's own shape.
    Unsigned,
    /// The certificate does not hold.
    Certificate,
    /// The host's name does not exist.
    HostName,
}

/// What an answer said, for the results. A fact is never made up: what no answer said is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// The HTTP status, when an answer came.
    pub status: Option<u16>,
    /// The API's own error code.
    pub code: Option<String>,
    /// The API's or the transport's words (`field: text`); may echo personal data, so never logged.
    pub message: Option<String>,
    /// What support asks for.
    pub request_id: Option<String>,
    /// The API's own id of the profile, where an answer named it.
    pub remote_id: Option<String>,
    /// By which ids the answer says that the profile is known, its own one included, and perhaps those of another profile
    /// that was looked at for the row; what cannot be an id is left out.
    pub names: Vec<Id>,
    /// The app that the key belongs to, where an answer named it.
    pub app: Option<String>,
    /// The profile as the API sent it, one JSON value on one line: only the answer to [`Operation::Get`] has it.
    pub profile: Option<Box<str>>,
}

/// What one attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its meaning.
    pub word: Word,
    /// What was said.
    pub evidence: Evidence,
    /// The request may have been applied although no whole answer came.
    pub lost: bool,
    /// The API's own id of a profile that was found by another name, where later calls must go by it.
    pub resolved: Option<Id>,
}

impl Reply {
    /// A definitive answer is any signed one, `absent` and `refused` included: the key and the URL work.
    #[must_use]
    pub const fn is_definitive(&self) -> bool {
        match self.word {
            Word::Done(_) | Word::Next(_) | Word::Refused => true,
            Word::Again { .. } | Word::Suspect(_) => false,
        }
    }
}
