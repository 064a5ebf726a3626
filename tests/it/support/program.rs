//! The built binary as its users meet it: a desk of its own, real arguments, real pipes, real signals.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

pub(crate) use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use tempfile::TempDir;
use tollgate::sandbox::{Faults, Options, Part, Population, Sandbox};

/// The key that the stand-in accepts; it must never be seen again.
pub(crate) const KEY: &str = "secret_live_doNotShow.7f3a9c";

/// So long a process or a counter is waited for; only a failing test ever waits it out.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// For a run that is to be stopped on its way: what is left of it takes seconds, should the test be slow to stop it.
pub(crate) const SLOWLY: [&str; 2] = ["--rate", "500/s"];

/// A stand-in on a free port of loopback.
pub(crate) fn sandbox(population: Population, faults: Faults, journal: Option<PathBuf>) -> Sandbox {
    Sandbox::start(Options { journal, ..options(population, faults) }).unwrap()
}

/// The options behind [`sandbox`].
pub(crate) fn options(population: Population, faults: Faults) -> Options {
    Options { part: Part::Adapty, population, key: KEY.to_owned(), faults, seed: 7, journal: None }
}

/// A stand-in that knows `customer-1` to `customer-N` and never misbehaves.
pub(crate) fn calm(customers: u64) -> Sandbox {
    sandbox(Population::Count(customers), Faults::default(), None)
}

/// A directory with what a run needs, and the results that it leaves.
pub(crate) struct Desk {
    root: TempDir,
}

impl Desk {
    /// With the right key in a file.
    pub(crate) fn new() -> Self {
        let desk = Self { root: tempfile::tempdir().unwrap() };
        let key = desk.put("key", format!("{KEY}\n"));
        fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// `customers.csv`: a header, and `customer-1` to `customer-N`.
    pub(crate) fn customers(&self, count: u64) -> PathBuf {
        self.put("customers.csv", customers(count))
    }

    /// Where results go.
    pub(crate) fn out(&self) -> PathBuf {
        self.path("runs/run")
    }

    /// The bare program, with nothing of our own surroundings; fast, and with a short canary.
    pub(crate) fn program(&self) -> Command {
        self.dressed(Command::new(env!("CARGO_BIN_EXE_tollgate")))
    }

    /// The program in a session of its own, which has no terminal; `None` where `setsid` is not installed.
    pub(crate) fn without_terminal(&self) -> Option<Command> {
        Command::new("setsid").arg("--version").output().ok()?;
        let mut command = self.dressed(Command::new("setsid"));
        command.args(["--wait", env!("CARGO_BIN_EXE_tollgate")]);
        Some(command)
    }

    /// A shell line that ends in `exec "$@"`, before the program.
    pub(crate) fn through_shell(&self, line: &str) -> Command {
        let mut command = self.dressed(Command::new("sh"));
        command.args(["-c", line, "sh", env!("CARGO_BIN_EXE_tollgate")]);
        command
    }

    fn dressed(&self, mut command: Command) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("TOLLGATE_RATE", "20000/s").env("TOLLGATE_CANARY", "2");
        command.current_dir(self.root.path()).stdin(Stdio::null());
        command
    }

    /// `delete customers.csv` against `url`, without being asked; the caller says where results go.
    pub(crate) fn aimed(&self, url: &str) -> Command {
        aim(self.program(), self, url, &self.path("customers.csv"))
    }

    /// The same with its results in [`Self::out`].
    pub(crate) fn delete(&self, url: &str) -> Command {
        self.delete_input(url, &self.path("customers.csv"))
    }

    /// The same for another input.
    pub(crate) fn delete_input(&self, url: &str, input: &Path) -> Command {
        deletion(self.program(), self, url, input)
    }
}

fn aim(mut command: Command, desk: &Desk, url: &str, input: &Path) -> Command {
    command.arg("delete").arg(input).args(["--base-url", url, "--yes", "--api-key-file"]);
    command.arg(desk.path("key"));
    command
}

/// Adds what a deletion needs to a program's words.
pub(crate) fn deletion(command: Command, desk: &Desk, url: &str, input: &Path) -> Command {
    let mut command = aim(command, desk, url, input);
    command.arg("--out").arg(desk.out());
    command
}

/// A header, and `customer-1` to `customer-N`.
pub(crate) fn customers(count: u64) -> String {
    let mut text = "customer_user_id\n".to_owned();
    (1..=count).for_each(|n| text.extend(["customer-", &n.to_string(), "\n"]));
    text
}

/// A test that cannot run here says why.
#[expect(clippy::print_stderr, reason = "the test runner shows it where it is asked to")]
pub(crate) fn skip(reason: &str) {
    eprintln!("skipped: {reason}");
}

/// How a process left, and what it said.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Left {
    /// Left with this code, or here is what it said.
    #[track_caller]
    pub(crate) fn with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Said all of these on stderr.
    #[track_caller]
    pub(crate) fn saying(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is missing: {}", self.stderr);
        }
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// Runs it to its end.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Left {
    Running::start(command).leave()
}

