//! A quiet night: how fast a sync decides that ten million rows are as they were, in how much memory, and what it writes.
//!
//! Measured: wall time of the whole process `tollgate sync --memory DIR` over 10,000,000 rows of an id and three fields that
//! the memory holds as sent, as rows per second: start, counting pass and digest, the memory read, every row parsed, checked
//! and held against it, main pass, closing. Three times, median; the peak resident set (`VmHWM`), every byte that the
//! process wrote to anything (`wchar` of proc(5), which counts more than the disk sees), and the requests that the server
//! saw. Beside it, as the peer: the same file read by the csv crate, two HMAC-SHA-256 a row, looked up in a hash set, in a
//! process that does nothing else. Files are in the page cache.
//! Not measured: the baseline that fills the memory, whose time is only shown.

mod support;

use std::{
    collections::HashSet,
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use support::{LIFTED, Measured, Outcome, Server, measure, median, say, verdict, workplace};
use tokio::time::Instant;
use tollgate::domain::HmacKey;

const ROWS: u32 = 10_000_000;
const ROUNDS: usize = 3;
const RATE: f64 = 500_000.0;
const MOST_KIB: u64 = 128 * 1024;
const MOST_BYTES: u64 = 1_000_000;

fn main() -> Outcome {
    support::main(bench)
}

fn bench() -> Outcome {
    let place = workplace()?;
    let input = profiles(place.path())?;
    let server = Server::start(0)?;
    let first = measure(sync(&server, place.path(), &input, "first").args(["--first", "--assume-sent"]))?;
    say(&format!("sync: 10,000,000 rows taken as sent in {:.0} s, {} KiB at most", first.wall, first.peak))?;
    say("round  seconds  CPU seconds  rows per second  peak KiB  bytes written")?;
    let mut nights = Vec::new();
    for round in 1..=ROUNDS {
        let night = measure(&mut sync(&server, place.path(), &input, &format!("night-{round}")))?;
        let Measured { wall, cpu, peak, written, .. } = night;
        let rate = f64::from(ROWS) / wall;
        say(&format!("{round:<5} {wall:>8.2} {cpu:>12.2} {rate:>16.0} {peak:>9} {written:>14}"))?;
        nights.push(night);
    }
    let rate = median(nights.iter().map(|night| f64::from(ROWS) / night.wall).collect());
    let peer = f64::from(ROWS) / peer(&input)?;
    say(&format!("peer: {peer:.0} rows a second; the sync has {:.2} of that", rate / peer))?;
    let most = |of: fn(&Measured) -> u64| nights.iter().map(of).max().unwrap_or(u64::MAX);
    let (peak, written) = (most(|night| night.peak), most(|night| night.written));
    let calls = server.arrivals()?.count;
    verdict(&format!("{rate:.0} rows a second; the target is at least {RATE}"), rate >= RATE)?;
    verdict(&format!("{peak} KiB at most; the target is less than {MOST_KIB}"), peak < MOST_KIB)?;
    verdict(&format!("{written} bytes written at most; the target is less than {MOST_BYTES}"), written < MOST_BYTES)?;
    verdict(&format!("{calls} calls; the target is none"), calls == 0)
}

fn sync(server: &Server, place: &Path, input: &Path, out: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.args(["sync", "--yes", "-q", "--max-duration", "10m", "--rate", LIFTED, "--base-url"]);
    command.arg(format!("http://{}", server.address())).arg("--out").arg(place.join(out));
    command.arg("--memory").arg(place.join("memory")).arg(input).env("ADAPTY_API_KEY", support::KEY);
    command
}

/// A CSV file of people and three fields of each.
fn profiles(directory: &Path) -> Outcome<PathBuf> {
    let path = directory.join("profiles.csv");
    let mut file = BufWriter::new(File::create(&path)?);
    writeln!(file, "customer_user_id,email,first_name,custom_attributes.tier")?;
    for n in 0..ROWS {
        writeln!(file, "{},person-{n}@example.com,Name{},{}", support::id(n.into()), n % 1000, n % 7)?;
    }
    file.flush()?;
    Ok(path)
}

/// What no program can do without that remembers by keyed hashes: read, hash, look up. In seconds.
fn peer(input: &Path) -> Outcome<f64> {
    let mut known = HashSet::with_capacity(ROWS as usize);
    let key = HmacKey::new(&[7; 32]);
    let hash = |record: &csv::ByteRecord| {
        let who = key.sign(&record[0]).0[0];
        let what = key.sign(record.as_slice()).0;
        (u64::from_le_bytes(std::array::from_fn(|at| what[at])), who)
    };
    for record in csv::Reader::from_path(input)?.byte_records() {
        known.insert(hash(&record?));
    }
    let begun = Instant::now();
    let mut same = 0;
    for record in csv::Reader::from_path(input)?.byte_records() {
        same += u32::from(known.contains(&hash(&record?)));
    }
    if same == ROWS { Ok(begun.elapsed().as_secs_f64()) } else { Err("the peer lost rows".into()) }
}
