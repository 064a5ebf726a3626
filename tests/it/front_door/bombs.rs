//! Inputs that unpack to a thousand times their size are read in constant memory.

use std::{
    fs,
    io::Write as _,
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use crate::support::program::{Desk, Left, Running};

/// What a bomb of rows unpacks to, in MiB.
const UNPACKED: usize = 96;
/// What the process may take in all, in KiB: less than that, though it reads it twice.
const MOST: u64 = 64 * 1024;

/// A text so many times over, packed: each repetition is a member (gzip) or a frame (zstd) of its own, as both allow.
fn gzip(text: &[u8], times: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap().repeat(times)
}

fn zstd(text: &[u8], times: usize) -> Vec<u8> {
    zstd::bulk::compress(text, 3).unwrap().repeat(times)
}

/// A mebibyte that holds two rows, the second of them too long for an id.
fn two_rows() -> Vec<u8> {
    let mut text = b"customer-1\n".to_vec();
    text.resize((1 << 20) - 1, b'a');
    text.push(b'\n');
    text
}

/// A dry run over an input, and the most memory it was seen with, in KiB.
fn dry_run(input: &[u8]) -> (Left, u64) {
    let desk = Desk::new();
    let bomb = desk.put("bomb.txt", input);
    let running = Running::start(desk.delete_input("http://127.0.0.1:9", &bomb).args(["--dry-run", "--dedupe", "off"]));
    let status = format!("/proc/{}/status", running.id());
    let (gone, ended) = channel::<()>();
    let watch = thread::spawn(move || {
        let mut peak = 0;
        while ended.recv_timeout(Duration::from_millis(2)) == Err(RecvTimeoutError::Timeout) {
            peak = high_water(&status).unwrap_or(peak);
        }
        peak
    });
    let left = running.leave();
    drop(gone);
    (left, watch.join().unwrap())
}

/// The most memory so far; `None` once the process has ended.
fn high_water(status: &str) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[test]
fn a_bomb_of_rows_is_read_in_constant_memory() {
    for bomb in [gzip(&two_rows(), UNPACKED), zstd(&two_rows(), UNPACKED)] {
        assert!(bomb.len() < UNPACKED << 11, "it unpacks to 500 times its {} bytes at least", bomb.len());
        let (left, peak) = dry_run(&bomb);
        left.with(1).saying(&["192 = 96 invalid + 96 unsettled"]);
        assert!(0 < peak && peak < MOST, "{peak} KiB");
    }
}

#[test]
fn a_bomb_of_one_endless_record_is_refused_at_its_first_mebibyte() {
    let text = vec![b'a'; 1 << 20];
    for bomb in [gzip(&text, 3000), zstd(&text, 3000)] {
        let (left, peak) = dry_run(&bomb);
        left.with(65).saying(&["has a record above 1 MiB, which opens on line 1"]);
        assert!(0 < peak && peak < MOST, "{peak} KiB");
    }
}
