//! Creations and updates on the wire: a row's fields as a body, and what comes of the answers.

use tollgate::{
    domain::{Action, Call, Fact, Fields, Id, IdKind, Identity, Moment, Operation, Slot, Suspicion, Value, Word},
    flow::Remote,
    remote::{ApiName, Client, Description},
};

use super::{CREATE, KEY, REMOVE, UPDATE, adapty, build, fields, options, server::Script, text};

const ID: &str = "507f1f77bcf86cd799439011";
const PROFILE: &str = r#"{"data":{"profile_id":"p-1","app_id":"a-1"}}"#;

fn crafter() -> Description {
    let api = Description::load(&ApiName::Embedded("crafter".into())).unwrap();
    api.with_parameters(vec![("tenantName".to_owned(), "corporate & co".to_owned())])
}

fn client(api: &Description, url: &str) -> Client {
    Client::build(api, &options(url), || Moment::from_millis(0)).unwrap()
}

fn answer(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

fn id(kind: u8, text: &str) -> Id {
    Id::parse(IdKind(kind), text).unwrap()
}

/// What follows the head.
fn body(heard: &str) -> String {
    heard.split_once("\n\n").unwrap().1.replace("\\\"", "\"").replace("\\\\", "\\")
}

#[tokio::test]
async fn a_creation_at_adapty_is_exactly_this_post_and_links_both_ids() {
    let script = Script::play(&[&answer("200 OK", PROFILE)]).await;
    let (url, address, api) = (script.url(), script.address, adapty());
    let wanted = fields(
        &api,
        &[
            ("email", text("a\"b@example.com")),
            ("analytics_disabled", Value::Boolean(true)),
            ("att_status", Value::Number("3".into())),
            ("custom_attributes.b", Value::Number("1.50".into())),
            ("custom_attributes.a.x", Value::Boolean(true)),
            ("custom_attributes.c", Value::Null),
            ("installation_meta.device_id", text("0dd5f1a0-5b1c-4c9e-8f3a-2b6d7e8f9a0b")),
            ("installation_meta.os", Value::Null),
            ("platform", text("iPadOS")),
        ],
    );
    let both = Identity::two(id(0, "p-1"), id(1, "c-1"));
    let reply = build(&options(url)).send(CREATE, &both, &wanted).await;
    assert_eq!((reply.word, reply.evidence.remote_id.as_deref()), (Word::Done(Fact::Created), Some("p-1")));
    let expected = concat!(
        r#"{"analytics_disabled":true,"att_status":3,"custom_attributes":["#,
        r#"{"key":"a.x","value":1},{"key":"b","value":1.50},{"key":"c","value":null}],"#,
        r#""email":"a\"b@example.com","#,
        r#""installation_meta":{"device_id":"0dd5f1a0-5b1c-4c9e-8f3a-2b6d7e8f9a0b","os":null}}"#,
    );
    let heard = script.heard().await;
    assert_eq!(body(&heard[0]), expected);
    let start = format!(
        "POST /api/v2/server-side-api/profile/ HTTP/1.1\ncontent-type: application/json\n\
         authorization: Api-Key {KEY}\nadapty-profile-id: p-1\nadapty-customer-user-id: c-1\n\
         adapty-platform: iPadOS\naccept: */*\nuser-agent: tollgate/{}\nhost: {address}\ncontent-length: {}\n\n",
        env!("CARGO_PKG_VERSION"),
        expected.len()
    );
    assert!(heard[0].starts_with(&start), "{}", heard[0]);
}

#[tokio::test]
async fn an_update_at_adapty_is_a_patch_that_names_one_id_and_only_what_the_row_names() {
    let script = Script::play(&[&answer("200 OK", PROFILE), &answer("200 OK", PROFILE)]).await;
    let (client, api) = (build(&options(script.url())), adapty());
    let both = Identity::two(id(0, "p-1"), id(1, "c-1"));
    let reply = client.send(UPDATE, &both, &fields(&api, &[("phone_number", Value::Null)])).await;
    assert_eq!(reply.word, Word::Done(Fact::Updated));
    client.send(Call { slot: Slot::Fallback, ..UPDATE }, &both, &Fields::default()).await;
    let heard = script.heard().await;
    assert!(heard[0].starts_with("PATCH /api/v2/server-side-api/profile/ HTTP/1.1\n"), "{}", heard[0]);
    assert!(heard[0].contains("adapty-profile-id: p-1\n") && !heard[0].contains("adapty-customer-user-id"));
    assert!(heard[1].contains("adapty-customer-user-id: c-1\n") && !heard[1].contains("adapty-profile-id"));
    assert_eq!((&*body(&heard[0]), &*body(&heard[1])), (r#"{"phone_number":null}"#, "{}"));
}

#[tokio::test]
async fn a_creation_at_crafter_is_exactly_this_form() {
    let profile = format!(r#"{{"id":"{ID}","username":"joe","tenant":"corporate"}}"#);
    let script = Script::play(&[&answer("200 OK", &profile), &answer("200 OK", &profile)]).await;
    let api = crafter();
    let client = client(&api, &format!("{}/crafter-profile", script.url()));
    let wanted = [
        ("email", text("joe+1@example.com")),
        ("enabled", Value::Boolean(false)),
        ("role", Value::Texts(["a b".into(), "c&d".into()].into())),
        ("attributes.name", Value::Json(r#"{"first":"J"}"#.into())),
        ("attributes.gone", Value::Null),
    ];
    let named = Identity::two(id(0, ID), id(1, "joe/é"));
    let reply = client.send(CREATE, &named, &fields(&api, &wanted)).await;
    assert_eq!((reply.word, reply.evidence.remote_id.as_deref()), (Word::Done(Fact::Created), Some(ID)));
    client.send(CREATE, &Identity::one(id(1, "joe")), &Fields::default()).await;
    let heard = script.heard().await;
    let start =
        "POST /crafter-profile/api/1/profile/create HTTP/1.1\ncontent-type: application/x-www-form-urlencoded\n";
    assert!(heard[0].starts_with(start) && !heard[0].contains(ID), "{}", heard[0]);
    let common = format!("accessTokenId={KEY}&tenantName=corporate%20%26%20co&username=joe");
    let expected = format!(
        "{common}%2F%C3%A9&attributes=%7B%22name%22%3A%7B%22first%22%3A%22J%22%7D%7D&email=joe%2B1%40example.com\
         &enabled=false&role=a%20b&role=c%26d"
    );
    assert_eq!(body(&heard[0]), expected);
    assert_eq!(body(&heard[1]), common);
}

#[tokio::test]
async fn an_update_at_crafter_takes_attributes_away_by_a_call_of_its_own() {
    let profile = format!(r#"{{"id":"{ID}","username":"joe","tenant":"corporate"}}"#);
    let script = Script::play(&[&*answer("200 OK", &profile); 3]).await;
    let api = crafter();
    let client = client(&api, &script.url());
    let person = Identity::one(id(0, ID));
    let kept = ("attributes.kept", text("k"));
    let wanted = fields(&api, &[("attributes.a", Value::Null), kept.clone(), ("attributes.b c", Value::Null)]);
    assert_eq!(client.send(UPDATE, &person, &wanted).await.word, Word::Next(REMOVE));
    assert_eq!(client.send(REMOVE, &person, &wanted).await.word, Word::Done(Fact::Updated));
    assert_eq!(client.send(UPDATE, &person, &fields(&api, &[kept])).await.word, Word::Done(Fact::Updated));
    let heard = script.heard().await;
    let update = format!("accessTokenId={KEY}&attributes=%7B%22kept%22%3A%22k%22%7D");
    assert!(heard[0].starts_with(&format!("POST /api/1/profile/{ID}/update HTTP/1.1\n")), "{}", heard[0]);
    assert_eq!((&*body(&heard[0]), &*body(&heard[2])), (&*update, &*update));
    assert!(heard[1].starts_with(&format!("POST /api/1/profile/{ID}/attributes/remove HTTP/1.1\n")), "{}", heard[1]);
    assert_eq!(body(&heard[1]), format!("accessTokenId={KEY}&attributeName=a&attributeName=b%20c"));
}

#[tokio::test]
async fn what_cannot_be_said_is_not_sent() {
    let script = Script::play(&[b""]).await;
    let (whole, url) = (crafter(), script.url());
    let (joe, person) = (Identity::one(id(1, "joe")), Identity::one(id(0, ID)));
    let without = Description::load(&ApiName::Embedded("crafter".into())).unwrap();
    for (api, operation, who) in [
        // A name that was not looked for has no place in the path; only the API draws ids; and nobody said the tenant.
        (&whole, Operation::Update, &joe),
        (&whole, Operation::Delete, &joe),
        (&whole, Operation::Remove, &joe),
        (&whole, Operation::Create, &person),
        (&without, Operation::Create, &joe),
        (&without, Operation::Look, &joe),
    ] {
        let call = Call { operation, slot: Slot::Primary };
        let reply = client(api, &url).send(call, who, &Fields::default()).await;
        assert_eq!((reply.word, reply.lost), (Word::Suspect(Suspicion::Unsigned), false), "{operation:?}");
        assert!(reply.evidence.message.is_some() && reply.evidence.status.is_none());
    }
    assert!(!script.heads.is_finished(), "nobody called");
}

#[tokio::test]
async fn the_example_is_written_to_as_it_says() {
    let account = answer("201 Created", r#"{"account":{"id":"a-1","workspace":"w-1"}}"#);
    let changed = answer("200 OK", r#"{"account":{"id":"a-1","workspace":"w-1"}}"#);
    let script = Script::play(&[&account, &changed, &changed]).await;
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/api/rest.toml");
    let api = Description::load(&ApiName::File(path)).unwrap();
    let api = api.with_parameters(vec![("workspace".into(), "w-1".into())]);
    let client = client(&api, &script.url());
    let wanted = fields(
        &api,
        &[
            ("channel", text("web")),
            ("device.id", text("d-1")),
            ("device.country", text("AT")),
            ("settings.dark", Value::Boolean(true)),
            ("settings.old", Value::Null),
            ("tags.t", text("1")),
        ],
    );
    let account = Identity::one(id(0, "a-1"));
    assert_eq!(client.send(CREATE, &Identity::one(id(1, "joe")), &wanted).await.word, Word::Done(Fact::Created));
    assert_eq!(client.send(UPDATE, &account, &wanted).await.word, Word::Next(REMOVE));
    assert_eq!(client.send(REMOVE, &account, &wanted).await.word, Word::Done(Fact::Updated));
    let heard = script.heard().await;
    assert!(heard[0].starts_with("POST /accounts HTTP/1.1\n") && heard[0].contains("x-channel: web\n"), "{}", heard[0]);
    let form = "workspace=w-1&login=joe&device.country=AT&device.id=d-1&settings=%7B%22dark%22%3Atrue%7D\
                &tags=%5B%7B%22key%22%3A%22t%22%2C%22value%22%3A%221%22%7D%5D";
    assert_eq!(body(&heard[0]), form);
    assert!(heard[1].starts_with("PATCH /accounts/a-1 HTTP/1.1\n") && heard[1].contains("x-channel: web\n"));
    let json = r#"{"device":{"country":"AT","id":"d-1"},"settings":{"dark":true},"tags":[{"key":"t","value":"1"}]}"#;
    assert_eq!(body(&heard[1]), json);
    assert!(heard[2].starts_with("POST /accounts/a-1/settings/remove HTTP/1.1\n") && !heard[2].contains("x-channel"));
    assert_eq!(body(&heard[2]), "setting=old");
}

#[tokio::test]
async fn a_refused_creation_says_whose_fault_it_is() {
    let taken = answer("409 Conflict", r#"{"errorCode":"PROFILE_EXISTS","message":"m"}"#);
    let tenant = answer("404 Not Found", r#"{"errorCode":"NO_SUCH_PROFILE","message":"m"}"#);
    let script = Script::play(&[&taken, &taken, &tenant]).await;
    let api = crafter();
    let client = client(&api, &script.url());
    let joe = Identity::one(id(1, "joe"));
    assert_eq!(client.send(CREATE, &joe, &Fields::default()).await.word, Word::Done(Fact::Taken(Slot::Primary)));
    let update = client.send(UPDATE, &Identity::one(id(0, ID)), &Fields::default()).await;
    assert_eq!(update.word, Word::Refused, "only a creation can be late");
    assert_eq!(client.send(CREATE, &joe, &Fields::default()).await.word, Word::Refused);
}

#[test]
fn an_api_offers_what_it_has_calls_for() {
    let all = |api: &Description| Action::ALL.map(|action| api.offers(action));
    assert_eq!((all(&adapty()), all(&crafter())), ([true; 6], [true; 6]));
}
