//! The list of those who shall not come back: whatever stands in it, it is read whole or not at all, and nobody can write a
//! line but whoever has its key.
//!
//! The first byte: 0 the rest is the list; 1 it follows a sound first line; else it is changes to a sound list of eight,
//! four bytes each: where (two bytes, little end first), what is put there, and how many bytes it takes the place of.
#![no_main]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use libfuzzer_sys::fuzz_target;
use tollgate::{
    domain::{Id, IdKind, Identity},
    error::Exit,
    memory::SuppressList,
};

/// 64 and 16 hex digits, a blank, and a line end.
const LINE: usize = 82;

/// A directory, the bytes of a sound list, and how many of them are its first line.
static DESK: LazyLock<(PathBuf, Vec<u8>, usize)> = LazyLock::new(|| {
    let shared = Path::new("/dev/shm");
    let root = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
    let desk = root.join(format!("tollgate-fuzz-{}", std::process::id()));
    fs::create_dir_all(&desk).expect("a directory");
    fs::write(desk.join("key"), "a key that is long enough").expect("room");
    let list = SuppressList::create_or_open(&desk.join("list"), &desk.join("key"), &kinds(), false);
    let mut list = list.expect("an empty list");
    let header = fs::read(desk.join("list")).expect("its first line").len();
    let erased = (0..8).map(|nth| Id::parse(IdKind(0), &format!("customer-{nth}")).expect("an id"));
    list.enter(erased.map(Identity::one).collect::<Vec<_>>().iter()).expect("room");
    let sound = fs::read(desk.join("list")).expect("its lines");
    (desk, sound, header)
});

fn kinds() -> [String; 2] {
    ["customer_user_id".to_owned(), "profile_id".to_owned()]
}

fn changed(sound: &[u8], data: &[u8]) -> Vec<u8> {
    let mut text = sound.to_vec();
    for change in data.chunks_exact(4).take(64) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % (text.len() + 1);
        let end = (at + usize::from(change[3])).min(text.len());
        text.splice(at..end, [change[2]]);
    }
    text
}

fuzz_target!(|data: &[u8]| {
    let Some((way, data)) = data.split_first() else { return };
    let (desk, sound, header) = &*DESK;
    let text = match way {
        0 => data.to_vec(),
        1 => [&sound[..*header], data].concat(),
        _ => changed(sound, data),
    };
    fs::write(desk.join("list"), &text).expect("room");
    let read = SuppressList::read(&desk.join("list"), &desk.join("key"), &kinds());
    let opened = SuppressList::create_or_open(&desk.join("list"), &desk.join("key"), &kinds(), false);
    match (&read, &opened) {
        (Ok(_), _) => {
            let torn = (text.len() - header) % LINE;
            assert!(sound.starts_with(&text[..text.len() - torn]), "a line was let through that nobody wrote");
        }
        (Err(error), Ok(_)) => {
            assert!(sound[..*header].starts_with(&text), "only what a crash left of the first line: {error}");
        }
        (Err(_), Err(_)) => assert_eq!(fs::read(desk.join("list")).expect("it is there"), text, "it is left as it was"),
    }
    for error in [read.err(), opened.err()].into_iter().flatten() {
        assert!(matches!(error.exit(), Exit::Data | Exit::Config), "{error}");
    }
});
