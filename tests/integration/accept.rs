//! `retrigger accept`: what is written, and what is left alone.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use rstest::rstest;

use crate::{
    bad_input::Demo,
    support::{Ran, command},
};

/// Two recordings of a handler that answers `{"v": 1}`; as a person may have written it.
const EXPECTED: &str =
    "{\n    \"response\": { \"v\":1, \"list\": [1, 2] },\n    \"format\": 1\n}\n";

pub(crate) fn answering(answer: &str) -> String {
    format!("export const handler = async () => ({answer});")
}

pub(crate) fn demo(handler: &str) -> Demo {
    let demo = Demo::new(handler);
    let event = fs::read(demo.path("one/event.json")).unwrap();
    demo.write("two/event.json", event);
    demo.write("two/recording.toml", "# by hand\nformat = 1\n");
    demo.write("one/expected.json", EXPECTED);
    demo.write("two/expected.json", EXPECTED);
    demo
}

/// Runs `retrigger` where nobody can be asked.
#[track_caller]
pub(crate) fn run(demo: &Demo, ci: Option<&str>, arguments: &[&str]) -> Ran {
    let mut command = command();
    command.args(arguments).arg(demo.path("")).stdin(Stdio::null()).env_remove("CI");
    if let Some(ci) = ci {
        command.env("CI", ci);
    }
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Every file below the demo with its bytes.
pub(crate) fn tree(demo: &Demo) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    read_tree(&demo.path(""), &mut files);
    files
}

fn read_tree(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_tree(&path, files);
        } else {
            let bytes = fs::read(&path).unwrap();
            files.insert(path, bytes);
        }
    }
}

