//! Snapshots written over others.

use super::*;
use crate::snapshot::Unread;

const CONFIGURATION: &str = r#"{"Role": "arn:aws:iam::841860927337:role/demo"}"#;

fn taken(files: &[(&str, &str)]) -> TakenSnapshot {
    let own = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    TakenSnapshot {
        taken_at: "2026-03-02T09:00:00Z".parse().unwrap(),
        account: "841860927337".to_owned(),
        region: "us-east-1".to_owned(),
        source: "a test".to_owned(),
        files: files.iter().map(own).collect(),
        nothing: BTreeSet::new(),
        aliases: None,
        resources: BTreeSet::new(),
        whole_account: false,
        not_read: Vec::new(),
    }
}

fn put(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn text(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_new_snapshot_is_written_whole_and_says_what_was_not_read() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("a/snapshot");
    let mut taken = taken(&[("lambda/demo/configuration.json", CONFIGURATION)]);
    let (what, of) = (Unread::FunctionPolicy, "arn:aws:lambda:r:841860927337:function:demo:PROD");
    taken.not_read = vec![NotRead { what, of: of.into(), reason: "AccessDenied: no".into() }];
    let written = taken.write(&folder, &Redactor::default()).unwrap();
    assert_eq!(written.added, ["lambda/demo/configuration.json"]);
    assert_eq!(names(root.path().join("a").as_path()), ["snapshot"]);
    assert_eq!(
        text(&folder, "snapshot.toml"),
        "format = 1\ntaken_at = \"2026-03-02T09:00:00Z\"\naccount = \"841860927337\"\n\
         region = \"us-east-1\"\nsource = \"a test\"\n\n[[not_read]]\nwhat = \"function-policy\"\n\
         of = \"arn:aws:lambda:r:841860927337:function:demo:PROD\"\nreason = \"AccessDenied: no\"\n"
    );
    let snapshot = Snapshot::open(&folder).unwrap();
    assert_eq!(
        snapshot.check_read(what, of).unwrap_err().to_string(),
        format!(
            "{}:7:1: the function policy of `{of}` could not be read when the snapshot was taken: \
             AccessDenied: no; take the snapshot again as someone who may read it (`retrigger \
             snapshot --print-policy`), or add it by hand and remove this entry",
            folder.join("snapshot.toml").display()
        )
    );
    put(&folder, &[("lambda/demo/policy.PROD.json", "{}")]);
    assert_eq!(Snapshot::open(&folder).unwrap().check_read(what, of), Ok(()));
}

#[test]
fn what_a_snapshot_has_no_say_in_stays() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path();
    put(
        folder,
        &[
            ("snapshot.toml", "# mine\nformat = 1\nlog_group_exists = true # sure\n"),
            ("README.md", "mine"),
            ("organization.json", r#"{"format": 1}"#),
            ("lambda/other/policy.json", "{}"),
            ("lambda/demo/policy.json", "{\"old\": 1}"),
            ("lambda/demo/policy.GONE.json", "{}"),
            ("lambda/demo/policy.7.json", "{}"),
            ("lambda/demo/function-url-config.json", r#"{"AuthType": "NONE"}"#),
            ("resource-policies/mine.json", r#"{"ResourceArn": "arn:q", "Policy": {}}"#),
            ("resource-policies/other.json", r#"{"ResourceArn": "arn:r", "Policy": {}}"#),
        ],
    );
    let mut taken = taken(&[
        ("lambda/demo/configuration.json", CONFIGURATION),
        ("lambda/demo/policy.json", "{\"new\": 1}"),
        ("resource-policies/sqs-q.json", r#"{"ResourceArn": "arn:q", "Policy": {}}"#),
    ]);
    taken.nothing = ["lambda/demo/function-url-config.json".to_owned()].into();
    taken.aliases = Some(("demo".to_owned(), BTreeSet::new()));
    taken.resources = ["arn:q".to_owned()].into();
    let written = taken.write(folder, &Redactor::default()).unwrap();
    assert_eq!(
        written.kept,
        [
            "README.md",
            "lambda/demo/policy.7.json",
            "lambda/other/policy.json",
            "organization.json",
            "resource-policies/other.json"
        ]
    );
    assert_eq!(
        written.removed,
        [
            "lambda/demo/function-url-config.json",
            "lambda/demo/policy.GONE.json",
            "resource-policies/mine.json"
        ]
    );
    assert_eq!(written.changed, ["lambda/demo/policy.json"]);
    let about = text(folder, "snapshot.toml");
    assert!(about.starts_with("# mine\nformat = 1\nlog_group_exists = true # sure\n"), "{about}");
    assert_eq!(text(folder, "README.md"), "mine");
    assert_eq!(text(folder, "lambda/demo/policy.json"), "{\"new\": 1}");
}

#[test]
fn what_was_not_read_stays_said_until_it_is_read() {
    let root = tempfile::tempdir().unwrap();
    let arn = "arn:aws:lambda:us-east-1:841860927337:function:demo";
    let one = |what, of: &str| NotRead { what, of: of.into(), reason: "AccessDenied".into() };
    let unread = [
        one(Unread::FunctionPolicy, arn),
        one(Unread::FunctionPolicy, &format!("{arn}:7")),
        one(Unread::InlinePolicies, "arn:aws:iam::841860927337:role/demo"),
        one(Unread::InlinePolicies, "arn:aws:iam::841860927337:role/mine"),
        one(Unread::ResourcePolicy, "arn:q"),
        one(Unread::ResourcePolicy, "arn:r"),
        one(Unread::Organization, "841860927337"),
    ];
    let mut first = taken(&[("lambda/demo/configuration.json", CONFIGURATION)]);
    first.not_read = unread.to_vec();
    first.write(root.path(), &Redactor::default()).unwrap();
    let details = r#"{"RoleDetailList": [{"RoleName": "demo", "Arn": "arn:aws:iam::841860927337:role/demo"}]}"#;
    let mut second = taken(&[("account-authorization-details.json", details)]);
    second.nothing = ["lambda/demo/policy.json".to_owned()].into();
    second.resources = ["arn:q".to_owned()].into();
    second.not_read = vec![one(Unread::Organization, "841860927337")];
    second.write(root.path(), &Redactor::default()).unwrap();
    let snapshot = Snapshot::open(root.path()).unwrap();
    let left: Vec<&NotRead> = snapshot.not_read().collect();
    assert_eq!(left, [&unread[1], &unread[3], &unread[5], &unread[6]]);
}

#[test]
fn roles_that_were_added_by_hand_stay_with_their_policies() {
    const AUTHORIZATION: &str = "account-authorization-details.json";
    let root = tempfile::tempdir().unwrap();
    let policy = |name: &str| {
        format!(
            r#"{{"PolicyName": "{name}", "Arn": "arn:aws:iam::841860927337:policy/{name}",
             "PolicyVersionList": [{{"Document": {{}}, "VersionId": "v1", "IsDefaultVersion": true}}]}}"#
        )
    };
    let role = |name: &str, attached: &str| {
        format!(
            r#"{{"RoleName": "{name}", "Arn": "arn:aws:iam::841860927337:role/{name}",
             "AttachedManagedPolicies": [{{"PolicyArn": "arn:aws:iam::841860927337:policy/{attached}"}}]}}"#
        )
    };
    let before = format!(
        r#"{{"RoleDetailList": [{}, {}], "Policies": [{}, {}, {}]}}"#,
        role("demo", "old"),
        role("mine", "own"),
        policy("old"),
        policy("own"),
        policy("unused")
    );
    put(root.path(), &[("snapshot.toml", "format = 1\n"), (AUTHORIZATION, &before)]);
    let now = format!(
        r#"{{"RoleDetailList": [{}], "Policies": [{}]}}"#,
        role("demo", "new"),
        policy("new")
    );
    let first = taken(&[(AUTHORIZATION, &now)]);
    let mut whole = first.clone();
    let written = first.write(root.path(), &Redactor::default()).unwrap();
    assert_eq!(
        written.kept,
        [
            format!("{AUTHORIZATION}: arn:aws:iam::841860927337:role/mine"),
            format!("{AUTHORIZATION}: arn:aws:iam::841860927337:policy/own")
        ]
    );
    let snapshot = Snapshot::open(root.path()).unwrap();
    assert_eq!(snapshot.role("mine").unwrap().managed.len(), 1);
    assert_eq!(snapshot.role("demo").unwrap().managed.len(), 1);
    whole.whole_account = true;
    assert_eq!(whole.write(root.path(), &Redactor::default()).unwrap().kept, [""; 0]);
    assert!(Snapshot::open(root.path()).unwrap().role("mine").is_err());
}

#[test]
fn secrets_of_the_settings_are_replaced_and_policies_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let configuration =
        r#"{"Role": "r", "Environment": {"Variables": {"DB_PASSWORD": "orders-db"}}}"#;
    let policy = r#"{"Resource": "arn:aws:s3:::orders-db"}"#;
    let taken = taken(&[
        ("lambda/demo/configuration.json", configuration),
        ("lambda/demo/policy.json", policy),
    ]);
    let written = taken.write(&root.path().join("s"), &Redactor::default()).unwrap();
    assert_eq!(written.redacted.len(), 1);
    assert_eq!(
        text(root.path(), "s/lambda/demo/configuration.json"),
        configuration.replace("orders-db", "<password:1>")
    );
    assert_eq!(text(root.path(), "s/lambda/demo/policy.json"), policy);
}

