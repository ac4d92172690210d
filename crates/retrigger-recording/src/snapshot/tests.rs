//! Snapshots in folders of their own, one fault at a time.

use rstest::rstest;

use super::*;
use crate::source::Place;

const FUNCTION: &str = r#"format = 1
arn = "arn:aws:lambda:us-east-1:841860927337:function:demo"
runtime = "nodejs20.x"
handler = "index.handler"
"#;

const ABOUT: &str = r#"format = 1
taken_at = "2026-03-02T09:00:00Z"
account = "841860927337"
region = "us-east-1"
"#;

const DETAILS: &str = r#"{
  "UserDetailList": [{"UserName": "u", "Arn": "arn:aws:iam::841860927337:user/u"}],
  "GroupDetailList": [],
  "RoleDetailList": [{
    "RoleName": "demo",
    "Arn": "arn:aws:iam::841860927337:role/service-role/demo",
    "AssumeRolePolicyDocument": {"trust": true},
    "RolePolicyList": [{"PolicyName": "logs", "PolicyDocument": "%7B%22inline%22%3Atrue%7D"}],
    "AttachedManagedPolicies": [{"PolicyName": "m", "PolicyArn": "arn:aws:iam::aws:policy/m"}],
    "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::841860927337:policy/b"}
  }, {
    "RoleName": "lost",
    "Arn": "arn:aws:iam::841860927337:role/lost",
    "AttachedManagedPolicies": [{"PolicyName": "n", "PolicyArn": "arn:aws:iam::aws:policy/none"}]
  }],
  "Policies": [
    {"PolicyName": "m", "Arn": "arn:aws:iam::aws:policy/m", "DefaultVersionId": "v2", "PolicyVersionList": [
      {"Document": {"old": true}, "VersionId": "v1", "IsDefaultVersion": false},
      {"Document": {"new": true}, "VersionId": "v2", "IsDefaultVersion": true}]},
    {"PolicyName": "b", "Arn": "arn:aws:iam::841860927337:policy/b", "DefaultVersionId": "v1", "PolicyVersionList": [
      {"Document": {"boundary": true}, "VersionId": "v1"}]}
  ],
  "IsTruncated": true
}"#;

struct Tree {
    root: tempfile::TempDir,
}

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self { root: tempfile::tempdir().unwrap() };
        tree.write("function.toml", FUNCTION);
        tree.write("snapshot/snapshot.toml", ABOUT);
        for (name, text) in files {
            tree.write(name, text);
        }
        tree
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn load(&self, snapshot: &str) -> Result<Snapshot, Error> {
        let function = FunctionFolder::load(self.root.path()).unwrap();
        Snapshot::load(self.root.path().join(snapshot), &function)
    }

    fn error(&self, snapshot: &str) -> String {
        self.load(snapshot).unwrap_err().to_string()
    }
}

#[test]
fn a_role_has_all_its_policies() {
    let tree = Tree::new(&[("snapshot/account-authorization-details.json", DETAILS)]);
    let snapshot = tree.load("snapshot").unwrap();
    let role = snapshot.role("arn:aws:iam::841860927337:role/service-role/demo").unwrap();
    assert_eq!(snapshot.role("demo").unwrap(), role);
    assert_eq!(role.trust.unwrap().text(), "{\"trust\": true}");
    let [inline] = role.inline.as_slice() else { panic!("one inline policy") };
    assert_eq!(inline.text(), "{\"inline\":true}");
    assert_eq!(inline.name(), "inline policy `logs` of role `demo`");
    assert_eq!(inline.locate(1), Place { line: 8, column: 69 });
    let [managed] = role.managed.as_slice() else { panic!("one managed policy") };
    assert_eq!(managed.text(), "{\"new\": true}");
    assert_eq!(managed.arn(), Some("arn:aws:iam::aws:policy/m"));
    assert_eq!(role.boundary.unwrap().text(), "{\"boundary\": true}");
}

