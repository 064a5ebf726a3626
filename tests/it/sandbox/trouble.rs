//! Faults on demand, as a client meets them.

use std::{
    collections::{BTreeMap, HashSet},
    io::{self, Read as _},
    net::TcpStream,
    time::Duration,
};

use tokio::time::Instant;
use tollgate::{
    error::Exit,
    sandbox::{Faults, Options, Population, Sandbox, Share, Throttle, Verb},
};

use super::client::{Answer, Asking, KEY, PATH, options, start_with};

const ALWAYS: Share = Share(1.0);

#[test]
fn a_server_error_and_a_refusal_are_signed_and_not_applied() {
    let server_error = Faults { server_error: ALWAYS, ..Faults::default() };
    let refuse = Faults { refuse: ALWAYS, ..Faults::default() };
    for (faults, status, code) in [(server_error, 500, "internal_server_error"), (refuse, 400, "value_error")] {
        let sandbox = start_with(faults);
        let answer = Asking::delete("customer-1").send(&sandbox);
        assert_eq!((answer.status, answer.signed_code().as_deref()), (status, Some(code)));
        let keyless = Asking::delete("customer-1").without("Authorization").send(&sandbox);
        assert_eq!(keyless.status, 401, "trouble with one profile comes after the key");
        assert_eq!(sandbox.stop().unwrap().applied, 0);
    }
}

#[test]
fn somebody_elses_pages_are_unsigned_and_nothing_is_applied() {
    let cases = [
        (Faults { unsigned_404: ALWAYS, ..Faults::default() }, 404),
        (Faults { unsigned_405: ALWAYS, ..Faults::default() }, 405),
        (Faults { captive_portal: ALWAYS, ..Faults::default() }, 200),
        (Faults { outage: Some((Duration::ZERO, Duration::from_hours(1))), ..Faults::default() }, 503),
    ];
    for (faults, status) in cases {
        let sandbox = start_with(faults);
        let answer = Asking::delete("customer-1").send(&sandbox);
        assert_eq!((answer.status, answer.signed_code()), (status, None));
        assert!(answer.header("content-type").unwrap().starts_with("text/html"));
        assert_eq!(answer.header("request-id"), None, "the API never saw it");
        assert_eq!(sandbox.stop().unwrap().applied, 0);
    }
}

#[test]
fn an_outage_that_lies_ahead_is_not_yet() {
    let outage = Some((Duration::from_hours(1), Duration::from_hours(2)));
    let sandbox = start_with(Faults { outage, ..Faults::default() });
    assert_eq!(Asking::delete("customer-1").send(&sandbox).status, 204);
}

#[test]
fn an_outage_of_deletions_alone_leaves_looks_alone() {
    let outage = Some((Duration::ZERO, Duration::from_hours(1)));
    let sandbox = start_with(Faults { outage, only: Some(Verb::Delete), ..Faults::default() });
    assert_eq!(Asking::delete("customer-1").send(&sandbox).status, 503);
    assert_eq!(Asking::get("customer-1").send(&sandbox).status, 200);
}

#[test]
fn a_reset_comes_after_the_deed() {
    let sandbox = start_with(Faults { reset: ALWAYS, ..Faults::default() });
    let error = Asking::delete("customer-1").raw(&sandbox).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(sandbox.stop().unwrap().applied, 1);
}