#[test]
fn a_changed_handler_fails_readably_and_accept_changes_only_what_changed() {
    let demo = demo(&answering("{ v: 1, list: [1, 2] }"));
    assert_eq!(run(&demo, None, &["replay"]).code, 0);
    demo.write("handler/index.mjs", answering("{ v: 2, list: [1, 2, 3] }"));
    let before = tree(&demo);
    assert_eq!(run(&demo, None, &["replay"]).code, 1);

    let ran = run(&demo, None, &["accept", "--yes", "--filter", "/one"]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    let text = ran.text().replace(&demo_name(&demo), "demo");
    insta::assert_snapshot!(text, @r#"
    demo/one
      response differs
      --- expected
      +++ actual
      @@ -1,7 +1,8 @@
       {
      -  "v": 1,
      +  "v": 2,
         "list": [
           1,
      -    2
      +    2,
      +    3
         ]
       }
      accepted

    1 recording: 1 accepted
    "#);
    let mut after = tree(&demo);
    let one = after.remove(&demo.path("one/expected.json")).unwrap();
    let expected = EXPECTED.replace("\"v\":1", "\"v\":2").replace(" 2]", " 2, 3]");
    assert_eq!(String::from_utf8(one).unwrap(), expected);
    assert!(after.iter().all(|(path, bytes)| before[path] == *bytes), "another file changed");
    assert_eq!(run(&demo, None, &["replay", "--filter", "/one"]).code, 0);
}

fn demo_name(demo: &Demo) -> String {
    demo.path("").file_name().unwrap().to_str().unwrap().to_owned()
}

#[rstest]
#[case(&["accept"])]
#[case(&["accept", "--detect-noise"])]
#[case(&["accept", "--format", "json"])]
#[case(&["replay"])]
fn in_ci_nothing_on_disk_changes(#[case] arguments: &[&str]) {
    let demo = demo("export const handler = async () => ({ v: 2, at: Date.now() });");
    let before = tree(&demo);
    let ran = run(&demo, Some("true"), arguments);
    assert_eq!(ran.code, 1, "{}", ran.text());
    assert!(ran.stdout.contains("response"), "{}", ran.stdout);
    assert_eq!(tree(&demo), before);
}

#[test]
fn ci_that_says_false_is_none_and_yes_is_yes_in_ci() {
    let demo = demo(&answering("{ v: 2 }"));
    let before = tree(&demo);
    assert_eq!(run(&demo, Some("false"), &["accept"]).code, 2);
    assert_eq!(tree(&demo), before);
    assert_eq!(run(&demo, Some("true"), &["accept", "--yes"]).code, 0);
    assert_ne!(tree(&demo), before);
}

#[rstest]
#[case(&["accept"])]
#[case(&["accept", "--format", "json"])]
fn without_a_terminal_it_says_what_to_do(#[case] arguments: &[&str]) {
    let demo = demo(&answering("{ v: 2 }"));
    let before = tree(&demo);
    let ran = run(&demo, None, arguments);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("no terminal to ask on; accept all with `--yes`"),
        "{}",
        ran.stderr
    );
    assert_eq!(tree(&demo), before);
}

#[test]
fn where_all_is_as_expected_nobody_is_asked() {
    let demo = demo(&answering("{ v: 1, list: [1, 2] }"));
    let ran = run(&demo, None, &["accept"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "2 recordings: 2 as expected\n"));
}

#[test]
fn a_first_expectation_is_whole_and_has_no_paths() {
    let demo = demo("export const handler = async () => { throw new TypeError('boom'); };");
    fs::remove_file(demo.path("one/expected.json")).unwrap();
    let ran = run(&demo, None, &["accept", "--yes", "--filter", "/one"]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(ran.stdout.contains("nothing is expected yet; it showed"), "{}", ran.stdout);
    let text = fs::read_to_string(demo.path("one/expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<&String> = expected.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["format", "outcome", "decisions", "function_error", "logs"]);
    assert_eq!(
        expected["function_error"],
        serde_json::json!({ "errorType": "TypeError", "errorMessage": "boom" })
    );
    assert_eq!(run(&demo, None, &["replay", "--filter", "/one"]).code, 0);
}

#[test]
fn secrets_are_redacted_noted_and_still_compared() {
    let answer =
        |cookie| answering(&format!("{{ headers: {{ 'set-cookie': '{cookie}' }}, v: 1 }}"));
    let demo = demo(&answer("session=8f2b"));
    let ran = run(&demo, None, &["accept", "--yes", "--filter", "/two"]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    let expected = fs::read_to_string(demo.path("two/expected.json")).unwrap();
    assert!(expected.contains("<cookie:1>") && !expected.contains("8f2b"), "{expected}");
    let manifest = fs::read_to_string(demo.path("two/recording.toml")).unwrap();
    insta::assert_snapshot!(manifest, @r#"
    # by hand
    format = 1

    [[redactions]]
    file = "expected.json"
    pointer = "/response/headers/set-cookie"
    rule = "cookie"
    "#);
    demo.write("handler/index.mjs", answer("session=77aa"));
    assert_eq!(run(&demo, None, &["replay", "--filter", "/two"]).code, 0);
    demo.write("handler/index.mjs", answering("{ v: 1 }"));
    assert_eq!(run(&demo, None, &["replay", "--filter", "/two"]).code, 1);
}

#[test]
fn what_cannot_be_replayed_is_said_and_the_rest_accepted() {
    let demo = demo(&answering("{ v: 2 }"));
    demo.write("one/event.json", "{");
    let ran = run(&demo, None, &["accept", "--yes"]);
    assert_eq!(ran.code, 2, "{}", ran.text());
    assert!(ran.stdout.contains("error: not valid JSON"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("2 recordings: 1 accepted, 1 cannot be replayed"),
        "{}",
        ran.stdout
    );
    assert_eq!(fs::read_to_string(demo.path("one/expected.json")).unwrap(), EXPECTED);
}

#[test]
fn an_expected_batch_where_there_is_none_is_pointed_at_and_removed() {
    let demo = demo(&answering("{ v: 1, list: [1, 2] }"));
    demo.write(
        "one/expected.json",
        "{\n  \"format\": 1,\n  \"outcome\": \"completed\",\n  \"batch\": {}\n}\n",
    );
    let ran = run(&demo, None, &["replay", "--filter", "/one"]);
    assert_eq!(ran.code, 1);
    for said in ["`batch` is expected and applies to nothing", "json:4:3"] {
        assert!(ran.stdout.contains(said), "{}", ran.stdout);
    }
    assert_eq!(run(&demo, None, &["accept", "--yes", "--filter", "/one"]).code, 0);
    let text = fs::read_to_string(demo.path("one/expected.json")).unwrap();
    assert_eq!(text, "{\n  \"format\": 1,\n  \"outcome\": \"completed\"\n}\n");
}

#[test]
fn json_output_is_a_line_a_recording_and_the_totals() {
    let demo = demo(&answering("{ v: 2, list: [1, 2] }"));
    let ran = run(&demo, None, &["accept", "--yes", "--format", "json"]);
    let lines = ran.json_lines();
    let events: Vec<_> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["proposal", "proposal", "totals"]);
    assert_eq!(lines[0]["recording"]["name"], "one");
    assert_eq!(lines[0]["accepted"], true);
    assert_eq!(lines[0]["differences"][0]["what"], "response");
    assert_eq!(lines[2]["totals"]["accepted"], 2);
}
