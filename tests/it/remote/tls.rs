//! Certificates, and HTTP/2 where it is offered.

use std::{convert::Infallible, fs, path::PathBuf, sync::Arc};

use http_body_util::Empty;
use hyper::{
    Request, Response, Version,
    body::{Bytes, Incoming},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use tokio::{net::TcpListener, sync::mpsc};
use tokio_rustls::TlsAcceptor;
use tollgate::{
    domain::{Fact, Fields, Suspicion, Word},
    flow::Remote,
    remote::{ClientIdentity, Options},
};

use super::{DELETE, KEY, build, customer, options, refused};

struct Guarded {
    url: String,
    pem: String,
    versions: mpsc::UnboundedReceiver<Version>,
}

/// An HTTPS server on loopback with a certificate that nobody knows, for these names; it lets in everybody, or only
/// those who show the given certificate.
async fn guarded(names: &[&str], guest: Option<CertificateDer<'static>>) -> Guarded {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let config = match guest {
        None => config.with_no_client_auth(),
        Some(guest) => {
            let mut known = RootCertStore::empty();
            known.add(guest).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(known), provider).build().unwrap();
            config.with_client_cert_verifier(verifier)
        }
    };
    let mut config = config.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let (sender, versions) = mpsc::unbounded_channel();
    tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(config)), sender));
    Guarded { url, pem: made.cert.pem(), versions }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, versions: mpsc::UnboundedSender<Version>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(stream) = acceptor.accept(stream).await else { continue };
        let versions = versions.clone();
        let answer = service_fn(move |request: Request<Incoming>| {
            let _ = versions.send(request.version());
            let mut response = Response::new(Empty::<Bytes>::new());
            *response.status_mut() = hyper::StatusCode::NO_CONTENT;
            std::future::ready(Ok::<_, Infallible>(response))
        });
        tokio::spawn(async move {
            let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

fn file(directory: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = directory.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn an_unknown_certificate_is_about_the_run() {
    let mut server = guarded(&["127.0.0.1"], None).await;
    let reply = build(&options(&server.url)).send(DELETE, &customer("c-1"), &Fields::default()).await;
    assert_eq!((reply.word, reply.lost), (Word::Suspect(Suspicion::Certificate), false));
    let message = reply.evidence.message.unwrap();
    assert!(message.contains("certificate") && !message.contains(KEY), "{message}");
    assert!(server.versions.try_recv().is_err(), "nothing was sent");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_about_the_run() {
    let server = guarded(&["elsewhere.invalid"], None).await;
    let directory = tempfile::tempdir().unwrap();
    let ca_cert = Some(file(&directory, "ca.pem", &server.pem));
    let reply =
        build(&Options { ca_cert, ..options(&server.url) }).send(DELETE, &customer("c-1"), &Fields::default()).await;
    assert_eq!(reply.word, Word::Suspect(Suspicion::Certificate));
}

#[tokio::test]
async fn a_named_root_is_trusted_and_http2_is_taken_where_offered() {
    let mut server = guarded(&["127.0.0.1"], None).await;
    let directory = tempfile::tempdir().unwrap();
    let ca_cert = Some(file(&directory, "ca.pem", &server.pem));
    let reply =
        build(&Options { ca_cert, ..options(&server.url) }).send(DELETE, &customer("Zoë"), &Fields::default()).await;
    assert_eq!(reply.word, Word::Done(Fact::Deleted));
    assert_eq!(server.versions.recv().await, Some(Version::HTTP_2));
}

#[test]
fn unusable_certificate_files_are_configuration_errors_that_name_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let prose = file(&directory, "prose.pem", "no certificate here\n");
    let broken = file(&directory, "broken.pem", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n");
    for path in [prose.clone(), broken, directory.path().join("missing.pem")] {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let said = refused(&Options { ca_cert: Some(path), ..options("https://api.invalid") });
        assert!(said.contains(&name), "{said}");
    }
    let client_identity = Some(ClientIdentity { certificate: prose.clone(), key: prose });
    let said = refused(&Options { client_identity, ..options("https://api.invalid") });
    assert!(said.contains("prose.pem"), "{said}");
}

#[tokio::test]
async fn a_client_certificate_opens_the_door_and_none_is_about_the_run() {
    let made = rcgen::generate_simple_self_signed(vec!["client.invalid".to_owned()]).unwrap();
    let mut server = guarded(&["127.0.0.1"], Some(made.cert.der().clone())).await;
    let directory = tempfile::tempdir().unwrap();
    let certificate = file(&directory, "client.pem", &made.cert.pem());
    let key = file(&directory, "client.key", &made.signing_key.serialize_pem());
    let ca_cert = Some(file(&directory, "ca.pem", &server.pem));
    let stranger = Options { ca_cert, ..options(&server.url) };
    let reply = build(&stranger).send(DELETE, &customer("c-1"), &Fields::default()).await;
    assert_eq!(reply.word, Word::Suspect(Suspicion::Certificate));
    assert!(server.versions.try_recv().is_err(), "the server never saw the request");
    let guest = Options { client_identity: Some(ClientIdentity { certificate, key }), ..stranger };
    assert_eq!(build(&guest).send(DELETE, &customer("c-1"), &Fields::default()).await.word, Word::Done(Fact::Deleted));
}
