//! From a text to a value of its field's kind.
//!
//! Promises: what comes out may stand in the field; a rule that is broken is named, and nothing is quoted. Texts are
//! sent as they stand. It does not know rows.

use std::{borrow::Cow, net::Ipv4Addr};

use serde_json::value::RawValue;

use super::doubt::Why;
use crate::{
    domain::{Field, FieldKind, PairRules, Value, is_uuid},
    source::json,
};

/// The longest day of each month, February of a common year.
const DAYS: [u8; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// The rule that a text breaks; continues a sentence that begins with the column.
pub(super) type Broken = Cow<'static, str>;

/// A value, and what is doubtful about it.
#[derive(Clone)]
pub(super) struct Typed {
    pub(super) value: Value,
    pub(super) doubt: Option<Why>,
}

impl From<Value> for Typed {
    fn from(value: Value) -> Self {
        Self { value, doubt: None }
    }
}

/// Of a cell of CSV; `None` when it is empty, which leaves the field alone. In pairs and maps every cell is a text: nobody
/// could say whether `007` was meant as a number.
pub(super) fn of_cell(field: &Field, null: Option<&str>, cell: &str) -> Result<Option<Typed>, Broken> {
    let text = if keeps_blanks(&field.kind) { cell } else { cell.trim() };
    if null.is_some_and(|null| null == cell || null == text) {
        return of_null(field).map(Some);
    }
    if text.is_empty() {
        return Ok(None);
    }
    of_text(&field.kind, text).map(Some)
}

/// Of a JSON value, whose type must be the field's.
pub(super) fn of_json(field: &Field, json: &RawValue) -> Result<Typed, Broken> {
    let (kind, raw) = (&field.kind, json.get());
    match raw.as_bytes().first() {
        Some(b'n') => of_null(field),
        Some(b'"') => of_json_text(kind, raw),
        Some(b't' | b'f') => of_json_boolean(kind, raw == "true"),
        Some(b'[' | b'{') => of_json_tree(kind, raw),
        Some(_) | None => of_json_number(kind, raw),
    }
}

/// What is wrong with the key of a pair or of a map's entry; continues a sentence that begins with the key.
pub(super) fn key_fault(kind: &FieldKind, key: &str) -> Option<Broken> {
    let FieldKind::Pairs(rules) = kind else { return None };
    if key.chars().count() > rules.key_most {
        return Some(format!("is longer than {} characters", rules.key_most).into());
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!key.bytes().all(fits)).then(|| "has something else than letters, digits, `-`, `_` and `.`".into())
}

/// Where blanks at the ends are part of what is said.
const fn keeps_blanks(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Text { .. } | FieldKind::Texts { .. } | FieldKind::Pairs(_) | FieldKind::Map)
}

/// Null takes a pair away, whatever the field says.
fn of_null(field: &Field) -> Result<Typed, Broken> {
    let may = field.nullable || matches!(field.kind, FieldKind::Pairs(_) | FieldKind::Map);
    if may { Ok(Value::Null.into()) } else { Err("cannot be null".into()) }
}

fn of_text(kind: &FieldKind, text: &str) -> Result<Typed, Broken> {
    let fits = |fits: bool, value: Value| if fits { Ok(value.into()) } else { Err(broken(kind)) };
    let as_text = |is: bool| fits(is, Value::Text(text.into()));
    match kind {
        FieldKind::Text { least, .. } if text.chars().count() < *least => Err(too_short(*least)),
        FieldKind::Text { most, doubtful_above, .. } => of_length(text, *most, *doubtful_above),
        FieldKind::Email => as_text(is_email(text)),
        FieldKind::Integer { least, most } => fits(is_within(text, *least, *most), number(text)),
        FieldKind::Number => fits(is_number(text), number(text)),
        FieldKind::Boolean => boolean(text).map(|is| Value::Boolean(is).into()).ok_or_else(|| broken(kind)),
        FieldKind::Date => as_text(is_date(text)),
        FieldKind::Choice { words, doubtful, open } => {
            let among = |words: &[String]| words.iter().any(|word| word == text);
            let doubt = (!among(words)).then_some(Why::Word);
            let may = doubt.is_none() || (*open && !text.is_empty()) || among(doubtful);
            as_text(may).map(|typed| Typed { doubt, ..typed })
        }
        FieldKind::Uuid => as_text(is_uuid(text)),
        FieldKind::Country => {
            let is_code = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
            fits(is_code, Value::Text(text.to_ascii_uppercase().into()))
        }
        FieldKind::Ipv4 => as_text(text.parse::<Ipv4Addr>().is_ok()),
        FieldKind::Texts { .. } => {
            let texts: Box<[Box<str>]> = text.split('|').map(Into::into).collect();
            fits(is_list(kind, &texts), Value::Texts(texts))
        }
        FieldKind::Pairs(PairRules { value_most, value_doubtful_above, .. }) => {
            of_length(text, Some(*value_most), Some(*value_doubtful_above))
        }
        FieldKind::Map => as_text(true),
    }
}

fn of_json_text(kind: &FieldKind, raw: &str) -> Result<Typed, Broken> {
    let Ok(text) = serde_json::from_str::<String>(raw) else { return Err("is not a text".into()) };
    match kind {
        FieldKind::Integer { .. } | FieldKind::Number | FieldKind::Boolean | FieldKind::Texts { .. } => {
            Err(broken(kind))
        }
        FieldKind::Pairs(_) if text.is_empty() => Ok(Value::Null.into()),
        FieldKind::Text { .. }
        | FieldKind::Email
        | FieldKind::Date
        | FieldKind::Choice { .. }
        | FieldKind::Uuid
        | FieldKind::Country
        | FieldKind::Ipv4
        | FieldKind::Pairs(_)
        | FieldKind::Map => of_text(kind, &text),
    }
}

