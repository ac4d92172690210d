//! The IAM policy language: parse, evaluate, explain.
//!
//! It knows no files, no network, no clock and nothing of Lambda.

mod arn;
mod principal;
mod request;

pub use arn::Arn;
pub use principal::{ParsePrincipalError, Principal};
pub use request::{Context, ContextValue, Request};
