//! How the stand-in starts, counts and stops.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::mpsc,
    thread,
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};
use tollgate::{
    error::Exit,
    sandbox::{Faults, Received, Sandbox, Share, serve},
};

use super::client::{Asking, KEY, PATH, options, start, start_with};

#[test]
fn it_says_where_it_is_and_what_opens_it() {
    let sandbox = start();
    assert!(sandbox.address().ip().is_loopback());
    assert_eq!(sandbox.base_url(), format!("http://127.0.0.1:{}", sandbox.address().port()));
    assert_eq!(sandbox.key(), KEY);
    assert!(!format!("{sandbox:?} {:?}", options()).contains(KEY));
}

#[test]
fn it_counts_what_it_received() {
    let sandbox = start();
    Asking::get("customer-1").send(&sandbox);
    Asking::delete("customer-1").send(&sandbox);
    Asking::delete("customer-1").send(&sandbox);
    Asking::new("POST").send(&sandbox);
    Asking::new("PATCH").send(&sandbox);
    Asking::new("PUT").send(&sandbox);
    let expected = Received {
        requests: 6,
        gets: 1,
        deletes: 2,
        posts: 1,
        patches: 1,
        puts: 1,
        applied: 1,
        throttled: 0,
        peak_in_flight: 1,
    };
    assert_eq!(sandbox.received(), expected);
    assert_eq!(sandbox.stop().unwrap(), expected);
}

#[test]
fn a_waiter_wakes_at_the_count_and_not_before() {
    let patience = Duration::from_secs(30);
    let (sandbox, before) = (start(), Instant::now());
    assert!(!sandbox.wait_for(1, Duration::ZERO));
    thread::scope(|scope| {
        let waiters = [3, 5].map(|requests| {
            let sandbox = &sandbox;
            scope.spawn(move || (sandbox.wait_for(requests, patience), sandbox.received().requests))
        });
        for n in 1..=5 {
            Asking::delete(&format!("customer-{n}")).send(&sandbox);
        }
        for (waiter, least) in waiters.into_iter().zip([3, 5]) {
            let (reached, seen) = waiter.join().unwrap();
            assert!(reached && seen >= least, "woke at {seen} of {least}");
        }
    });
    assert_eq!(sandbox.received().applied, 5);
    assert!(before.elapsed() < patience, "woken, not timed out");
}

#[test]
fn one_connection_serves_many_requests() {
    let sandbox = start();
    let mut stream = TcpStream::connect(sandbox.address()).unwrap();
    for customer in ["customer-1", "customer-2"] {
        write!(
            stream,
            "DELETE {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Api-Key {KEY}\r\n\
             content-type: application/json\r\nadapty-customer-user-id: {customer}\r\n\r\n"
        )
        .unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
        assert!(answer.starts_with(b"HTTP/1.1 204 "));
    }
    assert_eq!(sandbox.received().applied, 2);
}

#[test]
fn many_clients_at_once_are_all_served() {
    let sandbox = start();
    thread::scope(|scope| {
        for n in 1..=10 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                for status in [204, 404, 404] {
                    assert_eq!(Asking::delete(&format!("customer-{n}")).send(sandbox).status, status);
                }
            });
        }
    });
    let received = sandbox.stop().unwrap();
    assert_eq!((received.requests, received.applied), (30, 10));
}

#[test]
fn dropping_it_closes_the_door_even_with_requests_hanging() {
    let sandbox = start_with(Faults { hang: Share(1.0), ..Faults::default() });
    let address = sandbox.address();
    let _hanging = Asking::delete("customer-1").post(&sandbox);
    assert!(sandbox.wait_for(1, Duration::from_secs(30)));
    drop(sandbox);
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn a_server_of_its_own_serves_until_told_to_stop() {
    let (ready, readiness) = mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let client = thread::spawn(move || {
        let address = readiness.recv().unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        drop(stop);
        answer
    });
    let on_ready = move |address| ready.send(address).unwrap();
    let received = serve(options(), "127.0.0.1:0".parse().unwrap(), on_ready, async { drop(stopped.await) }).await;
    assert_eq!(received.unwrap().requests, 1);
    assert!(client.join().unwrap().starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn it_listens_on_loopback_only_and_says_when_it_cannot() {
    let attempt = async |listen: std::net::SocketAddr| {
        serve(options(), listen, |_| panic!("it must not be ready"), async {}).await.unwrap_err()
    };
    assert_eq!(attempt("0.0.0.0:0".parse().unwrap()).await.exit(), Exit::Usage);
    assert_eq!(attempt("192.0.2.1:8080".parse().unwrap()).await.exit(), Exit::Usage);
    let other: Sandbox = start();
    let taken = attempt(other.address()).await;
    assert_eq!(taken.exit(), Exit::CannotCreate);
    assert!(taken.what().contains(&other.address().to_string()));
}
