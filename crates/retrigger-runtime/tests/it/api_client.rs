//! A Runtime API without a client: the function is a script that only waits, so that a test can
//! be its client.

use std::{
    fmt::Write as _,
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    thread,
    time::Duration,
};

use retrigger_runtime::{Invocation, Outcome, Process, SandboxError};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::support::{Function, invocation};

pub(crate) const RUNTIME: &str = "/2018-06-01/runtime";

pub(crate) type Invoked = JoinHandle<(Process, Result<Outcome, SandboxError>)>;

/// A client of the Runtime API of one sandbox.
pub(crate) struct Client {
    address: String,
    pub(crate) function: Function,
}

pub(crate) struct Reply {
    status: u16,
    head: String,
    pub(crate) body: String,
}

impl Client {
    /// Starts an invocation of a function that leaves its Runtime API to this client.
    pub(crate) fn start(prepare: impl FnOnce(&mut Function, &mut Invocation)) -> (Self, Invoked) {
        let script =
            "#!/bin/sh\necho $AWS_LAMBDA_RUNTIME_API > api.new\nmv api.new api\nexec sleep 60\n";
        let mut function = Function::new("provided.al2023", "boot", "bootstrap", script);
        let path = function.folder.path().join("bootstrap");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        let mut invocation = invocation(r#"{"a":1}"#);
        prepare(&mut function, &mut invocation);
        let mut process = function.process();
        let invoked = tokio::spawn(async move {
            let outcome = process.invoke(invocation).await;
            (process, outcome)
        });
        let file = function.folder.path().join("api");
        let address = loop {
            match fs::read_to_string(&file) {
                Ok(text) => break text.trim().to_owned(),
                Err(_) => thread::sleep(Duration::from_millis(5)),
            }
        };
        (Self { address, function }, invoked)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    pub(crate) fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let mut stream = self.connect();
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        write!(head, "Content-Length: {}\r\n\r\n", body.len()).unwrap();
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        Reply::read(stream)
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.call("GET", path, &[], b"")
    }

    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.call("POST", path, headers, body.as_bytes())
    }

    pub(crate) fn next(&self) -> Reply {
        self.get(&format!("{RUNTIME}/invocation/next"))
    }

    pub(crate) fn respond(&self, body: &str) -> Reply {
        self.post(&format!("{RUNTIME}/invocation/8f5c-11/response"), &[], body)
    }

    /// Answers the invocation and asks for the next one, which never comes.
    pub(crate) fn finish(&self) -> TcpStream {
        assert_eq!(self.respond("1").status, 202);
        let mut stream = self.connect();
        let head = format!("GET {RUNTIME}/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }
}

impl Reply {
    pub(crate) fn read(mut stream: TcpStream) -> Self {
        let mut text = Vec::new();
        stream.read_to_end(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(each, _)| each.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    #[track_caller]
    pub(crate) fn expect(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.body.as_str()), (status, body));
        assert_eq!(self.header("content-type"), Some("application/json"));
    }

    #[track_caller]
    pub(crate) fn expect_error(&self, status: u16, error_type: &str) {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!((self.status, body["errorType"].as_str()), (status, Some(error_type)));
        assert!(body["errorMessage"].is_string(), "{body}");
    }
}
