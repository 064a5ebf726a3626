//! Whatever a row wants arrives: bodies are read back by readers that know nothing of how they were written.

use std::{collections::BTreeMap, sync::LazyLock};

use proptest::prelude::*;
use serde_json::{Value as Json, json as expected, value::RawValue};

use super::*;
use crate::{domain::Fields, remote::ApiName};

static API: LazyLock<Description> = LazyLock::new(api);

/// An API with a field of every shape, and no call that takes entries away.
fn api() -> Description {
    let text = Description::text("adapty").unwrap();
    let (before, rest) = text.split_once("[[fields]]").unwrap();
    let (_, after) = rest.split_once("\n[operations.look]").unwrap();
    let mut fields = String::new();
    for (name, kind) in [
        ("a", "text"),
        ("b.c.d", "text"),
        ("b.c.e", "number"),
        ("b.f", "boolean"),
        ("b-c", "texts"),
        ("g.h", "map"),
        ("i", "pairs"),
        ("j.k", "text"),
        ("j.l.m", "texts"),
    ] {
        fields.extend(["[[fields]]\nname = \"", name, "\"\ntype = \"", kind, "\"\n\n"]);
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shapes.toml");
    std::fs::write(&path, format!("{before}{fields}\n[operations.look]{after}")).unwrap();
    Description::load(&ApiName::File(path)).unwrap()
}

fn any_text() -> impl Strategy<Value = Box<str>> {
    prop_oneof![any::<String>(), "[ -~]{0,12}"].prop_map(Into::into)
}

fn literal() -> impl Strategy<Value = Box<str>> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(|number| format!("{number:?}")),
        Just("1.0".to_owned()),
        Just("12345678901234567890123456789.10".to_owned()),
        Just("1e400".to_owned()),
    ]
    .prop_map(Into::into)
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any_text().prop_map(Value::Text),
        literal().prop_map(Value::Number),
        any::<bool>().prop_map(Value::Boolean),
    ]
}

fn texts() -> impl Strategy<Value = Value> {
    proptest::collection::vec(any_text(), 0..4).prop_map(|texts| Value::Texts(texts.into()))
}

fn deep() -> impl Strategy<Value = Value> {
    (any_text(), literal()).prop_map(|(text, number)| {
        Value::Json(format!("{{\"deep\":[{},{number},null]}}", to_string(&text).unwrap()).into())
    })
}

fn value_for(column: &str) -> BoxedStrategy<Value> {
    match column {
        "b-c" | "j.l.m" => texts().boxed(),
        "g.h" => prop_oneof![scalar(), texts(), deep()].boxed(),
        _ => scalar().boxed(),
    }
}

/// Some settings for some fields of [`api`], each name once.
fn settings() -> impl Strategy<Value = BTreeMap<String, Value>> {
    let columns = ["a", "b.c.d", "b.c.e", "b.f", "b-c", "j.k", "j.l.m"];
    let single = columns.map(|column| proptest::option::of((Just(column.to_owned()), value_for(column))));
    let group = |name: &'static str| {
        let keyed = ("[a-z.-]{1,3}|\\PC{1,3}", value_for(name));
        let named = keyed.prop_map(move |(key, value)| (format!("{name}.{key}"), value));
        proptest::collection::vec(named, 0..4)
    };
    (single, group("g.h"), group("i"))
        .prop_map(|(single, map, pairs)| single.into_iter().flatten().chain(map).chain(pairs).collect())
}

fn fields(api: &Description, settings: &BTreeMap<String, Value>) -> Fields {
    let setting = |(name, value): (&String, &Value)| Setting {
        name: name.as_str().into(),
        field: api.schema().find(name).unwrap(),
        value: value.clone(),
    };
    // In an order that is not theirs: they put themselves in order.
    Fields::new(settings.iter().rev().map(setting).collect())
}

type Object<'a> = BTreeMap<String, &'a RawValue>;

/// What stands at these keys, byte for byte.
fn at<'a>(body: &'a str, keys: &[&str]) -> Option<&'a str> {
    keys.iter().try_fold(body, |body, key| {
        let object: Object<'a> = serde_json::from_str(body).unwrap();
        object.get(*key).map(|value| value.get())
    })
}

/// Whether a value arrived as it was: numbers as their literal, everything else as what it says.
fn is_intact(wanted: &Value, there: &str) -> bool {
    let read = || serde_json::from_str::<Json>(there).unwrap();
    match wanted {
        Value::Null => there == "null",
        Value::Number(literal) | Value::Json(literal) => there == &**literal,
        Value::Boolean(truth) => read() == expected!(truth),
        Value::Text(text) => read() == expected!(text),
        Value::Texts(texts) => read() == expected!(texts),
    }
}

