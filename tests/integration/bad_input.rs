//! Input that is broken: a message with its place, exit code 2 or a failed recording, nothing
//! overwritten, nothing that hangs.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rstest::rstest;

use crate::support::{Ran, retrigger};

/// A function folder with one recording that passes.
pub(crate) struct Demo {
    root: tempfile::TempDir,
}

const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
 "Principal": {"Service": "s3.amazonaws.com"}, "Action": "lambda:InvokeFunction",
 "Resource": "arn:aws:lambda:us-east-1:841860927337:function:demo"}]}"#;

const DETAILS: &str = r#"{"RoleDetailList": [{"RoleName": "demo",
 "Arn": "arn:aws:iam::841860927337:role/demo",
 "AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow",
   "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}}}]}"#;

impl Demo {
    pub(crate) fn new(handler: &str) -> Self {
        let demo = Self { root: tempfile::tempdir().unwrap() };
        demo.write(
            "function.toml",
            "format = 1\narn = \"arn:aws:lambda:us-east-1:841860927337:function:demo\"\n\
             runtime = \"nodejs20.x\"\nhandler = \"index.handler\"\ntimeout = 1\n",
        );
        demo.write("handler/index.mjs", handler);
        demo.write(
            "snapshot/snapshot.toml",
            "format = 1\ntaken_at = \"2026-03-02T09:00:00Z\"\naccount = \"841860927337\"\n\
             region = \"us-east-1\"\n",
        );
        demo.write("snapshot/account-authorization-details.json", DETAILS);
        demo.write("snapshot/lambda/demo/policy.json", POLICY);
        let configuration = r#"{"Role": "arn:aws:iam::841860927337:role/demo"}"#;
        demo.write("snapshot/lambda/demo/configuration.json", configuration);
        demo.write("one/recording.toml", "format = 1\n");
        let event = r#"{"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"arn": "arn:aws:s3:::b"}}}]}"#;
        demo.write("one/event.json", event);
        demo
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn replay(&self) -> Ran {
        retrigger([Path::new("replay"), self.root.path()])
    }
}

const ECHO: &str = "export const handler = async (event) => event;";

#[test]
fn the_demo_itself_runs() {
    let ran = Demo::new(ECHO).replay();
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("1 without expectation"), "{}", ran.stdout);
}

/// A file of the demo, replaced; what must be said; the exit code.
#[rstest]
#[case::empty_event("one/event.json", b"".to_vec(), "event.json", "the file is empty")]
#[case::event_that_is_not_json("one/event.json", b"hello".to_vec(), "event.json:1:1", "not valid JSON")]
#[case::nested_event("one/event.json", b"[".repeat(100_000), "event.json:1:", "nested deeper")]
#[case::invalid_utf8("one/event.json", b"{\"a\": \"\xff\"}".to_vec(), "event.json", "byte 7 is not UTF-8")]
#[case::huge_event("one/event.json", b" ".repeat(50_000_000), "event.json", "50000000 bytes")]
#[case::unknown_trigger("one/event.json", b"{}".to_vec(), "", "no known trigger")]
#[case::empty_policy("snapshot/lambda/demo/policy.json", b"".to_vec(), "policy.json", "the file is empty")]
#[case::nested_policy("snapshot/lambda/demo/policy.json", b"[".repeat(100_000), "policy.json:1:", "nested deeper")]
#[case::huge_policy("snapshot/lambda/demo/policy.json", b" ".repeat(50_000_000), "policy.json", "50000000 bytes")]
#[case::policy_that_is_a_list("snapshot/lambda/demo/policy.json", b"[]".to_vec(), "policy.json:1:1", "must be an object, found an array")]
#[case::policy_with_a_bracket_too_many("snapshot/lambda/demo/policy.json", b"{\n\"Statement\": [}]}".to_vec(), "policy.json:2:15", "not JSON")]
#[case::newer_format("one/recording.toml", b"format = 7\n".to_vec(), "recording.toml:1:", "written by a newer retrigger")]
#[case::path_that_leaves("one/recording.toml", b"format = 1\nsnapshot = \"../elsewhere\"\n".to_vec(), "recording.toml", "leaves the folder")]
#[case::broken_expectation("one/expected.json", b"{\"format\": 1,}".to_vec(), "expected.json:1:", "not valid JSON")]
#[case::role_that_is_not_there("snapshot/lambda/demo/configuration.json", br#"{"Role": "arn:aws:iam::841860927337:role/other"}"#.to_vec(), "account-authorization-details.json", "no role")]
fn a_broken_file_is_named_with_its_place(
    #[case] file: &str,
    #[case] bytes: Vec<u8>,
    #[case] place: &str,
    #[case] message: &str,
) {
    let demo = Demo::new(ECHO);
    demo.write(file, &bytes);
    let ran = demo.replay();
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.code, 2, "{said}");
    assert!(said.contains(place) && said.contains(message), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    assert!(said.len() < 5_000, "{} bytes of output", said.len());
    assert_eq!(fs::read(demo.path(file)).unwrap(), bytes, "the file was changed");
}

