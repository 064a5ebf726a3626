//! Which fields a profile has, and what may stand in them: what an API's description says, for whoever reads rows.

use super::Action;

/// The fields of an API's profiles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// In the description's order; a [`super::Setting::field`] is a place in here. At most `u16::MAX` of them.
    pub fields: Vec<Field>,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The column's name, which is also its path in a body: `email`, `installation_meta.device_id`. Of [`FieldKind::Pairs`]
    /// and [`FieldKind::Map`] it is the group's: columns are `NAME.KEY`.
    pub name: String,
    /// What may stand in it.
    pub kind: FieldKind,
    /// Whether it may be null.
    pub nullable: bool,
    /// Actions that need it.
    pub required: Vec<Action>,
    /// It must be there wherever another field of its group (`GROUP.…`) is.
    pub with_group: bool,
    /// Actions for which the vendor's own texts disagree on whether it is needed: without it, a warning once, and sent all
    /// the same. Of a field that its group needs ([`Self::with_group`]) it says so of the whole group.
    pub doubtful_without: Vec<Action>,
}

/// What may stand in a field. Lengths are in characters. *Doubtful* is what one of the vendor's texts allows and another
/// does not: a warning once, and sent all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// Any text.
    Text {
        /// The shortest that is sent.
        least: usize,
        /// The longest that is sent.
        most: Option<usize>,
        /// Longer ones are doubtful.
        doubtful_above: Option<usize>,
    },
    /// An address with one `@` between two non-empty parts, and no blank.
    Email,
    /// A whole number.
    Integer {
        /// The smallest.
        least: i64,
        /// The largest.
        most: i64,
    },
    /// A finite number, as JSON writes it.
    Number,
    /// `true` or `false` (in CSV also `1` and `0`, `yes` and `no`).
    Boolean,
    /// A day of the calendar, `YYYY-MM-DD`.
    Date,
    /// One of a few words.
    Choice {
        /// The words.
        words: Vec<String>,
        /// Further words, doubtful.
        doubtful: Vec<String>,
        /// Any other word is doubtful too, instead of impossible.
        open: bool,
    },
    /// A UUID in 8-4-4-4-12 form.
    Uuid,
    /// Two letters, ISO 3166-1 alpha-2.
    Country,
    /// An IPv4 address in dotted form.
    Ipv4,
    /// A list of texts: in CSV separated by `|`, in JSON an array.
    Texts {
        /// The fewest that are sent.
        least: usize,
    },
    /// A list of `{key, value}`; columns are `NAME.KEY`.
    Pairs(PairRules),
    /// An object; columns are `NAME.KEY`.
    Map,
}

/// What may stand in a list of pairs. A value is a text or a number; booleans are sent as `1` and `0`, and null or an empty
/// text takes the pair away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairRules {
    /// The most pairs.
    pub most: usize,
    /// The longest key, which has letters, digits, `-`, `_` and `.` only.
    pub key_most: usize,
    /// The longest value.
    pub value_most: usize,
    /// Longer ones are doubtful.
    pub value_doubtful_above: usize,
}

/// How many columns a field may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape<'a> {
    /// One, of its own name.
    Single,
    /// One for each pair, `NAME.KEY`.
    Pairs(&'a PairRules),
    /// One for each entry of an object, `NAME.KEY`.
    Map,
}

impl FieldKind {
    /// Whether it is one value, or a group of them.
    #[must_use]
    pub const fn shape(&self) -> Shape<'_> {
        match self {
            Self::Pairs(rules) => Shape::Pairs(rules),
            Self::Map => Shape::Map,
            Self::Text { .. }
            | Self::Email
            | Self::Integer { .. }
            | Self::Number
            | Self::Boolean
            | Self::Date
            | Self::Choice { .. }
            | Self::Uuid
            | Self::Country
            | Self::Ipv4
            | Self::Texts { .. } => Shape::Single,
        }
    }
}

impl Schema {
    /// The field that a column names, by its place: its own name, or the group's for `NAME.KEY`.
    #[must_use]
    pub fn find(&self, column: &str) -> Option<u16> {
        let names = |field: &Field| match field.kind.shape() {
            Shape::Single => field.name == column,
            Shape::Pairs(_) | Shape::Map => {
                let key = column.strip_prefix(&*field.name).and_then(|rest| rest.strip_prefix('.'));
                key.is_some_and(|key| !key.is_empty())
            }
        };
        self.fields.iter().position(names).and_then(|place| u16::try_from(place).ok())
    }
}
