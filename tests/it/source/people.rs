//! A profile's fields, built by hand, and how readers are told of them.

use tollgate::{
    domain::{Action, Field, FieldKind, Fields, PairRules, Row, Schema, Subject, Value},
    source::{FieldWish, Options},
};

use super::{options, rows};

/// A field that may be null and is never needed.
pub(super) fn field(name: &str, kind: FieldKind) -> Field {
    Field {
        name: name.to_owned(),
        kind,
        nullable: true,
        required: Vec::new(),
        with_group: false,
        doubtful_without: Vec::new(),
    }
}

pub(super) fn text() -> FieldKind {
    FieldKind::Text { least: 0, most: Some(10), doubtful_above: Some(5) }
}

fn choice(open: bool) -> FieldKind {
    let words = |words: [&str; 2]| words.map(str::to_owned).to_vec();
    FieldKind::Choice { words: words(["app_store", "stripe"]), doubtful: words(["adapty", "paddle"]), open }
}

pub(super) fn schema() -> Schema {
    let pairs = PairRules { most: 3, key_most: 8, value_most: 10, value_doubtful_above: 5 };
    Schema {
        fields: vec![
            field("email", FieldKind::Email),
            field("first_name", text()),
            Field { nullable: false, ..field("att_status", FieldKind::Integer { least: 0, most: 3 }) },
            field("score", FieldKind::Number),
            field("analytics_disabled", FieldKind::Boolean),
            field("birthday", FieldKind::Date),
            field("store", choice(false)),
            field("shop", choice(true)),
            field("token", FieldKind::Uuid),
            field("country", FieldKind::Country),
            field("ip", FieldKind::Ipv4),
            field("roles", FieldKind::Texts { least: 0 }),
            field("custom", FieldKind::Pairs(pairs)),
            field("attributes", FieldKind::Map),
            Field { with_group: true, nullable: false, ..field("meta.device_id", FieldKind::Uuid) },
            field("meta.os", text()),
            Field { doubtful_without: vec![Action::Create], ..field("meta.*", text()) },
            Field { required: vec![Action::Create], ..field("username", text()) },
        ],
    }
}

/// Rows that shall be updated.
pub(super) fn updating() -> Options {
    let fields = FieldWish { schema: Some(schema()), null: Some("\\N".to_owned()), ..FieldWish::default() };
    Options { action: Action::Update, action_column: Some("action".to_owned()), fields, ..options() }
}

/// The same, with other wishes about fields.
pub(super) fn wishing(change: impl FnOnce(&mut FieldWish)) -> Options {
    let mut options = updating();
    change(&mut options.fields);
    options
}

/// `name=value` of each field, the kind of the value before it.
pub(super) fn said(fields: &Fields) -> Vec<String> {
    let value = |value: &Value| match value {
        Value::Null => "null".to_owned(),
        Value::Text(text) => format!("text {text}"),
        Value::Number(number) => format!("number {number}"),
        Value::Boolean(is) => format!("boolean {is}"),
        Value::Texts(texts) => format!("texts {}", texts.join("+")),
        Value::Json(json) => format!("json {json}"),
    };
    fields.iter().map(|setting| format!("{}={}", setting.name, value(&setting.value))).collect()
}

/// What each row wants, or why it is malformed.
pub(super) fn wanted(input: &str, options: &Options) -> Vec<Result<Vec<String>, String>> {
    let one = |row: Row| match row.subject {
        Subject::Known(_) => Ok(said(&row.fields)),
        Subject::Spared(_, spared) => Err(format!("{spared:?}")),
        Subject::Malformed { reason, .. } => Err(reason),
    };
    rows(input.as_bytes(), "-", options).into_iter().map(one).collect()
}
