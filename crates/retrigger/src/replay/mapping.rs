//! The event source mapping of a batch.

use retrigger_recording::{EventSourceMapping, FunctionSnapshot, QueueAttributes};
use retrigger_trigger::{MappingSettings, PollSettings, Redrive};

/// The mapping that reads `source` for the function `invoked_arn`, or else for any qualifier of
/// it.
pub(super) fn of_source<'f>(
    function: &'f FunctionSnapshot,
    source: Option<&str>,
    invoked_arn: &str,
) -> Option<&'f EventSourceMapping> {
    let mappings = function.event_source_mappings.iter();
    let of_source: Vec<_> =
        mappings.filter(|mapping| mapping.event_source_arn.as_deref() == source).collect();
    let is_exact =
        |mapping: &&&EventSourceMapping| mapping.function_arn.as_deref() == Some(invoked_arn);
    of_source.iter().find(is_exact).or(of_source.first()).copied()
}

/// What decides over failed batches; AWS's defaults where there is no mapping.
pub(super) fn batch_settings(
    mapping: Option<&EventSourceMapping>,
    queue: Option<&QueueAttributes>,
) -> MappingSettings {
    let redrive = queue.and_then(|queue| queue.redrive.as_ref()).map(|redrive| Redrive {
        dead_letter_queue: redrive.dead_letter_target_arn.clone(),
        max_receive_count: redrive.max_receive_count,
    });
    let Some(mapping) = mapping else {
        return MappingSettings { redrive, ..MappingSettings::default() };
    };
    MappingSettings {
        report_batch_item_failures: mapping.reports_batch_item_failures(),
        bisect_batch_on_function_error: mapping.bisect_batch_on_function_error == Some(true),
        maximum_retry_attempts: mapping
            .maximum_retry_attempts
            .and_then(|attempts| attempts.try_into().ok()),
        on_failure_destination: mapping.on_failure_destination().map(str::to_owned),
        redrive,
    }
}

/// What polling needs to know beside the source.
pub(super) fn poll_settings(mapping: Option<&EventSourceMapping>) -> PollSettings {
    let Some(mapping) = mapping else { return PollSettings::default() };
    PollSettings {
        secret_arns: mapping.secret_arns(),
        in_vpc: mapping.is_in_vpc(),
        ..PollSettings::default()
    }
}
