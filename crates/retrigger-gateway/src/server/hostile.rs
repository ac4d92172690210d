//! Requests from clients that mean no good, or are broken.

use std::fmt::Write as _;

use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::{
    RecordMode, SessionCredentials,
    gateway::tests::{ITEM, gateway, invocation, item, noon, resign, signed},
};

const IMPATIENT: Patience = Patience {
    head: Duration::from_millis(400),
    silence: Duration::from_millis(300),
    body: Duration::from_millis(900),
};

async fn served(patience: Patience) -> (Arc<Gateway>, Server) {
    let gateway = Arc::new(gateway());
    gateway.begin(invocation(vec![item(1)], RecordMode::None));
    let server = Server::start_with(Arc::clone(&gateway), patience).await.unwrap();
    (gateway, server)
}

/// The head of a call that is signed, up to the blank line.
fn head() -> String {
    let mut text = "POST / HTTP/1.1\r\n".to_owned();
    for (name, value) in signed(ITEM).headers() {
        write!(text, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
    }
    text
}

/// Sends parts with a pause after each, until the server has had enough.
async fn drips(server: &Server, parts: impl Iterator<Item = Vec<u8>>, pause: u64) -> String {
    let (mut read, mut write) = TcpStream::connect(server.address()).await.unwrap().into_split();
    let mut answer = Vec::new();
    let reading = read.read_to_end(&mut answer);
    let writing = async {
        for part in parts {
            if write.write_all(&part).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        std::future::pending::<()>().await;
    };
    let both = async {
        tokio::select! { _ = reading => {}, () = writing => {} }
    };
    timeout(Duration::from_secs(10), both).await.expect("an end");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_head_that_comes_drop_by_drop_is_not_waited_for() {
    let (gateway, server) = served(IMPATIENT).await;
    let bytes = head().into_bytes().into_iter().map(|byte| vec![byte]);
    let answer = drips(&server, bytes, 20).await;
    assert!(!answer.contains("200 OK"), "{answer}");
    assert_eq!(gateway.end().calls.len(), 0);
}

#[rstest]
#[case::silent(1, 60_000)]
#[case::steady(1_000, 50)]
#[tokio::test]
async fn a_body_that_comes_drop_by_drop_is_not_waited_for(
    #[case] parts: usize,
    #[case] pause: u64,
) {
    let (gateway, server) = served(IMPATIENT).await;
    let head = head() + "connection: close\r\n\r\n";
    let body = std::iter::repeat_n(b"{".to_vec(), parts);
    let answer = drips(&server, std::iter::once(head.into_bytes()).chain(body), pause).await;
    assert!(answer.contains("RequestTimeout"), "{answer}");
    assert_eq!(gateway.end().calls.len(), 0);
}

/// A signed call of S3 or of a service with this target or path.
fn call(service: &str, uri: &str, headers: &[(&str, &str)], body: Bytes) -> Request<Bytes> {
    let mut request = Request::post(format!("http://127.0.0.1{uri}")).header("host", "127.0.0.1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(body).unwrap();
    resign(&mut request, service, noon());
    *request.uri_mut() = uri.parse().unwrap();
    request
}

fn json(body: &str) -> Request<Bytes> {
    let headers = [
        ("x-amz-target", "DynamoDB_20120810.GetItem"),
        ("content-type", "application/x-amz-json-1.0"),
    ];
    call("dynamodb", "/", &headers, body.to_owned().into())
}

fn xml(body: &str) -> Request<Bytes> {
    call("s3", "/bucket/key?uploadId=1", &[], body.to_owned().into())
}

fn cbor(body: Vec<u8>) -> Request<Bytes> {
    let path = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
    let headers = [("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")];
    call("monitoring", path, &headers, body.into())
}

const BOMB: &str = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;\">\
                    <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><CompleteMultipartUpload>&c;\
                    </CompleteMultipartUpload>";

#[rstest]
#[case::deep_json(json(&"[".repeat(1_000_000)), "SerializationException")]
#[case::deep_objects(json(&"{\"a\":".repeat(500_000)), "SerializationException")]
#[case::half_json(json("{\"TableName\": \"t"), "SerializationException")]
#[case::no_json(json("\u{0}"), "SerializationException")]
#[case::xml_bomb(xml(BOMB), "MalformedXML")]
#[case::deep_xml(xml(&"<a>".repeat(500_000)), "MalformedXML")]
#[case::entity_of_nothing(
    xml("<CompleteMultipartUpload>&x;</CompleteMultipartUpload>"),
    "MalformedXML"
)]
#[case::external_entity(
    xml(
        "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><CompleteMultipartUpload>&a;</CompleteMultipartUpload>"
    ),
    "MalformedXML"
)]
#[case::endless_map(cbor(vec![0xBF, 0x61, b'a', 1]), "SerializationException")]
#[case::endless_lists(cbor(vec![0x9F; 1_000_000]), "SerializationException")]
#[case::endless_text(cbor(vec![0x7F, 0x61, b'a']), "SerializationException")]
#[case::deep_tags(cbor(vec![0xC1; 1_000_000]), "SerializationException")]
#[case::list_that_lies(cbor(vec![0x9B, 0x0F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]), "SerializationException")]
#[case::bytes_that_lie(cbor(vec![0x5B, 0x0F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]), "SerializationException")]
#[case::half_cbor(cbor(vec![0xA1, 0x69]), "SerializationException")]
#[tokio::test]
async fn a_body_that_is_none_is_refused_as_aws_refuses_it(
    #[case] request: Request<Bytes>,
    #[case] expected: &str,
) {
    let gateway = gateway();
    gateway.begin(invocation(Vec::new(), RecordMode::None));
    let start = Instant::now();
    let answer = gateway.call(request).await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let text = String::from_utf8_lossy(answer.body());
    assert_eq!(answer.status(), 400, "{text}");
    assert!(text.contains(expected), "{text}");
    assert_eq!(gateway.end().calls.len(), 0);
}

