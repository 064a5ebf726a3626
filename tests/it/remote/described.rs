//! An API that somebody described: where ids and the key travel, and every mistake in a description by its line.

use std::{fs, path::Path};

use tollgate::{
    domain::{Fact, Fields, Id, IdKind, Identity, Moment, Word},
    flow::Remote,
    remote::{ApiName, Client, Description},
};

use super::{DELETE, KEY, LOOK, options, server::Script};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// The example that comes with the program.
fn example() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/api/rest.toml")).unwrap()
}

/// The example with some pieces of text replaced, not those in its comments.
fn changed(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(example(), |mut text, (from, to)| {
        let is_comment = |at: usize| text[..at].rsplit('\n').next().is_some_and(|line| line.starts_with('#'));
        let at =
            text.match_indices(from).map(|(at, _)| at).find(|at| !is_comment(*at)).unwrap_or_else(|| panic!("{from}"));
        text.replace_range(at..at + from.len(), to);
        text
    })
}

fn load(text: &str) -> Result<Description, tollgate::error::Error> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mine.toml");
    fs::write(&path, text).unwrap();
    Description::load(&ApiName::File(path))
}

fn client(text: &str, url: String) -> Client {
    Client::build(&load(text).unwrap(), &options(url), || Moment::from_millis(0)).unwrap()
}

fn named(id: &str) -> Identity {
    Identity::one(Id::parse(IdKind(0), id).unwrap())
}

#[tokio::test]
async fn the_example_is_sent_as_it_says() {
    let done = b"HTTP/1.1 202 Accepted\r\ncontent-length: 9\r\nconnection: close\r\nx-request-id: r\r\n\r\n{\"job\":1}";
    let script = Script::play(&[done]).await;
    let (url, address) = (script.url(), script.address);
    let reply = client(&example(), format!("{url}/v1")).send(DELETE, &named("a-1"), &Fields::default()).await;
    assert_eq!((reply.word, reply.evidence.request_id.as_deref()), (Word::Done(Fact::Deleted), Some("r")));
    let body = r#"{"reason": "erasure"}"#;
    let expected = format!(
        "DELETE /v1/accounts/a-1 HTTP/1.1\naccept: application/json\ncontent-type: application/json\n\
         authorization: Bearer {KEY}\nuser-agent: tollgate/{}\nhost: {address}\ncontent-length: {}\n\n{}",
        env!("CARGO_PKG_VERSION"),
        body.len(),
        body.replace('"', "\\\"")
    );
    assert_eq!(script.heard().await, [expected]);
}

#[tokio::test]
async fn whatever_stands_in_an_id_it_stays_one_segment_of_the_path() {
    let ids = ["a/b", "../x", "a?b#c", "%2e%2e", "é b", "...", "a;b:c@d"];
    let script = Script::play(&[OK; 7]).await;
    let client = client(&example(), script.url());
    for id in ids {
        client.send(DELETE, &named(id), &Fields::default()).await;
    }
    let paths: Vec<String> =
        script.heard().await.iter().map(|head| head.split(' ').nth(1).unwrap().to_owned()).collect();
    let expected = ["a%2Fb", "..%2Fx", "a%3Fb%23c", "%252e%252e", "%C3%A9%20b", "...", "a%3Bb%3Ac%40d"];
    assert_eq!(paths, expected.map(|id| format!("/accounts/{id}")));
}

#[tokio::test]
async fn ids_and_key_travel_in_forms_and_queries_where_it_says_so() {
    let text = changed(&[
        ("header = \"Authorization\"\nprefix = \"Bearer \"", "query = \"token\"\nform = \"token\""),
        ("path = \"{id}\"\n", "query = \"who\"\nform = \"id\"\n"),
        ("path = \"/accounts/{id}\"", "path = \"/accounts\""),
        ("path = \"/accounts/{id}\"", "path = \"/erase\""),
        ("path = \"/accounts/{id}\"", "path = \"/change\""),
        ("path = \"/accounts/{id}/settings/remove\"", "path = \"/unset\""),
        ("method = \"DELETE\"", "method = \"POST\""),
        ("json = '{\"reason\": \"erasure\"}'", "form = { reason = \"art. 17\", hard = \"1\" }"),
    ]);
    let script = Script::play(&[OK, OK]).await;
    let client = client(&text, script.url());
    client.send(LOOK, &named("a&b=c"), &Fields::default()).await;
    client.send(DELETE, &named("a&b=c"), &Fields::default()).await;
    let heard = script.heard().await;
    let look = format!("GET /accounts?token={KEY}&who=a%26b%3Dc HTTP/1.1\n");
    assert!(heard[0].starts_with(&look), "{}", heard[0]);
    assert!(heard[1].starts_with("POST /erase HTTP/1.1\n"), "{}", heard[1]);
    let form = format!("\n\nhard=1&reason=art.%2017&token={KEY}&id=a%26b%3Dc");
    assert!(heard[1].ends_with(&form), "{}", heard[1]);
    assert!(heard[1].contains("content-type: application/x-www-form-urlencoded\n"), "{}", heard[1]);
}

