//! `retrigger bench`: what it checks, what it prints, what it refuses. Never how long anything took.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Ran, retrigger, shared};

/// Writes a file and measures it, as shortly as can be.
fn bench(name: &str, text: &str, more: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let mut ran = retrigger(["bench", "--time", "0.01", path].iter().chain(more));
    // The folder differs from run to run.
    let folder = format!("{}/", folder.path().display());
    ran.stdout = ran.stdout.replace(&folder, "");
    ran.stderr = ran.stderr.replace(&folder, "");
    ran
}

/// A workload whose one caller may read one bucket, with these requests.
fn workload(requests: &Value) -> String {
    let policy = |actions: &str, resource: &str| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": resource}]})
    };
    let bucket = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*",
        "Principal": "*", "Resource": "*"}]});
    let policies = json!({
        "identity": [policy("s3:Get*", "arn:aws:s3:::photos/*"), policy("kms:*", "*")],
        "resource": {"shut": bucket},
    });
    json!({"name": "photos", "policies": policies, "requests": requests}).to_string()
}

/// A request of one session, and the decision that it must get.
fn asks(id: impl Into<Value>, action: &str, resource_policy: Option<&str>, expect: &str) -> Value {
    let mut request = json!({
        "principal": "arn:aws:sts::111122223333:assumed-role/app/s",
        "role": "arn:aws:iam::111122223333:role/path/app",
        "action": action,
        "resource": "arn:aws:s3:::photos/1",
        "resource_account": "111122223333",
    });
    if let Some(name) = resource_policy {
        request["resource_policy"] = name.into();
    }
    json!({"id": id.into(), "request": request, "expect": expect})
}

fn right() -> Value {
    json!([
        asks(0, "s3:GetObject", None, "Allowed"),
        asks("one", "s3:GetObject", Some("shut"), "ExplicitlyDenied"),
        asks(2, "s3:PutObject", None, "ImplicitlyDenied"),
    ])
}

