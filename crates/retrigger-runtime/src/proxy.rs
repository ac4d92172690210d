//! A proxy before a Lambda Runtime API, which sees the events that a function gets and what it
//! answers.
//!
//! Everything is passed on as it comes: every path, streams chunk by chunk, headers in their own
//! spelling, trailers. What is observed is copied on the way and handed over by a channel that
//! never makes the function wait: what does not fit is counted and dropped. Proxies can stand in
//! a row, as `AWS_LAMBDA_RUNTIME_API` names the next one.
//!
//! Source: Lambda Developer Guide, "Enhancing runtimes with extensions" (proxy extensions).

mod tee;

use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{
    HeaderMap, Request, Response, StatusCode, body::Incoming, client::conn::http1 as client,
    server::conn::http1 as server, service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Mutex as AsyncMutex, mpsc},
    task::JoinSet,
};

use crate::api::{Route, accept};
use tee::{Copied, Room, Tee};

const EXTENSION_REGISTER: &str = "/2020-01-01/extension/register";
const EXTENSION_NEXT: &str = "/2020-01-01/extension/event/next";

/// The header that names an invocation.
const REQUEST_ID: &str = "lambda-runtime-aws-request-id";

/// The most bytes that a connection reads before they are passed on, and so of a request's head.
const MAX_BUFFER: usize = 64 * 1024;

/// What is passed on: a body that is copied on its way, or an answer of the proxy's own.
type Body = BoxBody<Bytes, hyper::Error>;

/// How much is observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capture {
    /// One invocation in so many, beginning with the first; all with 1.
    pub one_in: u64,
    /// The most bytes that an event and its answer may have each.
    pub max_bytes: usize,
    /// The most bytes that may wait to be taken from the channel, and invocations of them under
    /// way.
    pub max_waiting_bytes: usize,
}

impl Default for Capture {
    /// All invocations, of Lambda's largest events and answers, in at most 7 MiB: one of the
    /// largest events at a time.
    fn default() -> Self {
        let max_bytes = crate::MAX_RESPONSE_BYTES;
        Self { one_in: 1, max_bytes, max_waiting_bytes: 7 * 1024 * 1024 }
    }
}

/// One invocation, as the function's runtime saw it.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Its request id.
    pub request_id: String,
    /// The ARN that was invoked, with its qualifier.
    pub invoked_arn: Option<String>,
    /// When it must be answered, in milliseconds since 1970.
    pub deadline_ms: Option<u64>,
    /// The X-Ray trace header.
    pub trace_id: Option<String>,
    /// The client context: JSON text.
    pub client_context: Option<String>,
    /// The Cognito identity: JSON text.
    pub cognito_identity: Option<String>,
    /// When the event came.
    pub received_at: SystemTime,
    /// The payload, byte for byte.
    pub event: Bytes,
    /// What the function answered; `None` where it did not, as when it was ended.
    pub answered: Option<Answered>,
    /// From the event to the end of the answer.
    pub duration: Option<Duration>,
}

/// What a function answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// A response, byte for byte; of a streamed one all its chunks.
    Response(Bytes),
    /// An error: the body that the runtime reported, JSON as a rule.
    Error(Bytes),
    /// Something larger than is kept, or that broke off.
    NotKept,
}

/// How many invocations became what. Every invocation that comes is counted once it has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Handed over.
    pub observed: u64,
    /// Left out by [`Capture::one_in`].
    pub left_out: u64,
    /// Whose event was larger than is kept.
    pub too_large: u64,
    /// Lost, as too much waited already or nobody takes them any more.
    pub lost: u64,
}

/// The proxy. Dropping it closes its port and every connection.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

/// Takes what the proxy observes.
#[derive(Debug)]
pub struct Observations {
    receiver: mpsc::UnboundedReceiver<Kept>,
    /// The room of what was taken last.
    taken: Vec<Room>,
}

