//! Pages about JSON and the elements of a policy.

use super::Page;
use crate::{finding::Code, kind::PolicyKind};

pub(super) const JSON_SYNTAX: Page = Page {
    code: Code::JsonSyntax,
    meaning: "The text is not JSON, at the place shown. Comments and commas before a\n\
              closing bracket are not JSON either. Always an error.",
    reason: "AWS refuses the document. What follows the place is not looked at: there\n\
             may be more to find once it is mended.",
    kind: None,
    example: r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
  ]
}"#,
    instead: r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
  ]
}"#,
};

pub(super) const DOCUMENT_TOO_LARGE: Page = Page {
    code: Code::DocumentTooLarge,
    meaning: "The text is larger than 16 MiB and is not read. Always an error.",
    reason: "AWS stores policies of some tens of kilobytes at most; so large a file is\n\
             something else, or a policy that AWS refuses.",
    kind: None,
    example: "a log, an export of many documents, or a file by mistake",
    instead: r#"{
  "Version": "2012-10-17",
  "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
}"#,
};

pub(super) const DUPLICATE_KEY: Page = Page {
    code: Code::DuplicateKey,
    meaning: "A key stands twice in one object, or a condition key twice under one\n\
              operator, in whatever letter case. Always an error.",
    reason: "One of the two would be lost without a word, and nobody could tell which.",
    kind: None,
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
  "Condition": {"StringEquals": {
    "aws:PrincipalOrgID": "o-ab12cd34ef",
    "aws:principalorgid": "o-gh56ij78kl"}}}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
  "Condition": {"StringEquals": {
    "aws:PrincipalOrgID": ["o-ab12cd34ef", "o-gh56ij78kl"]}}}}"#,
};

pub(super) const UNKNOWN_ELEMENT: Page = Page {
    code: Code::UnknownElement,
    meaning: "A key is no element of the policy language where it stands. Elements are\n\
              spelt with capitals as in the documentation. Always an error.",
    reason: "AWS refuses the document.",
    kind: None,
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resources": "*"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}"#,
};

pub(super) const WRONG_TYPE: Page = Page {
    code: Code::WrongType,
    meaning: "A value is of another JSON type than its element takes: a number for an\n\
              action, a list for a `Condition`. An error, but for a `null` in a list of\n\
              resources, which AWS lets pass and which names nothing.",
    reason: "AWS refuses the document. In a template, a function such as `Fn::Sub` is\n\
             such an object: lint the document that the template makes.",
    kind: None,
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject",
  "Resource": {"Fn::Sub": "arn:aws:s3:::${Bucket}/*"}}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject",
  "Resource": "arn:aws:s3:::athena-demo/*"}}"#,
};

pub(super) const MISSING_ELEMENT: Page = Page {
    code: Code::MissingElement,
    meaning: "An element is missing: `Statement` and `Effect` everywhere, `Action` or\n\
              `NotAction` in a policy of known kind, `Resource` or `NotResource` but in\n\
              trust and resource policies, `Principal` in those and in resource control\n\
              and endpoint policies. A warning where the kind is guessed, and for a\n\
              resource policy without principal, which some services store.",
    reason: "AWS refuses the document or, where it does not, the statement applies to\n\
             nothing or nobody.",
    kind: Some(PolicyKind::Identity),
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}"#,
};

pub(super) const CONFLICTING_ELEMENTS: Page = Page {
    code: Code::ConflictingElements,
    meaning: "A statement has both an element and its negation. Always an error.",
    reason: "AWS refuses the document: of `Action` and `NotAction`, `Resource` and\n\
             `NotResource`, `Principal` and `NotPrincipal` a statement has one each.",
    kind: None,
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:*", "NotAction": "s3:DeleteBucket",
  "Resource": "*"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
  {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}]}"#,
};

pub(super) const UNKNOWN_EFFECT: Page = Page {
    code: Code::UnknownEffect,
    meaning: "An `Effect` is neither `Allow` nor `Deny`, in this spelling. Always an\n\
              error.",
    reason: "AWS refuses the document; a statement without an effect does nothing.",
    kind: None,
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "ALLOW", "Action": "s3:GetObject", "Resource": "*"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}"#,
};

pub(super) const UNKNOWN_VERSION: Page = Page {
    code: Code::UnknownVersion,
    meaning: "A `Version` is neither 2012-10-17 nor 2008-10-17. It is the version of\n\
              the policy language, not the date of your document. Always an error.",
    reason: "AWS refuses the document.",
    kind: None,
    example: r#"{"Version": "2026-03-02", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}"#,
};

pub(super) const EMPTY_ELEMENT: Page = Page {
    code: Code::EmptyElement,
    meaning: "An element lists nothing: no statement, action, resource or principal, an\n\
              operator without keys, a key without values. IAM refuses the first three\n\
              in its own kinds of policy; the others, and other kinds, are warnings.",
    reason: "Where AWS stores it, the statement or condition does not do what it seems\n\
             to: a key without values never matches.",
    kind: Some(PolicyKind::Identity),
    example: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": [], "Resource": "*"}}"#,
    instead: r#"{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"}}"#,
};
