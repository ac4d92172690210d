//! `retrigger lint`: all problems at once, wherever a document stands.

use std::{fs, path::Path};

use insta::assert_snapshot;

use crate::support::{command, retrigger};

const TEN_MISTAKES: &str = r#"{
  "Version": "2012-10-18",
  "Statement": [
    {
      "Sid": "read-orders",
      "Effect": "ALLOW",
      "Principal": "*",
      "Action": ["dynamodb:GetItem", "Query"],
      "Resource": "arn:aws:dynamodb:us-east-1:841860927337:table/orders"
    },
    {
      "Effect": "Allow",
      "Action": "s3:GetObject",
      "Ressource": "arn:aws:s3:::athena-demo/*",
      "Resource": "arn:aws:s3::athena-demo",
      "Condition": {
        "StringEqual": {"aws:userid": "home/"},
        "IpAddress": {"aws:SourceIp": "203.0.113.0/33"},
        "StringLike": {"aws:userid": "home/${aws:username"}
      }
    }
  ]
}
"#;

/// A folder with these files, each a name and a text.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn ten_mistakes_are_ten_findings_each_underlined() {
    let folder = folder(&[("policy.json", TEN_MISTAKES)]);
    let file = folder.path().join("policy.json");
    let ran = retrigger(["lint", "--kind", "identity", file.to_str().unwrap()]);
    assert_eq!(ran.code, 1);
    let output = ran.stdout.replace(&format!("{}/", folder.path().display()), "");
    assert_snapshot!(output, @r#"
    error[unknown-version]: unknown Version `2012-10-18`
     --> policy.json:2:14
      |
    2 |   "Version": "2012-10-18",
      |              ^^^^^^^^^^^^
      |
      = help: did you mean "2012-10-17"

    error[invalid-sid]: Sid `read-orders` has characters other than letters and
                        digits
     --> policy.json:5:14
      |
    5 |       "Sid": "read-orders",
      |              ^^^^^^^^^^^^^
      |
      = help: write "readorders"

    error[unknown-effect]: unknown Effect `ALLOW`
     --> policy.json:6:17
      |
    6 |       "Effect": "ALLOW",
      |                 ^^^^^^^
      |
      = help: did you mean "Allow"

    error[forbidden-element]: `Principal` in an identity policy
     --> policy.json:7:7
      |
    7 |       "Principal": "*",
      |       ^^^^^^^^^^^
      |
      = help: an identity policy applies to what it is attached to: remove the
              element

    error[malformed-action]: action `Query` names no service
     --> policy.json:8:38
      |
    8 |       "Action": ["dynamodb:GetItem", "Query"],
      |                                      ^^^^^^^
      |
      = help: write service:Action, such as "s3:GetObject", or "*"

    error[unknown-element]: `Ressource` is no element of a statement
      --> policy.json:14:7
       |
    14 |       "Ressource": "arn:aws:s3:::athena-demo/*",
       |       ^^^^^^^^^^^
       |
       = help: did you mean "Resource"

    error[malformed-arn]: `arn:aws:s3::athena-demo` has 5 of the 6 parts of an ARN
                          and matches nothing
      --> policy.json:15:19
       |
    15 |       "Resource": "arn:aws:s3::athena-demo",
       |                   ^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: did you mean "arn:aws:s3:::athena-demo"

    error[unknown-operator]: unknown condition operator `StringEqual`
      --> policy.json:17:9
       |
    17 |         "StringEqual": {"aws:userid": "home/"},
       |         ^^^^^^^^^^^^^
       |
       = help: did you mean "StringEquals"

    warning[value-mismatch]: `203.0.113.0/33` is no address or CIDR range, which
                             `IpAddress` compares
      --> policy.json:18:39
       |
    18 |         "IpAddress": {"aws:SourceIp": "203.0.113.0/33"},
       |                                       ^^^^^^^^^^^^^^^^
       |
       = help: write it as in "203.0.113.0/24"

    warning[malformed-variable]: a variable in `home/${aws:username` has no closing
                                 brace
      --> policy.json:19:38
       |
    19 |         "StringLike": {"aws:userid": "home/${aws:username"}
       |                                      ^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write ${key}

    1 document: 8 errors, 2 warnings
    "#);
}