fn of_json_boolean(kind: &FieldKind, is: bool) -> Result<Typed, Broken> {
    if matches!(kind, FieldKind::Boolean | FieldKind::Map) {
        Ok(Value::Boolean(is).into())
    } else if matches!(kind, FieldKind::Pairs(_)) {
        Ok(number(if is { "1" } else { "0" }).into())
    } else {
        Err(broken(kind))
    }
}

fn of_json_number(kind: &FieldKind, raw: &str) -> Result<Typed, Broken> {
    if matches!(kind, FieldKind::Integer { .. } | FieldKind::Number) {
        of_text(kind, raw)
    } else if matches!(kind, FieldKind::Pairs(_) | FieldKind::Map) && is_number(raw) {
        Ok(number(raw).into())
    } else {
        Err(broken(kind))
    }
}

fn of_json_tree(kind: &FieldKind, raw: &str) -> Result<Typed, Broken> {
    if matches!(kind, FieldKind::Map) {
        return Ok(Value::Json(json::compact(raw)).into());
    }
    let texts =
        matches!(kind, FieldKind::Texts { .. }).then(|| serde_json::from_str::<Box<[Box<str>]>>(raw).ok()).flatten();
    let texts = texts.filter(|texts| is_list(kind, texts));
    texts.map(|texts| Value::Texts(texts).into()).ok_or_else(|| broken(kind))
}

/// The rule of a kind, for whatever cannot stand in it.
fn broken(kind: &FieldKind) -> Broken {
    match kind {
        FieldKind::Text { .. } => "is not a text".into(),
        FieldKind::Email => "is not an email address".into(),
        FieldKind::Integer { least, most } => format!("is not a whole number from {least} to {most}").into(),
        FieldKind::Number => "is not a number as JSON writes it".into(),
        FieldKind::Boolean => "is neither true nor false".into(),
        FieldKind::Date => "is not a day of the calendar, as YYYY-MM-DD".into(),
        FieldKind::Choice { words, .. } => format!("is none of {}", words.join(", ")).into(),
        FieldKind::Uuid => "is not a UUID in 8-4-4-4-12 form".into(),
        FieldKind::Country => "is not a country's two letters (ISO 3166-1)".into(),
        FieldKind::Ipv4 => "is not an IPv4 address".into(),
        FieldKind::Texts { least: 0 } => "is not a list of texts, none of them empty".into(),
        FieldKind::Texts { least } => format!("is not a list of at least {least} texts, none of them empty").into(),
        FieldKind::Pairs(_) => "is neither a text nor a finite number".into(),
        FieldKind::Map => "is not a JSON value with finite numbers".into(),
    }
}

fn is_list(kind: &FieldKind, texts: &[Box<str>]) -> bool {
    let fewest = if let FieldKind::Texts { least } = kind { *least } else { 0 };
    texts.len() >= fewest && texts.iter().all(|text| !text.is_empty())
}

fn too_short(least: usize) -> Broken {
    if least == 1 { "is empty".into() } else { format!("is shorter than {least} characters").into() }
}

fn of_length(text: &str, most: Option<usize>, doubtful_above: Option<usize>) -> Result<Typed, Broken> {
    // No text has more characters than bytes.
    let above = |bound: usize| text.len() > bound && text.chars().count() > bound;
    if let Some(most) = most.filter(|most| above(*most)) {
        return Err(format!("is longer than {most} characters").into());
    }
    let doubt = doubtful_above.filter(|bound| above(*bound)).map(Why::Long);
    Ok(Typed { value: Value::Text(text.into()), doubt })
}

fn number(literal: &str) -> Value {
    Value::Number(literal.into())
}

fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    !name.is_empty() && !host.is_empty() && !host.contains('@') && !has_gap(text)
}

/// Whether there is a blank or a control character. Most texts are ASCII, whose bytes are looked at many at a time.
fn has_gap(text: &str) -> bool {
    if text.is_ascii() {
        text.bytes().fold(false, |found, byte| found | matches!(byte, 0..=b' ' | 0x7f))
    } else {
        text.contains(|letter: char| letter.is_whitespace() || letter.is_control())
    }
}

fn is_within(text: &str, least: i64, most: i64) -> bool {
    // JSON has `-0`, which the vendors' own checks do not take for a whole number.
    is_number(text) && text != "-0" && text.parse().is_ok_and(|number| (least..=most).contains(&number))
}

/// JSON's grammar of numbers (RFC 8259, section 6), and finite.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, power) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let power = power.strip_prefix(['+', '-']).unwrap_or(power);
    let whole_fits = digits(whole) && (whole == "0" || !whole.starts_with('0'));
    whole_fits && digits(part) && digits(power) && text.parse().is_ok_and(f64::is_finite)
}

fn boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 3]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is(["true", "1", "yes"]) { Some(true) } else { is(["false", "0", "no"]).then_some(false) }
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |digits: usize| {
        let part = parts.next().filter(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()));
        part.and_then(|part| part.parse::<u16>().ok())
    };
    let (Some(year), Some(month), Some(day)) = (number(4), number(2), number(2)) else { return false };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let Some(days) = usize::from(month).checked_sub(1).and_then(|place| DAYS.get(place)) else { return false };
    let days = u16::from(*days) + u16::from(leap && month == 2);
    parts.next().is_none() && year > 0 && (1..=days).contains(&day)
}
