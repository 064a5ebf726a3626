//! The stand-in plays creations, changes and removals as it is told.

use serde_json::{Value, json};
use tollgate::{
    domain::{Action, Field, FieldKind, IdFormat, PairRules, Schema},
    sandbox::{
        Described, Encoding, Errors, Gives, NamedBy, Options, Part, Population, Profile, Route, Sandbox, Seat, Takes,
    },
};

use super::client::{Answer, Asking, KEY, options};

const FORM: &str = "application/x-www-form-urlencoded";

fn at(keys: &str) -> Vec<String> {
    keys.split('.').map(str::to_owned).collect()
}

fn route(method: &str, path: &str, takes: Takes) -> Route {
    let gives = Gives::Json { own_id: Some(at("who.id")), app: None, fields: vec![at("who.seen")], profile: at("who") };
    Route { method: method.into(), path: path.into(), takes, parameters: Vec::new(), status: 200, gives }
}

fn field(name: &str, kind: FieldKind) -> Field {
    Field {
        name: name.into(),
        kind,
        nullable: true,
        required: Vec::new(),
        with_group: false,
        doubtful_without: Vec::new(),
    }
}

fn schema() -> Schema {
    let pairs = PairRules { most: 3, key_most: 5, value_most: 9, value_doubtful_above: 9 };
    let text = || FieldKind::Text { least: 0, most: Some(5), doubtful_above: None };
    let fields = vec![
        Field { required: vec![Action::Create], ..field("nick", text()) },
        field("mail", FieldKind::Email),
        field("age", FieldKind::Integer { least: 0, most: 150 }),
        Field { nullable: false, ..field("active", FieldKind::Boolean) },
        field("tags", FieldKind::Texts { least: 0 }),
        field("extra", FieldKind::Pairs(pairs)),
        field("more", FieldKind::Map),
        Field { with_group: true, ..field("home.city", text()) },
        field("home.country", FieldKind::Country),
    ];
    Schema { fields }
}

