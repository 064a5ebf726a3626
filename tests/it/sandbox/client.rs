//! A client with no mind of its own: it sends what it is told and shows what came back.

use std::{
    collections::BTreeMap,
    io::{self, Read as _, Write as _},
    net::TcpStream,
};

use tollgate::sandbox::{Faults, Options, Part, Population, Sandbox};

pub(super) const KEY: &str = "secret_live_sandbox";
pub(super) const PATH: &str = "/api/v2/server-side-api/profile/";
pub(super) const SEED: u64 = 7;

/// Ten customers, no faults.
pub(super) fn options() -> Options {
    Options {
        part: Part::Adapty,
        population: Population::Count(10),
        key: KEY.into(),
        faults: Faults::default(),
        seed: SEED,
        journal: None,
    }
}

pub(super) fn start() -> Sandbox {
    Sandbox::start(options()).unwrap()
}

pub(super) fn start_with(faults: Faults) -> Sandbox {
    Sandbox::start(Options { faults, ..options() }).unwrap()
}

/// A request to be put together; begins as one that the API would take.
#[derive(Debug, Clone)]
pub(super) struct Asking {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Asking {
    pub(super) fn new(method: &'static str) -> Self {
        let headers = [
            ("Host", "sandbox"),
            ("Connection", "close"),
            ("Authorization", &format!("Api-Key {KEY}")),
            ("Content-Type", "application/json"),
            ("User-Agent", "asking/1"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { method, path: PATH.into(), headers, body: String::new() }
    }

    pub(super) fn get(customer: &str) -> Self {
        Self::new("GET").customer(customer)
    }

    pub(super) fn delete(customer: &str) -> Self {
        Self::new("DELETE").customer(customer)
    }

    pub(super) fn customer(self, id: &str) -> Self {
        self.header("adapty-customer-user-id", id)
    }

    pub(super) fn profile(self, id: &str) -> Self {
        self.header("adapty-profile-id", id)
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    pub(super) fn path(mut self, path: &str) -> Self {
        self.path = path.into();
        self
    }

    pub(super) fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.header("Content-Length", &length)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        text.extend(["\r\n", &*self.body]);
        text.into_bytes()
    }

    /// Sends it over a connection of its own and leaves that open.
    pub(super) fn post(&self, sandbox: &Sandbox) -> TcpStream {
        let mut stream = TcpStream::connect(sandbox.address()).unwrap();
        stream.write_all(&self.bytes()).unwrap();
        stream
    }

    /// Every byte that comes back until the connection ends in good order.
    pub(super) fn raw(&self, sandbox: &Sandbox) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.post(sandbox).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn send(&self, sandbox: &Sandbox) -> Answer {
        Answer::parse(&self.raw(sandbox).unwrap())
    }
}

/// An answer, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").expect("a whole head");
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
        let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        Self { status, headers: lines.filter_map(header).collect(), body: body.into() }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The error code, when the answer carries the API's own shape and its parts agree.
    pub(super) fn signed_code(&self) -> Option<String> {
        let body: serde_json::Value = serde_json::from_str(&self.body).ok()?;
        let complaint = body.get("errors")?.get(0)?;
        let whole = complaint.get("source").is_some_and(|source| source.is_null() || source.is_string())
            && complaint["errors"][0].is_string()
            && body["status_code"] == self.status
            && self.header("content-type") == Some("application/json");
        whole.then(|| body["error_code"].as_str().unwrap().to_owned())
    }
}
