//! Takes orders behind an HTTP API of API Gateway. It knows nothing of how it is run or tested.

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// The part of an HTTP API's event that is of interest.
#[derive(Debug, Deserialize)]
pub struct Request {
    /// The body, where the request has one.
    pub body: Option<String>,
}

/// What an HTTP API makes an HTTP response of.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The HTTP status.
    pub status_code: u16,
    /// The headers.
    pub headers: Value,
    /// The body: JSON, as text.
    pub body: String,
}

/// What is ordered.
#[derive(Debug, Deserialize)]
struct Order {
    sku: String,
    quantity: u32,
}

/// Answers an order with 201, an id and the time, and what is no order with 422.
///
/// # Errors
///
/// None; the type is what `lambda_runtime` asks of a handler.
#[expect(clippy::unused_async, reason = "handlers are async functions")]
pub async fn handler(event: LambdaEvent<Request>) -> Result<Response, Error> {
    let body = event.payload.body.unwrap_or_default();
    Ok(match serde_json::from_str(&body) {
        Ok(order) => accepted(&order),
        Err(error) => refused(&error),
    })
}

#[expect(clippy::print_stdout, reason = "Lambda takes log lines from stdout")]
fn accepted(order: &Order) -> Response {
    let id = Uuid::new_v4();
    println!("order {id} for {}", order.sku);
    respond(
        201,
        &json!({
            "orderId": id.to_string(),
            "receivedAt": Timestamp::now().to_string(),
            "sku": order.sku,
            "quantity": order.quantity,
        }),
    )
}

#[expect(clippy::print_stdout, reason = "Lambda takes log lines from stdout")]
fn refused(error: &serde_json::Error) -> Response {
    println!("not an order: {error}");
    respond(422, &json!({ "message": format!("not an order: {error}") }))
}

fn respond(status_code: u16, body: &Value) -> Response {
    let headers = json!({ "content-type": "application/json" });
    Response { status_code, headers, body: body.to_string() }
}
