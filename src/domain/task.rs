//! What a whole run is for.

use serde::{Deserialize, Serialize};

use super::{Action, Verdict};

/// The command of a run: one action for every row, or what each row says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Every row asks for a deletion.
    Delete,
    /// Every row asks for a profile to be made.
    Create,
    /// Every row asks for its fields to be set.
    Update,
    /// Every row says what it wants.
    Sync,
    /// Every row asks for its profile.
    Get,
    /// Every row asks for proof that it is gone.
    Verify,
}

impl Task {
    /// The command's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Create => "create",
            Self::Update => "update",
            Self::Sync => "sync",
            Self::Get => "get",
            Self::Verify => "verify",
        }
    }

    /// Whether it may change anything at the API.
    #[must_use]
    pub const fn changes(self) -> bool {
        match self {
            Self::Delete | Self::Create | Self::Update | Self::Sync => true,
            Self::Get | Self::Verify => false,
        }
    }

    /// What a row asks for that does not say.
    #[must_use]
    pub const fn usual(self) -> Action {
        match self {
            Self::Delete => Action::Delete,
            Self::Create => Action::Create,
            Self::Update | Self::Sync => Action::Update,
            Self::Get => Action::Get,
            Self::Verify => Action::Verify,
        }
    }

    /// The word that a summary says even when no row ended with it.
    #[must_use]
    pub const fn goal(self) -> Verdict {
        match self {
            Self::Delete => Verdict::Deleted,
            Self::Create => Verdict::Created,
            Self::Update | Self::Sync => Verdict::Updated,
            Self::Get => Verdict::Found,
            Self::Verify => Verdict::Absent,
        }
    }
}
