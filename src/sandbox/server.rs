//! The wire: HTTP/1.1 and cleartext HTTP/2 on loopback, one task per connection, all on the caller's thread.

use std::{
    cell::RefCell,
    future::{pending, poll_fn},
    io,
    net::SocketAddr,
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use hyper::{
    Request, Response,
    body::{Body, Incoming},
    header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER},
    rt::Executor,
    service::service_fn,
};
use hyper_util::server::conn::auto;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{LocalSet, spawn_local},
    time::Instant,
};

use super::{
    Options, Received,
    body::{Abandoned, AnswerBody},
    desk::{Delivery, Desk, Handling, Mark},
    line::{Ending, Line},
    play::{Answer, Asked, Content},
    received::Counters,
    world::World,
};
use crate::error::{Error, Exit};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Streams per HTTP/2 connection: nginx's default, which vendors' front ends commonly keep.
const STREAMS: u32 = 128;

/// Longer than any request that an API of this kind takes.
const MOST: usize = 64 * 1024;

/// How long to wait when the system has no socket left for a new connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Serves on `listen` until `stop` resolves; `on_ready` learns the address once connections are accepted.
///
/// # Errors
/// 2 when `listen` is not loopback or the options contradict themselves, 73 when it cannot bind or create its journal,
/// 74 when the journal could not be written.
pub async fn serve(
    options: Options,
    listen: SocketAddr,
    on_ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()>,
) -> Result<Received, Error> {
    serve_watched(options, listen, Arc::default(), |address, _| on_ready(address), stop).await
}

/// The same, with counters and a world that others read meanwhile.
pub(super) async fn serve_watched(
    options: Options,
    listen: SocketAddr,
    counters: Arc<Counters>,
    on_ready: impl FnOnce(SocketAddr, Arc<Mutex<World>>),
    stop: impl Future<Output = ()>,
) -> Result<Received, Error> {
    options.check()?;
    let (listener, address) = bind(listen).await?;
    let desk = Desk::open(options, counters)?;
    on_ready(address, desk.world());
    let desk = Rc::new(RefCell::new(desk));
    // Dropping the set ends every connection, the silent ones included.
    LocalSet::new().run_until(welcome(listener, Rc::clone(&desk), stop)).await;
    desk.borrow_mut().close()
}

async fn bind(listen: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    if !listen.ip().is_loopback() {
        return Err(Error::new(Exit::Usage, format!("{listen} is not a loopback address"))
            .hint("the sandbox has no encryption and is for this machine only: listen on 127.0.0.1 or [::1]"));
    }
    let unbound = |error: io::Error| {
        Error::new(Exit::CannotCreate, format!("the sandbox cannot listen on {listen}: {error}"))
            .hint("port 0 takes any free port")
    };
    let listener = TcpListener::bind(listen).await.map_err(unbound)?;
    let address = listener.local_addr().map_err(unbound)?;
    Ok((listener, address))
}

async fn welcome(listener: TcpListener, desk: Rc<RefCell<Desk>>, stop: impl Future<Output = ()>) {
    let mut http = auto::Builder::new(Here);
    http.http2().max_concurrent_streams(STREAMS);
    let http = Rc::new(http);
    let mut stop = std::pin::pin!(stop);
    loop {
        let arrival = tokio::select! {
            biased;
            () = &mut stop => return,
            arrival = listener.accept() => arrival,
        };
        match arrival {
            Ok((stream, _)) => drop(spawn_local(converse(Rc::clone(&http), stream, Rc::clone(&desk)))),
            Err(_) => pause(ACCEPT_PAUSE).await,
        }
    }
}

/// Runs tasks on this thread.
#[derive(Debug, Clone, Copy)]
struct Here;

impl<F: Future + 'static> Executor<F> for Here {
    fn execute(&self, future: F) {
        drop(spawn_local(async { drop(future.await) }));
    }
}

/// One connection, from its first byte to its end.
async fn converse(http: Rc<auto::Builder<Here>>, stream: TcpStream, desk: Rc<RefCell<Desk>>) {
    // Without it, a peer's delayed acknowledgement may hold an answer for 40 ms; failing that, it is only slower.
    drop(stream.set_nodelay(true));
    let ending = Rc::new(Ending::default());
    let line = Line::new(stream, Rc::clone(&ending));
    let service = service_fn(move |request| respond(request, Rc::clone(&desk), Rc::clone(&ending)));
    // A connection that breaks is the client's business, or a fault on purpose.
    drop(http.serve_connection(line, service).await);
}

async fn respond(
    request: Request<Incoming>,
    desk: Rc<RefCell<Desk>>,
    ending: Rc<Ending>,
) -> Result<Response<AnswerBody>, Abandoned> {
    let Handling { delivery, latency } = receive(request, &desk).await?;
    let _in_flight = InFlight(desk);
    if !latency.is_zero() {
        pause(latency).await;
    }
    match delivery {
        Delivery::Whole(answer, mark) => Ok(response(answer, mark, AnswerBody::whole)),
        Delivery::Cut(answer, mark) => Ok(response(answer, mark, |body| AnswerBody::cut(&body))),
        Delivery::Closed => Err(Abandoned),
        Delivery::Reset => {
            // On HTTP/2 the error resets one stream and the connection goes on; on HTTP/1.1 it ends the connection.
            ending.reset();
            Err(Abandoned)
        }
        Delivery::Silence => pending().await,
    }
}

/// A request in flight: it leaves when its answer is ready or its client has gone.
struct InFlight(Rc<RefCell<Desk>>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.borrow_mut().left();
    }
}

/// A request has arrived when its body has: one that breaks off before never did.
async fn receive(request: Request<Incoming>, desk: &RefCell<Desk>) -> Result<Handling, Abandoned> {
    let (head, body) = request.into_parts();
    let body = read(body).await?;
    let asked = Asked {
        method: &head.method,
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        headers: &head.headers,
        body: &body,
    };
    Ok(desk.borrow_mut().handle(&asked, Instant::now()))
}

/// Reads a body up to [`MOST`] bytes and a frame; what lies beyond makes no request better.
async fn read(mut body: Incoming) -> Result<Vec<u8>, Abandoned> {
    let mut bytes = Vec::new();
    while bytes.len() < MOST && !body.is_end_stream() {
        let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await else { break };
        let frame = frame.map_err(|_| Abandoned)?;
        if let Ok(data) = frame.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

fn response(answer: Answer, mark: Option<Mark>, body: impl FnOnce(Bytes) -> AnswerBody) -> Response<AnswerBody> {
    let (content, content_type) = match answer.content {
        Content::Empty => (Bytes::new(), None),
        Content::Json(bytes) => (bytes, Some(JSON)),
        Content::Html(page) => (Bytes::from_static(page.as_bytes()), Some(HTML)),
    };
    let mut response = Response::new(body(content));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, content_type);
    }
    if let Some(seconds) = answer.retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if let Some((name, id)) = mark
        && let Ok(value) = HeaderValue::try_from(id.to_string())
    {
        headers.insert(name, value);
    }
    response
}

#[expect(clippy::disallowed_methods, reason = "the stand-in's latency is real time: its clients must feel it")]
async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}