#[test]
fn a_user_has_the_policies_of_its_groups_too() {
    let details = r#"{
      "UserDetailList": [{"UserName": "ana", "Arn": "arn:aws:iam::841860927337:user/ana",
        "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": {"own": true}}],
        "GroupList": ["ops"], "Tags": [{"Key": "team", "Value": "blue"}]}],
      "GroupDetailList": [
        {"GroupName": "ops", "GroupPolicyList": [{"PolicyName": "g", "PolicyDocument": {"ops": true}}],
         "AttachedManagedPolicies": [{"PolicyName": "m", "PolicyArn": "arn:aws:iam::aws:policy/m"}]},
        {"GroupName": "other", "GroupPolicyList": [{"PolicyName": "x", "PolicyDocument": {"x": true}}]}],
      "Policies": [{"PolicyName": "m", "Arn": "arn:aws:iam::aws:policy/m", "DefaultVersionId": "v1",
        "PolicyVersionList": [{"Document": {"m": true}, "VersionId": "v1"}]}]
    }"#;
    let tree = Tree::new(&[("snapshot/account-authorization-details.json", details)]);
    let snapshot = tree.load("snapshot").unwrap();
    let user = snapshot.user("arn:aws:iam::841860927337:user/ana").unwrap();
    let names: Vec<&str> =
        user.inline.iter().chain(&user.managed).map(PolicyDocument::name).collect();
    assert_eq!(
        names,
        [
            "inline policy `own` of user `ana`",
            "inline policy `g` of group `ops`",
            "managed policy `m`"
        ]
    );
    assert_eq!(user.tags["team"], "blue");
    let error = snapshot.user("arn:aws:iam::841860927337:user/bob").unwrap_err().to_string();
    assert!(
        error.contains("no user `arn:aws:iam::841860927337:user/bob`; the users there are: ana"),
        "{error}"
    );
}

#[test]
fn what_is_not_there_is_named_with_advice() {
    let tree = Tree::new(&[("snapshot/account-authorization-details.json", DETAILS)]);
    let snapshot = tree.load("snapshot").unwrap();
    let role = snapshot.role("nobody").unwrap_err().to_string();
    assert!(role.contains("the snapshot has no role `nobody`; the roles there are: demo, lost"));
    assert!(role.contains("`IsTruncated`"), "{role}");
    let policy = snapshot.role("lost").unwrap_err().to_string();
    assert!(
        policy.contains("no managed policy `arn:aws:iam::aws:policy/none`; list it"),
        "{policy}"
    );
    let function = snapshot.function("demo").unwrap_err().to_string();
    assert!(function.contains("no function `demo`; add the folder `lambda/demo`"), "{function}");
    let none = Tree::new(&[]).load("snapshot").unwrap().role("demo").unwrap_err().to_string();
    assert!(none.contains("add `account-authorization-details.json`"), "{none}");
}

#[test]
fn a_function_has_a_policy_per_qualifier() {
    let verbatim = r#"{"Policy": "{\"Statement\":[]}", "RevisionId": "1"}"#;
    let tree = Tree::new(&[
        ("snapshot/lambda/demo/policy.json", verbatim),
        ("snapshot/lambda/demo/policy.PROD.json", "{\"Statement\": []}"),
    ]);
    let snapshot = tree.load("snapshot").unwrap();
    let function = snapshot.function("demo").unwrap();
    assert_eq!(function.policy(None).unwrap().text(), "{\"Statement\":[]}");
    assert_eq!(function.policy(Some("PROD")).unwrap().text(), "{\"Statement\": []}");
    assert_eq!(function.policy(Some("BETA")), None);
    assert_eq!(function.policies().count(), 2);
}

