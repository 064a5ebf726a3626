//! What is remembered of rows that were sent before, as the reader asks for it.

use super::{Action, Fields, Identity, Printer, RowPrint, Suppressed};

/// What is remembered of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It is new, or says something else than what was sent last.
    Changed,
    /// It was sent just as it stands, and is so at the API.
    Same,
    /// It was sent just as it stands, and the API refused it.
    Refused,
    /// It was sent just as it stands not long ago, and there was no such profile.
    Missing,
    /// It was sent just as it stands not long ago, and another profile had the name.
    Taken,
    /// Whoever it is about was erased by another of their ids, and must not come back.
    Erased,
}

/// What became of a row in earlier tries of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is not settled: unless it is known, it will be sent.
    Open,
    /// It is settled, and the API has what it says.
    Well,
    /// It is settled, and there was no such profile.
    NotThere,
    /// It is settled, and the API refused it.
    Refused,
    /// It is settled, and another profile had the name.
    Taken,
}

/// A row that somebody asks about.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'r> {
    /// Where it starts.
    pub line: u64,
    /// Who it is about.
    pub identity: &'r Identity,
    /// What it asks for.
    pub action: Action,
    /// What it wants of the profile.
    pub fields: &'r Fields,
    /// By [`Recall::printer`].
    pub print: RowPrint,
    /// Whether another row of the input has one of its ids: the two are about one person.
    pub is_shared: bool,
    /// Who must not come back, where anybody must not; none of the row's own ids is among them.
    pub suppressed: Option<&'r Suppressed>,
    /// What became of it in earlier tries.
    pub standing: Standing,
}

/// What is known of a row that was asked about, told when all were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Its line.
    pub line: u64,
    /// What is known of it, together with the other rows of its person.
    pub known: Known,
    /// A number that all rows of its person have; `None` where there is no other one.
    pub person: Option<u64>,
}

/// What there is to say when every row was asked about.
#[derive(Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// Rows that were known at once are not what they seemed, be it the same or the only ones of their people: ask about each
    /// row again that was answered at once, and then for the conclusion.
    AskAgain,
    /// Of each row that [`Recall::answer`] did not know, in the order of their lines.
    Told(Vec<Told>),
}

/// Whoever remembers. It is asked once about each row that counts, and may take note of who was asked about.
pub trait Recall {
    /// Makes the prints of the rows that it is asked about: on another thread, as it were.
    fn printer(&self) -> &Printer;

    /// Some of these rows will be asked about soon: what is known of them may be far away.
    fn expect(&self, _rows: &mut dyn Iterator<Item = RowPrint>) {}

    /// A row about this identity is not sent, since it cannot be, or asks for nothing: it stands in the input all the same,
    /// and says which ids are of one person.
    fn mention(&mut self, _identity: &Identity) {}

    /// A later row is sent instead of one about this identity, of which it may name but one id: that they are of one person
    /// is said all the same.
    fn supersede(&mut self, _identity: &Identity) {}

    /// Whoever a row is about was erased meanwhile, and is not sent: were he to come back, he must be. The row says which
    /// ids are of one person; by some of them he may be on the list.
    fn suppress(&mut self, _identity: &Identity, _list: Option<&Suppressed>) {}

    /// What is known of a row; `None` where that hangs on other rows of its person: see [`Recall::conclude`].
    fn answer(&mut self, row: Asked<'_>) -> Option<Known>;

    /// Every row was asked about.
    fn conclude(&mut self) -> Conclusion {
        Conclusion::Told(Vec::new())
    }

    /// An earlier try of the run settled a row about this identity, after which there may be a profile; it may have had no
    /// time to have that remembered.
    fn settled(&mut self, _identity: &Identity) {}

    /// What is known of a row that is the only one of its person, and has no prints yet.
    fn ask(&mut self, identity: &Identity, action: Action, fields: &Fields) -> Known {
        let print = self.printer().row(identity, action, fields);
        let (line, is_shared, standing) = (0, false, Standing::Open);
        let asked = Asked { line, identity, action, fields, print, is_shared, suppressed: None, standing };
        self.answer(asked).unwrap_or_else(|| match self.conclude() {
            Conclusion::Told(told) => told.last().map_or(Known::Changed, |told| told.known),
            Conclusion::AskAgain => Known::Changed,
        })
    }
}