#[test]
fn json_output_has_a_line_a_finding_and_then_the_totals() {
    let folder = folder(&[("policy.json", TEN_MISTAKES)]);
    let file = folder.path().join("policy.json");
    let file = file.to_str().unwrap();
    let ran = retrigger(["lint", "--kind", "identity", "--format", "json", file]);
    assert_eq!(ran.code, 1);
    let lines = ran.json_lines();
    let (totals, findings) = lines.split_last().unwrap();
    assert_snapshot!(totals, @r#"{"files":1,"documents":1,"errors":8,"warnings":2}"#);
    let found: Vec<String> = findings
        .iter()
        .map(|finding| {
            assert_eq!(finding["file"], file);
            assert!(finding["message"].is_string() && finding["help"].is_string());
            let [line, column] = ["line", "column"].map(|key| finding[key].as_u64().unwrap());
            let [code, severity] = ["code", "severity"].map(|key| finding[key].as_str().unwrap());
            format!("{line}:{column} {severity} {code}")
        })
        .collect();
    assert_snapshot!(found.join("\n"), @r#"
    2:14 error unknown-version
    5:14 error invalid-sid
    6:17 error unknown-effect
    7:7 error forbidden-element
    8:38 error malformed-action
    14:7 error unknown-element
    15:19 error malformed-arn
    17:9 error unknown-operator
    18:39 warning value-mismatch
    19:38 warning malformed-variable
    "#);
}

#[test]
fn documents_of_a_snapshot_are_linted_as_what_they_are() {
    let details = r#"{"RoleDetailList": [{"RoleName": "demo", "Arn": "arn:aws:iam::841860927337:role/demo",
  "AssumeRolePolicyDocument": "%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22lambda%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%7D",
  "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement":
    {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}}}]}],
 "Policies": [{"PolicyName": "m", "Arn": "arn:aws:iam::841860927337:policy/m",
  "PolicyVersionList": [{"IsDefaultVersion": true, "Document": {"Statement":
    {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}}]}]}"#;
    let organization = r#"{"format": 1, "scps": [],
 "rcps": [{"target": "r-ab12", "policies": [{"Name": "tls", "Content":
   "{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"s3:*\", \"Resource\": \"*\"}}"}]}]}"#;
    let printed = r#"{"Policy": "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3\"},\"Action\":\"lambda:InvokeFunction\"}]}"}"#;
    let folder = folder(&[
        ("account-authorization-details.json", details),
        ("organization.json", organization),
        ("lambda/demo/policy.json", printed),
        ("lambda/demo/configuration.json", r#"{"Role": "arn:r", "Version": "$LATEST"}"#),
    ]);
    let ran = retrigger([Path::new("lint"), folder.path()]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let output = ran.stdout.replace(&format!("{}/", folder.path().display()), "");
    assert_snapshot!(output, @r#"
    error[invalid-principal]: `lambda` names no service
     --> account-authorization-details.json:2:122
      |
    2 | ...ipal%22%3A%7B%22Service%22%3A%22lambda%22%7D%2C%22Action%22%3A%22sts%3...
      |                                 ^^^^^^^^^^^^
      |
      = help: did you mean "lambda.amazonaws.com"

    error[forbidden-element]: `Principal` in an identity policy
     --> account-authorization-details.json:4:60
      |
    4 |     {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "...
      |                                                            ^^^^^^^^^^^
      |
      = help: an identity policy applies to what it is attached to: remove the
              element

    error[outdated-version]: a managed policy must say its `Version`
     --> account-authorization-details.json:6:64
      |
    6 |   "PolicyVersionList": [{"IsDefaultVersion": true, "Document": {"Statement":
      |                                                                ^
      |
      = help: write "Version": "2012-10-17"

    error[invalid-principal]: `s3` names no service
     --> lambda/demo/policy.json:1:78
      |
    1 | ...ow\",\"Principal\":{\"Service\":\"s3\"},\"Action\":\"lambda:InvokeFunc...
      |                                    ^^^^^^
      |
      = help: did you mean "s3.amazonaws.com"

    error[forbidden-value]: Effect `Allow` in a resource control policy
     --> organization.json:3:63
      |
    3 | ..., \"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Actio...
      |                                  ^^^^^^^^^
      |
      = help: a resource control policy only denies: write "Deny"

    5 documents: 5 errors, 0 warnings
    "#);
}

#[test]
fn a_file_that_cannot_be_read_does_not_hide_the_others() {
    let folder = folder(&[("policy.json", TEN_MISTAKES)]);
    let file = folder.path().join("policy.json");
    let ran = retrigger(["lint", "no-such.json", file.to_str().unwrap()]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("no-such.json: there is no such file"), "{}", ran.stderr);
    assert!(ran.stdout.contains("unknown Effect `ALLOW`"), "{}", ran.stdout);
}

#[test]
fn the_standard_input_is_read_for_a_hyphen() {
    use std::{io::Write, process::Stdio};
    let mut child =
        command().args(["lint", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"{\"Statement\": 5}").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(String::from_utf8(output.stdout).unwrap(), @r#"
    error[wrong-type]: statement must be an object, found a number
     --> <stdin>:1:15
      |
    1 | {"Statement": 5}
      |               ^

    1 document: 1 error, 0 warnings
    "#);
}

#[test]
fn a_code_is_explained() {
    let ran = retrigger(["lint", "--explain", "unknown-effect"]);
    assert_eq!(ran.code, 0);
    assert_snapshot!(ran.stdout, @r#"
    unknown-effect

    What it means
      An `Effect` is neither `Allow` nor `Deny`, in this spelling. Always an
      error.

    Why it matters
      AWS refuses the document; a statement without an effect does nothing.

    Example
      {"Version": "2012-10-17", "Statement": {
        "Effect": "ALLOW", "Action": "s3:GetObject", "Resource": "*"}}

    Instead
      {"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
    "#);
    let ran = retrigger(["lint", "--explain", "unknown-efect"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("did you mean \"unknown-effect\""), "{}", ran.stderr);
}

#[test]
fn people_are_shown_the_first_hundred_findings_and_programs_all() {
    let actions = vec!["\"GetItem\""; 120].join(", ");
    let statement = format!(r#"{{"Effect": "Deny", "Action": [{actions}], "Resource": "*"}}"#);
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#);
    let folder = folder(&[("policy.json", &text)]);
    let file = folder.path().join("policy.json");
    let ran = retrigger([Path::new("lint"), &file]);
    assert_eq!(ran.stdout.matches("error[malformed-action]").count(), 100);
    assert!(ran.stdout.contains("policy.json: 20 more findings; all of them with --format json"));
    assert!(ran.stdout.ends_with("1 document: 120 errors, 0 warnings\n"), "{}", ran.stdout);
    let ran = retrigger([Path::new("lint"), Path::new("--format=json"), &file]);
    assert_eq!(ran.json_lines().len(), 121);
}
