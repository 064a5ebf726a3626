//! Crafter Profile's creating, updating and finding by name, as documented.

use serde_json::{Value, json};
use tollgate::sandbox::{Faults, Options, Part, Population, Profile, Resident, Sandbox, Share};

use super::client::{Answer, Asking, options};

const API: &str = "/crafter-profile/api/1/profile";
const TOKEN: &str = "accessTokenId=secret_live_sandbox";
const NOBODY: &str = "507f1f77bcf86cd799439011";
const PERSON: &str = "tenantName=sandbox&username=zo%C3%AB&email=zoe%40example.com&enabled=true";

fn start() -> Sandbox {
    Sandbox::start(Options { part: Part::Crafter { tenant: None }, ..options() }).unwrap()
}

fn asking(method: &'static str, path: &str) -> Asking {
    Asking::new(method).without("Authorization").without("Content-Type").path(&format!("{API}/{path}"))
}

fn post(sandbox: &Sandbox, path: &str, form: &str) -> Answer {
    let asking = asking("POST", path).header("Content-Type", "application/x-www-form-urlencoded");
    asking.body(format!("{TOKEN}&{form}")).send(sandbox)
}

fn get(sandbox: &Sandbox, path: &str, query: &str) -> Answer {
    asking("GET", &format!("{path}?{TOKEN}&{query}")).send(sandbox)
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["errorCode"].as_str().unwrap_or_default().to_owned())
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn person(sandbox: &Sandbox) -> Resident {
    sandbox.profiles().into_iter().find(|resident| resident.customer_id.as_deref() == Some("zoë")).unwrap()
}

/// One who was made, and the id of that one.
fn with_person(sandbox: &Sandbox) -> String {
    assert_eq!(post(sandbox, "create", PERSON).status, 200);
    person(sandbox).own_id
}

#[test]
fn a_creation_answers_with_the_whole_profile() {
    let sandbox = start();
    let form = format!("{PERSON}&password=hidden&role=a&role=b&attributes=%7B%22age%22%3A5%2C%22x%22%3Anull%7D");
    let answer = post(&sandbox, "create", &form);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let expected = json!({
        "username": "zoë", "email": "zoe@example.com", "verified": true, "enabled": true, "createdOn": 1_767_225_600_000_u64,
        "lastModified": 1_767_225_600_000_u64, "tenant": "sandbox", "roles": ["a", "b"], "attributes": {"age": 5, "x": null},
        "id": id,
    });
    assert_eq!((answer.status, answer.json()), (200, expected.clone()));
    assert_eq!((id.len(), get(&sandbox, &id, "").json()), (24, expected.clone()));
    assert_eq!(get(&sandbox, "by_username", "tenantName=sandbox&username=zo%C3%AB").json(), expected);
    let content = json!({
        "email": "zoe@example.com", "enabled": true, "roles": ["a", "b"], "attributes": {"age": 5, "x": null},
    });
    assert_eq!(person(&sandbox), Resident { own_id: id, customer_id: Some("zoë".into()), content });
    assert_eq!(sandbox.received().applied, 1);
}

#[test]
fn a_taken_name_is_taken_within_its_tenant() {
    let sandbox = start();
    with_person(&sandbox);
    assert_eq!(code(&post(&sandbox, "create", PERSON)), is(409, "PROFILE_EXISTS"));
    let elsewhere = PERSON.replace("=sandbox", "=default");
    let other = post(&sandbox, "create", &elsewhere);
    assert_eq!(
        (other.status, other.json()["tenant"].as_str(), other.json()["username"].as_str()),
        (200, Some("default"), Some("zoë"))
    );
    assert_eq!(code(&post(&sandbox, "create", &elsewhere)), is(409, "PROFILE_EXISTS"));
    let by_name = |tenant: &str| get(&sandbox, "by_username", &format!("username=zo%C3%AB&tenantName={tenant}"));
    assert_eq!(by_name("default").json()["id"], other.json()["id"]);
    assert_ne!(by_name("sandbox").json()["id"], other.json()["id"]);
    assert_eq!(code(&by_name("acme")), is(404, "NO_SUCH_TENANT"));
    assert_eq!(code(&post(&sandbox, "create", &PERSON.replace("=sandbox", "=acme"))), is(404, "NO_SUCH_TENANT"));
}

