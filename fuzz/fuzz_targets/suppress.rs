//! The list of those who shall not come back: whatever stands in it, it is read whole or not at all.
//!
//! The first byte: 0 the rest is the list; else it follows a sound first line.
#![no_main]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use libfuzzer_sys::fuzz_target;
use tollgate::{error::Exit, memory::SuppressList};

static DESK: LazyLock<(PathBuf, Vec<u8>)> = LazyLock::new(|| {
    let shared = Path::new("/dev/shm");
    let root = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
    let desk = root.join(format!("tollgate-fuzz-{}", std::process::id()));
    fs::create_dir_all(&desk).expect("a directory");
    fs::write(desk.join("key"), "a key that is long enough").expect("room");
    SuppressList::create_or_open(&desk.join("list"), &desk.join("key"), &kinds(), false).expect("an empty list");
    let header = fs::read(desk.join("list")).expect("its first line");
    (desk, header)
});

fn kinds() -> [String; 2] {
    ["customer_user_id".to_owned(), "profile_id".to_owned()]
}

fuzz_target!(|data: &[u8]| {
    let Some((way, data)) = data.split_first() else { return };
    let (desk, header) = &*DESK;
    let text = if *way == 0 { data.to_vec() } else { [header, data].concat() };
    fs::write(desk.join("list"), &text).expect("room");
    let read = SuppressList::read(&desk.join("list"), &desk.join("key"), &kinds());
    let opened = SuppressList::create_or_open(&desk.join("list"), &desk.join("key"), &kinds(), false);
    if let (Err(error), Ok(_)) = (&read, &opened) {
        assert!(header.starts_with(&text), "only what a crash left of the first line: {error}");
    }
    if opened.is_err() {
        assert_eq!(fs::read(desk.join("list")).expect("it is there"), text, "it is left as it was");
    }
    for error in [read.err(), opened.err()].into_iter().flatten() {
        assert!(matches!(error.exit(), Exit::Data | Exit::Config), "{error}");
    }
});
