//! `retrigger replay`: the story, its reports and its options.

use std::path::Path;

use rstest::rstest;

use crate::support::{Ran, copy, retrigger};

fn replay(arguments: &[&str]) -> Ran {
    retrigger(["replay"].iter().chain(arguments))
}

#[test]
fn the_whole_story_is_as_expected() {
    let ran = replay(&["recordings"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let last = ran.stdout.lines().last().unwrap();
    assert!(last.contains("passed") && !last.contains("failed"), "{last}");
}

#[test]
fn every_recording_has_an_expectation_and_a_readme_with_its_command() {
    let recordings = retrigger::recording::discover(&["recordings"]).unwrap();
    assert!(recordings.len() >= 20);
    for recording in recordings {
        assert!(recording.folder.join("expected.json").is_file(), "{}", recording.name);
        let readme = std::fs::read_to_string(recording.folder.join("README.md")).unwrap();
        assert!(readme.contains("replay recordings/"), "{}", recording.name);
    }
}

#[test]
fn a_line_a_recording_and_a_summary() {
    let ran = replay(&["recordings/lambda-demo/alb-cut-pattern", "recordings/invalid"]);
    insta::assert_snapshot!(ran.text(), @"
    invalid
      PASS effect-in-capitals           policy.json: unknown Effect `ALLOW`
    lambda-demo
      PASS alb-cut-pattern              lambda:InvokeFunction: ImplicitlyDenied, handler not run
    2 recordings: 2 passed ([time])
    ");
}

#[test]
fn verbose_shows_what_decided_and_what_missed() {
    let ran = replay(&["--verbose", "recordings/lambda-demo/s3-missing-colon"]);
    insta::assert_snapshot!(ran.text(), @r#"
    lambda-demo
      PASS s3-missing-colon             lambda:InvokeFunction: ImplicitlyDenied, handler not run, 1 warning
           may the trigger invoke? ImplicitlyDenied: lambda:InvokeFunction
             on arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo
             by s3.amazonaws.com
             AWS says: User: s3.amazonaws.com is not authorized to perform:
               lambda:InvokeFunction on resource:
               arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo because no
               resource-based policy allows the lambda:InvokeFunction action
           note: statement `s3-athena-demo` of policy of function `lambdaDemo` misses ArnLike on AWS:SourceArn
             --> recordings/lambda-demo/snapshots/s3-missing-colon/lambda/lambdaDemo/policy.json:18:28
              |
           18 |           "AWS:SourceArn": "arn:aws:s3::athena-demo-kodekloud"
              |                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              |
              = the request has `arn:aws:s3:::athena-demo-kodekloud`
           warning: `arn:aws:s3::athena-demo-kodekloud` has 5 of the 6 parts of an
                    ARN and matches nothing
             --> recordings/lambda-demo/snapshots/s3-missing-colon/lambda/lambdaDemo/policy.json:18:28
              |
           18 |           "AWS:SourceArn": "arn:aws:s3::athena-demo-kodekloud"
              |                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              |
              = help: did you mean "arn:aws:s3:::athena-demo-kodekloud"

    1 recording: 1 passed ([time])
    "#);
}

#[test]
fn another_snapshot_shows_what_changes() {
    let ran = replay(&[
        "recordings/lambda-demo/alb-get-root",
        "--snapshot",
        "recordings/lambda-demo/snapshots/alb-cut-pattern",
    ]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("outcome differs"), "{}", ran.stdout);
    assert!(ran.stdout.contains("expected completed"), "{}", ran.stdout);
    assert!(ran.stdout.contains("actual   denied"), "{}", ran.stdout);
    assert!(ran.stdout.contains("misses ArnLike on AWS:SourceArn"), "{}", ran.stdout);
}

#[test]
fn a_snapshot_may_lie_anywhere() {
    let elsewhere = tempfile::tempdir().unwrap();
    copy(Path::new("recordings/lambda-demo/snapshot"), elsewhere.path());
    let folder = elsewhere.path().to_str().unwrap();
    let ran = replay(&["recordings/lambda-demo/alb-get-root", "--snapshot", folder]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn json_output_is_the_stream_of_events() {
    let ran = replay(&["--format", "json", "recordings/lambda-demo/sqs-no-permissions"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let events = ran.json_lines();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "run-started",
            "recording-started",
            "classified",
            "decided",
            "recording-finished",
            "run-finished"
        ]
    );
    assert_eq!(
        events[3]["message"],
        "The provided execution role does not have permissions to call ReceiveMessage on SQS"
    );
    assert_eq!(events[4]["status"], "passed");
    assert_eq!(events[5]["totals"]["passed"], 1);
}

#[test]
fn a_junit_report_has_a_case_a_recording() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.xml");
    let ran = replay(&[
        "recordings/lambda-demo",
        "--filter",
        "alb",
        "--snapshot",
        "recordings/lambda-demo/snapshots/alb-cut-pattern",
        "--junit",
        report.to_str().unwrap(),
    ]);
    assert_eq!(ran.code, 1);
    let xml = std::fs::read_to_string(report).unwrap();
    assert!(xml.contains("<testsuite name=\"lambda-demo\""), "{xml}");
    assert!(xml.contains("<testcase name=\"alb-cut-pattern\""), "{xml}");
    assert!(xml.contains("<failure"), "{xml}");
    assert!(xml.contains("misses ArnLike on AWS:SourceArn"), "{xml}");
}

#[test]
fn fail_fast_leaves_the_rest_unrun() {
    let ran = replay(&[
        "recordings/lambda-demo",
        "--fail-fast",
        "--jobs",
        "1",
        "--snapshot",
        "recordings/lambda-demo/snapshots/alb-cut-pattern",
    ]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("1 failed") && ran.stdout.contains("not run"), "{}", ran.stdout);
}

#[test]
fn a_filter_that_selects_nothing_is_said() {
    let ran = replay(&["recordings", "--filter", "no-such"]);
    assert_eq!(ran.code, 2);
    assert_eq!(ran.stderr, "error: no recording has a name that contains `no-such`\n");
}

#[test]
fn what_becomes_of_a_batch_is_shown() {
    let batch = |recording: &str| {
        let ran = replay(&["--verbose", recording]);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        let lines = ran.stdout.lines().map(str::trim_start);
        let batch = lines.skip_while(|line| !line.starts_with("batch:"));
        batch.take_while(|line| !line.starts_with("may it log?")).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(batch("recordings/lambda-demo-sqs/sqs-wrapped-response"), @r"
    batch: the response has no `batchItemFailures`
    deleted 1c6e2b7a-0f4d-4a83-9b15-7d20c8e6f3a1
    deleted 8d5f0a3c-2e71-4b96-a8c4-e13b9f7d6052
    deleted f27a9c4e-6b30-4d18-8e5f-04c1a7d2b986
    warning: the report is wrapped in `statusCode` and `body`, where AWS
    does not look: messages `8d5f0a3c-2e71-4b96-a8c4-e13b9f7d6052` are
    reported as failed, but count as done and are deleted
    ");
    insta::assert_snapshot!(batch("recordings/lambda-demo-streams/dynamodb-retries-exhausted"), @r"
    batch: the function returned an error
    sent-to-destination 4421584500000000017450439091
    sent-to-destination 4421584500000000017450439092
    to arn:aws:sqs:us-east-1:841860927337:lambda-demo-streams-failed
    ");
    insta::assert_snapshot!(batch("recordings/lambda-demo-streams/kinesis-bisect"), @r"
    batch: the function returned an error
    retried 49661234567890123456789012345678901234567890123456789010
    retried 49661234567890123456789012345678901234567890123456789017
    retried 49661234567890123456789012345678901234567890123456789024
    retried 49661234567890123456789012345678901234567890123456789031
    split into 2 and 2
    ");
}

/// The policies of an old snapshot may be others by now; the handler's answer does not help then.
#[rstest]
#[case("1d", 1)]
#[case("36500d", 0)]
fn a_snapshot_may_be_too_old(#[case] age: &str, #[case] code: i32) {
    let recording = "recordings/lambda-demo/alb-get-root";
    let ran = retrigger(["replay", recording, "--max-age", age]);
    assert_eq!(ran.code, code, "{}{}", ran.stdout, ran.stderr);
    let words = "the snapshot is of 2026-03-02, and none may be older than of ";
    assert_eq!(ran.stdout.contains(words), code == 1, "{}", ran.stdout);
    assert_eq!(ran.stdout.contains("recordings/lambda-demo/snapshot/snapshot.toml"), code == 1);
}

#[rstest]
#[case("thirty days")]
#[case("-3d")]
#[case("99999999999y")]
fn an_age_has_a_number_and_a_unit(#[case] age: &str) {
    let ran = retrigger(["replay", &format!("--max-age={age}")]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("an age is a number with its unit, such as `30d`"),
        "{}",
        ran.stderr
    );
}