#[test]
fn a_bad_parameter_is_refused_and_nobody_is_made() {
    let sandbox = start();
    let without = |name: &str| {
        PERSON.split('&').filter(|pair| !pair.starts_with(&format!("{name}="))).collect::<Vec<_>>().join("&")
    };
    for name in ["tenantName", "username", "email", "enabled"] {
        assert_eq!(code(&post(&sandbox, "create", &without(name))), is(400, "OTHER"), "{name}");
    }
    for (more, expected) in [
        ("email=nobody", "INVALID_EMAIL_ADDRESS"),
        ("enabled=perhaps", "OTHER"),
        ("attributes=%5B1%5D", "PARAM_DESERIALIZATION_ERROR"),
        ("attributes=%7B", "PARAM_DESERIALIZATION_ERROR"),
    ] {
        let (name, _) = more.split_once('=').unwrap();
        let form = format!("{}&{more}", without(name));
        assert_eq!(code(&post(&sandbox, "create", &form)), is(400, expected), "{more}");
    }
    assert_eq!(code(&get(&sandbox, "by_username", "tenantName=sandbox")), is(400, "OTHER"));
    assert_eq!((sandbox.received().applied, sandbox.profiles().len()), (0, 10));
}

#[test]
fn residents_are_found_by_their_names() {
    let listed = vec![
        Profile { customer_user_id: Some("ann".into()), profile_id: Some(NOBODY.into()) },
        Profile { customer_user_id: None, profile_id: Some(NOBODY.replace('5', "6")) },
    ];
    let population = Population::Profiles(listed);
    let sandbox = Sandbox::start(Options { part: Part::Crafter { tenant: None }, population, ..options() }).unwrap();
    let by_name = |name: &str| get(&sandbox, "by_username", &format!("tenantName=sandbox&username={name}"));
    assert_eq!(by_name("ann").json()["id"], NOBODY);
    let nameless = get(&sandbox, &NOBODY.replace('5', "6"), "").json();
    assert_eq!(by_name(nameless["username"].as_str().unwrap()).json(), nameless, "nobody is without a username");
    for stranger in ["bob", &format!("user-{NOBODY}")] {
        assert_eq!(code(&by_name(stranger)), is(404, "NO_SUCH_PROFILE"));
    }
    assert_eq!(code(&post(&sandbox, "create", &PERSON.replace("zo%C3%AB", "ann"))), is(409, "PROFILE_EXISTS"));
    post(&sandbox, &format!("{NOBODY}/delete"), "");
    assert_eq!(code(&by_name("ann")), is(404, "NO_SUCH_PROFILE"));
    assert_eq!(post(&sandbox, "create", &PERSON.replace("zo%C3%AB", "ann")).status, 200);
}

#[test]
fn where_everybody_exists_a_name_is_free_after_a_deletion() {
    let population = Population::Everybody;
    let sandbox = Sandbox::start(Options { part: Part::Crafter { tenant: None }, population, ..options() }).unwrap();
    assert_eq!(code(&post(&sandbox, "create", PERSON)), is(409, "PROFILE_EXISTS"));
    let found = get(&sandbox, "by_username", "tenantName=sandbox&username=zo%C3%AB").json();
    let id = found["id"].as_str().unwrap();
    assert_eq!((id.len(), get(&sandbox, id, "").status), (24, 200));
    post(&sandbox, &format!("{id}/delete"), "");
    assert_eq!(get(&sandbox, id, "").status, 404);
    assert_ne!(post(&sandbox, "create", PERSON).json()["id"], id);
}

#[test]
fn an_update_changes_what_it_says_and_leaves_out_empty_texts() {
    let sandbox = start();
    let id = with_person(&sandbox);
    let path = format!("{id}/update");
    let steps = [
        ("email=&enabled=&role=&attributes=&username=", json!({"email": "zoe@example.com", "enabled": true})),
        ("enabled=false&role=x", json!({"email": "zoe@example.com", "enabled": false, "roles": ["x"]})),
        (
            "attributes=%7B%22a%22%3A1%2C%22b%22%3A2%7D&role=y&role=z",
            json!({
                "email": "zoe@example.com", "enabled": false, "roles": ["y", "z"], "attributes": {"a": 1, "b": 2},
            }),
        ),
        (
            "attributes=%7B%22b%22%3Anull%7D&email=z%40e",
            json!({
                "email": "z@e", "enabled": false, "roles": ["y", "z"], "attributes": {"a": 1, "b": null},
            }),
        ),
    ];
    for (form, expected) in steps {
        let answer = post(&sandbox, &path, form);
        assert_eq!((answer.status, &answer.json()["email"]), (200, &expected["email"]), "{form}");
        assert_eq!(person(&sandbox).content, expected, "{form}");
    }
    assert_eq!(sandbox.received().applied, 4, "the creation and three of the updates");
    assert_eq!(post(&sandbox, &path, "password=x").status, 200);
    assert_eq!(sandbox.received().applied, 5, "nobody can tell that it is the same");
    assert_eq!(code(&post(&sandbox, &path, "email=x")), is(400, "INVALID_EMAIL_ADDRESS"));
}