#[test]
fn a_line_of_json_has_the_figures_of_a_workload_in_order() {
    let ran = bench("w.json", &workload(&right()), &["--format", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let [line] = ran.json_lines().try_into().unwrap();
    let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys[..10],
        [
            "workload",
            "statements",
            "requests",
            "mismatches",
            "ns_median",
            "ns_p99",
            "decisions_per_s",
            "allocations_per_decision",
            "compile_ms",
            "memory_bytes",
        ]
    );
    assert_eq!(line["workload"], "photos");
    assert_eq!((&line["statements"], &line["requests"]), (&json!(3), &json!(3)));
    assert_eq!(line["mismatches"], 0);
    for key in ["ns_median", "ns_p99", "decisions_per_s", "compile_ms"] {
        assert!(line[key].as_f64().unwrap() > 0.0, "{key}: {}", line[key]);
    }
    assert!(line["ns_p99"].as_f64() >= line["ns_median"].as_f64(), "{line}");
    assert_eq!(line["timed_requests"], 3);
    assert!(!keys.contains(&"plain"), "{keys:?}");
}

#[cfg(feature = "count-allocations")]
#[test]
fn what_compiled_policies_hold_and_what_the_plain_evaluator_allocates_is_counted() {
    let ran = bench("w.json", &workload(&right()), &["--format", "json", "--compare", "plain"]);
    let [line] = ran.json_lines().try_into().unwrap();
    assert!(line["memory_bytes"].as_i64().unwrap() > 100, "{line}");
    assert!(line["allocations_per_decision"].is_f64(), "{line}");
    // It keeps a report of every statement.
    assert!(line["plain"]["allocations_per_decision"].as_f64().unwrap() >= 1.0, "{line}");
    assert!(line["plain"]["ns_median"].as_f64().unwrap() > 0.0, "{line}");
}

#[test]
fn requests_that_are_decided_otherwise_are_listed_and_nothing_is_timed() {
    let wrong: Vec<Value> = (0..12).map(|id| asks(id, "s3:PutObject", None, "Allowed")).collect();
    let ran = bench("w.json", &workload(&json!(wrong)), &[]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(ran.stdout, @"
    photos: 3 statements in 2 policy sets, 12 requests, 12 decided otherwise
      0: expected Allowed, got ImplicitlyDenied
      1: expected Allowed, got ImplicitlyDenied
      2: expected Allowed, got ImplicitlyDenied
      3: expected Allowed, got ImplicitlyDenied
      4: expected Allowed, got ImplicitlyDenied
      5: expected Allowed, got ImplicitlyDenied
      6: expected Allowed, got ImplicitlyDenied
      7: expected Allowed, got ImplicitlyDenied
      8: expected Allowed, got ImplicitlyDenied
      9: expected Allowed, got ImplicitlyDenied
      and 2 more
      nothing was timed
    ");
    let ran = bench("w.json", &workload(&json!(wrong)), &["--format", "json"]);
    assert_eq!(ran.code, 1);
    let [line] = ran.json_lines().try_into().unwrap();
    assert_eq!(line["mismatches"], 12);
    assert_eq!(
        line["mismatched"][0],
        json!({"id": "0", "expected": "Allowed", "decision": "ImplicitlyDenied"})
    );
    for key in ["ns_median", "ns_p99", "decisions_per_s", "allocations_per_decision", "compile_ms"]
    {
        assert_eq!(line[key], Value::Null, "{key}");
    }
}

#[cfg(feature = "count-allocations")]
#[test]
fn people_see_a_table_with_units() {
    let ran = bench("w.json", &workload(&right()), &["--compare", "plain"]);
    assert_eq!(ran.code, 0);
    let threads = regex::Regex::new(r"\d+ threads?, together ?").unwrap();
    let figure = regex::Regex::new(r"^[\d.,]+$").unwrap();
    let lines = ran.stdout.trim_end().lines().enumerate().map(|(index, line)| {
        assert!(line.chars().count() <= 80, "{line}");
        let line = threads.replace(line, "all threads, together");
        if index < 2 {
            return line.into_owned();
        }
        let (label, figures) = line.split_at(30);
        let words = figures.split_whitespace();
        let words: Vec<_> = words.map(|word| figure.replace(word, "0")).collect();
        format!("{label} {}", words.join(" "))
    });
    let units = regex::Regex::new(r"\b(ns|µs|ms)\b").unwrap();
    let rates = regex::Regex::new(r" (k|M)?/s\b").unwrap();
    let text = lines.collect::<Vec<_>>().join("\n");
    let text = rates.replace_all(&text, " k/s");
    insta::assert_snapshot!(units.replace_all(&text, "µs").replace("0 B", "0 KiB"), @"
    photos: 3 statements in 2 policy sets, 3 requests, all decided as expected
                                         compiled          plain       ratio
      a decision, median           0 µs 0 µs 0 x
      a decision, 99th percentile  0 µs 0 µs 0 x
      1 thread                     0 k/s 0 k/s 0 x
      all threads, together        0 k/s 0 k/s 0 x
      allocations a decision       0 0
      compiling                    0 µs
      memory when compiled         0 KiB
    ");
}

#[test]
fn keys_and_roles_are_opened_to_their_account_only_where_no_resource_policies_are_given() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1";
    let of_key = |expect: &str| {
        let mut asks = asks(0, "kms:Decrypt", None, expect);
        asks["request"]["resource"] = key.into();
        json!([asks])
    };
    let given = workload(&of_key("ImplicitlyDenied"));
    assert_eq!(bench("w.json", &given, &[]).code, 0);
    let mut silent: Value = serde_json::from_str(&workload(&of_key("Allowed"))).unwrap();
    silent["policies"].as_object_mut().unwrap().remove("resource");
    let ran = bench("w.json", &silent.to_string(), &["--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    // The policy that nobody wrote is not counted.
    assert_eq!(ran.json_lines()[0]["statements"], 2);
}

const CASES: &str = r#"
- id: may-read
  request: {principal: "arn:aws:iam::111122223333:user/ana", action: s3:GetObject, resource: "arn:aws:s3:::b/k"}
  policies:
    identity:
      - Version: "2012-10-17"
        Statement: {Effect: Allow, Action: s3:Get*, Resource: "*"}
  expect: Allowed
- id: nobody-knows
  request: {principal: "arn:aws:iam::111122223333:user/ana", action: s3:PutObject, resource: "arn:aws:s3:::b/k"}
  confidence: seen once
  expect: Allowed
"#;

#[test]
fn a_check_file_has_policies_of_its_own_for_each_case_and_only_settled_cases_can_mismatch() {
    let ran = bench("cases.yaml", CASES, &["--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let [line] = ran.json_lines().try_into().unwrap();
    assert_eq!(line["workload"], "cases.yaml");
    assert_eq!((&line["policy_sets"], &line["requests"]), (&json!(2), &json!(2)));
    let settled = CASES.replace("  confidence: seen once\n", "");
    let ran = bench("cases.yaml", &settled, &["--format", "json"]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.json_lines()[0]["mismatched"][0]["id"], "nobody-knows");
}

#[test]
fn a_case_with_a_broken_policy_is_a_mismatch() {
    let broken = CASES.replace("Effect: Allow", "Effect: ALLOW");
    let ran = bench("cases.yaml", &broken, &[]);
    assert_eq!(ran.code, 1);
    let said = "may-read: a policy cannot be evaluated: unknown Effect `ALLOW`";
    assert!(ran.stdout.contains(said), "{}", ran.stdout);
}

#[test]
fn the_kind_of_a_file_is_told_by_what_it_holds() {
    let text = workload(&right());
    for name in ["w.json", "w.jsonl", "w.txt", "w.yaml"] {
        assert_eq!(bench(name, &text, &["--format", "json"]).json_lines()[0]["workload"], "photos");
    }
    assert_eq!(bench("cases.txt", CASES, &[]).code, 0);
    let case = r#"{"id":"a","request":{"principal":"anonymous","action":"s3:GetObject","resource":"arn:aws:s3:::b/k"},"expect":"ImplicitlyDenied"}"#;
    for text in [format!("{case}\n{case}\n"), format!("[{case},{case}]")] {
        let ran = bench("cases", &text, &["--format", "json"]);
        assert_eq!(ran.json_lines()[0]["requests"], 2, "{}", ran.stderr);
    }
}

#[test]
fn recordings_are_the_decisions_of_their_replay_and_the_default() {
    let ran = retrigger(["bench", "--time", "0.01", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let all = &ran.json_lines()[0];
    assert_eq!(all["workload"], "recordings");
    let path = "recordings/lambda-demo/alb-get-root";
    let ran = retrigger(["bench", "--time", "0.01", "--format", "json", path]);
    let one = &ran.json_lines()[0];
    // invoke, assume the role, and three that the log needs
    assert_eq!((&one["requests"], &one["mismatches"]), (&json!(5), &json!(0)));
    assert!(all["requests"].as_u64() > one["requests"].as_u64());
    let event = format!("{path}/event.json");
    let ran = retrigger(["bench", "--time", "0.01", "--format", "json", &event]);
    assert_eq!(ran.json_lines()[0]["requests"], 5);
}

#[test]
fn a_recording_that_expects_another_decision_is_a_mismatch() {
    let folder = tempfile::tempdir().unwrap();
    crate::support::copy("recordings/lambda-demo".as_ref(), folder.path());
    let expected = folder.path().join("alb-get-root/expected.json");
    let text = std::fs::read_to_string(&expected).unwrap();
    std::fs::write(&expected, text.replacen("\"Allowed\"", "\"ExplicitlyDenied\"", 1)).unwrap();
    let path = folder.path().join("alb-get-root");
    let ran = retrigger(["bench", "--time", "0.01", path.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    let said = "alb-get-root: lambda:InvokeFunction: expected ExplicitlyDenied, got Allowed";
    assert!(ran.stdout.replace("\n  ", " ").contains(said), "{}", ran.stdout);
}

/// A file that is not what it should be, and what is said of it.
#[rstest]
#[case("w.json", "{\n  \"policies\": {},\n  \"requests\": [\n}", "w.json:4:1: expected value")]
#[case(
    "w.json",
    "{\n  \"policies\": {\"scp\": []}, \"requests\": []}",
    "w.json:2:20: unknown field `scp`"
)]
#[case(
    "w.json",
    "{\"policies\": {}, \"requests\": []}",
    "w.json:1:1: there is no request in `requests`"
)]
#[case("w.json", "{\"requests\": []}", "w.json:1:16: missing field `policies`")]
#[case("w.json", "{}", "w.json:1:1: neither a workload, which has `policies` and `requests`")]
#[case(
    "w.json",
    "{\"requests\": [{\"id\": []}], \"policies\": {}}",
    "w.json:1:24: an `id` is a number or a text"
)]
#[case(
    "w.json",
    "{\"policies\": {\"identity\": [\n  {\"Statement\": {\"Effect\": \"ALLOW\"}}]},\n \"requests\": []}",
    "w.json:2:28: policy: unknown Effect `ALLOW`"
)]
#[case(
    "w.json",
    "{\"policies\": {\"resource\": {}}, \"requests\": [\n {\"id\": 1, \"expect\": \"Allowed\", \"request\": {\"principal\": \"anonymous\", \"action\": \"a:b\", \"resource\": \"*\",\n  \"resource_policy\": \"x\"}}]}",
    "w.json:3:22: there is no `x` among the resource policies"
)]
#[case("c.jsonl", "{\"id\": \"a\", \"request\": 1}\n", "c.jsonl:1:")]
#[case("c.yaml", "- id: a\n- id: b\n", "c.yaml:1:3: case `a`: missing field `request`")]
#[case("c.json", "[]", "c.json:1:1: no case in the file")]
fn a_file_that_cannot_be_read_is_named_with_its_place(
    #[case] name: &str,
    #[case] text: &str,
    #[case] message: &str,
) {
    let ran = bench(name, text, &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains(message), "{}", ran.stderr);
}

#[rstest]
#[case(&["bench", "no-such-file"], "no-such-file: cannot read it")]
#[case(&["bench", "docs"], "no recording found")]
#[case(&["bench", "--time", "0"], "from 0.01 to 3600 seconds")]
#[case(&["bench", "--compare", "cedar"], "[possible values: plain]")]
fn what_cannot_be_measured_is_refused(#[case] arguments: &[&str], #[case] message: &str) {
    let ran = retrigger(arguments);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains(message), "{}", ran.stderr);
}

