//! The endpoint by HTTP/1.1 and HTTP/2, on the loopback interface.

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::{
    Request, Response,
    body::{Body as _, Incoming},
    http::{HeaderValue, header},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, SemaphorePermit},
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

use crate::{AnswerBody, Fault, Gateway, MAX_BODY};

/// How long a client may take.
#[derive(Clone, Copy)]
struct Patience {
    /// Over the head of a request, or between two requests.
    head: Duration,
    /// Between two parts of a body.
    silence: Duration,
    /// Over a body in all.
    body: Duration,
}

const PATIENCE: Patience = Patience {
    head: Duration::from_mins(1),
    silence: Duration::from_secs(20),
    body: Duration::from_mins(5),
};
/// The most bytes of a body that is not signed with the session's key.
const MAX_UNSIGNED_BODY: usize = 256 * 1024;
/// How much of a body that is refused is still read, so that the client gets to hear why.
const MAX_DISCARDED: usize = 2 * MAX_BODY;
/// How many connections are open at once, and how many KiB of bodies are held at once.
const MAX_CONNECTIONS: usize = 512;
const MAX_HELD: usize = 4 * MAX_BODY / 1024;

/// A gateway that is reached by HTTP. It ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Serves a gateway on a free port of the loopback interface. Must be called within a tokio
    /// runtime.
    ///
    /// # Errors
    ///
    /// Where no port can be listened on.
    pub async fn start(gateway: Arc<Gateway>) -> io::Result<Self> {
        Self::start_with(gateway, PATIENCE).await
    }

    async fn start_with(gateway: Arc<Gateway>, patience: Patience) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        gateway.set_address(address.to_string());
        let accepting = tokio::spawn(accept(listener, gateway, patience));
        Ok(Self { address, accepting })
    }

    /// Where it listens: for `AWS_ENDPOINT_URL`, after `http://`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, gateway: Arc<Gateway>, patience: Patience) {
    let limits = Arc::new(Limits {
        connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
        held: Semaphore::new(MAX_HELD),
        patience,
    });
    // Dropped, and with it all connections, when the server is.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(permit) = Arc::clone(&limits.connections).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let (gateway, limits) = (Arc::clone(&gateway), Arc::clone(&limits));
                connections.spawn(async move {
                    serve(stream, gateway, limits).await;
                    drop(permit);
                });
            }
            // Such as too many open files: what is open must be closed first.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

struct Limits {
    connections: Arc<Semaphore>,
    held: Semaphore,
    patience: Patience,
}

async fn serve(stream: TcpStream, gateway: Arc<Gateway>, limits: Arc<Limits>) {
    // PERF: as in the Runtime API, Nagle's algorithm costs a client up to 44 ms a call.
    let _ = stream.set_nodelay(true);
    let head_timeout = limits.patience.head;
    let service = service_fn(move |request| {
        let (gateway, limits) = (Arc::clone(&gateway), Arc::clone(&limits));
        async move { Ok::<_, Infallible>(answer(request, &gateway, &limits).await) }
    });
    // An error is a client that went away or spoke no HTTP; it has been told what can be told.
    if is_http2(&stream, head_timeout).await {
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(head_timeout)
            .serve_connection(TokioIo::new(stream), service);
        let _ = connection.await;
    } else {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head_timeout)
            .serve_connection(TokioIo::new(stream), service);
        let _ = connection.await;
    }
}

/// Whether a client begins in HTTP/2, as AWS's SDK for JavaScript does to call Kinesis. Source: RFC
/// 9113, section 3.4: no request of HTTP/1.1 begins so.
async fn is_http2(stream: &TcpStream, head_timeout: Duration) -> bool {
    let mut start = [0; 3];
    let peeked = timeout(head_timeout, stream.peek(&mut start)).await;
    matches!(peeked, Ok(Ok(_))) && start == *b"PRI"
}

/// What HTTP/2 calls `:authority` is signed as the header `host`.
fn name_host(request: &mut Request<Incoming>) {
    let authority = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let host = authority.and_then(|authority| HeaderValue::from_str(&authority).ok());
    if let Some(host) = host {
        request.headers_mut().entry(header::HOST).or_insert(host);
    }
}

async fn answer(
    mut request: Request<Incoming>,
    gateway: &Gateway,
    limits: &Limits,
) -> Response<AnswerBody> {
    name_host(&mut request);
    let limit = if gateway.may_be_signed(&request) { MAX_BODY } else { MAX_UNSIGNED_BODY };
    let (head, body) = request.into_parts();
    let (whole, fault, permits) = match read(body, limit, limits).await {
        Ok((whole, permits)) => (whole, None, Some(permits)),
        Err(fault) => (Bytes::new(), Some(fault), None),
    };
    let response = gateway.call_or_fault(Request::from_parts(head, whole), fault).await;
    drop(permits);
    response
}

/// Reads a body of at most `limit` bytes. What is held is counted, and waits while too much is: a
/// body that tells its length for all of it at once, so that no two wait for each other.
async fn read(
    mut body: Incoming,
    limit: usize,
    limits: &Limits,
) -> Result<(Bytes, Vec<SemaphorePermit<'_>>), Fault> {
    let patience = limits.patience;
    let end = Instant::now() + patience.body;
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let (mut kept, mut size) = (BytesMut::new(), 0_usize);
    let mut held = Held { limits, permits: Vec::new(), counted: 0, end };
    let mut is_too_large = declared > limit;
    if !is_too_large {
        held.hold(declared).await?;
        kept.reserve(declared);
    }
    loop {
        let within = end.min(Instant::now() + patience.silence);
        let frame = timeout_at(within, body.frame()).await.map_err(|_| Fault::TimedOut)?;
        let Some(frame) = frame else { break };
        let Ok(data) = frame.map_err(|_| Fault::IncompleteBody)?.into_data() else { continue };
        size = size.saturating_add(data.len());
        is_too_large |= size > limit;
        if is_too_large {
            kept = BytesMut::new();
            held.permits.clear();
            if size > MAX_DISCARDED {
                break;
            }
            continue;
        }
        held.hold(size).await?;
        kept.extend_from_slice(&data);
    }
    if is_too_large { Err(Fault::TooLarge) } else { Ok((kept.freeze(), held.permits)) }
}

/// What is counted of one body.
struct Held<'l> {
    limits: &'l Limits,
    permits: Vec<SemaphorePermit<'l>>,
    /// In KiB.
    counted: usize,
    end: Instant,
}

impl Held<'_> {
    /// Waits until so many bytes in all may be held.
    async fn hold(&mut self, size: usize) -> Result<(), Fault> {
        let more = size.div_ceil(1024).saturating_sub(self.counted).next_multiple_of(64);
        if more == 0 {
            return Ok(());
        }
        let count = u32::try_from(more).map_err(|_| Fault::TooLarge)?;
        let permit = timeout_at(self.end, self.limits.held.acquire_many(count)).await;
        self.permits.push(permit.map_err(|_| Fault::TimedOut)?.map_err(|_| Fault::TimedOut)?);
        self.counted += more;
        Ok(())
    }
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
