//! `retrigger explain`.

use crate::support::retrigger;

const FUNCTION: &str = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo";

fn explain(policy: &str, source_arn: &str) -> crate::support::Ran {
    let source_arn = format!("aws:SourceArn={source_arn}");
    retrigger([
        "explain",
        "--principal",
        "elasticloadbalancing.amazonaws.com",
        "--action",
        "lambda:InvokeFunction",
        "--resource",
        FUNCTION,
        "--context",
        &source_arn,
        "--resource-policy",
        policy,
    ])
}

const CUT: &str = "recordings/lambda-demo/snapshots/alb-cut-pattern/lambda/lambdaDemo/policy.json";

#[test]
fn a_denial_shows_the_clause_that_missed_and_the_value_that_missed_it() {
    let target_group = "arn:aws:elasticloadbalancing:us-east-1:841860927337:targetgroup/my-targets/73e2d6bc24d8a067";
    let ran = explain(CUT, target_group);
    assert_eq!(ran.code, 1);
    for wanted in [
        "ImplicitlyDenied: lambda:InvokeFunction",
        "because no resource-based policy allows the lambda:InvokeFunction action",
        "misses ArnLike on AWS:SourceArn",
        "policy.json:15:28",
        "targetgroup/my-\"",
        &format!("the request has `{target_group}`"),
    ] {
        assert!(ran.stdout.contains(wanted), "{wanted} is not in {}", ran.stdout);
    }
}

#[test]
fn a_denial_says_what_would_have_to_be_true() {
    let ran = explain(CUT, "arn:aws:elasticloadbalancing:us-east-1:841860927337:targetgroup/x/1");
    let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let wanted = "to be allowed: - a resource-based policy must allow: statement `alb-my-targets` of \
                  resource policy recordings/lambda-demo/snapshots/alb-cut-pattern/lambda/lambdaDemo/\
                  policy.json would, if AWS:SourceArn satisfied ArnLike with";
    assert!(words.contains(wanted), "{}", ran.stdout);
}

#[test]
fn a_decision_that_hangs_on_an_unknown_key_is_undecided() {
    let explain = |key_is: [&str; 2]| {
        retrigger(
            ["explain", "--principal", "elasticloadbalancing.amazonaws.com"]
                .into_iter()
                .chain(["--action", "lambda:InvokeFunction", "--resource", FUNCTION])
                .chain(["--resource-policy", CUT])
                .chain(key_is),
        )
    };
    let ran = explain(["--unknown", "aws:SourceArn"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.starts_with("Undecided: lambda:InvokeFunction"), "{}", ran.stdout);
    assert!(ran.stdout.contains("hangs on `AWS:SourceArn`, which is unknown"), "{}", ran.stdout);
    let ran = explain(["--context", "aws:SourceArn=x"]);
    assert!(ran.stdout.starts_with("ImplicitlyDenied"), "{}", ran.stdout);
}

#[test]
fn json_output_has_every_check_and_statement() {
    let arguments = [
        "explain",
        "--format",
        "json",
        "--principal",
        "arn:aws:iam::841860927337:role/demo",
        "--action",
        "sqs:ReceiveMessage",
        "--resource",
        "arn:aws:sqs:us-east-1:841860927337:orders",
    ];
    let ran = retrigger(arguments);
    assert_eq!(ran.code, 1);
    let line = &ran.json_lines()[0];
    assert_eq!(line["decision"], "ImplicitlyDenied");
    assert_eq!(line["checks"][0]["policy_type"], "PRINCIPAL");
    assert_eq!(line["checks"][0]["effect"], "IMPLICIT_DENY");
    assert_eq!(line["request"]["context"]["aws:PrincipalAccount"], "841860927337");
}

#[test]
fn a_case_of_a_check_file_can_be_explained() {
    let suite = "tests/decisions/lambda-permissions.yaml";
    let text = std::fs::read_to_string(suite).unwrap();
    let case = &retrigger::check::read_cases(&text, true).unwrap()[0];
    let ran = retrigger(["explain", "--case", suite, "--id", &case.id]);
    assert!(ran.stdout.starts_with(&case.expect.to_string()), "{}", ran.stdout);
    let ran = retrigger(["explain", "--case", suite, "--id", "no-such-case"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
}

#[test]
fn all_that_is_wrong_with_a_policy_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.json");
    let policy = "{\"Statement\": [\n  {\"Effect\": \"ALLOW\", \"Actions\": \"*\"},\n  \
                  {\"Effect\": \"Deny\", \"Condition\": {\"StringEqual\": {}}}\n]}";
    std::fs::write(&path, policy).unwrap();
    let ran = explain(path.to_str().unwrap(), "arn:aws:s3:::b");
    assert_eq!(ran.code, 2);
    for wanted in [
        "3 problems in the resource policy",
        "policy.json:2:14",
        "did you mean \"Allow\"",
        "did you mean \"Action\"",
        "policy.json:3:36",
        "did you mean \"StringEquals\"",
    ] {
        assert!(ran.stderr.contains(wanted), "{wanted} is not in {}", ran.stderr);
    }
}