#[test]
fn a_snapshot_without_the_function_says_what_to_add() {
    let demo = Demo::new(ECHO);
    fs::remove_dir_all(demo.path("snapshot/lambda")).unwrap();
    let ran = demo.replay();
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("no function `demo`"), "{}", ran.stdout);
    assert!(ran.stdout.contains("add the folder `lambda/demo`"), "{}", ran.stdout);
}

/// A handler, what must be said of it, and the exit code.
#[rstest]
#[case::missing_export("export const other = 1;", "Runtime.HandlerNotFound", 1)]
#[case::syntax_error("export const handler = (", "Runtime.UserCodeSyntaxError", 1)]
#[case::hangs(
    "export const handler = () => new Promise(() => setInterval(() => {}, 1000));",
    "Sandbox.Timedout",
    1
)]
#[case::spins("export const handler = async () => { for (;;); };", "Sandbox.Timedout", 1)]
#[case::exits("export const handler = async () => process.exit(3);", "Runtime.ExitError", 1)]
#[case::prints_garbage(
    "export const handler = async () => { process.stdout.write(Buffer.from([0, 255, 254, 10])); return 1; };",
    "without expectation",
    0
)]
#[case::too_large(
    "export const handler = async () => 'x'.repeat(7000000);",
    "Function.ResponseSizeTooLarge",
    1
)]
fn a_handler_that_misbehaves_is_a_failed_recording(
    #[case] handler: &str,
    #[case] message: &str,
    #[case] code: i32,
) {
    let started = Instant::now();
    let ran = Demo::new(handler).replay();
    assert_eq!(ran.code, code, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains(message), "{}", ran.stdout);
    assert!(started.elapsed() < Duration::from_secs(30), "it took {:?}", started.elapsed());
}

#[test]
fn a_missing_handler_file_and_a_missing_code_folder_are_said() {
    let demo = Demo::new(ECHO);
    fs::remove_file(demo.path("handler/index.mjs")).unwrap();
    let ran = demo.replay();
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("Runtime.ImportModuleError"), "{}", ran.stdout);
    fs::remove_dir_all(demo.path("handler")).unwrap();
    let ran = demo.replay();
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("code folder"), "{}", ran.stdout);
}

#[test]
fn a_missing_node_is_said() {
    let demo = Demo::new(ECHO);
    let output = crate::support::command()
        .arg("replay")
        .arg(demo.root.path())
        .env("PATH", "/nowhere")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("`node` is not there") && said.contains("install"), "{said}");
}

#[test]
fn a_build_that_fails_is_shown() {
    let demo = Demo::new(ECHO);
    let function = fs::read_to_string(demo.path("function.toml")).unwrap();
    let build = "[build]\ncommand = [\"sh\", \"-c\", \"echo no luck; exit 1\"]\n";
    demo.write("function.toml", format!("{function}{build}"));
    let ran = demo.replay();
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("no luck"), "{}", ran.stdout);
}

#[rstest]
#[case(&["replay", "no/such/path"], "no/such/path: there is no such file or folder")]
#[case(&["replay", "crates"], "no recording found")]
#[case(&["check", "no-such.jsonl"], "no-such.jsonl: cannot read it")]
#[case(&["check", "crates"], "it is a folder")]
#[case(&["classify", "no-such.json"], "no-such.json: cannot read it")]
#[case(&["explain", "--principal", "nobody", "--action", "a:b", "--resource", "*"], "`nobody` names no principal")]
#[case(&["explain", "--principal", "anonymous", "--action", "ab", "--resource", "*"], "`ab` is no action")]
fn a_path_or_word_that_is_wrong_is_exit_code_2(#[case] arguments: &[&str], #[case] message: &str) {
    let ran = retrigger(arguments);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains(message), "{}", ran.stderr);
}
