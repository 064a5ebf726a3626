//! What the figures share: a lean stand-in server, the bare loop as a peer, and processes that are measured.
//!
//! Each of the three runs in a process of its own: the bench executable itself with another first argument, or
//! `tollgate` as it is delivered. CPU time and peak memory are the kernel's own count for a whole process (`/proc`),
//! so the server's share is in neither. Linux only.
#![allow(dead_code, unused_imports, clippy::allow_attributes, reason = "each bench uses a part of it")]

mod peer;
mod process;
mod server;

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

pub(crate) use self::{
    peer::KEY,
    process::{Measured, measure},
    server::{Arrivals, Server},
};

/// Enough to hold 100 lines of results.
const TAIL: usize = 64 * 1024;

/// What goes wrong in a bench ends it.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Requests on the wire at once, in every comparison.
pub(crate) const WIDTH: usize = 64;

/// Nothing here runs longer, whatever goes wrong.
pub(crate) const BOUND: Duration = Duration::from_mins(10);

/// Plays the part that the first argument names, in a child process; otherwise runs the bench.
pub(crate) fn main(bench: impl FnOnce() -> Outcome) -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [server::PART, latency] => server::serve(Duration::from_millis(latency.parse()?)),
        [peer::PART, address, count] => peer::run(address, count.parse()?),
        _ => {
            machine()?;
            bench()
        }
    }
}

/// One more of this executable, for another part.
fn myself(arguments: &[&str]) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments);
    Ok(command)
}

/// The bare loop over so many ids.
pub(crate) fn peer(server: &Server, count: u64) -> Outcome<Measured> {
    measure(&mut myself(&[peer::PART, server.address(), &count.to_string()])?)
}

/// As good as no pace at all.
pub(crate) const LIFTED: &str = "1000000/s";

/// `tollgate delete` over an input into a directory, at a pace.
pub(crate) fn tollgate(server: &Server, input: &Path, out: &Path, rate: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command
        .args(["delete", "--yes", "-q", "--max-duration", "10m"])
        .arg("--rate")
        .arg(rate)
        .arg("--concurrency")
        .arg(WIDTH.to_string())
        .arg("--base-url")
        .arg(format!("http://{}", server.address()))
        .arg("--out")
        .arg(out)
        .arg(input)
        .env("ADAPTY_API_KEY", KEY);
    command
}

/// A directory on the disk of the build, gone when dropped.
pub(crate) fn workplace() -> io::Result<TempDir> {
    TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))
}

/// The id of a row: as long as a UUID.
pub(crate) fn id(number: u64) -> String {
    format!("user-{number:031}")
}

/// A CSV file of so many customers.
pub(crate) fn customers(directory: &Path, count: u64) -> io::Result<PathBuf> {
    let path = directory.join(format!("customers-{count}.csv"));
    let mut file = BufWriter::new(File::create(&path)?);
    writeln!(file, "customer_user_id")?;
    for number in 0..count {
        writeln!(file, "{}", id(number))?;
    }
    file.flush()?;
    Ok(path)
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// One line of a table, on stdout.
pub(crate) fn say(line: &str) -> Outcome {
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// Says how a figure stands to its target.
pub(crate) fn verdict(what: &str, holds: bool) -> Outcome {
    say(&format!("{} {what}", if holds { "met:   " } else { "MISSED:" }))
}

fn machine() -> Outcome {
    let information = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = information.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism()?;
    say(&format!("machine: {cores} cores, {}", model.map_or("unknown model", |(_, model)| model)))
}

/// Makes a finished run one that was killed: cuts the last 100 lines off its results, and forgets how it ended.
pub(crate) fn unfinish(out: &Path) -> Outcome {
    let results = out.join("results.csv");
    let file = File::options().read(true).write(true).open(&results)?;
    let size = file.metadata()?.len();
    let mut tail = vec![0; TAIL.min(usize::try_from(size)?)];
    let from = size - tail.len() as u64;
    file.read_exact_at(&mut tail, from)?;
    let cut = memchr::memrchr_iter(b'\n', &tail).nth(100).ok_or("too few lines")?;
    file.set_len(from + cut as u64 + 1)?;
    let head = std::str::from_utf8(tail[..cut].rsplit(|byte| *byte == b',').next().ok_or("no chain")?)?;
    let run = out.join("run.json");
    // The immutable part's bytes must stay as they are, so the text is edited.
    let text = std::fs::read_to_string(&run)?;
    let recorded = text.split("\"chain_head\": \"").nth(1).and_then(|rest| rest.get(..64)).ok_or("no recorded head")?;
    let edited = text.replace(recorded, head).replace("\"complete\": true", "\"complete\": false");
    Ok(std::fs::write(&run, edited)?)
}
