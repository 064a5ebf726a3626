//! What answers to creations, updates and comparisons come to.

use std::{fs, path::Path};

use proptest::prelude::*;
use reqwest::{StatusCode, header::HeaderMap};
use serde_json::json;

use super::{Answer, Asked, judge};
use crate::{
    domain::{
        Blame, Call, Fact, Fields, Id, IdKind, Identity, Moment, Operation, Reply, Setting, Slot, Suspicion, Value,
        Word,
    },
    remote::{ApiName, Description},
};

const UNSIGNED: Word = Word::Suspect(Suspicion::Unsigned);
const CREDENTIALS: Word = Word::Suspect(Suspicion::Credentials);
const PASSING: Word = Word::Again { after: None, blame: Blame::Row };
const ID: &str = "507f1f77bcf86cd799439011";

fn load(name: &str) -> Description {
    Description::load(&ApiName::Embedded(name.to_owned())).unwrap()
}

fn body(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/answers").join(name)).unwrap()
}

fn fields(api: &Description, wanted: &[(&str, Value)]) -> Fields {
    let setting = |(name, value): &(&str, Value)| Setting {
        name: (*name).into(),
        field: api.schema().find(name).unwrap(),
        value: value.clone(),
    };
    Fields::new(wanted.iter().map(setting).collect())
}

fn reply(api: &Description, operation: Operation, fields: &Fields, status: u16, body: &[u8]) -> Reply {
    let identity = Identity::one(Id::parse(IdKind(0), ID).unwrap());
    let asked = Asked { call: Call { operation, slot: Slot::Primary }, identity: &identity, fields };
    let answer = Answer { status: StatusCode::from_u16(status).unwrap(), headers: &HeaderMap::new(), body, cut: false };
    judge(api, asked, &answer, || Moment::from_millis(0))
}

#[test]
fn each_answer_to_a_change_has_its_meaning() {
    use Operation::{Create, Remove, Update};
    let (created, updated) = (Word::Done(Fact::Created), Word::Done(Fact::Updated));
    for (api, operation, status, fixture, word) in [
        ("adapty", Create, 200, "profile.json", created.clone()),
        ("adapty", Create, 201, "profile.json", UNSIGNED),
        ("adapty", Create, 200, "portal.html", UNSIGNED),
        ("adapty", Create, 200, "empty.txt", UNSIGNED),
        ("adapty", Create, 404, "not_found.json", Word::Refused),
        ("adapty", Create, 404, "gateway.html", UNSIGNED),
        ("adapty", Create, 400, "validation.json", Word::Refused),
        ("adapty", Create, 401, "unauthorized.json", CREDENTIALS),
        ("adapty", Create, 500, "server_error.json", PASSING),
        ("adapty", Update, 200, "profile.json", updated.clone()),
        ("adapty", Update, 200, "not_found.json", UNSIGNED),
        ("adapty", Update, 204, "empty.txt", UNSIGNED),
        ("adapty", Update, 404, "not_found.json", Word::Done(Fact::Absent)),
        ("adapty", Update, 404, "not_found_unknown_code.json", Word::Refused),
        ("adapty", Remove, 200, "profile.json", UNSIGNED),
        ("crafter", Create, 200, "crafter/profile.json", created),
        ("crafter", Create, 200, "crafter/profile_without_tenant.json", UNSIGNED),
        ("crafter", Create, 409, "crafter/profile_exists.json", Word::Done(Fact::Taken(Slot::Primary))),
        ("crafter", Create, 400, "crafter/profile_exists.json", Word::Done(Fact::Taken(Slot::Primary))),
        ("crafter", Create, 500, "crafter/profile_exists.json", PASSING),
        ("crafter", Create, 404, "crafter/no_such_tenant.json", Word::Suspect(Suspicion::Parameters)),
        ("crafter", Create, 404, "crafter/no_such_profile.json", Word::Refused),
        ("crafter", Create, 409, "gateway.html", UNSIGNED),
        ("crafter", Update, 200, "crafter/profile.json", updated.clone()),
        ("crafter", Update, 409, "crafter/profile_exists.json", Word::Refused),
        ("crafter", Update, 404, "crafter/no_such_profile.json", Word::Done(Fact::Absent)),
        ("crafter", Update, 403, "crafter/action_denied.json", Word::Suspect(Suspicion::Right)),
        ("crafter", Remove, 200, "crafter/profile.json", updated),
        ("crafter", Remove, 200, "empty.txt", UNSIGNED),
        ("crafter", Remove, 404, "crafter/no_such_profile.json", Word::Done(Fact::Absent)),
    ] {
        let said = reply(&load(api), operation, &Fields::default(), status, &body(fixture));
        assert_eq!(said.word, word, "{api} {operation:?} {status} {fixture}");
    }
}

