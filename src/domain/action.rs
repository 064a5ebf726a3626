//! What a row asks for.

use serde::{Deserialize, Serialize};

/// The goal of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The profile shall no longer exist.
    Delete,
}

impl Action {
    /// The word in the results' `action` column.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Delete => "delete",
        }
    }
}
