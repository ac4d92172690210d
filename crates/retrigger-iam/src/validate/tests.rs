//! One problem a row: the document with the underlined text between `«` and `»`.

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
    "the first is in line 2; give each statement its own"
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

#[rstest]
#[case(
    "GetObject",
    "action `GetObject` names no service",
    r#"write service:Action, such as "s3:GetObject", or "*""#
)]
#[case(
    "",
    "the empty action names no service",
    r#"write service:Action, such as "s3:GetObject", or "*""#
)]
#[case(
    "s3:Get:Object",
    "action `s3:Get:Object` has more than one colon",
    r#"write service:Action, such as "s3:GetObject""#
)]
#[case(
    "*:GetObject",
    "`*` in action `*:GetObject` is no service",
    "a service prefix has letters, digits and hyphens, and no wildcard"
)]
#[case(
    "s3:Get$Object",
    "`$` in action `s3:Get$Object` stands in no action's name",
    "an action's name has letters and digits, and may have the wildcards * and ?"
)]
fn a_malformed_action_is_an_error_in_every_policy(
    #[case] action: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    let text = statement(&format!(
        r#"{{"Effect": "Deny", "NotAction": ["s3:*", «"{action}"»], "Resource": "*"}}"#
    ));
    check(None, &text, (Code::MalformedAction, ERROR, message, help));
    check(Some(Identity), &text, (Code::MalformedAction, ERROR, message, help));
}

