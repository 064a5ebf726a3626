//! Crafter Profile's GET and POST as documented.

use serde_json::json;
use tollgate::sandbox::{Faults, Options, Part, Population, Profile, Sandbox, Share};

use super::client::{Answer, Asking, KEY, options};

const API: &str = "/crafter-profile/api/1/profile";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const TOKEN: &str = "accessTokenId=secret_live_sandbox";

fn start() -> Sandbox {
    Sandbox::start(Options { part: Part::Crafter { tenant: None }, ..options() }).unwrap()
}

/// The n-th of the profiles that a count knows.
fn id(number: u64) -> String {
    format!("{number:024x}")
}

fn asking(method: &'static str, path: &str) -> Asking {
    Asking::new(method).without("Authorization").without("Content-Type").path(&format!("{API}/{path}"))
}

fn get(sandbox: &Sandbox, id: &str) -> Answer {
    asking("GET", &format!("{id}?{TOKEN}")).send(sandbox)
}

fn delete(sandbox: &Sandbox, id: &str) -> Answer {
    asking("POST", &format!("{id}/delete")).header(FORM.0, FORM.1).body(TOKEN).send(sandbox)
}

/// The error code of an answer in the API's own shape.
fn code(answer: &Answer) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(&answer.body).ok()?;
    body["message"].is_string().then(|| body["errorCode"].as_str().map(str::to_owned)).flatten()
}

#[test]
fn the_token_is_the_clients() {
    assert!(TOKEN.ends_with(KEY));
    let sandbox = start();
    assert!(sandbox.base_url().ends_with("/crafter-profile"), "{}", sandbox.base_url());
}

#[test]
fn a_get_answers_with_the_whole_profile() {
    let sandbox = start();
    let answer = get(&sandbox, &id(3));
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let expected = json!({
        "username": "customer-3",
        "email": format!("{}@example.com", id(3)),
        "verified": true,
        "enabled": true,
        "createdOn": 1_767_225_600_000_u64,
        "lastModified": 1_767_225_600_000_u64,
        "tenant": "sandbox",
        "roles": [],
        "attributes": {},
        "id": id(3),
    });
    assert_eq!(answer.json(), expected);
    assert_eq!(answer.header("request-id"), None, "only Adapty names its answers");
}

#[test]
fn a_deletion_answers_200_with_nothing_whether_or_not_anybody_was_there() {
    let sandbox = start();
    for _ in 0..2 {
        let answer = delete(&sandbox, &id(3));
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        let gone = get(&sandbox, &id(3));
        assert_eq!((gone.status, code(&gone).as_deref()), (404, Some("NO_SUCH_PROFILE")));
    }
    assert_eq!(delete(&sandbox, &id(11)).status, 200);
    assert_eq!(get(&sandbox, &id(4)).status, 200, "the others are still there");
    let received = sandbox.received();
    assert_eq!((received.applied, received.posts, received.deletes, received.gets), (1, 3, 0, 3));
}

#[test]
fn a_malformed_id_is_a_500() {
    let sandbox = start();
    for bad in ["nobody", "00000000000000000000000", "0000000000000000000000000", "00000000000000000000000g", "%20"] {
        for answer in [get(&sandbox, bad), delete(&sandbox, bad)] {
            assert_eq!((answer.status, code(&answer).as_deref()), (500, Some("OTHER")), "{bad}");
        }
    }
}

#[test]
fn a_token_that_is_wrong_or_missing_is_a_403() {
    let sandbox = start();
    let path = format!("{}/delete", id(3));
    let post = |body| asking("POST", &path).header(FORM.0, FORM.1).body(body).send(&sandbox);
    let wrong = post("accessTokenId=wrong");
    assert_eq!((wrong.status, code(&wrong).as_deref()), (403, Some("ACCESS_DENIED")));
    assert!(wrong.body.contains("wrong"), "it repeats the token, as the real one does");
    let not_a_form = asking("POST", &path).header("Content-Type", "application/json").body(TOKEN).send(&sandbox);
    for denied in [post("a=1"), asking("POST", &path).send(&sandbox), not_a_form, asking("GET", &id(3)).send(&sandbox)]
    {
        assert_eq!((denied.status, code(&denied).as_deref()), (403, Some("ACCESS_DENIED")));
    }
    assert_eq!(get(&sandbox, &id(3)).status, 200, "nothing was done");
}

#[test]
fn other_paths_and_methods_get_pages() {
    let sandbox = start();
    let page = |method, path: &str| {
        let answer = asking(method, &format!("{path}?{TOKEN}")).send(&sandbox);
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        answer.status
    };
    assert_eq!(page("POST", &id(3)), 405);
    assert_eq!(page("DELETE", &id(3)), 405);
    assert_eq!(page("GET", &format!("{}/delete", id(3))), 405);
    assert_eq!(page("POST", &format!("{}/erase", id(3))), 404);
    assert_eq!(page("GET", ""), 404);
    let elsewhere = Asking::new("GET").path(&format!("/api/1/profile/{}?{TOKEN}", id(3))).send(&sandbox);
    assert_eq!(elsewhere.status, 404, "outside the application's root");
}

#[test]
fn listed_people_are_known_by_their_ids() {
    let known = "507f1f77bcf86cd799439011";
    let people = vec![Profile { customer_user_id: None, profile_id: Some(known.into()) }];
    let population = Population::Profiles(people);
    let sandbox = Sandbox::start(Options { part: Part::Crafter { tenant: None }, population, ..options() }).unwrap();
    assert_eq!((get(&sandbox, known).status, get(&sandbox, &id(1)).status), (200, 404));
    delete(&sandbox, known);
    assert_eq!(get(&sandbox, known).status, 404);
}

#[test]
fn its_troubles_are_in_its_own_shape() {
    let with = |faults| Sandbox::start(Options { part: Part::Crafter { tenant: None }, faults, ..options() }).unwrap();
    let broken = get(&with(Faults { server_error: Share(1.0), ..Faults::default() }), &id(3));
    assert_eq!((broken.status, code(&broken).as_deref()), (500, Some("OTHER")));
    let refused = delete(&with(Faults { refuse: Share(1.0), ..Faults::default() }), &id(3));
    assert_eq!((refused.status, code(&refused).as_deref()), (400, Some("OTHER")));
}
