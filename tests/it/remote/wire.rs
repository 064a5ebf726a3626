//! The exact request, and what transport troubles come to.

use std::{num::NonZeroU32, time::Duration};

use http_body_util::Empty;
use hyper::{Response, body::Bytes, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tollgate::{
    domain::{Blame, Call, Fact, Fields, Id, IdKind, Identity, Reply, Slot, Suspicion, Word},
    flow::Remote,
    remote::Options,
};

use super::{DELETE, GET, KEY, LOOK, adapty, build, customer, options, refused, server::Script};

const GONE: &[u8] = b"HTTP/1.1 204 No Content\r\nrequest-id: r-1\r\nconnection: close\r\n\r\n";
const PASSING: Word = Word::Again { after: None, blame: Blame::Row };

async fn answered(answer: &[u8]) -> Reply {
    let script = Script::play(&[answer]).await;
    build(&options(script.url())).send(DELETE, &customer("c-1"), &Fields::default()).await
}

#[tokio::test]
async fn a_delete_is_exactly_this_request() {
    let script = Script::play(&[GONE]).await;
    let (url, address) = (script.url(), script.address);
    let reply = build(&options(url)).send(DELETE, &customer("c-1"), &Fields::default()).await;
    assert_eq!(reply.word, Word::Done(Fact::Deleted));
    assert_eq!(reply.evidence.status, Some(204));
    assert_eq!(reply.evidence.request_id.as_deref(), Some("r-1"));
    assert!(!reply.lost);
    let expected = format!(
        "DELETE /api/v2/server-side-api/profile/ HTTP/1.1\ncontent-type: application/json\n\
         authorization: Api-Key {KEY}\nadapty-customer-user-id: c-1\naccept: */*\n\
         user-agent: tollgate/{}\nhost: {address}\n\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(script.heard().await, [expected]);
}

#[tokio::test]
async fn a_get_reads_a_long_profile_to_its_end() {
    let filling = "z".repeat(300 * 1024);
    let body = format!(r#"{{"data":{{"profile_id":"p","app_id":"a","filling":"{filling}"}}}}"#);
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let script = Script::play(&[answer.as_bytes(), answer.as_bytes()]).await;
    let client = build(&options(script.url()));
    let got = client.send(GET, &customer("c-1"), &Fields::default()).await;
    assert_eq!(got.word, Word::Done(Fact::Found));
    assert_eq!(got.evidence.profile.as_deref(), Some(&body[8..body.len() - 1]));
    let looked = client.send(LOOK, &customer("c-1"), &Fields::default()).await;
    assert_eq!((looked.word, looked.evidence.profile), (Word::Done(Fact::Found), None));
}

#[tokio::test]
async fn a_slot_names_its_own_id_alone() {
    let script = Script::play(&[GONE, GONE]).await;
    let client = build(&options(script.url()));
    let ids = [(0, "p-1"), (1, "c-1")].map(|(kind, text)| Id::parse(IdKind(kind), text).unwrap());
    let [profile, customer] = ids;
    let both = Identity::two(profile, customer);
    client.send(DELETE, &both, &Fields::default()).await;
    client.send(Call { slot: Slot::Fallback, ..DELETE }, &both, &Fields::default()).await;
    let heard = script.heard().await;
    assert!(heard[0].contains("adapty-profile-id: p-1\n") && !heard[0].contains("adapty-customer-user-id"));
    assert!(heard[1].contains("adapty-customer-user-id: c-1\n") && !heard[1].contains("adapty-profile-id"));
}

#[tokio::test]
async fn ids_beyond_ascii_travel_as_their_utf8_bytes() {
    let script = Script::play(&[GONE]).await;
    build(&options(script.url())).send(DELETE, &customer("Zoë \u{1f600}"), &Fields::default()).await;
    let heard = script.heard().await;
    assert!(heard[0].contains("adapty-customer-user-id: Zo\\xc3\\xab \\xf0\\x9f\\x98\\x80\n"), "{}", heard[0]);
}

#[tokio::test]
async fn a_look_is_a_get_and_the_witness_is_nobody() {
    let body = r#"{"error_code":"not_found","errors":["no"]}"#;
    let answer = format!("HTTP/1.1 404 Not Found\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let script = Script::play(&[answer.as_bytes()]).await;
    let client = build(&options(format!("{}/", script.url())));
    let reply = client.send(LOOK, &client.witness(), &Fields::default()).await;
    assert_eq!(reply.word, Word::Done(Fact::Absent));
    let heard = script.heard().await;
    assert!(heard[0].starts_with("GET /api/v2/server-side-api/profile/ HTTP/1.1\n"), "{}", heard[0]);
    assert!(heard[0].contains("adapty-profile-id: 00000000-0000-0000-0000-000000000000\n"));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Script::play(&[GONE]).await;
    let answer = format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", other.url());
    let reply = answered(answer.as_bytes()).await;
    assert_eq!(reply.word, Word::Suspect(Suspicion::Redirect));
    assert!(!other.heads.is_finished());
}

#[tokio::test]
async fn an_endless_body_is_read_no_further_than_its_bound() {
    const ANNOUNCED: usize = 100_000_000;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        let head = format!("HTTP/1.1 404 Not Found\r\ncontent-length: {ANNOUNCED}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut written = 0;
        while written < ANNOUNCED && stream.write_all(&[b'x'; 10_000]).await.is_ok() {
            written += 10_000;
        }
        written
    });
    let reply = build(&options(url)).send(DELETE, &customer("c-1"), &Fields::default()).await;
    assert_eq!(reply.word, Word::Suspect(Suspicion::Unsigned));
    let written = server.await.unwrap();
    assert!(written < ANNOUNCED, "the client hangs up before the end");
}

#[tokio::test]
async fn a_body_that_ends_early_is_lost() {
    let reply = answered(b"HTTP/1.1 404 Not Found\r\ncontent-length: 400\r\n\r\n{\"error_code\":").await;
    assert_eq!((reply.word, reply.lost), (PASSING, true));
    assert_eq!(reply.evidence.status, Some(404));
    assert!(reply.evidence.message.is_some());
}

#[tokio::test]
async fn a_throttled_answer_that_ends_early_still_says_how_long_to_wait() {
    let reply =
        answered(b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\ncontent-length: 400\r\n\r\n{\"error_code\":")
            .await;
    assert_eq!(reply.word, Word::Again { after: Some(Duration::from_secs(7)), blame: Blame::Never });
}

#[tokio::test]
async fn a_reset_is_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // What stays unread makes the kernel reset the connection.
        stream.read_u8().await.unwrap();
    });
    let reply = build(&options(&url)).send(DELETE, &customer("c-1"), &Fields::default()).await;
    assert_eq!((reply.word, reply.lost, reply.evidence.status), (PASSING, true, None));
    let message = reply.evidence.message.unwrap();
    assert!(!message.contains(KEY) && !message.contains(&url) && !message.contains("c-1"), "{message}");
}

#[tokio::test]
async fn a_refused_connection_is_not_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let reply = build(&options(url)).send(DELETE, &customer("c-1"), &Fields::default()).await;
    assert_eq!((reply.word, reply.lost, reply.evidence.status), (PASSING, false, None));
    let message = reply.evidence.message.unwrap();
    assert!(message.contains("refused") && !message.contains("127.0.0.1"), "{message}");
}

