//! Requests that botocore builds and signs, by `tests/wire/requests.py`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use retrigger_catalogue::wire::{Identified, SigningScope, Unidentified, WireRequest, identify};
use serde_json::Value;

/// A request as botocore built it, or why it refused to.
pub(crate) struct Built {
    pub(crate) service: String,
    pub(crate) operation: String,
    pub(crate) line: Value,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Built {
    fn read(line: &str) -> Self {
        let line: Value = serde_json::from_str(line).expect("a line of JSON");
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let header = |pair: &Value| {
            let part = |at: usize| pair[at].as_str().expect("a text").to_owned();
            (part(0), part(1))
        };
        let headers = line["headers"].as_array().into_iter().flatten().map(header).collect();
        let body = STANDARD.decode(text("body")).expect("base64");
        Self { service: text("service"), operation: text("operation"), headers, body, line }
    }

    /// Why botocore did not build it.
    pub(crate) fn refusal(&self) -> Option<&str> {
        self.line["error"].as_str()
    }

    /// Gives the request and its scope to `use_it`.
    pub(crate) fn with<T>(
        &self,
        use_it: impl FnOnce(&WireRequest<'_>, Option<&SigningScope<'_>>) -> T,
    ) -> T {
        let headers: Vec<_> = self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let text = |name: &str| self.line[name].as_str().unwrap_or_default();
        let request = WireRequest {
            method: text("method"),
            uri: text("uri"),
            headers: &headers,
            body: &self.body,
        };
        let scope = self.line["scope"].as_array().map(|scope| SigningScope {
            service: scope[0].as_str().unwrap_or_default(),
            region: scope[1].as_str().unwrap_or_default(),
        });
        use_it(&request, scope.as_ref())
    }

    pub(crate) fn identify(&self) -> Result<Identified, Unidentified> {
        self.with(identify)
    }

    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }
}

/// What botocore builds for every operation of the services; of all, where none is named. Nothing
/// where `RETRIGGER_BOTO3_PYTHON` names no Python with botocore, which is an error in CI.
pub(crate) fn requests(services: &[&str]) -> Option<Vec<Built>> {
    let python = installed("RETRIGGER_BOTO3_PYTHON", "botocore")?;
    let output = Command::new(python)
        .arg("tests/wire/requests.py")
        .args(services)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .output()
        .expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("UTF-8").lines().map(Built::read).collect())
}

fn installed(variable: &str, what: &str) -> Option<PathBuf> {
    let place = std::env::var_os(variable).map(PathBuf::from);
    if place.is_none() {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!ci, "CI must test {what}: install it and set {variable}");
        let notice = format!("SKIPPED: {what} is not tested, as {variable} is not set\n");
        std::io::stderr().write_all(notice.as_bytes()).expect("stderr");
    }
    place
}
