//! Adapty's GET and DELETE as documented.

use serde_json::json;
use tollgate::{
    domain::Moment,
    sandbox::{Options, Population, Profile, Sandbox},
};

use super::client::{Asking, KEY, PATH, options, start};

#[test]
fn a_get_answers_with_the_whole_profile() {
    let sandbox = start();
    let answer = Asking::get("customer-3").send(&sandbox);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.json();
    let profile_id = body["data"]["profile_id"].as_str().unwrap();
    assert_eq!(profile_id.len(), 36);
    let expected = json!({"data": {
        "app_id": sandbox.app_id(),
        "profile_id": profile_id,
        "customer_user_id": "customer-3",
        "total_revenue_usd": 0.0,
        "segment_hash": "not implemented",
        "timestamp": 1_767_225_600_000_u64,
        "custom_attributes": [],
        "access_levels": [],
        "subscriptions": [],
        "non_subscriptions": [],
    }});
    assert_eq!(body, expected);
    assert_eq!(Asking::new("GET").profile(profile_id).send(&sandbox).json(), expected, "the same by its other id");
}

#[test]
fn the_app_belongs_to_the_seed() {
    let app = |seed| Sandbox::start(Options { seed, ..options() }).unwrap().app_id();
    assert_eq!(app(1), app(1));
    assert_ne!(app(1), app(2));
}

#[test]
fn a_delete_answers_204_with_nothing_and_the_profile_is_gone() {
    let sandbox = start();
    let answer = Asking::delete("customer-3").send(&sandbox);
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!((answer.header("content-type"), answer.header("content-length")), (None, None));
    for gone in [Asking::delete("customer-3"), Asking::get("customer-3")] {
        let answer = gone.send(&sandbox);
        assert_eq!(answer.status, 404);
        assert_eq!(answer.signed_code().as_deref(), Some("profile_does_not_exist"));
    }
    assert_eq!(Asking::get("customer-4").send(&sandbox).status, 200);
}

#[test]
fn deleting_by_either_id_removes_the_profile_for_both() {
    let listed = |customer: &str, profile: Option<&str>| Profile {
        customer_user_id: Some(customer.into()),
        profile_id: profile.map(Into::into),
    };
    let list = vec![listed("customer-1", Some("2f1c4a3e-0000-4000-8000-000000000001")), listed("customer-2", None)];
    for population in [Population::Count(2), Population::Profiles(list), Population::Everybody] {
        let sandbox = Sandbox::start(Options { population, ..options() }).unwrap();
        let profile_id = |customer: &str| {
            Asking::get(customer).send(&sandbox).json()["data"]["profile_id"].as_str().unwrap().to_owned()
        };
        let (first, second) = (profile_id("customer-1"), profile_id("customer-2"));
        assert_eq!(Asking::new("DELETE").profile(&first).send(&sandbox).status, 204);
        assert_eq!(Asking::delete("customer-1").send(&sandbox).status, 404);
        assert_eq!(Asking::delete("customer-2").send(&sandbox).status, 204);
        assert_eq!(Asking::new("DELETE").profile(&second).send(&sandbox).status, 404);
    }
}

#[test]
fn an_error_has_exactly_the_documented_body() {
    let answer = Asking::delete("nobody").send(&start());
    let expected = r#"{"errors":[{"source":null,"errors":["Profile does not exist."]}],"error_code":"profile_does_not_exist","status_code":404}"#;
    assert_eq!(answer.body, expected);
}

