//! One problem a row: the document with the underlined text between `«` and `»`.

mod text;

use rstest::rstest;

use super::*;
use crate::kind::PolicyKind::{Endpoint, Identity, Managed, Rcp, Resource, Scp, Session, Trust};

/// Lints `text` as a policy of `kind`, and checks its only finding.
#[track_caller]
fn check(kind: Option<PolicyKind>, text: &str, expected: (Code, Severity, &str, &str)) {
    let plain = text.replace(['«', '»'], "");
    let linted = lint(&plain, kind);
    let [finding] = &linted.findings[..] else { panic!("not one finding: {linted:#?}") };
    let help = finding.help.as_deref().unwrap_or_default();
    assert_eq!((finding.code, finding.severity, finding.message.as_str(), help), expected);
    let start = text.find('«').expect("a mark");
    let end = text.find('»').expect("a mark") - '«'.len_utf8();
    assert_eq!(&plain[finding.span.start..finding.span.end], &plain[start..end]);
    assert_eq!(finding.span.start, start);
}

/// A document of the current version with one statement.
fn statement(statement: &str) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#)
}

const ERROR: Severity = Severity::Error;
const WARNING: Severity = Severity::Warning;

#[rstest]
#[case(
    Identity,
    r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*", «"Principal"»: "*"}"#,
    Code::ForbiddenElement,
    "`Principal` in an identity policy",
    "an identity policy applies to what it is attached to: remove the element"
)]
#[case(
    Scp,
    r#"{"Effect": "Deny", "Action": "s3:*", "Resource": "*", «"NotPrincipal"»: "*"}"#,
    Code::ForbiddenElement,
    "`NotPrincipal` in a service control policy",
    "a service control policy applies to what it is attached to: remove the element"
)]
#[case(
    Session,
    r#"«{»"Effect": "Allow", "Action": "s3:*"}"#,
    Code::MissingElement,
    "statement has no `Resource`",
    "add `Resource` or `NotResource`"
)]
#[case(
    Resource,
    r#"«{»"Effect": "Deny", "Principal": "*", "Resource": "arn:aws:s3:::b"}"#,
    Code::MissingElement,
    "statement has no `Action`",
    "add `Action` or `NotAction`"
)]
#[case(
    Trust,
    r#"«{»"Effect": "Allow", "Action": "sts:AssumeRole"}"#,
    Code::MissingElement,
    "statement has no `Principal`",
    r#"name who may assume the role: "Principal": {"Service": "lambda.amazonaws.com"}"#
)]
#[case(
    Trust,
    r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*", «"NotResource"»: "*"}"#,
    Code::ForbiddenElement,
    "`NotResource` in a trust policy",
    "a trust policy is about its own role: remove the element"
)]
#[case(
    Trust,
    r#"{"Effect": "Allow", "Action": «"s3:GetObject"», "Principal": {"AWS": "111122223333"}}"#,
    Code::ForbiddenValue,
    "action `s3:GetObject` in a trust policy",
    r#"a trust policy has the actions by which its role is assumed, such as "sts:AssumeRole""#
)]
#[case(
    Endpoint,
    r#"«{»"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#,
    Code::MissingElement,
    "statement has no `Principal`",
    r#"write "Principal": "*""#
)]
#[case(
    Rcp,
    r#"{"Effect": «"Allow"», "Principal": "*", "Action": "s3:*", "Resource": "*"}"#,
    Code::ForbiddenValue,
    "Effect `Allow` in a resource control policy",
    r#"a resource control policy only denies: write "Deny""#
)]
#[case(Rcp, r#"{"Effect": "Deny", "Principal": {"AWS": «"111122223333"»}, "Action": "s3:*", "Resource": "*"}"#,
    Code::ForbiddenValue, "principal `111122223333` in a resource control policy",
    r#"write "Principal": "*", and name the caller in a condition on `aws:PrincipalArn`"#)]
#[case(
    Rcp,
    r#"{"Effect": "Deny", "Principal": "*", «"NotAction"»: "s3:*", "Resource": "*"}"#,
    Code::ForbiddenElement,
    "`NotAction` in a resource control policy",
    "a resource control policy lists its actions: use `Action`"
)]
#[case(
    Identity,
    r#"{"Effect": "Allow", "Action": «[]», "Resource": "*"}"#,
    Code::EmptyElement,
    "`Action` is empty",
    "list at least one action"
)]
#[case(
    Identity,
    "«[]»",
    Code::EmptyElement,
    "`Statement` is empty",
    "a policy has at least one statement"
)]
#[case(
    Identity,
    r#"{"Sid": «"read-all"», "Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#,
    Code::InvalidSid,
    "Sid `read-all` has characters other than letters and digits",
    r#"write "readall""#
)]
fn what_a_kind_forbids_or_demands_is_an_error_of_that_kind(
    #[case] kind: PolicyKind,
    #[case] text: &str,
    #[case] code: Code,
    #[case] message: &str,
    #[case] help: &str,
) {
    check(Some(kind), &statement(text), (code, ERROR, message, help));
}