/// Runs it to its end with these bytes on stdin.
#[track_caller]
pub(crate) fn run_with(command: &mut Command, stdin: &[u8]) -> Left {
    Running::start_with(command, stdin).leave()
}

/// Kills its process when it is dropped, unless that was waited for.
struct Leash(Child);

impl Drop for Leash {
    fn drop(&mut self) {
        // It may be over, and known to be.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that runs; it does not outlive its test.
pub(crate) struct Running {
    child: Leash,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
    said: Receiver<String>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::reading(command, |mut out, _| {
            let mut text = String::new();
            out.read_to_string(&mut text).unwrap();
            text
        })
    }

    /// Hands each line of stdout on as it comes.
    pub(crate) fn telling(command: &mut Command, mut each: impl FnMut(&str) + Send + 'static) -> Self {
        Self::reading(command, move |out, _| {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                each(&line);
            }
            String::new()
        })
    }

    /// Under a terminal whose other end is our pipes: types `answer` when it is asked `question`.
    pub(crate) fn typing(command: &mut Command, question: &'static str, answer: &'static str) -> Self {
        Self::reading(command.stdin(Stdio::piped()), move |out, keyboard| {
            let (mut keyboard, mut text) = (keyboard.unwrap(), Vec::new());
            let mut asked = false;
            // The terminal's end is an error to some systems.
            for byte in BufReader::new(out).bytes().map_while(Result::ok) {
                text.push(byte);
                if !asked && text.ends_with(question.as_bytes()) {
                    asked = true;
                    keyboard.write_all(answer.as_bytes()).unwrap();
                }
            }
            String::from_utf8(text).unwrap()
        })
    }

    fn reading(
        command: &mut Command,
        read: impl FnOnce(ChildStdout, Option<ChildStdin>) -> String + Send + 'static,
    ) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, keyboard) = (child.stdout.take().unwrap(), child.stdin.take());
        let err = BufReader::new(child.stderr.take().unwrap());
        let (tell, said) = channel();
        let stdout = thread::spawn(move || read(out, keyboard));
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            for line in err.lines().map(Result::unwrap) {
                text.push_str(&line);
                text.push('\n');
                // Nobody may be listening any more.
                let _ = tell.send(line);
            }
            text
        });
        Self { child: Leash(child), stdout, stderr, said }
    }

    /// With these bytes on stdin, and its end after them.
    pub(crate) fn start_with(command: &mut Command, stdin: &[u8]) -> Self {
        let bytes = stdin.to_vec();
        Self::reading(command.stdin(Stdio::piped()), move |mut out, pipe| {
            let mut pipe = pipe.unwrap();
            // A process that leaves early closes the pipe.
            thread::spawn(move || drop(pipe.write_all(&bytes)));
            let mut text = String::new();
            out.read_to_string(&mut text).unwrap();
            text
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.0.id()
    }

    /// Waits for a line on stderr, and gives what follows `words` in it.
    pub(crate) fn hear(&self, words: &str) -> String {
        loop {
            let line = self.said.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("never said: {words}"));
            if let Some((_, rest)) = line.split_once(words) {
                return rest.to_owned();
            }
        }
    }

    /// Whether it is gone; its number may be another's then, so that it must not be signalled any more.
    pub(crate) fn is_gone(&mut self) -> bool {
        self.child.0.try_wait().unwrap().is_some()
    }

    /// Whether it catches or ignores SIGTERM, SIGINT and SIGHUP by now, so that none of them ends it where it stands;
    /// `None` where the system does not tell.
    pub(crate) fn listens(&self) -> Option<bool> {
        const ALL: u64 = 1 << 14 | 1 << 1 | 1;
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let mask = |name| u64::from_str_radix(status.lines().find_map(|line| line.strip_prefix(name))?.trim(), 16).ok();
        Some((mask("SigCgt:")? | mask("SigIgn:")?) & ALL == ALL)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child.0), signal).unwrap();
    }

    /// Sends a signal, if there is still somebody to receive it.
    pub(crate) fn strike(&mut self, signal: Signal) {
        if !self.has_left() {
            self.signal(signal);
        }
    }

    /// Whether it is over.
    pub(crate) fn has_left(&mut self) -> bool {
        self.child.0.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn leave(mut self) -> Left {
        let pid = Pid::from_child(&self.child.0);
        let (gone, watch) = channel::<()>();
        let watchdog = thread::spawn(move || {
            let stays = watch.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
            if stays {
                let _ = kill_process(pid, Signal::KILL);
            }
            stays
        });
        let status = self.child.0.wait().unwrap();
        drop(gone);
        let stayed = watchdog.join().unwrap();
        let (stdout, stderr) = (self.stdout.join().unwrap(), self.stderr.join().unwrap());
        assert!(!stayed, "it did not leave by itself: {stdout}{stderr}");
        Left { code: status.code(), signal: status.signal(), stdout, stderr }
    }

    /// Kills it where it stands.
    pub(crate) fn kill(self) -> Left {
        self.signal(Signal::KILL);
        let left = self.leave();
        assert_eq!(left.signal, Some(9), "it was faster: {left:#?}");
        left
    }
}