#[derive(serde::Deserialize)]
struct Pair<'a> {
    key: String,
    #[serde(borrow)]
    value: &'a RawValue,
}

/// Whether a list of pairs has this one, once.
fn has_pair(list: &str, key: &str, wanted: &Value) -> bool {
    let list: Vec<Pair<'_>> = serde_json::from_str(list).unwrap();
    let mut named = list.iter().filter(|pair| pair.key == key);
    let there = named.next().unwrap().value.get();
    let arrived = match wanted {
        Value::Boolean(true) => there == "1",
        Value::Boolean(false) => there == "0",
        Value::Null | Value::Text(_) | Value::Number(_) | Value::Texts(_) | Value::Json(_) => is_intact(wanted, there),
    };
    arrived && named.next().is_none()
}

/// Decodes a form without any of our own code.
fn decoded(form: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://a/?{form}")).unwrap();
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

proptest! {
    #[test]
    fn every_value_arrives_in_json(settings in settings()) {
        let body = json(&API, &fields(&API, &settings));
        for (name, value) in &settings {
            if let Some(key) = name.strip_prefix("i.") {
                prop_assert!(has_pair(at(&body, &["i"]).unwrap(), key, value), "{name}: {body}");
            } else {
                let keys = match name.strip_prefix("g.h.") {
                    Some(key) => vec!["g", "h", key],
                    None => name.split('.').collect(),
                };
                prop_assert!(is_intact(value, at(&body, &keys).unwrap()), "{name}: {body}");
            }
        }
        let leaves = settings.keys().filter(|name| !name.starts_with("i.") && !name.starts_with("g.h.")).count();
        let groups = ["i.", "g.h."].iter().filter(|group| settings.keys().any(|name| name.starts_with(**group)));
        prop_assert_eq!(leaves + groups.count(), count(&body, &[]), "nothing else stands there: {}", body);
    }

    #[test]
    fn every_value_arrives_in_a_form(settings in settings()) {
        let mut form_text = "constant=1".to_owned();
        form(&API, &fields(&API, &settings), &mut form_text);
        let mut pairs = decoded(&form_text);
        prop_assert_eq!(pairs.remove(0), ("constant".to_owned(), "1".to_owned()));
        for (name, value) in &settings {
            let of = |field: &str| -> Vec<&str> {
                pairs.iter().filter(|(name, _)| name == field).map(|(_, value)| &**value).collect()
            };
            match value {
                _ if name.starts_with("i.") => prop_assert!(has_pair(of("i")[0], &name[2..], value)),
                _ if name.starts_with("g.h.") => prop_assert!(is_intact(value, at(of("g.h")[0], &[&name[4..]]).unwrap())),
                Value::Texts(texts) => prop_assert_eq!(of(name), texts.iter().map(|text| &**text).collect::<Vec<_>>()),
                Value::Text(text) => prop_assert_eq!(of(name), [&**text]),
                Value::Null | Value::Number(_) | Value::Boolean(_) | Value::Json(_) => {
                    prop_assert_eq!(of(name).len(), 1);
                    prop_assert!(is_intact(value, of(name)[0]));
                }
            }
        }
        let groups = |name: &str| name == "i" || name == "g.h" || settings.contains_key(name);
        prop_assert!(pairs.iter().all(|(name, _)| groups(name)), "{form_text}");
    }
}

/// How many fields a body has: what stands below the objects that only group them.
fn count(body: &str, around: &[&str]) -> usize {
    let object: Object<'_> = serde_json::from_str(body).unwrap();
    let mut fields = 0;
    for (key, value) in object {
        let path: Vec<&str> = around.iter().copied().chain([&*key]).collect();
        let groups = ["b", "b.c", "g", "j", "j.l"].contains(&&*path.join("."));
        fields += if groups { count(value.get(), &path) } else { 1 };
    }
    fields
}

#[test]
fn objects_are_opened_and_closed_in_the_order_of_names() {
    let wanted = |names: &[&str]| {
        let number = |name: &&str| ((*name).to_owned(), Value::Number("1".into()));
        json(&API, &fields(&API, &names.iter().map(number).collect()))
    };
    assert_eq!(wanted(&[]), "{}");
    assert_eq!(wanted(&["a"]), r#"{"a":1}"#);
    let all = wanted(&["a", "b.c.d", "b.c.e", "b.f", "b-c", "g.h.x.y", "g.h.z", "i.k", "j.k", "j.l.m"]);
    let expected = r#"{"a":1,"b-c":1,"b":{"c":{"d":1,"e":1},"f":1},"g":{"h":{"x.y":1,"z":1}},"i":[{"key":"k","value":1}],"j":{"k":1,"l":{"m":1}}}"#;
    assert_eq!(all, expected);
}
