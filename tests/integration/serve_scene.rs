//! A server of a function folder, and its callers.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::JoinHandle,
    time::Duration,
};

use retrigger::{
    runtime::{Context, Handler, json_handler},
    serve::{Serve, ServedDoor},
};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::support::{command, installed};

/// A server in this process. Dropping it lets it finish, and waits for that.
pub(crate) struct Serving {
    address: SocketAddr,
    /// The front doors, in the order in which they were asked for.
    pub(crate) doors: Vec<ServedDoor>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    /// Starts it.
    pub(crate) fn start(serve: Serve) -> Self {
        let (told, address) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let running = serve.start().await.unwrap();
                told.send((running.address(), running.front_doors())).unwrap();
                running.until(async { stopped.await.unwrap_or(()) }).await;
            });
        });
        let (address, doors) = address.recv().expect("it starts");
        Self { address, doors, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// One request on a connection of its own.
    #[track_caller]
    pub(crate) fn request(&self, head: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut connection = self.connect();
        connection.send(head, headers, body).unwrap();
        connection.receive().unwrap()
    }

    pub(crate) fn connect(&self) -> Connection {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream.set_nodelay(true).unwrap();
        Connection { stream, host: self.address.to_string(), rest: Vec::new() }
    }

    /// Invokes `demo` with an event.
    #[track_caller]
    pub(crate) fn invoke(&self, event: &str) -> Reply {
        self.request("POST /2015-03-31/functions/demo/invocations", &[], event.as_bytes())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the server panicked");
        }
    }
}

/// The command.
pub(crate) struct Commanded {
    child: Child,
    /// The line it printed.
    pub(crate) about: Value,
}

impl Commanded {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = command()
            .arg("serve")
            .args(arguments)
            .args(["--format", "json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let about = serde_json::from_str(&line).unwrap_or_default();
        Self { child, about }
    }

    pub(crate) fn url(&self) -> &str {
        self.about["url"].as_str().expect("it serves")
    }

    /// Ends it by this signal; gives its exit code once all has come to its end.
    pub(crate) fn stop(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Commanded {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    host: String,
    rest: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) fn send(
        &mut self,
        head: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<()> {
        let mut text = format!("{head} HTTP/1.1\r\ncontent-length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "host") {
            text += &["host: ", &self.host, "\r\n"].concat();
        }
        for (name, value) in headers {
            text += &[*name, ": ", *value, "\r\n"].concat();
        }
        self.stream.write_all(format!("{text}\r\n").as_bytes())?;
        self.stream.write_all(body)
    }

    pub(crate) fn send_text(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes())
    }

    pub(crate) fn receive(&mut self) -> io::Result<Reply> {
        let end = loop {
            if let Some(end) = self.rest.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            self.read()?;
        };
        let head = String::from_utf8_lossy(&self.rest[..end]).into_owned();
        self.rest.drain(..end + 4);
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut reply = Reply { status: status.unwrap_or(0), headers, body: Vec::new() };
        let length = reply.header("content-length").and_then(|text| text.parse().ok());
        let length = length.unwrap_or(0);
        while self.rest.len() < length {
            self.read()?;
        }
        reply.body = self.rest.drain(..length).collect();
        Ok(reply)
    }

    /// All that came once `is_enough`, or the other side has said all.
    pub(crate) fn receive_until(
        &mut self,
        is_enough: impl Fn(&[u8]) -> bool,
    ) -> io::Result<Vec<u8>> {
        while !is_enough(&self.rest) {
            match self.read() {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                read => read?,
            }
        }
        Ok(std::mem::take(&mut self.rest))
    }

    fn read(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        let count = self.stream.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.rest.extend_from_slice(&buffer[..count]);
        Ok(())
    }
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// `STATUS CODE: MESSAGE` of an error.
    #[track_caller]
    pub(crate) fn error(&self) -> String {
        let code = self.header("x-amzn-errortype").unwrap_or("no error");
        let body = self.json();
        let message = body.get("Message").or(body.get("message")).cloned().unwrap_or_default();
        format!("{} {code}: {}", self.status, message.as_str().unwrap_or_default())
    }
}

/// Echoes its event, unless the event says what else to do.
pub(crate) fn handler() -> impl Handler {
    json_handler(|event: Value, context: Context| async move {
        if let Some(message) = event["fail"].as_str() {
            return Err(message.to_owned());
        }
        if let Some(milliseconds) = event["sleep"].as_u64() {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        }
        if event["context"] == true {
            let client = context.client_context.as_deref().unwrap_or("null");
            let client: Value = serde_json::from_str(client).unwrap();
            return Ok(json!({"arn": context.invoked_function_arn, "client": client}));
        }
        Ok(event)
    })
}

/// The `python3` with boto3.
pub(crate) fn boto3() -> Option<PathBuf> {
    installed("RETRIGGER_BOTO3_PYTHON", "boto3")
}

/// Makes calls with boto3, one after the other; gives what each led to.
#[track_caller]
pub(crate) fn call_with(python: &PathBuf, url: &str, calls: &[Value]) -> Vec<Value> {
    let mut child = Command::new(python)
        .arg("tests/clients/boto3_calls.py")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let orders = json!({"url": url, "calls": calls}).to_string();
    child.stdin.take().unwrap().write_all(orders.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "boto3 ended with {}", output.status);
    let lines = String::from_utf8(output.stdout).unwrap();
    let made: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert_eq!(made.len(), calls.len());
    made
}
