//! The statements that are written, beside those that AWS returned.

use std::{collections::BTreeSet, path::Path};

use regex::Regex;
use retrigger::{trigger::Permission, triggers::Triggers};
use serde_json::Value;

use crate::support::shared;

const BUCKET: &str = "arn:aws:s3:::x";

/// What was asked of AWS where it recorded a document: the permissions, and on which qualifier.
fn asked() -> Vec<(&'static str, Vec<Permission>, Option<&'static str>)> {
    let invoke = |id: &str, principal: &str| Permission::invoke(id, principal);
    let s3 = |id: &str| of_bucket(invoke(id, "s3.amazonaws.com"));
    let bare = |id: &str| invoke(id, &format!("{id}.amazonaws.com"));
    let by = |id: &str, principal: &str| Permission {
        source_account: Some("111111111111".to_owned()),
        ..invoke(id, principal)
    };
    let url = Permission {
        action: "lambda:InvokeFunctionUrl".to_owned(),
        function_url_auth_type: Some("NONE".to_owned()),
        ..invoke("urlPermission", "*")
    };
    let all = Permission {
        source_account: Some("111111111111".to_owned()),
        principal_org_id: Some("o-1234567890".to_owned()),
        ..of_bucket(url.clone())
    };
    let token = Some("amzn1.ask.skill.xxxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".to_owned());
    let skill = Permission { event_source_token: token, ..invoke("alexaSkill", "*") };
    let user = "arn:aws:iam::111111111111:user/x";
    let topic = Some("arn:aws:sns:us-east-1:111111111111:x".to_owned());
    let sns = Permission { source_arn: topic, ..invoke("x", "sns.amazonaws.com") };
    let queue = of_bucket(invoke("sqs", "sqs.amazonaws.com"));
    vec![
        ("p0098", vec![url.clone()], None),
        ("p0099", vec![url], None),
        ("p0100", vec![s3("s3")], None),
        ("p0101", vec![s3("s3")], None),
        ("p0102", vec![bare("s3")], None),
        ("p0103", vec![queue.clone()], None),
        ("p0104", vec![bare("s3"), queue], None),
        ("p0105", vec![bare("s3")], None),
        ("p0106", vec![bare("logs")], None),
        ("p0107", vec![bare("kinesis")], None),
        ("p0108", vec![bare("logs"), bare("kinesis")], None),
        ("p0113", vec![s3("s3")], None),
        ("p0114", vec![s3("s3")], None),
        ("p0115", vec![s3("s3"), s3("s3_2")], None),
        ("p0116", vec![by("wilcard", "*")], None),
        ("p0117", vec![by("lambda", "lambda.amazonaws.com")], None),
        ("p0118", vec![invoke("account-id", "111111111111")], None),
        ("p0119", vec![by("user-arn", user)], None),
        ("p0120", vec![all], None),
        ("p0121", vec![skill], None),
        ("p0122", vec![s3("s3")], None),
        ("p0123", vec![s3("s3")], None),
        ("p0124", vec![s3("s3")], Some("1")),
        ("p0125", vec![s3("s3")], Some("permission-alias")),
        ("p0126", vec![s3("s3"), s3("s3_2")], None),
        ("p0127", vec![s3("s3_2")], Some("1")),
        ("p0128", vec![s3("s3_2"), s3("s3_3")], Some("1")),
        ("p0129", vec![sns], None),
    ]
}

fn of_bucket(permission: Permission) -> Permission {
    Permission { source_arn: Some(BUCKET.to_owned()), ..permission }
}

/// A document with one name in place of each name that was hidden when it was recorded.
fn named(text: &str) -> Value {
    let text = text
        .replace("<partition>", "aws")
        .replace("<region>", "us-east-1")
        .replace("<user_arn>", "arn:aws:iam::111111111111:user/x");
    let pattern = |pattern: &str| Regex::new(pattern).unwrap();
    let text = pattern(r":function:<[^>]+>").replace_all(&text, ":function:demo").into_owned();
    let text = pattern(r"(:iam::\d+:)<[^>]+>").replace_all(&text, "${1}root").into_owned();
    serde_json::from_str(&pattern("<[^>]+>").replace_all(&text, "x")).unwrap()
}

fn function_folder(root: &Path) {
    let snapshot = root.join("snapshot/lambda/demo");
    std::fs::create_dir_all(&snapshot).unwrap();
    let function = "format = 1\narn = \"arn:aws:lambda:us-east-1:111111111111:function:demo\"\n\
                    runtime = \"nodejs20.x\"\nhandler = \"index.handler\"\n";
    std::fs::write(root.join("function.toml"), function).unwrap();
    let about = "format = 1\ntaken_at = \"2026-03-02T09:00:00Z\"\naccount = \"111111111111\"\n\
                 region = \"us-east-1\"\n";
    std::fs::write(root.join("snapshot/snapshot.toml"), about).unwrap();
    let configuration = r#"{"Role": "arn:aws:iam::111111111111:role/demo"}"#;
    std::fs::write(snapshot.join("configuration.json"), configuration).unwrap();
}

/// Text is compared, so that the order of elements and conditions is AWS's too.
#[test]
fn statements_are_written_as_aws_wrote_them() {
    let Some(folder) = shared("corpus/policies/aws-recorded") else { return };
    for (name, permissions, qualifier) in asked() {
        let recorded = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let recorded = named(&recorded);
        let root = tempfile::tempdir().unwrap();
        function_folder(root.path());
        let mut triggers = Triggers::open(root.path(), None).unwrap();
        let added = triggers.add_permissions(&permissions, qualifier).unwrap();
        let written = std::fs::read_to_string(added.file).unwrap();
        let written: Value = serde_json::from_str(&written).unwrap();
        let (written, recorded) = match recorded.get("Version") {
            Some(_) => (written, &recorded),
            None => (written["Statement"][0].clone(), &recorded["Statement"]),
        };
        let [written, recorded] = [&written, recorded].map(Value::to_string);
        assert_eq!(written, recorded, "{name}");
    }
}

#[test]
fn every_recorded_function_policy_is_compared() {
    let Some(folder) = shared("corpus/policies/aws-recorded") else { return };
    let compared: BTreeSet<String> = asked().iter().map(|(name, ..)| (*name).to_owned()).collect();
    let mut recorded = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if std::fs::read_to_string(&path).unwrap().contains("\"lambda:InvokeFunction") {
            recorded.insert(path.file_stem().unwrap().to_str().unwrap().to_owned());
        }
    }
    assert_eq!(compared, recorded);
}
