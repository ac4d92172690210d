//! What the recording proxy adds to an invocation.
//!
//! A function that does nothing asks a Runtime API for its event and answers it: `direct` without
//! anything between, `recorded` through `retrigger record runtime`, which writes each recording to
//! standard output. Both are measured in one run, for a small event and for one of 6 MB. At the end
//! the most memory that the proxy has used is printed, beside what it used before the first event;
//! `proxy_memory.py` measures it with each sink. The program is `retrigger` as it is built for benches,
//! or what `RETRIGGER_PROXY` names, such as the layer's.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]
#![expect(clippy::print_stdout, reason = "criterion measures time only")]

use std::{
    convert::Infallible,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, body::Incoming, client::conn::http1 as client,
    server::conn::http1 as server, service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

const NEXT: &str = "/2018-06-01/runtime/invocation/next";
const ANSWER: &str = "/2018-06-01/runtime/invocation/8476a536-e9f4-11e8-9739-2dfe598c3fcd/response";

/// An event with much text in it, as large as it shall be.
fn event(bytes: usize) -> Bytes {
    let item = r#"{"path": "/orders", "body": "some text as events have it", "count": 42},"#;
    let items = item.repeat((bytes / item.len()).max(1));
    format!(r#"{{"Records": [{}]}}"#, items.trim_end_matches(',')).into()
}

/// A Runtime API that hands over the same event whenever it is asked.
async fn runtime_api(event: Bytes) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            stream.set_nodelay(true).expect("a socket");
            let event = event.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let event = event.clone();
                async move {
                    let is_next = request.method() == Method::GET;
                    request.into_body().collect().await.expect("a body");
                    let body = if is_next { event } else { Bytes::from_static(b"{}") };
                    let id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
                    let response = Response::builder()
                        .status(if is_next { 200 } else { 202 })
                        .header("lambda-runtime-aws-request-id", id)
                        .header("lambda-runtime-deadline-ms", "1772444463123");
                    Ok::<_, Infallible>(response.body(Full::new(body)).expect("a response"))
                }
            });
            tokio::spawn(server::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

/// A function's connection to its Runtime API.
struct Function(client::SendRequest<Full<Bytes>>);

impl Function {
    async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let (sender, connection) =
            client::handshake(TokioIo::new(stream)).await.expect("a connection");
        tokio::spawn(connection);
        Self(sender)
    }

    async fn send(&mut self, method: Method, path: &str, body: &'static [u8]) -> Bytes {
        let request = Request::builder().method(method).uri(path).header("host", "127.0.0.1");
        let request = request.body(Full::new(Bytes::from_static(body))).expect("a request");
        self.0.ready().await.expect("a connection");
        let response = self.0.send_request(request).await.expect("an answer");
        response.into_body().collect().await.expect("a body").to_bytes()
    }

    /// Takes an event and answers it.
    async fn invocation(&mut self) -> usize {
        let event = self.send(Method::GET, NEXT, b"").await;
        self.send(Method::POST, ANSWER, br#"{"statusCode": 200}"#).await;
        event.len()
    }
}

/// The proxy, before a Runtime API. What it writes is read and thrown away.
struct Proxy {
    process: Child,
    address: SocketAddr,
}

impl Proxy {
    fn start(upstream: SocketAddr) -> Self {
        let program = std::env::var("RETRIGGER_PROXY");
        let program = program.unwrap_or_else(|_| env!("CARGO_BIN_EXE_retrigger").to_owned());
        let mut process = Command::new(program)
            .args(["record", "runtime", "--stdout", "--listen", "127.0.0.1:0", "--upstream"])
            .arg(upstream.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the proxy");
        let mut stderr = BufReader::new(process.stderr.take().expect("a pipe"));
        let mut line = String::new();
        stderr.read_line(&mut line).expect("a line");
        let address =
            line.split_whitespace().find_map(|word| word.trim_end_matches(';').parse().ok());
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        Self { process, address: address.expect("an address") }
    }

    /// The most memory so far, in KiB; `None` where the system does not tell.
    fn peak(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn proxy(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a tokio runtime");
    let mut group = criterion.benchmark_group("proxy");
    group.sample_size(50).measurement_time(Duration::from_secs(8));
    for (name, bytes) in [("2 kB", 2_000), ("6 MB", 6_000_000)] {
        let upstream = runtime.block_on(runtime_api(event(bytes)));
        let proxy = Proxy::start(upstream);
        let before = proxy.peak();
        for (way, address) in [("direct", upstream), ("recorded", proxy.address)] {
            let mut function = runtime.block_on(Function::connect(address));
            group.bench_function(BenchmarkId::new(way, name), |bencher| {
                bencher.iter(|| runtime.block_on(function.invocation()));
            });
        }
        if let (Some(before), Some(after)) = (before, proxy.peak()) {
            println!("memory of the proxy with events of {name}: {before} KiB, then {after} KiB");
        }
    }
    group.finish();
}

criterion_group!(benches, proxy);
criterion_main!(benches);
