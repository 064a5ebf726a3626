//! The wrong key, the wrong address, the wrong server: about the run, never about a row.

use std::{sync::Arc, thread};

use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tollgate::sandbox::{Faults, Options, Population, Sandbox, Share, Throttle};

use crate::support::{
    door::{Door, parrot},
    program::{Desk, Left, PATIENCE, Running, SLOWLY, calm, deletion, options, run, sandbox},
    record::{lines, settled_once},
};

/// Leaves with this code without a line about any row.
#[track_caller]
fn about_the_run(desk: &Desk, url: &str, code: i32) -> Left {
    desk.customers(30);
    let left = run(&mut desk.delete(url)).with(code);
    assert!(lines(&desk.out()).is_empty());
    left
}

#[test]
fn a_wrong_key_is_77_and_no_row_is_settled() {
    let (desk, sandbox) = (Desk::new(), calm(30));
    desk.put("key", "secret_live_of_another_app");
    about_the_run(&desk, &sandbox.base_url(), 77).saying(&["refused the credentials", "hint: "]);
    assert_eq!(sandbox.received().deletes, 0);
    desk.put("key", "public_live_something");
    about_the_run(&desk, &sandbox.base_url(), 78).saying(&["public_"]);
}

#[test]
fn a_key_that_is_revoked_halfway_is_77_and_what_was_settled_stays() {
    let desk = Desk::new();
    desk.customers(1500);
    let (before, after) = (calm(1500), calm(1500));
    let door = Door::to(before.address());
    let running = Running::start(desk.delete(&door.url()).args(SLOWLY));
    assert!(before.wait_for(300, PATIENCE));
    let strict = with_key("another", 7);
    door.leads_to(strict.address());
    let received = before.stop().unwrap();
    running.leave().with(77).saying(&["refused the credentials", "to be sent by the next try"]);
    let counts = settled_once(&desk.out());
    assert_eq!(counts.keys().collect::<Vec<_>>(), ["deleted"], "no row was blamed");
    let settled = counts["deleted"] as u64;
    assert!(settled <= received.applied && settled + 16 >= received.applied);
    door.leads_to(after.address());
    run(&mut desk.delete(&door.url())).with(0);
    assert_eq!(settled_once(&desk.out()), [("deleted".to_owned(), 1500)].into());
}

/// A stand-in that accepts another key; the app comes from the seed.
fn with_key(key: &str, seed: u64) -> Sandbox {
    let options = options(Population::Count(1500), Faults::default());
    Sandbox::start(Options { key: key.to_owned(), seed, ..options }).unwrap()
}

#[test]
fn a_new_key_of_the_same_app_in_the_key_file_is_taken_up_without_a_stop() {
    let desk = Desk::new();
    desk.customers(1500);
    let (before, after) = (calm(1500), with_key("another", 7));
    let door = Door::to(before.address());
    let running = Running::start(desk.delete(&door.url()).args(SLOWLY));
    assert!(before.wait_for(300, PATIENCE));
    desk.put("key", "another");
    door.leads_to(after.address());
    let received = before.stop().unwrap();
    running.leave().with(0).saying(&["the key file has changed and belongs to the same app"]);
    assert_eq!(settled_once(&desk.out()), [("deleted".to_owned(), 1500)].into());
    assert!(received.applied + after.received().applied >= 1500);
}

#[test]
fn a_new_key_of_another_app_is_77() {
    let desk = Desk::new();
    desk.customers(1500);
    let (before, other) = (calm(1500), with_key("another", 8));
    let door = Door::to(before.address());
    let running = Running::start(desk.delete(&door.url()).args(SLOWLY));
    assert!(before.wait_for(300, PATIENCE));
    desk.put("key", "another");
    door.leads_to(other.address());
    drop(before);
    running.leave().with(77);
    assert_eq!(settled_once(&desk.out()).into_keys().collect::<Vec<_>>(), ["deleted"]);
    assert!(other.received().deletes <= 16, "nothing but what was on the wire");
    assert_eq!(other.received().applied, 0);
    run(&mut desk.delete(&door.url())).with(78).saying(&["what is settled already is of app"]);
    assert_eq!(other.received().applied, 0);
}

