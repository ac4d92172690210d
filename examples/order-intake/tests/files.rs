//! A test for each recording that is there when the tests are compiled.

use std::path::PathBuf;

use lambda_runtime::service_fn;
use retrigger::{assert_replay, runtime::service_handler};
use rstest::rstest;

#[rstest]
fn replays(#[files("recordings/**/recording.toml")] recording: PathBuf) {
    let handler = service_handler(service_fn(order_intake::handler));
    assert_replay(recording, handler);
}
