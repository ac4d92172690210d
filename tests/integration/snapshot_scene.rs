//! A function folder for snapshots, and a server that answers as AWS does.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_string_contains, method, path},
};

use crate::support::{Ran, command};

/// The account of everything in the scene.
pub(crate) const ACCOUNT: &str = "123456789012";

/// A function folder `orders` with a recording of an S3 event and one of an SQS batch.
pub(crate) struct Folder {
    root: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = Self { root };
        let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders");
        folder.put(
            "function.toml",
            &format!(
                "format = 1\narn = \"{arn}\"\nruntime = \"nodejs20.x\"\nhandler = \"index.handler\"\n"
            ),
        );
        folder.put(
            "handler/index.mjs",
            "export const handler = async () => ({ batchItemFailures: [] });\n",
        );
        let declared = format!("{{ value = \"{ACCOUNT}\", provenance = \"declared\" }}");
        folder.recording(
            "file",
            &json!({"eventSource": "aws:s3", "s3": {"bucket": {"arn": "arn:aws:s3:::order-files"}}}),
            &format!("[trigger]\nsource_account = {declared}\n"),
        );
        let queue = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:orders");
        let message = json!({
            "eventSource": "aws:sqs", "eventSourceARN": queue, "messageId": "1", "body": "{}",
        });
        folder.recording("queue", &message, "");
        folder
    }

    fn recording(&self, name: &str, record: &Value, more: &str) {
        let event = json!({ "Records": [record] }).to_string();
        self.put(&format!("{name}/event.json"), &event);
        self.put(&format!("{name}/recording.toml"), &format!("format = 1\n{more}"));
        let expected = json!({"format": 1, "outcome": "completed"}).to_string();
        self.put(&format!("{name}/expected.json"), &expected);
    }

    pub(crate) fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A path as an argument.
    pub(crate) fn shown(&self, name: &str) -> String {
        self.path(name).into_os_string().into_string().unwrap()
    }

    #[track_caller]
    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Every file below a folder, with its text.
    pub(crate) fn files(&self, name: &str) -> Vec<(PathBuf, String)> {
        let mut files = Vec::new();
        collect(&self.path(name), &mut files);
        files.sort();
        files
    }

    /// The names in the function folder.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.root.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// `retrigger snapshot FOLDER/NAME`, from a server.
    pub(crate) fn take(&self, name: &str, url: &str, more: &[&str]) -> Ran {
        self.take_with(name, url, more, &[])
    }

    /// The same with further environment variables.
    pub(crate) fn take_with(
        &self,
        name: &str,
        url: &str,
        more: &[&str],
        environment: &[(&str, &str)],
    ) -> Ran {
        let mut command = command();
        offline(&mut command);
        command
            .envs(environment.iter().copied())
            .arg("snapshot")
            .arg(self.path(name))
            .args(["--endpoint-url", url])
            .args(more);
        Ran::of(&mut command)
    }

    /// The same, which must take it whole.
    #[track_caller]
    pub(crate) fn must_take(&self, name: &str, url: &str, more: &[&str]) -> Ran {
        let ran = self.take(name, url, more);
        assert_eq!(ran.code, 0, "{}", ran.text());
        ran
    }
}

/// Sets credentials for a server on this machine, and nothing of the user's own.
pub(crate) fn offline(command: &mut std::process::Command) {
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push((path.clone(), std::fs::read_to_string(path).unwrap()));
        }
    }
}

/// A server that answers as AWS does, for a function without aliases whose role has one inline and
/// two pages of attached policies.
pub(crate) struct Aws {
    server: MockServer,
    runtime: tokio::runtime::Runtime,
}

