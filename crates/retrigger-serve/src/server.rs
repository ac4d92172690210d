//! The listener and its connections.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use hyper::{
    HeaderMap, Request, Response,
    body::{Body, Incoming},
    header::HeaderValue,
    http::request::Parts,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use serde_json::{Map, Value};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use crate::{
    Action, Answer, ApiError, Call, Control, Door, FunctionName, Notification, Operation, Signer,
    answer::{self, HttpResponse},
    body::{self, Body as Read},
    door, guard,
    invoke::Head,
    route::{self, Route},
};

/// How long a client may take over the head of a request, or between two requests.
const HEAD_TIMEOUT: Duration = Duration::from_mins(2);

/// The most bytes of a body that configures or notifies: 1 MB, as asynchronous invocations have.
const MAX_CONTROL: usize = 1024 * 1024;

/// The answer to a call, when it comes.
pub type Answering = Pin<Box<dyn Future<Output = Result<Answer, ApiError>> + Send>>;

/// Answers calls.
pub trait Lambda: Send + Sync + 'static {
    /// Answers a call. The future is dropped where the client goes away; what must be done all the
    /// same goes on elsewhere.
    fn call(self: Arc<Self>, call: Call) -> Answering;
}

/// A port on the loopback interface that is listened on.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Listens on a port; on a free one where it is 0.
    ///
    /// # Errors
    ///
    /// Where the port is taken or may not be listened on.
    pub async fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers calls until `shutdown` resolves. Then no connection is accepted any more, and it
    /// returns once those there are have had their answers.
    pub async fn run(self, lambda: Arc<dyn Lambda>, shutdown: impl Future<Output = ()>) {
        let serve = |stream, _, connections: &_| serve(stream, Arc::clone(&lambda), connections);
        self.accept(serve, shutdown).await;
    }

    /// The same for requests of any kind.
    pub async fn run_door(self, door: Arc<dyn Door>, shutdown: impl Future<Output = ()>) {
        let serve = |stream, client, connections: &_| {
            serve_door(stream, client, Arc::clone(&door), connections);
        };
        self.accept(serve, shutdown).await;
    }

    async fn accept(
        self,
        serve: impl Fn(TcpStream, SocketAddr, &GracefulShutdown),
        shutdown: impl Future<Output = ()>,
    ) {
        let connections = GracefulShutdown::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, client)) => serve(stream, client, &connections),
                    // Such as too many open files: what is open must be closed first.
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                },
                () = &mut shutdown => break,
            }
        }
        drop(self.listener);
        connections.shutdown().await;
    }
}

fn serve(stream: TcpStream, lambda: Arc<dyn Lambda>, connections: &GracefulShutdown) {
    let service = service_fn(move |request| {
        let lambda = Arc::clone(&lambda);
        async move { Ok::<_, Infallible>(answer(request, lambda).await) }
    });
    connect(stream, service, connections);
}

fn serve_door(
    stream: TcpStream,
    client: SocketAddr,
    door: Arc<dyn Door>,
    connections: &GracefulShutdown,
) {
    let service = service_fn(move |request| door::answer(request, client, Arc::clone(&door)));
    connect(stream, service, connections);
}

fn connect<S, B>(stream: TcpStream, service: S, connections: &GracefulShutdown)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: std::error::Error + Send + Sync,
{
    // PERF: as in the Runtime API, Nagle's algorithm costs a client up to 44 ms a call.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        // An error is a client that went away or spoke no HTTP; it has been told what can be told.
        let _ = connection.await;
    });
}

async fn answer(request: Request<Incoming>, lambda: Arc<dyn Lambda>) -> HttpResponse {
    let request_id = Uuid::new_v4().to_string();
    let answer = match read(request, &request_id).await {
        Ok(call) => lambda.call(call).await,
        Err(error) => Err(error),
    };
    answer::response(&request_id, answer)
}

async fn read(request: Request<Incoming>, request_id: &str) -> Result<Call, ApiError> {
    let (parts, body) = request.into_parts();
    let query = route::query(&parts.uri);
    let (signer, asked) = match head(&parts, &query) {
        Ok(head) => head,
        Err(error) => {
            // Read all the same, so that the connection can be used for the next request.
            body::read(body, 0).await?;
            return Err(error);
        }
    };
    let operation = match asked {
        Asked::Notify(service) => {
            let body = whole(body::read(body, MAX_CONTROL).await?)?;
            let headers = aws_headers(&parts.headers);
            Operation::Notify(Box::new(Notification { service, query, headers, body }))
        }
        Asked::Invoke(head) => {
            let body = body::read(body, head.limit()).await?;
            Operation::Invoke(Box::new(head.with_body(body)?))
        }
        Asked::Control { action, function, id } => {
            let body = members(body::read(body, MAX_CONTROL).await?)?;
            Operation::Control(Box::new(Control { action, function, id, query, body }))
        }
    };
    Ok(Call { request_id: request_id.to_owned(), signer, operation })
}

/// What a request asks, before its body is read.
enum Asked {
    Notify(String),
    Invoke(Head),
    Control { action: Action, function: Option<FunctionName>, id: Option<String> },
}

fn head(parts: &Parts, query: &BTreeMap<String, String>) -> Result<(Signer, Asked), ApiError> {
    guard::check(&parts.headers)?;
    let route = Route::find(&parts.method, &parts.uri, query)?;
    // Whoever notifies may sign in a way of its own.
    let signer = match route {
        Route::Notify(_) => Signer::Nobody,
        _ => Signer::read(&parts.headers, query)?,
    };
    let asked = match route {
        Route::Notify(service) => Asked::Notify(service),
        Route::Invoke(invocation, function) => {
            Asked::Invoke(Head::read(function, invocation, &parts.headers)?)
        }
        Route::Control { action, function, id } => Asked::Control { action, function, id },
    };
    Ok((signer, asked))
}

fn aws_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let own = headers.iter().filter(|(name, _)| name.as_str().starts_with("x-amz-"));
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    own.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn whole(body: Read) -> Result<Bytes, ApiError> {
    match body {
        Read::Whole(bytes) => Ok(bytes),
        Read::TooLarge(_) => {
            let text = format!("Request must be smaller than {MAX_CONTROL} bytes");
            Err(ApiError::new("RequestTooLargeException", text))
        }
    }
}

/// The members of a JSON object; none of an empty body.
fn members(body: Read) -> Result<Map<String, Value>, ApiError> {
    let bytes = whole(body)?;
    if bytes.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        let text = format!("Could not parse request body into json: {error}");
        ApiError::new("InvalidRequestContentException", text)
    })
}
