//! A Node function behind front doors, and curl before them.

use std::{
    io::{self, Write},
    path::Path,
    process::{Command, Stdio},
};

use retrigger::serve::Serve;
use serde_json::{Value, json};

use crate::{
    support::{copy, retrigger},
    trigger_scene::arn,
};

/// Does what the last part of the path says, and gives the event back by default.
const HANDLER: &str = r"
const answer = (body, more) => ({ statusCode: 200, body, ...more });
export const buffered = async (event) => {
  const path = event.rawPath ?? event.path;
  switch (path.split('/').pop()) {
    case 'fail': throw new TypeError('boom');
    case 'slow': return new Promise((done) => setTimeout(done, 60000));
    case 'wait': return new Promise((done) => setTimeout(() => done(answer('waited')), 900));
    case 'malformed': return answer({ a: 1 });
    case 'inferred': return { a: 1 };
    case 'large': return answer('x'.repeat(1100000));
    case 'described': return { statusCode: 404, statusDescription: '404 Nothing Here' };
    case 'binary': return answer('iVBORw==', {
      headers: { 'content-type': 'image/png' }, isBase64Encoded: true });
    case 'lists': return answer('', { multiValueHeaders: { 'x-a': ['1', '2'] } });
    case 'cookies': return answer('', { cookies: ['a=1', 'b=2'] });
    default: return answer(JSON.stringify(event), {
      headers: { 'content-type': 'application/json' } });
  }
};
export const streaming = awslambda.streamifyResponse(async (event, out) => {
  const head = { statusCode: 201, headers: { 'content-type': 'text/plain' }, cookies: ['a=1'] };
  const body = awslambda.HttpResponseStream.from(out, head);
  body.write('first ');
  await new Promise((done) => setTimeout(done, 800));
  if (event.rawPath === '/fail') throw new TypeError('boom');
  body.end('last');
});
";

/// A function folder of a Node function whose policy permits every kind of front door.
pub(crate) struct Doors {
    pub(crate) root: tempfile::TempDir,
}

impl Doors {
    pub(crate) fn new(handler: &str) -> Self {
        let scene = Self { root: tempfile::tempdir().unwrap() };
        copy(Path::new("recordings/lambda-demo/snapshot"), &scene.root.path().join("snapshot"));
        scene.write(
            "function.toml",
            &format!(
                "format = 1\narn = \"{}\"\nruntime = \"nodejs20.x\"\nhandler = \"index.{handler}\"\n\
                 timeout = 2\n",
                arn("lambda", "function:lambdaDemo")
            ),
        );
        scene.write("handler/index.mjs", HANDLER);
        let api = |id: &str| arn("execute-api", &format!("{id}/*/*/*"));
        scene.permit(&[
            service("elasticloadbalancing", &arn("elasticloadbalancing", TARGET_GROUP)),
            service("apigateway", &api("rest123456")),
            service("apigateway", &api("http123456")),
            url("lambda:InvokeFunctionUrl"),
            url("lambda:InvokeFunction"),
        ]);
        scene
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Gives the function these statements and no others.
    pub(crate) fn permit(&self, statements: &[Value]) {
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
        self.write("snapshot/lambda/lambdaDemo/policy.json", &policy.to_string());
    }

    /// Sets what the function's URL is configured with, besides its name.
    pub(crate) fn configure_url(&self, members: &Value) {
        let mut config = json!({
            "FunctionUrl": "https://x3q7c2n5.lambda-url.us-east-1.on.aws/",
            "FunctionArn": arn("lambda", "function:lambdaDemo"),
            "AuthType": "NONE",
        });
        config.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        self.write("snapshot/lambda/lambdaDemo/function-url-config.json", &config.to_string());
    }

    /// A server with these front doors.
    pub(crate) fn serve(&self, doors: &[&str]) -> Serve {
        let serve = Serve::new([self.root.path()]).record("recorded");
        doors.iter().fold(serve, |serve, door| serve.front_door(door.parse().unwrap()))
    }

    /// What the recordings expect, each with its name; all of them replay as expected.
    #[track_caller]
    pub(crate) fn recorded(&self) -> Vec<(String, Value)> {
        let folder = self.root.path().join("recorded");
        let ran = retrigger(["replay", folder.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{}", ran.text());
        let names = std::fs::read_dir(&folder).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        let read = |name: String| {
            let text = std::fs::read_to_string(folder.join(&name).join("expected.json")).unwrap();
            (name, serde_json::from_str(&text).unwrap())
        };
        names.into_iter().map(read).collect()
    }
}

pub(crate) const TARGET_GROUP: &str = "targetgroup/my-targets/0123456789abcdef";

/// A statement as `AddPermission` writes it for a service.
pub(crate) fn service(name: &str, source_arn: &str) -> Value {
    json!({"Sid": name, "Effect": "Allow", "Action": "lambda:InvokeFunction",
        "Principal": {"Service": format!("{name}.amazonaws.com")},
        "Resource": arn("lambda", "function:lambdaDemo"),
        "Condition": {"ArnLike": {"AWS:SourceArn": source_arn}}})
}

fn url(action: &str) -> Value {
    json!({"Effect": "Allow", "Principal": "*", "Action": action,
        "Resource": arn("lambda", "function:lambdaDemo")})
}

/// A response that curl got.
#[derive(Debug)]
pub(crate) struct Got {
    /// The first line.
    pub(crate) status: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let own = self.headers.iter().filter(|(known, _)| known == name);
        own.map(|(_, value)| value.as_str()).collect()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// Whether there is curl. Without it a test says loudly that it is skipped, except in CI, where it
/// fails.
pub(crate) fn has_curl() -> bool {
    let found = Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !found {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!ci, "CI must test with curl: install it");
        // Not by eprintln!, whose output a passing test keeps to itself.
        io::stderr().write_all(b"SKIPPED: there is no curl to call front doors with\n").unwrap();
    }
    found
}

/// What curl gets with these arguments, a body on its standard input.
#[track_caller]
pub(crate) fn curl(arguments: &[&str], body: &[u8]) -> Got {
    let folder = tempfile::tempdir().unwrap();
    let (head, content) = (folder.path().join("head"), folder.path().join("body"));
    let mut child = Command::new("curl")
        .args(["-sS", "--max-time", "60", "--http1.1", "-H", "Expect:", "-D"])
        .arg(&head)
        .arg("-o")
        .arg(&content)
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    // Fails where curl does not read it all, as it need not.
    let _ = child.stdin.take().unwrap().write_all(body);
    assert!(child.wait().unwrap().success(), "curl {arguments:?}");
    let head = std::fs::read_to_string(head).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default().trim_end().to_owned();
    let pairs = lines.filter_map(|line| line.split_once(": "));
    let pairs = pairs.map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Got { status, headers: pairs.collect(), body: std::fs::read(content).unwrap_or_default() }
}
