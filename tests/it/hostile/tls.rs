//! A certificate that expires while a run is under way: about the run, and no row is blamed for it.

use std::{fs, sync::Arc};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;
use tollgate::{
    domain::{Suspicion, Verdict},
    flow::Ending,
};

use super::stage::{Seen, delete, way};

/// A certificate for loopback that vouches for itself.
pub(super) struct Certificate {
    made: rcgen::Certificate,
    key: KeyPair,
}

impl Certificate {
    pub(super) fn valid() -> Self {
        Self::until(4000)
    }

    fn expired() -> Self {
        Self::until(2001)
    }

    fn until(year: i32) -> Self {
        let mut wishes = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        wishes.not_before = date_time_ymd(2000, 1, 1);
        wishes.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        Self { made: wishes.self_signed(&key).unwrap(), key }
    }

    pub(super) fn pem(&self) -> String {
        self.made.pem()
    }
}

/// Shows the certificate, and speaks these protocols.
pub(super) fn acceptor(certificate: &Certificate, protocols: &[&[u8]]) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(certificate.key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = vec![certificate.made.der().clone()];
    let mut config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// Deletes five rows at a server that shows the expired certificate on the connections of these numbers, and answers
/// one request on each of the others.
async fn deleted_while_expired(expired: impl Fn(usize) -> bool + Send + Sync + 'static) -> Seen {
    let (good, bad) = (Certificate::valid(), Certificate::expired());
    let directory = tempfile::tempdir().unwrap();
    let roots = directory.path().join("roots.pem");
    fs::write(&roots, good.pem() + &bad.pem()).unwrap();
    let (good, bad) = (acceptor(&good, &[b"http/1.1"]), acceptor(&bad, &[b"http/1.1"]));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let way = way(format!("https://{}", listener.local_addr().unwrap()), Some(roots));
    tokio::spawn(async move { serve(&listener, &|number| if expired(number) { &bad } else { &good }).await });
    delete(&way, 5).await
}

/// Answers one request on each connection, whose number decides what certificate it is shown.
async fn serve<'a>(listener: &TcpListener, shown: &(dyn Fn(usize) -> &'a TlsAcceptor + Send + Sync)) {
    for number in 1.. {
        let (stream, _) = listener.accept().await.unwrap();
        // A client that does not like the certificate hangs up.
        let Ok(mut stream) = shown(number).accept(stream).await else { continue };
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { break };
            head.push(byte);
        }
        let answer: &[u8] = if head.starts_with(b"DELETE") {
            b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"
        } else {
            b"HTTP/1.1 200 OK\r\ncontent-length: 42\r\nconnection: close\r\n\r\n\
              {\"data\":{\"profile_id\":\"p\",\"app_id\":\"app\"}}"
        };
        let _ = stream.write_all(answer).await;
        let _ = stream.shutdown().await;
    }
}

#[tokio::test]
async fn a_certificate_that_expires_halfway_ends_the_run_and_blames_no_row() {
    let seen = deleted_while_expired(|number| number > 2).await;
    let Ending::Suspicious { why, status, words } = &seen.ending else { panic!("{:?}", seen.ending) };
    assert_eq!((*why, *status), (Suspicion::Certificate, None));
    assert!(words.as_ref().is_some_and(|words| words.contains("expired")), "{words:?}");
    let verdicts: Vec<_> = seen.outcomes.iter().map(|outcome| outcome.verdict).collect();
    assert_eq!(verdicts, [Verdict::Deleted; 2], "the others are left for the next try");
}

#[tokio::test]
async fn a_single_machine_with_an_old_certificate_delays_one_row() {
    let seen = deleted_while_expired(|number| number == 3).await;
    assert_eq!(seen.all_deleted(5), [1, 1, 2, 1, 1]);
}

#[tokio::test]
async fn a_certificate_that_was_never_valid_ends_the_run_at_once() {
    let seen = deleted_while_expired(|_| true).await;
    assert!(matches!(seen.ending, Ending::Suspicious { why: Suspicion::Certificate, .. }), "{:?}", seen.ending);
    assert!(seen.outcomes.is_empty());
}

/// Whoever listens and never comes to speak, or speaks without end, of a connection that is to be secure.
#[tokio::test]
async fn a_handshake_that_never_ends_holds_no_row() {
    let certificate = Certificate::valid();
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root.pem");
    fs::write(&root, certificate.pem()).unwrap();
    // A record of a handshake (RFC 8446, section 5.1) whose message is 16 MiB long, and one byte of it each.
    let openings: [&'static [u8]; 3] =
        [b"", b"\x16\x03\x03\x00\x05\x02\xff\xff\xff\x00", b"HTTP/1.1 204 No Content\r\n\r\n"];
    for opening in openings {
        let acceptor = acceptor(&certificate, &[b"http/1.1"]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = way(format!("https://{}", listener.local_addr().unwrap()), Some(root.clone()));
        tokio::spawn(async move {
            let (mut first, _) = listener.accept().await.unwrap();
            let _ = first.write_all(opening).await;
            serve(&listener, &|_| &acceptor).await;
            drop(first);
        });
        let attempts = delete(&way, 3).await.all_deleted(3);
        assert_eq!(attempts, [2, 1, 1], "{opening:?}");
    }
}
