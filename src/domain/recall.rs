//! What is remembered of rows that were sent before, as the reader asks for it.

use super::{Action, Fields, Identity};

/// What is remembered of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It is new, or says something else than what was sent last.
    Changed,
    /// It was sent just as it stands, and is so at the API.
    Same,
    /// It was sent just as it stands, and the API refused it.
    Refused,
}

/// Whoever remembers. It is asked once about each row that counts, in file order, and may take note of who was asked about.
pub trait Recall {
    /// What is known of such a row.
    fn ask(&mut self, identity: &Identity, action: Action, fields: &Fields) -> Known;
}