/// CBOR whose maps and texts do not say their length is as good as any.
#[tokio::test]
async fn cbor_of_indefinite_length_is_read() {
    let gateway = gateway();
    gateway.begin(invocation(Vec::new(), RecordMode::None));
    let body = [&[0xBF, 0x69], &b"Namespace"[..], &[0x7F, 0x61, b'a', 0x61, b'b', 0xFF, 0xFF]];
    let answer = gateway.call(cbor(body.concat())).await;
    let text = String::from_utf8_lossy(answer.body());
    assert!(text.contains("UnrecordedCall"), "{text}");
    let made = gateway.end().calls.remove(0);
    assert_eq!(made.call.key.parameters["Namespace"], "ab");
}

#[rstest]
#[case::an_hour_later(3600, "InvalidSignatureException", "Signature expired")]
#[case::an_hour_early(-3600, "InvalidSignatureException", "Signature not yet current")]
#[tokio::test]
async fn a_call_that_is_sent_again_at_another_time_is_refused(
    #[case] seconds: i64,
    #[case] code: &str,
    #[case] words: &str,
) {
    let then = noon().checked_add(Duration::from_secs(seconds.unsigned_abs()));
    let before = noon().checked_sub(Duration::from_secs(seconds.unsigned_abs()));
    let now = if seconds > 0 { then } else { before }.unwrap();
    let gateway = gateway().clock(Arc::new(move || now));
    gateway.begin(invocation(vec![item(1)], RecordMode::None));
    let answer = gateway.call(signed(ITEM)).await;
    let text = String::from_utf8_lossy(answer.body());
    assert!(answer.status() == 400 && text.contains(code) && text.contains(words), "{text}");
    assert_eq!(gateway.end().unmade.len(), 1);
}

/// A process that has no part in the invocation, and all but one thing of what is needed.
#[tokio::test]
async fn whoever_has_not_the_sessions_key_gets_nothing() {
    let (gateway, server) = served(PATIENCE).await;
    let body = signed(ITEM).into_body();
    let of_session = SessionCredentials::from_seed(b"test");
    let other = SessionCredentials::random();
    let head = head();
    let signature = head.split("Signature=").nth(1).unwrap().split('\r').next().unwrap();
    let forged = signature.chars().rev().collect::<String>();
    for (wrong, code) in [
        (head.replace(&of_session.access_key_id, &other.access_key_id), "UnrecognizedClient"),
        (head.replace(&of_session.session_token, &other.session_token), "UnrecognizedClient"),
        (head.replace(signature, &forged), "InvalidSignatureException"),
        (head.replace("GetItem", "PutItem"), "InvalidSignatureException"),
        (head.replace("authorization:", "x-authorization:"), "MissingAuthenticationToken"),
        (head.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "IncompleteSignature"),
        (
            head.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256").replace("eu-west-1/", ""),
            "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'",
        ),
    ] {
        assert_ne!(wrong, head, "{code}");
        let whole = wrong + "connection: close\r\n\r\n" + std::str::from_utf8(&body).unwrap();
        let answer = drips(&server, std::iter::once(whole.into_bytes()), 1).await;
        assert!(answer.contains(code) && answer.starts_with("HTTP/1.1 4"), "{code}: {answer}");
    }
    let observed = gateway.end();
    assert_eq!((observed.calls.len(), observed.unmade.len(), observed.rejected.len()), (0, 1, 7));
}

/// Bodies that are held are held within a limit, and those that tell their length do not wait for
/// each other for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_large_bodies_are_read_one_after_the_other() {
    let (_gateway, server) = served(PATIENCE).await;
    let length = 48 * 1024 * 1024;
    let address = server.address();
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let head =
            head().replace("content-length: 50\r\n", &format!("content-length: {length}\r\n"));
        assert!(head.contains(&length.to_string()));
        clients.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all((head + "connection: close\r\n\r\n").as_bytes()).await.unwrap();
            let part = vec![b'a'; 1024 * 1024];
            for _ in 0..48 {
                stream.write_all(&part).await.unwrap();
            }
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        });
    }
    for answer in clients.join_all().await {
        assert!(answer.contains("InvalidSignatureException"), "{answer}");
    }
}
