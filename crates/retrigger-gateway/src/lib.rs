//! The endpoint for a Lambda handler's own AWS calls: identifies them, authenticates them, has them
//! decided, and answers as AWS would.
//!
//! It does not know triggers, snapshots or reporters: whether a call is allowed is for the
//! [`Authorize`] behind it to say. Use the façade, `retrigger`.
//!
//! ```text
//! request ─▶ server ─▶ signature ─▶ payload ─▶ identify ─▶ authorize ─▶ calls ─▶ answer
//!            limits    AWS's own    aws-       Operation   Verdict      the      in the
//!                      errors       chunked                             recorded protocol of
//!                                                                       answer   the service
//! ```
//!
//! One [`Gateway`] serves one execution environment of a function: it has one set of session
//! credentials, and one invocation at a time. Recorded calls are matched by what they ask (service,
//! operation, resource, parameters) and the how-manieth such call it is, never by the order in
//! which calls arrive; a retry of an SDK is no further call. What may be made anew in each run is told
//! in `parameters.rs`.
//!
//! A call that is to be recorded goes to an [`Upstream`]: an endpoint, which gets it as the handler
//! signed it, or AWS, which gets it signed again. The answer is passed on part by part as it comes, and
//! noted once it is whole.

mod credentials;
mod fault;
mod operation;
mod wording;

mod payload;
mod signature;
mod verify;

mod answer;
mod authorize;
mod identify;
mod parameters;

mod calls;
mod invocation;
mod nearest;
mod stream;
mod upstream;

mod gateway;
mod server;

#[cfg(feature = "aws-sdk")]
mod client;

pub use authorize::{Authorize, Verdict};
#[cfg(feature = "aws-sdk")]
pub use client::GatewayClient;
pub use credentials::SessionCredentials;
pub use fault::Fault;
pub use gateway::{Clock, Gateway, MAX_BODY, describe};
pub use identify::{Aws, needed};
pub use invocation::{Answered, CallId, Invocation, Observed, ObservedCall, RecordMode};
pub use operation::{Authorization, Endpoint, Identify, Operation, Protocol, Scope, Unidentified};
pub use server::Server;
pub use stream::{AnswerBody, BrokenOff};
pub use upstream::{InvalidUpstream, Upstream};
