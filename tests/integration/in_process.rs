//! The same recordings against a Rust handler in this process: no child, the same verdicts.

use std::{
    io,
    sync::{Arc, Mutex},
};

use lambda_runtime::service_fn;
use retrigger::{
    Replay, assert_replay,
    event::{Event, RecordingFinished, Status},
    reporter::Reporter,
    runtime::{Context, json_handler, service_handler},
};
use serde_json::{Value, json};

use crate::bad_input::Demo;

/// Keeps how every recording ended.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<RecordingFinished>>>);

impl Reporter for Kept {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if let Event::RecordingFinished(finished) = event {
            self.0.lock().unwrap().push((**finished).clone());
        }
        Ok(())
    }
}

fn statuses(replay: &Replay) -> Vec<(String, Status)> {
    let mut kept = Kept::default();
    replay.run(&mut kept).unwrap();
    let finished = kept.0.lock().unwrap();
    finished.iter().map(|finished| (finished.recording.name.clone(), finished.status)).collect()
}

#[test]
fn the_deployed_rust_handler_passes_in_process() {
    let handler = service_handler(service_fn(lambda_demo_handler::handler));
    let replay = Replay::new(["recordings/lambda-demo-rust"]).in_process("lambdaDemoRust", handler);
    let statuses = statuses(&replay);
    assert!(!statuses.is_empty());
    assert!(statuses.iter().all(|(_, status)| *status == Status::Passed), "{statuses:?}");
}

#[test]
fn a_rust_closure_stands_in_for_the_node_handler() {
    let echo = json_handler(|event: Value, _: Context| async move {
        println!("{event}");
        Ok::<_, String>(json!({ "statusCode": 200, "body": event }))
    });
    let replay = Replay::new(["recordings/lambda-demo"]).in_process("lambdaDemo", echo);
    let statuses = statuses(&replay);
    assert!(statuses.len() > 15);
    assert!(statuses.iter().all(|(_, status)| *status == Status::Passed), "{statuses:?}");
}

#[test]
fn another_response_is_a_difference() {
    let other = json_handler(|_: Value, _: Context| async { Ok::<_, String>(json!(null)) });
    let replay =
        Replay::new(["recordings/lambda-demo/alb-get-root"]).in_process("lambdaDemo", other);
    let mut kept = Kept::default();
    let totals = replay.run(&mut kept).unwrap();
    assert_eq!(totals.failed, 1);
    let finished = kept.0.lock().unwrap();
    let whats: Vec<&str> =
        finished[0].differences.iter().map(|difference| difference.what.as_str()).collect();
    assert_eq!(whats, ["response"]);
}

#[test]
fn a_denied_handler_is_never_called() {
    let panics =
        json_handler(|_: Value, _: Context| async { panic!("called") as Result<(), String> });
    let replay =
        Replay::new(["recordings/lambda-demo/alb-cut-pattern"]).in_process("lambdaDemo", panics);
    assert_eq!(statuses(&replay), [("alb-cut-pattern".to_owned(), Status::Passed)]);
}

/// What a test that asserts this shows when it fails.
#[track_caller]
fn failure(assert: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = std::panic::catch_unwind(assert).expect_err("the assertion holds");
    let message = panic.downcast::<String>().expect("a message");
    regex::Regex::new(r"\d+(\.\d+)? m?s\b").unwrap().replace_all(&message, "[time]").into_owned()
}

#[test]
fn a_failed_assertion_shows_what_differs_and_how_to_accept_it() {
    let message = failure(|| {
        let other = json_handler(|_: Value, _: Context| async { Ok::<_, String>(json!(null)) });
        assert_replay("recordings/lambda-demo/alb-get-root", other);
    });
    for said in [
        "not as expected\n\nlambda-demo\n  FAIL alb-get-root",
        "response differs",
        "-  \"statusCode\": 200,",
        "+null",
        "if this is how it must be from now on: `retrigger accept /",
    ] {
        assert!(message.contains(said), "{said:?} is not in {message}");
    }
    assert!(message.lines().all(|line| !line.contains('\u{1b}')), "{message}");
}

#[test]
fn a_failed_assertion_shows_the_denial_and_the_clause() {
    let message = failure(|| {
        let snapshot = "recordings/lambda-demo/snapshots/alb-cut-pattern";
        Replay::new(["recordings/lambda-demo/alb-get-root"]).snapshot(snapshot).assert();
    });
    for said in ["outcome differs", "AWS says: User: elasticloadbalancing", "misses ArnLike on"] {
        assert!(message.contains(said), "{said:?} is not in {message}");
    }
    assert!(!message.contains("retrigger accept"), "{message}");
}

#[test]
fn a_recording_without_expectation_is_no_passing_test() {
    let demo = Demo::new("export const handler = async () => 1;");
    let path = demo.path("one");
    let message = failure(|| Replay::new([path]).assert());
    assert!(
        message.contains("nothing is expected yet; write down what it showed with"),
        "{message}"
    );
}

#[test]
fn a_path_without_recordings_is_no_passing_test() {
    let message = failure(|| Replay::new(["benches"]).assert());
    assert!(message.contains("benches: no recording found; a recording is a folder"), "{message}");
}

#[tokio::test]
async fn an_assertion_holds_within_a_runtime_too() {
    let handler = service_handler(service_fn(lambda_demo_handler::handler));
    assert_replay("recordings/lambda-demo-rust/alb-get-root/recording.toml", handler);
}
