//! HTTP/2 that is turned away: `GOAWAY`, `REFUSED_STREAM` and worse. Each is one counted attempt, and passes.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tollgate::{
    domain::{Blame, Call, Fields, Id, IdKind, Identity, Operation, Slot, Word},
    flow::Remote,
    remote::Options,
};

use super::{
    KEY,
    stage::{client, delete, way},
    tls::{Certificate, acceptor},
};

/// Kinds of frames (RFC 9113, section 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// Codes of errors (section 7).
const NO_ERROR: u8 = 0;
const REFUSED_STREAM: u8 = 7;
const ENHANCE_YOUR_CALM: u8 = 11;

/// `:status` 204 and 404, by their numbers in HPACK's static table.
const GONE: &[u8] = &[0x89];
const NOT_FOUND: &[u8] = &[0x8d];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn goaway(last: u32, code: u8, words: &str) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[&last.to_be_bytes(), [0, 0, 0, code].as_slice(), words.as_bytes()].concat())
}

fn reset(stream: u32, code: u8) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &[0, 0, 0, code])
}

fn gone(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, GONE)
}

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connection {
    Stays,
    Closes,
    /// Stays, and nothing is ever read from it or written to it again.
    Freezes,
}

use Connection::{Closes, Freezes, Stays};

/// What the first request is answered, and what becomes of its connection.
type Farewell = (fn(u32) -> Vec<u8>, Connection);

struct Server {
    way: Options,
    requests: Arc<Mutex<usize>>,
    _directory: TempDir,
}

/// Over TLS, since only there HTTP/2 is agreed on.
async fn server(farewell: Farewell) -> Server {
    let certificate = Certificate::valid();
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root.pem");
    fs::write(&root, certificate.pem()).unwrap();
    let acceptor = acceptor(&certificate, &[b"h2"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let way = way(format!("https://{}", listener.local_addr().unwrap()), Some(root));
    let requests = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&requests);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(converse(stream, Arc::clone(&counter), farewell));
            }
        }
    });
    Server { way, requests, _directory: directory }
}

/// One connection, until either side has enough of it.
async fn converse(mut stream: impl AsyncRead + AsyncWriteExt + Unpin, requests: Arc<Mutex<usize>>, farewell: Farewell) {
    let mut preface = [0; 24];
    if stream.read_exact(&mut preface).await.is_err() || stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.is_err() {
        return;
    }
    while let Some((kind, flags, id, payload)) = read(&mut stream).await {
        let (answer, connection) = match kind {
            SETTINGS if flags & ACK == 0 => (frame(SETTINGS, ACK, 0, &[]), Stays),
            PING if flags & ACK == 0 => (frame(PING, ACK, 0, &payload), Stays),
            HEADERS => {
                let mut requests = requests.lock().unwrap();
                *requests += 1;
                if *requests == 1 { (farewell.0(id), farewell.1) } else { (gone(id), Stays) }
            }
            _ => continue,
        };
        if stream.write_all(&answer).await.is_err() || connection == Closes {
            let _ = stream.shutdown().await;
            return;
        }
        if connection == Freezes {
            // Until the test is over.
            std::future::pending::<()>().await;
        }
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<(u8, u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let [a, b, c, kind, flags, id @ ..] = head;
    let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
    stream.read_exact(&mut payload).await.ok()?;
    Some((kind, flags, u32::from_be_bytes(id), payload))
}

/// Endless headers: hyper takes 16 KiB.
fn flood(id: u32) -> Vec<u8> {
    let mut flood = frame(HEADERS, 0, id, GONE);
    for _ in 0..1000 {
        // A literal field of one letter and 100 more, not to be remembered.
        let field = [&[0, 1, b'x', 100], [b'y'; 100].as_slice()].concat();
        flood.extend(frame(CONTINUATION, 0, id, &field));
    }
    flood
}

fn broken_off(id: u32) -> Vec<u8> {
    [frame(HEADERS, END_HEADERS, id, NOT_FOUND), frame(DATA, 0, id, b"{\"error_code\":"), reset(id, REFUSED_STREAM)]
        .concat()
}

#[tokio::test]
async fn whoever_is_turned_away_is_sent_again_and_counted() {
    let farewells: [(&str, Farewell); 7] = [
        ("GOAWAY before the stream was looked at", (|_| goaway(0, NO_ERROR, ""), Closes)),
        ("GOAWAY after it was, and no answer", (|id| goaway(id, NO_ERROR, ""), Closes)),
        ("GOAWAY in anger", (|id| goaway(id, ENHANCE_YOUR_CALM, "too many pings"), Closes)),
        ("REFUSED_STREAM, the connection stays", (|id| reset(id, REFUSED_STREAM), Stays)),
        ("no answer, the connection stays", (|_| Vec::new(), Stays)),
        ("an answer that is broken off", (broken_off, Stays)),
        ("headers without an end", (flood, Closes)),
    ];
    for (name, farewell) in farewells {
        let server = server(farewell).await;
        let attempts = delete(&server.way, 3).await.all_deleted(3);
        assert_eq!(attempts, [2, 1, 1], "{name}");
        assert_eq!(*server.requests.lock().unwrap(), 4, "{name}: nothing was sent behind the flow's back");
    }
}

#[tokio::test]
async fn a_connection_whose_other_end_is_frozen_is_left() {
    let server = server((|_| Vec::new(), Freezes)).await;
    let attempts = delete(&server.way, 3).await.all_deleted(3);
    assert!(attempts[0] > 1, "{attempts:?}");
}

#[tokio::test]
async fn a_goaway_that_still_answers_costs_nothing() {
    let server = server((|id| [goaway(id, NO_ERROR, ""), gone(id)].concat(), Closes)).await;
    assert_eq!(delete(&server.way, 3).await.all_deleted(3), [1, 1, 1]);
    assert_eq!(*server.requests.lock().unwrap(), 3);
}

#[tokio::test]
async fn what_a_goaway_says_is_not_repeated() {
    let server = server((|_| goaway(0, ENHANCE_YOUR_CALM, &format!("c-1 has {KEY}")), Closes)).await;
    let identity = Identity::one(Id::parse(IdKind(1), "c-1").unwrap());
    let call = Call { operation: Operation::Delete, slot: Slot::Primary };
    let reply = client(&server.way).send(call, &identity, &Fields::default()).await;
    assert_eq!((reply.word, reply.lost), (Word::Again { after: None, blame: Blame::Row }, true));
    let message = reply.evidence.message.unwrap();
    assert!(!message.contains(KEY) && !message.contains("c-1"), "{message}");
    assert!(message.contains("connection error received"), "what happened is said: {message}");
}
