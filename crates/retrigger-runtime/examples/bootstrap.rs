//! A function as it is deployed to `provided.al2023`: a program on AWS's client for Rust, with
//! graceful shutdown. The tests of this crate run it in a sandbox.
#![expect(clippy::print_stdout, reason = "a function logs to its standard output")]

use lambda_runtime::{Error, LambdaEvent, run, service_fn, spawn_graceful_shutdown_handler};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    spawn_graceful_shutdown_handler(|| async { println!("goodbye") }).await;
    run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    println!("got {}", event.payload);
    match event.payload.as_str() {
        Some("fail") => Err("boom".into()),
        Some("panic") => panic!("panicked {}", 3),
        Some("exit") => std::process::exit(3),
        Some("flood") => Ok(Value::from("x".repeat(7_000_000))),
        _ => Ok(json!({
            "echo": event.payload,
            "requestId": event.context.request_id,
            "arn": event.context.invoked_function_arn,
            "memory": event.context.env_config.memory,
            "pid": std::process::id(),
        })),
    }
}
