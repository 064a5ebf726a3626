//! Every status against every kind of body: `fixtures/answers/`.

use std::{fs, path::Path};

use proptest::prelude::*;

use super::*;
use crate::{
    domain::{Id, IdKind},
    remote::ApiName,
};

const DELETE: Call = Call { operation: Operation::Delete, slot: Slot::Primary };
const LOOK: Call = Call { operation: Operation::Look, slot: Slot::Primary };
const GET: Call = Call { operation: Operation::Get, slot: Slot::Primary };
const UNSIGNED: Word = Word::Suspect(Suspicion::Unsigned);

/// Bodies that nobody signed.
const STRANGERS: [&str; 14] = [
    "array.json",
    "code_is_a_number.json",
    "code_without_errors.json",
    "deep.json",
    "empty.txt",
    "errors_without_code.json",
    "gateway.html",
    "invalid_utf8.bin",
    "null.json",
    "object.json",
    "portal.html",
    "text.json",
    "trailing.json",
    "truncated.json",
];

/// Bodies with a code that means "no such profile".
const GONE: [&str; 3] = ["not_found.json", "not_found_older.json", "not_found_elsewhere.json"];

fn body(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/answers").join(name)).unwrap()
}

fn id(kind: u8) -> Id {
    Id::parse(IdKind(kind), "someone").unwrap()
}

fn one() -> Identity {
    Identity::one(id(1))
}

fn two() -> Identity {
    Identity::two(id(0), id(1))
}

fn with(call: Call, identity: &Identity, status: u16, headers: &[(&str, &str)], body: &[u8], cut: bool) -> Reply {
    let api = Description::load(&ApiName::Embedded("adapty".to_owned())).unwrap();
    let headers: HeaderMap =
        headers.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())).collect();
    let answer = Answer { status: StatusCode::from_u16(status).unwrap(), headers: &headers, body, cut };
    judge(&api, Asked { call, identity, fields: &Fields::default() }, &answer, || Moment::from_millis(0))
}

fn plain(call: Call, status: u16, fixture: &str) -> Reply {
    with(call, &one(), status, &[], &body(fixture), false)
}

const fn again(after: Option<Duration>, blame: Blame) -> Word {
    Word::Again { after, blame }
}

#[test]
fn a_delete_is_done_only_by_an_empty_204() {
    assert_eq!(plain(DELETE, 204, "empty.txt").word, Word::Done(Fact::Deleted));
    assert_eq!(plain(DELETE, 204, "profile.json").word, UNSIGNED);
    for status in [200, 201, 202, 205, 206, 299] {
        for fixture in ["empty.txt", "portal.html", "profile.json", "not_found.json"] {
            assert_eq!(plain(DELETE, status, fixture).word, UNSIGNED, "{status} {fixture}");
        }
    }
}

#[test]
fn a_look_is_done_only_by_a_profile() {
    let reply = plain(LOOK, 200, "profile.json");
    assert_eq!(reply.word, Word::Done(Fact::Found));
    assert_eq!(reply.evidence.app.as_deref(), Some("14c3d623-2f3a-455a-aa86-ef83dff6913b"));
    assert_eq!(reply.evidence.remote_id.as_deref(), Some("3286abd3-48b0-4e9c-a5f6-ac0a006333a6"));
    let near = ["profile_without_app.json", "profile_with_a_number.json", "profile_in_a_list.json", "not_found.json"];
    for fixture in STRANGERS.iter().chain(&near) {
        assert_eq!(plain(LOOK, 200, fixture).word, UNSIGNED, "{fixture}");
    }
    assert_eq!(plain(LOOK, 204, "empty.txt").word, UNSIGNED);
    assert_eq!(plain(LOOK, 201, "profile.json").word, UNSIGNED);
}

