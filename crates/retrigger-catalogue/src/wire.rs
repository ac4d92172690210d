//! AWS's services as requests show them: which operation a request is.
//!
//! ```text
//! WireRequest, SigningScope ── identify ──▶ Identified { service, operation, protocol }
//! ```
//!
//! The data are `data/wire.bin`, made of the package `botocore` by `generate/wire.py`, and are
//! looked up where they lie.
//!
//! ```
//! use retrigger_catalogue::wire::{WireRequest, identify};
//!
//! let request = WireRequest {
//!     method: "GET",
//!     uri: "/orders/2026/1.json?x-id=GetObject",
//!     headers: &[("host", "s3.us-east-1.amazonaws.com")],
//!     body: b"",
//! };
//! let found = identify(&request, None).unwrap();
//! assert_eq!(found.to_string(), "s3:GetObject");
//! ```

#![expect(clippy::doc_markdown, reason = "names of AWS products and titles of pages are no code")]

mod authorize;
mod bad_body;
mod blob;
mod body;
mod form;
mod host;
mod identify;
mod operation;
mod parameters;
mod protocol;
mod request;
mod route;
mod service;
mod text;
mod unidentified;

pub use authorize::{Account, Authorization, Resource, authorizations, named, tells};
pub use bad_body::BadBody;
pub use identify::{Identified, identify};
pub use operation::Operation;
pub use protocol::Protocol;
pub use request::{SigningScope, WireRequest};
pub use service::{Service, service, services};
pub use text::Text;
pub use unidentified::Unidentified;

#[cfg(test)]
mod tests;
