//! What triggers a Lambda function: payload to trigger to authorization request, and batch
//! semantics.
//!
//! It knows no runtimes, no servers and no files.
//!
//! ```text
//! payload ──classify──▶ Classification ──invoke_requests──▶ authorization requests (push, caller)
//!              ▲              │        ──poll_requests────▶ authorization requests (poll)
//!          declared facts     └────────permission_statements──▶ what would allow it
//!
//! event + mapping + result ──batch_outcome──▶ which items are deleted, which come again
//!
//! HTTP request ──http::FrontDoor──▶ event; response ──▶ HTTP response
//! notification as others get it ──Notifier::read──▶ events
//! ```
//!
//! ```
//! use retrigger_trigger::{Surroundings, Trigger, classify, invoke_requests};
//!
//! let payload = serde_json::json!({
//!     "requestContext": {"elb": {"targetGroupArn":
//!         "arn:aws:elasticloadbalancing:us-east-1:841860927337:targetgroup/my-tg/0123456789abcdef"}},
//!     "httpMethod": "GET", "path": "/",
//! });
//! let function = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo";
//! let found = classify(&payload, &Surroundings::of_function(function)).unwrap();
//! assert_eq!(found.trigger, Trigger::Alb);
//!
//! let requests = invoke_requests(&found, function, None).unwrap();
//! assert_eq!(requests[0].principal.as_str(), "elasticloadbalancing.amazonaws.com");
//! assert_eq!(requests[0].action, "lambda:InvokeFunction");
//! ```

#![expect(clippy::doc_markdown, reason = "names of AWS products, such as AppSync, are no code")]

mod trigger;
// What every trigger is.
mod delivery;
mod poll_actions;
// What one payload shows.
mod classification;
mod classify;
mod fact;
mod finding;
mod payload;
mod source_part;
mod surroundings;
// What follows from it.
mod permission;
mod request;
mod request_time;
mod statement;
// Which records make a batch, and what becomes of it.
mod batch;
mod batch_event;
mod filter;
// What makes events of requests and notifications.
pub mod http;
mod notification;

pub use batch::{
    BatchError, BatchOutcome, BatchResult, FunctionResult, ItemFate, ItemOutcome, MappingSettings,
    Redrive, batch_outcome,
};
pub use batch_event::{
    KinesisRecord, SqsMessage, SqsMessageAttribute, dynamodb_record, kinesis_record, sqs_record,
};
pub use classification::{Classification, Declared};
pub use classify::{classify, outline, recognise};
pub use delivery::Delivery;
pub use fact::{Fact, Provenance};
pub use filter::{EventPattern, FilterCriteria, FilterError, PatternError};
pub use finding::TriggerFinding;
pub use notification::{NotificationError, Notified, Notifier, Unsaid};
pub use permission::{Permission, PermissionError};
pub use poll_actions::{PollAction, PollResource, poll_denial_text};
pub use request::{
    ExecutionRole, PollSettings, RequestError, destination_requests, invoke_requests, poll_requests,
};
pub use request_time::{RequestTime, RequestTimeError};
pub use source_part::SourcePart;
pub use statement::{StatementError, identity_statements, permission_statements, permissions};
pub use surroundings::Surroundings;
pub use trigger::{ParseTriggerError, Trigger};
