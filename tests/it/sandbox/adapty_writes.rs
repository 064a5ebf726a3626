//! Adapty's POST and PATCH as documented, and loud where the documentation is silent.

use serde_json::{Value, json};
use tollgate::sandbox::{Faults, Options, Population, Profile, Resident, Sandbox, Share};

use super::client::{Answer, Asking, options, start, start_with};

const NAMELESS: &str = "0dd5f1a0-5b1c-4c9e-8f3a-2b6d7e8f9a0b";

fn create(customer: &str, body: &Value) -> Asking {
    Asking::new("POST").customer(customer).body(body.to_string())
}

fn update(customer: &str, body: &Value) -> Asking {
    Asking::new("PATCH").customer(customer).body(body.to_string())
}

/// What the stand-in keeps of a customer.
fn kept(sandbox: &Sandbox, customer: &str) -> Option<Resident> {
    sandbox.profiles().into_iter().find(|resident| resident.customer_id.as_deref() == Some(customer))
}

fn content(sandbox: &Sandbox, customer: &str) -> Value {
    kept(sandbox, customer).unwrap().content
}

/// Status, code and the field that it is about.
fn refusal(answer: &Answer) -> (u16, Option<String>, Value) {
    (answer.status, answer.signed_code(), answer.json()["errors"][0]["source"].clone())
}

#[test]
fn a_creation_makes_a_profile_with_an_id_from_the_seed() {
    let body = json!({"first_name": "A", "email": "a@example.com", "custom_attributes": [{"key": "k", "value": "v"}]});
    let made = || {
        let sandbox = start();
        let answer = create("new", &body).send(&sandbox);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["data"]["customer_user_id"], "new");
        assert_eq!(answer.json()["data"]["custom_attributes"], json!([{"key": "k", "value": "v"}]));
        assert_eq!(Asking::get("new").send(&sandbox).json(), answer.json());
        assert_eq!(answer.json()["data"].get("first_name"), None, "a GET never shows it");
        assert!(!answer.body.contains("a@example.com"));
        let expected = json!({"first_name": "A", "email": "a@example.com", "custom_attributes": {"k": "v"}});
        assert_eq!(content(&sandbox, "new"), expected);
        let received = sandbox.received();
        assert_eq!((received.posts, received.applied, sandbox.profiles().len()), (1, 1, 11));
        kept(&sandbox, "new").unwrap().own_id
    };
    let own_id = made();
    assert_eq!((own_id.len(), own_id), (36, made()));
}

#[test]
fn creating_whoever_exists_is_done_and_changes_them() {
    let sandbox = start();
    let before = Asking::get("customer-3").send(&sandbox).json()["data"]["profile_id"].clone();
    create("customer-3", &json!({"first_name": "A", "last_name": "B"})).send(&sandbox);
    let answer = create("customer-3", &json!({"first_name": "C"})).send(&sandbox);
    assert_eq!((answer.status, &answer.json()["data"]["profile_id"]), (200, &before));
    assert_eq!(content(&sandbox, "customer-3"), json!({"first_name": "C", "last_name": "B"}));
    let by_own = Asking::new("POST").profile(before.as_str().unwrap()).body("{}").send(&sandbox);
    assert_eq!((by_own.status, sandbox.received().applied), (200, 2), "the last one changed nothing");
    let stranger = Asking::new("POST").profile(NAMELESS).body("{}").send(&sandbox);
    assert_eq!(refusal(&stranger), (404, Some("profile_does_not_exist".into()), Value::Null));
}

#[test]
fn both_ids_link_the_customer_to_the_profile_that_is_there() {
    let nameless = Profile { customer_user_id: None, profile_id: Some(NAMELESS.into()) };
    let other = Profile { customer_user_id: Some("other".into()), profile_id: None };
    let population = Population::Profiles(vec![nameless, other]);
    let sandbox = Sandbox::start(Options { population, ..options() }).unwrap();
    let link =
        |customer: &str, profile: &str| create(customer, &json!({"gender": "o"})).profile(profile).send(&sandbox);
    assert_eq!(refusal(&link("new", &NAMELESS.replace('0', "1"))).1.as_deref(), Some("profile_does_not_exist"));
    let taken = (400, Some("validation_error".to_owned()), json!("adapty-customer-user-id"));
    assert_eq!(refusal(&link("other", NAMELESS)), taken, "the name is another profile's");
    assert_eq!(sandbox.received().applied, 0);
    for applied in [1, 1] {
        let linked = link("new", NAMELESS);
        assert_eq!((linked.status, &linked.json()["data"]["customer_user_id"]), (200, &json!("new")));
        assert_eq!(sandbox.received().applied, applied);
    }
    assert_eq!(refusal(&link("newer", NAMELESS)), taken, "the profile has another name");
    assert_eq!(Asking::get("new").send(&sandbox).json()["data"]["profile_id"], NAMELESS);
    assert_eq!(content(&sandbox, "new"), json!({"gender": "o"}));
    assert_eq!(Asking::delete("new").send(&sandbox).status, 204);
    assert_eq!(Asking::new("GET").profile(NAMELESS).send(&sandbox).status, 404);
}