#[test]
fn a_truncated_answer_announces_more_than_it_brings() {
    let sandbox = start_with(Faults { truncate: ALWAYS, ..Faults::default() });
    let bytes = Asking::get("customer-1").raw(&sandbox).expect("a goodbye, not a reset");
    let answer = Answer::parse(&bytes);
    let announced: usize = answer.header("content-length").unwrap().parse().unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.body.starts_with(r#"{"data":"#), "{}", answer.body);
    assert_eq!(answer.body.len(), announced / 2);
}

#[test]
fn a_truncated_204_does_not_even_begin_but_the_deed_is_done() {
    let sandbox = start_with(Faults { truncate: ALWAYS, ..Faults::default() });
    assert_eq!(Asking::delete("customer-1").raw(&sandbox).expect("a goodbye, not a reset"), b"");
    assert_eq!(sandbox.stop().unwrap().applied, 1);
}

#[test]
fn a_hang_does_the_deed_and_never_answers() {
    let directory = tempfile::tempdir().unwrap();
    let journal = directory.path().join("journal.jsonl");
    let faults = Faults { hang: Share(0.5), ..Faults::default() };
    let start = || Sandbox::start(Options { faults: faults.clone(), journal: Some(journal.clone()), ..options() });
    let post_all = |sandbox: &Sandbox| (1..=10).map(|n| Asking::delete(&customer(n)).post(sandbox)).collect::<Vec<_>>();

    let rehearsal = start().unwrap();
    let posted = post_all(&rehearsal);
    assert!(rehearsal.wait_for(10, Duration::from_secs(30)));
    assert_eq!(rehearsal.stop().unwrap().applied, 10, "answered or not");
    drop(posted);
    let hanging = whoever_hung(&std::fs::read_to_string(&journal).unwrap());
    assert!((1..10).contains(&hanging.len()), "with this seed some hang and some do not");

    let sandbox = start().unwrap();
    let (silent, answered): (Vec<_>, Vec<_>) =
        (1..).map(customer).zip(post_all(&sandbox)).partition(|(customer, _)| hanging.contains(customer));
    for (_, stream) in answered {
        assert!(bytes_until_the_end(stream) > 0);
    }
    assert!(sandbox.wait_for(10, Duration::from_secs(30)));
    sandbox.stop().unwrap();
    for (_, stream) in silent {
        assert_eq!(bytes_until_the_end(stream), 0);
    }
}

fn customer(n: u32) -> String {
    format!("customer-{n}")
}

fn whoever_hung(journal: &str) -> HashSet<String> {
    let lines = journal.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.filter(|line| line["fault"] == "hang").map(|line| line["id"].as_str().unwrap().to_owned()).collect()
}

fn bytes_until_the_end(mut stream: TcpStream) -> usize {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("a goodbye, not a reset")
}

#[test]
fn one_that_hangs_keeps_nobody_else_waiting() {
    let sandbox = start_with(Faults { hang: ALWAYS, ..Faults::default() });
    let _first = Asking::delete("customer-1").post(&sandbox);
    let _second = Asking::delete("customer-2").post(&sandbox);
    let _third = Asking::delete("customer-3").post(&sandbox);
    assert!(sandbox.wait_for(3, Duration::from_secs(30)));
    assert_eq!(sandbox.stop().unwrap().peak_in_flight, 3);
}

#[test]
fn a_rate_limit_answers_429_with_or_without_retry_after() {
    for retry_after in [true, false] {
        let throttle = Some(Throttle { per_second: 0.001, burst: 2, retry_after });
        let sandbox = start_with(Faults { throttle, ..Faults::default() });
        for customer in ["customer-1", "customer-2"] {
            assert_eq!(Asking::delete(customer).send(&sandbox).status, 204);
        }
        let answer = Asking::delete("customer-3").send(&sandbox);
        assert_eq!((answer.status, answer.signed_code()), (429, None));
        match answer.header("retry-after") {
            Some(seconds) => assert!(retry_after && (900..=1000).contains(&seconds.parse::<u32>().unwrap())),
            None => assert!(!retry_after),
        }
        let received = sandbox.stop().unwrap();
        assert_eq!((received.requests, received.applied, received.throttled), (3, 2, 1));
    }
}

#[test]
fn latency_delays_the_answer_and_not_the_deed() {
    let latency = Duration::from_millis(20);
    let sandbox = start_with(Faults { latency, ..Faults::default() });
    let before = Instant::now();
    assert_eq!(Asking::delete("customer-1").send(&sandbox).status, 204);
    assert!(before.elapsed() >= latency);
    let endless = start_with(Faults { latency: Duration::from_hours(1), ..Faults::default() });
    let _waiting = Asking::delete("customer-1").post(&endless);
    assert!(endless.wait_for(1, Duration::from_secs(30)));
    assert_eq!(endless.stop().unwrap().applied, 1);
}

/// What each of 60 customers meets: a status, or none when the connection broke.
fn met(seed: u64, order: impl Iterator<Item = u32>) -> BTreeMap<u32, Option<u16>> {
    let faults =
        Faults { server_error: Share(0.3), reset: Share(0.2), captive_portal: Share(0.1), ..Faults::default() };
    let population = Population::Count(60);
    let sandbox = Sandbox::start(Options { faults, seed, population, ..options() }).unwrap();
    let meet = |n: u32| Asking::delete(&customer(n)).raw(&sandbox).ok();
    order.map(|n| (n, meet(n).map(|bytes| Answer::parse(&bytes).status))).collect()
}

#[test]
fn the_seed_decides_who_meets_what_in_whatever_order_they_come() {
    let forward = met(1, 1..=60);
    assert_eq!(forward, met(1, (1..=60).rev()));
    assert_ne!(forward, met(2, 1..=60));
    for status in [None, Some(500), Some(200), Some(204)] {
        assert!(forward.values().any(|met| *met == status), "nobody met {status:?}");
    }
}

#[tokio::test]
async fn on_http_2_too_a_reset_comes_after_the_deed() {
    let sandbox = start_with(Faults { reset: Share(0.5), ..Faults::default() });
    let client = reqwest::Client::builder().http2_prior_knowledge().retry(reqwest::retry::never()).build().unwrap();
    let mut answered = 0;
    for n in 1..=10 {
        let request = client
            .delete(format!("{}{PATH}", sandbox.base_url()))
            .header("authorization", format!("Api-Key {KEY}"))
            .header("content-type", "application/json")
            .header("adapty-customer-user-id", customer(n));
        answered += u32::from(request.send().await.is_ok());
    }
    assert!((1..10).contains(&answered), "{answered} of 10 were answered");
    let received = sandbox.stop().unwrap();
    assert_eq!((received.requests, received.applied), (10, 10));
}

#[test]
fn options_that_contradict_themselves_are_refused() {
    let share = |share| Faults { reset: Share(share), ..Faults::default() };
    let throttle = |per_second| Faults {
        throttle: Some(Throttle { per_second, burst: 1, retry_after: false }),
        ..Faults::default()
    };
    let outage = Some((Duration::from_secs(2), Duration::from_secs(1)));
    for faults in [
        share(-0.1),
        share(1.1),
        share(f64::NAN),
        Faults { hang: Share(0.6), ..share(0.6) },
        throttle(0.0),
        throttle(f64::INFINITY),
        Faults { outage, ..Faults::default() },
    ] {
        let error = Sandbox::start(Options { faults: faults.clone(), ..options() }).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage, "{faults:?}");
    }
    let error = Sandbox::start(Options { key: String::new(), ..options() }).unwrap_err();
    assert_eq!(error.exit(), Exit::Usage);
}
