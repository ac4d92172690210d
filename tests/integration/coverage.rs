//! `retrigger coverage`, `policy generate` and `policy unused`.

use std::path::Path;

use retrigger::{
    coverage::{Coverage, CoverageReport, Mutation, StatementCoverage},
    recording::{Recording, discover},
};
use serde_json::{Value, json};

use crate::{
    bad_input::Demo,
    support::{Ran, command, copy, retrigger},
};

const DEMO: &str = "recordings/lambda-demo";

fn report(path: &Path, filter: &str) -> CoverageReport {
    Coverage::new([path]).filter(filter).run().unwrap()
}

/// The statement of the default snapshot's function policy.
fn statement<'r>(report: &'r CoverageReport, sid: &str) -> &'r StatementCoverage {
    let label = format!("`{sid}`");
    let found = report.statements().find(|one| {
        one.label == label && one.place.file.ends_with("snapshot/lambda/lambdaDemo/policy.json")
    });
    found.expect("the statement")
}

fn survivors(statement: &StatementCoverage) -> Vec<&Mutation> {
    statement.survivors().map(|mutant| &mutant.mutation).collect()
}

#[test]
fn a_statement_is_exercised_by_the_recordings_it_applies_to() {
    let report = report(Path::new(DEMO), "alb-get-root");
    let alb = statement(&report, "alb-my-targets");
    let by: Vec<String> = alb.exercised_by.iter().map(ToString::to_string).collect();
    assert_eq!(by, ["lambda-demo/alb-get-root"]);
    assert_eq!(alb.actions[0].pattern, "lambda:InvokeFunction");
    assert!(alb.actions[0].is_exercised);
    assert!(!statement(&report, "sns-news").is_exercised());
    assert_eq!(statement(&report, "sns-news").survivors().count(), 0);
    assert!(!report.is_complete());
}

/// Only a negative case notices that a condition is dropped.
#[test]
fn a_negative_case_notices_what_an_allowed_one_does_not() {
    let root = tempfile::tempdir().unwrap();
    let demo = root.path().join("lambda-demo");
    copy(Path::new(DEMO), &demo);
    let before = report(&demo, "alb-get-root");
    let alb = statement(&before, "alb-my-targets");
    let condition =
        Mutation::DropCondition { operator: "ArnLike".into(), key: "AWS:SourceArn".into() };
    assert_eq!(survivors(alb), [&condition]);
    let removed = &alb.mutants[0];
    assert_eq!(removed.mutation, Mutation::RemoveStatement);
    assert_eq!(removed.noticed_by[0].to_string(), "lambda-demo/alb-get-root");

    let recording = demo.join("alb-get-root");
    assert_eq!(retrigger(["derive", recording.to_str().unwrap()]).code, 0);
    let after = report(&demo, "alb-get-root");
    assert_eq!(survivors(statement(&after, "alb-my-targets")), [] as [&Mutation; 0]);
}

