use std::{fs, path::Path};

use retrigger_gateway::{Aws, needed};
use retrigger_recording::{CallKey, FunctionFolder};
use serde_json::{Value, json};

use super::*;
use crate::replay::{Assumed, calls};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../recordings/lambda-demo");
const OTHER: &str = "arn:aws:lambda:us-east-1:841860927337:function:other";
const ROLE: &str = "arn:aws:iam::841860927337:role/service-role/lambdaDemo-role-7h3kq2xz";

/// The demonstration's function and snapshot, with more statements for its role.
struct Scene {
    root: tempfile::TempDir,
}

impl Scene {
    fn new(statements: &Value) -> Self {
        let scene = Self { root: tempfile::tempdir().unwrap() };
        copy(Path::new(DEMO).join("snapshot").as_path(), &scene.root.path().join("snapshot"));
        fs::copy(Path::new(DEMO).join("function.toml"), scene.root.path().join("function.toml"))
            .unwrap();
        let path = scene.root.path().join("snapshot/account-authorization-details.json");
        let mut details: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let place = "/Policies/0/PolicyVersionList/0/Document/Statement";
        let known = details.pointer_mut(place).unwrap().as_array_mut().unwrap();
        known.extend(statements.as_array().unwrap().clone());
        fs::write(&path, details.to_string()).unwrap();
        scene
    }

