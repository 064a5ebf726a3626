//! Profiles known by a name: found by a look of their own, and called by the API's own id from then on.

use tollgate::{
    domain::{
        Action, Call, Fact, Fields, Id, IdKind, Identity, Moment, Operation, Row, Slot, Subject, Suspicion, Word,
    },
    flow::Remote,
    remote::{ApiName, Client, Description},
};

use super::{DELETE, GET, KEY, LOOK, UPDATE, adapty, build, options, server::Script};

const ID: &str = "507f1f77bcf86cd799439011";
const COMPARE: Call = Call { operation: Operation::Compare, slot: Slot::Primary };

fn bare() -> Description {
    Description::load(&ApiName::Embedded("crafter".into())).unwrap()
}

fn crafter() -> Description {
    bare().with_parameters(vec![("tenantName".to_owned(), "corporate".to_owned())])
}

fn client(url: &str) -> Client {
    Client::build(&crafter(), &options(url), || Moment::from_millis(0)).unwrap()
}

fn answer(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

fn id(kind: u8, text: &str) -> Id {
    Id::parse(IdKind(kind), text).unwrap()
}

fn joe() -> Identity {
    Identity::one(id(1, "joe & co"))
}

fn row(action: Action, identity: Identity) -> Row {
    Row { line: 1, action, subject: Subject::Known(identity), fields: Fields::default(), original: [].into() }
}

#[test]
fn whoever_is_known_by_a_name_alone_is_looked_for_first() {
    use Operation::{Create, Delete, Get, Look, Update};
    let crafter = client("https://crafter.invalid");
    let first = |client: &Client, identity: &Identity| {
        Action::ALL.map(|action| {
            let call = client.first(&row(action, identity.clone()));
            assert_eq!(call.slot, Slot::Primary);
            call.operation
        })
    };
    assert_eq!(first(&crafter, &joe()), [Look, Create, Look, Look, Get, Look]);
    let both = Identity::two(id(0, ID), id(1, "joe"));
    for known in [Identity::one(id(0, ID)), both] {
        assert_eq!(first(&crafter, &known), [Look, Create, Update, Update, Get, Look]);
    }
    let adapty = build(&options("https://adapty.invalid"));
    assert_eq!(first(&adapty, &Identity::one(id(1, "c"))), [Delete, Create, Update, Update, Get, Look]);
}

#[tokio::test]
async fn a_look_by_name_takes_a_path_of_its_own_and_leads_to_the_apis_id() {
    let profile = format!(r#"{{"id":"{ID}","username":"joe & co","tenant":"corporate"}}"#);
    let script = Script::play(&[&*answer("200 OK", &profile); 4]).await;
    let client = client(&script.url());
    for (call, fact) in [(LOOK, Fact::Found), (GET, Fact::Found), (COMPARE, Fact::Same)] {
        let reply = client.send(call, &joe(), &Fields::default()).await;
        assert_eq!((reply.word, reply.resolved), (Word::Done(fact), Some(id(0, ID))), "{call:?}");
    }
    let reply = client.send(LOOK, &Identity::one(id(0, ID)), &Fields::default()).await;
    assert_eq!(reply.resolved, None, "it is known by the API's own id");
    let heard = script.heard().await;
    let by_name = format!(
        "GET /api/1/profile/by_username?accessTokenId={KEY}&tenantName=corporate&username=joe%20%26%20co HTTP/1.1\n"
    );
    assert!(heard[..3].iter().all(|heard| heard.starts_with(&by_name)), "{heard:?}");
    assert!(heard[3].starts_with(&format!("GET /api/1/profile/{ID}?accessTokenId={KEY} HTTP/1.1\n")), "{}", heard[3]);
}

#[tokio::test]
async fn an_id_that_is_none_of_the_apis_own_settles_nothing() {
    for wrong in ["joe", "..", "507f1f77bcf86cd79943901", ""] {
        let profile = format!(r#"{{"id":"{wrong}","username":"joe & co","tenant":"corporate"}}"#);
        let script = Script::play(&[&answer("200 OK", &profile)]).await;
        let reply = client(&script.url()).send(LOOK, &joe(), &Fields::default()).await;
        assert_eq!((reply.word, reply.resolved), (Word::Suspect(Suspicion::Unsigned), None), "{wrong}");
    }
}

#[tokio::test]
async fn the_name_is_looked_for_where_the_id_finds_nobody() {
    let gone = answer("404 Not Found", r#"{"errorCode":"NO_SUCH_PROFILE","message":"m"}"#);
    let script = Script::play(&[&*gone; 5]).await;
    let client = client(&script.url());
    let both = Identity::two(id(0, ID), id(1, "joe"));
    let fallback = |operation| Word::Next(Call { operation, slot: Slot::Fallback });
    for (call, next) in [
        (UPDATE, fallback(Operation::Look)),
        (DELETE, fallback(Operation::Look)),
        (LOOK, fallback(Operation::Look)),
        (GET, fallback(Operation::Get)),
        (Call { slot: Slot::Fallback, ..LOOK }, Word::Done(Fact::Absent)),
    ] {
        assert_eq!(client.send(call, &both, &Fields::default()).await.word, next, "{call:?}");
    }
}

#[test]
fn what_must_be_said_once_is_missed_only_where_it_could_be_needed() {
    let (own, name) = (IdKind(0), IdKind(1));
    let api = bare();
    assert_eq!(api.parameters(), ["tenantName"]);
    for action in [Action::Delete, Action::Update, Action::Get, Action::Verify] {
        assert_eq!(api.lacks(&[action], &[own]), None, "{action:?}");
        assert_eq!(api.lacks(&[action], &[own, name]), Some("tenantName"), "{action:?}");
    }
    for action in [Action::Create, Action::Upsert] {
        assert_eq!(api.lacks(&[Action::Delete, action], &[own]), Some("tenantName"), "{action:?}");
        assert_eq!(crafter().lacks(&[action], &[own, name]), None);
    }
    let empty = bare().with_parameters(vec![("tenantName".to_owned(), String::new())]);
    assert_eq!(empty.lacks(&[Action::Create], &[name]), Some("tenantName"));
    assert_eq!(adapty().lacks(&Action::ALL, &[own, name]), None);
}

#[tokio::test]
async fn an_id_too_long_to_be_kept_whole_is_not_called_by_its_beginning() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/api/rest.toml");
    let text = std::fs::read_to_string(path).unwrap().replace("format = \"uuid\"", "format = \"any\"");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mine.toml");
    std::fs::write(&path, text).unwrap();
    let api = Description::load(&ApiName::File(path)).unwrap();
    let api = api.with_parameters(vec![("workspace".to_owned(), "w-1".to_owned())]);
    for (length, is_whole) in [(1_000, true), (1_024, false), (2_000, false)] {
        let long = "x".repeat(length);
        let account = format!(r#"{{"account":{{"id":"{long}","login":"joe & co","workspace":"w","created_at":1}}}}"#);
        let script = Script::play(&[&answer("200 OK", &account)]).await;
        let client = Client::build(&api, &options(script.url()), || Moment::from_millis(0)).unwrap();
        let reply = client.send(LOOK, &joe(), &Fields::default()).await;
        assert_eq!(reply.resolved, is_whole.then(|| id(0, &long)), "{length}");
    }
}

/// A cache that does not heed the query once gave everybody the same profile, and six people became six deletions of it.
#[tokio::test]
async fn whoever_is_found_by_a_name_bears_it() {
    let found =
        |name: &str, id: &str| answer("200 OK", &format!(r#"{{"id":"{id}","username":"{name}","tenant":"t"}}"#));
    let capitals = ID.to_ascii_uppercase();
    let own = Identity::one(id(0, ID));
    for (identity, body, expected) in [
        (joe(), found("joe & co", ID), Word::Done(Fact::Found)),
        (joe(), found("Joe & co", ID), Word::Suspect(Suspicion::Unsigned)),
        (joe(), found("ada", ID), Word::Suspect(Suspicion::Unsigned)),
        (own.clone(), found("joe", &capitals), Word::Done(Fact::Found)),
        (own.clone(), found("joe", "507f1f77bcf86cd799439012"), Word::Suspect(Suspicion::Unsigned)),
    ] {
        let script = Script::play(&[&body]).await;
        let reply = client(&script.url()).send(LOOK, &identity, &Fields::default()).await;
        assert_eq!(reply.word, expected);
        assert!(reply.resolved.is_none() || expected == Word::Done(Fact::Found));
    }
}
