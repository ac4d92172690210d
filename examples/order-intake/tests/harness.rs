//! A test for each recording that is there when the tests are run, named as the recording.

use std::process::ExitCode;

use lambda_runtime::service_fn;
use retrigger::{Replay, harness, runtime::service_handler};

fn main() -> ExitCode {
    let handler = service_handler(service_fn(order_intake::handler));
    harness::main(&Replay::new(["recordings"]).handler(handler))
}
