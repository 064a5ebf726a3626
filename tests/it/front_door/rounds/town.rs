//! The stand-in as a process of its own, which may be killed at any time and comes back under the same address.
//!
//! Its journal is its standard output: each request stands there before its answer leaves, so that whatever was answered
//! is known, and counted as it comes. What it had in memory is lost with it; it is started again with those who are left
//! by its own journal.

use std::{
    collections::BTreeSet,
    io::Write,
    net::{SocketAddr, TcpStream},
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use crate::support::{
    program::{Desk, PATIENCE, Running, Signal},
    record::Request,
};

/// Whoever waits looks again so often, should nothing have come.
const GLANCE: Duration = Duration::from_millis(10);

/// All requests of all lives of the stand-in, in order.
#[derive(Default)]
struct Account {
    requests: Mutex<Vec<Request>>,
    came: Condvar,
}

pub(super) struct Town<'a> {
    desk: &'a Desk,
    account: Arc<Account>,
    address: SocketAddr,
    faults: Vec<&'static str>,
    seed: u64,
    /// Those who were there in the beginning.
    natives: Vec<String>,
    running: Option<Running>,
    barriers: u64,
    /// How often it was killed.
    pub(super) deaths: u64,
}

impl<'a> Town<'a> {
    /// On an address of loopback of its own, so that no other round can take its port while it is down.
    pub(super) fn found(desk: &'a Desk, seed: u64, natives: Vec<String>, faults: &[&'static str]) -> Self {
        let [a, b, c, ..] = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        let address = SocketAddr::from(([127, a, b, 1 + c % 254], 0));
        let faults = faults.to_vec();
        let account = Arc::default();
        let mut town = Self { desk, account, address, faults, seed, natives, running: None, barriers: 0, deaths: 0 };
        town.rise();
        town
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn seen(&self) -> u64 {
        self.account.requests.lock().unwrap().len() as u64
    }

    /// Deletions that were asked for since the first so many requests.
    pub(super) fn deletions(&self, from: u64) -> u64 {
        let requests = self.account.requests.lock().unwrap();
        let later = requests.iter().skip(usize::try_from(from).unwrap());
        later.filter(|request| request.method == "DELETE").count() as u64
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.account.requests.lock().unwrap().clone()
    }

    /// Waits for one more request than `seen`, but not long.
    pub(super) fn glance(&self, seen: u64) {
        let requests = self.account.requests.lock().unwrap();
        drop(self.account.came.wait_timeout_while(requests, GLANCE, |requests| requests.len() as u64 <= seen).unwrap());
    }

    pub(super) fn signal(&self, signal: Signal) {
        self.running.as_ref().unwrap().signal(signal);
    }

    pub(super) fn fall(&mut self) {
        self.running.take().unwrap().kill();
        self.deaths += 1;
    }

    /// Starts it with those who are left.
    pub(super) fn rise(&mut self) {
        let mut left: BTreeSet<String> = self.natives.iter().cloned().collect();
        for request in self.requests().into_iter().filter(|request| request.applied) {
            let id = request.id.unwrap();
            let _ = if request.method == "DELETE" { left.remove(&id) } else { left.insert(id) };
        }
        let text: String = left.iter().flat_map(|id| [id.as_str(), "\n"]).collect();
        let mut command = self.desk.program();
        command.args(["sandbox", "--journal", "/dev/stdout", "--seed", &self.seed.to_string()]);
        command.args(["--listen", &self.address.to_string()]).args(&self.faults);
        if left.is_empty() {
            command.args(["--customers", "0"]);
        } else {
            command.arg("--from").arg(self.desk.put("left.csv", format!("customer_user_id\n{text}")));
        }
        let account = Arc::clone(&self.account);
        let running = Running::telling(&mut command, move |line| {
            // What a kill tore was not answered.
            let Ok(request) = serde_json::from_str(line) else { return };
            account.requests.lock().unwrap().push(request);
            account.came.notify_all();
        });
        let heard = running.hear("plays adapty on http://");
        let (address, key) = heard.split_once("; its key is ").unwrap();
        self.address = address.parse().unwrap();
        // Always the same, by the seed: written once, since the program may be reading it when the stand-in comes back.
        if self.deaths == 0 {
            self.desk.put("key", key);
        }
        self.running = Some(running);
    }

    /// Whatever was answered before this stands in [`Town::requests`] after it.
    pub(super) fn settle(&mut self) {
        if self.running.is_none() {
            return;
        }
        self.barriers += 1;
        let path = format!("/barrier-{}", self.barriers);
        let mut line = TcpStream::connect(self.address).unwrap();
        write!(line, "GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").unwrap();
        let requests = self.account.requests.lock().unwrap();
        let unseen = |requests: &mut Vec<Request>| !requests.iter().rev().any(|request| request.path == path);
        let (_requests, waited) = self.account.came.wait_timeout_while(requests, PATIENCE, unseen).unwrap();
        assert!(!waited.timed_out(), "the stand-in does not answer");
    }
}
