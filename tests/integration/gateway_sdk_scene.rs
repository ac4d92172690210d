//! Functions in Python and Node whose handlers call AWS's services by AWS's own SDKs.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    serve_scene::boto3,
    support::{Ran, command, installed},
};

const DEMO: &str = "recordings/lambda-demo";
const DETAILS: &str = "account-authorization-details.json";
const ACCOUNT: &str = "123456789012";

/// The functions, by the language of their handlers.
pub(crate) const PYTHON: &str = "calls-python";
const NODE: &str = "calls-node";

/// A tree of functions with one recording each.
pub(crate) struct Sdks {
    root: tempfile::TempDir,
    /// The functions whose SDK is there.
    pub(crate) functions: Vec<&'static str>,
}

/// What a replay of one recording showed.
pub(crate) struct Seen {
    /// What the handler returned.
    pub(crate) response: Value,
    /// `service:Operation` and how the call was answered.
    pub(crate) called: Vec<String>,
}

impl Sdks {
    /// With a recording for this path of the event, and a key of KMS in the event and the snapshot.
    pub(crate) fn new(path: &str, key: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut scene = Self { root, functions: Vec::new() };
        if let Some(python) = boto3() {
            let handler = scene.function(PYTHON, "python3.12", "app.handler", (path, key));
            fs::copy("tests/clients/gateway_sdk.py", handler.join("app.py")).unwrap();
            start_by(&scene.path("bin"), "python3", &python);
        }
        if let Some(modules) = installed("RETRIGGER_AWS_SDK_JS", "AWS's SDK for JavaScript") {
            let handler = scene.function(NODE, "nodejs20.x", "index.handler", (path, key));
            fs::copy("tests/clients/gateway_sdk.mjs", handler.join("index.mjs")).unwrap();
            symlink(modules.join("node_modules"), handler.join("node_modules")).unwrap();
        }
        scene
    }

    /// Makes a function that may do anything; gives the folder of its handler.
    fn function(
        &mut self,
        name: &'static str,
        runtime: &str,
        handler: &str,
        (path, key): (&str, &str),
    ) -> PathBuf {
        self.functions.push(name);
        let folder = self.path(name);
        copy_renamed(&Path::new(DEMO).join("snapshot"), &folder.join("snapshot"), name);
        let toml = format!(
            "format = 1\narn = \"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}\"\n\
             runtime = \"{runtime}\"\nhandler = \"{handler}\"\ntimeout = 60\n"
        );
        fs::write(folder.join("function.toml"), toml).unwrap();
        let recording = folder.join(path);
        copy_renamed(&Path::new(DEMO).join("alb-get-root"), &recording, name);
        for file in ["README.md", "expected.json"] {
            fs::remove_file(recording.join(file)).unwrap();
        }
        edit(&recording.join("event.json"), |event| {
            event["path"] = json!(format!("/{path}"));
            event["body"] = json!(key);
        });
        self.allow(name, &json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]));
        self.known(name, key);
        fs::create_dir_all(folder.join("handler")).unwrap();
        folder.join("handler")
    }

    /// What the snapshot says of the key and the role that the handler uses: their account may allow.
    fn known(&self, function: &str, key: &str) {
        let account = json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")});
        let opened = |action: &str, more: Value| {
            let mut statement = json!({"Effect": "Allow", "Principal": account, "Action": action});
            statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"Version": "2012-10-17", "Statement": [statement]})
        };
        let snapshot = self.path(function).join("snapshot");
        let key = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{key}");
        let policy = opened("kms:*", json!({"Resource": "*"}));
        let policy = json!({"ResourceArn": key, "Policy": policy});
        fs::create_dir_all(snapshot.join("resource-policies")).unwrap();
        fs::write(snapshot.join("resource-policies/key.json"), policy.to_string()).unwrap();
        edit(&snapshot.join(DETAILS), |details| {
            let roles = details["RoleDetailList"].as_array_mut().unwrap();
            let mut role = roles[0].clone();
            role["Path"] = json!("/");
            role["RoleName"] = json!(format!("{function}-other"));
            role["Arn"] = json!(format!("arn:aws:iam::{ACCOUNT}:role/{function}-other"));
            role["AssumeRolePolicyDocument"] = opened("sts:AssumeRole", json!({}));
            roles.push(role);
        });
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Gives the role of a function these statements and no others.
    pub(crate) fn allow(&self, function: &str, statements: &Value) {
        edit(&self.path(function).join("snapshot").join(DETAILS), |details| {
            let document = "/Policies/0/PolicyVersionList/0/Document/Statement";
            *details.pointer_mut(document).unwrap() = statements.clone();
        });
    }

    /// Writes what every recording is expected to lead to.
    pub(crate) fn expect(&self, seen: &BTreeMap<String, Seen>) {
        for (recording, Seen { response, .. }) in seen {
            let expected = json!({"format": 1, "outcome": "completed", "response": response});
            fs::write(self.path(recording).join("expected.json"), expected.to_string()).unwrap();
        }
    }

    pub(crate) fn retrigger(&self, arguments: &[&str]) -> Ran {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let mut command = command();
        Ran::of(command.args(arguments).arg(self.root.path()).env("PATH", path))
    }

    /// Replays all; what each recording showed, by `FUNCTION/RECORDING`.
    #[track_caller]
    pub(crate) fn replay(&self, more: &[&str]) -> (Ran, BTreeMap<String, Seen>) {
        let ran = self.retrigger(&[&["replay", "--format", "json"], more].concat());
        let mut all = BTreeMap::new();
        let mut seen = Seen { response: Value::Null, called: Vec::new() };
        for event in ran.json_lines() {
            let text = |pointer: &str| {
                event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            match event["event"].as_str().unwrap_or_default() {
                "called" => seen.called.push(format!(
                    "{}:{} {}",
                    text("/key/service"),
                    text("/key/operation"),
                    text("/answered")
                )),
                "handler-ran" => seen.response = event["response"].clone(),
                "recording-finished" => {
                    let name =
                        format!("{}/{}", text("/recording/function"), text("/recording/name"));
                    let next = Seen { response: Value::Null, called: Vec::new() };
                    all.insert(name, std::mem::replace(&mut seen, next));
                }
                _ => {}
            }
        }
        (ran, all)
    }
}

/// Puts a program that starts another into a folder: a virtual environment's Python finds its packages by
/// the path that it is started by.
pub(crate) fn start_by(folder: &Path, name: &str, program: &Path) {
    fs::create_dir_all(folder).unwrap();
    let file = folder.join(name);
    fs::write(&file, format!("#!/bin/sh\nexec '{}' \"$@\"\n", program.display())).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Copies a folder of the demo, whose function and account get other names.
fn copy_renamed(from: &Path, to: &Path, name: &str) {
    let renamed = |text: &str| text.replace("841860927337", ACCOUNT).replace("lambdaDemo", name);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(renamed(entry.file_name().to_str().unwrap()));
        if entry.file_type().unwrap().is_dir() {
            copy_renamed(&entry.path(), &target, name);
        } else {
            fs::write(target, renamed(&fs::read_to_string(entry.path()).unwrap())).unwrap();
        }
    }
}

fn edit(file: &Path, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    change(&mut value);
    fs::write(file, value.to_string()).unwrap();
}
