//! Pages about texts: actions, ARNs, conditions, variables.

use super::Page;
use crate::{finding::Code, kind::PolicyKind};

pub(super) const MALFORMED_ARN: Page = Page {
    code: Code::MalformedArn,
    meaning: "A resource, or a condition value that should be one, is no ARN of six\n\
              parts: arn:partition:service:region:account-id:resource. Region and\n\
              account may be empty and keep their colons. An error where IAM refuses it;\n\
              a warning where it is stored, and in the kinds of policy that other\n\
              services read.",
    reason: "An ARN with a colon too few is the commonest way to a statement that looks\n\
             right and matches nothing.",
    kind: Some(PolicyKind::Identity),
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:ListBucket",
  "Resource": "arn:aws:s3::athena-demo"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:ListBucket",
  "Resource": "arn:aws:s3:::athena-demo"}}"#,
};

pub(super) const MALFORMED_ACTION: Page = Page {
    code: Code::MalformedAction,
    meaning: "An action is not of the form service:Name. Wildcards belong in the name.\n\
              An error; a warning for blanks and commas, which AWS stores.",
    reason: "AWS refuses the document or, where it does not, the action matches nothing.",
    kind: None,
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "GetObject", "Resource": "*"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}"#,
};

pub(super) const UNKNOWN_OPERATOR: Page = Page {
    code: Code::UnknownOperator,
    meaning: "A condition has an operator that does not exist, in this spelling. `Null`\n\
              takes no `IfExists`. An error; a warning where it compares no key, which\n\
              IAM stores.",
    reason: "AWS refuses the document.",
    kind: None,
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*",
  "Condition": {"StringLikes": {"s3:prefix": "home/*"}}}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*",
  "Condition": {"StringLike": {"s3:prefix": "home/*"}}}}"#,
};

pub(super) const MALFORMED_CONDITION_KEY: Page = Page {
    code: Code::MalformedConditionKey,
    meaning: "A condition key is not of the form service:name. Always a warning.",
    reason: "No request has such a key. A condition on it never holds, or with a negated\n\
             operator, `IfExists` or `ForAllValues`, always.",
    kind: None,
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Deny", "Action": "s3:*", "Resource": "*",
  "Condition": {"Bool": {"SecureTransport": "false"}}}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Deny", "Action": "s3:*", "Resource": "*",
  "Condition": {"Bool": {"aws:SecureTransport": "false"}}}}"#,
};

pub(super) const VALUE_MISMATCH: Page = Page {
    code: Code::ValueMismatch,
    meaning: "A condition value is not of the type that its operator compares: a number,\n\
              date, Boolean, address or base64 text. A warning, but for dates in the\n\
              policies that IAM reads, where it is an error.",
    reason: "AWS refuses such a date, and compares nothing with any other such value:\n\
             the condition never holds, or with a negated operator always.",
    kind: None,
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Deny", "Action": "s3:*", "Resource": "*",
  "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0-255"}}}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Deny", "Action": "s3:*", "Resource": "*",
  "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}}"#,
};

pub(super) const LITERAL_WILDCARD: Page = Page {
    code: Code::LiteralWildcard,
    meaning: "A value under `StringEquals`, or one of its relatives, has a `*` or `?`.\n\
              Always a warning.",
    reason: "The operator compares letter by letter: the value matches only a request\n\
             that has the same `*` in it. `StringLike` has wildcards.",
    kind: None,
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*",
  "Condition": {"StringEquals": {"s3:prefix": "home/*"}}}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*",
  "Condition": {"StringLike": {"s3:prefix": "home/*"}}}}"#,
};

pub(super) const MALFORMED_VARIABLE: Page = Page {
    code: Code::MalformedVariable,
    meaning: "A policy variable has no closing brace, no condition key, a blank in its\n\
              key, or a default that is not in single quotes. Always a warning.",
    reason: "It is taken for text, or for a variable without a value, and the statement\n\
             or condition matches nothing. Templates leave such variables behind where\n\
             they were not filled in.",
    kind: None,
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject",
  "Resource": "arn:aws:s3:::home/${username}/*"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject",
  "Resource": "arn:aws:s3:::home/${aws:username}/*"}}"#,
};

pub(super) const MISPLACED_VARIABLE: Page = Page {
    code: Code::MisplacedVariable,
    meaning: "A policy variable stands where none is replaced: before the fifth colon of\n\
              an ARN, under an operator for numbers, dates or addresses, in a principal,\n\
              in a condition key, or in a document of the older version, which a\n\
              document without `Version` is. Always a warning.",
    reason: "It is compared as the text that it is, and matches nothing.",
    kind: Some(PolicyKind::Identity),
    example: r#"{"Statement": {
  "Effect": "Allow", "Action": "s3:GetObject",
  "Resource": "arn:aws:s3:::home/${aws:username}/*"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject",
  "Resource": "arn:aws:s3:::home/${aws:username}/*"}}"#,
};
