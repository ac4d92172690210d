//! Speaks Lambda's own API over HTTP: reads a call, hands it to whoever implements [`Lambda`], and
//! writes the answer or the error as AWS words them.
//!
//! It does not know policies, snapshots or handlers: what a call leads to is for the [`Lambda`]
//! behind it to say. Use the façade, `retrigger::serve`; this crate is a library of its own because
//! a wire format changes for other reasons than the decisions behind it.
//!
//! ```text
//! connection ─▶ guard ─▶ route ─▶ body ─▶ Call { signer, operation } ─▶ Lambda::call
//!               loopback  method    limits                                │
//!               clients   and path                          Answer or ApiError ─▶ HTTP
//! ```
//!
//! A [`Door`] is another port on which any HTTP is taken as it comes, as a load balancer takes it:
//!
//! ```text
//! connection ─▶ body ─▶ guard ─▶ DoorRequest ─▶ Door::answer ─▶ DoorResponse ─▶ HTTP
//! ```
//!
//! Only the loopback interface is listened on. The access key id of a request's signature is read;
//! the signature itself is not verified, so that it shows who calls and proves nothing.
//!
//! Paths, members and status codes follow the Lambda API Reference ("Actions"), in the version of
//! its service model 2015-03-31.

mod call;
mod function_name;
mod signer;

mod answer;
mod error;
mod event_stream;
mod log_tail;

mod body;
mod door;
mod guard;
mod invoke;
mod route;
mod server;

pub use answer::{Answer, Invoked, StreamedPart, Streaming};
pub use call::{Action, Call, Control, InvocationType, Invoke, Notification, Operation};
pub use door::{
    BrokenOff, Door, DoorBody, DoorRequest, DoorResponse, Responding, is_loopback_host,
};
pub use error::ApiError;
pub use function_name::FunctionName;
pub use log_tail::LogTail;
pub use server::{Answering, Lambda, Server};
pub use signer::Signer;
