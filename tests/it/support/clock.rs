//! A wall clock that jumps, for the built program: no test may set the machine's, so the program is told another.
//!
//! It is a library of a few lines of C beside this file, preloaded; the linker that Rust needs compiles it. The monotonic
//! clock stays as it is, as it does on a machine whose date is set. Where libraries cannot be preloaded, there is none.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use super::program::{Desk, skip};

/// The clock of one desk: how far it is ahead of the machine's.
pub(crate) struct Clock {
    library: &'static Path,
    path: PathBuf,
    ahead: File,
}

impl Clock {
    /// As the machine's; `None`, and a word about it, where there can be none.
    pub(crate) fn at(desk: &Desk) -> Option<Self> {
        if !cfg!(target_os = "linux") {
            skip("no library can be preloaded here: the clock does not jump");
            return None;
        }
        let path = desk.put("clock", [0; 8]);
        let ahead = OpenOptions::new().write(true).open(&path).unwrap();
        Some(Self { library: library(), path, ahead })
    }

    /// Makes a program live by it.
    pub(crate) fn rules(&self, command: &mut Command) {
        command.env("LD_PRELOAD", self.library).env("JUMPING_CLOCK", &self.path);
    }

    /// From now on it is so many hours ahead of the machine's; less than none is behind.
    pub(crate) fn jump(&self, hours: i64) {
        self.ahead.write_all_at(&(hours * 3600).to_ne_bytes(), 0).unwrap();
    }
}

/// Compiled once a process, and under a name of its own till it is whole: another may be doing the same.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let (whole, begun) = (place.join("clock.so"), place.join(format!("clock-{}.so", std::process::id())));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/clock.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O2", "-Wall", "-o"]).arg(&begun).arg(source);
        assert!(compiler.status().unwrap().success(), "the clock cannot be compiled");
        fs::rename(begun, &whole).unwrap();
        whole
    })
}
