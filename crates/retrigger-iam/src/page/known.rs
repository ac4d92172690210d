//! Pages about what the catalogue knows.

use super::Page;
use crate::{finding::Code, kind::PolicyKind};

pub(super) const UNKNOWN_SERVICE: Page = Page {
    code: Code::UnknownService,
    meaning: "The part of an action before the colon is no service that AWS lists. Always\n\
              a warning, for IAM stores the policy.",
    reason: "No request has such an action: the statement allows or denies nothing by it.",
    kind: Some(PolicyKind::Identity),
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "lamda:InvokeFunction", "Resource": "*"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}}"#,
};

pub(super) const UNKNOWN_ACTION: Page = Page {
    code: Code::UnknownAction,
    meaning: "The service has no such action, or none that fits the wildcard. Actions that\n\
              AWS lists no more and its managed policies still name are passed over.\n\
              Always a warning, for IAM stores the policy.",
    reason: "The name of an API is not always that of the action: ListObjectsV2 is allowed\n\
             by s3:ListBucket. What no request has allows or denies nothing.",
    kind: Some(PolicyKind::Identity),
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObjct", "Resource": "*"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}"#,
};

pub(super) const UNKNOWN_CONDITION_KEY: Page = Page {
    code: Code::UnknownConditionKey,
    meaning: "The condition key does not exist, or is one of another service than that of\n\
              the statement's actions. Always a warning, for IAM stores the policy.",
    reason: "No request carries it. The condition never holds or, with a negated operator,\n\
             `IfExists` or `ForAllValues`, always.",
    kind: Some(PolicyKind::Identity),
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*",
  "Condition": {"StringLike": {"s3:prefx": "home/*"}}}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*",
  "Condition": {"StringLike": {"s3:prefix": "home/*"}}}}"#,
};

pub(super) const UNFIT_RESOURCE: Page = Page {
    code: Code::UnfitResource,
    meaning: "None of the resources that the statement lists can be one that the action is\n\
              authorized on. Always a warning.",
    reason: "The action is neither allowed nor denied by the statement. The commonest case\n\
             is a bucket where its objects are meant.",
    kind: Some(PolicyKind::Identity),
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject",
  "Resource": "arn:aws:s3:::athena-demo"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject",
  "Resource": "arn:aws:s3:::athena-demo/*"}}"#,
};

pub(super) const NO_RESOURCE_LEVEL: Page = Page {
    code: Code::NoResourceLevel,
    meaning: "The action is authorized on no resource of its own, and the statement does\n\
              not list `*`. Always a warning.",
    reason: "A request for the action has the resource `*`, which no ARN fits.",
    kind: Some(PolicyKind::Identity),
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:ListAllMyBuckets",
  "Resource": "arn:aws:s3:::athena-demo"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}}"#,
};

pub(super) const KEY_TYPE_MISMATCH: Page = Page {
    code: Code::KeyTypeMismatch,
    meaning: "The operator compares values of another type than the condition key has.\n\
              Operators for text compare ARNs and Booleans too. Always a warning.",
    reason: "The comparison never holds or, negated, always.",
    kind: Some(PolicyKind::Identity),
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*",
  "Condition": {"NumericEquals": {"aws:SourceArn": "1"}}}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*",
  "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::athena-demo"}}}}"#,
};

pub(super) const QUALIFIER_MISMATCH: Page = Page {
    code: Code::QualifierMismatch,
    meaning: "A key of which requests have several values stands under an operator without\n\
              `ForAllValues` or `ForAnyValue`, or a key of one value under one with it.\n\
              Always a warning.",
    reason: "`ForAllValues` holds where the request does not carry the key at all, and so\n\
             allows what was not meant.",
    kind: Some(PolicyKind::Identity),
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*",
  "Condition": {"ForAllValues:StringEquals": {"s3:prefix": "home"}}}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*",
  "Condition": {"StringEquals": {"s3:prefix": "home"}}}}"#,
};
