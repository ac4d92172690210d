//! Snapshots that differ in one thing.

use rstest::rstest;

use super::*;

fn snapshot(files: &[(&str, &str)], more: &str) -> (tempfile::TempDir, Snapshot) {
    let root = tempfile::tempdir().unwrap();
    let about = format!(
        "format = 1\ntaken_at = \"2026-03-02T09:00:00Z\"\naccount = \"841860927337\"\n\
         region = \"us-east-1\"\n{more}"
    );
    for (name, text) in files.iter().chain([&("snapshot.toml", about.as_str())]) {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let snapshot = Snapshot::open(root.path()).unwrap();
    (root, snapshot)
}

/// `kind place: what` of each change.
fn changes(before: &[(&str, &str)], after: &[(&str, &str)]) -> Vec<String> {
    let (_old, before) = snapshot(before, "");
    let (_new, after) = snapshot(after, "");
    shown(&before, &after)
}

fn shown(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let changes = snapshot_diff(before, after).unwrap();
    changes.iter().map(|one| format!("{:?} {}: {}", one.kind, one.place, one.what)).collect()
}

#[track_caller]
fn check(file: &str, before: &str, after: &str, expected: &[&str]) {
    assert_eq!(changes(&[(file, before)], &[(file, after)]), expected);
}

const POLICY: &str = "lambda/f/policy.json";

#[rstest]
// An order, a case or a way of writing that means nothing.
#[case(
    r#"{"Statement": [{"Sid": "a", "Action": ["s3:A", "s3:B"]}, {"Sid": "b", "Principal": "*"}]}"#,
    r#"{"Statement": [{"Principal": {"AWS": ["*"]}, "Sid": "b"}, {"Action": ["S3:b", "s3:a"], "Sid": "a"}]}"#,
    &[]
)]
#[case(
    r#"{"Statement": {"Condition": {"Bool": {"aws:SecureTransport": true}}, "Principal": {"AWS": "841860927337"}}}"#,
    r#"{"Statement": [{"Condition": {"Bool": {"AWS:SecureTransport": ["true"]}}, "Principal": {"AWS": "arn:aws:iam::841860927337:root"}}]}"#,
    &[]
)]
#[case(r#"{"Statement": [{"Sid": "a", "Resource": "x"}]}"#, r#"{"Policy": "{\"Statement\": [{\"Sid\": \"a\", \"Resource\": [\"x\"]}]}", "RevisionId": "1"}"#, &[])]
// What does.
#[case(r#"{"Statement": [{"Sid": "a"}, {"Sid": "b"}]}"#, r#"{"Statement": [{"Sid": "b"}]}"#, &["Removed function policy of `f`: statement `a`"])]
#[case(r#"{"Statement": [{"Sid": "a"}]}"#, r#"{"Statement": [{"Sid": "b"}, {"Sid": "a"}]}"#, &["Added function policy of `f`: statement `b`"])]
#[case(r#"{"Statement": [{"Sid": "a", "Resource": "x"}]}"#, r#"{"Statement": [{"Sid": "a", "Resource": "X"}]}"#, &["Changed function policy of `f`: statement `a`"])]
#[case(r#"{"Statement": [{"Resource": "x"}]}"#, r#"{"Statement": [{"Resource": "y"}]}"#, &["Changed function policy of `f`: statement 1"])]
#[case(r#"{"Statement": [{"Sid": "a"}, {"Sid": "a"}]}"#, r#"{"Statement": [{"Sid": "a"}]}"#, &["Removed function policy of `f`: statement `a`"])]
#[case(r#"{"Version": "2012-10-17", "Statement": []}"#, r#"{"Version": "2008-10-17", "Statement": []}"#, &["Changed function policy of `f`: `Version`"])]
fn policies_are_compared_by_what_they_mean(
    #[case] before: &str,
    #[case] after: &str,
    #[case] expected: &[&str],
) {
    check(POLICY, before, after, expected);
}