impl Observations {
    /// The next invocation that has ended; `None` once the proxy is gone. The one before takes no
    /// room any more: what is done with it should be done.
    pub async fn next(&mut self) -> Option<Observed> {
        self.taken.clear();
        let kept = self.receiver.recv().await?;
        self.taken = kept.room;
        Some(kept.observed)
    }
}

impl Proxy {
    /// Listens at an address (port 0: any free one) and passes on to the Runtime API at
    /// `upstream`, a `host:port` as in `AWS_LAMBDA_RUNTIME_API`.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened at.
    pub async fn start(
        listen: SocketAddr,
        upstream: impl Into<String>,
        capture: Capture,
    ) -> io::Result<(Self, Observations)> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let (sender, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            upstream: upstream.into(),
            capture: Capture { one_in: capture.one_in.max(1), ..capture },
            sender: Mutex::new(Some(sender)),
            under_way: Mutex::default(),
            waiting: Arc::default(),
            seen: AtomicU64::new(0),
            counts: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        let serving = Arc::clone(&shared);
        tasks.spawn(accept(listener, move |stream| serve(stream, Arc::clone(&serving))));
        let observations = Observations { receiver, taken: Vec::new() };
        Ok((Self { address, shared, tasks }, observations))
    }

    /// The address it listens at.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Registers an extension of this name for no event at all: Lambda then sends SIGTERM to the
    /// function's processes and gives them a moment before it kills them, in which what was
    /// observed last can be written. Without one it kills them at once.
    ///
    /// Source: Lambda Developer Guide, "Lambda Extensions API" (shutdown phase).
    ///
    /// # Errors
    ///
    /// When the Runtime API cannot be reached, or refuses.
    pub async fn ask_for_shutdown_time(&mut self, name: &str) -> io::Result<()> {
        let (mut upstream, next) = self.register(name, r#"{"events": []}"#).await?;
        // It is not answered; initialization waits for it to be asked.
        self.tasks.spawn(async move {
            let _ = upstream.send_request(next).await;
        });
        Ok(())
    }

    /// Registers an extension of this name, which is that of its file in `/opt/extensions`, and
    /// waits until Lambda shuts the sandbox down. Lambda then gives two seconds.
    ///
    /// Source: Lambda Developer Guide, "Lambda Extensions API" (shutdown phase).
    ///
    /// # Errors
    ///
    /// When the Runtime API cannot be reached, or refuses.
    pub async fn until_shutdown(&self, name: &str) -> io::Result<()> {
        let (mut upstream, next) = self.register(name, r#"{"events": ["SHUTDOWN"]}"#).await?;
        let answer = upstream.send_request(next).await.map_err(io::Error::other)?;
        match answer.status() {
            StatusCode::OK => Ok(()),
            status => Err(io::Error::other(format!("the next event: it answers {status}"))),
        }
    }

    /// Registers an extension; gives its connection, and the request for its next event.
    async fn register(
        &self,
        name: &str,
        events: &'static str,
    ) -> io::Result<(client::SendRequest<Body>, Request<Body>)> {
        let mut upstream = connect(&self.shared.upstream).await.map_err(io::Error::other)?;
        let register = Request::post(EXTENSION_REGISTER)
            .header("host", &self.shared.upstream)
            .header("lambda-extension-name", name)
            .header("content-type", "application/json")
            .body(whole(events))
            .map_err(io::Error::other)?;
        let answer = upstream.send_request(register).await.map_err(io::Error::other)?;
        let id = answer.headers().get("lambda-extension-identifier").cloned();
        let Some(id) = id.filter(|_| answer.status() == StatusCode::OK) else {
            return Err(io::Error::other(format!("registering: it answers {}", answer.status())));
        };
        let _ = answer.into_body().collect().await;
        // Only then does the connection take another request.
        upstream.ready().await.map_err(io::Error::other)?;
        let next = Request::get(EXTENSION_NEXT)
            .header("host", &self.shared.upstream)
            .header("lambda-extension-identifier", id)
            .body(whole(""))
            .map_err(io::Error::other)?;
        Ok((upstream, next))
    }

    /// What became of the invocations so far.
    pub fn counts(&self) -> Counts {
        *lock(&self.shared.counts)
    }

    /// Ends observing: invocations that are not answered yet are handed over as they are, and
    /// [`Observations::next`] gives `None` after the last. Passing on goes on.
    pub fn finish(&self) {
        let under_way: Vec<Kept> =
            lock(&self.shared.under_way).drain().map(|(_, started)| started.kept).collect();
        for kept in under_way {
            self.shared.hand_over(kept);
        }
        lock(&self.shared.sender).take();
    }
}

/// What the connections share.
#[derive(Debug)]
struct Shared {
    upstream: String,
    capture: Capture,
    sender: Mutex<Option<mpsc::UnboundedSender<Kept>>>,
    /// Invocations that are not answered yet.
    under_way: Mutex<HashMap<String, Started>>,
    /// The bytes of all that is under way, waits to be taken, or was taken last.
    waiting: Arc<AtomicUsize>,
    /// How many invocations came.
    seen: AtomicU64,
    counts: Mutex<Counts>,
}

#[derive(Debug)]
struct Started {
    kept: Kept,
    since: Instant,
}

/// An invocation, and the room that its event and answer take.
#[derive(Debug)]
struct Kept {
    observed: Observed,
    room: Vec<Room>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn count(&self, add: impl FnOnce(&mut Counts)) {
        add(&mut lock(&self.counts));
    }

    /// Room for what is copied next.
    fn room(&self) -> Room {
        Room::new(&self.waiting, self.capture.max_waiting_bytes)
    }

    /// Whether the event that comes with these headers is one of those that are observed.
    fn wants(&self, headers: &HeaderMap) -> bool {
        if !headers.contains_key(REQUEST_ID) {
            return false;
        }
        let number = self.seen.fetch_add(1, Ordering::Relaxed);
        let is_wanted = number.is_multiple_of(self.capture.one_in);
        self.count(|counts| counts.left_out += u64::from(!is_wanted));
        is_wanted
    }

    /// An event has gone to the function.
    fn started(&self, headers: &HeaderMap, event: Copied) {
        let text =
            |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let Some(request_id) = text(REQUEST_ID) else { return };
        let (event, room) = match event {
            Copied::Whole(bytes, room) => (bytes, vec![room]),
            Copied::TooLarge => return self.count(|counts| counts.too_large += 1),
            // What is cut off the runtime did not get either.
            Copied::NoRoom | Copied::Cut => return self.count(|counts| counts.lost += 1),
        };
        let observed = Observed {
            invoked_arn: text("lambda-runtime-invoked-function-arn"),
            deadline_ms: text("lambda-runtime-deadline-ms").and_then(|text| text.parse().ok()),
            trace_id: text("lambda-runtime-trace-id"),
            client_context: text("lambda-runtime-client-context"),
            cognito_identity: text("lambda-runtime-cognito-identity"),
            received_at: SystemTime::now(),
            event,
            answered: None,
            duration: None,
            request_id: request_id.clone(),
        };
        let started = Started { kept: Kept { observed, room }, since: Instant::now() };
        let before = lock(&self.under_way).insert(request_id, started);
        if let Some(before) = before {
            // The runtime asked again without an answer.
            self.hand_over(before.kept);
        }
    }

    /// An answer has gone to the Runtime API.
    fn answered(&self, request_id: &str, copied: Copied, as_answer: fn(Bytes) -> Answered) {
        let Some(Started { mut kept, since }) = lock(&self.under_way).remove(request_id) else {
            return;
        };
        kept.observed.duration = Some(since.elapsed());
        kept.observed.answered = Some(match copied {
            Copied::Whole(bytes, room) => {
                kept.room.push(room);
                as_answer(bytes)
            }
            Copied::TooLarge | Copied::NoRoom | Copied::Cut => Answered::NotKept,
        });
        self.hand_over(kept);
    }

    fn hand_over(&self, kept: Kept) {
        let sent = lock(&self.sender).as_ref().is_some_and(|sender| sender.send(kept).is_ok());
        self.count(|counts| *if sent { &mut counts.observed } else { &mut counts.lost } += 1);
    }
}

/// Serves one connection, which has one of its own to the Runtime API.
async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // PERF: as in `api`, small writes must not wait for each other.
    let _ = stream.set_nodelay(true);
    let upstream = Arc::new(AsyncMutex::new(None));
    let service = service_fn(move |request| {
        let (shared, upstream) = (Arc::clone(&shared), Arc::clone(&upstream));
        async move { Ok::<_, Infallible>(pass_on(request, &shared, &upstream).await) }
    });
    // An error is a side that went away; the other is told by its connection's end.
    let _ = server::Builder::new()
        .preserve_header_case(true)
        .max_buf_size(MAX_BUFFER)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

type Upstream = AsyncMutex<Option<client::SendRequest<Body>>>;

async fn pass_on(
    request: Request<Incoming>,
    shared: &Arc<Shared>,
    upstream: &Upstream,
) -> Response<Body> {
    let route = Route::find(request.method(), request.uri().path());
    let is_next = route == Some(Route::Next);
    let request = request.map(|body| {
        let (request_id, as_answer): (_, fn(Bytes) -> Answered) = match route {
            Some(Route::Response { request_id }) => (request_id, Answered::Response),
            Some(Route::Error { request_id }) => (request_id, Answered::Error),
            _ => return body.boxed(),
        };
        if !lock(&shared.under_way).contains_key(&request_id) {
            return body.boxed();
        }
        let (limit, shared, room) = (shared.capture.max_bytes, Arc::clone(shared), shared.room());
        Tee::new(body, limit, room, move |copied| shared.answered(&request_id, copied, as_answer))
            .boxed()
    });
    match send(request, &shared.upstream, upstream).await {
        Ok(response)
            if is_next
                && response.status() == StatusCode::OK
                && shared.wants(response.headers()) =>
        {
            let headers = response.headers().clone();
            let (limit, shared, room) =
                (shared.capture.max_bytes, Arc::clone(shared), shared.room());
            response.map(|body| {
                Tee::new(body, limit, room, move |copied| shared.started(&headers, copied)).boxed()
            })
        }
        Ok(response) => response.map(BodyExt::boxed),
        Err(error) => unreachable_upstream(&shared.upstream, &error),
    }
}

/// Sends a request over the connection that there is, or a new one.
async fn send(
    request: Request<Body>,
    address: &str,
    upstream: &Upstream,
) -> Result<Response<Incoming>, String> {
    let mut connection = upstream.lock().await;
    let is_open = match connection.as_mut() {
        Some(sender) => sender.ready().await.is_ok(),
        None => false,
    };
    if !is_open {
        *connection = Some(connect(address).await?);
    }
    let Some(sender) = connection.as_mut() else { return Err("no connection".to_owned()) };
    sender.send_request(request).await.map_err(|error| error.to_string())
}

async fn connect(address: &str) -> Result<client::SendRequest<Body>, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let _ = stream.set_nodelay(true);
    let (sender, connection) = client::Builder::new()
        .preserve_header_case(true)
        .max_buf_size(MAX_BUFFER)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    // It ends when either side goes away, which the sender then says.
    tokio::spawn(connection);
    Ok(sender)
}

/// A body in one piece.
fn whole(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).map_err(|never| match never {}).boxed()
}

/// `502`, in the shape of the Runtime API's errors.
fn unreachable_upstream(address: &str, error: &str) -> Response<Body> {
    let message = format!("retrigger cannot reach the Runtime API at {address}: {error}");
    let body = serde_json::json!({ "errorMessage": message, "errorType": "Proxy.Unreachable" });
    let mut response = Response::new(whole(body.to_string()));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}

#[cfg(test)]
mod tests;
