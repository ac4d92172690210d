use std::net::Ipv4Addr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::*;
use crate::{
    FunctionConfig, Invocation,
    api::{NextEvent, Report, RuntimeApi},
};

const ARN: &str = "arn:aws:lambda:us-east-1:841860927337:function:demo:PROD";
const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A Runtime API with the proxy before it.
struct Behind {
    api: RuntimeApi,
    proxy: Proxy,
    observations: Observations,
}

impl Behind {
    async fn new(capture: Capture) -> Self {
        let api = RuntimeApi::start(&FunctionConfig::new("demo")).await.unwrap();
        let (proxy, observations) = Proxy::start(LOOPBACK, api.address(), capture).await.unwrap();
        Self { api, proxy, observations }
    }

    /// Hands over an event and lets a runtime answer it.
    async fn invoke(&mut self, id: &str, event: &str, answer: &str) -> String {
        let invocation = Invocation {
            trace_id: Some("Root=1-5759e988-bd862e3fe1be46a994272793".into()),
            ..Invocation::new(id, event.to_owned())
        };
        self.api.deliver(NextEvent::new(&invocation, ARN, 1_772_444_460_000).unwrap(), None);
        let mut runtime = Runtime::connect(self.proxy.address()).await;
        let given = runtime
            .send("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n")
            .await;
        let path = format!("/2018-06-01/runtime/invocation/{id}/response");
        let length = answer.len();
        let taken = runtime
            .send(&format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{answer}"
            ))
            .await;
        assert!(taken.starts_with("HTTP/1.1 202"), "{taken}");
        given
    }

    async fn next(&mut self) -> Option<Observed> {
        timeout(Duration::from_secs(10), self.observations.next()).await.unwrap()
    }
}

/// A runtime that speaks HTTP byte by byte.
struct Runtime(TcpStream);

impl Runtime {
    async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Sends a request and reads the answer: its head and a body of known length.
    async fn send(&mut self, request: &str) -> String {
        self.0.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        loop {
            let mut bytes = [0; 4096];
            let read = timeout(Duration::from_secs(10), self.0.read(&mut bytes)).await.unwrap();
            text.push_str(std::str::from_utf8(&bytes[..read.unwrap()]).unwrap());
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok()
            });
            if length.is_some_and(|length| body.len() >= length) {
                return text;
            }
        }
    }
}