#[test]
fn a_policy_that_comes_or_goes_is_its_statements() {
    let policy = r#"{"Statement": [{"Sid": "a"}, {"Sid": "b"}]}"#;
    let file = ("lambda/f/policy.PROD.json", policy);
    let place = "function policy of `f:PROD`";
    let lines = |kind: &str| {
        [format!("{kind} {place}: statement `a`"), format!("{kind} {place}: statement `b`")]
    };
    assert_eq!(changes(&[file], &[]), lines("Removed"));
    assert_eq!(changes(&[], &[file]), lines("Added"));
    let empty = ("lambda/f/policy.PROD.json", r#"{"Statement": []}"#);
    assert_eq!(changes(&[empty], &[]), [format!("Removed {place}: ")]);
}

#[test]
fn settings_are_compared_member_by_member() {
    check(
        "lambda/f/configuration.json",
        r#"{"Role": "r", "Timeout": 3, "LastModified": "x", "Layers": ["a", "b"], "Architectures": ["a", "b"]}"#,
        r#"{"Architectures": ["b", "a"], "Layers": ["b", "a"], "Timeout": 5, "Role": "r", "MemorySize": 128}"#,
        &[
            "Changed configuration of `f`: setting `Layers`",
            "Added configuration of `f`: setting `MemorySize`",
            "Changed configuration of `f`: setting `Timeout`",
        ],
    );
    check(
        "queue-attributes/q.json",
        r#"{"Attributes": {"QueueArn": "arn:q", "ApproximateNumberOfMessages": "1", "RedrivePolicy": "{\"maxReceiveCount\":3,\"deadLetterTargetArn\":\"d\"}"}}"#,
        r#"{"Attributes": {"QueueArn": "arn:q", "RedrivePolicy": "{\"deadLetterTargetArn\":\"d\",\"maxReceiveCount\":3}", "VisibilityTimeout": "30"}}"#,
        &["Added queue `arn:q`: setting `VisibilityTimeout`"],
    );
    check(
        "lambda/f/event-source-mappings.json",
        r#"{"EventSourceMappings": [{"UUID": "1", "BatchSize": 5}, {"UUID": "2"}]}"#,
        r#"{"EventSourceMappings": [{"UUID": "3"}, {"UUID": "1", "BatchSize": 6}]}"#,
        &[
            "Changed event source mapping `1` of `f`: setting `BatchSize`",
            "Removed event source mapping `2` of `f`: ",
            "Added event source mapping `3` of `f`: ",
        ],
    );
    check(
        "lambda/f/function-url-config.json",
        r#"{"AuthType": "NONE"}"#,
        r#"{"AuthType": "AWS_IAM"}"#,
        &["Changed function URL of `f`: setting `AuthType`"],
    );
}

#[test]
fn roles_are_compared_policy_by_policy() {
    let details = |boundary: &str, trust: &str, inline: &str, managed: &str| {
        format!(
            r#"{{"RoleDetailList": [{{"RoleName": "r", "Arn": "arn:aws:iam::841860927337:role/r",
            "RoleLastUsed": {{"Region": "{boundary}"}},
            "AssumeRolePolicyDocument": {{"Statement": [{{"Sid": "{trust}"}}]}},
            "RolePolicyList": [{{"PolicyName": "i", "PolicyDocument": "%7B%22Statement%22%3A%5B%7B%22Sid%22%3A%22{inline}%22%7D%5D%7D"}}],
            "PermissionsBoundary": {{"PermissionsBoundaryArn": "{boundary}"}}}}],
            "Policies": [{{"PolicyName": "m", "Arn": "arn:m", "DefaultVersionId": "v1", "PolicyVersionList": [
              {{"VersionId": "v1", "Document": {{"Statement": [{{"Sid": "{managed}"}}]}}}}]}}]}}"#
        )
    };
    check(
        "account-authorization-details.json",
        &details("a", "t", "i", "m"),
        &details("b", "t2", "i2", "m2"),
        &[
            "Changed inline policy `i` of role `r`: statement `i`",
            "Changed role `r`: setting `PermissionsBoundary`",
            "Changed trust policy of role `r`: statement `t`",
            "Changed managed policy `arn:m`: statement `m`",
        ],
    );
}

#[test]
fn an_organization_is_compared_level_by_level() {
    let organization = |target: &str, sid: &str| {
        format!(
            r#"{{"format": 1, "scps": [{{"target": "r-1", "policies": [{{"Name": "p", "Content": {{"Statement": [{{"Sid": "a"}}]}}}}]}},
            {{"target": "{target}", "policies": [{{"Name": "p", "Content": {{"Statement": [{{"Sid": "{sid}"}}]}}}}]}}]}}"#
        )
    };
    check(
        "organization.json",
        &organization("ou-1", "a"),
        &organization("ou-1", "b"),
        &["Changed service control policy `p` of `ou-1`: statement `a`"],
    );
    check(
        "organization.json",
        &organization("ou-1", "a"),
        &organization("ou-2", "a"),
        &[
            "Changed levels with service control policies: setting `path`",
            "Removed service control policy `p` of `ou-1`: statement `a`",
            "Added service control policy `p` of `ou-2`: statement `a`",
        ],
    );
}

#[test]
fn what_was_not_read_is_not_gone() {
    let policy = r#"{"Statement": [{"Sid": "a"}]}"#;
    let files = [
        (POLICY, policy),
        ("resource-policies/q.json", r#"{"ResourceArn": "arn:q", "Policy": {}}"#),
    ];
    let (_old, before) = snapshot(&files, "");
    let not_read = |what: &str, of: &str| {
        format!("[[not_read]]\nwhat = \"{what}\"\nof = \"{of}\"\nreason = \"AccessDenied: no\"\n")
    };
    let arn = "arn:aws:lambda:us-east-1:841860927337:function:f";
    let more = not_read("function-policy", arn) + &not_read("resource-policy", "arn:q");
    let (_new, after) = snapshot(&[], &more);
    let expected = |kind: &str| {
        [
            format!("{kind} function policy of `{arn}`: "),
            format!("{kind} resource policy of `arn:q`: "),
        ]
    };
    assert_eq!(shown(&before, &after), expected("NotReadAfter"));
    assert_eq!(shown(&after, &before), expected("NotReadBefore"));
    assert_eq!(shown(&after, &after), [""; 0]);
}