#[test]
fn a_pause_longer_than_permitted_is_75_and_names_it() {
    let desk = Desk::new();
    let throttle = Throttle { per_second: 1.0 / 2000.0, burst: 100, retry_after: true };
    let sandbox = sandbox(Population::Count(300), Faults { throttle: Some(throttle), ..Faults::default() }, None);
    desk.customers(300);
    let left = run(&mut desk.delete(&sandbox.base_url())).with(75);
    left.saying(&["the API asks for a pause of 33m 20s", "--max-hold", "after that time"]);
    assert_eq!(settled_once(&desk.out()), [("deleted".to_owned(), 80)].into());
    assert!(sandbox.received().throttled <= 16, "what was on the wire, and nothing after the first 429 was read");
}

#[test]
fn a_wrong_path_and_a_wrong_server_are_78() {
    let (desk, sandbox) = (Desk::new(), calm(30));
    about_the_run(&desk, &format!("{}/v3", sandbox.base_url()), 78).saying(&["not the API's own", "404", "--base-url"]);
    let page = parrot("HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\nconnection: close\r\n\r\nnot here\n");
    about_the_run(&desk, &page, 78).saying(&["not the API's own", "404"]);
    assert_eq!(sandbox.received().deletes, 0);
}

#[test]
fn a_captive_portal_is_78() {
    let desk = Desk::new();
    let portal = sandbox(Population::Everybody, Faults { captive_portal: Share(1.0), ..Faults::default() }, None);
    about_the_run(&desk, &portal.base_url(), 78).saying(&["not the API's own", "200"]);
    assert_eq!(portal.received().deletes, 0);
}

#[test]
fn a_redirect_is_78_and_is_not_followed() {
    let (desk, target) = (Desk::new(), calm(30));
    let head = "HTTP/1.1 301 Moved\r\ncontent-length: 0\r\nconnection: close";
    let location = format!("{head}\r\nlocation: {}/\r\n\r\n", target.base_url());
    about_the_run(&desk, &parrot(location), 78).saying(&["redirect", "301", "not followed"]);
    assert_eq!(target.received().requests, 0, "the key went nowhere");
}

#[test]
fn a_portal_that_opens_halfway_stops_the_run_and_blames_no_row() {
    let desk = Desk::new();
    desk.customers(1500);
    let (before, after) = (calm(1500), calm(1500));
    let portal = sandbox(Population::Everybody, Faults { captive_portal: Share(1.0), ..Faults::default() }, None);
    let door = Door::to(before.address());
    let running = Running::start(desk.delete(&door.url()).args(SLOWLY));
    assert!(before.wait_for(300, PATIENCE));
    door.leads_to(portal.address());
    drop(before);
    running.leave().with(78);
    assert_eq!(settled_once(&desk.out()).into_keys().collect::<Vec<_>>(), ["deleted"]);
    door.leads_to(after.address());
    run(&mut desk.delete(&door.url())).with(0);
    assert_eq!(settled_once(&desk.out()), [("deleted".to_owned(), 1500)].into());
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_78_at_once() {
    let desk = Desk::new();
    about_the_run(&desk, &self_signed(), 78).saying(&["certificate", "--ca-cert"]);
}

#[test]
fn plain_http_to_another_host_is_refused_before_the_key_travels() {
    let desk = Desk::new();
    about_the_run(&desk, "http://api.example.invalid", 78).saying(&["--allow-http"]);
}

/// An HTTPS server whose certificate is its own word for it; gives its URL.
fn self_signed() -> String {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        runtime.block_on(async {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // The client hangs up during the handshake: that is the test.
                drop(acceptor.accept(stream).await);
            }
        });
    });
    url
}

/// It was once learned in the midst, when a side file could not be opened.
#[test]
fn too_few_file_descriptors_for_the_width_are_78_before_anybody_is_touched() {
    let (desk, sandbox) = (Desk::new(), calm(200));
    let input = desk.customers(200);
    let wide = |limit: &str| {
        let shell = desk.through_shell(&format!("ulimit {limit}; exec \"$@\""));
        let mut command = deletion(shell, &desk, &sandbox.base_url(), &input);
        command.args(["--concurrency", "64"]);
        run(&mut command)
    };
    wide("-n 64").with(78).saying(&["96 file descriptors", "permits 64", "--concurrency"]);
    assert_eq!(sandbox.received().requests, 0);
    // A limit that may be raised is raised.
    wide("-S -n 64").with(0);
}
