//! `retrigger trigger`: what it writes, what it leaves as it is, and what it says.

use std::path::{Path, PathBuf};

use retrigger::triggers::Triggers;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Ran, copy, retrigger};

/// A copy of the story's first function, to be changed.
struct Demo {
    root: tempfile::TempDir,
}

impl Demo {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for part in ["snapshot", "snapshots"] {
            copy(&Path::new("recordings/lambda-demo").join(part), &root.path().join(part));
        }
        let file = "function.toml";
        std::fs::copy(format!("recordings/lambda-demo/{file}"), root.path().join(file)).unwrap();
        Self { root }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let folder = self.root.path().to_str().unwrap();
        let (subcommand, rest) = arguments.split_first().unwrap();
        let mut ran = retrigger(["trigger", subcommand, "-f", folder].iter().chain(rest));
        ran.stdout = ran.stdout.replace(folder, "DEMO");
        ran.stderr = ran.stderr.replace(folder, "DEMO");
        ran
    }
}

const POLICY: &str = "snapshot/lambda/lambdaDemo/policy.json";
const BARE: &str = "snapshots/s3-missing-colon/lambda/lambdaDemo/policy.json";
const TOPIC: &str = "arn:aws:sns:us-east-1:841860927337:orders";
const QUEUE: &str = "arn:aws:sqs:us-east-1:841860927337:orders";

