//! What is remembered of rows that were sent before, as the reader asks for it.

use super::{Action, Fields, Identity, Printer, RowPrint};

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

/// A row that somebody asks about.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'r> {
    /// Who it is about.
    pub identity: &'r Identity,
    /// What it asks for.
    pub action: Action,
    /// What it wants of the profile.
    pub fields: &'r Fields,
    /// By [`Recall::printer`].
    pub print: RowPrint,
}

/// Whoever remembers. It is asked once about each row that counts, and may take note of who was asked about.
pub trait Recall {
    /// Makes the prints of the rows that it is asked about: on another thread, as it were.
    fn printer(&self) -> &Printer;

    /// Some of these rows will be asked about soon: what is known of them may be far away.
    fn expect(&self, _rows: &mut dyn Iterator<Item = RowPrint>) {}

    /// A row about this identity cannot be sent: it stands in the input all the same.
    fn mention(&mut self, _identity: &Identity) {}

    /// A later row is sent instead of one about this identity, of which it may name but one id: that they are of one person
    /// is said all the same.
    fn supersede(&mut self, _identity: &Identity) {}

    /// What is known of a row.
    fn answer(&mut self, row: Asked<'_>) -> Known;

    /// An earlier try of the run settled a row about this identity, after which there may be a profile; it may have had no
    /// time to have that remembered.
    fn settled(&mut self, _identity: &Identity) {}

    /// What ties a row about this identity to rows of the same person that share no id with it: any two of them have a tie
    /// in common. Numbers that mean nothing else.
    fn ties(&mut self, _identity: &Identity) -> Vec<u64> {
        Vec::new()
    }

    /// What is known of a row that has no prints yet.
    fn ask(&mut self, identity: &Identity, action: Action, fields: &Fields) -> Known {
        let print = self.printer().row(identity, action, fields);
        self.answer(Asked { identity, action, fields, print })
    }
}
