use rstest::rstest;

use super::*;
use crate::policy::Effect;

/// Parses `text`, in which `«…»` marks what the first finding must underline, and checks its
/// message and help.
#[track_caller]
fn check(text: &str, message: &str, help: Option<&str>) {
    let start = text.find('«');
    let plain = text.replace(['«', '»'], "");
    let parsed = Policy::parse(&plain);
    let finding = parsed.findings.first().expect("a finding");
    assert_eq!(finding.message, message);
    assert_eq!(finding.help.as_deref(), help);
    if let Some(start) = start {
        let end = text.find('»').unwrap() - '«'.len_utf8();
        assert_eq!(plain[start..end], plain[finding.span.start..finding.span.end]);
    }
}

#[test]
fn a_whole_policy_is_read() {
    let text = r#"{
        "Version": "2012-10-17",
        "Id": "default",
        "Statement": [{
            "Sid": "alb",
            "Effect": "Allow",
            "Principal": {"Service": "elasticloadbalancing.amazonaws.com", "AWS": ["1", "2"]},
            "Action": "lambda:InvokeFunction",
            "Resource": "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo",
            "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}, "Bool": {"a:b": true}}
        }]
    }"#;
    let policy: Policy = text.parse().unwrap();
    assert_eq!(policy.version, Version::V2012);
    let [statement] = &policy.statements[..] else { panic!("one statement") };
    assert_eq!(statement.sid.as_ref().unwrap().value, "alb");
    assert_eq!(statement.effect, Effect::Allow);
    assert_eq!(statement.principal.as_ref().unwrap().entries.len(), 3);
    assert_eq!(statement.conditions[1].values[0].text.value, "true");
    assert!(text[statement.span.start..statement.span.end].starts_with("{\n            \"Sid\""));
}

#[test]
fn a_statement_may_stand_without_brackets_and_version_defaults_to_the_older() {
    let text = r#"{"Statement": {"Effect": "Deny", "NotAction": "a:b", "NotResource": "*"}}"#;
    let policy: Policy = text.parse().unwrap();
    assert_eq!(policy.version, Version::V2008);
    assert!(policy.statements[0].action.as_ref().unwrap().negated);
    assert!(policy.statements[0].resource.as_ref().unwrap().negated);
}

#[rstest]
#[case(
    r#"{"Statement": {"Effect": «"ALLOW"»}}"#,
    "unknown Effect `ALLOW`",
    Some(r#"did you mean "Allow""#)
)]
#[case(
    r#"{"Statement": {"Effect": "Allow", «"Resources"»: "*"}}"#,
    "`Resources` is no element of a statement",
    Some(r#"did you mean "Resource""#)
)]
#[case(
    r#"{"Statement": {"Effect": "Deny", "Action": «3»}}"#,
    "Action must be a string, found a number",
    None
)]
#[case(
    r#"{"Statement": {"Effect": "Deny", "Action": "a:b", «"NotAction"»: "a:c"}}"#,
    "`Action` and `NotAction` exclude each other",
    None
)]
#[case(r#"{"Statement": «{»"Action": "a:b"}}"#, "statement has no `Effect`", None)]
#[case(r#"«{»"Version": "2012-10-17"}"#, "policy has no `Statement`", None)]
#[case(
    r#"{"Version": «"2012-10-18"», "Statement": []}"#,
    "unknown Version `2012-10-18`",
    Some(r#"did you mean "2012-10-17""#)
)]
#[case(r#"{"Id": "a", «"Id"»: "b", "Statement": []}"#, "`Id` stands twice", None)]
#[case(
    r#"{"Statement": {"Effect": "Deny", "Principal": «"s3.amazonaws.com"»}}"#,
    "`s3.amazonaws.com` is no Principal",
    Some(r#"write {"AWS": "s3.amazonaws.com"} or {"Service": "s3.amazonaws.com"}"#)
)]
#[case(
    r#"{"Statement": {"Effect": "Deny", "Principal": {«"Services"»: "s3.amazonaws.com"}}}"#,
    "`Services` is no kind of principal",
    Some(r#"did you mean "Service""#)
)]
#[case(
    r#"{"Statement": {"Effect": "Deny", "Condition": {«"StringLikes"»: {"a:b": "c"}}}}"#,
    "unknown condition operator `StringLikes`",
    Some(r#"did you mean "StringLike""#)
)]
#[case(
    r#"{"Statement": {"Effect": "Deny", "Condition": {"Bool": {"a:b": "c", «"A:B"»: "d"}}}}"#,
    "condition key `A:B` stands twice under one operator",
    None
)]
#[case(
    r#"{"Statement": {"Effect": "Deny", "Condition": {"ArnLike": {"aws:SourceArn": «"arn:aws:s3::athena-demo-kodekloud"»}}}}"#,
    "`arn:aws:s3::athena-demo-kodekloud` has 5 of the 6 parts of an ARN and matches nothing",
    Some(r#"did you mean "arn:aws:s3:::athena-demo-kodekloud""#)
)]
fn a_problem_is_named_underlined_and_mended(
    #[case] text: &str,
    #[case] message: &str,
    #[case] help: Option<&str>,
) {
    check(text, message, help);
}

#[rstest]
#[case("", "the document is empty")]
#[case("  \n", "the document is empty")]
#[case("{", "not JSON: unterminated object")]
#[case("nonsense", "not JSON: unexpected word")]
#[case(r#"{"a": 1,}"#, "not JSON: trailing commas are not allowed")]
#[case("[]", "policy document must be an object, found an array")]
fn text_that_is_no_json_object_is_said_to_be_none(#[case] text: &str, #[case] message: &str) {
    check(text, message, None);
}

#[test]
fn deep_nesting_is_refused_and_does_not_crash() {
    let error = "[".repeat(100_000).parse::<Policy>().unwrap_err();
    assert!(error.to_string().ends_with("nested deeper than any policy"), "{error}");
}

#[test]
fn a_document_far_too_large_is_refused_unread() {
    let text = " ".repeat(MAX_DOCUMENT_BYTES + 1);
    let error = text.parse::<Policy>().unwrap_err();
    assert_eq!(error.findings[0].code, Code::DocumentTooLarge);
}

#[test]
fn all_problems_are_said_at_once_in_the_order_of_the_document() {
    let text = r#"{
  "Version": "2012-10-71",
  "Statement": [
    {"Effect": "allow", "Action": ["s3:Get*", 7], "Ressource": "*"},
    {"Effect": "Deny", "Condition": {"StringEqual": {"a:b": null}}}
  ]
}"#;
    let error = text.parse::<Policy>().unwrap_err();
    let places: Vec<&str> = error.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(
        places,
        [
            "unknown-version",
            "unknown-effect",
            "wrong-type",
            "unknown-element",
            "unknown-operator",
            "wrong-type"
        ]
    );
    assert!(error.to_string().contains("4:16: unknown Effect `allow`; did you mean \"Allow\""));
}

#[test]
fn a_policy_with_an_unknown_operator_can_be_evaluated_but_not_loaded() {
    let text = r#"{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"Fake": {"a:b": "c"}}}}"#;
    assert!(Policy::parse(text).policy.is_some());
    assert!(text.parse::<Policy>().is_err());
}