#[test]
fn every_mistake_about_key_and_headers_is_signed_and_changes_nothing() {
    let sandbox = start();
    let keyless = |asking: Asking| asking.without("Authorization");
    let keyed = |value: &str| keyless(Asking::delete("customer-1")).header("Authorization", value);
    let cases = [
        (keyless(Asking::delete("customer-1")), 401, "not_authenticated"),
        (keyless(Asking::get("customer-1")), 401, "not_authenticated"),
        (keyless(Asking::get("nobody")), 401, "not_authenticated"),
        (keyed("Api-Key wrong"), 401, "not_authenticated"),
        (keyed(&format!("Bearer {KEY}")), 401, "not_authenticated"),
        (keyed(&format!("Api-Key {KEY}x")), 401, "not_authenticated"),
        (Asking::delete("customer-1").without("Content-Type"), 400, "validation_error"),
        (
            Asking::delete("customer-1").without("Content-Type").header("Content-Type", "text/plain"),
            400,
            "validation_error",
        ),
        (Asking::delete("customer-1").body("{}"), 400, "validation_error"),
        (Asking::new("DELETE"), 400, "validation_error"),
        (Asking::new("GET"), 400, "validation_error"),
        (Asking::delete(""), 400, "validation_error"),
        (Asking::delete("customer-1").profile("customer-1"), 400, "validation_error"),
        (Asking::get("customer-1").profile("customer-1"), 400, "validation_error"),
        (Asking::delete("customer-1").customer("customer-2"), 400, "validation_error"),
        (Asking::delete("nobody"), 404, "profile_does_not_exist"),
        (Asking::get("nobody"), 404, "profile_does_not_exist"),
        (Asking::new("GET").profile("customer-1"), 404, "profile_does_not_exist"),
    ];
    for (asking, status, code) in cases {
        let answer = asking.send(&sandbox);
        assert_eq!((answer.status, answer.signed_code().as_deref()), (status, Some(code)), "{asking:?}");
    }
    assert_eq!(sandbox.received().applied, 0);
}

#[test]
fn a_charset_does_not_spoil_the_content_type() {
    let asking = Asking::delete("customer-1").without("Content-Type");
    assert_eq!(asking.header("Content-Type", "Application/JSON; charset=utf-8").send(&start()).status, 204);
}

#[test]
fn another_path_or_method_is_an_unsigned_page() {
    let sandbox = start();
    let slashless = PATH.trim_end_matches('/');
    let cases = [
        (Asking::delete("customer-1").path(slashless), 404),
        (Asking::delete("customer-1").path("/"), 404),
        (Asking::delete("customer-1").path("/api/v1/server-side-api/profile/"), 404),
        (Asking::new("OPTIONS").customer("customer-1"), 405),
        (Asking::new("PUT").customer("customer-1"), 405),
    ];
    for (asking, status) in cases {
        let answer = asking.send(&sandbox);
        assert_eq!((answer.status, answer.signed_code()), (status, None), "{asking:?}");
        assert!(answer.header("content-type").unwrap().starts_with("text/html"));
        assert!(answer.body.starts_with("<!doctype html>"), "{}", answer.body);
    }
    assert_eq!(sandbox.received().applied, 0);
}

#[test]
fn every_answer_has_a_date_and_a_request_id_of_its_own() {
    let sandbox = start();
    let askings = [
        Asking::get("customer-1"),
        Asking::delete("customer-1"),
        Asking::delete("customer-1"),
        Asking::delete("customer-1").without("Authorization"),
        Asking::new("GET"),
        Asking::get("customer-1").path("/"),
        Asking::new("POST"),
    ];
    let mut seen = std::collections::HashSet::new();
    for asking in askings {
        let answer = asking.send(&sandbox);
        assert!(Moment::parse_http_date(answer.header("date").unwrap()).is_some(), "{answer:?}");
        assert!(seen.insert(answer.header("request-id").unwrap().to_owned()), "{answer:?}");
    }
}

#[test]
fn an_id_beyond_ascii_travels_as_utf_8() {
    let profiles = vec![Profile { customer_user_id: Some("zoë".into()), profile_id: None }];
    let sandbox = Sandbox::start(Options { population: Population::Profiles(profiles), ..options() }).unwrap();
    assert_eq!(Asking::get("zoë").send(&sandbox).json()["data"]["customer_user_id"], "zoë");
    assert_eq!(Asking::delete("zoë").send(&sandbox).status, 204);
}

#[tokio::test]
async fn cleartext_http_2_speaks_the_same() {
    let sandbox = start();
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let request = |method: reqwest::Method| {
        client
            .request(method, format!("{}{PATH}", sandbox.base_url()))
            .header("authorization", format!("Api-Key {KEY}"))
            .header("content-type", "application/json")
            .header("adapty-customer-user-id", "customer-1")
    };
    let got = request(reqwest::Method::GET).send().await.unwrap();
    assert_eq!((got.status().as_u16(), got.version()), (200, reqwest::Version::HTTP_2));
    assert!(got.headers().contains_key("date") && got.headers().contains_key("request-id"));
    assert!(got.text().await.unwrap().contains(r#""customer_user_id":"customer-1""#));
    for status in [204, 404] {
        assert_eq!(request(reqwest::Method::DELETE).send().await.unwrap().status().as_u16(), status);
    }
}
