//! Columns and JSON bodies against the field tables: a value that passes is one that JSON can carry.
//!
//! The first byte: bits 0 and 1 whose fields, bit 2 JSON Lines instead of CSV, bit 3 an action column, bit 4 a null token.

use std::sync::LazyLock;

use super::{held, options};
use serde_json::{Number, value::RawValue};
use tollgate::{
    domain::{Schema, Subject, Value},
    remote::Description,
    source::{Format, Options, Wish},
};

static SCHEMAS: LazyLock<[Schema; 3]> = LazyLock::new(|| {
    let schema = |text: &str| Description::parse("it", text).expect("a fixture").schema().clone();
    let embedded = |name: &str| schema(Description::text(name).expect("a built-in one"));
    [embedded("adapty"), embedded("crafter"), schema(include_str!("../../fixtures/api/rest.toml"))]
});

/// The target.
pub fn check(data: &[u8]) {
    let Some((bits, input)) = data.split_first() else { return };
    let schema = SCHEMAS[usize::from(bits & 3) % SCHEMAS.len()].clone();
    let format = if bits & 4 == 0 { Format::Csv } else { Format::JsonLines };
    let mut options = Options {
        action_column: (bits & 8 != 0).then(|| "action".to_owned()),
        ..options(Wish::Is(format), Some(schema))
    };
    options.fields.null = (bits & 16 != 0).then(|| "\\N".to_owned());
    let Ok(held) = held(input, &options) else { return };
    for row in held.rows {
        if matches!(row.subject, Subject::Malformed { .. }) {
            assert!(row.fields.is_empty(), "an impossible value spoils its row");
        }
        for setting in row.fields.iter() {
            match &setting.value {
                Value::Number(number) => drop(number.parse::<Number>().expect("a number as JSON writes it")),
                Value::Json(json) => drop(serde_json::from_str::<&RawValue>(json).expect("JSON")),
                Value::Null | Value::Text(_) | Value::Boolean(_) | Value::Texts(_) => {}
            }
        }
    }
}
