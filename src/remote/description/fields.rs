//! The field table: what may stand in a profile's fields, and how each of them travels.
//!
//! Promises: of two fields neither stands within the other, and what travels in a header can stand in one. It checks no
//! value: that is done where rows are read, by the schema.

use std::{collections::BTreeSet, ops::Range};

use reqwest::header::HeaderName;
use serde::Deserialize;
use toml::Spanned;

use super::{complaint::Complaint, spelling};
use crate::{
    domain::{Action, Field, FieldKind, PairRules, Schema},
    remote::field::FieldPath,
};

/// `[[fields]]`: one field of a profile.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    name: String,
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    nullable: bool,
    #[serde(default)]
    required: Vec<Action>,
    #[serde(default)]
    with_group: bool,
    #[serde(default)]
    doubtful_without: Vec<Action>,
    #[serde(default, deserialize_with = "spelling::sent_header")]
    header: Option<HeaderName>,
    returned: Option<FieldPath>,
    least: Option<i64>,
    most: Option<i64>,
    doubtful_above: Option<usize>,
    words: Option<Vec<String>>,
    doubtful_words: Option<Vec<String>>,
    open: Option<bool>,
    key_most: Option<usize>,
    value_most: Option<usize>,
    value_doubtful_above: Option<usize>,
}

const CONTRARY: &str = "`least` is more than `most`";

/// The words for what may stand in a field.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Text,
    Email,
    Integer,
    Number,
    Boolean,
    Date,
    Choice,
    Uuid,
    Country,
    Ipv4,
    Texts,
    Pairs,
    Map,
}

impl Kind {
    /// The bounds that it can have.
    const fn bounds(self) -> &'static [&'static str] {
        match self {
            Self::Text => &["least", "most", "doubtful_above"],
            Self::Texts => &["least"],
            Self::Integer => &["least", "most"],
            Self::Choice => &["words", "doubtful_words", "open"],
            Self::Pairs => &["most", "key_most", "value_most", "value_doubtful_above"],
            Self::Email
            | Self::Number
            | Self::Boolean
            | Self::Date
            | Self::Uuid
            | Self::Country
            | Self::Ipv4
            | Self::Map => &[],
        }
    }
}

/// How a field travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carriage {
    /// Where it stands in a JSON body: its name, split at the dots.
    pub path: FieldPath,
    /// The header that it travels in, instead of the body.
    pub header: Option<HeaderName>,
    /// Where a look's answer has it, from the profile on; `None`: the API does not return it.
    pub returned: Option<FieldPath>,
}

/// The whole table; the lists go side by side.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) schema: Schema,
    pub(super) carriages: Vec<Carriage>,
    /// Where in the file each is named.
    pub(super) spans: Vec<Range<usize>>,
}

/// Checks the table.
pub(super) fn fields(form: Vec<Spanned<Form>>) -> Result<Fields, Complaint> {
    let mut fields = Fields::default();
    for form in form {
        let span = form.span();
        let (field, carriage) = field(form.into_inner()).map_err(|complaint| (span.clone(), complaint))?;
        let within = |other: &Carriage| {
            other.path.keys().starts_with(carriage.path.keys()) || carriage.path.keys().starts_with(other.path.keys())
        };
        if fields.carriages.iter().any(within) {
            return Err((span, format!("the field `{}` is named twice, or stands within another one", field.name)));
        }
        fields.schema.fields.push(field);
        fields.carriages.push(carriage);
        fields.spans.push(span);
    }
    if fields.spans.len() > usize::from(u16::MAX) {
        return Err((0..0, format!("an API has at most {} fields", u16::MAX)));
    }
    Ok(fields)
}

fn field(form: Form) -> Result<(Field, Carriage), String> {
    let path: FieldPath = form.name.parse()?;
    let kind = kind(&form)?;
    if form.with_group && path.keys().len() == 1 {
        return Err(
            "`with_group` is about a field with a dot in its name: what stands before it is the group".to_owned()
        );
    }
    if let Some(action) = form.required.iter().chain(&form.doubtful_without).find(|action| !action.takes_fields()) {
        return Err(format!("fields are no part of `{}`", action.word()));
    }
    if form.header.is_some() {
        fits_a_header(&kind, form.nullable)?;
    }
    let field = Field {
        name: form.name,
        kind,
        nullable: form.nullable,
        required: form.required,
        with_group: form.with_group,
        doubtful_without: form.doubtful_without,
    };
    Ok((field, Carriage { path, header: form.header, returned: form.returned }))
}

