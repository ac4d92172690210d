//! `retrigger scan`: what it finds, where it says so, and that it never shows a secret.

use std::fs;

use insta::assert_snapshot;

use crate::support::retrigger;

/// A folder with these files, each a name and its bytes.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

const FUNCTION: &[u8] = br#"format = 1
arn = "arn:aws:lambda:us-east-1:841860927337:function:demo"
runtime = "nodejs20.x"
handler = "index.handler"
redact = { keys = ["x-pin"] }
"#;

fn leaky() -> tempfile::TempDir {
    folder(&[
        ("demo/function.toml", FUNCTION),
        ("demo/one/event.json", b"{\n  \"headers\": {\"Cookie\": \"sid=hunter2hunter2\", \"x-pin\": \"hunter2\"},\n  \"log\": \"hunter2hunter2\"\n}"),
        ("demo/one/calls.jsonl", b"{\"format\":1}\n{\"body\":{\"text\":\"{\\\"password\\\":\\\"hunter2\\\"}\"}}\n"),
        ("demo/one/recording.toml", b"format = 1\npassword = \"hunter2\"\n"),
        ("app.log", b"GET /?next=%2Fx%3Fpassword%3Dhunter2\ndata: cGFzc3dvcmQ9aHVudGVyMg==\n"),
        ("image.png", b"\x89PNG\0password=hunter2"),
        (".git/config", b"password=hunter2"),
        ("empty", b""),
    ])
}

#[test]
fn secrets_are_found_with_place_and_rule_and_not_shown() {
    let folder = leaky();
    let ran = retrigger(["scan", folder.path().to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{}", ran.text());
    let output = ran.text().replace(&format!("{}/", folder.path().display()), "");
    assert!(!output.contains("hunter2"), "{output}");
    assert_snapshot!(output, @r"
    app.log:1:30: the text holds what the redaction rule `password` removes
    app.log:2:7: the text holds what the redaction rule `password` removes
    demo/one/calls.jsonl:2:34: `/body/text/password` holds what the redaction rule `password` removes
    demo/one/event.json:2:26: `/headers/Cookie` holds what the redaction rule `cookie` removes
    demo/one/event.json:2:57: `/headers/x-pin` holds what the redaction rule `x-pin` removes
    demo/one/event.json:3:11: `/log` holds what the redaction rule `cookie` removes
    demo/one/recording.toml:2:13: the text holds what the redaction rule `password` removes
    6 files: 7 secrets found; 1 file not searched, no text
    ");
}

#[test]
fn findings_are_lines_of_json() {
    let folder = leaky();
    let file = folder.path().join("demo/one/recording.toml");
    let ran = retrigger(["scan", "--format", "json", file.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{}", ran.text());
    let expected = serde_json::json!([
        { "file": file, "line": 2, "column": 13, "pointer": "", "rule": "password" },
        { "files": 1, "not_text": 0, "findings": 1 },
    ]);
    assert_eq!(serde_json::Value::from(ran.json_lines()), expected);
}

#[test]
fn the_recordings_of_this_repository_hold_no_secret() {
    let ran = retrigger(["scan", "recordings"]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(ran.stdout.ends_with(": no secret found\n"), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_searched() {
    let folder = leaky();
    let missing = folder.path().join("missing.json");
    let log = folder.path().join("app.log");
    let ran = retrigger(["scan", missing.to_str().unwrap(), log.to_str().unwrap()]);
    assert_eq!(ran.code, 2, "{}", ran.text());
    assert!(ran.stderr.contains("missing.json: cannot read it"), "{}", ran.stderr);
    assert!(ran.stdout.contains("1 file: 2 secrets found"), "{}", ran.stdout);
    let ran = retrigger(["scan"]);
    assert_eq!(ran.code, 2, "{}", ran.text());
}

#[test]
fn a_broken_function_toml_is_an_error_with_its_place() {
    let folder = folder(&[("function.toml", b"format = 1\n"), ("x.json", b"{}")]);
    let ran = retrigger(["scan", folder.path().to_str().unwrap()]);
    assert_eq!(ran.code, 2, "{}", ran.text());
    assert!(ran.stderr.contains("function.toml:"), "{}", ran.stderr);
}

#[test]
fn broken_input_is_searched_as_text() {
    let deep = "[".repeat(100_000) + "{\"password\":\"hunter2\"";
    let files: &[(&str, &[u8])] = &[
        ("deep.json", deep.as_bytes()),
        ("cut.json", b"{\"password\": \"hunter2\", \"x"),
        ("bytes", b"\xFF\xC3 password=hunter2 \xE2\x82"),
        ("utf16", b"\xFF\xFEp"),
    ];
    let folder = folder(files);
    let ran = retrigger(["scan", folder.path().to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{}", ran.text());
    assert!(ran.stdout.contains("4 files: 3 secrets found"), "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
}
