//! A server that plays a trick on the first deletion, and is the best of servers to all who come after.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    sync::oneshot,
    time::{MissedTickBehavior, interval},
};

const GONE: &[u8] = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
const FOUND: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 42\r\nconnection: close\r\n\r\n\
    {\"data\":{\"profile_id\":\"p\",\"app_id\":\"app\"}}";

/// What follows the opening of a trick.
#[derive(Clone)]
pub(super) enum Then {
    /// The end.
    Close,
    /// Silence, until the client hangs up.
    Wait,
    /// The same again and again, until the client hangs up.
    Repeat(Vec<u8>),
    /// One byte now and then, until the client hangs up.
    Drip(u8),
}

/// What the first deletion is answered.
#[derive(Clone)]
pub(super) struct Trick {
    pub(super) opening: Vec<u8>,
    pub(super) then: Then,
}

/// What the server saw.
#[derive(Debug, Default, Clone)]
pub(super) struct Saw {
    /// The head of each request, in order.
    pub(super) heads: Vec<String>,
    /// Bytes that the trick took before it was over.
    pub(super) sent: usize,
}

impl Saw {
    pub(super) fn count(&self, method: &str) -> usize {
        self.heads.iter().filter(|head| head.starts_with(method)).count()
    }
}

/// The server: on loopback, on a port that was free.
pub(super) struct Trickster {
    pub(super) url: String,
    saw: Arc<Mutex<Saw>>,
    over: oneshot::Receiver<()>,
}

impl Trickster {
    pub(super) async fn play(trick: Trick) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let saw = Arc::new(Mutex::new(Saw::default()));
        let (tell, over) = oneshot::channel();
        tokio::spawn(serve(listener, trick, Arc::clone(&saw), tell));
        Self { url, saw, over }
    }

    /// Waits until the trick is over: the client hung up, or the trick ended by itself. Then what was seen by then.
    pub(super) async fn saw(self) -> Saw {
        self.over.await.unwrap();
        self.saw.lock().unwrap().clone()
    }
}

async fn serve(listener: TcpListener, trick: Trick, saw: Arc<Mutex<Saw>>, tell: oneshot::Sender<()>) {
    let mut unused = Some((trick, tell));
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let Some(head) = head(&mut stream).await else { continue };
        let is_deletion = head.starts_with("DELETE");
        saw.lock().unwrap().heads.push(head);
        let Some((trick, tell)) = unused.take_if(|_| is_deletion) else {
            // Whoever does not stay for the answer does not matter.
            let _ = stream.write_all(if is_deletion { GONE } else { FOUND }).await;
            continue;
        };
        let saw = Arc::clone(&saw);
        tokio::spawn(async move {
            let sent = perform(&trick, stream).await;
            saw.lock().unwrap().sent = sent;
            let _ = tell.send(());
        });
    }
}

/// Plays the trick to its end; how many bytes it took.
async fn perform(trick: &Trick, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> usize {
    let mut sent = trick.opening.len();
    if stream.write_all(&trick.opening).await.is_err() {
        return sent;
    }
    match &trick.then {
        Then::Close => {}
        // What the client sends on is of no interest; its end is.
        Then::Wait => while stream.read_u8().await.is_ok() {},
        Then::Repeat(piece) => {
            while stream.write_all(piece).await.is_ok() {
                sent += piece.len();
            }
        }
        Then::Drip(byte) => {
            let mut ticks = interval(Duration::from_millis(20));
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while stream.write_all(&[*byte]).await.is_ok() {
                sent += 1;
                ticks.tick().await;
            }
        }
    }
    sent
}

/// A request's head; `None` from a client that left.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}