#[test]
fn where_everybody_exists_a_name_can_be_linked_until_something_was_written_to_it() {
    let sandbox = Sandbox::start(Options { population: Population::Everybody, ..options() }).unwrap();
    assert_eq!(sandbox.profiles(), []);
    create("old", &json!({"gender": "f"})).send(&sandbox);
    assert_eq!(create("new", &json!({})).profile(NAMELESS).send(&sandbox).status, 200);
    assert_eq!(create("old", &json!({})).profile(&NAMELESS.replace('0', "1")).send(&sandbox).status, 400);
    Asking::delete("new").send(&sandbox);
    assert_eq!(Asking::get("new").send(&sandbox).status, 404);
    assert_eq!(update("new", &json!({})).send(&sandbox).status, 404);
    assert_eq!(create("new", &json!({})).send(&sandbox).status, 200);
}

#[test]
fn an_update_keeps_what_it_does_not_name_and_clears_what_is_null() {
    let sandbox = start();
    let device = |name: &str, os: Value| json!({"installation_meta": {"device_id": name, "locale": "en", "os": os}});
    let steps = [
        (json!({"first_name": "A", "email": "a@b"}), json!({"first_name": "A", "email": "a@b"})),
        (json!({"first_name": null, "gender": "f"}), json!({"email": "a@b", "gender": "f"})),
        (json!({"email": null, "gender": null}), json!({})),
        (
            device(NAMELESS, json!("x")),
            json!({"installation_meta": {"device_id": NAMELESS, "locale": "en", "os": "x"}}),
        ),
        (device(NAMELESS, Value::Null), json!({"installation_meta": {"device_id": NAMELESS, "locale": "en"}})),
    ];
    for (body, expected) in steps {
        assert_eq!(update("customer-1", &body).send(&sandbox).status, 200, "{body}");
        assert_eq!(content(&sandbox, "customer-1"), expected, "{body}");
    }
    let received = sandbox.received();
    assert_eq!((received.patches, received.applied), (5, 5));
    let missing = update("nobody", &json!({"first_name": "A"})).send(&sandbox);
    assert_eq!(refusal(&missing), (404, Some("profile_does_not_exist".into()), Value::Null));
    assert_eq!(kept(&sandbox, "nobody"), None);
}

#[test]
fn custom_attributes_become_floats_and_go_with_null_or_nothing() {
    let sandbox = start();
    let set = |pairs: &[(&str, Value)]| {
        let pairs: Vec<Value> = pairs.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
        let answer = update("customer-1", &json!({"custom_attributes": pairs})).send(&sandbox);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["data"]["custom_attributes"].clone()
    };
    let shown = set(&[("b", json!(true)), ("i", json!(5)), ("t", json!("x")), ("n", json!(1.5))]);
    let pair = |key: &str, value: Value| json!({"key": key, "value": value});
    let expected = [pair("b", json!(1.0)), pair("i", json!(5.0)), pair("n", json!(1.5)), pair("t", json!("x"))];
    assert_eq!(shown, json!(expected));
    assert_eq!(
        set(&[("b", Value::Null), ("t", json!("")), ("n", json!(2))]),
        json!([pair("i", json!(5.0)), pair("n", json!(2.0))])
    );
    assert_eq!(set(&[("i", Value::Null), ("n", Value::Null), ("never", Value::Null)]), json!([]));
    assert_eq!(content(&sandbox, "customer-1"), json!({}));
}