/// What is generated lets everything through that went through, and nothing less does.
#[test]
fn the_least_policy_is_enough_and_no_more() {
    let root = tempfile::tempdir().unwrap();
    copy(Path::new("recordings/lambda-demo-sqs"), root.path());
    let path = root.path().to_str().unwrap();
    let ran = retrigger(["policy", "generate", path]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    let policy: Value = serde_json::from_str(&ran.stdout).unwrap();
    let queues = "arn:aws:sqs:us-east-1:841860927337:lambda-demo-orders";
    assert_eq!(
        policy["Statement"][1],
        json!({"Effect": "Allow",
            "Action": ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
            "Resource": [queues, format!("{queues}.fifo")]})
    );

    let before = decided(root.path());
    let file = root.path().join("snapshot/account-authorization-details.json");
    let mut details: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let mut grant = |policy: &Value| {
        let role = &mut details["RoleDetailList"][0];
        role["AttachedManagedPolicies"] = json!([]);
        role["RolePolicyList"] = json!([{"PolicyName": "least", "PolicyDocument": policy}]);
        std::fs::write(&file, details.to_string()).unwrap();
        decided(root.path())
    };
    assert_eq!(grant(&policy), before);
    for statement in 0..2 {
        for action in 0..3 {
            let mut less = policy.clone();
            let actions = less["Statement"][statement]["Action"].as_array_mut().unwrap();
            actions.remove(action);
            assert_ne!(grant(&less), before, "without action {action} of {statement}");
        }
    }
}

/// What the recordings of a folder lead to, from a replay's JSON.
fn decided(folder: &Path) -> Vec<String> {
    let names = discover(&[folder]).unwrap();
    assert!(names.iter().all(|name| Recording::load(&name.folder).is_ok()));
    let ran = retrigger(["replay", folder.to_str().unwrap(), "--format", "json"]);
    let decisions = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let decisions = decisions.filter(|event| event["event"] == "decided");
    decisions
        .map(|it| format!("{} {}", it["request"]["action"], it["explanation"]["decision"]))
        .collect()
}

#[test]
fn what_is_unused_is_told_with_its_place() {
    let ran = retrigger(["policy", "unused", DEMO, "--filter", "alb-get-root", "--check"]);
    assert_eq!(ran.code, 1);
    let place = "statement `sns-news` of policy of function `lambdaDemo`\n  --> \
                 recordings/lambda-demo/snapshot/lambda/lambdaDemo/policy.json:2:1455\n";
    assert!(ran.stdout.contains(place), "{}", ran.text());
    assert!(ran.stdout.ends_with("1 recording: 7 parts unused\n"), "{}", ran.text());
    let ran = retrigger(["coverage", DEMO, "--filter", "alb-get-root"]);
    assert_eq!(ran.code, 0);
    let line = "            without ArnLike on AWS:SourceArn: no recording notices\n";
    assert!(ran.stdout.contains(line), "{}", ran.text());
    assert_eq!(retrigger(["coverage", DEMO, "--check"]).code, 1);
}

#[test]
fn a_snapshot_that_cannot_be_read_is_said() {
    let ran = retrigger(["coverage", "recordings/invalid"]);
    assert_eq!(ran.code, 0, "what must not load is passed over: {}", ran.text());
    let ran = retrigger(["policy", "generate", DEMO, "--filter", "nobody"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("no recording has a name that contains `nobody`"));
}

/// A recorded call of which the network that it comes from and the secret's whole ARN are not shown.
fn with_calls() -> Demo {
    let demo = Demo::new("");
    let path = "snapshot/account-authorization-details.json";
    let text = std::fs::read_to_string(demo.path(path)).unwrap();
    let mut details: Value = serde_json::from_str(&text).unwrap();
    let secret = "arn:aws:secretsmanager:us-east-1:841860927337:secret:db-??????";
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "inside", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}},
        {"Sid": "secret", "Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
            "Resource": secret},
    ]});
    details["RoleDetailList"][0]["RolePolicyList"] =
        json!([{"PolicyName": "calls", "PolicyDocument": document}]);
    demo.write(path, details.to_string());
    let call = |service: &str, operation: &str, parameters: Value| {
        let key = json!({"service": service, "operation": operation, "parameters": parameters,
            "occurrence": 1});
        json!({"key": key, "response": {"status": 200}}).to_string()
    };
    let queue = json!({"QueueUrl": "https://sqs.us-east-1.amazonaws.com/841860927337/q"});
    let calls = [
        json!({"format": 2}).to_string(),
        call("sqs", "SendMessage", queue),
        call("secretsmanager", "GetSecretValue", json!({"SecretId": "db"})),
    ];
    demo.write("one/calls.jsonl", calls.join("\n") + "\n");
    demo
}

#[test]
fn what_nothing_shows_is_told_until_it_is_assumed() {
    let demo = with_calls();
    let ran = |arguments: &[&str]| {
        let ran = Ran::of(command().args(arguments).arg(demo.path("")));
        assert_eq!(ran.code, 0, "{}", ran.text());
        ran.stdout
    };
    let shown = ran(&["coverage"]);
    let told = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        "sqs:SendMessage on arn:aws:sqs:us-east-1:841860927337:q is undecided: it hangs on \
         `aws:SourceVpce`",
        "secret:db-${Suffix} is undecided: it hangs on `${Suffix}`",
        "2 requests undecided: say with `--assume KEY=VALUE` what nothing shows",
    ] {
        assert!(told.contains(expected), "{shown}");
    }
    let unused = ran(&["policy", "unused"]);
    assert!(unused.contains("statement `inside`") && unused.contains("2 requests undecided"));

    let generated = Ran::of(command().args(["policy", "generate"]).arg(demo.path("")));
    assert_eq!(generated.stderr.matches(" is undecided: it hangs on ").count(), 2);
    assert!(!generated.stdout.contains("sqs:SendMessage"), "{}", generated.text());

    let assume = ["--assume", "aws:SourceVpce=vpce-1", "--assume", "${Suffix}=AbCdEf"];
    let shown = ran(&[&["coverage"], &assume[..]].concat());
    assert!(!shown.contains("undecided"), "{shown}");
    for label in ["`inside`", "`secret`"] {
        let line = shown.lines().find(|line| line.contains(label)).unwrap();
        assert!(line.ends_with("1 recording"), "{shown}");
    }
    let unused = ran(&[&["policy", "unused"], &assume[..]].concat());
    assert!(!unused.contains("`inside`"), "{unused}");
    let policy: Value =
        serde_json::from_str(&ran(&[&["policy", "generate"], &assume[..]].concat())).unwrap();
    let text = policy["Statement"].to_string();
    assert!(text.contains("sqs:SendMessage") && text.contains("secret:db-AbCdEf"), "{text}");
}
