//! The program that Lambda starts: it asks the Runtime API for events and hands them on.

use lambda_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(lambda_demo_handler::handler)).await
}