#[test]
fn lambda_files_are_those_of_the_aws_command_line() {
    let mappings = r#"{"EventSourceMappings": [{"UUID": "u", "EventSourceArn": "arn:aws:sqs:us-east-1:841860927337:q",
        "FunctionResponseTypes": ["ReportBatchItemFailures"], "LastModified": 1.5,
        "SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": "arn:aws:secretsmanager:us-east-1:841860927337:secret:s"},
            {"Type": "VPC_SUBNET", "URI": "subnet:subnet-1"}],
        "DestinationConfig": {"OnFailure": {"Destination": "arn:d"}}}]}"#;
    let tree = Tree::new(&[
        ("snapshot/lambda/demo/event-source-mappings.json", mappings),
        (
            "snapshot/lambda/demo/configuration.json",
            r#"{"Role": "arn:r", "Timeout": 3, "Layers": []}"#,
        ),
        ("snapshot/lambda/demo/function-url-config.json", r#"{"AuthType": "AWS_IAM"}"#),
    ]);
    let snapshot = tree.load("snapshot").unwrap();
    let function = snapshot.function("demo").unwrap();
    let [mapping] = function.event_source_mappings.as_slice() else { panic!("one mapping") };
    assert!(mapping.reports_batch_item_failures());
    assert_eq!(mapping.on_failure_destination(), Some("arn:d"));
    assert_eq!(mapping.secret_arns(), ["arn:aws:secretsmanager:us-east-1:841860927337:secret:s"]);
    assert!(mapping.is_in_vpc());
    assert_eq!(function.configuration.as_ref().unwrap().role, "arn:r");
    assert_eq!(function.function_url.as_ref().unwrap().auth_type.as_str(), "AWS_IAM");
}

#[test]
fn a_function_policy_of_another_server_is_read_in_the_form_of_aws() {
    let printed = r#"{"Policy": "{\"Statement\":[{\"Principal\":\"841860927337\"}]}"}"#;
    let tree = Tree::new(&[("snapshot/lambda/demo/policy.json", printed)]);
    let snapshot = tree.load("snapshot").unwrap();
    let policy = snapshot.function("demo").unwrap().policy(None).unwrap();
    let arn = "arn:aws:iam::841860927337:root";
    assert_eq!(
        policy.text(),
        format!("{{\"Statement\":[{{\"Principal\":{{\"AWS\":\"{arn}\"}}}}]}}")
    );
    assert_eq!(policy.locate(30), Place { line: 1, column: 13 });
    assert_eq!(policy.outer_span(3..20), 12..printed.len() - 2);
    // What a person wrote is held to that form.
    let written = r#"{"Statement":[{"Principal":"841860927337"}]}"#;
    tree.write("snapshot/lambda/demo/policy.json", written);
    let snapshot = tree.load("snapshot").unwrap();
    assert_eq!(snapshot.function("demo").unwrap().policy(None).unwrap().text(), written);
}

#[test]
fn a_role_that_was_read_in_part_says_so() {
    let role = "arn:aws:iam::841860927337:role/service-role/demo";
    let not_read = |what: &str, of: &str| {
        format!(
            "{ABOUT}[[not_read]]\nwhat = \"{what}\"\nof = \"{of}\"\nreason = \"AccessDenied: no\"\n"
        )
    };
    let tree = Tree::new(&[("snapshot/account-authorization-details.json", DETAILS)]);
    let check = |what: &str, of: &str, asked: &str, expected: &str| {
        tree.write("snapshot/snapshot.toml", &not_read(what, of));
        let error = tree.load("snapshot").unwrap().role(asked).unwrap_err().to_string();
        assert!(error.contains(&format!("snapshot.toml:5:1: {expected}")), "{error}");
    };
    check("inline-policies", role, role, "the inline policies of");
    check("attached-policies", role, "demo", "the list of attached policies of");
    check("managed-policy", "arn:aws:iam::aws:policy/none", "lost", "the managed policy of");
    check(
        "role",
        "arn:aws:iam::841860927337:role/x",
        "arn:aws:iam::841860927337:role/x",
        "the role",
    );
    check("account", "841860927337", "arn:aws:iam::841860927337:role/x", "the users, groups");
    // One that has nothing to do with it.
    tree.write(
        "snapshot/snapshot.toml",
        &not_read("inline-policies", "arn:aws:iam::841860927337:role/x"),
    );
    assert!(tree.load("snapshot").unwrap().role(role).is_ok());
    // A snapshot that extends it and has the file itself.
    tree.write("snapshot/snapshot.toml", &not_read("inline-policies", role));
    let extending = "format = 1\nextends = \"../../snapshot\"\n";
    tree.write("snapshots/x/snapshot.toml", extending);
    assert!(tree.load("snapshots/x").unwrap().role(role).is_err());
    tree.write("snapshots/x/account-authorization-details.json", DETAILS);
    assert!(tree.load("snapshots/x").unwrap().role(role).is_ok());
}

