//! The key: what is taken, what is refused, and that it shows nowhere.

use std::{fs, path::Path};

use tollgate::{
    domain::Fields,
    flow::{Remote, Renewal},
    remote::{KeySource, Options},
};

use super::{DELETE, KEY, build, customer, options, refused, server::Script};

const GONE: &[u8] = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";

fn given(key: &str) -> Options {
    Options { key: KeySource::Given(key.into()), ..options("http://127.0.0.1:1") }
}

fn from_file(path: &Path, url: &str) -> Options {
    Options { key: KeySource::File(path.to_owned()), ..options(url) }
}

#[test]
fn blanks_line_ends_and_a_bom_around_a_key_do_not_count() {
    let plain = build(&given(KEY)).key_fingerprint();
    for key in [format!("{KEY}\n"), format!("\u{feff}{KEY}\r\n"), format!(" \t{KEY} \n\n"), format!("\u{feff} {KEY}")] {
        assert_eq!(build(&given(&key)).key_fingerprint(), plain, "{key:?}");
    }
}

#[test]
fn a_fingerprint_names_a_key_and_reveals_nothing() {
    let fingerprint = build(&given(KEY)).key_fingerprint();
    assert_eq!(fingerprint.len(), 16);
    assert!(fingerprint.bytes().all(|digit| digit.is_ascii_hexdigit()));
    assert_ne!(fingerprint, build(&given("another")).key_fingerprint());
}

#[test]
fn what_is_no_key_is_refused() {
    assert!(refused(&given(" \n")).contains("is empty"));
    for key in [format!("Api-Key {KEY}"), format!("api-key {KEY}"), format!("public_live_{KEY}")] {
        assert!(refused(&given(&key)).contains("begins with"), "{key}");
    }
    for key in [format!("{KEY}\nsecond line"), format!("{KEY}\u{0}x"), format!("{KEY}é")] {
        assert!(refused(&given(&key)).contains("cannot travel in a header"), "{key:?}");
    }
}

#[test]
fn a_key_file_is_named_in_complaints() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("adapty.key");
    let complaint = || refused(&from_file(&path, "http://127.0.0.1:1"));
    assert!(complaint().contains("adapty.key"), "missing");
    fs::write(&path, "").unwrap();
    assert!(complaint().contains("adapty.key"), "empty");
    fs::write(&path, [KEY.as_bytes(), b"\xff"].concat()).unwrap();
    assert!(complaint().contains("adapty.key"), "not a text");
}

#[tokio::test]
async fn a_changed_key_file_is_used_from_then_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    fs::write(&path, "first").unwrap();
    let script = Script::play(&[GONE, GONE, GONE]).await;
    let client = build(&from_file(&path, &script.url()));
    let before = client.key_fingerprint();
    client.send(DELETE, &customer("c-1"), &Fields::default()).await;
    assert_eq!(client.renew(), Renewal::Same);
    fs::write(&path, "second\n").unwrap();
    assert_eq!(client.renew(), Renewal::Changed);
    assert_ne!(client.key_fingerprint(), before);
    client.send(DELETE, &customer("c-1"), &Fields::default()).await;
    fs::write(&path, "").unwrap();
    assert_eq!(client.renew(), Renewal::Same, "an unusable key is not taken");
    client.send(DELETE, &customer("c-1"), &Fields::default()).await;
    let keys = ["first", "second", "second"].map(|key| format!("authorization: Api-Key {key}\n"));
    for (head, key) in script.heard().await.iter().zip(keys) {
        assert!(head.contains(&key) && head.matches("authorization").count() == 1, "{head}");
    }
}

#[test]
fn a_given_key_cannot_be_renewed() {
    assert_eq!(build(&given(KEY)).renew(), Renewal::Same);
}

#[test]
fn the_key_shows_nowhere() {
    let options = given(KEY);
    let client = build(&options);
    for shown in [format!("{options:?}"), format!("{client:?}"), format!("{client:#?}"), client.key_fingerprint()] {
        assert!(!shown.contains(KEY), "{shown}");
    }
}
