//! What a row asks for.

use serde::{Deserialize, Serialize};

use super::Verdict;

/// The goal of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The profile shall no longer exist.
    Delete,
    /// A profile shall exist, with these fields.
    Create,
    /// The profile shall have these fields; what is not there stays away.
    Update,
    /// The profile shall have these fields, and be created where it is not there.
    Upsert,
    /// The profile shall be read, and written down.
    Get,
    /// It shall be shown that the profile does not exist.
    Verify,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 6] = [Self::Delete, Self::Create, Self::Update, Self::Upsert, Self::Get, Self::Verify];

    /// The word in the results' `action` column, and in that of a sync's input.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Create => "create",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Get => "get",
            Self::Verify => "verify",
        }
    }

    /// The action that a word of the results stands for.
    #[must_use]
    pub fn parse(word: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word().as_bytes() == word)
    }

    /// Whether it changes anything at the API: only then is somebody asked beforehand.
    #[must_use]
    pub const fn changes(self) -> bool {
        match self {
            Self::Delete | Self::Create | Self::Update | Self::Upsert => true,
            Self::Get | Self::Verify => false,
        }
    }

    /// Whether a row's fields are part of what it asks for.
    #[must_use]
    pub const fn takes_fields(self) -> bool {
        match self {
            Self::Create | Self::Update | Self::Upsert => true,
            Self::Delete | Self::Get | Self::Verify => false,
        }
    }

    /// The word for a profile that was expected and is not there: the `absent` file lists those rows, and too many of
    /// them cast doubt on the key. `None` where absence is what is hoped for.
    #[must_use]
    pub const fn not_there(self) -> Option<Verdict> {
        match self {
            Self::Delete => Some(Verdict::Absent),
            Self::Get | Self::Update => Some(Verdict::Missing),
            Self::Create | Self::Upsert | Self::Verify => None,
        }
    }
}
