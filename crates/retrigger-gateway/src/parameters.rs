//! The parameters by which a call is known again.
//!
//! Of what a call asks, these are left out or replaced, as they differ in every run:
//!
//! - the members that a client fills with a random value where the caller gives none (AWS's API
//!   models mark them as idempotency tokens: `ClientRequestToken`, `ClientToken` …)
//! - checksums and the length of the body, which follow from it, and `aws-chunked`, in which it came
//! - the address of the gateway, such as in a `QueueUrl` that it answered: [`PLACE`] stands for it
//! - texts of more than [`MAX_TEXT`] bytes, such as the body of an object: their SHA-256 and length
//!   stand for them
//!
//! A call that no recorded one asks just the same may still be one of them, with UUIDs and times (ISO
//! 8601, or seconds or milliseconds since 1970) that the handler makes anew in each run. So that two
//! calls are never mixed up that mean different things, such a value must then be just the recorded
//! one where the event has either of them, or a recorded answer has the one of now: what comes from
//! there is the same in each run. All else must be just the same; of several recorded calls that are
//! alike, each answers once, in their order.

use std::collections::HashSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::operation::Operation;

/// What stands for the address of the gateway, whose port differs in every run.
pub(crate) const PLACE: &str = "gateway.retrigger.localhost";

/// The members that follow from the body, beside those that begin with `Checksum`.
const FOLLOWING: [&str; 2] = ["ContentLength", "ContentMD5"];

/// The longest text that stands in a key as it is.
const MAX_TEXT: usize = 4096;

/// The canonical parameters of a call.
pub(crate) fn canonical(operation: &Operation, address: Option<&str>) -> Value {
    match &operation.parameters {
        Value::Object(members) => {
            let is_random = |name: &String| operation.idempotency_members.contains(name);
            let follows = |name: &str| FOLLOWING.contains(&name) || name.starts_with("Checksum");
            let is_coding =
                |name: &str, value: &Value| name == "ContentEncoding" && value == "aws-chunked";
            let kept = members.iter().filter(|(name, value)| {
                !is_random(name) && !follows(name) && !is_coding(name, value)
            });
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
            let digest = STANDARD.encode(Sha256::digest(text));
            json!({"sha256": digest, "length": text.len()})
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

/// What a call may have its UUIDs and times from.
pub(crate) struct Known<'k> {
    /// The text of the event.
    pub(crate) event: &'k str,
    /// The UUIDs and times in the recorded answers.
    pub(crate) answers: &'k HashSet<String>,
}

impl Known<'_> {
    /// Whether two UUIDs or times that differ may both be made anew: the recorded one is not from
    /// the event, and the other neither from there nor from an answer.
    fn may_be_made_anew(&self, recorded: &str, now: &str) -> bool {
        !self.event.contains(recorded) && !self.event.contains(now) && !self.answers.contains(now)
    }
}

/// The UUIDs and times in a text.
pub(crate) fn made(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (start, end) = next_made(text)?;
        let found = text.get(start..end);
        text = text.get(end..).unwrap_or_default();
        found
    })
}

/// Whether a parameter that differs may be one that is made anew in each run: both are UUIDs, or
/// both times, and [`Known`] knows neither.
pub(crate) fn are_alike(recorded: &Value, now: &Value, known: &Known<'_>) -> bool {
    match (recorded, now) {
        (Value::String(recorded), Value::String(now)) => {
            recorded == now
                || retrigger_recording::is_redacted_form(recorded, now)
                || is_made_anew(recorded, now, known)
        }
        (Value::Array(recorded), Value::Array(now)) => {
            recorded.len() == now.len()
                && recorded.iter().zip(now).all(|(recorded, now)| are_alike(recorded, now, known))
        }
        (Value::Object(recorded), Value::Object(now)) => {
            recorded.len() == now.len()
                && recorded.iter().all(|(name, value)| {
                    now.get(name).is_some_and(|now| are_alike(value, now, known))
                })
        }
        (Value::Number(before), Value::Number(after)) => {
            before == after
                || (is_epoch(before.as_f64())
                    && is_epoch(after.as_f64())
                    && known.may_be_made_anew(&before.to_string(), &after.to_string()))
        }
        (recorded, now) => recorded == now,
    }
}

/// Whether two texts are the same but for UUIDs and times in them that are made anew.
fn is_made_anew(recorded: &str, now: &str, known: &Known<'_>) -> bool {
    let (mut before, mut after) = (recorded, now);
    loop {
        match (next_made(before), next_made(after)) {
            (None, None) => return before == after,
            (Some((start, end)), Some((other_start, other_end))) => {
                let made = before.get(start..end).unwrap_or_default();
                let other = after.get(other_start..other_end).unwrap_or_default();
                let same_before = before.get(..start) == after.get(..other_start);
                if !same_before || (made != other && !known.may_be_made_anew(made, other)) {
                    return false;
                }
                before = before.get(end..).unwrap_or_default();
                after = after.get(other_end..).unwrap_or_default();
            }
            _ => return false,
        }
    }
}

/// Where the next UUID, time or number that may be a time stands.
fn next_made(text: &str) -> Option<(usize, usize)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.' | '+');
    let mut from = 0;
    while let Some(start) = text.get(from..)?.find(is_part).map(|start| from + start) {
        let rest = text.get(start..)?;
        let end = start + rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let word = text.get(start..end)?;
        let is_uuid = word.len() == 36 && uuid::Uuid::try_parse(word).is_ok();
        let is_time = word.len() >= 19 && word.parse::<jiff::Timestamp>().is_ok();
        if is_uuid || is_time || is_epoch(word.parse().ok()) {
            return Some((start, end));
        }
        from = end;
    }
    None
}

/// Seconds or milliseconds of a time from 2014 to 2042.
fn is_epoch(number: Option<f64>) -> bool {
    const SECONDS: std::ops::Range<f64> = 1.4e9..2.3e9;
    number.is_some_and(|number| SECONDS.contains(&number) || SECONDS.contains(&(number / 1e3)))
}
