//! A server that says exactly what it is told, and tells exactly what it was sent.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

/// Answers one connection after the other with these bytes, and hands over the requests.
pub(super) struct Script {
    pub(super) address: SocketAddr,
    pub(super) heads: JoinHandle<Vec<Vec<u8>>>,
}

impl Script {
    pub(super) async fn play(answers: &[&[u8]]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answers: Vec<Vec<u8>> = answers.iter().map(|answer| answer.to_vec()).collect();
        let heads = tokio::spawn(async move {
            let mut heads = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                for _ in 0..announced(&head) {
                    head.push(stream.read_u8().await.unwrap());
                }
                heads.push(head);
                // A client that has heard enough hangs up.
                let _ = stream.write_all(&answer).await;
            }
            heads
        });
        Self { address, heads }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests as text, bytes beyond ASCII as `\xNN`.
    pub(super) async fn heard(self) -> Vec<String> {
        self.heads.await.unwrap().iter().map(|head| head.escape_ascii().to_string().replace("\\r\\n", "\n")).collect()
    }
}

/// How long a body the head announces.
fn announced(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head);
    head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |length| length.parse().unwrap())
}
