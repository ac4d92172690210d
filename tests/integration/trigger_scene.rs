//! A function folder of its own, whose triggers are added and whose recording is replayed.

use std::{
    io,
    sync::{Arc, Mutex},
};

use retrigger::{
    Replay,
    event::{Event, RecordingFinished},
    recording::{Expected, Outcome},
    reporter::Reporter,
    runtime::{Context, json_handler},
    triggers::Triggers,
};
use serde_json::{Value, json};

/// A role of the account, without permissions.
pub(crate) const CALLER: &str = "arn:aws:iam::841860927337:role/caller";

/// A role of another account, which that account lets invoke.
pub(crate) const STRANGER: &str = "arn:aws:iam::444455556666:role/stranger";

/// A function folder with a snapshot that grants nothing, and one recording.
pub(crate) struct Scene {
    /// The function folder.
    pub(crate) root: tempfile::TempDir,
}

impl Scene {
    /// With an event, and what `recording.toml` says under `[trigger]`.
    pub(crate) fn new(payload: &Value, declared: &str) -> Self {
        let scene = Self { root: tempfile::tempdir().unwrap() };
        scene.write(
            "function.toml",
            "format = 1\narn = \"arn:aws:lambda:us-east-1:841860927337:function:demo\"\n\
             runtime = \"provided.al2023\"\nhandler = \"bootstrap\"\n",
        );
        scene.write(
            "snapshot/snapshot.toml",
            "format = 1\ntaken_at = \"2026-03-02T09:00:00Z\"\naccount = \"841860927337\"\n\
             region = \"us-east-1\"\n",
        );
        let configuration = json!({"Role": "arn:aws:iam::841860927337:role/demo"}).to_string();
        scene.write("snapshot/lambda/demo/configuration.json", &configuration);
        scene.grant_role(&[]);
        scene.write("recording/event.json", &payload.to_string());
        scene.write("recording/recording.toml", &format!("format = 1\n[trigger]\n{declared}"));
        scene
    }

    /// Writes a file of the function folder.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Gives the execution role these statements and no others. `caller` has no permission at
    /// all; `stranger`, of another account, may invoke whatever that account lets it.
    pub(crate) fn grant_role(&self, statements: &[Value]) {
        let policy =
            |statements: &[Value]| json!({"Version": "2012-10-17", "Statement": statements});
        let role = |name: &str, arn: &str, statements: &[Value]| {
            let trust = [json!({"Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"}})];
            let document = policy(statements);
            json!({"RoleName": name, "Arn": arn, "AssumeRolePolicyDocument": policy(&trust),
                "RolePolicyList": [{"PolicyName": "inline", "PolicyDocument": document}]})
        };
        let invoke = json!({"Effect": "Allow", "Resource": "*",
            "Action": ["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"]});
        let details = json!({"RoleDetailList": [
            role("demo", "arn:aws:iam::841860927337:role/demo", statements),
            role("caller", CALLER, &[]),
            role("stranger", STRANGER, &[invoke]),
        ]});
        self.write("snapshot/account-authorization-details.json", &details.to_string());
    }

    /// The triggers of its snapshot.
    pub(crate) fn triggers(&self) -> Triggers {
        Triggers::open(self.root.path(), None).unwrap()
    }

    /// What a replay of the recording shows.
    pub(crate) fn replay(&self) -> Expected {
        let handler = json_handler(|_: Value, _: Context| async { Ok::<_, String>(json!(null)) });
        let mut kept = Kept::default();
        Replay::new([self.root.path()]).in_process("demo", handler).run(&mut kept).unwrap();
        let finished = kept.0.lock().unwrap();
        finished[0].actual.clone()
    }

    /// Replays the recording, which must end so.
    #[track_caller]
    pub(crate) fn check(&self, outcome: Outcome, when: &str) {
        let actual = self.replay();
        assert_eq!(actual.outcome, Some(outcome), "{when}: {actual:#?}");
    }
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<RecordingFinished>>>);

impl Reporter for Kept {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if let Event::RecordingFinished(finished) = event {
            self.0.lock().unwrap().push((**finished).clone());
        }
        Ok(())
    }
}

/// An ARN of the account.
pub(crate) fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:us-east-1:841860927337:{resource}")
}