#[tokio::test]
async fn an_invocation_is_passed_on_and_observed() {
    let mut behind = Behind::new(Capture::default()).await;
    let given = behind.invoke("r-1", r#"{"a": 1}"#, r#""done""#).await;
    assert!(given.ends_with(r#"{"a": 1}"#), "{given}");
    let Report::Ready = behind.api.report().await else { panic!("it is ready first") };
    let Report::Answer(Ok(response)) = behind.api.report().await else { panic!("an answer") };
    assert_eq!(response.body, r#""done""#);
    let observed = behind.next().await.unwrap();
    assert_eq!(observed.request_id, "r-1");
    assert_eq!(observed.invoked_arn.as_deref(), Some(ARN));
    assert_eq!(observed.deadline_ms, Some(1_772_444_460_000));
    assert_eq!(observed.trace_id.as_deref(), Some("Root=1-5759e988-bd862e3fe1be46a994272793"));
    assert_eq!(observed.event, r#"{"a": 1}"#);
    assert_eq!(observed.answered, Some(Answered::Response(r#""done""#.into())));
    assert!(observed.duration.is_some());
    assert_eq!(behind.proxy.counts(), Counts { observed: 1, ..Counts::default() });
}

#[tokio::test]
async fn proxies_stand_in_a_row() {
    let mut behind = Behind::new(Capture::default()).await;
    let upstream = behind.proxy.address().to_string();
    let (outer, mut observations) =
        Proxy::start(LOOPBACK, upstream, Capture::default()).await.unwrap();
    let inner = std::mem::replace(&mut behind.proxy, outer);
    behind.invoke("r-1", "1", "2").await;
    let (outer, inner_one) = (observations.next().await.unwrap(), behind.next().await.unwrap());
    assert_eq!(outer.event, inner_one.event);
    assert_eq!(outer.answered, inner_one.answered);
    assert_eq!(inner.counts().observed, 1);
}

#[tokio::test]
async fn one_in_so_many_is_observed() {
    let mut behind = Behind::new(Capture { one_in: 3, ..Capture::default() }).await;
    for number in 0..7 {
        behind.invoke(&format!("r-{number}"), "1", "2").await;
    }
    behind.proxy.finish();
    let mut ids = Vec::new();
    while let Some(observed) = behind.next().await {
        ids.push(observed.request_id);
    }
    assert_eq!(ids, ["r-0", "r-3", "r-6"]);
    assert_eq!(behind.proxy.counts(), Counts { observed: 3, left_out: 4, ..Counts::default() });
}

#[tokio::test]
async fn what_is_too_much_is_counted_and_the_function_goes_on() {
    let capture = Capture { max_bytes: 10, max_waiting_bytes: 25, ..Capture::default() };
    let mut behind = Behind::new(capture).await;
    let large = format!("\"{}\"", "x".repeat(20));
    let given = behind.invoke("large", &large, "1").await;
    assert!(given.ends_with(&large), "{given}");
    behind.invoke("large-answer", "1", &large).await;
    // 1 byte waits; these two do not fit beside each other.
    behind.invoke("fits", "\"12345678\"", "\"12345678\"").await;
    behind.invoke("too-many", "\"12345678\"", "\"12345678\"").await;
    behind.proxy.finish();
    let first = behind.next().await.unwrap();
    assert_eq!(
        (first.request_id.as_str(), first.answered),
        ("large-answer", Some(Answered::NotKept))
    );
    assert_eq!(behind.next().await.unwrap().request_id, "fits");
    assert_eq!(behind.next().await, None);
    assert_eq!(
        behind.proxy.counts(),
        Counts { observed: 2, too_large: 1, lost: 1, ..Counts::default() }
    );
}

/// The memory that is said to be the most is the most while recordings are written, too.
#[tokio::test]
async fn what_is_taken_has_its_room_until_the_next_is_asked_for() {
    let mut behind = Behind::new(Capture { max_waiting_bytes: 15, ..Capture::default() }).await;
    behind.invoke("taken", "\"12345678\"", "1").await;
    assert_eq!(behind.next().await.unwrap().request_id, "taken");
    behind.invoke("lost", "\"12345678\"", "1").await;
    assert!(timeout(Duration::from_millis(50), behind.observations.next()).await.is_err());
    behind.invoke("fits", "\"12345678\"", "\"12345\"").await;
    let fits = behind.next().await.unwrap();
    assert_eq!((fits.request_id.as_str(), fits.answered), ("fits", Some(Answered::NotKept)));
    assert_eq!(behind.proxy.counts(), Counts { observed: 2, lost: 1, ..Counts::default() });
}

#[tokio::test]
async fn an_invocation_without_an_answer_is_handed_over_at_the_end() {
    let mut behind = Behind::new(Capture::default()).await;
    behind.api.deliver(NextEvent::new(&Invocation::new("r-1", "1"), ARN, 1).unwrap(), None);
    let mut runtime = Runtime::connect(behind.proxy.address()).await;
    runtime.send("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n").await;
    behind.proxy.finish();
    assert_eq!(behind.next().await.unwrap().answered, None);
    assert_eq!(behind.next().await, None);
}

/// What the runtime sends reaches the Runtime API as it was sent: spelling of headers, chunks as
/// they come, trailers.
#[tokio::test]
async fn streams_and_headers_are_passed_on_as_they_come() {
    let listener = TcpListener::bind(LOOPBACK).await.unwrap();
    let upstream = listener.local_addr().unwrap().to_string();
    let (proxy, mut observations) =
        Proxy::start(LOOPBACK, upstream, Capture::default()).await.unwrap();
    let mut runtime = Runtime::connect(proxy.address()).await;
    let ask = tokio::spawn(async move {
        let given = runtime.send("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\nX-OdD-CaSe: 1\r\n\r\n").await;
        let head = "POST /2018-06-01/runtime/invocation/r%2D1/response HTTP/1.1\r\nHost: x\r\n\
                    Transfer-Encoding: chunked\r\nTrailer: Lambda-Runtime-Function-Error-Type\r\n\r\n";
        runtime.0.write_all(head.as_bytes()).await.unwrap();
        runtime.0.write_all(b"3\r\none\r\n").await.unwrap();
        (given, runtime)
    });
    let mut upstream = Runtime(listener.accept().await.unwrap().0);
    let read = async |upstream: &mut Runtime, until: &str| {
        let mut text = String::new();
        while !text.contains(until) {
            let mut bytes = [0; 1024];
            let length = timeout(Duration::from_secs(10), upstream.0.read(&mut bytes)).await;
            text.push_str(std::str::from_utf8(&bytes[..length.unwrap().unwrap()]).unwrap());
        }
        text
    };
    let asked = read(&mut upstream, "\r\n\r\n").await;
    assert!(asked.contains("X-OdD-CaSe: 1"), "{asked}");
    let event =
        "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r-1\r\nContent-Length: 2\r\n\r\n{}";
    upstream.0.write_all(event.as_bytes()).await.unwrap();
    let (given, mut runtime) = ask.await.unwrap();
    assert!(given.contains("Lambda-Runtime-Aws-Request-Id: r-1"), "{given}");
    // The first chunk is there before the second is sent.
    let first = read(&mut upstream, "one\r\n").await;
    assert!(first.contains("Trailer: Lambda-Runtime-Function-Error-Type"), "{first}");
    let rest = "3\r\ntwo\r\n0\r\nLambda-Runtime-Function-Error-Type: Runtime.Broken\r\n\r\n";
    runtime.0.write_all(rest.as_bytes()).await.unwrap();
    let end = read(&mut upstream, "Runtime.Broken\r\n").await;
    assert!(end.contains("two\r\n0\r\n"), "{end}");
    upstream.0.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    let observed = timeout(Duration::from_secs(10), observations.next()).await.unwrap().unwrap();
    assert_eq!(observed.answered, Some(Answered::Response("onetwo".into())));
}

#[tokio::test]
async fn without_a_runtime_api_the_function_is_told() {
    let (proxy, _observations) =
        Proxy::start(LOOPBACK, "127.0.0.1:1", Capture::default()).await.unwrap();
    let mut runtime = Runtime::connect(proxy.address()).await;
    let told =
        runtime.send("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(told.starts_with("HTTP/1.1 502"), "{told}");
    assert!(told.contains("cannot reach the Runtime API at 127.0.0.1:1"), "{told}");
}