#[test]
fn a_field_that_cannot_be_is_named_and_nothing_is_changed() {
    let sandbox = start();
    let pairs = |pairs: &[Value]| json!({"custom_attributes": pairs});
    let many: Vec<Value> = (0..31).map(|n| json!({"key": format!("k{n}"), "value": 1})).collect();
    let cases = [
        (json!({"first_name": 5}), "first_name"),
        (json!({"email": "nobody"}), "email"),
        (json!({"gender": "female"}), "gender"),
        (json!({"birthday": "1999-02-29"}), "birthday"),
        (json!({"birthday": null}), "birthday"),
        (json!({"ip_country": "DEU"}), "ip_country"),
        (json!({"store_country": "D1"}), "store_country"),
        (json!({"ip_v4_address": "::1"}), "ip_v4_address"),
        (json!({"store": ""}), "store"),
        (json!({"store_account_token": "x"}), "store_account_token"),
        (json!({"att_status": 4}), "att_status"),
        (json!({"att_status": "1"}), "att_status"),
        (json!({"analytics_disabled": "true"}), "analytics_disabled"),
        (json!({"nickname": "A"}), "nickname"),
        (json!({"custom_attributes": {"a": 1}}), "custom_attributes"),
        (pairs(&[]), "custom_attributes"),
        (pairs(&many), "custom_attributes"),
        (pairs(&[json!({"key": "a"})]), "custom_attributes"),
        (pairs(&[json!({"key": "a", "value": 1}), json!({"key": "a", "value": 2})]), "custom_attributes"),
        (pairs(&[json!({"key": "a b", "value": 1})]), "custom_attributes.key"),
        (pairs(&[json!({"key": "k".repeat(31), "value": 1})]), "custom_attributes.key"),
        (pairs(&[json!({"key": "a", "value": "v".repeat(51)})]), "custom_attributes.value"),
        (pairs(&[json!({"key": "a", "value": [1]})]), "custom_attributes.value"),
        (json!({"installation_meta": {"locale": "en"}}), "installation_meta.device_id"),
        (json!({"installation_meta": {"device_id": "x"}}), "installation_meta.device_id"),
        (json!({"installation_meta": {"device_id": NAMELESS, "platform": "ios"}}), "installation_meta.platform"),
        (json!({"installation_meta": {"device_id": NAMELESS, "colour": "red"}}), "installation_meta.colour"),
        (json!({"installation_meta": []}), "installation_meta"),
        (json!([]), "body"),
    ];
    for (body, source) in cases {
        for asking in [create("customer-1", &body), create("new", &body), update("customer-1", &body)] {
            let expected = (400, Some("validation_error".to_owned()), json!(source));
            assert_eq!(refusal(&asking.send(&sandbox)), expected, "{body}");
        }
    }
    assert_eq!((sandbox.received().applied, kept(&sandbox, "new")), (0, None));
}

#[test]
fn the_loosest_of_the_vendors_bounds_holds() {
    let body = json!({
        "store": "my-own-store", "store_country": "de", "ip_country": "US", "ip_v4_address": "192.0.2.1", "att_status": 3,
        "analytics_disabled": true, "birthday": "2000-02-29", "store_account_token": NAMELESS, "phone_number": null,
        "installation_meta": {"device_id": NAMELESS, "platform": "visionOS", "idfa": null},
        "custom_attributes": [{"key": "k".repeat(30), "value": "\u{eb}".repeat(50)}],
    });
    assert_eq!(update("customer-1", &body).send(&start()).status, 200);
}

#[test]
fn key_headers_and_body_of_a_write_are_checked() {
    let sandbox = start();
    let body = json!({"first_name": "A"});
    let source = |asking: Asking| refusal(&asking.send(&sandbox)).2;
    for verb in [create, update] {
        assert_eq!(source(verb("customer-1", &body).without("Content-Type")), "Content-Type");
        assert_eq!(source(verb("", &body)), "adapty-customer-user-id");
        assert_eq!(source(verb("customer-1", &body).customer("customer-2")), "adapty-customer-user-id");
        assert_eq!(source(verb("customer-1", &body).header("adapty-platform", "ios")), "adapty-platform");
        let keyless = verb("customer-1", &body).without("Authorization").send(&sandbox);
        assert_eq!((keyless.status, keyless.signed_code().as_deref()), (401, Some("not_authenticated")));
    }
    for method in ["POST", "PATCH"] {
        assert_eq!(source(Asking::new(method).customer("customer-1")), "body");
        assert_eq!(source(Asking::new(method).customer("customer-1").body("{")), "body");
    }
    assert_eq!(source(update("customer-1", &body).profile(NAMELESS)), "adapty-customer-user-id");
    assert_eq!(sandbox.received().applied, 0);
    assert_eq!(update("customer-1", &body).header("adapty-platform", "iPadOS").send(&sandbox).status, 200);
}

#[test]
fn a_lost_answer_to_a_write_was_applied_and_a_server_error_was_not() {
    let body = json!({"first_name": "A"});
    for (faults, applied) in [
        (Faults { reset: Share(1.0), ..Faults::default() }, true),
        (Faults { truncate: Share(1.0), ..Faults::default() }, true),
        (Faults { server_error: Share(1.0), ..Faults::default() }, false),
        (Faults { refuse: Share(1.0), ..Faults::default() }, false),
        (Faults { unsigned_404: Share(1.0), ..Faults::default() }, false),
    ] {
        let sandbox = start_with(faults.clone());
        drop(create("new", &body).raw(&sandbox));
        drop(update("customer-1", &body).raw(&sandbox));
        assert_eq!(sandbox.received().applied, if applied { 2 } else { 0 }, "{faults:?}");
        assert_eq!(kept(&sandbox, "new").is_some(), applied, "{faults:?}");
        assert_eq!(content(&sandbox, "customer-1"), if applied { body.clone() } else { json!({}) }, "{faults:?}");
    }
}
