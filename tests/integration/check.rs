//! `retrigger check`.

use rstest::rstest;

use crate::support::retrigger;

fn write(name: &str, text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

const YAML: &str = r#"
- id: reads-the-bucket
  request:
    principal: arn:aws:iam::111122223333:user/ana
    action: s3:GetObject
    resource: arn:aws:s3:::photos/1
  policies:
    identity:
      - Version: "2012-10-17"
        Statement: {Sid: read, Effect: Allow, Action: s3:Get*, Resource: "arn:aws:s3:::photos/*"}
  expect: Allowed
- id: does-not-write
  request:
    principal: arn:aws:iam::111122223333:user/ana
    action: s3:PutObject
    resource: arn:aws:s3:::photos/1
  policies: {}
  expect: Allowed
"#;

#[test]
fn a_case_that_gets_another_decision_is_named_with_its_reason() {
    let (_folder, path) = write("cases.yaml", YAML);
    let ran = retrigger(["check", &path]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(ran.stdout, @"
    FAIL does-not-write: expected Allowed, got ImplicitlyDenied
         User: arn:aws:iam::111122223333:user/ana is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::photos/1 because no identity-based policy allows the s3:PutObject action
    2 cases: 1 passed, 1 failed
    ");
}

#[test]
fn json_output_is_a_line_a_case_and_then_the_totals() {
    let (_folder, path) = write("cases.yml", YAML);
    let ran = retrigger(["check", "--format", "json", "--filter", "reads", &path]);
    assert_eq!(ran.code, 0);
    insta::assert_snapshot!(ran.stdout, @r#"
    {"id":"reads-the-bucket","decision":"Allowed","expected":"Allowed","pass":true,"reason":"statement `read` allows"}
    {"cases":1,"passed":1,"failed":0,"failed_unsettled":0}
    "#);
}

#[test]
fn json_lines_and_an_array_are_the_same_cases() {
    let case = r#"{"id":"a","request":{"principal":"anonymous","action":"s3:GetObject","resource":"arn:aws:s3:::b/k"},"expect":"ImplicitlyDenied"}"#;
    let (_folder, lines) = write("cases.jsonl", &format!("{case}\n\n{case}\n"));
    let (_other, array) = write("cases.json", &format!("[{case},\n {case}]"));
    assert_eq!(retrigger(["check", &lines]).stdout, retrigger(["check", &array]).stdout);
}

#[test]
fn a_case_with_a_misspelt_field_is_placed() {
    let (_folder, path) = write("cases.jsonl", "\n{\"id\": \"a\", \"expects\": \"Allowed\"}\n");
    let ran = retrigger(["check", &path]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("cases.jsonl:2:21: unknown field `expects`"), "{}", ran.stderr);
}

/// A YAML file that is not what it should be, and what is said of it.
#[rstest]
#[case(
    "- id: a\n  request: {principal: anonymous, action: a:b, resource: '*', context: {s3:max-keys: 10}}\n  expect: Allowed\n",
    "cases.yaml:1:3: case `a`: invalid type: integer `10`, expected a condition key's value in quotes"
)]
#[case(
    "- id: a\n- id: b\n  request: {principal: nobody, action: a:b, resource: '*'}\n  expect: Allowed\n",
    "cases.yaml:1:3: case `a`: missing field `request`"
)]
#[case("- id: a\n id: b\n", "cases.yaml:2:")]
#[case("[]\n", "cases.yaml:1:1: no case in the file")]
fn a_yaml_case_that_cannot_be_read_is_named_with_its_place(
    #[case] text: &str,
    #[case] message: &str,
) {
    let (_folder, path) = write("cases.yaml", text);
    let ran = retrigger(["check", &path]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains(message), "{}", ran.stderr);
}

#[test]
fn a_case_with_a_broken_policy_never_passes() {
    let text = r#"{"id":"a","request":{"principal":"anonymous","action":"s3:GetObject","resource":"arn:aws:s3:::b/k"},"policies":{"resource":{"Statement":{"Effect":"ALLOW"}}},"expect":"ImplicitlyDenied"}"#;
    let (_folder, path) = write("cases.jsonl", text);
    let ran = retrigger(["check", &path]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("policy: unknown Effect `ALLOW`"), "{}", ran.stdout);
}
