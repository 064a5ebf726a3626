//! The stand-in on a thread of its own, for callers that have other things to do.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{runtime, sync::oneshot};

use super::{Options, Received, Resident, ids, received::Counters, server, world::World};
use crate::error::{Error, Exit};

/// Any free port of 127.0.0.1.
const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A running stand-in; dropping it stops it.
pub struct Sandbox {
    address: SocketAddr,
    root: &'static str,
    key: String,
    app_id: String,
    counters: Arc<Counters>,
    world: Arc<Mutex<World>>,
    thread: Option<Running>,
}

struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<Received, Error>>,
}

/// Where it listens, and who exists there.
type Ready = (SocketAddr, Arc<Mutex<World>>);

impl Sandbox {
    /// Starts it on a free port of 127.0.0.1, on a thread and a runtime of its own; it accepts when this returns.
    ///
    /// # Errors
    /// 2 when the options contradict themselves, 73 when it cannot bind or create its journal.
    pub fn start(options: Options) -> Result<Self, Error> {
        options.check()?;
        let root = options.part.root();
        let (key, app_id) = (options.key.clone(), ids::app_id(options.seed).to_string());
        let counters = Arc::new(Counters::default());
        let (ready, readiness) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = spawn(options, Arc::clone(&counters), ready, stopped)?;
        match readiness.recv() {
            Ok((address, world)) => {
                Ok(Self { address, root, key, app_id, counters, world, thread: Some(Running { stop, thread }) })
            }
            Err(mpsc::RecvError) => Err(match join(thread) {
                Ok(_) => Error::new(Exit::Internal, "the sandbox left before it was ready"),
                Err(error) => error,
            }),
        }
    }

    /// `http://127.0.0.1:PORT` and the API's root, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, self.root)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The one key that it accepts.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The app that the key belongs to: a uuid made from the seed.
    #[must_use]
    pub fn app_id(&self) -> String {
        self.app_id.clone()
    }

    /// What it has received so far.
    #[must_use]
    pub fn received(&self) -> Received {
        self.counters.read()
    }

    /// Everybody who exists at this moment, by customer's id and own id; where everybody exists, those to whom something was
    /// written.
    #[must_use]
    pub fn profiles(&self) -> Vec<Resident> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner).profiles()
    }

    /// Blocks the calling thread until so many requests were received; `false` when `patience` ended first.
    #[must_use]
    pub fn wait_for(&self, requests: u64, patience: Duration) -> bool {
        self.counters.wait_for(requests, patience)
    }

    /// Closes every connection, completes the journal, and tells what was received.
    ///
    /// # Errors
    /// 74 when the journal could not be written, 70 when the server panicked.
    pub fn stop(mut self) -> Result<Received, Error> {
        self.halt()
    }

    fn halt(&mut self) -> Result<Received, Error> {
        let Some(Running { stop, thread }) = self.thread.take() else { return Ok(self.received()) };
        drop(stop);
        join(thread)
    }
}

impl fmt::Debug for Sandbox {
    /// Where it listens, not what opens it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sandbox({})", self.address)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // Whoever wants to know how it ended calls `stop`.
        drop(self.halt());
    }
}

fn spawn(
    options: Options,
    counters: Arc<Counters>,
    ready: mpsc::Sender<Ready>,
    stopped: oneshot::Receiver<()>,
) -> Result<JoinHandle<Result<Received, Error>>, Error> {
    // Whoever waits for the address is waiting in `start`.
    let on_ready = move |address, world| ready.send((address, world)).unwrap_or_default();
    let stop = async { drop(stopped.await) };
    let work = move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(|e| unstarted(&e))?;
        runtime.block_on(server::serve_watched(options, ANY_PORT, counters, on_ready, stop))
    };
    thread::Builder::new().name("sandbox".into()).spawn(work).map_err(|error| unstarted(&error))
}

fn join(thread: JoinHandle<Result<Received, Error>>) -> Result<Received, Error> {
    thread.join().unwrap_or_else(|_| Err(Error::new(Exit::Internal, "the sandbox's thread panicked")))
}

fn unstarted(error: &io::Error) -> Error {
    Error::new(Exit::Internal, format!("the sandbox's thread could not be started: {error}"))
}
