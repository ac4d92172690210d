//! Pages about what depends on where a policy is attached.

use super::Page;
use crate::{finding::Code, kind::PolicyKind};

pub(super) const FORBIDDEN_ELEMENT: Page = Page {
    code: Code::ForbiddenElement,
    meaning: "An element does not belong in this kind of policy: principals in a policy\n\
              that is attached to its principal or account, a resource in a trust\n\
              policy, `NotAction` or `NotPrincipal` in a resource control policy. An\n\
              error; a warning where the kind is guessed.",
    reason: "AWS refuses the document.",
    kind: Some(PolicyKind::Trust),
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
  "Action": "sts:AssumeRole", "Resource": "*"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
  "Action": "sts:AssumeRole"}}"#,
};

pub(super) const FORBIDDEN_VALUE: Page = Page {
    code: Code::ForbiddenValue,
    meaning: "A value does not belong in this kind of policy: a resource control policy\n\
              has the effect `Deny`, the principal `*` and no action `*`; a trust policy\n\
              has actions of `sts`. That a gateway endpoint takes no principal but `*`\n\
              is a warning, because interface endpoints take others.",
    reason: "AWS refuses the document.",
    kind: Some(PolicyKind::Rcp),
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*",
  "Condition": {"Bool": {"aws:SecureTransport": "false"}}}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
  "Condition": {"Bool": {"aws:SecureTransport": "false"}}}}"#,
};

pub(super) const OUTDATED_VERSION: Page = Page {
    code: Code::OutdatedVersion,
    meaning: "A managed policy, permissions boundary or resource control policy names\n\
              the version 2008-10-17, or none, which means the same. An error. Inline,\n\
              trust and resource policies may have either version.",
    reason: "AWS refuses the document: \"Policy document must be version 2012-10-17 or\n\
             greater.\"",
    kind: Some(PolicyKind::Managed),
    example: r#"{"Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}"#,
};

pub(super) const INVALID_SID: Page = Page {
    code: Code::InvalidSid,
    meaning: "A `Sid` in a policy that IAM reads has characters other than the letters\n\
              A to Z, a to z and digits. An error; a warning where the kind is guessed\n\
              and for the underscore, which IAM is said to store.",
    reason: "IAM refuses the document. Other services take more characters; Lambda also\n\
             takes hyphen and underscore.",
    kind: Some(PolicyKind::Identity),
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Sid": "read-bucket", "Effect": "Allow", "Action": "s3:GetObject",
  "Resource": "*"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Sid": "ReadBucket", "Effect": "Allow", "Action": "s3:GetObject",
  "Resource": "*"}}"#,
};

pub(super) const DUPLICATE_SID: Page = Page {
    code: Code::DuplicateSid,
    meaning: "Two statements have the same `Sid`. An error in the policies that IAM\n\
              reads, where the empty one counts as none; otherwise a warning.",
    reason: "IAM refuses the document. Elsewhere nobody can say which statement is\n\
             meant, and AWS removes a statement by its id.",
    kind: Some(PolicyKind::Identity),
    example: r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "S3", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"},
  {"Sid": "S3", "Effect": "Allow", "Action": "s3:Put*", "Resource": "*"}]}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"},
  {"Sid": "Write", "Effect": "Allow", "Action": "s3:Put*", "Resource": "*"}]}"#,
};

pub(super) const INVALID_PRINCIPAL: Page = Page {
    code: Code::InvalidPrincipal,
    meaning: "A principal is none: a service without its host name, a group, an ARN\n\
              under the wrong key, a name with a wildcard in it, which AWS does not\n\
              expand. An error where the kind is given; a warning otherwise, and for the\n\
              id of a deleted user or role, which AWS itself puts there.",
    reason: "AWS refuses the document, or the statement applies to nobody.",
    kind: Some(PolicyKind::Resource),
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Principal": {"Service": "s3"},
  "Action": "lambda:InvokeFunction",
  "Resource": "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
  "Action": "lambda:InvokeFunction",
  "Resource": "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo"}}"#,
};

pub(super) const ALLOW_NOT_PRINCIPAL: Page = Page {
    code: Code::AllowNotPrincipal,
    meaning: "A statement that allows names by `NotPrincipal` whom it does not allow.\n\
              Always a warning.",
    reason: "It allows everybody else, callers without credentials included.",
    kind: Some(PolicyKind::Resource),
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"},
  "Action": "s3:GetObject", "Resource": "arn:aws:s3:::athena-demo/*"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"},
  "Action": "s3:GetObject", "Resource": "arn:aws:s3:::athena-demo/*"}}"#,
};

pub(super) const QUOTA_EXCEEDED: Page = Page {
    code: Code::QuotaExceeded,
    meaning: "The document is larger than AWS stores of its kind, in characters: a\n\
              session policy 2048, a trust policy 4096 at most, a function's policy and\n\
              an endpoint policy 20480; IAM does not count white space in what it\n\
              stores. Those are errors. Warnings are the limits that a document alone\n\
              cannot exceed for certain: 2048 for a trust policy without a raised quota,\n\
              6144 for a managed policy (AWS's own may be larger), 10240 for the inline\n\
              policies of a role together, 5120 for service and resource control\n\
              policies.",
    reason: "AWS refuses the document, or the attachment.",
    kind: None,
    example: "a statement for every bucket, where a pattern would name them all",
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject",
  "Resource": "arn:aws:s3:::athena-demo-*/*"}}"#,
};

pub(super) const UNSUPPORTED_CHARACTER: Page = Page {
    code: Code::UnsupportedCharacter,
    meaning: "A character lies outside of what IAM stores: tab, line feed, carriage\n\
              return, and U+0020 to U+00FF. An error; a warning where the kind is\n\
              guessed.",
    reason: "IAM refuses the document. Such characters come with text from word\n\
             processors and web pages: curly quotes, long dashes, blanks of no width.",
    kind: Some(PolicyKind::Identity),
    example: r#"{"Version": "2012-10-17", "Id": "orders – read", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}"#,
    instead: r#"{"Version": "2012-10-17", "Id": "orders - read", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}"#,
};
