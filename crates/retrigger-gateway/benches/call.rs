//! A call through the gateway, beside the decision on it: over loopback, and in process.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http_body_util::{BodyExt, Full};
use hyper::{client::conn::http1, http::Request};
use hyper_util::rt::TokioIo;
use retrigger_gateway::{
    Authorize, Aws, CallId, Gateway, Invocation, Operation, RecordMode, Server, SessionCredentials,
    Verdict,
};
use retrigger_recording::Call;
use serde_json::Value;

struct Allow;

impl Authorize for Allow {
    fn authorize(&self, _: CallId, _: &Operation) -> Verdict {
        Verdict::Allowed
    }
}

/// `GetItem` as botocore signed it at noon of 1 March 2026.
fn signed() -> Request<Bytes> {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../tests/data/signed_by_botocore.json"))
            .expect("the file is JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let case = &cases[0];
    let mut request = Request::builder().method(&*text(&case["method"])).uri(text(&case["uri"]));
    for header in case["headers"].as_array().into_iter().flatten() {
        request = request.header(text(&header[0]), text(&header[1]));
    }
    // A retry of one and the same call, so that it is recorded whenever it comes.
    request = request.header("amz-sdk-invocation-id", "1");
    request.body(text(&case["body"]).into()).expect("a request")
}

fn gateway() -> Gateway {
    let noon = SystemTime::UNIX_EPOCH + Duration::from_hours(492_324);
    let aws = Arc::new(Aws::new("aws", "123456789012"));
    let gateway = Gateway::new(aws, SessionCredentials::from_seed(b"test"));
    let gateway = gateway.clock(Arc::new(move || noon));
    let call: Call = serde_json::from_str(
        r#"{"key":{"service":"dynamodb","operation":"GetItem",
        "resource":"arn:aws:dynamodb:eu-west-1:123456789012:table/t",
        "parameters":{"TableName":"t","Key":{"id":{"S":"ü"}}},"occurrence":1},
        "response":{"status":200,"body":{"text":"{}"}}}"#,
    )
    .expect("a call");
    gateway.begin(Invocation {
        calls: vec![call],
        event: String::new(),
        mode: RecordMode::None,
        authorize: Arc::new(Allow),
    });
    gateway
}

fn calls(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let gateway = Arc::new(gateway());
    let request = signed();
    let answer = runtime.block_on(gateway.call(request.clone()));
    assert_eq!(answer.status(), 200, "{:?}", answer.body());
    criterion.bench_function("call/in process", |bencher| {
        bencher.iter(|| runtime.block_on(gateway.call(black_box(request.clone()))));
    });
    let (_server, mut sender) = runtime.block_on(async {
        let server = Server::start(Arc::clone(&gateway)).await.expect("a port");
        let stream = tokio::net::TcpStream::connect(server.address()).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let (sender, connection) =
            http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        (server, sender)
    });
    criterion.bench_function("call/over loopback", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                sender.ready().await.expect("a connection");
                let request = black_box(request.clone()).map(Full::new);
                let answer = sender.send_request(request).await.expect("an answer");
                answer.into_body().collect().await.expect("a body").to_bytes()
            })
        });
    });
}

criterion_group!(benches, calls);
criterion_main!(benches);