/// A key that was described for the query alone was once sent in the form.
#[tokio::test]
async fn what_travels_in_the_query_alone_is_in_no_form() {
    let text = changed(&[
        ("header = \"Authorization\"\nprefix = \"Bearer \"", "query = \"token\""),
        ("path = \"{id}\"\n", "query = \"who\"\n"),
        ("path = \"/accounts/{id}\"", "path = \"/accounts\""),
        ("path = \"/accounts/{id}\"", "path = \"/erase\""),
        ("path = \"/accounts/{id}\"", "path = \"/change\""),
        ("path = \"/accounts/{id}/settings/remove\"", "path = \"/unset\""),
        ("method = \"DELETE\"", "method = \"POST\""),
        ("json = '{\"reason\": \"erasure\"}'", "form = { hard = \"1\" }"),
    ]);
    let script = Script::play(&[OK]).await;
    client(&text, script.url()).send(DELETE, &named("a"), &Fields::default()).await;
    let heard = script.heard().await;
    assert!(heard[0].starts_with(&format!("POST /erase?token={KEY}&who=a HTTP/1.1\n")), "{}", heard[0]);
    assert!(heard[0].ends_with("\n\nhard=1"), "{}", heard[0]);
}

/// The whole of what is about the key, and the comment within.
const CREDENTIALS: &str = "credentials = [401, 403]\n# Codes that are, in any 4xx of the API's own.\n\
                           credential_codes = [\"workspace_suspended\"]\n";