#[rstest]
#[case("s3: GetObject", "write \"s3:GetObject\"")]
#[case("s3:GetObject,PutObject", "list each action by itself, without blanks")]
#[case("s3:", "name an action, or write \"s3:*\" for all of them")]
fn an_action_that_matches_nothing_is_a_warning(#[case] action: &str, #[case] help: &str) {
    let text =
        statement(&format!(r#"{{"Effect": "Deny", "Action": «"{action}"», "Resource": "*"}}"#));
    let message = format!("action `{action}` matches nothing");
    check(Some(Identity), &text, (Code::MalformedAction, WARNING, &message, help));
}

const SHAPE: &str = "an ARN is arn:partition:service:region:account-id:resource, where an empty \
                     region or account keeps its colon";

#[rstest]
#[case(ERROR, "bucket", "`bucket` is no ARN and matches nothing", &format!("{SHAPE}; for everything write \"*\""))]
#[case(
    ERROR,
    "aws:s3:::b",
    "`aws:s3:::b` is no ARN and matches nothing",
    "did you mean \"arn:aws:s3:::b\""
)]
#[case(
    ERROR,
    "arn:AWS:s3:::b",
    "`AWS` in `arn:AWS:s3:::b` is no partition",
    "the partitions are aws, aws-cn, aws-us-gov and a few others"
)]
#[case(ERROR, "arn:aws", "`arn:aws` names no service", SHAPE)]
#[case(ERROR, "arn:aws::::b", "`arn:aws::::b` names no service", SHAPE)]
#[case(
    ERROR,
    "arn:aws:s3::b",
    "`arn:aws:s3::b` has 5 of the 6 parts of an ARN and matches nothing",
    "did you mean \"arn:aws:s3:::b\""
)]
#[case(
    WARNING,
    "arn:aws:sqs:orders",
    "`arn:aws:sqs:orders` has 4 of the 6 parts of an ARN and matches nothing",
    SHAPE
)]
#[case(
    ERROR,
    "arn:aws:iam:us-east-1:111122223333:role/x",
    "`arn:aws:iam:us-east-1:111122223333:role/x` has a Region, and IAM resources have none",
    "write \"arn:aws:iam::111122223333:role/x\""
)]
#[case(
    ERROR,
    "arn:aws:s3:us-east-1::b",
    "`arn:aws:s3:us-east-1::b` has a Region, and buckets and objects have none",
    "write \"arn:aws:s3:::b\""
)]
#[case(
    WARNING,
    "arn:aws:Lambda:us-east-1:111122223333:function:f",
    "service `Lambda` in `arn:aws:Lambda:us-east-1:111122223333:function:f` matches nothing",
    "write `lambda`"
)]
#[case(
    WARNING,
    "arn:aws:lambda:us-east-1:11112222333:function:f",
    "`11112222333` in `arn:aws:lambda:us-east-1:11112222333:function:f` is no account id",
    "an account id has 12 digits"
)]
fn a_malformed_arn_is_an_error_where_iam_refuses_it(
    #[case] severity: Severity,
    #[case] arn: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    let text =
        statement(&format!(r#"{{"Effect": "Deny", "Action": "a:b", "Resource": [«"{arn}"»]}}"#));
    check(Some(Identity), &text, (Code::MalformedArn, severity, message, help));
    check(Some(Scp), &text, (Code::MalformedArn, WARNING, message, help));
}

#[rstest]
#[case("*")]
#[case("arn:aws:s3:::b/*")]
#[case("arn:aws:sqs:*")]
#[case("arn:*:s3:::b")]
#[case("arn:aws:iam::*:root")]
#[case("arn:aws:iam::aws:policy/ReadOnlyAccess")]
#[case("arn:aws:iam::111122223333:*")]
#[case("arn:aws:s3:us-west-2:123456789012:accesspoint/a/object/*")]
#[case("arn:aws-cn:lambda:cn-north-1:123456789012:function:f")]
fn a_well_formed_arn_is_not_spoken_of(#[case] arn: &str) {
    let text = statement(&format!(r#"{{"Effect": "Deny", "Action": "a:b", "Resource": "{arn}"}}"#));
    assert_eq!(lint(&text, Some(Identity)).findings, []);
}

#[rstest]
#[case(
    r#"{"NumericLessThan": {"s3:max-keys": «"ten"»}}"#,
    WARNING,
    Code::ValueMismatch,
    "`ten` is no number, which `NumericLessThan` compares",
    r#"write it as in "10""#
)]
#[case(
    r#"{"DateLessThan": {"aws:CurrentTime": «"tomorrow"»}}"#,
    ERROR,
    Code::ValueMismatch,
    "`tomorrow` is no date, which `DateLessThan` compares",
    r#"write it as in "2026-03-02T09:00:00Z""#
)]
#[case(
    r#"{"BoolIfExists": {"aws:SecureTransport": [true, «"yes"»]}}"#,
    WARNING,
    Code::ValueMismatch,
    "`yes` is no Boolean, which `BoolIfExists` compares",
    r#"write it as in "true""#
)]
#[case(
    r#"{"IpAddress": {"aws:SourceIp": «"203.0.113.0/33"»}}"#,
    WARNING,
    Code::ValueMismatch,
    "`203.0.113.0/33` is no address or CIDR range, which `IpAddress` compares",
    r#"write it as in "203.0.113.0/24""#
)]
#[case(
    r#"{"BinaryEquals": {"a:b": «"?"»}}"#,
    WARNING,
    Code::ValueMismatch,
    "`?` is no base64 text, which `BinaryEquals` compares",
    r#"write it as in "AAEC""#
)]
#[case(
    r#"{"StringNotEqualsIfExists": {"s3:prefix": «"home/*"»}}"#,
    WARNING,
    Code::LiteralWildcard,
    "`StringNotEqualsIfExists` takes the wildcard in `home/*` literally",
    r#"did you mean "StringNotLikeIfExists""#
)]
#[case(
    r#"{"ArnLike": {"aws:SourceArn": «"arn:aws:s3::b"»}}"#,
    WARNING,
    Code::MalformedArn,
    "`arn:aws:s3::b` has 5 of the 6 parts of an ARN and matches nothing",
    r#"did you mean "arn:aws:s3:::b""#
)]
#[case(
    r#"{"StringEquals": {«"PrincipalOrgID"»: "o-1"}}"#,
    WARNING,
    Code::MalformedConditionKey,
    "condition key `PrincipalOrgID` names no service and is in no request",
    r#"a key is service:name, such as "aws:SourceArn""#
)]
#[case(
    r#"{"StringEquals": {"aws:PrincipalOrgID": «[]»}}"#,
    WARNING,
    Code::EmptyElement,
    "condition key `aws:PrincipalOrgID` has no value",
    "add a value; to ask whether the key is there at all, use `Null`"
)]
#[case(
    r#"{«"StringEquals"»: {}}"#,
    WARNING,
    Code::EmptyElement,
    "`StringEquals` compares no key",
    "add a key with its values, or remove the operator"
)]
#[case(
    r#"{"StringLike": {"s3:prefix": «"home/${aws:username"»}}"#,
    WARNING,
    Code::MalformedVariable,
    "a variable in `home/${aws:username` has no closing brace",
    "write ${key}"
)]
#[case(
    r#"{"StringLike": {"s3:prefix": «"${aws:username, x}"»}}"#,
    WARNING,
    Code::MalformedVariable,
    "variable `${aws:username, x}` has a default without quotes",
    "write it as in ${aws:username, 'nobody'}"
)]
#[case(
    r#"{"StringLike": {"s3:prefix": «"${}"»}}"#,
    WARNING,
    Code::MalformedVariable,
    "variable `${}` names no condition key",
    "name one, as in ${aws:username}"
)]
#[case(
    r#"{"NumericEquals": {"s3:max-keys": «"${s3:max}"»}}"#,
    WARNING,
    Code::MisplacedVariable,
    "the variable in `${s3:max}` stands under `NumericEquals`, where none is replaced",
    "variables are replaced in the resource part of an ARN, and under string and ARN operators"
)]
fn a_condition_that_cannot_hold_is_spoken_of(
    #[case] condition: &str,
    #[case] severity: Severity,
    #[case] code: Code,
    #[case] message: &str,
    #[case] help: &str,
) {
    let text = statement(&format!(
        r#"{{"Effect": "Deny", "Action": "a:b", "Resource": "*", "Condition": {condition}}}"#
    ));
    check(Some(Identity), &text, (code, severity, message, help));
}

