//! How much memory bodies take that are too large. It is a process of its own, so that nothing else
//! is counted.

#![cfg(target_os = "linux")]

use std::{net::SocketAddr, sync::Arc};

use retrigger_gateway::{Aws, Gateway, Server, SessionCredentials};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

const MIB: usize = 1024 * 1024;

/// The most memory that this process ever had, in MiB.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
}

async fn send(address: SocketAddr, credentials: SessionCredentials, length: String) -> String {
    let SessionCredentials { access_key_id, session_token, .. } = credentials;
    let head = format!(
        "PUT /bucket/key HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n{length}\r\n\
         x-amz-date: 20260301T120000Z\r\nx-amz-security-token: {session_token}\r\n\
         authorization: AWS4-HMAC-SHA256 Credential={access_key_id}/20260301/eu-west-1/s3/\
         aws4_request, SignedHeaders=host;x-amz-date, Signature=00\r\n\r\n"
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let is_chunked = length.starts_with("transfer-encoding");
    let part = vec![b'a'; MIB];
    for _ in 0..100 {
        if is_chunked {
            stream.write_all(b"100000\r\n").await.unwrap();
        }
        stream.write_all(&part).await.unwrap();
        if is_chunked {
            stream.write_all(b"\r\n").await.unwrap();
        }
    }
    if is_chunked {
        stream.write_all(b"0\r\n\r\n").await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_of_100_mb_with_the_sessions_key_are_refused_in_little_memory() {
    let credentials = SessionCredentials::from_seed(b"test");
    let aws = Arc::new(Aws::new("aws", "123456789012"));
    let gateway = Arc::new(Gateway::new(aws, credentials.clone()));
    let server = Server::start(gateway).await.unwrap();
    let before = peak();
    let declared = format!("content-length: {}", 100 * MIB);
    let address = server.address();
    let sends = (0..8).map(|_| send(address, credentials.clone(), declared.clone()));
    for answer in sends.collect::<JoinSet<_>>().join_all().await {
        assert!(
            answer.starts_with("HTTP/1.1 413") && answer.contains("EntityTooLarge"),
            "{answer}"
        );
    }
    let declared = peak() - before;
    assert!(declared < 64, "{declared} MiB for 8 bodies that tell their length");

    // One that does not tell its length is held up to the limit.
    let answer = send(address, credentials, "transfer-encoding: chunked".into()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let all = peak() - before;
    assert!(all < 256, "{all} MiB with one that does not");
    println!(
        "{declared} MiB for 8 bodies that tell their length, {all} MiB with one that does not"
    );
}
