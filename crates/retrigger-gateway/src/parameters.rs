//! The parameters by which a call is known again.
//!
//! Of what a call asks, these are left out or replaced, as they differ in every run:
//!
//! - the members that a client fills with a random value where the caller gives none (AWS's API
//!   models mark them as idempotency tokens: `ClientRequestToken`, `ClientToken` …)
//! - the address of the gateway, such as in a `QueueUrl` that it answered: [`PLACE`] stands for it
//! - texts of more than [`MAX_TEXT`] bytes, such as the body of an object: their SHA-256 and length
//!   stand for them

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::operation::Operation;

/// What stands for the address of the gateway, whose port differs in every run.
pub(crate) const PLACE: &str = "gateway.retrigger.localhost";

/// The longest text that stands in a key as it is.
const MAX_TEXT: usize = 4096;

/// The canonical parameters of a call.
pub(crate) fn canonical(operation: &Operation, address: Option<&str>) -> Value {
    match &operation.parameters {
        Value::Object(members) => {
            let is_random = |name: &&String| operation.idempotency_members.contains(*name);
            let kept = members.iter().filter(|(name, _)| !is_random(name));
            let kept: Map<String, Value> =
                kept.map(|(name, value)| (name.clone(), reduced(value, address))).collect();
            if kept.is_empty() { Value::Null } else { Value::Object(kept) }
        }
        other => reduced(other, address),
    }
}

fn reduced(value: &Value, address: Option<&str>) -> Value {
    match value {
        Value::String(text) if text.len() > MAX_TEXT => {
            let digest = Sha256::digest(text);
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({"sha256": hex, "length": text.len()})
        }
        Value::String(text) => match address {
            Some(address) => text.replace(address, PLACE).into(),
            None => text.clone().into(),
        },
        Value::Array(items) => items.iter().map(|item| reduced(item, address)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), reduced(value, address))).collect()
        }
        other => other.clone(),
    }
}

/// Whether a parameter that differs may be one that is made anew in each run: both are UUIDs, or
/// both times, and the recorded one does not come from the event, whose `text` is given.
pub(crate) fn are_alike(recorded: &Value, now: &Value, event: &str) -> bool {
    match (recorded, now) {
        (Value::String(recorded), Value::String(now)) => {
            recorded == now
                || retrigger_recording::is_redacted_form(recorded, now)
                || (is_made_anew(recorded, now) && !event.contains(recorded.as_str()))
        }
        (Value::Array(recorded), Value::Array(now)) => {
            recorded.len() == now.len()
                && recorded.iter().zip(now).all(|(recorded, now)| are_alike(recorded, now, event))
        }
        (Value::Object(recorded), Value::Object(now)) => {
            recorded.len() == now.len()
                && recorded.iter().all(|(name, value)| {
                    now.get(name).is_some_and(|now| are_alike(value, now, event))
                })
        }
        (Value::Number(before), Value::Number(after)) => {
            before == after
                || (is_epoch(before.as_f64())
                    && is_epoch(after.as_f64())
                    && !event.contains(&before.to_string()))
        }
        (recorded, now) => recorded == now,
    }
}

fn is_made_anew(recorded: &str, now: &str) -> bool {
    let both = |is: fn(&str) -> bool| is(recorded) && is(now);
    let is_uuid = |text: &str| text.len() == 36 && uuid::Uuid::try_parse(text).is_ok();
    let is_time = |text: &str| text.len() >= 19 && text.parse::<jiff::Timestamp>().is_ok();
    let is_number = |text: &str| is_epoch(text.parse().ok());
    both(is_uuid) || both(is_time) || both(is_number)
}

/// Seconds or milliseconds of a time from 2001 to 2100.
fn is_epoch(number: Option<f64>) -> bool {
    const SECONDS: std::ops::Range<f64> = 1e9..4.2e9;
    number.is_some_and(|number| SECONDS.contains(&number) || SECONDS.contains(&(number / 1e3)))
}