impl Aws {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let server = runtime.block_on(MockServer::start());
        let aws = Self { server, runtime };
        aws.lambda();
        aws.iam();
        aws
    }

    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    pub(crate) fn mount(&self, mock: Mock) {
        self.runtime.block_on(mock.mount(&self.server));
    }

    /// Answers a call of Lambda in place of the usual answer, the first `times` times.
    pub(crate) fn lambda_answers(&self, end: &str, answer: ResponseTemplate, times: u64) {
        let mock = Mock::given(method("GET")).and(path(lambda_path(end))).respond_with(answer);
        self.mount(mock.up_to_n_times(times).with_priority(1));
    }

    /// The same of a call of IAM or STS, which has some text in its parameters.
    pub(crate) fn query_answers(&self, text: &str, answer: ResponseTemplate) {
        let mock = Mock::given(method("POST")).and(body_string_contains(text));
        self.mount(mock.respond_with(answer).with_priority(1));
    }

    /// How often a path was asked for.
    pub(crate) fn asked(&self, end: &str) -> usize {
        let requests = self.runtime.block_on(self.server.received_requests()).unwrap();
        requests.iter().filter(|request| request.url.path() == lambda_path(end)).count()
    }

    /// The actions that were asked for, but `sts:GetCallerIdentity`, which nobody needs.
    pub(crate) fn actions(&self) -> Vec<String> {
        let requests = self.runtime.block_on(self.server.received_requests()).unwrap();
        let action = |request: &wiremock::Request| {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            if let Some(rest) = body.strip_prefix("Action=") {
                return format!("iam:{}", rest.split('&').next().unwrap());
            }
            let name = match request.url.path().rsplit('/').next().unwrap() {
                "configuration" => "GetFunctionConfiguration",
                "policy" => "GetPolicy",
                "aliases" => "ListAliases",
                "event-source-mappings" => "ListEventSourceMappings",
                "url" => "GetFunctionUrlConfig",
                other => panic!("{other}"),
            };
            format!("lambda:{name}")
        };
        let mut actions: Vec<String> = requests.iter().map(action).collect();
        actions.retain(|action| action != "iam:GetCallerIdentity");
        actions.sort();
        actions.dedup();
        actions
    }

    fn lambda(&self) {
        let function = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders");
        let statement = json!({
            "Sid": "files", "Effect": "Allow", "Action": "lambda:InvokeFunction",
            "Principal": {"Service": "s3.amazonaws.com"}, "Resource": function,
            "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::order-*"}},
        });
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        for (end, answer) in [
            (
                "configuration",
                json!({
                    "FunctionArn": function, "FunctionName": "orders", "Role": role(),
                    "NotKnownYet": {"Kept": [1.5, "as it is"]},
                }),
            ),
            ("policy", json!({"Policy": policy, "RevisionId": "1"})),
            ("aliases", json!({"Aliases": []})),
            ("event-source-mappings", json!({"EventSourceMappings": []})),
        ] {
            let answer = ResponseTemplate::new(200).set_body_json(answer);
            self.mount(Mock::given(method("GET")).and(path(lambda_path(end))).respond_with(answer));
        }
        let none = lambda_error(404, "ResourceNotFoundException", "there is no such thing");
        self.mount(Mock::given(method("GET")).and(path(lambda_path("url"))).respond_with(none));
    }

    fn iam(&self) {
        let trust = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A\
                     %22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22lambda.amazonaws.com%22\
                     %7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";
        let document = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A\
                        %22Allow%22%2C%22Action%22%3A%22logs%3A*%22%2C%22Resource%22%3A%22*%22%7D%7D";
        let time = "2026-02-27T14:05:12Z";
        let attached = |name: &str, more: &str| {
            format!(
                "<AttachedPolicies><member><PolicyName>{name}</PolicyName><PolicyArn>\
                 arn:aws:iam::aws:policy/{name}</PolicyArn></member></AttachedPolicies>{more}"
            )
        };
        let more = "<IsTruncated>true</IsTruncated><Marker>next</Marker>";
        for (text, answer) in [
            (
                "Action=GetCallerIdentity",
                format!("<Arn>arn:aws:iam::{ACCOUNT}:user/alice</Arn><Account>{ACCOUNT}</Account>"),
            ),
            (
                "Action=GetRole&",
                format!(
                    "<Role><Path>/</Path><RoleName>orders-role</RoleName><RoleId>AROA</RoleId><Arn>{}\
                     </Arn><CreateDate>{time}</CreateDate><AssumeRolePolicyDocument>{trust}\
                     </AssumeRolePolicyDocument></Role>",
                    role()
                ),
            ),
            (
                "Action=ListRolePolicies",
                "<PolicyNames><member>logs</member></PolicyNames><IsTruncated>false</IsTruncated>"
                    .to_owned(),
            ),
            (
                "Action=GetRolePolicy",
                format!(
                    "<RoleName>orders-role</RoleName><PolicyName>logs</PolicyName><PolicyDocument>\
                     {document}</PolicyDocument>"
                ),
            ),
            ("Marker=next", attached("second", "<IsTruncated>false</IsTruncated>")),
            ("Action=ListAttachedRolePolicies", attached("first", more)),
            (
                "Action=GetPolicyVersion",
                format!(
                    "<PolicyVersion><Document>{document}</Document><VersionId>v2</VersionId>\
                     <IsDefaultVersion>true</IsDefaultVersion></PolicyVersion>"
                ),
            ),
            ("Action=GetPolicy&", policy("first")),
        ] {
            let mock = Mock::given(method("POST")).and(body_string_contains(text));
            // What says more comes first.
            let priority = if text.starts_with("Action") { 5 } else { 4 };
            self.mount(mock.respond_with(query_answer(&answer)).with_priority(priority));
        }
        let second = Mock::given(method("POST"))
            .and(body_string_contains("Action=GetPolicy&"))
            .and(body_string_contains("policy%2Fsecond"));
        self.mount(second.respond_with(query_answer(&policy("second"))).with_priority(3));
    }
}