    /// With a policy of the function `other`, in `file`.
    fn with_policy(self, file: &str, resource: &str, effect: &str) -> Self {
        let folder = self.root.path().join("snapshot/lambda/other");
        fs::create_dir_all(&folder).unwrap();
        let document = json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "call", "Effect": effect, "Principal": {"AWS": ROLE},
            "Action": "lambda:InvokeFunction", "Resource": resource,
        }]});
        let answer = json!({"Policy": document.to_string(), "RevisionId": "1"});
        fs::write(folder.join(file), answer.to_string()).unwrap();
        self
    }

    /// With a policy of a key that leaves access to it to the account.
    fn with_key(self, key: &str) -> Self {
        let folder = self.root.path().join("snapshot/resource-policies");
        fs::create_dir_all(&folder).unwrap();
        let statement = json!({"Sid": "account", "Effect": "Allow", "Action": "kms:*",
            "Principal": {"AWS": "arn:aws:iam::841860927337:root"}, "Resource": "*"});
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
        let file = json!({"ResourceArn": key, "Policy": policy});
        fs::write(folder.join("key.json"), file.to_string()).unwrap();
        self
    }

    /// Each action that the call needs, what is decided, and what that hangs on.
    fn decides(&self, call: (&str, &str), parameters: Value) -> Vec<(String, Decision, String)> {
        let folder = FunctionFolder::load(self.root.path()).unwrap();
        let snapshot = Snapshot::load(self.root.path().join("snapshot"), &folder).unwrap();
        let arn = &folder.function().arn;
        let mut authority = Authority::new(&snapshot, arn, None).unwrap();
        let role = authority.execution_role().unwrap();
        let (service, operation) = (call.0.to_owned(), call.1.to_owned());
        let key = CallKey { service, operation, resource: None, parameters, occurrence: 1 };
        let mut all = Vec::new();
        for asked in needed(&key, &Aws::new(arn.partition(), arn.account()), arn.region()) {
            for resource in &asked.resources {
                let (caller, what) = ((arn, &role), (&asked, resource.as_str()));
                let assumed = Assumed::default();
                let request = calls::request(&authority, caller, None, what, &assumed).unwrap();
                let decided = authority.decide_call(request, &role, &[]).unwrap();
                let hangs_on = decided.explanation.hangs_on.join(", ");
                all.push((asked.action.clone(), decided.explanation.decision, hangs_on));
            }
        }
        all
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[track_caller]
fn check(
    scene: &Scene,
    call: (&str, &str),
    parameters: Value,
    expected: &[(&str, Decision, &str)],
) {
    let found = scene.decides(call, parameters);
    let found: Vec<_> = found.iter().map(|(a, d, h)| (a.as_str(), *d, h.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_functions_own_policy_bears_on_calls_of_it() {
    let action = "lambda:InvokeFunction";
    let plain = || json!({"FunctionName": "other"});
    let live = || json!({"FunctionName": OTHER, "Qualifier": "live"});
    let invoke = ("lambda", "Invoke");
    let (allowed, none) = (Decision::Allowed, Decision::ImplicitlyDenied);

    let scene = Scene::new(&json!([])).with_policy("policy.json", OTHER, "Allow");
    check(&scene, invoke, plain(), &[(action, allowed, "")]);
    check(&scene, invoke, live(), &[(action, none, "")]);
    let latest = json!({"FunctionName": "other", "Qualifier": "$LATEST"});
    check(&scene, invoke, latest, &[(action, none, "")]);
    check(&scene, invoke, json!({"FunctionName": "unknown"}), &[(action, none, "")]);

    let qualified = format!("{OTHER}:live");
    let scene = Scene::new(&json!([])).with_policy("policy.live.json", &qualified, "Allow");
    check(&scene, invoke, plain(), &[(action, none, "")]);
    check(&scene, invoke, live(), &[(action, allowed, "")]);

    let all = json!([{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}]);
    let scene = Scene::new(&all).with_policy("policy.json", OTHER, "Deny");
    check(&scene, invoke, plain(), &[(action, Decision::ExplicitlyDenied, "")]);
    check(&scene, invoke, live(), &[(action, allowed, "")]);
}

#[test]
fn keys_through_s3_are_told_from_keys_called_directly() {
    let key = "arn:aws:kms:us-east-1:841860927337:key/1-2";
    let through = json!([
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::orders/*"},
        {"Effect": "Allow", "Action": "kms:*", "Resource": key,
         "Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}},
    ]);
    let scene = Scene::new(&through).with_key(key);
    let put = json!({"Bucket": "orders", "Key": "7", "ServerSideEncryption": "aws:kms",
                     "SSEKMSKeyId": "1-2"});
    let expected =
        [("s3:PutObject", Decision::Allowed, ""), ("kms:GenerateDataKey", Decision::Allowed, "")];
    check(&scene, ("s3", "PutObject"), put, &expected);
    let decrypt = json!({"KeyId": key, "CiphertextBlob": ""});
    let expected = [("kms:Decrypt", Decision::ImplicitlyDenied, "")];
    check(&scene, ("kms", "Decrypt"), decrypt, &expected);
}

#[test]
fn what_the_call_does_not_tell_is_unknown() {
    let send = ("sqs", "SendMessage");
    let queue = || json!({"QueueUrl": "https://sqs.us-east-1.amazonaws.com/841860927337/orders"});
    let tagged = json!([{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/stage": "test"}}}]);
    let hangs = [("sqs:SendMessage", Decision::Undecided, "aws:ResourceTag/stage")];
    check(&Scene::new(&tagged), send, queue(), &hangs);
    let but_tagged = json!([
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "Resource": "*",
         "Condition": {"StringEquals": {"aws:ResourceTag/stage": "prod"}}},
    ]);
    check(&Scene::new(&but_tagged), send, queue(), &hangs);
    let object = json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
        "Condition": {"StringEquals": {"s3:ExistingObjectTag/stage": "test"}}}]);
    let hangs = [("s3:GetObject", Decision::Undecided, "s3:ExistingObjectTag/stage")];
    let get = json!({"Bucket": "orders", "Key": "7"});
    check(&Scene::new(&object), ("s3", "GetObject"), get, &hangs);
    // What the request itself carries, or lacks, is known.
    let class = json!([{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*",
        "Condition": {"StringEquals": {"s3:x-amz-storage-class": "GLACIER"}}}]);
    let put = json!({"Bucket": "orders", "Key": "7"});
    let denied = [("s3:PutObject", Decision::ImplicitlyDenied, "")];
    check(&Scene::new(&class), ("s3", "PutObject"), put, &denied);
}
