//! A process that is measured from its start to its end.

use std::{
    fs,
    io::Read as _,
    process::{Command, Stdio},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use tokio::time::Instant;

use super::Outcome;

/// The kernel counts in hundredths of a second towards users (`USER_HZ`, proc(5)).
const TICKS_PER_SECOND: f64 = 100.0;
/// The peak of memory only grows, and is read so often.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a whole process took.
pub(crate) struct Measured {
    /// User and system time of all its threads, in seconds.
    pub(crate) cpu: f64,
    /// From start to end, in seconds.
    pub(crate) wall: f64,
    /// The largest resident set, in KiB.
    pub(crate) peak: u64,
    /// Bytes that it gave to any write, of files and pipes alike.
    pub(crate) written: u64,
    /// What it said on stdout.
    pub(crate) said: String,
}

/// Runs a command to its end, which must be a success.
pub(crate) fn measure(command: &mut Command) -> Outcome<Measured> {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut stdout = child.stdout.take().ok_or("no stdout")?;
    let (sender, ended) = channel();
    let reader = thread::spawn(move || {
        let mut said = String::new();
        let read = stdout.read_to_string(&mut said);
        let _nobody_waits = sender.send(());
        read.map(|_| said)
    });
    let mut peak = 0;
    while ended.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
        peak = peak.max(high_water(child.id()));
    }
    // Its stdout is closed: it is about to end, and as long as nobody waits for it, its times can be read.
    let cpu = loop {
        let (state, cpu) = times(child.id())?;
        if state == "Z" {
            break cpu;
        }
        thread::yield_now();
    };
    let wall = begun.elapsed().as_secs_f64();
    let written = written(child.id())?;
    let status = child.wait()?;
    let said = reader.join().map_err(|_| "the reader of stdout panicked")??;
    if status.success() {
        Ok(Measured { cpu, wall, peak, written, said })
    } else {
        Err(format!("a child ended: {status}").into())
    }
}

fn high_water(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// `wchar` of proc(5), `/proc/PID/io`.
fn written(process: u32) -> Outcome<u64> {
    let io = fs::read_to_string(format!("/proc/{process}/io"))?;
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    Ok(line.ok_or("no wchar")?.parse()?)
}

/// The state, and user and system time: the 1st, 12th and 13th field after the name (proc(5), `/proc/PID/stat`).
fn times(process: u32) -> Outcome<(String, f64)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields: Vec<&str> = stat.rsplit_once(')').ok_or("no name")?.1.split_whitespace().collect();
    let [state, .., user, system] = fields.get(..13).ok_or("too few fields")? else { return Err("too few".into()) };
    Ok(((*state).to_owned(), (user.parse::<f64>()? + system.parse::<f64>()?) / TICKS_PER_SECOND))
}