#[test]
fn a_snapshot_takes_from_another_what_it_does_not_say() {
    let tree = Tree::new(&[
        ("snapshot/lambda/demo/policy.json", "{\"base\": 1}"),
        ("snapshot/lambda/demo/configuration.json", r#"{"Role": "arn:r"}"#),
        (
            "snapshots/other/snapshot.toml",
            "format = 1\nextends = \"../../snapshot\"\nlog_group_exists = true\n",
        ),
        ("snapshots/other/lambda/demo/policy.json", "{\"other\": 1}"),
    ]);
    let snapshot = tree.load("snapshots/other").unwrap();
    assert_eq!(snapshot.about().account, "841860927337");
    assert_eq!(snapshot.about().log_group_exists, Some(true));
    let function = snapshot.function("demo").unwrap();
    assert_eq!(function.policy(None).unwrap().text(), "{\"other\": 1}");
    assert_eq!(function.configuration.as_ref().unwrap().role, "arn:r");
}

#[test]
fn organization_policies_go_level_by_level() {
    let organization = r#"{"format": 1, "management_account": "111122223333", "scps": [
        {"target": "r-ab12", "policies": [{"Name": "Full", "Arn": "arn:p", "Content": "{\"a\":1}"}]},
        {"target": "841860927337", "policies": []}]}"#;
    let tree = Tree::new(&[("snapshot/organization.json", organization)]);
    let snapshot = tree.load("snapshot").unwrap();
    let organization = snapshot.organization().unwrap();
    let targets: Vec<_> = organization.scps.iter().map(|level| level.target.as_str()).collect();
    assert_eq!(targets, ["r-ab12", "841860927337"]);
    let full = &organization.scps[0].policies[0];
    assert_eq!((full.text(), full.arn()), ("{\"a\":1}", Some("arn:p")));
    assert_eq!(full.name(), "service control policy `Full` of `r-ab12`");
}

#[test]
fn other_resources_policies_are_found_by_arn() {
    let queue = r#"{"ResourceArn": "arn:q", "Policy": {"Statement": []}}"#;
    let tree = Tree::new(&[("snapshot/resource-policies/queue.json", queue)]);
    assert!(tree.load("snapshot").unwrap().resource_policy("arn:q").is_some());
    tree.write("snapshot/resource-policies/twice.json", queue);
    assert!(tree.error("snapshot").contains("`arn:q` has a policy in"));
}

#[rstest]
#[case("../snapshot", "snapshots/x/snapshot.toml:2:11: `../snapshot` leads nowhere")]
#[case("../../../outside", "leaves the folder")]
#[case("/etc", "leaves the folder")]
#[case("../x", "the snapshot extends itself: snapshots/x → snapshots/x; remove one")]
fn extends_stays_within_the_function_folder(#[case] extends: &str, #[case] message: &str) {
    let toml = format!("format = 1\nextends = \"{extends}\"\n");
    let tree = Tree::new(&[("snapshots/x/snapshot.toml", &toml)]);
    let error = tree.error("snapshots/x");
    assert!(error.contains(message), "{error}");
}