#[test]
fn an_update_renames_unless_the_name_is_taken() {
    let sandbox = start();
    let id = with_person(&sandbox);
    let path = format!("{id}/update");
    assert_eq!(code(&post(&sandbox, &path, "username=customer-3&email=z%40e")), is(500, "OTHER"));
    assert_eq!(person(&sandbox).content["email"], "zoe@example.com", "nothing was done");
    assert_eq!(post(&sandbox, &path, "username=new").json()["username"], "new");
    assert_eq!(get(&sandbox, "by_username", "tenantName=sandbox&username=new").json()["id"], id);
    assert_eq!(code(&get(&sandbox, "by_username", "tenantName=sandbox&username=zo%C3%AB")), is(404, "NO_SUCH_PROFILE"));
}

#[test]
fn attributes_are_merged_and_removed_by_calls_of_their_own() {
    let sandbox = start();
    let id = with_person(&sandbox);
    let update = |body: &str| {
        let asking = asking("POST", &format!("{id}/attributes/update?{TOKEN}"));
        asking.header("Content-Type", "application/json").body(body).send(&sandbox)
    };
    assert_eq!(update(r#"{"a":1,"b":{"c":2}}"#).json()["attributes"], json!({"a": 1, "b": {"c": 2}}));
    assert_eq!(update(r#"{"a":null,"b":3}"#).json()["attributes"], json!({"a": null, "b": 3}), "null is stored");
    assert_eq!(code(&update("[1]")), is(400, "OTHER"));
    let removed = post(&sandbox, &format!("{id}/attributes/remove"), "attributeName=a&attributeName=never");
    assert_eq!(removed.json()["attributes"], json!({"b": 3}));
    assert_eq!(code(&post(&sandbox, &format!("{id}/attributes/remove"), "")), is(400, "OTHER"));
    let in_body = asking("POST", &format!("{id}/attributes/update")).header("Content-Type", "application/json");
    assert_eq!(
        code(&in_body.body(format!(r#"{{"accessTokenId":"{TOKEN}"}}"#)).send(&sandbox)),
        is(403, "ACCESS_DENIED")
    );
    assert_eq!(sandbox.received().applied, 4);
}

#[test]
fn a_get_shows_the_attributes_that_are_asked_for() {
    let sandbox = start();
    let id = with_person(&sandbox);
    post(&sandbox, &format!("{id}/update"), "attributes=%7B%22a%22%3A1%2C%22b%22%3A2%2C%22c%22%3A3%7D");
    let shown = |query: &str| get(&sandbox, &id, query).json()["attributes"].clone();
    assert_eq!(shown(""), json!({"a": 1, "b": 2, "c": 3}));
    assert_eq!(shown("attributeToReturn=a&attributeToReturn=c&attributeToReturn=x"), json!({"a": 1, "c": 3}));
    assert_eq!(shown("attributeToReturn=$none"), json!({}));
    let by_name = get(&sandbox, "by_username", "tenantName=sandbox&username=zo%C3%AB&attributeToReturn=b").json();
    assert_eq!(by_name["attributes"], json!({"b": 2}));
}

#[test]
fn a_write_to_a_missing_or_malformed_id_or_without_a_token_is_told() {
    let sandbox = start();
    for call in ["update", "attributes/remove"] {
        let form = "email=a%40b&attributeName=a";
        assert_eq!(code(&post(&sandbox, &format!("{NOBODY}/{call}"), form)), is(404, "NO_SUCH_PROFILE"), "{call}");
        assert_eq!(code(&post(&sandbox, &format!("nobody/{call}"), form)), is(500, "OTHER"), "{call}");
    }
    for (id, expected) in [(NOBODY, is(404, "NO_SUCH_PROFILE")), ("nobody", is(500, "OTHER"))] {
        let asking = asking("POST", &format!("{id}/attributes/update?{TOKEN}"));
        assert_eq!(code(&asking.header("Content-Type", "application/json").body("{}").send(&sandbox)), expected);
    }
    let form = "application/x-www-form-urlencoded";
    let keyless = asking("POST", "create").header("Content-Type", form).body(PERSON).send(&sandbox);
    assert_eq!(code(&keyless), is(403, "ACCESS_DENIED"));
    assert_eq!(get(&sandbox, &format!("{NOBODY}/update"), "").status, 405);
    assert_eq!(post(&sandbox, "by_username", "").status, 405);
    assert_eq!(sandbox.received().applied, 0);
}

#[test]
fn a_lost_answer_to_a_creation_was_applied() {
    let faults = Faults { reset: Share(1.0), ..Faults::default() };
    let sandbox = Sandbox::start(Options { part: Part::Crafter { tenant: None }, faults, ..options() }).unwrap();
    let asking = asking("POST", "create").header("Content-Type", "application/x-www-form-urlencoded");
    assert!(asking.body(format!("{TOKEN}&{PERSON}")).raw(&sandbox).is_err());
    assert_eq!(person(&sandbox).content["email"], Value::from("zoe@example.com"));
}
