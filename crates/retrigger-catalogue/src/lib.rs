//! AWS facts as data: operations on the wire, and what they need to be authorized.
//!
//! It knows no policies, no HTTP servers and nothing of Lambda.

pub mod wire;
