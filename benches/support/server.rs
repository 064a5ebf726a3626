//! The server: Adapty's answers and as little else as possible, so that it is not what is measured.

use std::{
    cell::RefCell,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStdout, Stdio},
    rc::Rc,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::Instant,
};

use super::{Outcome, myself, say};

/// The first argument of a process that plays this part.
pub(super) const PART: &str = "serve";

/// What a DELETE is answered with.
const DELETED: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
/// What a GET is answered with: a profile, in the API's own shape.
const PROFILE: &str = r#"{"data":{"app_id":"14c3a1de-0000-4000-8000-000000000000","profile_id":"00000000-0000-4000-8000-000000000001","customer_user_id":null}}"#;
/// A window of the pace is so long.
const WINDOW: Duration = Duration::from_secs(1);
/// Arrivals are kept up to here.
const KEPT: usize = 100_000;

/// A server in a process of its own; it ends when this is dropped, or this process ends.
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    address: String,
}

/// How DELETEs arrived at the server.
pub(crate) struct Arrivals {
    /// How many.
    pub(crate) count: u64,
    /// From the first to the last, in seconds.
    pub(crate) span: f64,
    /// The most in any window of one second.
    pub(crate) densest: u64,
}

impl Server {
    /// Starts one that answers after so many milliseconds.
    pub(crate) fn start(latency: u64) -> Outcome<Self> {
        let mut command = myself(&[PART, &latency.to_string()])?;
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or("no stdout")?);
        let mut address = String::new();
        stdout.read_line(&mut address)?;
        Ok(Self { child, stdout, address: address.trim().to_owned() })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Ends it, and asks what came.
    pub(crate) fn arrivals(mut self) -> Outcome<Arrivals> {
        drop(self.child.stdin.take());
        let mut said = String::new();
        self.stdout.read_to_string(&mut said)?;
        let fields: Vec<&str> = said.split_whitespace().collect();
        let [count, span, densest] = fields.as_slice() else { return Err("the server said nothing".into()) };
        Ok(Arrivals { count: count.parse()?, span: span.parse()?, densest: densest.parse()? })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _it_ends = self.child.wait();
    }
}

/// When DELETEs came.
type Log = Rc<RefCell<Vec<Instant>>>;

/// Serves until stdin is closed.
pub(super) fn serve(latency: Duration) -> Outcome {
    let (sender, mut closed) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ended = io::copy(&mut io::stdin(), &mut io::sink());
        drop(sender);
    });
    let log = Log::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        say(&listener.local_addr()?.to_string())?;
        io::stdout().flush()?;
        loop {
            tokio::select! {
                biased;
                _ = &mut closed => break,
                accepted = listener.accept() => {
                    tokio::task::spawn_local(answer(accepted?.0, latency, Rc::clone(&log)));
                }
            }
        }
        Outcome::Ok(())
    })?;
    let log = log.borrow();
    let span = log.last().zip(log.first()).map_or(Duration::ZERO, |(last, first)| last.duration_since(*first));
    say(&format!("{} {} {}", log.len(), span.as_secs_f64(), densest(&log)))
}

/// Answers each request of a connection in turn; none has a body.
async fn answer(mut stream: TcpStream, latency: Duration, log: Log) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let profile = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{PROFILE}",
        PROFILE.len()
    );
    let mut buffer = Vec::with_capacity(4096);
    loop {
        while let Some(end) = memchr::memmem::find(&buffer, b"\r\n\r\n") {
            let is_get = buffer.starts_with(b"GET");
            buffer.drain(..end + 4);
            if !is_get && log.borrow().len() < KEPT {
                log.borrow_mut().push(Instant::now());
            }
            if !latency.is_zero() {
                wait(latency).await;
            }
            stream.write_all(if is_get { profile.as_bytes() } else { DELETED }).await?;
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "latency is what this server is for")]
async fn wait(latency: Duration) {
    tokio::time::sleep(latency).await;
}

/// The most arrivals in any window of one second.
fn densest(log: &[Instant]) -> usize {
    let mut first = 0;
    let mut most = 0;
    for (at, arrival) in log.iter().enumerate() {
        while arrival.duration_since(log[first]) >= WINDOW {
            first += 1;
        }
        most = most.max(at + 1 - first);
    }
    most
}