#[test]
fn nothing_but_a_snapshot_is_written_over() {
    let root = tempfile::tempdir().unwrap();
    put(
        root.path(),
        &[("notes.txt", "mine"), ("x/snapshot.toml", "format = 1\nextends = \"..\"\n")],
    );
    let error = taken(&[]).write(root.path(), &Redactor::default()).unwrap_err().to_string();
    assert!(error.contains("it is no snapshot, and nothing is written over"), "{error}");
    let error = taken(&[]).write(&root.path().join("x"), &Redactor::default()).unwrap_err();
    assert!(error.to_string().contains("x/snapshot.toml:2:11: a snapshot that extends another"));
    assert_eq!(names(root.path()), ["notes.txt", "x"]);
}

#[test]
fn a_snapshot_that_cannot_be_read_back_leaves_the_old_one() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("s");
    let good = taken(&[("lambda/demo/configuration.json", CONFIGURATION)]);
    good.write(&folder, &Redactor::default()).unwrap();
    let bad = taken(&[("lambda/demo/configuration.json", "{}")]);
    assert_eq!(
        bad.write(&folder, &Redactor::default()).unwrap_err().to_string(),
        format!(
            "{}: what was taken cannot be read back at 1:2: the key `Role` is missing; nothing was \
             written",
            folder.canonicalize().unwrap().join("lambda/demo/configuration.json").display()
        )
    );
    assert_eq!(text(&folder, "lambda/demo/configuration.json"), CONFIGURATION);
    assert_eq!(names(root.path()), ["s"]);
}