fn kind(form: &Form) -> Result<FieldKind, String> {
    let given = [
        ("least", form.least.is_some()),
        ("most", form.most.is_some()),
        ("doubtful_above", form.doubtful_above.is_some()),
        ("words", form.words.is_some()),
        ("doubtful_words", form.doubtful_words.is_some()),
        ("open", form.open.is_some()),
        ("key_most", form.key_most.is_some()),
        ("value_most", form.value_most.is_some()),
        ("value_doubtful_above", form.value_doubtful_above.is_some()),
    ];
    if let Some((name, _)) = given.iter().find(|(name, given)| *given && !form.kind.bounds().contains(name)) {
        return Err(format!("`{name}` is no bound of this type"));
    }
    Ok(match form.kind {
        Kind::Text => text(form)?,
        Kind::Email => FieldKind::Email,
        Kind::Integer => {
            let (least, most) = (form.least.unwrap_or(i64::MIN), form.most.unwrap_or(i64::MAX));
            if least > most {
                return Err(CONTRARY.to_owned());
            }
            FieldKind::Integer { least, most }
        }
        Kind::Number => FieldKind::Number,
        Kind::Boolean => FieldKind::Boolean,
        Kind::Date => FieldKind::Date,
        Kind::Choice => choice(form)?,
        Kind::Uuid => FieldKind::Uuid,
        Kind::Country => FieldKind::Country,
        Kind::Ipv4 => FieldKind::Ipv4,
        Kind::Texts => FieldKind::Texts { least: length(form.least)?.unwrap_or(0) },
        Kind::Pairs => {
            for (name, most) in
                [("most", length(form.most)?), ("key_most", form.key_most), ("value_most", form.value_most)]
            {
                holds_something(name, most)?;
            }
            is_within("value_doubtful_above", form.value_doubtful_above, "value_most", form.value_most)?;
            let value_most = form.value_most.unwrap_or(usize::MAX);
            FieldKind::Pairs(PairRules {
                most: length(form.most)?.unwrap_or(usize::MAX),
                key_most: form.key_most.unwrap_or(usize::MAX),
                value_most,
                value_doubtful_above: form.value_doubtful_above.unwrap_or(value_most),
            })
        }
        Kind::Map => FieldKind::Map,
    })
}

fn text(form: &Form) -> Result<FieldKind, String> {
    let (least, most) = (length(form.least)?.unwrap_or(0), length(form.most)?);
    if most.is_some_and(|most| least > most) {
        return Err(CONTRARY.to_owned());
    }
    holds_something("most", most)?;
    is_within("doubtful_above", form.doubtful_above, "most", most)?;
    Ok(FieldKind::Text { least, most, doubtful_above: form.doubtful_above })
}

fn choice(form: &Form) -> Result<FieldKind, String> {
    let words = form.words.clone().filter(|words| !words.is_empty()).ok_or("a choice has `words` to choose from")?;
    let doubtful = form.doubtful_words.clone().unwrap_or_default();
    let mut said = BTreeSet::new();
    if let Some(word) = words.iter().chain(&doubtful).find(|word| word.is_empty() || !said.insert(*word)) {
        return Err(format!("`{word}` stands twice among the words, or is no word"));
    }
    Ok(FieldKind::Choice { words, doubtful, open: form.open.unwrap_or_default() })
}

/// A bound that nothing can keep is a slip of the pen.
fn holds_something(name: &str, most: Option<usize>) -> Result<(), String> {
    if most == Some(0) { Err(format!("`{name}` leaves no room for anything")) } else { Ok(()) }
}

/// What is refused is not doubtful any more.
fn is_within(name: &str, doubtful: Option<usize>, bound: &str, most: Option<usize>) -> Result<(), String> {
    match (doubtful, most) {
        (Some(doubtful), Some(most)) if doubtful >= most => {
            Err(format!("`{name}` is not below `{bound}`, above which a value is refused anyway"))
        }
        (Some(_) | None, _) => Ok(()),
    }
}

fn length(bound: Option<i64>) -> Result<Option<usize>, String> {
    bound.map(usize::try_from).transpose().map_err(|_| "a length is less than nothing".to_owned())
}

/// Of what travels in a header every value must be one that a header can hold.
fn fits_a_header(kind: &FieldKind, nullable: bool) -> Result<(), String> {
    if nullable {
        return Err("a header cannot say null: what travels in one is not `nullable`".to_owned());
    }
    let holds = match kind {
        FieldKind::Choice { words, doubtful, open } => {
            let plain = |word: &String| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
            !open && words.iter().chain(doubtful).all(plain)
        }
        FieldKind::Integer { .. }
        | FieldKind::Number
        | FieldKind::Boolean
        | FieldKind::Date
        | FieldKind::Uuid
        | FieldKind::Country
        | FieldKind::Ipv4 => true,
        FieldKind::Text { .. } | FieldKind::Email | FieldKind::Texts { .. } | FieldKind::Pairs(_) | FieldKind::Map => {
            false
        }
    };
    if holds { Ok(()) } else { Err("not every value of this type can travel in a header".to_owned()) }
}
