//! Actions, ARNs, conditions and principals.

use rstest::rstest;

use super::*;

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
