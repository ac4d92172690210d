//! The function folder, and replays of it.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use retrigger::{
    Replay,
    event::{CallAnswer, Event},
    reporter::Reporter,
    runtime::{Context, json_handler},
};
use retrigger_sdk_tests::ACCOUNT;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// How the handler is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Called by the replay, its calls without a socket.
    InProcess,
    /// A program of its own, its calls over loopback.
    Loopback,
}

/// Both ways.
pub(crate) const WAYS: [Way; 2] = [Way::InProcess, Way::Loopback];

/// Where the snapshot says what the role may.
const DETAILS: &str = "account-authorization-details.json";
const STATEMENTS: &str = "/RoleDetailList/0/RolePolicyList/0/PolicyDocument/Statement";

/// A copy of the function folder `orders`.
pub(crate) struct Scene {
    root: TempDir,
}

/// What a replay showed.
#[derive(Default)]
pub(crate) struct Shown {
    /// What the handler returned for one event and the other: how each call ended.
    pub(crate) results: Map<String, Value>,
    /// How calls were answered, by `service:Operation`.
    pub(crate) answered: BTreeMap<String, CallAnswer>,
}

impl Reporter for Shown {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::HandlerRan(ran) => {
                let results = ran.response.as_ref().and_then(Value::as_object);
                self.results.extend(results.cloned().unwrap_or_default());
            }
            Event::Called(called) => {
                let name = format!("{}:{}", called.key.service, called.key.operation);
                self.answered.insert(name, called.answered);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Shown {
    /// Whether the handler made calls, and all were answered so.
    pub(crate) fn all_are(&self, answer: CallAnswer) -> bool {
        !self.answered.is_empty() && self.answered.values().all(|one| *one == answer)
    }
}

impl Scene {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let scene = Self { root };
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("orders"), &scene.path(""));
        std::fs::create_dir(scene.path("handler")).unwrap();
        let program = env!("CARGO_BIN_EXE_sdk-handler");
        std::os::unix::fs::symlink(program, scene.path("handler/bootstrap")).unwrap();
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Sets what the handler calls the key that encrypts, and gives the key a policy.
    pub(crate) fn encrypts_by(&self, named: &str, key: &str) {
        let path = self.path("order-placed/event.json");
        let mut event: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        event["key"] = named.into();
        std::fs::write(path, event.to_string()).unwrap();
        let statement = json!({
            "Sid": "account", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
            "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
        });
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
        let policy = json!({"ResourceArn": key, "Policy": policy}).to_string();
        std::fs::create_dir(self.path("snapshot/resource-policies")).unwrap();
        std::fs::write(self.path("snapshot/resource-policies/key.json"), policy).unwrap();
    }

    /// The statements of the role's policy: their `Sid` and what they allow.
    pub(crate) fn statements(&self) -> Vec<(String, Vec<String>)> {
        let details = self.details();
        let statements = details.pointer(STATEMENTS).and_then(Value::as_array).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let actions = |action: &Value| match action {
            Value::Array(actions) => actions.iter().map(text).collect(),
            one => vec![text(one)],
        };
        statements.iter().map(|one| (text(&one["Sid"]), actions(&one["Action"]))).collect()
    }

    /// A snapshot without a statement of the role's policy.
    pub(crate) fn without(&self, sid: &str) -> PathBuf {
        let folder = self.path("snapshots").join(sid);
        copy(&self.path("snapshot"), &folder);
        let mut details = self.details();
        let statements = details.pointer_mut(STATEMENTS).and_then(Value::as_array_mut).unwrap();
        statements.retain(|statement| statement["Sid"] != sid);
        std::fs::write(folder.join(DETAILS), details.to_string()).unwrap();
        folder
    }

    fn details(&self) -> Value {
        let text = std::fs::read(self.path("snapshot").join(DETAILS)).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    pub(crate) fn replay(&self, way: Way) -> Replay {
        let replay = Replay::new([self.root.path()]);
        match way {
            Way::InProcess => replay.handler(json_handler(in_process)),
            Way::Loopback => replay,
        }
    }
}

async fn in_process(event: Value, context: Context) -> Result<Value, String> {
    let config = retrigger::sdk_config(&context).ok_or("no replay")?;
    Ok(retrigger_sdk_tests::handle(&config, &event).await)
}

/// Replays, and says what it showed.
pub(crate) fn shown(replay: &Replay) -> Shown {
    let mut shown = Shown::default();
    replay.run(&mut shown).unwrap();
    shown
}

/// Copies a folder with all in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