#[rstest]
#[case(r#"{"StringLike": {"s3:prefix": ["", "home/${aws:userid}/*", "${*}"]}}"#)]
#[case(r#"{"StringEquals": {"s3:prefix": "${*}"}}"#)]
#[case(r#"{"Bool": {"aws:SecureTransport": ["true", false]}}"#)]
#[case(r#"{"StringEquals": {"aws:ResourceTag/a:b": "c"}}"#)]
#[case(r#"{"ArnLike": {"aws:SourceArn": "*:*:*:*:*:*"}}"#)]
#[case(r#"{"ArnLike": {"aws:SourceArn": "arn:*:s3:::*"}}"#)]
#[case("{}")]
fn a_condition_that_can_hold_is_not_spoken_of(#[case] condition: &str) {
    let text = statement(&format!(
        r#"{{"Effect": "Deny", "Action": "a:b", "Resource": "*", "Condition": {condition}}}"#
    ));
    assert_eq!(lint(&text, Some(Identity)).findings, []);
}

#[rstest]
#[case(
    r#"{"Service": «"s3"»}"#,
    ERROR,
    "`s3` names no service",
    r#"did you mean "s3.amazonaws.com""#
)]
#[case(
    r#"{"Service": «"arn:aws:iam::111122223333:root"»}"#,
    ERROR,
    "`arn:aws:iam::111122223333:root` names no service",
    r#"write {"AWS": "arn:aws:iam::111122223333:root"}"#
)]
#[case(
    r#"{"AWS": «"s3.amazonaws.com"»}"#,
    ERROR,
    "`s3.amazonaws.com` names no AWS principal",
    r#"write {"Service": "s3.amazonaws.com"}"#
)]
#[case(
    r#"{"AWS": «"arn:aws:iam::111122223333:group/g"»}"#,
    ERROR,
    "`arn:aws:iam::111122223333:group/g` names no AWS principal",
    "a group is no principal: name its users or roles"
)]
#[case(
    r#"{"AWS": ["111122223333", «"11112222333"»]}"#,
    ERROR,
    "`11112222333` names no AWS principal",
    "name an account id, or the ARN of a user, role or session"
)]
#[case(
    r#"{"AWS": «"arn:aws:iam::111122223333:role/*"»}"#,
    ERROR,
    "principal `arn:aws:iam::111122223333:role/*` has a wildcard, which stands for itself here",
    r#"write {"AWS": "*"} with a condition such as `ArnLike` on `aws:PrincipalArn`"#
)]
#[case(
    r#"{"Federated": «"google"»}"#,
    ERROR,
    "`google` names no identity provider",
    "name the ARN of a SAML or OIDC provider, or a provider's host name"
)]
#[case(
    r#"{"CanonicalUser": «"alice"»}"#,
    ERROR,
    "`alice` is no canonical user id",
    "a canonical user id has 64 hexadecimal digits"
)]
#[case(
    r#"{"AWS": «"AROAEXAMPLEEXAMPLE12"»}"#,
    WARNING,
    "`AROAEXAMPLEEXAMPLE12` is the id of a deleted user or role, and matches nobody",
    "name the user or role that is there by its ARN"
)]
fn a_principal_that_is_nobody_is_spoken_of(
    #[case] principal: &str,
    #[case] severity: Severity,
    #[case] message: &str,
    #[case] help: &str,
) {
    let text = statement(&format!(
        r#"{{"Effect": "Allow", "Principal": {principal}, "Action": "a:b", "Resource": "*"}}"#
    ));
    check(Some(Resource), &text, (Code::InvalidPrincipal, severity, message, help));
    check(None, &text, (Code::InvalidPrincipal, WARNING, message, help));
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
