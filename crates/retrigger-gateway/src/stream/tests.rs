use std::time::Duration;

use http_body_util::Full;
use hyper::{client::conn::http1, http::Request};
use hyper_util::rt::TokioIo;
use rstest::rstest;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use super::*;
use crate::{
    Gateway, RecordMode, Server, Upstream,
    gateway::tests::{ITEM, gateway, invocation, item, signed},
};

/// An upstream that answers once: with the first bytes, and when it is told to go on with the rest.
async fn upstream(first: &'static str, rest: Vec<u8>) -> (String, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (go_on, told) = oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await.unwrap();
        stream.write_all(first.as_bytes()).await.unwrap();
        let _ = told.await;
        let _ = stream.write_all(&rest).await;
    });
    (url, go_on)
}

async fn recording(url: &str) -> (Arc<Gateway>, Server) {
    let gateway = Arc::new(gateway().upstream(Upstream::endpoint(url).unwrap()));
    gateway.begin(invocation(Vec::new(), RecordMode::New));
    let server = Server::start(Arc::clone(&gateway)).await.unwrap();
    (gateway, server)
}

async fn call(server: &Server) -> Response<Incoming> {
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (mut sender, connection) =
        http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request: Request<Full<Bytes>> = signed(ITEM).map(Full::new);
    sender.send_request(request).await.unwrap()
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n\
                       transfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n";
const SIZED: &str = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfirst";

#[rstest]
#[case(CHUNKED, b"4\r\n\xFF\x00me\r\n0\r\n\r\n", b"first\xFF\x00me")]
#[case(SIZED, b"rest", b"firstrest")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_part_reaches_the_handler_before_the_upstream_has_ended(
    #[case] first: &'static str,
    #[case] rest: &'static [u8],
    #[case] whole: &'static [u8],
) {
    let (url, go_on) = upstream(first, rest.to_vec()).await;
    let (gateway, server) = recording(&url).await;
    let mut answer = call(&server).await;
    let part = answer.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(part, "first");
    go_on.send(()).unwrap();
    let left = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!([&part[..], &left].concat(), whole);
    let made = gateway.end().calls.remove(0);
    assert_eq!(made.answered, Answered::Upstream);
    assert_eq!(made.call.response.body.as_bytes(), whole);

    // It is answered the same from the recording.
    gateway.begin(invocation(vec![made.call], RecordMode::None));
    let again = call(&server).await.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(again, whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_breaks_off_is_not_recorded() {
    let (url, go_on) = upstream(SIZED, Vec::new()).await;
    let (gateway, server) = recording(&url).await;
    let answer = call(&server).await;
    go_on.send(()).unwrap();
    answer.into_body().collect().await.unwrap_err();
    let made = gateway.end().calls.remove(0);
    let Answered::Failed { why } = made.answered else { panic!("{:?}", made.answered) };
    assert!(why.starts_with("the upstream's answer broke off"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_not_there_to_its_end_is_not_recorded() {
    let (url, _go_on) = upstream(SIZED, Vec::new()).await;
    let (gateway, server) = recording(&url).await;
    let _answer = call(&server).await;
    let made = gateway.end().calls.remove(0);
    let Answered::Failed { why } = made.answered else { panic!("{:?}", made.answered) };
    assert!(why.starts_with("the invocation was over before"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_handler_does_not_read_is_recorded_all_the_same() {
    let rest = vec![b'a'; 8 * 1024 * 1024];
    let first = "HTTP/1.1 200 OK\r\ncontent-length: 8388613\r\n\r\nfirst";
    let (url, go_on) = upstream(first, rest).await;
    let (gateway, server) = recording(&url).await;
    drop(call(&server).await);
    go_on.send(()).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let made = gateway.end().calls.remove(0);
    assert_eq!(made.answered, Answered::Upstream);
    assert_eq!(made.call.response.body.as_bytes().len(), 8_388_613);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_too_large_is_passed_on_whole_and_not_recorded() {
    let size = MAX_BODY + 1;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n");
    let (url, go_on) = upstream("", [head.into_bytes(), vec![b'a'; size]].concat()).await;
    let (gateway, server) = recording(&url).await;
    go_on.send(()).unwrap();
    let mut body = call(&server).await.into_body();
    let mut got = 0;
    while let Some(frame) = body.frame().await {
        got += frame.unwrap().into_data().unwrap().len();
    }
    assert_eq!(got, size);
    let made = gateway.end().calls.remove(0);
    let Answered::Failed { why } = made.answered else { panic!("{:?}", made.answered) };
    assert_eq!(why, "its answer has more than the 64 MiB that are recorded of one");
    assert!(made.call.response.body.is_empty());
}

#[tokio::test]
async fn a_recorded_answer_is_not_copied() {
    let gateway = gateway();
    let call = item(1);
    gateway.begin(invocation(vec![call.clone()], RecordMode::None));
    let answer = gateway.call(signed(ITEM)).await;
    assert_eq!(answer.body().as_ptr(), call.response.body.as_bytes().as_ptr());
    let noted = gateway.end().calls.remove(0);
    assert_eq!(noted.call.response.body.as_bytes().as_ptr(), answer.body().as_ptr());
}
