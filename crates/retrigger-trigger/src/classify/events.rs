//! Events and notifications of the platform: EventBridge, CloudWatch, Config, Secrets Manager.

use std::io::Read;

use base64::Engine;
use serde_json::Value;

use super::Evidence;
use crate::finding::TriggerFinding;
use crate::payload::{account, has, has_all, is, text};
use crate::surroundings::Surroundings;

pub(super) fn is_eventbridge(payload: &Value) -> bool {
    has_all(payload, &["/detail-type", "/source", "/detail"])
}

/// The rule is not in the payload (`resources` lists what the event is about). The account is the
/// one the event happened in.
pub(super) fn eventbridge(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::default().with_account(account(payload, "/account"))
}

pub(super) fn is_scheduled(payload: &Value) -> bool {
    is(payload, "/source", "aws.events") && is(payload, "/detail-type", "Scheduled Event")
}

/// A scheduled event is about its own rule.
pub(super) fn scheduled(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::from_arn(text(payload, "/resources/0")).with_account(account(payload, "/account"))
}

pub(super) fn is_logs(payload: &Value) -> bool {
    has(payload, "/awslogs/data")
}

/// The log group and its owner are inside the compressed data.
pub(super) fn logs(payload: &Value, around: &Surroundings<'_>) -> Evidence {
    let data = text(payload, "/awslogs/data").unwrap_or_default();
    match unpack(data) {
        Ok(batch) => match text(&batch, "/logGroup") {
            Some(group) => around
                .place(None, account(&batch, "/owner"))
                .evidence("logs", &format!("log-group:{group}:*")),
            None => unreadable("no `logGroup` in it"),
        },
        Err(reason) => unreadable(reason),
    }
}

fn unreadable(reason: &str) -> Evidence {
    let finding = TriggerFinding::LogsUnreadable { reason: reason.to_owned() };
    Evidence { findings: vec![finding], ..Evidence::default() }
}

/// Lambda payloads end at 6 MiB; what unpacks to more than this is no batch of log events.
const UNPACKED_LIMIT: u64 = 64 * 1024 * 1024;

fn unpack(data: &str) -> Result<Value, &'static str> {
    let packed =
        base64::engine::general_purpose::STANDARD.decode(data).map_err(|_| "it is not base64")?;
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice())
        .take(UNPACKED_LIMIT)
        .read_to_end(&mut text)
        .map_err(|_| "it is not gzip")?;
    serde_json::from_slice(&text).map_err(|_| "its content is not JSON")
}

pub(super) fn is_alarm(payload: &Value) -> bool {
    has_all(payload, &["/alarmArn", "/alarmData"])
}

pub(super) fn alarm(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::from_arn(text(payload, "/alarmArn")).with_account(account(payload, "/accountId"))
}

pub(super) fn is_config(payload: &Value) -> bool {
    has(payload, "/invokingEvent")
        && (has(payload, "/configRuleArn") || has(payload, "/resultToken"))
}

pub(super) fn config(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::from_arn(text(payload, "/configRuleArn")).with_account(account(payload, "/accountId"))
}

pub(super) fn is_rotation(payload: &Value) -> bool {
    has_all(payload, &["/Step", "/SecretId"])
}

pub(super) fn rotation(payload: &Value, _: &Surroundings<'_>) -> Evidence {
    Evidence::from_arn(text(payload, "/SecretId").filter(|id| id.starts_with("arn:")))
}
