//! The settings of an event source mapping and its queue that decide over failed batches.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::payload::{list, text};

/// The settings of an event source mapping, and of the queue it reads, that decide over failed
/// batches. `MaximumRecordAgeInSeconds` is not among them: a batch that was handed over was young
/// enough, and when it comes again is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MappingSettings {
    /// `FunctionResponseTypes` holds `ReportBatchItemFailures`.
    pub report_batch_item_failures: bool,
    /// `BisectBatchOnFunctionError`, for streams.
    pub bisect_batch_on_function_error: bool,
    /// `MaximumRetryAttempts`, for streams; `None` where it is absent or -1: until the record
    /// expires.
    pub maximum_retry_attempts: Option<u32>,
    /// `DestinationConfig.OnFailure.Destination`: an ARN, or the name of a Kafka topic.
    pub on_failure_destination: Option<String>,
    /// The redrive policy of the queue, where it has one and that is known. It is not part of the
    /// mapping.
    pub redrive: Option<Redrive>,
}

/// The redrive policy of a queue. Source: Amazon SQS Developer Guide, "Using dead-letter queues in
/// Amazon SQS".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redrive {
    /// The ARN of the dead-letter queue.
    pub dead_letter_queue: String,
    /// How often a message is received before it goes there.
    pub max_receive_count: u32,
}

impl MappingSettings {
    /// Reads an event source mapping as `aws lambda list-event-source-mappings` prints it. A
    /// setting that is absent has AWS's default. Source: Lambda API Reference,
    /// "EventSourceMappingConfiguration".
    ///
    /// ```
    /// # use retrigger_trigger::MappingSettings;
    /// let mapping = serde_json::json!({
    ///     "UUID": "…", "FunctionResponseTypes": ["ReportBatchItemFailures"],
    ///     "MaximumRetryAttempts": -1,
    /// });
    /// let settings = MappingSettings::from_event_source_mapping(&mapping);
    /// assert!(settings.report_batch_item_failures);
    /// assert_eq!(settings.maximum_retry_attempts, None);
    /// ```
    pub fn from_event_source_mapping(mapping: &Value) -> Self {
        let types = list(mapping, "/FunctionResponseTypes");
        let retries = mapping.get("MaximumRetryAttempts").and_then(Value::as_u64);
        let bisect = mapping.get("BisectBatchOnFunctionError").and_then(Value::as_bool);
        Self {
            report_batch_item_failures: types.iter().any(|kind| kind == "ReportBatchItemFailures"),
            bisect_batch_on_function_error: bisect.unwrap_or(false),
            maximum_retry_attempts: retries.and_then(|count| u32::try_from(count).ok()),
            on_failure_destination: text(mapping, "/DestinationConfig/OnFailure/Destination")
                .map(str::to_owned),
            redrive: None,
        }
    }
}