/// Ids of two kinds, one of them found by a call of its own; changes in JSON, removals by a form.
fn api() -> Described {
    let json = |constants: &str| Takes::Fields { encoding: Encoding::Json, constants: constants.into() };
    let by_name = Route { parameters: vec!["team".into()], ..route("GET", "/who/by_name", Takes::Nothing) };
    let field = |name: &str| Seat::Field { query: Some(name.into()), form: Some(name.into()) };
    let named = |name: &str, own, seat, look| NamedBy {
        name: name.into(),
        own,
        seat,
        format: IdFormat::Any,
        returned: None,
        told: None,
        look,
    };
    Described {
        name: "mine".into(),
        key: Seat::Header("X-Key".into()),
        key_prefix: String::new(),
        identities: vec![named("id", true, Seat::Path, None), named("name", false, field("name"), Some(by_name))],
        look: route("GET", "/who/{id}", Takes::Nothing),
        delete: route("DELETE", "/who/{id}", Takes::Nothing),
        create: Some(Route {
            parameters: vec!["team".into()],
            status: 201,
            ..route("POST", "/who", json(r#"{"kind":"x"}"#))
        }),
        links: false,
        update: Some(route("PATCH", "/who/{id}", json(""))),
        remove: Some(route(
            "POST",
            "/who/{id}/remove",
            Takes::Names { name: "field".into(), group: Some("more".into()), constants: "sure=1".into() },
        )),
        schema: schema(),
        returned: vec![("home.city".into(), at("address.town"))],
        delete_tells: true,
        errors: Errors {
            signature: vec![at("error")],
            code: at("code"),
            list: None,
            texts: None,
            not_found: "gone".into(),
            exists: Some("twice".into()),
            denied: (401, "who".into()),
        },
        request_id: None,
    }
}

fn start(api: Described) -> Sandbox {
    Sandbox::start(Options { part: Part::Described(Box::new(api)), ..options() }).unwrap()
}

fn asking(method: &'static str, path: &str) -> Asking {
    Asking::new(method).without("Authorization").without("Content-Type").path(path).header("X-Key", KEY)
}

fn send(sandbox: &Sandbox, method: &'static str, path: &str, body: &Value) -> Answer {
    asking(method, path).header("Content-Type", "application/json").body(body.to_string()).send(sandbox)
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

fn new() -> Value {
    json!({"kind": "x", "team": "t", "name": "zoe", "nick": "z", "extra": [{"key": "k", "value": 1}], "tags": ["a"]})
}

/// The path of one who was made.
fn made(sandbox: &Sandbox) -> String {
    let answer = send(sandbox, "POST", "/who", &new());
    format!("/who/{}", answer.json()["who"]["id"].as_str().unwrap())
}

fn content(sandbox: &Sandbox) -> Value {
    let mut all = sandbox.profiles().into_iter();
    all.find(|resident| resident.customer_id.as_deref() == Some("zoe")).unwrap().content
}

#[test]
fn a_creation_is_answered_as_told_and_a_look_shows_what_was_written() {
    let sandbox = start(api());
    let created = send(&sandbox, "POST", "/who", &new());
    let id = created.json()["who"]["id"].clone();
    let shown =
        json!({"who": {"id": id, "seen": true, "nick": "z", "tags": ["a"], "extra": [{"key": "k", "value": 1}]}});
    assert_eq!((created.status, created.json()), (201, shown.clone()));
    assert_eq!(content(&sandbox), json!({"nick": "z", "tags": ["a"], "extra": {"k": 1}}));
    let path = format!("/who/{}", id.as_str().unwrap());
    for look in [path.as_str(), "/who/by_name?name=zoe&team=t"] {
        assert_eq!(asking("GET", look).send(&sandbox).json(), shown, "{look}");
    }
    assert_eq!(code(&asking("GET", "/who/by_name?name=zoe").send(&sandbox)).0, 400, "the parameter is missing");
    assert_eq!(code(&asking("GET", "/who/by_name?name=nobody&team=t").send(&sandbox)), (404, "gone".into()));
    assert_eq!(code(&send(&sandbox, "POST", "/who", &new())), (409, "twice".into()));
    assert_eq!(sandbox.received().applied, 1);
}

#[test]
fn creating_whoever_exists_changes_them_where_no_code_says_otherwise() {
    let errors = Errors { exists: None, ..api().errors };
    let sandbox = start(Described { errors, ..api() });
    made(&sandbox);
    let mut again = new();
    again["nick"] = json!("y");
    assert_eq!(send(&sandbox, "POST", "/who", &again).json()["who"]["nick"], "y");
    assert_eq!(sandbox.received().applied, 2);
}

#[test]
fn an_update_merges_within_groups_too_and_null_takes_away() {
    let sandbox = start(Described { remove: None, ..api() });
    let path = made(&sandbox);
    let steps = [
        (
            json!({"home": {"city": "X", "country": "DE"}, "more": {"a": 1, "b": 2}}),
            json!({
                "nick": "z", "tags": ["a"], "extra": {"k": 1}, "home": {"city": "X", "country": "DE"}, "more": {"a": 1, "b": 2},
            }),
        ),
        (
            json!({"home": {"city": "Y"}, "more": {"b": null}, "tags": null, "extra": [{"key": "k", "value": ""}]}),
            json!({
                "nick": "z", "home": {"city": "Y", "country": "DE"}, "more": {"a": 1},
            }),
        ),
        (json!({"home": {"city": null, "country": null}, "more": null, "nick": "y"}), json!({"nick": "y"})),
    ];
    for (body, expected) in steps {
        assert_eq!(send(&sandbox, "PATCH", &path, &body).status, 200, "{body}");
        assert_eq!(content(&sandbox), expected, "{body}");
    }
    assert_eq!(code(&send(&sandbox, "PATCH", "/who/nobody", &json!({}))), (404, "gone".into()));
    assert_eq!(sandbox.received().applied, 4);
}

#[test]
fn a_removal_takes_the_fields_that_it_names_where_an_update_stores_null() {
    let names = |group: Option<&str>| Takes::Names {
        name: "field".into(),
        group: group.map(Into::into),
        constants: "sure=1".into(),
    };
    for (group, left) in [
        (Some("more"), json!({"nick": "z", "tags": ["a"], "extra": {"k": 1}, "more": {"b": 2}})),
        (None, json!({"tags": ["a"], "more": {"b": 2}})),
    ] {
        let sandbox = start(Described { remove: Some(route("POST", "/who/{id}/remove", names(group))), ..api() });
        let path = made(&sandbox);
        let updated = send(&sandbox, "PATCH", &path, &json!({"more": {"a": null, "b": 2, "c": 3}}));
        assert_eq!(updated.json()["who"]["more"], json!({"a": null, "b": 2, "c": 3}), "null is stored");
        let remove = |form: &str| {
            let asking = asking("POST", &format!("{path}/remove")).header("Content-Type", FORM);
            asking.body(form).send(&sandbox)
        };
        assert_eq!((remove("sure=1").status, remove("field=b").status), (400, 400), "no name, no constant");
        assert_eq!(remove("sure=1&field=a&field=c&field=k&field=nick").status, 200);
        assert_eq!(content(&sandbox), left);
        assert_eq!(sandbox.received().applied, 3);
    }
}

#[test]
fn a_field_is_shown_where_it_is_returned_too() {
    let sandbox = start(api());
    let path = made(&sandbox);
    send(&sandbox, "PATCH", &path, &json!({"home": {"city": "X"}}));
    let who = asking("GET", &path).send(&sandbox).json()["who"].clone();
    assert_eq!((&who["home"]["city"], &who["address"]["town"]), (&json!("X"), &json!("X")));
}

#[test]
fn a_form_says_the_same_by_the_kinds_of_its_fields() {
    let takes = Takes::Fields { encoding: Encoding::Form, constants: "kind=x".into() };
    let sandbox = start(Described { update: Some(route("POST", "/who/{id}", takes)), ..api() });
    let path = made(&sandbox);
    let update = |form: &str| asking("POST", &path).header("Content-Type", FORM).body(form).send(&sandbox);
    let form = "kind=x&nick=5&age=7&active=true&tags=b&tags=c&more=%7B%22a%22%3A1%7D&home.city=X";
    assert_eq!(update(form).status, 200);
    assert_eq!(
        content(&sandbox),
        json!({
            "nick": "5", "age": 7, "active": true, "tags": ["b", "c"], "more": {"a": 1}, "home": {"city": "X"}, "extra": {"k": 1},
        })
    );
    for broken in
        ["nick=a", "kind=x&nick=a&nick=b", "kind=x&age=x", "kind=x&active=1", "kind=x&more=1", "kind=x&other=1"]
    {
        assert_eq!(update(broken).status, 400, "{broken}");
    }
    assert_eq!(sandbox.received().applied, 2);
}

#[test]
fn a_body_that_is_not_the_one_asked_for_is_loud() {
    let sandbox = start(api());
    let path = made(&sandbox);
    let with = |name: &str, value: Value| {
        let mut body = json!({"kind": "x", "team": "t", "name": "ann", "nick": "a"});
        body[name] = value;
        body
    };
    for body in [
        with("kind", json!("y")),
        with("team", json!("")),
        with("name", json!("")),
        with("other", json!(1)),
        json!({"kind": "x", "team": "t", "name": "ann"}),
    ] {
        assert_eq!(code(&send(&sandbox, "POST", "/who", &body)), (400, "bad_request".into()), "{body}");
    }
    for body in [
        json!({"nick": "longer"}),
        json!({"mail": "x"}),
        json!({"age": 151}),
        json!({"age": "7"}),
        json!({"active": null}),
        json!({"tags": "a"}),
        json!({"tags": [1]}),
        json!({"extra": []}),
        json!({"extra": [{"key": "toolong", "value": 1}]}),
        json!({"more": 1}),
        json!({"home": {"country": "DE"}}),
        json!({"home": {"city": "X", "street": "Y"}}),
        json!({"home": "X"}),
        json!([]),
    ] {
        assert_eq!(code(&send(&sandbox, "PATCH", &path, &body)), (400, "bad_request".into()), "{body}");
    }
    let text = asking("PATCH", &path).header("Content-Type", "text/plain").body("{}").send(&sandbox);
    assert_eq!(code(&text), (400, "bad_request".into()));
    assert_eq!((sandbox.received().applied, sandbox.profiles().len()), (1, 11));
}

#[test]
fn a_creation_with_both_ids_links_where_the_description_says_so() {
    let seated = |kind: NamedBy| NamedBy { seat: Seat::Header(format!("X-{}", kind.name)), ..kind };
    let identities: Vec<NamedBy> = api().identities.into_iter().map(seated).collect();
    let linking = |links| {
        let create = Some(route("POST", "/who", Takes::Fields { encoding: Encoding::Json, constants: String::new() }));
        let population = Population::Profiles(vec![Profile { customer_user_id: None, profile_id: Some("p".into()) }]);
        let part = Part::Described(Box::new(Described { identities: identities.clone(), create, links, ..api() }));
        Sandbox::start(Options { part, population, ..options() }).unwrap()
    };
    let link = |sandbox: &Sandbox, own: &str, name: &str| {
        let asking = asking("POST", "/who").header("Content-Type", "application/json").body(r#"{"nick":"a"}"#);
        code(&asking.header("X-id", own).header("X-name", name).send(sandbox))
    };
    assert_eq!(link(&linking(false), "p", "zoe"), (400, "bad_request".into()));
    let sandbox = linking(true);
    assert_eq!(link(&sandbox, "q", "zoe"), (404, "gone".into()));
    assert_eq!(link(&sandbox, "p", "zoe").0, 200);
    assert_eq!(link(&sandbox, "p", "ann"), (400, "bad_request".into()), "it has another name");
    assert_eq!(content(&sandbox), json!({"nick": "a"}));
    assert_eq!((sandbox.profiles().len(), sandbox.received().applied), (1, 1));
}
