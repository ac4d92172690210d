//! `retrigger derive`: negative cases of the story, in a copy of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use retrigger::recording::{FunctionFolder, Outcome, Recording, discover};
use rstest::rstest;

use crate::support::{Ran, copy, retrigger};

/// A copy of `recordings/`, to write to.
struct Story(tempfile::TempDir);

impl Story {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(Path::new("recordings"), &folder.path().join("recordings"));
        Self(folder)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join("recordings").join(below)
    }

    fn derive(&self, below: &str, options: &[&str]) -> Ran {
        let path = self.path(below);
        let arguments = ["derive", path.to_str().unwrap()];
        retrigger(arguments.iter().chain(options))
    }

    /// All files below a folder with their contents.
    fn files(&self, below: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut all, mut waiting) = (Vec::new(), vec![self.path(below)]);
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else {
                let bytes = fs::read(&path).unwrap();
                all.push((path, bytes));
            }
        }
        all.sort();
        all
    }
}

#[rstest]
#[case("lambda-demo", 70)]
#[case("lambda-demo-python", 10)]
#[case("lambda-demo-sqs", 40)]
#[case("lambda-demo-streams", 30)]
fn every_derived_case_replays_as_it_says(#[case] function: &str, #[case] at_least: usize) {
    let story = Story::new();
    let ran = story.derive(function, &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let derived = story.path(function).join("derived");
    let found = discover(&[&derived]).unwrap();
    assert!(found.len() >= at_least, "{}", found.len());
    let ran = retrigger(["replay", derived.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains(&format!("{} passed", found.len())), "{}", ran.stdout);
}

/// With the handler of the story's Rust function in place of a build.
#[test]
fn every_derived_case_of_a_rust_function_replays_as_it_says() {
    let story = Story::new();
    assert_eq!(story.derive("lambda-demo-rust", &[]).code, 0);
    let handler = lambda_runtime::service_fn(lambda_demo_handler::handler);
    let handler = retrigger::runtime::service_handler(handler);
    let derived = story.path("lambda-demo-rust/derived");
    let replay = retrigger::Replay::new([derived]).in_process("lambdaDemoRust", handler);
    let totals = replay.run(&mut Vec::<retrigger::reporter::JUnit<Vec<u8>>>::new()).unwrap();
    assert!(totals.passed >= 10 && totals.all_as_expected(), "{totals:?}");
}

#[test]
fn every_allowed_recording_has_cases_and_most_of_them_are_denied() {
    let story = Story::new();
    let ran =
        retrigger(["derive", "--dry-run", "--format", "json", story.path("").to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let lines = ran.json_lines();
    let (totals, cases) = lines.split_last().unwrap();
    let is_allowed = |recording: &&retrigger::recording::RecordingPath| {
        let expected = Recording::load(&recording.folder).unwrap().expected.unwrap();
        matches!(expected.outcome, Some(Outcome::Completed | Outcome::FunctionError))
    };
    for recording in discover(&[story.path("")]).unwrap().iter().filter(is_allowed) {
        let of_recording = |case: &&serde_json::Value| case["recording"] == recording.name.as_str();
        let denied = cases.iter().filter(of_recording).filter(|case| case["verdict"] == "denied");
        assert!(denied.count() >= 3, "{}", recording.name);
    }
    assert_eq!(totals["cases"], cases.len());
}

#[test]
fn a_wide_policy_is_told() {
    let story = Story::new();
    let ran = story.derive("lambda-demo/alb-get-root", &["--dry-run"]);
    insta::assert_snapshot!(ran.text(), @"
    lambda-demo/alb-get-root
      denied  other-account                              lambda:InvokeFunction
      ALLOWED other-target-group
              still allowed: the policy is wider than this source
              by statement `alb-my-targets` of policy of function `lambdaDemo`
      ALLOWED target-group-with-longer-name
              still allowed: the policy is wider than this source
              by statement `alb-my-targets` of policy of function `lambdaDemo`
      ALLOWED target-group-made-anew
              still allowed: the policy is wider than this source
              by statement `alb-my-targets` of policy of function `lambdaDemo`
      denied  as-PROD                                    lambda:InvokeFunction
      denied  without-alb-my-targets                     lambda:InvokeFunction
      denied  role-not-assumable                         sts:AssumeRole
    7 cases of 1 recording: 4 denied, 3 still allowed
    nothing is written (--dry-run)
    ");
}

#[test]
fn only_the_fact_changes_in_an_event() {
    let story = Story::new();
    assert_eq!(story.derive("lambda-demo/s3-object-created", &[]).code, 0);
    let event = |recording: &str| {
        fs::read_to_string(story.path("lambda-demo").join(recording).join("event.json")).unwrap()
    };
    let (before, after) =
        (event("s3-object-created"), event("derived/s3-object-created/other-bucket"));
    let swapped = before
        .replace("\"athena-demo-kodekloud\"", "\"athena-demo-other\"")
        .replace("arn:aws:s3:::athena-demo-kodekloud\"", "arn:aws:s3:::athena-demo-other\"");
    assert_ne!(before, after);
    assert_eq!(after, swapped);
}

#[test]
fn a_fact_that_the_event_does_not_carry_is_declared() {
    let story = Story::new();
    assert_eq!(story.derive("lambda-demo/eventbridge-declared-rule", &[]).code, 0);
    let folder = story.path("lambda-demo/derived/eventbridge-declared-rule/rule-with-its-bus");
    let derived = Recording::load(folder).unwrap();
    let rule = "arn:aws:events:us-east-1:841860927337:rule/default/lambda-demo-instances";
    assert_eq!(derived.manifest.trigger.source_arn.unwrap().value().unwrap(), rule);
    assert_eq!(derived.manifest.derived_from.as_deref(), Some("eventbridge-declared-rule"));
}

/// AWS refuses a policy without statements, and removes the policy with its last one.
#[test]
fn a_policy_whose_only_statement_is_removed_is_gone() {
    let story = Story::new();
    assert_eq!(story.derive("lambda-demo/alias-granted", &[]).code, 0);
    let function = FunctionFolder::load(story.path("lambda-demo")).unwrap();
    let folder = story.path("lambda-demo/derived/alias-granted/without-alb-my-targets");
    let snapshot = Recording::load(&folder).unwrap().snapshot(&function, &folder).unwrap();
    let policies = snapshot.function("lambdaDemo").unwrap();
    assert!(policies.policy(Some("PROD")).is_none());
    assert!(policies.policy(None).is_some());
}

/// One statement allows all that polling needs by a wildcard: it goes as a whole, and with it the
/// inline policy.
#[test]
fn a_wildcard_is_removed_with_its_statement() {
    let story = Story::new();
    let details = story.path("lambda-demo-sqs/snapshot/account-authorization-details.json");
    let text = fs::read_to_string(&details).unwrap();
    let actions = text.find("\"sqs:ReceiveMessage\"").unwrap();
    let end = actions + text[actions..].find(']').unwrap();
    fs::write(&details, format!("{}\"sqs:*\"{}", &text[..actions], &text[end..])).unwrap();
    let ran = story.derive("lambda-demo-sqs/sqs-partial-batch", &["--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let lines = ran.json_lines();
    let names: Vec<&str> = lines.iter().filter_map(|line| line["case"].as_str()).collect();
    assert_eq!(
        names,
        ["other-queue", "queue-with-longer-name", "without-ReadOrders", "role-not-assumable"]
    );
    let snapshot = "snapshots/derived-sqs-partial-batch-without-ReadOrders";
    let changed = story.path("lambda-demo-sqs").join(snapshot);
    let changed = fs::read(changed.join("account-authorization-details.json")).unwrap();
    let changed: serde_json::Value = serde_json::from_slice(&changed).unwrap();
    assert_eq!(changed["RoleDetailList"][0]["RolePolicyList"], serde_json::json!([]));
}

/// Where nothing says whose bucket it is, everyone's is allowed: the confused deputy.
#[test]
fn a_bucket_of_any_account_is_told() {
    let story = Story::new();
    let policy = story.path("lambda-demo/snapshot/lambda/lambdaDemo/policy.json");
    let text = fs::read_to_string(&policy).unwrap();
    let condition = r#"\"StringEquals\":{\"AWS:SourceAccount\":\"841860927337\"},"#;
    assert!(text.contains(condition));
    fs::write(&policy, text.replace(condition, "")).unwrap();
    let ran = story.derive("lambda-demo/s3-object-created", &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("ALLOWED other-account\n"), "{}", ran.stdout);
}

#[test]
fn a_second_run_changes_nothing() {
    let story = Story::new();
    assert_eq!(story.derive("lambda-demo", &[]).code, 0);
    let before = story.files("lambda-demo");
    let ran = story.derive("lambda-demo", &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("0 written, 0 replaced"), "{}", ran.stdout);
    assert_eq!(story.files("lambda-demo"), before);
}

#[test]
fn a_dry_run_writes_nothing() {
    let story = Story::new();
    let before = story.files("");
    assert_eq!(story.derive("", &["--dry-run"]).code, 0);
    assert_eq!(story.files(""), before);
}

#[test]
fn what_differs_is_replaced_only_by_force() {
    let story = Story::new();
    let recording = "lambda-demo/alb-get-root";
    assert_eq!(story.derive(recording, &[]).code, 0);
    let readme = story.path("lambda-demo/derived/alb-get-root/as-PROD/README.md");
    let original = fs::read_to_string(&readme).unwrap();
    fs::write(&readme, "mine").unwrap();
    let ran = story.derive(recording, &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("README.md: it is there already and differs; `--force`"));
    assert_eq!(fs::read_to_string(&readme).unwrap(), "mine");
    let ran = story.derive(recording, &["--force"]);
    assert!(ran.stdout.contains("0 written, 1 replaced"), "{}", ran.stdout);
    assert_eq!(fs::read_to_string(&readme).unwrap(), original);
}

#[test]
fn a_recording_that_was_not_derived_is_never_replaced() {
    let story = Story::new();
    let place = story.path("lambda-demo/derived/alb-get-root/other-account");
    copy(&story.path("lambda-demo/s3-object-created"), &place);
    let ran = story.derive("lambda-demo/alb-get-root", &["--force"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("it is not derived from `alb-get-root`"), "{}", ran.stderr);
    assert!(!story.path("lambda-demo/derived/alb-get-root/as-PROD").exists());
}

#[test]
fn cases_are_written_into_the_folder_that_is_named() {
    let story = Story::new();
    let into = story.path("lambda-demo/negative");
    let ran = story.derive("lambda-demo/sqs-batch", &["--into", into.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(into.join("sqs-batch/without-sqs-DeleteMessage/expected.json").is_file());
    assert!(!story.path("lambda-demo/derived").exists());
    let elsewhere = story.0.path().join("elsewhere");
    let ran = story.derive("lambda-demo/sqs-batch", &["--into", elsewhere.to_str().unwrap()]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("below the folder of its function; name a folder in"));
    assert!(!elsewhere.exists());
}

#[rstest]
#[case(
    "lambda-demo/alb-cut-pattern",
    "`lambda:InvokeFunction` is ImplicitlyDenied; cases are derived"
)]
#[case("invalid", "cases are derived from recordings that are allowed")]
#[case("lambda-demo/handler", "no recording found")]
#[case("nowhere", "there is no such file or folder")]
fn what_has_no_cases_is_said(#[case] path: &str, #[case] message: &str) {
    let ran = Story::new().derive(path, &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains(message), "{}", ran.stderr);
}

#[test]
fn nothing_is_derived_from_what_was_derived() {
    let story = Story::new();
    assert_eq!(story.derive("lambda-demo-sqs", &[]).code, 0);
    let ran = story.derive("lambda-demo-sqs/derived", &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("derived from another"), "{}", ran.stderr);
}