#[test]
fn a_file_that_cannot_be_read_keeps_no_other_from_being_measured() {
    let ran = bench("w.json", &workload(&right()), &["no-such-file", "--format", "json"]);
    assert_eq!(ran.code, 2);
    assert_eq!(ran.json_lines().len(), 1);
}

#[test]
fn growth_is_of_every_tenth_hundredth_and_thousandth_statement() {
    let statement =
        json!({"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::photos/*"});
    let identity: Vec<Value> = (0..12)
        .map(|_| json!({"Version": "2012-10-17", "Statement": vec![statement.clone(); 10]}))
        .collect();
    let requests = json!([asks(0, "s3:GetObject", None, "Allowed")]);
    let text = json!({"policies": {"identity": identity}, "requests": requests}).to_string();
    let ran = bench("w.json", &text, &["--format", "json", "--compare", "plain"]);
    let [line] = ran.json_lines().try_into().unwrap();
    let growth = line["growth"].as_array().unwrap();
    let statements: Vec<_> = growth.iter().map(|it| it["statements"].as_u64().unwrap()).collect();
    assert_eq!(statements, [2, 12, 120]);
    for step in growth {
        for key in ["ns_median", "plain_ns_median"] {
            assert!(step[key].as_f64().unwrap() > 0.0, "{step}");
        }
    }
}

#[test]
fn generated_policies_are_measured_in_four_sizes() {
    let ran = retrigger(["bench", "--time", "0.01", "--generated", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let lines = ran.json_lines();
    let statements: Vec<_> =
        lines.iter().map(|line| line["statements"].as_u64().unwrap()).collect();
    assert_eq!(statements, [10, 100, 1_000, 10_000]);
}

#[test]
fn every_shared_workload_is_decided_as_expected() {
    let Some(folder) = shared("bench") else { return };
    let files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    assert!(files.len() >= 7, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let workload = retrigger::bench::Workload::read_text("w", &text, false).unwrap();
        assert_eq!(workload.mismatches(), [], "{}", file.display());
    }
}
