//! Servers that are not the stand-in: a door with one address whose house behind it can be exchanged, and a server that
//! says the same to everybody.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
};

/// Passes bytes on to whichever stand-in is behind it, under an address of its own.
pub(crate) struct Door {
    address: SocketAddr,
    state: Arc<Shared>,
}

struct Shared {
    behind: Mutex<SocketAddr>,
    frozen: Mutex<bool>,
    thawed: Condvar,
}

impl Door {
    pub(crate) fn to(behind: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Shared { behind: Mutex::new(behind), frozen: Mutex::new(false), thawed: Condvar::new() });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map(Result::unwrap) {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    // Either side may hang up at any time.
                    drop(pass(client, &shared));
                });
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// New connections lead elsewhere.
    pub(crate) fn leads_to(&self, behind: SocketAddr) {
        *self.state.behind.lock().unwrap() = behind;
    }

    /// Requests still pass, answers no longer.
    pub(crate) fn freeze(&self) {
        *self.state.frozen.lock().unwrap() = true;
    }

    /// Answers pass again, those held back first.
    pub(crate) fn thaw(&self) {
        *self.state.frozen.lock().unwrap() = false;
        self.state.thawed.notify_all();
    }
}

fn pass(mut client: TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    let behind = *shared.behind.lock().unwrap();
    let mut server = TcpStream::connect(behind)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (answers, to) = (server.try_clone()?, client.try_clone()?);
    let watched = Arc::clone(shared);
    thread::spawn(move || drop(answer(answers, to, &watched)));
    io::copy(&mut client, &mut server)?;
    server.shutdown(Shutdown::Both)
}

fn answer(mut server: TcpStream, mut client: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = server.read(&mut buffer).unwrap_or(0);
        let frozen = shared.frozen.lock().unwrap();
        drop(shared.thawed.wait_while(frozen, |frozen| *frozen).unwrap());
        if count == 0 {
            return client.shutdown(Shutdown::Both);
        }
        client.write_all(&buffer[..count])?;
    }
}

/// Answers every request with the same bytes, and closes; gives its URL.
pub(crate) fn parrot(answer: impl Into<String>) -> String {
    let answer = answer.into();
    answering(move |_| answer.clone())
}

/// Answers one request after the other by its head, and closes; gives its URL.
pub(crate) fn answering(mut answer: impl FnMut(&str) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut client in listener.incoming().map(Result::unwrap) {
            let mut head = [0; 4096];
            // Whoever does not stay for the answer does not matter.
            let asked = client.read(&mut head).map(|length| String::from_utf8_lossy(&head[..length]).into_owned());
            drop(asked.and_then(|head| client.write_all(answer(&head).as_bytes())));
        }
    });
    url
}
