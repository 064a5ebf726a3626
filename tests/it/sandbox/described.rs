//! The stand-in plays what it is told, and is loud about anything else.

use serde_json::json;
use tollgate::{
    domain::{IdFormat, Schema},
    sandbox::{Described, Errors, Gives, NamedBy, Options, Part, Route, Sandbox, Seat, Takes},
};

use super::client::{Answer, Asking, KEY, options};

const FORM: &str = "application/x-www-form-urlencoded";

fn at(keys: &str) -> Vec<String> {
    keys.split('.').map(str::to_owned).collect()
}

/// Ids in the path, the key in the query or in the form, an error with a list of complaints.
fn api() -> Described {
    Described {
        name: "mine".into(),
        key: Seat::Field { query: Some("key".into()), form: Some("token".into()) },
        key_prefix: String::new(),
        identities: vec![NamedBy {
            name: "id".into(),
            own: false,
            seat: Seat::Path,
            format: IdFormat::Any,
            returned: None,
            told: None,
            look: None,
        }],
        look: Route {
            method: "GET".into(),
            path: "/people/{id}".into(),
            takes: Takes::Nothing,
            parameters: Vec::new(),
            status: 200,
            gives: Gives::Json {
                own_id: Some(at("data.id")),
                app: Some(at("app")),
                fields: vec![at("data.seen")],
                profile: at("data"),
            },
        },
        delete: Route {
            method: "POST".into(),
            path: "/people/{id}/erase".into(),
            takes: Takes::Form("hard=1&why=art.%2017".into()),
            parameters: Vec::new(),
            status: 202,
            gives: Gives::Nothing,
        },
        create: None,
        links: false,
        update: None,
        remove: None,
        schema: Schema::default(),
        returned: Vec::new(),
        delete_tells: true,
        errors: Errors {
            signature: vec![at("error"), at("at")],
            code: at("error.code"),
            list: Some(at("error.list")),
            texts: Some("texts".into()),
            not_found: "gone".into(),
            exists: None,
            denied: (402, "who".into()),
        },
        request_id: Some("x-call".into()),
    }
}

fn start(api: Described) -> Sandbox {
    Sandbox::start(Options { part: Part::Described(Box::new(api)), ..options() }).unwrap()
}

fn asking(method: &'static str, path: &str) -> Asking {
    Asking::new(method).without("Authorization").without("Content-Type").path(path)
}

fn get(sandbox: &Sandbox, id: &str) -> Answer {
    asking("GET", &format!("/people/{id}?key={KEY}")).send(sandbox)
}

fn erase(sandbox: &Sandbox, id: &str, form: &'static str) -> Answer {
    asking("POST", &format!("/people/{id}/erase")).header("Content-Type", FORM).body(form).send(sandbox)
}

const RIGHT: &str = "token=secret_live_sandbox&why=art.%2017&hard=1";

#[test]
fn a_look_and_a_deletion_are_answered_as_told() {
    let sandbox = start(api());
    let found = get(&sandbox, "customer-3");
    assert_eq!((found.status, found.json()["app"].as_str()), (200, Some(&*sandbox.app_id())));
    assert_eq!(found.json()["data"]["seen"], true);
    assert!(found.json()["data"]["id"].is_string() && found.header("x-call").is_some(), "{found:?}");
    let erased = erase(&sandbox, "customer-3", RIGHT);
    assert_eq!((erased.status, erased.body.as_str()), (202, ""));
    let text = "There is no such profile.";
    let gone = json!({"error": {"code": "gone", "list": [{"texts": text}]}, "at": text});
    for answer in [get(&sandbox, "customer-3"), erase(&sandbox, "customer-3", RIGHT), get(&sandbox, "stranger")] {
        assert_eq!((answer.status, answer.json()), (404, gone.clone()));
    }
    assert_eq!(sandbox.received().applied, 1);
}

#[test]
fn where_a_deletion_does_not_tell_it_does_not_tell() {
    let sandbox = start(Described { delete_tells: false, ..api() });
    for _ in 0..2 {
        assert_eq!(erase(&sandbox, "customer-3", RIGHT).status, 202);
    }
    assert_eq!((erase(&sandbox, "stranger", RIGHT).status, sandbox.received().applied), (202, 1));
}

#[test]
fn a_wrong_key_a_wrong_body_and_a_wrong_id_are_loud() {
    let hex = NamedBy { format: IdFormat::Hex24, own: true, ..api().identities.remove(0) };
    let sandbox = start(Described { identities: vec![hex], ..api() });
    let known = "000000000000000000000003";
    let code = |answer: Answer| (answer.status, answer.json()["error"]["code"].as_str().unwrap_or_default().to_owned());
    let denied = (402, "who".to_owned());
    assert_eq!(code(asking("GET", &format!("/people/{known}")).send(&sandbox)), denied);
    assert_eq!(code(asking("GET", &format!("/people/{known}?key=k")).send(&sandbox)), denied);
    assert_eq!(code(asking("GET", &format!("/people/{known}?key={KEY}&key={KEY}")).send(&sandbox)), denied);
    assert_eq!(code(erase(&sandbox, known, "key=secret_live_sandbox&why=art.%2017&hard=1")), denied, "another field");
    let bad = (400, "bad_request".to_owned());
    assert_eq!(code(erase(&sandbox, known, "token=secret_live_sandbox&hard=1")), bad, "a constant is missing");
    assert_eq!(code(get(&sandbox, "customer-3")), bad, "not as these ids are written");
    assert_eq!((get(&sandbox, known).status, erase(&sandbox, known, RIGHT).status), (200, 202));
    assert_eq!(sandbox.received().applied, 1);
}

#[test]
fn other_paths_and_methods_get_pages() {
    let sandbox = start(api());
    for (method, path, status) in [
        ("GET", "/people/customer-3/erase", 405),
        ("DELETE", "/people/customer-3", 405),
        ("GET", "/people/", 404),
        ("GET", "/people/a/b", 404),
        ("GET", "/", 404),
    ] {
        let answer = asking(method, &format!("{path}?key={KEY}")).send(&sandbox);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, Some("text/html; charset=utf-8")),
            "{path}"
        );
        assert!(answer.header("x-call").is_some());
    }
}
