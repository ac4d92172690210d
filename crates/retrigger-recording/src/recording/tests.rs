//! Recordings written and read back, and refused.

mod bodies;

use proptest::prelude::*;
use rstest::rstest;
use serde_json::Value;

use super::*;
use crate::{
    Body, CallKey, CallResponse, DecisionKind, ExpectedDecision, ExpectedDiagnostic, ExpectedLogs,
    Fact, Invocation, Json, NoisePath, NoiseStep, Outcome, Provenance, StatementRef, Step,
    TriggerFacts, Values, Varies,
};

fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn event(text: &str) -> Recording {
    let event = text.as_bytes().to_vec();
    Recording { event, manifest: Manifest::default(), calls: vec![], expected: None }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_event_and_its_format_are_a_recording() {
    let folder =
        folder_with(&[("event.json", " { \"a\": 1e2 } "), ("recording.toml", "format = 1")]);
    let recording = Recording::load(folder.path()).unwrap();
    assert_eq!(recording.event, b" { \"a\": 1e2 } ");
    assert_eq!(recording, event(" { \"a\": 1e2 } "));
}

#[rstest]
#[case("event.json", "", "event.json: the file is empty; restore it")]
#[case("event.json", "{\"a\": 1\n", "event.json:2:1: not valid JSON: EOF while parsing")]
#[case("event.json", "hello", "event.json:1:1: not valid JSON: expected value")]
#[case("recording.toml", "format = 2", "recording.toml:1:10: written by a newer retrigger")]
#[case("recording.toml", "snapshot = 'x'", "`format` is missing")]
#[case("calls.jsonl", "{\"format\":1}\n{", "calls.jsonl:2:1: not valid JSON")]
#[case("expected.json", "{\"format\":1", "expected.json:1:11: not valid JSON")]
fn a_broken_file_is_named_with_its_place(
    #[case] file: &str,
    #[case] text: &str,
    #[case] message: &str,
) {
    let folder =
        folder_with(&[("event.json", "{}"), ("recording.toml", "format = 1"), (file, text)]);
    let error = Recording::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}

#[test]
fn a_deep_and_a_large_event_are_refused() {
    let folder =
        folder_with(&[("event.json", &"[".repeat(100_000)), ("recording.toml", "format = 1")]);
    let error = Recording::load(folder.path()).unwrap_err();
    assert_eq!(error.problem(), &Problem::TooDeep { limit: 127 });
    let file = std::fs::File::options().write(true).open(folder.path().join("event.json")).unwrap();
    file.set_len(50_000_000).unwrap();
    let error = Recording::load(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("the file has 50000000 bytes, more than the 6292480 that an event"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn an_event_linked_from_outside_is_refused() {
    let folder = folder_with(&[("recording.toml", "format = 1")]);
    let outside = folder_with(&[("x.json", "{}")]);
    std::os::unix::fs::symlink(outside.path().join("x.json"), folder.path().join("event.json"))
        .unwrap();
    let error = Recording::load(folder.path()).unwrap_err();
    assert!(matches!(error.problem(), Problem::Leaves { .. }), "{error}");
}

#[rstest]
#[case("../elsewhere")]
#[case("/snapshot")]
#[case("snapshots/../../x")]
fn a_snapshot_outside_the_function_folder_is_refused(#[case] snapshot: &str) {
    let folder = folder_with(&[(
        "function.toml",
        "format = 1\narn = \"arn:aws:lambda:us-east-1:841860927337:function:x\"\n\
         runtime = \"nodejs20.x\"\nhandler = \"index.handler\"\n",
    )]);
    let function = FunctionFolder::load(folder.path()).unwrap();
    let mut recording = event("{}");
    recording.manifest.snapshot = Some(snapshot.into());
    let error = recording.snapshot(&function, Path::new("here")).unwrap_err();
    assert_eq!(error.file(), Path::new("here/recording.toml"));
    assert!(matches!(error.problem(), Problem::Leaves { .. }), "{error}");
}

#[test]
fn a_leak_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("new");
    let redactor = Redactor::default();
    let mut recording = event(r#"{"headers":{"cookie":"s=1"}}"#);
    let error = recording.save(&target, &redactor).unwrap_err().to_string();
    assert!(
        error.contains("event.json: `/headers/cookie` holds what the redaction rule `cookie`"),
        "{error}"
    );
    assert!(!target.exists());
    recording.redact(&redactor).unwrap();
    recording.save(&target, &redactor).unwrap();
    assert_eq!(Recording::load(&target).unwrap(), recording);
    let redaction = Redaction {
        file: "event.json".into(),
        line: None,
        pointer: "/headers/cookie".into(),
        rule: "cookie".into(),
    };
    assert_eq!(recording.manifest.redactions, [redaction]);
}

#[rstest]
#[case("hello", "not valid JSON")]
#[case(r#"{"password": "p", "text": "\ud83d"}"#, "half a surrogate pair")]
#[case("", "not valid JSON")]
fn an_event_that_cannot_be_searched_is_refused(#[case] text: &str, #[case] message: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut recording = event(text);
    let redacted = recording.redact(&Redactor::default()).unwrap_err().to_string();
    let saved = recording.save(folder.path(), &Redactor::default()).unwrap_err().to_string();
    assert!(redacted.contains(message) && saved.contains(message), "{redacted} {saved}");
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn every_file_is_redacted() {
    let redactor = Redactor::default();
    let mut recording = event("{}");
    recording.calls = vec![call("secretsmanager", Body::from_bytes(r#"{"SecretString":"s"}"#))];
    recording.expected = Some(Expected {
        response: Some(serde_json::json!({"headers": {"Set-Cookie": "s=1"}}).into()),
        ..Expected::default()
    });
    recording.manifest.invocation.client_context = Some(r#"{"custom":{"password":"p"}}"#.into());
    recording.redact(&redactor).unwrap();
    let folder = tempfile::tempdir().unwrap();
    recording.save(folder.path(), &redactor).unwrap();
    let places: Vec<_> = recording
        .manifest
        .redactions
        .iter()
        .map(|redaction| (redaction.file.as_str(), redaction.line, redaction.pointer.as_str()))
        .collect();
    assert_eq!(
        places,
        [
            ("calls.jsonl", Some(2), "/response/body/text/SecretString"),
            ("expected.json", None, "/response/headers/Set-Cookie"),
            ("recording.toml", None, "/invocation/client_context/custom/password"),
        ]
    );
}

#[test]
fn more_secrets_than_are_replaced_one_by_one_are_refused() {
    let all = |count: usize, secret: fn(usize) -> String| {
        let items: Vec<_> = (0..count).map(|n| format!("{{\"pwd\":\"{}\"}}", secret(n))).collect();
        event(&format!("[{}]", items.join(","))).redact(&Redactor::default())
    };
    assert!(all(MAX_SECRETS - 1, |n| format!("{n}")).is_ok());
    // Another in each place, one in all places, and one that is found by its value alone.
    for secret in [|n| format!("{n:x}-hunter"), |_| "s".to_owned(), |_| "hunter22".to_owned()] {
        let error = all(MAX_SECRETS + 1, secret).unwrap_err().to_string();
        assert!(error.contains("it has more than 10000 secrets"), "{error}");
    }
    let text = format!("{{\"pwd\": \"hunter22\", \"x\": \"{}\"}}", "hunter22 ".repeat(MAX_SECRETS));
    assert!(event(&text).redact(&Redactor::default()).is_err());
}

#[test]
fn a_huge_answer_stands_in_one_line() {
    let text = |items: usize| {
        let response = Json::parse(format!("[{}0.50]", "{},".repeat(items))).unwrap();
        Expected { response: Some(response), ..Expected::default() }.to_text().unwrap()
    };
    assert!(text(3).contains("\n    {},\n"));
    let huge = text(1_000_000);
    assert!(huge.lines().count() == 1 && huge.contains("{},{},0.50]"));
}

#[test]
fn a_file_that_says_the_same_is_left_alone() {
    let toml = "# why this was recorded\nformat=1\n";
    let expected = "{\"format\":1,\"outcome\":\"denied\"}";
    let folder =
        folder_with(&[("event.json", "{}"), ("recording.toml", toml), ("expected.json", expected)]);
    let mut recording = Recording::load(folder.path()).unwrap();
    recording.save(folder.path(), &Redactor::default()).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!((read("recording.toml").as_str(), read("expected.json").as_str()), (toml, expected));
    recording.expected = None;
    recording.save(folder.path(), &Redactor::default()).unwrap();
    assert_eq!(names(folder.path()), ["event.json", "recording.toml"]);
}

#[test]
fn expectations_are_saved_alone() {
    let folder =
        folder_with(&[("event.json", "{\"cookie\":\"s\"}"), ("recording.toml", "format = 1")]);
    let expected = Expected { outcome: Some(Outcome::Denied), ..Expected::default() };
    Recording::save_expected(folder.path(), &expected, &Redactor::default()).unwrap();
    let saved = Recording::load(folder.path()).unwrap().expected.unwrap();
    assert!(saved.says(&expected));
}

fn call(service: &str, body: Body) -> Call {
    let key = CallKey {
        service: service.into(),
        operation: "GetSecretValue".into(),
        resource: None,
        parameters: Value::Null,
        occurrence: 1,
    };
    Call { key, response: CallResponse { status: 200, headers: [].into(), body } }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn any_text() -> impl Strategy<Value = Option<String>> {
    prop::option::of(any::<String>())
}

fn any_fact<T: Clone + fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Fact<T>> {
    (value, 0..3).prop_map(|(value, kind)| match kind {
        0 => Fact::declared(value),
        1 => Fact::derived(value),
        _ => Fact::unknown(),
    })
}

fn any_values() -> impl Strategy<Value = Values> {
    prop_oneof![
        any::<String>().prop_map(Values::One),
        prop::collection::vec(any::<String>(), 0..3).prop_map(Values::Many),
    ]
}

prop_compose! {
    fn any_trigger()(
        kind in any_text(),
        source_arn in prop::option::of(any_fact(any::<String>())),
        context in prop::collection::btree_map(any::<String>(), any_fact(any_values()), 0..3),
    ) -> TriggerFacts {
        TriggerFacts { kind, source_arn, context, ..TriggerFacts::default() }
    }
}

prop_compose! {
    fn any_manifest()(
        snapshot in any_text(),
        trigger in any_trigger(),
        qualifier in prop::option::of("[a-zA-Z0-9$_-]{1,8}"),
        client_context in any_text(),
        log_stream in any_text(),
        noise in prop::collection::vec(prop::collection::vec(any::<String>(), 0..3), 0..3),
        redactions in prop::collection::vec((any::<String>(), any::<String>()), 0..3),
    ) -> Manifest {
        let time = Some("2026-03-02T09:41:00.120Z".parse().unwrap());
        let redaction = |(pointer, rule)| Redaction { file: "event.json".into(), line: None, pointer, rule };
        let step = |key: String| if key == "*" { NoiseStep::Each } else { NoiseStep::Key(key) };
        let rule = |keys: Vec<String>| NoiseRule {
            path: NoisePath::new(keys.into_iter().map(step).collect()),
            varies: Varies::Order,
        };
        Manifest {
            derived_from: snapshot.clone(),
            snapshot,
            trigger,
            invocation: Invocation { qualifier, time, client_context, log_stream, ..Invocation::default() },
            noise: noise.into_iter().map(rule).collect(),
            redactions: redactions.into_iter().map(redaction).collect(),
        }
    }
}

prop_compose! {
    fn any_expected()(
        response in prop::option::of(any_json()),
        error in any_text(),
        action in any::<String>(),
        sid in any::<String>(),
        batch in prop::option::of(any_json().prop_filter("null is absence here", |value| !value.is_null())),
    ) -> Expected {
        let decision = |statement| ExpectedDecision {
            step: Step::Poll,
            action: action.clone(),
            resource: "*".into(),
            decision: DecisionKind::ExplicitlyDenied,
            statement,
        };
        let statements = [None, Some(StatementRef::Sid(sid)), Some(StatementRef::Index(3))];
        Expected {
            outcome: Some(Outcome::FunctionError),
            decisions: Some(statements.into_iter().map(decision).collect()),
            error,
            response: response.map(Json::from),
            logs: Some(ExpectedLogs { delivered: false }),
            batch,
            diagnostics: Some(vec![ExpectedDiagnostic {
                file: "f".into(), line: 1, column: 2, message: "m".into(),
            }]),
            ..Expected::default()
        }
    }
}

prop_compose! {
    fn any_call()(
        service in any::<String>(),
        resource in any_text(),
        parameters in any_json(),
        status in any::<u16>(),
        headers in prop::collection::btree_map(any::<String>(), prop::collection::vec(any::<String>(), 0..3), 0..3),
        body in prop::collection::vec(any::<u8>(), 0..24),
    ) -> Call {
        let mut call = call(&service, Body::from_bytes(body));
        call.key.resource = resource;
        call.key.parameters = parameters;
        call.response.status = status;
        call.response.headers = headers;
        call
    }
}

fn in_memory(text: String) -> Source {
    Source { path: "memory".into(), text }
}

proptest! {
    #[test]
    fn recording_toml_is_read_back_as_written(manifest in any_manifest()) {
        let text = manifest.to_text().unwrap();
        let read = Manifest::parse(&in_memory(text.clone()));
        prop_assert_eq!(read.as_ref(), Ok(&manifest), "{}", text);
        prop_assert_eq!(read.unwrap().to_text().unwrap(), text);
    }

    #[test]
    fn expected_json_is_read_back_as_written(expected in any_expected()) {
        let text = expected.to_text().unwrap();
        let read = Expected::parse(&in_memory(text.clone())).unwrap();
        prop_assert!(read.says(&expected), "{}", text);
        prop_assert_eq!(read.to_text().unwrap(), text);
    }

    #[test]
    fn calls_jsonl_is_read_back_as_written(call in any_call()) {
        let text = crate::calls::to_text(std::slice::from_ref(&call)).unwrap();
        let read = crate::calls::parse(&in_memory(text.clone()), |_| unreachable!()).unwrap();
        prop_assert_eq!(&read, &[call]);
        prop_assert_eq!(crate::calls::to_text(&read).unwrap(), text);
    }
}

#[test]
fn provenance_is_spelled_in_lowercase() {
    assert_eq!(serde_json::to_string(&Provenance::Derived).unwrap(), "\"derived\"");
}