/// Each mistake, made in the example: what is replaced, by what, a word of the complaint, and a text on its line.
const MISTAKES: [(&str, &str, &str, &str); 51] = [
    ("header = \"Authorization\"\n", "header = \"Host\"\n", "belongs to the connection", "header = \"Host\""),
    ("prefix = \"Bearer \"", "prefix = \"Bea\\nrer \"", "cannot travel", "prefix ="),
    ("Accept = \"application/json\"", "Content-Length = \"3\"", "belongs to the connection", "Content-Length"),
    ("Accept = \"application/json\"", "transfer-encoding = \"chunked\"", "connection", "transfer-encoding"),
    ("path = \"/accounts/{id}\"", "path = \"/../{id}\"", "`.` or `..`", "path = \"/../{id}\""),
    ("path = \"/accounts/{id}\"", "path = \"/a/%2E%2e/{id}\"", "`.` or `..`", "path = \"/a/"),
    ("status = 202", "status = 204", "has no body", "[operations.delete]"),
    (
        "status = 202\nbody = \"json\"\nfields = [\"job\"]",
        "status = 200\nbody = \"any\"",
        "captive portal",
        "[operations.delete]",
    ),
    ("not_found = [\"account_not_found\"]", "not_found = [\"\"]", "says nothing", "not_found = [\"\"]"),
    (
        "not_found = [\"account_not_found\"]",
        "not_found = [\"workspace_suspended\"]",
        "cannot say two things",
        "not_found = [\"workspace_suspended\"]",
    ),
    ("credentials = [401, 403]", "credentials = [401, 404]", "404", "credentials = [401, 404]"),
    ("credentials = [401, 403]", "credentials = [429]", "429", "credentials = [429]"),
    ("version = 1", "version = 3", "version", "version = 3"),
    ("version = 1", "", "version", ""),
    ("name = \"accounts\"", "name = \"a b\"", "name", "name = \"a b\""),
    ("base_url = \"https://", "base_url = \"ftp://", "URL", "base_url"),
    ("default_rate = \"10/s\"", "default_rate = \"fast\"", "fast", "default_rate"),
    ("[key]", "[key]\ncolour = 1", "colour", "colour"),
    ("header = \"Authorization\"\n", "", "say where it travels", "[key]"),
    ("header = \"Authorization\"\n", "header = \"Authorization\"\nquery = \"key\"\n", "say where it travels", "[key]"),
    ("header = \"Authorization\"\n", "query = \"key\"\n", "prefix", "prefix ="),
    ("header = \"Authorization\"\nprefix = \"Bearer \"", "form = \"key\"", "the key travels", "[operations.look]"),
    ("header = \"Authorization\"\nprefix = \"Bearer \"", "query = \"\"", "has a name", "[key]"),
    ("Accept = \"application/json\"", "\"A b\" = \"x\"", "header", "\"A b\""),
    ("Accept = \"application/json\"", "authorization = \"x\"", "carries the key", "authorization = \"x\""),
    ("owner = \"system\"", "owner = \"us\"", "us", "owner = \"us\""),
    ("format = \"uuid\"", "format = \"uuid4\"", "uuid4", "format = \"uuid4\""),
    ("path = \"{id}\"\n", "path = \"{account}\"\n", "{id}", "path = \"{account}\""),
    ("path = \"{id}\"\n", "header = \"authorization\"\n", "in use", "[[identities]]"),
    ("path = \"{id}\"\n", "header = \"x-account\"\n", "no identity travels in the path", "[operations.look]"),
    ("path = \"{id}\"\n", "form = \"id\"\n", "no identity travels in the path", "[operations.look]"),
    ("path = \"/accounts/{id}\"", "path = \"/accounts\"", "has no `{id}`", "[operations.look]"),
    ("path = \"/accounts/{id}\"", "path = \"/{id}/{id}\"", "more than once", "[operations.look]"),
    ("path = \"/accounts/{id}\"", "path = \"/{tenant}/{id}\"", "placeholder", "[operations.look]"),
    ("path = \"/accounts/{id}\"", "path = \"accounts/{id}\"", "begins with `/`", "path = \"accounts/{id}\""),
    ("method = \"GET\"", "method = \"POST\"", "changes nothing", "[operations.look]"),
    ("method = \"DELETE\"", "method = \"GET\"", "GET", "[operations.delete]"),
    ("method = \"DELETE\"", "method = \"delete\"", "delete", "method = \"delete\""),
    ("json = '{\"reason\": \"erasure\"}'", "json = '{reason}'", "not JSON", "json = '{reason}'"),
    ("status = 202", "form = {}\nstatus = 202", "not both", "[operations.delete]"),
    ("status = 202", "status = 404", "2xx", "status = 404"),
    ("fields = [\"job\"]\n", "", "`found` or `fields`", "[operations.delete]"),
    (
        "body = \"json\"\nfields = [\"job\"]",
        "body = \"empty\"\nfields = [\"job\"]",
        "empty body",
        "[operations.delete]",
    ),
    ("delete_tells = false", "", "delete_tells", "[operations.delete]"),
    ("fields = [\"account.created_at\"]", "delete_tells = true", "not the look", "[operations.look]"),
    ("not_found = [\"account_not_found\"]", "not_found = []", "no such profile", "not_found = []"),
    ("credentials = [401, 403]", "credentials = [200]", "200", "credentials = [200]"),
    (CREDENTIALS, "credentials = []\n", "wrong key", "credentials = []"),
    ("code = \"error.code\"\n", "", "code", "[[errors.bodies]]"),
    ("field = \"pointer\", texts = \"reasons\"", "field = \"pointer\"", "texts", "[[errors.bodies]]"),
    ("id = \"00000000-0000-4000-8000-000000000000\"", "id = \"nobody\"", "UUID", "id = \"nobody\""),
];

#[test]
fn every_kind_of_mistake_is_named_with_its_line() {
    for (from, to, word, spot) in MISTAKES {
        let text = changed(&[(from, to)]);
        let error = load(&text).expect_err(to);
        assert_eq!(error.exit().code(), 78);
        let said = error.to_string();
        let at = if spot.is_empty() { 0 } else { text.find(&format!("\n{spot}")).map_or(0, |at| at + 1) };
        let line = text[..at].matches('\n').count() + 1;
        let named = format!("mine.toml, line {line}:");
        assert!(said.contains(&named) && said.contains(word), "{from} -> {to}: line {line}, {word}: {said}");
    }
}

#[test]
fn a_second_identity_needs_a_place_of_its_own() {
    let look = "look = { path = \"/logins\", parameters = [\"workspace\"] }\n";
    let second = |changes: &[(&str, &str)]| load(&changed(changes)).map_err(|error| error.to_string());
    assert!(second(&[(look, "")]).unwrap_err().contains("leaves no room"));
    let in_the_path = [(look, ""), ("query = \"login\"\nform = \"login\"\n", "path = \"{id}\"\n")];
    assert!(second(&in_the_path).unwrap_err().contains("leaves no room"));
    // A row has room for one of each owner: whoever is named by a third one was never asked about.
    let third = "[[identities]]\nname = \"phone\"\nowner = \"caller\"\nquery = \"phone\"\n\n[operations.look]";
    assert!(second(&[("[operations.look]", third)]).unwrap_err().contains("`login` and `phone` have the same"));
}
