//! A Lambda Runtime API, version 2018-06-01, for one sandbox: one port on the loopback interface.
//! Source: Lambda Developer Guide, "Using the Lambda runtime API", "Using the Lambda Extensions
//! API".

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc},
    task::JoinSet,
};

mod answer;
mod body;
mod event;
mod extension;
mod extensions;
mod route;
mod runtime;
mod state;

use answer::Answer;
pub(crate) use event::{InvalidInvocation, NextEvent};
use extensions::Extensions;
pub(crate) use route::Route;
use state::RuntimeState;

use crate::{FunctionConfig, FunctionError, Response, StreamPart};

/// Where the parts of a streamed response go.
pub(crate) type Parts = mpsc::UnboundedSender<StreamPart>;

/// What a process reports through its calls.
#[derive(Debug)]
pub(crate) enum Report {
    /// It asks for an event.
    Ready,
    /// It cannot start, or cannot be restored.
    InitError(FunctionError),
    /// It has answered its event.
    Answer(Result<Response, FunctionError>),
    /// An extension has failed, which ends the sandbox.
    ExtensionError(FunctionError),
}

/// The server. Dropping it closes its port and every connection.
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    shared: Arc<Shared>,
    reports: mpsc::UnboundedReceiver<Report>,
    _server: JoinSet<()>,
}

impl RuntimeApi {
    /// Starts serving on a free port.
    pub(crate) async fn start(function: &FunctionConfig) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (sender, reports) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(function.clone(), sender));
        let mut server = JoinSet::new();
        let serving = Arc::clone(&shared);
        server.spawn(accept(listener, move |stream| serve(stream, Arc::clone(&serving))));
        Ok(Self { address, shared, reports, _server: server })
    }

    /// `host:port`, as `AWS_LAMBDA_RUNTIME_API` names it.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Hands an event to the runtime, which gets it with its next call.
    ///
    /// Where the response is streamed, its parts go to `parts` as they come.
    pub(crate) fn deliver(&self, event: NextEvent, parts: Option<Parts>) {
        let mut state = self.shared.lock();
        state.extensions.invoke(&event);
        state.pending = Some(event);
        state.parts = parts;
        drop(state);
        self.shared.changed.notify_waiters();
    }

    /// The next report. Never resolves while the process has nothing to say.
    pub(crate) async fn report(&mut self) -> Report {
        match self.reports.recv().await {
            Some(report) => report,
            // INVARIANT: `shared` holds a sender, so the channel is open as long as `self`.
            None => std::future::pending().await,
        }
    }

    /// Sends SHUTDOWN to the extensions that want it; whether there is any extension at all.
    pub(crate) fn shut_down_extensions(&self, deadline_ms: u128) -> bool {
        let any = self.shared.lock().extensions.shut_down(deadline_ms);
        self.shared.changed.notify_waiters();
        any
    }
}

/// What the connections share.
struct Shared {
    function: FunctionConfig,
    state: Mutex<State>,
    /// Something in `state` has changed that a waiting call may want.
    changed: Notify,
    reports: mpsc::UnboundedSender<Report>,
}

#[derive(Default)]
struct State {
    runtime: RuntimeState,
    pending: Option<NextEvent>,
    parts: Option<Parts>,
    extensions: Extensions,
}

impl Shared {
    fn new(function: FunctionConfig, reports: mpsc::UnboundedSender<Report>) -> Self {
        Self { function, state: Mutex::default(), changed: Notify::new(), reports }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `take` finds what it looks for in the state.
    async fn wait_for<T>(&self, mut take: impl FnMut(&mut State) -> Option<T>) -> T {
        loop {
            // Made before looking, so that a change right after looking is not missed.
            let changed = self.changed.notified();
            if let Some(found) = take(&mut self.lock()) {
                return found;
            }
            changed.await;
        }
    }

    fn report(&self, report: Report) {
        // Fails only when the sandbox is gone, and then nobody wants to know.
        let _ = self.reports.send(report);
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let Some(route) = Route::find(request.method(), request.uri().path()) else {
            return answer::not_found(request.method().as_str(), request.uri().path());
        };
        match route {
            Route::Next => self.next().await,
            Route::Response { request_id } => self.response(&request_id, request).await,
            Route::Error { request_id } => self.error(&request_id, request).await,
            Route::InitError => self.init_error(request).await,
            Route::RestoreNext => self.restore_next(),
            Route::RestoreError => self.restore_error(request).await,
            Route::ExtensionRegister => self.register(request).await,
            Route::ExtensionNext => self.extension_next(request.headers()).await,
            Route::ExtensionInitError => self.extension_error("Extension.InitError", request).await,
            Route::ExtensionExitError => self.extension_error("Extension.ExitError", request).await,
            Route::Telemetry => extension::unsupported("Telemetry"),
            Route::Logs => extension::unsupported("Logs"),
        }
    }
}

/// Serves every connection until it is dropped, and all connections with it.
pub(crate) async fn accept<F>(listener: TcpListener, serve: impl Fn(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(serve(stream));
            },
            // Forgets the connections that have ended.
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // PERF: without it, Nagle's algorithm and delayed acknowledgements cost a client up to 44 ms
    // an invocation; a failure costs that time and nothing else.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(shared.answer(request).await) }
    });
    // An error is a client that went away or spoke no HTTP; it has been told what can be told.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