#[rstest]
#[case("snapshot.toml", "format = 1\n", "the key `taken_at` is missing; say it here")]
#[case(
    "snapshot.toml",
    "format = 1\naccount = \"12\"\n",
    "snapshot.toml:2:11: `12` is no account id"
)]
#[case(
    "lambda/demo/polcy.json",
    "{}",
    "no file of a snapshot has this name; did you mean `policy.json`?"
)]
#[case("roles.json", "{}", "known here are `account-authorization-details.json`")]
#[case("lambda/demo/policy.json", "", "policy.json: the file is empty")]
#[case("lambda/demo/configuration.json", "{}", "the key `Role` is missing")]
#[case(
    "lambda/demo/function-url-config.json",
    "{\"AuthType\": \"none\"}",
    "unknown value `none`; it is one of `NONE`, `AWS_IAM`"
)]
#[case(
    "account-authorization-details.json",
    "{\"RoleDetailList\": [{}]}",
    "json:1:22: the key `RoleName` is missing"
)]
#[case("organization.json", "{\"format\": 2}", "written by a newer retrigger")]
fn a_broken_file_is_named_with_its_place(
    #[case] file: &str,
    #[case] text: &str,
    #[case] message: &str,
) {
    let tree = Tree::new(&[(&format!("snapshot/{file}"), text)]);
    let error = tree.error("snapshot");
    assert!(error.contains(message), "{error}");
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_function_folder_is_refused() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("p.json"), "{}").unwrap();
    let tree = Tree::new(&[("snapshot/lambda/demo/configuration.json", "{\"Role\": \"r\"}")]);
    let link = tree.root.path().join("snapshot/lambda/demo/policy.json");
    std::os::unix::fs::symlink(outside.path().join("p.json"), link).unwrap();
    assert!(tree.error("snapshot").contains("leaves the folder"));
}

#[test]
fn a_snapshot_can_be_without_a_file_of_the_one_it_extends() {
    let tree = Tree::new(&[
        ("snapshot/lambda/demo/policy.json", "{}"),
        ("snapshot/lambda/demo/policy.PROD.json", "{}"),
        (
            "snapshots/x/snapshot.toml",
            "format = 1\nextends = \"../../snapshot\"\nwithout = [\"lambda/demo/policy.json\"]\n",
        ),
    ]);
    let snapshot = tree.load("snapshots/x").unwrap();
    let function = snapshot.function("demo").unwrap();
    assert!(function.policy(None).is_none());
    assert!(function.policy(Some("PROD")).is_some());
    let root = tree.root.path();
    assert_eq!(snapshot.folders(), [root.join("snapshots/x"), root.join("snapshot")]);
}

#[test]
fn a_file_that_is_not_there_cannot_be_taken_away() {
    let tree = Tree::new(&[(
        "snapshots/x/snapshot.toml",
        "format = 1\nextends = \"../../snapshot\"\nwithout = [\"lambda/demo/policy.json\"]\n",
    )]);
    let error = tree.error("snapshots/x");
    assert!(error.contains("snapshot.toml:3:12: no snapshot that this one extends has"), "{error}");
}

fn queue(redrive: &str) -> Tree {
    let attributes = format!(
        "{{\"Attributes\": {{\"QueueArn\": \"arn:q\", \"VisibilityTimeout\": \"30\"{redrive}}}}}"
    );
    Tree::new(&[("snapshot/queue-attributes/q.json", &attributes)])
}

#[rstest]
#[case(
    r#", "RedrivePolicy": "{\"deadLetterTargetArn\":\"arn:d\",\"maxReceiveCount\":3}""#,
    Some(3)
)]
#[case(
    r#", "RedrivePolicy": "{\"deadLetterTargetArn\":\"arn:d\",\"maxReceiveCount\":\"5\"}""#,
    Some(5)
)]
#[case("", None)]
fn a_queue_has_a_redrive_policy_or_none(#[case] redrive: &str, #[case] count: Option<u32>) {
    let snapshot = queue(redrive).load("snapshot").unwrap();
    let found = snapshot.queue("arn:q").unwrap().redrive.as_ref();
    assert_eq!(found.map(|redrive| redrive.max_receive_count), count);
    assert!(snapshot.queue("arn:other").is_none());
}

#[test]
fn a_redrive_policy_that_cannot_be_read_is_located() {
    let error = queue(", \"RedrivePolicy\": \"{}\"").error("snapshot");
    assert!(error.contains("q.json:1:65: `RedrivePolicy` cannot be read; AWS prints"), "{error}");
}
