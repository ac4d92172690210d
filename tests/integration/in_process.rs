//! The same recordings against a Rust handler in this process: no child, the same verdicts.

use std::{
    io,
    sync::{Arc, Mutex},
};

use lambda_runtime::service_fn;
use retrigger::{
    Replay,
    event::{Event, RecordingFinished, Status},
    reporter::Reporter,
    runtime::{Context, json_handler, service_handler},
};
use serde_json::{Value, json};

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
