//! `retrigger snapshot` of a server that speaks AWS's APIs: moto.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    snapshot_scene::{ACCOUNT, Folder},
    support::{installed, retrigger},
};

/// A server of its own, which ends with its value.
pub(crate) struct Moto {
    python: PathBuf,
    pub(crate) url: String,
    child: Child,
}

impl Moto {
    pub(crate) fn start() -> Option<Self> {
        let python = installed("RETRIGGER_MOTO_PYTHON", "moto")?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(&python)
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let moto = Self { python, url: format!("http://127.0.0.1:{port}"), child };
        let until = Instant::now() + Duration::from_mins(1);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "moto does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(moto)
    }

    /// A step of `moto_scene.py`; gives what it prints.
    pub(crate) fn does(&self, step: &str) -> Vec<u8> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/moto_scene.py");
        let output = Command::new(&self.python).arg(script).args([&self.url, step]).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn json(folder: &Folder, name: &str) -> Value {
    serde_json::from_str(&folder.text(name)).unwrap()
}

#[test]
fn a_snapshot_of_moto_replays_and_shows_what_a_removed_statement_breaks() {
    let Some(moto) = Moto::start() else { return };
    moto.does("make");
    let folder = Folder::new();
    let bucket = ["--resource", "arn:aws:s3:::order-files"];
    folder.must_take("snapshot", &moto.url, &bucket);
    check_files(&folder);
    let all = folder.shown("");
    let replayed = retrigger(["replay", &all]);
    assert_eq!(replayed.code, 0, "{}", replayed.text());
    assert!(replayed.stdout.contains("2 recordings: 2 passed"), "{}", replayed.text());
    let scanned = retrigger(["scan", &folder.shown("snapshot")]);
    assert_eq!(scanned.code, 0, "{}", scanned.text());

    moto.does("remove_statement");
    folder.must_take("snapshots/later", &moto.url, &bucket);
    let (earlier, later) = (folder.shown("snapshot"), folder.shown("snapshots/later"));
    let replayed = retrigger(["replay", &all, "--snapshot", &later]);
    assert_eq!(replayed.code, 1, "{}", replayed.text());
    for line in [
        "FAIL file                         lambda:InvokeFunction: ImplicitlyDenied, handler not run",
        "FAIL queue                        sqs:ReceiveMessage: ImplicitlyDenied, handler not run",
    ] {
        assert!(replayed.stdout.contains(line), "{}", replayed.text());
    }
    let diff = retrigger(["snapshot", "diff", &earlier, &later]);
    assert_eq!(diff.code, 1);
    for line in [
        "function policy of `orders`\n  removed statement `files`\n",
        "inline policy `read-orders` of role `orders-role`\n  removed statement `ReadOrders`\n",
        "2 differences\n",
    ] {
        assert!(diff.stdout.contains(line), "{}", diff.text());
    }

    // Taken over the first one, it says the same.
    let ran = folder.must_take("snapshot", &moto.url, &bucket);
    assert!(ran.stdout.contains("  changed  lambda/orders/policy.json\n"), "{}", ran.text());
    assert!(ran.stdout.contains("  changed  account-authorization-details.json\n"));
    assert_eq!(retrigger(["replay", &all]).code, 1);
}

/// AWS's form, where moto has another.
fn check_files(folder: &Folder) {
    let document = |name: &str| -> Value {
        let policy = json(folder, &format!("snapshot/lambda/orders/{name}"));
        serde_json::from_str(policy["Policy"].as_str().unwrap()).unwrap()
    };
    let policy = document("policy.json");
    let statement = |sid: &str| {
        let statements = policy["Statement"].as_array().unwrap();
        statements.iter().find(|statement| statement["Sid"] == sid).cloned().unwrap_or_default()
    };
    assert_eq!(statement("account")["Principal"]["AWS"], "arn:aws:iam::210987654321:root");
    assert_eq!(statement("url")["Condition"]["StringEquals"]["lambda:FunctionUrlAuthType"], "NONE");
    assert_eq!(statement("files-of-prod"), Value::Null);
    assert_eq!(document("policy.PROD.json")["Statement"][0]["Sid"], "files-of-prod");

    let details = json(folder, "snapshot/account-authorization-details.json");
    let role = &details["RoleDetailList"][0];
    assert_eq!(role["Path"], "/service-role/");
    assert_eq!(role["Tags"][0]["Value"], "orders");
    let boundary = format!("arn:aws:iam::{ACCOUNT}:policy/boundary");
    assert_eq!(role["PermissionsBoundary"]["PermissionsBoundaryArn"], boundary.as_str());
    let policies = details["Policies"].as_array().unwrap();
    let arns: Vec<&str> = policies.iter().map(|policy| policy["Arn"].as_str().unwrap()).collect();
    assert_eq!(
        arns,
        [
            boundary.as_str(),
            &format!("arn:aws:iam::{ACCOUNT}:policy/logs"),
            "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
        ]
    );
    let mappings = json(folder, "snapshot/lambda/orders/event-source-mappings.json");
    assert_eq!(mappings["EventSourceMappings"][0]["BatchSize"], 5);
    let queue = json(folder, "snapshot/queue-attributes/sqs-orders.json");
    assert!(queue["Attributes"]["RedrivePolicy"].as_str().unwrap().contains("orders-dead"));
    let bucket = json(folder, "snapshot/resource-policies/s3-order-files.json");
    assert_eq!(bucket["Policy"]["Statement"][0]["Sid"], "Read");
    let configuration = json(folder, "snapshot/lambda/orders/configuration.json");
    assert_eq!(configuration["Environment"]["Variables"]["DB_PASSWORD"], "<password:1>");
}

#[test]
fn policies_of_resources_that_are_named_are_read() {
    let Some(moto) = Moto::start() else { return };
    moto.does("make");
    let arns: Vec<String> = serde_json::from_slice(&moto.does("resources")).unwrap();
    let folder = Folder::new();
    let named: Vec<&str> = arns.iter().flat_map(|arn| ["--resource", arn.as_str()]).collect();
    folder.must_take("snapshot", &moto.url, &named);
    let files = folder.files("snapshot/resource-policies");
    let policies: Vec<Value> =
        files.iter().map(|(_, text)| serde_json::from_str(text).unwrap()).collect();
    for arn in &arns[..6] {
        let found = policies.iter().find(|policy| policy["ResourceArn"] == arn.as_str());
        let found = found.unwrap_or_else(|| panic!("{arn}: {files:?}"));
        assert!(found["Policy"]["Statement"].is_array(), "{found}");
    }
    assert!(!policies.iter().any(|policy| policy["ResourceArn"] == arns[6].as_str()), "{files:?}");
    let details = json(&folder, "snapshot/account-authorization-details.json");
    assert_eq!(details["RoleDetailList"][1]["RoleName"], "caller");
    let missing = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:nowhere");
    let ran = folder.take("snapshot", &moto.url, &["--resource", &missing]);
    assert_eq!(ran.code, 2, "{}", ran.text());
    assert!(ran.stderr.contains("sqs:GetQueueUrl of `arn:aws:sqs:"), "{}", ran.text());
}

#[test]
fn an_organization_and_a_whole_account_are_read() {
    let Some(moto) = Moto::start() else { return };
    moto.does("make");
    moto.does("organization");
    let folder = Folder::new();
    folder.must_take("snapshot", &moto.url, &["--organization", "--account"]);
    let organization = json(&folder, "snapshot/organization.json");
    let levels: Vec<&str> = organization["scps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|level| level["target"].as_str().unwrap().split('-').next().unwrap())
        .collect();
    assert_eq!(levels, ["r", "ou", ACCOUNT]);
    assert_eq!(organization["scps"][1]["policies"][1]["Name"], "keep");
    let replayed = retrigger(["replay", &folder.shown("")]);
    assert_eq!(replayed.code, 0, "{}", replayed.text());
}