#[test]
fn what_a_change_says_of_the_profile_is_kept() {
    let said = reply(&load("adapty"), Operation::Create, &Fields::default(), 200, &body("profile.json")).evidence;
    assert_eq!(said.remote_id.as_deref(), Some("3286abd3-48b0-4e9c-a5f6-ac0a006333a6"));
    assert_eq!(said.app.as_deref(), Some("14c3d623-2f3a-455a-aa86-ef83dff6913b"));
}

#[test]
fn only_what_an_update_cannot_take_away_asks_for_a_removal() {
    let remove = Word::Next(Call { operation: Operation::Remove, slot: Slot::Primary });
    let crafter = load("crafter");
    let of = |api: &Description, operation, wanted: &[(&str, Value)], fixture| {
        reply(api, operation, &fields(api, wanted), 200, &body(fixture)).word
    };
    let gone = [("attributes.a", Value::Null)];
    let profile = "crafter/profile.json";
    assert_eq!(of(&crafter, Operation::Update, &gone, profile), remove);
    assert_eq!(of(&crafter, Operation::Create, &gone, profile), Word::Done(Fact::Created));
    assert_eq!(of(&crafter, Operation::Remove, &gone, profile), Word::Done(Fact::Updated));
    let kept = [("attributes.a", Value::Json("{}".into()))];
    assert_eq!(of(&crafter, Operation::Update, &kept, profile), Word::Done(Fact::Updated));
    let pair = [("custom_attributes.a", Value::Null), ("email", Value::Null)];
    assert_eq!(of(&load("adapty"), Operation::Update, &pair, "profile.json"), Word::Done(Fact::Updated));
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn number(literal: &str) -> Value {
    Value::Number(literal.into())
}

fn compared(api: &Description, wanted: &[(&str, Value)], profile: &serde_json::Value) -> Word {
    reply(api, Operation::Compare, &fields(api, wanted), 200, profile.to_string().as_bytes()).word
}

#[test]
fn adaptys_attributes_are_compared_and_nothing_else_is_taken_for_equal() {
    let api = load("adapty");
    let profile = json!({"data": {"profile_id": "p", "app_id": "a", "custom_attributes": [
        {"key": "sport", "value": "yoga"}, {"key": "age", "value": 30.0}, {"key": "vip", "value": 1.0},
        {"key": "no", "value": null}, {"key": "twice", "value": "x"}, {"key": "twice", "value": "x"},
    ]}});
    for (column, value, same) in [
        ("custom_attributes.sport", text("yoga"), true),
        ("custom_attributes.sport", text("Yoga"), false),
        ("custom_attributes.sport", Value::Null, false),
        ("custom_attributes.sport", text(""), false),
        ("custom_attributes.age", number("30"), true),
        ("custom_attributes.age", number("3e1"), true),
        ("custom_attributes.age", number("30.5"), false),
        ("custom_attributes.age", text("30"), false),
        ("custom_attributes.vip", Value::Boolean(true), true),
        ("custom_attributes.vip", Value::Boolean(false), false),
        ("custom_attributes.no", Value::Null, true),
        ("custom_attributes.no", text(""), true),
        ("custom_attributes.missing", Value::Null, true),
        ("custom_attributes.missing", text("x"), false),
        ("custom_attributes.missing", Value::Boolean(false), false),
        ("custom_attributes.twice", text("x"), false),
        ("custom_attributes.twice", Value::Null, false),
        ("email", text("a@example.com"), false),
        ("email", Value::Null, false),
        ("platform", text("iOS"), false),
    ] {
        let fact = if same { Fact::Same } else { Fact::Found };
        assert_eq!(compared(&api, &[(column, value)], &profile), Word::Done(fact), "{column}");
    }
    let equal = ("custom_attributes.sport", text("yoga"));
    assert_eq!(compared(&api, &[equal.clone(), ("email", Value::Null)], &profile), Word::Done(Fact::Found));
    assert_eq!(compared(&api, &[equal], &json!({"data": {"profile_id": "p"}})), UNSIGNED, "a stranger's");
}

#[test]
fn crafters_fields_are_compared_where_they_are_returned() {
    let api = load("crafter");
    let profile = json!({"id": ID, "username": "joe", "tenant": "t", "email": "j@example.com", "enabled": true,
        "roles": ["b", "a"], "attributes": {"n": 1.0, "deep": {"x": [1, "y"]}, "large": 9_007_199_254_740_993_i64}});
    for (column, value, same) in [
        ("email", text("j@example.com"), true),
        ("email", text("J@example.com"), false),
        ("enabled", Value::Boolean(true), true),
        ("enabled", Value::Boolean(false), false),
        ("role", Value::Texts(["a".into(), "b".into()].into()), true),
        ("role", Value::Texts(["a".into()].into()), false),
        ("role", Value::Texts([].into()), false),
        ("attributes.n", number("1"), true),
        ("attributes.deep", Value::Json(r#"{"x":[1.0,"y"]}"#.into()), true),
        ("attributes.deep", Value::Json(r#"{"x":[1,"y",2]}"#.into()), false),
        ("attributes.deep", Value::Json("{}".into()), false),
        ("attributes.large", number("9007199254740993"), true),
        ("attributes.large", number("9007199254740992"), false),
        ("attributes.gone", Value::Null, true),
        ("password", text("secret"), false),
    ] {
        let fact = if same { Fact::Same } else { Fact::Found };
        assert_eq!(compared(&api, &[(column, value)], &profile), Word::Done(fact), "{column}");
    }
}

#[test]
fn a_profile_too_long_to_be_read_whole_is_not_the_same() {
    let filled = |bytes: usize| json!({"data": {"profile_id": "p", "app_id": "a", "filling": "x".repeat(bytes)}});
    let api = load("adapty");
    assert_eq!(compared(&api, &[], &filled(1000)), Word::Done(Fact::Same));
    assert_eq!(compared(&api, &[], &filled(super::body::MAX_PROFILE)), Word::Done(Fact::Found));
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-c]{0,2}".prop_map(|letters| text(&letters)),
        (-3_i64..3).prop_map(|whole| number(&whole.to_string())),
        any::<bool>().prop_map(Value::Boolean),
        Just(Value::Null),
    ]
}

/// What Adapty makes of an attribute: numbers, or nothing.
fn stored(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => json!(null),
        Value::Text(text) if text.is_empty() => json!(null),
        Value::Text(text) => json!(text),
        Value::Number(literal) => json!(literal.parse::<f64>().unwrap()),
        Value::Boolean(truth) => json!(f64::from(u8::from(*truth))),
        Value::Texts(_) | Value::Json(_) => json!({}),
    }
}

proptest! {
    /// The same is said just when sending the row would change nothing.
    #[test]
    fn the_same_is_said_just_when_a_change_would_change_nothing(
        there in proptest::collection::vec(scalar(), 3), wanted in proptest::collection::vec(scalar(), 3),
    ) {
        let names = ["a", "b", "c"];
        let pairs = |values: &[Value]| -> Vec<serde_json::Value> {
            names.iter().zip(values).map(|(name, value)| json!({"key": name, "value": stored(value)})).collect()
        };
        let profile = json!({"data": {"profile_id": "p", "app_id": "a", "custom_attributes": pairs(&there)}});
        let columns = names.map(|name| format!("custom_attributes.{name}"));
        let row: Vec<(&str, Value)> = columns.iter().map(String::as_str).zip(wanted.iter().cloned()).collect();
        let same = pairs(&there) == pairs(&wanted);
        let fact = if same { Fact::Same } else { Fact::Found };
        prop_assert_eq!(compared(&load("adapty"), &row, &profile), Word::Done(fact));
    }
}