#[rstest]
#[case(
    Managed,
    r#"«{»"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#,
    Code::OutdatedVersion,
    "a managed policy must say its `Version`",
    r#"write "Version": "2012-10-17""#
)]
#[case(Managed, r#"{"Version": «"2008-10-17"», "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#,
    Code::OutdatedVersion, "a managed policy cannot have the Version `2008-10-17`", r#"write "Version": "2012-10-17""#)]
#[case(
    Identity,
    "{\"Version\": \"2012-10-17\",\n \"Statement\": [{\"Sid\": \"a\", \"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\"},\n {\"Sid\": «\"a\"», \"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\"}]}",
    Code::DuplicateSid,
    "Sid `a` stands twice",
    "statement 1 has it too: give each its own"
)]
#[case(
    Identity,
    "{\"Version\": \"2012-10-17\", \"Id\": \"a «–» b – c\", \"Statement\": {\"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\"}}",
    Code::UnsupportedCharacter,
    "IAM does not store `–` (U+2013), nor 1 more like it",
    "use characters up to U+00FF, such as letters, digits and straight quotes"
)]
fn whole_documents_are_checked(
    #[case] kind: PolicyKind,
    #[case] text: &str,
    #[case] code: Code,
    #[case] message: &str,
    #[case] help: &str,
) {
    check(Some(kind), text, (code, ERROR, message, help));
}

#[test]
fn a_guess_makes_no_errors() {
    let text = statement(r#"«{»"Effect": "Allow", "Action": "s3:*"}"#);
    let help = "add `Resource` or `NotResource`";
    let expected = (Code::MissingElement, WARNING, "statement has no `Resource`", help);
    check(None, &text, expected);
    let linted = lint(&text.replace(['«', '»'], ""), None);
    assert_eq!((linted.kind, linted.kind_was_guessed), (Some(Identity), true));
}

#[test]
fn a_principal_that_is_not_understood_counts_for_the_guess() {
    let text = statement(
        r#"{"Effect": "Allow", "Principal": "s3.amazonaws.com", "Action": "a:b", "Resource": "*"}"#,
    );
    assert_eq!(lint(&text, None).kind, Some(Resource));
}

#[test]
fn variables_are_plain_text_in_the_older_version() {
    let text = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*",
        "Resource": «"arn:aws:s3:::home/${aws:username}"»}}"#;
    let message = "`${aws:username}` is plain text under the Version `2008-10-17`";
    let help = "write \"Version\": \"2012-10-17\"";
    check(Some(Identity), text, (Code::MisplacedVariable, WARNING, message, help));
}

#[rstest]
#[case(Session, 2_048, ERROR, "at most 2048 are for a session policy")]
#[case(Trust, 4_096, ERROR, "at most 4096 are for a trust policy, with the highest quota")]
#[case(Endpoint, 20_480, ERROR, "at most 20480 are for an endpoint policy")]
#[case(Managed, 6_144, WARNING, "at most 6144 are for a managed policy of an account's own")]
fn a_document_over_its_quota_is_spoken_of(
    #[case] kind: PolicyKind,
    #[case] quota: usize,
    #[case] severity: Severity,
    #[case] help: &str,
) {
    let document = |fill: usize| {
        let what = match kind {
            Trust => r#""Action":"sts:AssumeRole","Principal":{"AWS":"111122223333"}"#,
            Endpoint => r#""Action":"s3:*","Resource":"*","Principal":"*""#,
            _ => r#""Action":"s3:*","Resource":"*""#,
        };
        let id = "x".repeat(fill);
        format!(r#"{{"Version":"2012-10-17","Id":"{id}","Statement":{{"Effect":"Allow",{what}}}}}"#)
    };
    let full = document(quota - document(0).len());
    let quotas = |text: &str| {
        let findings = lint(text, Some(kind)).findings.into_iter();
        findings.filter(|finding| finding.severity == severity).collect::<Vec<_>>()
    };
    assert_eq!(quotas(&full), []);
    let [finding] = &quotas(&full.replace("xx", "xxx"))[..] else { panic!("one finding") };
    assert_eq!((finding.code, finding.help.as_deref()), (Code::QuotaExceeded, Some(help)));
}

#[test]
fn iam_does_not_count_white_space() {
    let text = statement(r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#);
    assert_eq!(lint(&format!("{text}{}", " ".repeat(20_000)), Some(Managed)).findings, []);
}

#[test]
fn what_follows_from_an_error_is_not_said_as_well() {
    let text = statement(r#"{"Effect": "Allow", "Action": 3, "Resource": {}, "Principal": 7}"#);
    let linted = lint(&text, Some(Resource));
    let codes: Vec<Code> = linted.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::WrongType; 3]);
}
