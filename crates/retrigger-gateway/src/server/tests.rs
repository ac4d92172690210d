use std::fmt::Write as _;

use http_body_util::Full;
use hyper::{StatusCode, Version, client::conn::http1 as client};
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use retrigger_recording::{Body, Call};

use super::*;
use crate::{
    RecordMode,
    gateway::tests::{ITEM, gateway, invocation, item, noon, resign, signed},
};

async fn served(calls: u32) -> (Arc<Gateway>, Server) {
    let gateway = Arc::new(gateway());
    gateway.begin(invocation((1..=calls).map(item).collect(), RecordMode::None));
    let server = Server::start(Arc::clone(&gateway)).await.unwrap();
    (gateway, server)
}

/// Sends bytes as they are and gives what comes back until the connection ends or is silent.
async fn raw(server: &Server, bytes: &[u8], is_cut_off: bool) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let _ = stream.write_all(bytes).await;
    // Otherwise a client that has gone is not answered.
    if is_cut_off {
        let _ = stream.shutdown().await;
    }
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut answer));
    let _ = read.await.expect("an answer, and no hang");
    String::from_utf8_lossy(&answer).into_owned()
}

fn head(more: &str) -> String {
    let mut text = "POST / HTTP/1.1\r\nconnection: close\r\n".to_owned();
    for (name, value) in signed(ITEM).headers() {
        if name != "content-length" {
            write!(text, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
        }
    }
    text + more + "\r\n"
}

#[rstest]
#[case(head("content-length: 50\r\n") + "{\"TableName\"", "IncompleteBody")]
#[case(head("transfer-encoding: chunked\r\n") + "zz\r\n", "IncompleteBody")]
#[case(head("content-length: 3\r\n") + "{}x", "InvalidSignatureException")]
#[case("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".into(), "MissingAuthenticationToken")]
#[case("nonsense\r\n\r\n".into(), "HTTP/1.1 400")]
#[case(format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(5000)), "HTTP/1.1 431")]
#[case(format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", "b".repeat(1 << 20)), "HTTP/1.1 431")]
#[case(format!("GET /{} HTTP/1.1\r\n\r\n", "b".repeat(1 << 20)), "HTTP/1.1 4")]
#[tokio::test]
async fn what_is_no_call_is_refused(#[case] request: String, #[case] expected: &str) {
    let (gateway, server) = served(1).await;
    let answer = raw(&server, request.as_bytes(), expected == "IncompleteBody").await;
    assert!(answer.contains(expected), "{answer}");
    assert_eq!(gateway.end().calls.len(), 0);
}

#[tokio::test]
async fn a_large_body_without_the_sessions_key_is_not_held() {
    let (_, server) = served(0).await;
    let length = MAX_UNSIGNED_BODY + 1;
    let head = format!(
        "PUT /b/k HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    let answer = raw(&server, &[head.as_bytes(), &vec![b'a'; length]].concat(), false).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("EntityTooLarge"), "{answer}");
}

#[tokio::test]
async fn a_client_that_waits_to_be_told_to_go_on_is_told() {
    let (_, server) = served(1).await;
    let body = signed(ITEM).into_body();
    let more = format!("expect: 100-continue\r\ncontent-length: {}\r\n", body.len());
    let answer = raw(&server, &[head(&more).as_bytes(), &body].concat(), false).await;
    assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"), "{answer}");
}

/// A call for the item of this number, and its recorded answers.
fn numbered(number: u32, occurrences: u32) -> (Request<Bytes>, Vec<Call>) {
    let body = format!(r#"{{"TableName":"t","Key":{{"id":{{"N":"{number}"}}}}}}"#);
    let mut request = Request::post("http://127.0.0.1/")
        .header("host", "127.0.0.1")
        .header("x-amz-target", "DynamoDB_20120810.GetItem")
        .header("content-type", "application/x-amz-json-1.0")
        .body(Bytes::from(body.clone()))
        .unwrap();
    resign(&mut request, "dynamodb", noon());
    *request.uri_mut() = "/".parse().unwrap();
    let call = |occurrence| {
        let mut call = item(occurrence);
        call.key.parameters = serde_json::from_str(&body).unwrap();
        call.response.body = Body::from_bytes(format!("{number} {occurrence}"));
        call
    };
    (request, (1..=occurrences).map(call).collect())
}

#[tokio::test]
async fn a_client_that_begins_in_http2_is_answered_in_it() {
    let (_, server) = served(1).await;
    let (mut head, body) = signed(ITEM).map(Full::new).into_parts();
    let host = head.headers.remove("host").unwrap();
    head.uri = format!("http://{}{}", host.to_str().unwrap(), head.uri).parse().unwrap();
    let stream = TokioIo::new(TcpStream::connect(server.address()).await.unwrap());
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let answer = sender.send_request(Request::from_parts(head, body)).await.unwrap();
    assert_eq!((answer.version(), answer.status()), (Version::HTTP_2, StatusCode::OK));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_20_000_calls_from_64_connections_none_is_lost_or_mixed_up() {
    const CONNECTIONS: u32 = 64;
    const EACH: u32 = 313;
    let (requests, calls): (Vec<_>, Vec<_>) =
        (0..CONNECTIONS).map(|number| numbered(number, EACH)).unzip();
    let gateway = Arc::new(gateway());
    gateway.begin(invocation(calls.concat(), RecordMode::None));
    let server = Server::start(Arc::clone(&gateway)).await.unwrap();
    let mut clients = tokio::task::JoinSet::new();
    for (number, request) in (0..).zip(requests) {
        let address = server.address();
        clients.spawn(async move {
            let stream = TcpStream::connect(address).await.unwrap();
            let (mut sender, connection) =
                client::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(connection);
            for occurrence in 1..=EACH {
                sender.ready().await.unwrap();
                let answer = sender.send_request(request.clone().map(Full::new)).await.unwrap();
                let body = answer.into_body().collect().await.unwrap().to_bytes();
                assert_eq!(body, format!("{number} {occurrence}"));
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    let observed = gateway.end();
    assert_eq!((observed.calls.len(), observed.unmade.len()), (20_032, 0));
}