#[test]
fn a_profile_beyond_the_bound_is_still_a_profile() {
    let mut long = body("profile.json");
    long.truncate(long.len() - 2);
    long.extend_from_slice(br#","more":""#);
    long.resize(body::MAX_BODY, b'x');
    assert_eq!(with(LOOK, &one(), 200, &[], &long, false).word, Word::Done(Fact::Found));
    long.pop();
    assert_eq!(with(LOOK, &one(), 200, &[], &long, false).word, UNSIGNED, "within the bound it is broken JSON");
}

#[test]
fn a_signed_not_found_is_absent_and_the_other_id_is_next() {
    for call in [DELETE, LOOK] {
        let fallback = Call { slot: Slot::Fallback, ..call };
        for fixture in GONE {
            let gone = |call, identity: &Identity| with(call, identity, 404, &[], &body(fixture), false).word;
            assert_eq!(gone(call, &one()), Word::Done(Fact::Absent), "{fixture}");
            assert_eq!(gone(call, &two()), Word::Next(fallback), "{fixture}");
            assert_eq!(gone(fallback, &two()), Word::Done(Fact::Absent), "{fixture}");
        }
    }
}

#[test]
fn a_not_found_code_counts_only_with_404() {
    assert_eq!(plain(DELETE, 400, "not_found.json").word, Word::Refused);
    assert_eq!(plain(DELETE, 410, "not_found.json").word, Word::Refused);
}

#[test]
fn a_404_of_anybody_else_is_suspect() {
    for fixture in STRANGERS {
        assert_eq!(plain(DELETE, 404, fixture).word, UNSIGNED, "{fixture}");
        assert_eq!(plain(LOOK, 404, fixture).word, UNSIGNED, "{fixture}");
    }
}

#[test]
fn other_signed_refusals_are_about_the_row() {
    let reply = plain(DELETE, 404, "not_found_unknown_code.json");
    assert_eq!((reply.word, reply.evidence.code.as_deref()), (Word::Refused, Some("app_not_found")));
    for status in [400, 402, 405, 406, 409, 410, 415, 418, 422, 451, 499] {
        assert_eq!(plain(DELETE, status, "validation.json").word, Word::Refused, "{status}");
        for fixture in STRANGERS {
            assert_eq!(plain(DELETE, status, fixture).word, UNSIGNED, "{status} {fixture}");
        }
    }
}

#[test]
fn what_was_said_is_kept() {
    let said = |fixture| plain(DELETE, 400, fixture).evidence.message;
    assert_eq!(
        said("validation.json").as_deref(),
        Some("customer_user_id: Too long.; customer_user_id: Not allowed.; Bad request.")
    );
    assert_eq!(said("validation_plain_texts.json").as_deref(), Some("First.; Second."));
    assert_eq!(said("validation_one_text.json").as_deref(), Some("email: Invalid."));
    assert_eq!(plain(DELETE, 404, "not_found_elsewhere.json").evidence.message, None, "nothing is made up");
    let refused = plain(DELETE, 400, "validation.json");
    assert_eq!(refused.evidence.status, Some(400));
    assert_eq!(refused.evidence.code.as_deref(), Some("validation_error"));
    assert_eq!(plain(DELETE, 404, "gateway.html").evidence, Evidence { status: Some(404), ..Evidence::default() });
}

#[test]
fn the_request_id_is_kept_and_bounded() {
    let kept = |headers: &[(&str, &str)]| with(DELETE, &one(), 204, headers, b"", false).evidence.request_id;
    assert_eq!(kept(&[("Request-Id", "r-1"), ("X-Request-Id", "r-2")]).as_deref(), Some("r-1"));
    assert_eq!(kept(&[("X-Request-Id", "r-2")]).as_deref(), Some("r-2"));
    assert_eq!(kept(&[]), None);
    assert_eq!(kept(&[("Request-Id", &"r".repeat(9000))]).map(|id| id.len()), Some(body::MAX_TEXT));
}

#[test]
fn credentials_proxies_and_redirects_are_about_the_run_whoever_signed() {
    let cases = [
        (&[401, 403][..], Suspicion::Credentials),
        (&[407], Suspicion::Proxy),
        (&[300, 301, 302, 303, 304, 307, 308, 399], Suspicion::Redirect),
    ];
    for (statuses, suspicion) in cases {
        for status in statuses {
            for fixture in STRANGERS.iter().chain(&GONE).chain(&["unauthorized.json"]) {
                assert_eq!(plain(DELETE, *status, fixture).word, Word::Suspect(suspicion), "{status} {fixture}");
            }
        }
    }
    assert_eq!(plain(DELETE, 401, "unauthorized.json").evidence.code.as_deref(), Some("not_authenticated"));
}

#[test]
fn statuses_that_nobody_knows_are_suspect() {
    for status in [100, 102, 199, 600, 999] {
        assert_eq!(plain(DELETE, status, "not_found.json").word, UNSIGNED, "{status}");
    }
}

#[test]
fn what_passes_is_tried_again_whoever_signed() {
    for fixture in STRANGERS.iter().chain(&GONE).chain(&["server_error.json", "throttled.json"]) {
        for status in [408, 425, 500, 501, 502, 503, 504, 520, 599] {
            assert_eq!(plain(DELETE, status, fixture).word, again(None, Blame::Row), "{status} {fixture}");
        }
        assert_eq!(plain(DELETE, 429, fixture).word, again(None, Blame::Never), "{fixture}");
    }
    assert_eq!(plain(DELETE, 500, "server_error.json").evidence.code.as_deref(), Some("internal_error"));
}

#[test]
fn retry_after_is_honoured_and_blames_nobody_on_429_and_503() {
    let asked = |status, value| with(DELETE, &one(), status, &[("Retry-After", value)], b"", false).word;
    let after = Some(Duration::from_secs(30));
    for (status, blame) in [
        (408, Blame::Row),
        (425, Blame::Row),
        (429, Blame::Never),
        (500, Blame::Row),
        (502, Blame::Row),
        (503, Blame::Never),
        (504, Blame::Row),
    ] {
        assert_eq!(asked(status, "30"), again(after, blame), "{status}");
    }
    assert_eq!(asked(503, "soon"), again(None, Blame::Row));
    assert_eq!(asked(429, "-3"), again(None, Blame::Never));
    assert_eq!(asked(429, "Thu, 01 Jan 1970 00:00:30 GMT"), again(after, Blame::Never), "from the wall clock");
    let dated = [("Retry-After", "Sat, 21 Nov 2026 12:00:30 GMT"), ("Date", "Sat, 21 Nov 2026 12:00:00 GMT")];
    assert_eq!(with(DELETE, &one(), 503, &dated, b"", false).word, again(after, Blame::Never));
}

#[test]
fn an_answer_that_broke_off_settles_nothing() {
    let cut = |call, status, fixture: &str| {
        let reply = with(call, &one(), status, &[("Retry-After", "30")], &body(fixture), true);
        assert!(reply.lost, "{status}");
        reply.word
    };
    for (call, status, fixture) in [
        (DELETE, 204, "empty.txt"),
        (LOOK, 200, "profile.json"),
        (DELETE, 404, "not_found.json"),
        (DELETE, 404, "truncated.json"),
        (DELETE, 400, "validation.json"),
    ] {
        assert_eq!(cut(call, status, fixture), again(None, Blame::Row), "{status} {fixture}");
    }
    assert_eq!(cut(DELETE, 429, "empty.txt"), again(Some(Duration::from_secs(30)), Blame::Never), "its head said so");
    assert_eq!(cut(DELETE, 401, "empty.txt"), Word::Suspect(Suspicion::Credentials));
}

#[test]
fn an_answer_that_does_not_say_whether_it_was_done_is_a_lost_answer() {
    for (status, lost) in [(500, true), (502, true), (503, true), (520, true), (408, true), (429, false), (404, false)]
    {
        assert_eq!(plain(DELETE, status, "empty.txt").lost, lost, "{status}");
    }
}

proptest! {
    /// No body of any kind settles a row unless it is signed, and none panics.
    #[test]
    fn noise_settles_nothing(status in 100_u16..1000, noise in proptest::collection::vec(any::<u8>(), 1..300)) {
        for call in [DELETE, LOOK] {
            let reply = with(call, &two(), status, &[], &noise, false);
            prop_assert!(!reply.is_definitive(), "{status}");
        }
    }

    /// A text from an answer is bounded, whatever it holds.
    #[test]
    fn texts_are_bounded(text in "\\PC{0,20}", times in 0_usize..400) {
        let text = text.repeat(times);
        let body = serde_json::json!({"error_code": text, "errors": [{"source": text, "errors": [text]}]}).to_string();
        let evidence = with(DELETE, &one(), 400, &[], body.as_bytes(), false).evidence;
        prop_assert!(evidence.code.unwrap().len() <= body::MAX_TEXT);
        prop_assert!(evidence.message.unwrap().len() <= body::MAX_TEXT);
    }
}

#[test]
fn a_get_keeps_the_profile_byte_for_byte_and_a_look_does_not() {
    let reply = plain(GET, 200, "profile.json");
    assert_eq!(reply.word, Word::Done(Fact::Found));
    let whole = String::from_utf8(body("profile.json")).unwrap();
    let inside = whole.trim().strip_prefix("{\"data\": ").unwrap().strip_suffix('}').unwrap();
    assert_eq!(reply.evidence.profile.as_deref(), Some(inside));
    let look = plain(LOOK, 200, "profile.json");
    assert_eq!((look.word, look.evidence.profile), (Word::Done(Fact::Found), None));
    let spread = whole.replace(", ", ",\r\n  ").replace("a trap", "a\\n trap");
    let reply = with(GET, &one(), 200, &[], spread.as_bytes(), false);
    let profile = reply.evidence.profile.unwrap();
    assert!(!profile.contains(['\r', '\n']) && profile.contains("a\\n trap") && profile.contains("0.0,  \"segment"));
    assert_eq!(plain(GET, 404, "not_found.json").word, Word::Done(Fact::Absent));
    for stranger in STRANGERS {
        assert_eq!(plain(GET, 200, stranger).word, UNSIGNED, "{stranger}");
    }
}

#[test]
fn a_profile_that_is_too_long_to_be_kept_whole_is_not_taken_for_read() {
    let long = |bytes: usize| {
        let frame = body("profile.json");
        let filling = "y".repeat(bytes - frame.len());
        String::from_utf8(frame).unwrap().replace("a trap", &format!("a trap{filling}")).into_bytes()
    };
    let most = body::MAX_PROFILE;
    let whole = with(GET, &one(), 200, &[], &long(most - 1), false);
    assert_eq!(whole.word, Word::Done(Fact::Found));
    assert!(whole.evidence.profile.is_some_and(|profile| profile.len() > most - 100));
    for cut in [long(most), long(most + 9)[..most].to_vec()] {
        let reply = with(GET, &one(), 200, &[], &cut, false);
        assert_eq!(reply.word, again(None, Blame::Row));
        assert!(reply.evidence.profile.is_none() && reply.evidence.message.unwrap().contains("too long"));
        assert_eq!(with(LOOK, &one(), 200, &[], &cut, false).word, Word::Done(Fact::Found), "a look needs no end");
    }
}
