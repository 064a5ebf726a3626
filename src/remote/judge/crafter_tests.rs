//! What Crafter Profile's answers come to, and what of a description decides it.

use std::{fs, path::Path};

use reqwest::{StatusCode, header::HeaderMap};

use super::{Answer, Asked, judge};
use crate::{
    domain::{Blame, Call, Fact, Fields, Id, IdKind, Identity, Moment, Operation, Reply, Slot, Suspicion, Word},
    remote::{ApiName, Description},
};

const DELETE: Call = Call { operation: Operation::Delete, slot: Slot::Primary };
const LOOK: Call = Call { operation: Operation::Look, slot: Slot::Primary };
const UNSIGNED: Word = Word::Suspect(Suspicion::Unsigned);
const CREDENTIALS: Word = Word::Suspect(Suspicion::Credentials);
const PASSING: Word = Word::Again { after: None, blame: Blame::Row };

fn body(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/answers").join(name)).unwrap()
}

fn said(api: &Description, call: Call, status: u16, body: &[u8]) -> Reply {
    let identity = Identity::one(Id::parse(IdKind(0), "507f1f77bcf86cd799439011").unwrap());
    let answer = Answer { status: StatusCode::from_u16(status).unwrap(), headers: &HeaderMap::new(), body, cut: false };
    judge(api, Asked { call, identity: &identity, fields: &Fields::default() }, &answer, || Moment::from_millis(0))
}

fn crafter(call: Call, status: u16, fixture: &str) -> Reply {
    let api = Description::load(&ApiName::Embedded("crafter".to_owned())).unwrap();
    said(&api, call, status, &body(fixture))
}

#[test]
fn each_answer_has_its_meaning() {
    for (call, status, fixture, word) in [
        (LOOK, 200, "crafter/profile.json", Word::Done(Fact::Found)),
        (LOOK, 200, "crafter/profile_without_tenant.json", UNSIGNED),
        (LOOK, 200, "crafter/profile_with_a_null.json", UNSIGNED),
        (LOOK, 200, "portal.html", UNSIGNED),
        (LOOK, 200, "empty.txt", UNSIGNED),
        (LOOK, 404, "crafter/no_such_profile.json", Word::Done(Fact::Absent)),
        (LOOK, 404, "crafter/no_such_tenant.json", Word::Suspect(Suspicion::Parameters)),
        (DELETE, 404, "crafter/no_such_tenant.json", Word::Suspect(Suspicion::Parameters)),
        (LOOK, 404, "not_found.json", UNSIGNED),
        (LOOK, 404, "gateway.html", UNSIGNED),
        (DELETE, 200, "empty.txt", Word::Done(Fact::Deleted)),
        (DELETE, 200, "portal.html", UNSIGNED),
        (DELETE, 200, "crafter/profile.json", UNSIGNED),
        (DELETE, 204, "empty.txt", UNSIGNED),
        (DELETE, 404, "gateway.html", UNSIGNED),
        (DELETE, 403, "crafter/access_denied.json", CREDENTIALS),
        (LOOK, 403, "crafter/access_denied.json", CREDENTIALS),
        (DELETE, 403, "crafter/action_denied.json", Word::Suspect(Suspicion::Right)),
        (DELETE, 403, "gateway.html", CREDENTIALS),
        (DELETE, 401, "gateway.html", UNSIGNED),
        (DELETE, 400, "crafter/bad_param.json", Word::Refused),
        (DELETE, 400, "crafter/other.json", Word::Refused),
        (DELETE, 400, "crafter/no_such_profile.json", Word::Refused),
        (DELETE, 500, "crafter/other.json", PASSING),
        (LOOK, 500, "crafter/other.json", PASSING),
        (DELETE, 500, "crafter/message_only.json", PASSING),
        (DELETE, 502, "gateway.html", PASSING),
    ] {
        assert_eq!(crafter(call, status, fixture).word, word, "{call:?} {status} {fixture}");
    }
}

#[test]
fn what_a_profile_says_is_kept_and_it_names_no_app() {
    let evidence = crafter(LOOK, 200, "crafter/profile.json").evidence;
    assert_eq!((evidence.remote_id.as_deref(), evidence.app), (Some("507f1f77bcf86cd799439011"), None));
}

#[test]
fn both_error_bodies_are_quoted_and_only_one_settles_a_row() {
    let coded = crafter(DELETE, 500, "crafter/other.json").evidence;
    assert_eq!((coded.code.as_deref(), coded.message.as_deref()), (Some("OTHER"), Some("invalid ObjectId [x]")));
    for status in [400, 404, 409, 422, 500] {
        let bare = crafter(DELETE, status, "crafter/message_only.json");
        assert_eq!(bare.evidence.code, None);
        assert_eq!(bare.evidence.message.as_deref(), Some("Internal server error"));
        assert!(!bare.is_definitive(), "{status}: anybody could say that");
    }
}

#[test]
fn a_description_of_ones_own_decides_by_its_own_words() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/api/rest.toml");
    let api = Description::load(&ApiName::File(path)).unwrap();
    let error = |code: &str| {
        format!(r#"{{"error":{{"code":"{code}","message":"m","details":[{{"pointer":"p","reasons":["r"]}}]}}}}"#)
    };
    let of = |call, status, body: &str| said(&api, call, status, body.as_bytes());
    let account = r#"{"account":{"id":"a-1","workspace":"w-1","created_at":17}}"#;
    let found = of(LOOK, 200, account);
    assert_eq!(found.word, Word::Done(Fact::Found));
    assert_eq!((found.evidence.remote_id.as_deref(), found.evidence.app.as_deref()), (Some("a-1"), Some("w-1")));
    for lacking in [r#"{"account":{"id":"a-1","workspace":"w-1"}}"#, r#"{"account":{"id":7,"workspace":"w-1"}}"#, "[]"]
    {
        assert_eq!(of(LOOK, 200, lacking).word, UNSIGNED, "{lacking}");
    }
    for any in [r#"{"job":"j"}"#, r#"{"job":7}"#, r#"{"job":{}}"#, r#"{"job":[],"more":1}"#, r#"{"job":false}"#] {
        assert_eq!(of(DELETE, 202, any).word, Word::Done(Fact::Deleted), "{any}");
    }
    for lacking in [r#"{"job":null}"#, r#"{"jobs":1}"#, "", "\"job\""] {
        assert_eq!(of(DELETE, 202, lacking).word, UNSIGNED, "{lacking}");
    }
    assert_eq!(of(LOOK, 404, &error("account_not_found")).word, Word::Done(Fact::Absent));
    assert_eq!(of(DELETE, 409, &error("workspace_suspended")).word, CREDENTIALS, "a code about the key");
    assert_eq!(of(DELETE, 500, &error("workspace_suspended")).word, PASSING);
    let refused = of(DELETE, 409, &error("locked"));
    assert_eq!((refused.word, refused.evidence.message.as_deref()), (Word::Refused, Some("p: r")));
    assert_eq!(of(DELETE, 409, r#"{"error":"no"}"#).word, UNSIGNED, "without a code it settles nothing");
}
