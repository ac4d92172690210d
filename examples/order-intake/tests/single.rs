//! One recording, one test: for those that are worth a name of their own.

use lambda_runtime::service_fn;
use retrigger::{Replay, assert_replay, runtime::service_handler};

#[test]
fn an_order_is_accepted() {
    let handler = service_handler(service_fn(order_intake::handler));
    assert_replay("recordings/order-intake/order-accepted", handler);
}

#[test]
fn another_api_may_not_invoke() {
    let handler = service_handler(service_fn(order_intake::handler));
    assert_replay("recordings/order-intake/other-api", handler);
}

/// In a process of its own, as `function.toml` says: built by `cargo`, run as Lambda runs it.
#[test]
fn the_deployed_program_accepts_an_order() {
    Replay::new(["recordings/order-intake/order-accepted"]).assert();
}

/// A test may be asynchronous for reasons of its own.
#[tokio::test]
async fn a_quantity_is_asked_for() {
    let handler = service_handler(service_fn(order_intake::handler));
    assert_replay("recordings/order-intake/quantity-missing", handler);
}
