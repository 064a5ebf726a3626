//! Crafter Profile on the wire: the token in the form of a POST, in the query of a GET, and nowhere else.

use std::fs;

use tollgate::{
    domain::{Fact, Fields, Id, IdFormat, IdKind, Identity, Moment, Suspicion, Word},
    flow::{Remote, Renewal},
    remote::{ApiName, Client, Description, KeySource, Options, Owner},
};

use super::{DELETE, KEY, LOOK, options, server::Script};

const ID: &str = "507f1f77bcf86cd799439011";
const ERASED: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

fn crafter() -> Description {
    Description::load(&ApiName::Embedded("crafter".into())).unwrap()
}

fn client(options: &Options) -> Client {
    Client::build(&crafter(), options, || Moment::from_millis(0)).unwrap()
}

fn somebody() -> Identity {
    Identity::one(Id::parse(IdKind(0), ID).unwrap())
}

fn answer(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

#[test]
fn it_is_as_its_page_and_its_source_say() {
    let api = crafter();
    assert_eq!((api.name(), api.base_url(), api.key_variable()), ("crafter", None, "CRAFTER_ACCESS_TOKEN_ID"));
    assert!(!api.delete_tells() && !api.names_apps());
    let identities: Vec<_> =
        api.identities().iter().map(|kind| (&*kind.name, kind.owner, kind.format, kind.creates)).collect();
    assert_eq!(
        identities,
        [("id", Owner::System, IdFormat::Hex24, false), ("username", Owner::Caller, IdFormat::Any, true)]
    );
}

#[tokio::test]
async fn a_deletion_is_exactly_this_post() {
    let script = Script::play(&[ERASED]).await;
    let (url, address) = (format!("{}/crafter-profile", script.url()), script.address);
    let reply = client(&options(url)).send(DELETE, &somebody(), &Fields::default()).await;
    assert_eq!(reply.word, Word::Done(Fact::Deleted));
    let body = format!("accessTokenId={KEY}");
    let expected = format!(
        "POST /crafter-profile/api/1/profile/{ID}/delete HTTP/1.1\ncontent-type: application/x-www-form-urlencoded\n\
         accept: */*\nuser-agent: tollgate/{}\nhost: {address}\ncontent-length: {}\n\n{body}",
        env!("CARGO_PKG_VERSION"),
        body.len()
    );
    assert_eq!(script.heard().await, [expected]);
}

#[tokio::test]
async fn a_look_is_exactly_this_get() {
    let gone = answer("404 Not Found", r#"{"errorCode":"NO_SUCH_PROFILE","message":"No profile"}"#);
    let script = Script::play(&[&gone]).await;
    let (url, address) = (format!("{}/crafter-profile/", script.url()), script.address);
    let client = client(&options(url));
    let reply = client.send(LOOK, &client.witness(), &Fields::default()).await;
    assert_eq!(reply.word, Word::Done(Fact::Absent));
    let expected = format!(
        "GET /crafter-profile/api/1/profile/000000000000000000000000?accessTokenId={KEY} HTTP/1.1\naccept: */*\n\
         user-agent: tollgate/{}\nhost: {address}\n\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(script.heard().await, [expected]);
}

#[tokio::test]
async fn a_token_is_escaped_and_a_changed_one_is_used_in_both_places() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    fs::write(&path, "a&b=c +%").unwrap();
    let script = Script::play(&[ERASED, ERASED, ERASED]).await;
    let client = client(&Options { key: KeySource::File(path.clone()), ..options(script.url()) });
    client.send(DELETE, &somebody(), &Fields::default()).await;
    fs::write(&path, "second").unwrap();
    assert_eq!(client.renew(), Renewal::Changed);
    client.send(DELETE, &somebody(), &Fields::default()).await;
    client.send(LOOK, &somebody(), &Fields::default()).await;
    let heard = script.heard().await;
    assert!(heard[0].ends_with("\n\naccessTokenId=a%26b%3Dc%20%2B%25"), "{}", heard[0]);
    assert!(heard[1].ends_with("\n\naccessTokenId=second"), "{}", heard[1]);
    assert!(heard[2].starts_with(&format!("GET /api/1/profile/{ID}?accessTokenId=second HTTP")), "{}", heard[2]);
}

#[tokio::test]
async fn an_api_that_repeats_the_token_does_not_get_it_into_the_results() {
    let denied = answer("403 Forbidden", &format!(r#"{{"errorCode":"ACCESS_DENIED","message":"no token '{KEY}'"}}"#));
    let refused = answer("400 Bad Request", &format!(r#"{{"errorCode":"{KEY}","message":"{KEY}{KEY}"}}"#));
    let script = Script::play(&[&denied, &refused]).await;
    let client = client(&options(script.url()));
    let first = client.send(DELETE, &somebody(), &Fields::default()).await;
    assert_eq!(first.word, Word::Suspect(Suspicion::Credentials));
    assert_eq!(first.evidence.message.as_deref(), Some("no token '[the key]'"));
    let second = client.send(DELETE, &somebody(), &Fields::default()).await;
    assert!(!format!("{second:?}").contains(KEY), "{second:?}");
}

#[tokio::test]
async fn troubles_on_the_way_name_neither_url_nor_token() {
    let script = Script::play(&[b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{", b"nonsense\r\n\r\n"]).await;
    let client = client(&options(script.url()));
    let cut = client.send(LOOK, &somebody(), &Fields::default()).await;
    let broken = client.send(LOOK, &somebody(), &Fields::default()).await;
    drop(script);
    let unreached = client.send(LOOK, &somebody(), &Fields::default()).await;
    for reply in [cut, broken, unreached] {
        let said = format!("{reply:?}");
        assert!(reply.evidence.message.is_some(), "{said}");
        assert!(!said.contains(KEY) && !said.contains(ID) && !said.contains("/api/1"), "{said}");
    }
}

#[test]
fn without_an_address_there_is_nothing_to_call() {
    let nowhere = Options { base_url: None, ..options("") };
    let error = Client::build(&crafter(), &nowhere, || Moment::from_millis(0)).unwrap_err();
    assert_eq!(error.exit().code(), 78);
    assert!(error.to_string().contains("--base-url"), "{error}");
    assert_eq!(crafter().destination(None).unwrap_err().exit().code(), 78);
    let there = crafter().destination(Some("http://crafter.internal:8080/crafter-profile")).unwrap();
    assert_eq!(there.host, "crafter.internal:8080");
    assert_eq!(there.base_path, "/crafter-profile");
}