#[test]
fn a_statement_is_shown_as_it_is_written() {
    let demo = Demo::new();
    let ran = demo.run(&["add", "s3", "--source-arn", "arn:aws:s3:::photos"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::assert_snapshot!(ran.stdout, @r#"
    wrote to DEMO/snapshot/lambda/lambdaDemo/policy.json:
    {
      "Sid": "s3",
      "Effect": "Allow",
      "Principal": {
        "Service": "s3.amazonaws.com"
      },
      "Action": "lambda:InvokeFunction",
      "Resource": "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo",
      "Condition": {
        "ArnLike": {
          "AWS:SourceArn": "arn:aws:s3:::photos"
        }
      }
    }
    note: the ARN of a bucket names no account: name the source account, or whoever
      owns a bucket of that name later may invoke the function
    "#);
}

#[test]
fn what_get_policy_printed_stays_what_it_prints_with_another_revision() {
    let (demo, other) = (Demo::new(), Demo::new());
    let before = demo.read(POLICY);
    for demo in [&demo, &other] {
        assert_eq!(demo.run(&["add", "sns", "--source-arn", TOPIC]).code, 0);
    }
    let after = demo.read(POLICY);
    assert_eq!(after, other.read(POLICY));
    let changed = before.lines().zip(after.lines()).filter(|(old, new)| old != new);
    let changed: Vec<&str> = changed.map(|(_, new)| new.trim_start()).collect();
    assert_eq!(changed.len(), 2);
    assert!(changed[0].starts_with(r#""Policy": "{\"Version\":\"2012-10-17\","#), "{changed:?}");
    assert!(changed[0].contains(r#"{\"Sid\":\"sns\",\"Effect\":\"Allow\","#), "{changed:?}");
    assert!(changed[1].starts_with("\"RevisionId\": \""), "{changed:?}");

    assert_eq!(demo.run(&["remove", "sns"]).code, 0);
    let policy = |text: &str| serde_json::from_str::<Value>(text).unwrap()["Policy"].clone();
    assert_eq!(policy(&demo.read(POLICY)), policy(&before));
}

#[test]
fn a_policy_by_itself_keeps_its_lines() {
    let demo = Demo::new();
    let before = demo.read(BARE);
    let place = ["--snapshot", "snapshots/s3-missing-colon"];
    let add = [&["add", "sns", "--source-arn", TOPIC][..], &place].concat();
    assert_eq!(demo.run(&add).code, 0);
    let after = demo.read(BARE);
    let kept = before.lines().filter(|line| after.lines().any(|new| new == *line)).count();
    assert!(kept + 1 >= before.lines().count(), "{after}");
    assert_eq!(demo.run(&[&["remove", "sns"][..], &place].concat()).code, 0);
    assert_eq!(demo.read(BARE), before);
}

#[test]
fn what_a_snapshot_extends_is_left_alone() {
    let demo = Demo::new();
    let before = demo.read(POLICY);
    let place = ["--snapshot", "snapshots/role-not-assumable"];
    assert_eq!(demo.run(&[&["add", "sns"][..], &place].concat()).code, 0);
    assert_eq!(demo.read(POLICY), before);
    let own = demo.read("snapshots/role-not-assumable/lambda/lambdaDemo/policy.json");
    assert!(own.contains(r#"\"Sid\":\"sns-news\""#), "{own}");
    assert!(own.contains(r#"\"Sid\":\"sns\""#), "{own}");
}

#[test]
fn the_last_statement_takes_the_policy_with_it() {
    let demo = Demo::new();
    let place = ["--snapshot", "snapshots/s3-missing-colon"];
    assert_eq!(demo.run(&[&["remove", "s3-athena-demo"][..], &place].concat()).code, 0);
    let ran = demo.run(&[&["list"][..], &place].concat());
    assert!(!ran.stdout.contains("alb-my-targets"), "the base shows through: {}", ran.stdout);
    let own = demo.read(BARE);
    assert_eq!(serde_json::from_str::<Value>(&own).unwrap()["Statement"], json!([]));

    assert_eq!(demo.run(&["add", "sns", "--qualifier", "PROD"]).code, 0);
    assert_eq!(demo.run(&["remove", "sns", "--qualifier", "PROD"]).code, 0);
    assert!(!demo.path("snapshot/lambda/lambdaDemo/policy.PROD.json").exists());
}

#[test]
fn triggers_are_listed_by_what_they_invoke() {
    let demo = Demo::new();
    demo.run(&["add", "direct-invoke", "--principal", "111122223333", "--qualifier", "PROD"]);
    let ran = demo.run(&["list", "--snapshot", "snapshots/s3-missing-colon"]);
    insta::assert_snapshot!(ran.stdout, @"
    arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo
      s3-athena-demo
        allows  lambda:InvokeFunction
        to      s3.amazonaws.com
        where   AWS:SourceAccount StringEquals 841860927337
        where   AWS:SourceArn ArnLike arn:aws:s3::athena-demo-kodekloud

    arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo:PROD
      direct-invoke
        allows  lambda:InvokeFunction
        to      arn:aws:iam::111122223333:root

    arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo
      5d1e0f6a-93b2-4c58-8e47-b1a6d0c29f73  Enabled
        polls   arn:aws:sqs:us-east-1:841860927337:lambda-demo-orders
        BatchSize: 10
        MaximumBatchingWindowInSeconds: 0
    ");
    let lines = demo.run(&["list", "--format", "json"]).json_lines();
    let kinds: Vec<&Value> = lines.iter().map(|line| &line["kind"]).collect();
    assert_eq!(kinds.len(), 10);
    assert_eq!(kinds[9], "event-source-mapping");
    assert_eq!(lines[8]["qualifier"], "PROD");
    assert_eq!(lines[8]["line"], 5);
}

#[test]
fn a_role_that_may_not_poll_gets_awss_error_and_what_to_add() {
    let demo = Demo::new();
    let before = demo.read("snapshot/lambda/lambdaDemo/event-source-mappings.json");
    let ran = demo.run(&["add", "sqs", "--source-arn", QUEUE]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(ran.text(), @r#"
    InvalidParameterValueException: The provided execution role does not have
      permissions to call ReceiveMessage on SQS

    the execution role arn:aws:iam::841860927337:role/service-role/lambdaDemo-role-7h3kq2xz
    may not:
      sqs:ReceiveMessage on arn:aws:sqs:us-east-1:841860927337:orders
      sqs:DeleteMessage on arn:aws:sqs:us-east-1:841860927337:orders
      sqs:GetQueueAttributes on arn:aws:sqs:us-east-1:841860927337:orders

    add to an identity policy of the role:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Effect": "Allow",
          "Action": [
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes"
          ],
          "Resource": "arn:aws:sqs:us-east-1:841860927337:orders"
        }
      ]
    }
    "#);
    assert_eq!(demo.read("snapshot/lambda/lambdaDemo/event-source-mappings.json"), before);
    let line =
        &demo.run(&["add", "sqs", "--source-arn", QUEUE, "--format", "json"]).json_lines()[0];
    assert_eq!(line["error"]["code"], "InvalidParameterValueException");
    assert_eq!(line["missing"][0]["Action"][0], "sqs:ReceiveMessage");
}

#[test]
fn a_service_control_policy_is_in_the_way_whatever_the_role_has() {
    let demo = Demo::new();
    let queue = "arn:aws:sqs:us-east-1:841860927337:lambda-demo-orders";
    let place = ["--snapshot", "snapshots/sqs-denied-by-scp"];
    assert_eq!(demo.run(&[&["remove", queue][..], &place].concat()).code, 0);
    let ran = demo.run(&[&["add", "sqs", "--source-arn", queue][..], &place].concat());
    assert_eq!(ran.code, 1);
    assert!(!ran.stdout.contains("add to an identity policy"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\nin the way: service control policy\n"), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("statement `DenyQueues`").count(), 1, "{}", ran.stdout);
}

#[test]
fn a_mapping_is_listed_as_aws_lists_it() {
    let demo = Demo::new();
    let place = ["--snapshot", "snapshots/sqs-permitted"];
    let queue = "arn:aws:sqs:us-east-1:841860927337:lambda-demo-orders";
    assert_eq!(demo.run(&[&["remove", queue][..], &place].concat()).code, 0);
    let add = ["add", "sqs", "--source-arn", queue, "--report-batch-item-failures"];
    let ran = demo.run(&[&add[..], &place].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let json = ran.stdout.split_once('\n').unwrap().1;
    insta::assert_snapshot!(json, @r#"
    {
      "UUID": "1bf7c524-8351-53d1-ae86-21f8e45838f1",
      "BatchSize": 10,
      "MaximumBatchingWindowInSeconds": 0,
      "EventSourceArn": "arn:aws:sqs:us-east-1:841860927337:lambda-demo-orders",
      "FunctionArn": "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo",
      "State": "Enabled",
      "StateTransitionReason": "USER_INITIATED",
      "FunctionResponseTypes": [
        "ReportBatchItemFailures"
      ],
      "EventSourceMappingArn": "arn:aws:lambda:us-east-1:841860927337:event-source-mapping:1bf7c524-8351-53d1-ae86-21f8e45838f1"
    }
    "#);
}

#[rstest]
#[case(&["add", "sns", "--statement-id", "sns-news"],
    "ResourceConflictException: The statement id (sns-news) provided already exists. Please \
     provide a new statement id, or remove the existing statement.")]
#[case(&["add", "sns", "--statement-id", "a b"], "ValidationException: 1 validation error detected")]
#[case(&["add", "sns", "--source-arn", "arn:aws:sns::orders"], "at 'sourceArn' failed to satisfy")]
#[case(&["add", "sns", "--qualifier", "../x"], "at 'qualifier' failed to satisfy")]
#[case(&["add", "sns", "--qualifier", "$LATEST"], "do not support adding policies for $LATEST.")]
#[case(&["add", "sns", "--batch-size", "5"], "`--batch-size` means nothing for `sns`")]
#[case(&["add", "sns", "--function-url-auth-type", "NONE"], "`sns` has no function URL type")]
#[case(&["add", "sqs", "--principal", "*"], "`--principal` means nothing for `sqs`")]
#[case(&["add", "sqs"], "`sqs` needs the ARN of its source")]
#[case(&["add", "scheduler"], "name the principal: the ARN of a role or user")]
#[case(&["add", "scheduler", "--principal", "bob"], "The provided principal was invalid.")]
#[case(&["add", "function-url"], "The statement id (FunctionURLAllowPublicAccess) provided already")]
#[case(&["add", "cloudfront-edge"], "nothing needs to be added")]
#[case(&["add", "snss"], "`snss` names no trigger: did you mean `sns`?")]
#[case(&["remove", "nope"], "ResourceNotFoundException: Statement nope is not found in resource \
     policy.\n  help: its statements are `alb-my-targets`, ")]
#[case(&["remove", "sns", "--qualifier", "PROD"], "No policy is associated with the given resource.")]
#[case(&["remove", "sns-news", "--qualifier", "PROD"], "the policy of the unqualified function has")]
#[case(&["remove", QUEUE], "ResourceNotFoundException: The resource you requested does not exist.")]
#[case(&["list", "--snapshot", "snapshots/none"], "snapshots/none/snapshot.toml: there is no such")]
fn what_cannot_be_done_is_said_and_nothing_changed(
    #[case] arguments: &[&str],
    #[case] words: &str,
) {
    let demo = Demo::new();
    let before = demo.read(POLICY);
    let ran = demo.run(arguments);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
    assert_eq!(demo.read(POLICY), before);
}

#[test]
fn a_policy_that_aws_would_refuse_is_not_added_to() {
    let ran = retrigger([
        "trigger",
        "add",
        "sns",
        "--function",
        "recordings/invalid/snapshots/effect-in-capitals",
    ]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("policy.json:7:17"), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean \"Allow\""), "{}", ran.stderr);
}

#[test]
fn a_snapshot_may_be_named_in_place_of_the_function_folder() {
    let demo = Demo::new();
    let folder = demo.path("snapshots/s3-missing-colon");
    let triggers = Triggers::open(&folder, None).unwrap();
    assert_eq!(triggers.function_arn().name(), "lambdaDemo");
    assert!(triggers.snapshot_path().ends_with("snapshots/s3-missing-colon"));
}