fn policy(name: &str) -> String {
    format!(
        "<Policy><PolicyName>{name}</PolicyName><Arn>arn:aws:iam::aws:policy/{name}</Arn>\
         <DefaultVersionId>v2</DefaultVersionId></Policy>"
    )
}

pub(crate) fn role() -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/orders-role")
}

fn lambda_path(end: &str) -> String {
    match end {
        "event-source-mappings" => "/2015-03-31/event-source-mappings".to_owned(),
        "url" => "/2021-10-31/functions/orders/url".to_owned(),
        end => format!("/2015-03-31/functions/orders/{end}"),
    }
}

/// An answer of a service of the query protocol, whatever the action.
fn query_answer(result: &str) -> ResponseTemplate {
    let names = [
        "GetCallerIdentity",
        "GetRole",
        "ListRolePolicies",
        "GetRolePolicy",
        "ListAttachedRolePolicies",
        "GetPolicyVersion",
        "GetPolicy",
    ];
    let name = names.iter().find(|name| match **name {
        "GetCallerIdentity" => result.contains("<Account>"),
        "GetRole" => result.starts_with("<Role>"),
        "ListRolePolicies" => result.contains("<PolicyNames>"),
        "GetRolePolicy" => result.contains("<PolicyDocument>"),
        "ListAttachedRolePolicies" => result.contains("<AttachedPolicies>"),
        "GetPolicyVersion" => result.starts_with("<PolicyVersion>"),
        _ => true,
    });
    let name = name.unwrap();
    let body = format!("<{name}Response><{name}Result>{result}</{name}Result></{name}Response>");
    ResponseTemplate::new(200).set_body_raw(body, "text/xml")
}

/// An error of Lambda.
pub(crate) fn lambda_error(status: u16, code: &str, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .insert_header("x-amzn-ErrorType", code)
        .set_body_json(json!({ "Message": message }))
}

/// An error of a service of the query protocol.
pub(crate) fn query_error(status: u16, code: &str, message: &str) -> ResponseTemplate {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>\
         </Error></ErrorResponse>"
    );
    ResponseTemplate::new(status).set_body_raw(body, "text/xml")
}
