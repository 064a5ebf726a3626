//! An HTTP/2 server of our own, frame by frame: it says what it likes to the first request, and is the best of servers to
//! all who come after.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tollgate::remote::Options;

use super::{
    stage::way,
    tls::{Certificate, acceptor},
};

/// Kinds of frames (RFC 9113, section 6).
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const ACK: u8 = 1;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// Codes of errors (section 7).
pub(super) const NO_ERROR: u8 = 0;
pub(super) const REFUSED_STREAM: u8 = 7;
pub(super) const ENHANCE_YOUR_CALM: u8 = 11;

/// `:method` GET, by its number in HPACK's static table; it stands first.
const GET: u8 = 0x82;

/// `:status` 200, 204 and 404, likewise.
const OK: &[u8] = &[0x88];
pub(super) const GONE: &[u8] = &[0x89];
pub(super) const NOT_FOUND: &[u8] = &[0x8d];

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

pub(super) fn goaway(last: u32, code: u8, words: &str) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[&last.to_be_bytes(), [0, 0, 0, code].as_slice(), words.as_bytes()].concat())
}

pub(super) fn reset(stream: u32, code: u8) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &[0, 0, 0, code])
}

pub(super) fn gone(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, GONE)
}

fn found(stream: u32) -> Vec<u8> {
    let body = br#"{"data":{"profile_id":"p","app_id":"app"}}"#;
    [frame(HEADERS, END_HEADERS, stream, OK), frame(DATA, END_STREAM, stream, body)].concat()
}

/// What becomes of the connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Connection {
    Stays,
    Closes,
    /// Stays, and nothing is ever read from it or written to it again.
    Freezes,
    /// This is written to it for ever, and nothing read.
    Floods(fn(u32) -> Vec<u8>),
}

/// What the first request is answered, and what becomes of its connection.
pub(super) type Farewell = (fn(u32) -> Vec<u8>, Connection);

pub(super) struct Server {
    pub(super) way: Options,
    requests: Arc<AtomicUsize>,
    /// The certificate by which it is known.
    pub(super) root: PathBuf,
    _directory: TempDir,
}

impl Server {
    /// How many requests it has seen.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Over TLS, since only there HTTP/2 is agreed on.
pub(super) async fn server(farewell: Farewell) -> Server {
    let certificate = Certificate::valid();
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root.pem");
    fs::write(&root, certificate.pem()).unwrap();
    let acceptor = acceptor(&certificate, &[b"h2"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let way = way(format!("https://{}", listener.local_addr().unwrap()), Some(root.clone()));
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(converse(stream, Arc::clone(&counter), farewell));
            }
        }
    });
    Server { way, requests, root, _directory: directory }
}

/// One connection, until either side has enough of it.
async fn converse(mut stream: impl AsyncRead + AsyncWriteExt + Unpin, requests: Arc<AtomicUsize>, farewell: Farewell) {
    let mut preface = [0; 24];
    if stream.read_exact(&mut preface).await.is_err() || stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.is_err() {
        return;
    }
    while let Some((kind, flags, id, payload)) = read(&mut stream).await {
        let (answer, connection) = match kind {
            SETTINGS if flags & ACK == 0 => (frame(SETTINGS, ACK, 0, &[]), Connection::Stays),
            PING if flags & ACK == 0 => (frame(PING, ACK, 0, &payload), Connection::Stays),
            HEADERS if requests.fetch_add(1, Ordering::SeqCst) == 0 => (farewell.0(id), farewell.1),
            HEADERS if payload.first() == Some(&GET) => (found(id), Connection::Stays),
            HEADERS => (gone(id), Connection::Stays),
            _ => continue,
        };
        let heard = stream.write_all(&answer).await.is_ok();
        match connection {
            Connection::Stays if heard => {}
            Connection::Stays | Connection::Closes => {
                let _ = stream.shutdown().await;
                return;
            }
            // Until the test is over.
            Connection::Freezes => std::future::pending().await,
            Connection::Floods(piece) => {
                let piece = piece(id).repeat(100);
                while stream.write_all(&piece).await.is_ok() {}
                return;
            }
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
