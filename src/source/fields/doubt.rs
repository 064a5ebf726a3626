//! What is doubtful about rows that are sent all the same.
//!
//! Promises: one sentence for each kind of doubt, however many rows it is about; never a value. It does not know how
//! doubts arise.

use std::collections::BTreeMap;

use crate::domain::{Action, Schema};

/// Why a row is doubtful: what one of the vendor's texts allows and another does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::source) enum Why {
    /// A text with more characters than this.
    Long(usize),
    /// A word that is not among the usual ones.
    Word,
    /// The field is not there; the place in [`Action::ALL`] says what for.
    Without(usize),
}

/// One doubt about a row, by its field's place in the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::source) struct Doubt {
    pub(super) field: u16,
    pub(super) why: Why,
}

/// The doubts of many rows.
#[derive(Default)]
pub(in crate::source) struct Doubts(BTreeMap<Doubt, Rows>);

struct Rows {
    first: u64,
    last: u64,
    count: u64,
}

impl Doubts {
    /// Takes the doubts about one row; a row counts once for each kind. Lines come in ascending order.
    pub(in crate::source) fn note(&mut self, line: u64, doubts: &[Doubt]) {
        for doubt in doubts {
            let rows = self.0.entry(*doubt).or_insert(Rows { first: line, last: 0, count: 0 });
            rows.count += u64::from(rows.last != line);
            rows.last = line;
        }
    }

    /// A sentence for each kind of doubt.
    pub(in crate::source) fn sentences(&self, schema: Option<&Schema>) -> Vec<String> {
        let name = |doubt: &Doubt| schema?.fields.get(usize::from(doubt.field)).map(|field| field.name.as_str());
        self.0.iter().filter_map(|(doubt, rows)| name(doubt).map(|name| sentence(name, doubt.why, rows))).collect()
    }
}

fn sentence(name: &str, why: Why, rows: &Rows) -> String {
    let what = match why {
        Why::Long(bound) => format!("have a value above {bound} characters"),
        Why::Word => "have an unusual word".to_owned(),
        Why::Without(action) => {
            format!("say {} without it", Action::ALL.get(action).map_or("", |action| action.word()))
        }
    };
    let Rows { first, count, .. } = rows;
    format!(
        "column {name}: {count} rows {what} (the first on line {first}), which not all of the vendor's texts allow: no \
         row is held back for that"
    )
}
