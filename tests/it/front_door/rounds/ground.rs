//! Where results are written: a small disk of its own where one can be had, else a plain directory.

use std::{
    fs::{self, File, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Room for the results and the memory of a round.
const ROOM: &str = "size=24m";

/// The place of a round's runs.
pub(super) struct Ground {
    path: PathBuf,
    is_disk: bool,
}

impl Ground {
    pub(super) fn at(path: PathBuf) -> Self {
        fs::create_dir(&path).unwrap();
        let is_disk = mount(&["-t", "tmpfs", "-o", ROOM, "tmpfs"], &path);
        Self { path, is_disk }
    }

    /// Whether it can be filled: not without the right to mount one.
    pub(super) const fn is_disk(&self) -> bool {
        self.is_disk
    }

    /// Takes all the room that is left; gives it back when dropped.
    pub(super) fn fill(&self) -> Ballast {
        let path = self.path.join("ballast");
        let mut file = File::create(&path).unwrap();
        for size in [1 << 20, 4096, 1] {
            let block = vec![0; size];
            while file.write_all(&block).is_ok() {}
        }
        Ballast(path)
    }

    /// Lets nothing be written; `false` where this user may write all the same.
    pub(super) fn close(&self) -> bool {
        if self.is_disk {
            return mount(&["-o", "remount,ro"], &self.path);
        }
        fs::set_permissions(&self.path, Permissions::from_mode(0o500)).unwrap();
        let closed = File::create(self.path.join("probe")).is_err();
        if !closed {
            self.open();
        }
        closed
    }

    pub(super) fn open(&self) {
        if self.is_disk {
            assert!(mount(&["-o", "remount,rw"], &self.path));
        } else {
            fs::set_permissions(&self.path, Permissions::from_mode(0o700)).unwrap();
        }
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if self.is_disk {
            // Nothing can be done about a disk that stays, and it is small.
            drop(Command::new("umount").arg("-l").arg(&self.path).status());
        }
    }
}

fn mount(words: &[&str], path: &Path) -> bool {
    let mut command = Command::new("mount");
    command.args(words).arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// What fills a disk.
pub(super) struct Ballast(PathBuf);

impl Drop for Ballast {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}
