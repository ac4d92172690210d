//! `queue-attributes/`: what queues do with messages that fail.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::{
    files::{Files, QUEUE_ATTRIBUTES},
    read,
};
use crate::{
    error::{Error, Problem},
    parse,
};

/// What is used of the output of `aws sqs get-queue-attributes --attribute-names All` (Amazon SQS
/// API Reference, `GetQueueAttributes`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueAttributes {
    /// Where messages go that fail too often; `None` where they return for ever.
    pub redrive: Option<RedrivePolicy>,
}

/// The attribute `RedrivePolicy`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a redrive policy")]
pub struct RedrivePolicy {
    /// The ARN of the dead-letter queue.
    pub dead_letter_target_arn: String,
    /// How often a message is received before it goes there.
    #[serde(deserialize_with = "count")]
    pub max_receive_count: u32,
}

/// AWS prints the count as a number or as a string, as it was set.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a count")]
    enum Count {
        Number(u32),
        Text(String),
    }
    match Count::deserialize(deserializer)? {
        Count::Number(count) => Ok(count),
        Count::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "the output of `aws sqs get-queue-attributes`")]
struct OutputJson {
    attributes: AttributesJson,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "the attributes of a queue")]
struct AttributesJson {
    queue_arn: String,
    redrive_policy: Option<String>,
}

/// All queues of a snapshot by ARN.
pub(super) fn queues(files: &Files) -> Result<BTreeMap<String, QueueAttributes>, Error> {
    let mut queues = BTreeMap::new();
    for (_, path) in files.below(QUEUE_ATTRIBUTES) {
        let source = read(path)?;
        let OutputJson { attributes } = parse::json(&source)?;
        let AttributesJson { queue_arn, redrive_policy } = attributes;
        let redrive = redrive_policy.map(|text| serde_json::from_str(&text)).transpose();
        let redrive = redrive.map_err(|_| {
            let at = source.text.find("\"RedrivePolicy\"").unwrap_or(0);
            let advice = "AWS prints JSON in a string, with `deadLetterTargetArn` and \
                          `maxReceiveCount`";
            let reason = "`RedrivePolicy` cannot be read";
            source.error(at, Problem::value_with_advice(reason, advice))
        })?;
        queues.insert(queue_arn, QueueAttributes { redrive });
    }
    Ok(queues)
}