#[tokio::test]
async fn a_proxy_gets_neither_key_nor_id_of_a_tunnel_and_may_ask_for_credentials() {
    let script = Script::play(&[b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"]).await;
    let client = build(&Options { proxy: Some(script.url()), ..options("https://api.invalid") });
    let reply = client.send(DELETE, &customer("c-1"), &Fields::default()).await;
    assert_eq!((reply.word, reply.lost), (Word::Suspect(Suspicion::Proxy), false));
    let heard = script.heard().await;
    assert!(heard[0].starts_with("CONNECT api.invalid:443 "), "{}", heard[0]);
    assert!(!heard[0].contains(KEY) && !heard[0].contains("c-1"));
}

#[tokio::test]
async fn loopback_goes_through_no_proxy() {
    let script = Script::play(&[GONE]).await;
    let proxy = Some("http://127.0.0.1:1".to_owned());
    let client = build(&Options { proxy, ..options(script.url()) });
    assert_eq!(client.send(DELETE, &customer("c-1"), &Fields::default()).await.word, Word::Done(Fact::Deleted));
}

#[test]
fn a_bad_proxy_is_a_configuration_error_that_does_not_quote_it() {
    let proxy = Some("http://user:hunter2@[:1".to_owned());
    let said = refused(&Options { proxy, ..options("https://api.invalid") });
    assert!(said.contains("proxy") && !said.contains("hunter2"), "{said}");
}

#[test]
fn plain_http_is_for_loopback_or_on_leave() {
    let said = refused(&options("http://api.invalid"));
    assert!(said.contains("plain HTTP") && said.contains("--allow-http"), "{said}");
    for url in
        ["http://localhost:1", "http://LOCALHOST", "http://127.9.9.9", "http://[::1]:8080", "https://api.invalid"]
    {
        build(&options(url));
    }
    build(&Options { allow_http: true, ..options("http://api.invalid") });
    for url in ["http://127.0.0.1.invalid", "http://localhost.invalid", "http://[::2]"] {
        refused(&options(url));
    }
}

#[test]
fn an_odd_base_url_is_a_configuration_error_that_does_not_quote_it() {
    for url in [
        "api.adapty.io",
        "ftp://api.invalid",
        "https://u:hunter2@api.invalid",
        "https://api.invalid/?a",
        "https://",
        "",
    ] {
        let said = refused(&options(url));
        assert!(said.contains("base URL") && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn the_host_is_named_with_its_port() {
    assert_eq!(adapty().destination(None).unwrap().host, "api.adapty.io:443");
    assert_eq!(adapty().destination(Some("http://[::1]:8080/")).unwrap().host, "[::1]:8080");
    assert_eq!(build(&options("https://api.invalid/v9/")).destination().host, "api.invalid:443");
}

/// Beyond a hundred in width, several clients take turns, each with connections of its own.
#[tokio::test]
async fn a_great_width_is_shared_by_several_clients() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let accepted = std::rc::Rc::new(std::cell::Cell::new(0));
    let counter = accepted.clone();
    let serve = async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            counter.set(counter.get() + 1);
            let answer = service_fn(async |_| {
                let mut response = Response::new(Empty::<Bytes>::new());
                *response.status_mut() = hyper::StatusCode::NO_CONTENT;
                Ok::<_, std::convert::Infallible>(response)
            });
            tokio::task::spawn_local(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer),
            );
        }
    };
    let local = tokio::task::LocalSet::new();
    local.spawn_local(serve);
    local
        .run_until(async {
            for (width, clients) in [(1, 1), (100, 1), (101, 2), (201, 3)] {
                let client = build(&Options { width: NonZeroU32::new(width).unwrap(), ..options(&url) });
                let before = accepted.get();
                for _ in 0..9 {
                    assert_eq!(
                        client.send(DELETE, &customer("c-1"), &Fields::default()).await.word,
                        Word::Done(Fact::Deleted)
                    );
                }
                assert_eq!(accepted.get() - before, clients, "width {width}");
            }
        })
        .await;
}
