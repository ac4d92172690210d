//! AWS's rules for the settings of an event source mapping. Source: Lambda API Reference,
//! `CreateEventSourceMapping`.

use retrigger_trigger::Delivery;

use super::{
    Family::{self, Broker, Changes, Cluster, OwnCluster, Queue, Stream},
    NewMapping,
};
use crate::triggers::{Refusal, TriggersError};

/// What a source access configuration can be.
const ACCESS_TYPES: [&str; 8] = [
    "BASIC_AUTH",
    "VPC_SUBNET",
    "VPC_SECURITY_GROUP",
    "SASL_SCRAM_512_AUTH",
    "SASL_SCRAM_256_AUTH",
    "VIRTUAL_HOST",
    "CLIENT_CERTIFICATE_TLS_AUTH",
    "SERVER_ROOT_CA_CERTIFICATE",
];

impl NewMapping {
    /// What kind of source it is, once all settings are found to be such as AWS accepts.
    pub(in crate::triggers) fn check(&self) -> Result<Family, TriggersError> {
        let trigger = self.trigger;
        let Some(family) = Family::of(trigger) else {
            return Err(TriggersError::other(
                format!("`{trigger}` is not polled, so it has no event source mapping"),
                "grant it a permission instead",
            ));
        };
        debug_assert!(matches!(trigger.delivery(), Delivery::Poll { .. }));
        self.check_source(family)?;
        self.check_settings(family)?;
        self.check_needs(family)?;
        self.check_words()?;
        self.check_ranges(family)?;
        Ok(family)
    }

    fn check_source(&self, family: Family) -> Result<(), TriggersError> {
        let trigger = self.trigger;
        let Some(shape) = trigger.source_arn_shape() else {
            return match &self.source_arn {
                None => Ok(()),
                Some(arn) => Err(TriggersError::other(
                    format!("`{trigger}` has no source ARN, so `{arn}` cannot be its source"),
                    "name its bootstrap servers",
                )),
            };
        };
        let service = |arn: &str| arn.split(':').nth(2).map(str::to_owned);
        match &self.source_arn {
            Some(arn) if arn.split(':').count() >= 6 && service(arn) == service(shape) => Ok(()),
            Some(arn) => Err(TriggersError::other(
                format!("`{arn}` is no source of `{trigger}`"),
                format!("its ARN reads `{shape}`"),
            )),
            None if family == OwnCluster => Ok(()),
            None => Err(TriggersError::other(
                format!("`{trigger}` needs the ARN of its source"),
                format!("it reads `{shape}`"),
            )),
        }
    }

    /// Refuses settings that another kind of source has.
    fn check_settings(&self, family: Family) -> Result<(), TriggersError> {
        let records: &[Family] = &[Stream, Cluster, OwnCluster];
        let settings: [(&str, bool, &[Family]); 15] = [
            (
                "StartingPosition",
                self.starting_position.is_some(),
                &[Stream, Cluster, OwnCluster, Changes],
            ),
            (
                "FunctionResponseTypes",
                self.report_batch_item_failures,
                &[Queue, Stream, Cluster, OwnCluster],
            ),
            ("BisectBatchOnFunctionError", self.bisect_batch_on_function_error, records),
            ("MaximumRetryAttempts", self.maximum_retry_attempts.is_some(), records),
            ("MaximumRecordAgeInSeconds", self.maximum_record_age_in_seconds.is_some(), records),
            ("DestinationConfig", self.on_failure.is_some(), records),
            ("ParallelizationFactor", self.parallelization_factor.is_some(), &[Stream]),
            ("TumblingWindowInSeconds", self.tumbling_window_in_seconds.is_some(), &[Stream]),
            ("ScalingConfig", self.maximum_concurrency.is_some(), &[Queue]),
            (
                "SourceAccessConfigurations",
                !self.source_access.is_empty(),
                &[Cluster, OwnCluster, Broker, Changes],
            ),
            ("Topics", self.topic.is_some(), &[Cluster, OwnCluster]),
            ("Queues", self.queue.is_some(), &[Broker]),
            ("SelfManagedEventSource", !self.bootstrap_servers.is_empty(), &[OwnCluster]),
            ("DatabaseName", self.database.is_some(), &[Changes]),
            ("CollectionName", self.collection.is_some(), &[Changes]),
        ];
        match settings.iter().find(|(_, given, known)| *given && !known.contains(&family)) {
            None => Ok(()),
            Some((name, ..)) => Err(TriggersError::other(
                format!("`{name}` is no setting of `{}`", self.trigger),
                "leave it away",
            )),
        }
    }

    fn check_needs(&self, family: Family) -> Result<(), TriggersError> {
        let needs = |what: &str| {
            let message = format!("`{}` needs {what}", self.trigger);
            Err(TriggersError::other(message, "see CreateEventSourceMapping of the Lambda API"))
        };
        match family {
            Cluster | OwnCluster if self.topic.is_none() => needs("the name of a topic"),
            OwnCluster if self.bootstrap_servers.is_empty() => needs("its bootstrap servers"),
            Broker if self.queue.is_none() => needs("the name of a queue"),
            Changes if self.database.is_none() => needs("the name of a database"),
            _ if family.has_starting_position() && self.starting_position.is_none() => {
                let text = "Value null at 'startingPosition' failed to satisfy constraint: Member \
                            must not be null.";
                let message = format!("1 validation error detected: {text}");
                let help = "records are read from TRIM_HORIZON, the oldest, or from LATEST on";
                Err(Refusal::invalid(message).with_help(help).into())
            }
            _ => Ok(()),
        }
    }

    fn check_ranges(&self, family: Family) -> Result<(), TriggersError> {
        let ranges: [(&str, Option<i64>, i64, i64); 7] = [
            ("batchSize", self.batch_size.map(Into::into), 1, 10_000),
            (
                "maximumBatchingWindowInSeconds",
                self.maximum_batching_window_in_seconds.map(Into::into),
                0,
                300,
            ),
            ("parallelizationFactor", self.parallelization_factor.map(Into::into), 1, 10),
            ("tumblingWindowInSeconds", self.tumbling_window_in_seconds.map(Into::into), 0, 900),
            ("scalingConfig.maximumConcurrency", self.maximum_concurrency.map(Into::into), 2, 1000),
            ("maximumRetryAttempts", self.maximum_retry_attempts, -1, 10_000),
            ("maximumRecordAgeInSeconds", self.maximum_record_age_in_seconds, -1, 604_800),
        ];
        for (name, value, least, most) in ranges {
            check_range(name, value, least, most)?;
        }
        if matches!(self.maximum_record_age_in_seconds, Some(0..60)) {
            let text = "the record age is -1, for ever, or from 60 seconds on";
            return Err(TriggersError::other(text, "see CreateEventSourceMapping"));
        }
        if family == Queue { self.check_queue() } else { Ok(()) }
    }

    fn check_words(&self) -> Result<(), Refusal> {
        let positions = ["TRIM_HORIZON", "LATEST"];
        let position = self.starting_position.as_deref();
        if let Some(other) = position.filter(|position| !positions.contains(position)) {
            return Err(not_one_of("startingPosition", other, &positions));
        }
        let mut types = self.source_access.iter().map(|(kind, _)| kind.as_str());
        if let Some(kind) = types.find(|kind| !ACCESS_TYPES.contains(kind)) {
            let name = "sourceAccessConfigurations.1.member.type";
            return Err(not_one_of(name, kind, &ACCESS_TYPES));
        }
        Ok(())
    }

    fn check_queue(&self) -> Result<(), TriggersError> {
        let window = self.maximum_batching_window_in_seconds.unwrap_or(0);
        let size = self.batch_size.unwrap_or(10);
        let is_fifo =
            self.source_arn.as_deref().and_then(|arn| arn.strip_suffix(".fifo")).is_some();
        if is_fifo && (size > 10 || window > 0) {
            return Err(TriggersError::other(
                "a FIFO queue has batches of at most 10 and no batching window",
                "see \"Using Lambda with Amazon SQS\" in the Lambda Developer Guide",
            ));
        }
        if size > 10 && window == 0 {
            let text = "Maximum batch window in seconds must be greater than 0 if maximum batch \
                        size is greater than 10";
            return Err(Refusal::invalid(text).into());
        }
        Ok(())
    }
}

fn check_range(name: &str, value: Option<i64>, least: i64, most: i64) -> Result<(), Refusal> {
    let Some(value) = value else { return Ok(()) };
    let bound = match value {
        _ if value < least => format!("greater than or equal to {least}"),
        _ if value > most => format!("less than or equal to {most}"),
        _ => return Ok(()),
    };
    Err(Refusal::validation(format_args!(
        "Value '{value}' at '{name}' failed to satisfy constraint: Member must have value {bound}"
    )))
}

fn not_one_of(name: &str, value: &str, known: &[&str]) -> Refusal {
    Refusal::validation(format_args!(
        "Value '{value}' at '{name}' failed to satisfy constraint: Member must satisfy enum value \
         set: [{}]",
        known.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use retrigger_trigger::Trigger;
    use rstest::rstest;

    use super::*;

    fn queue() -> NewMapping {
        NewMapping::new(Trigger::Sqs, "arn:aws:sqs:us-east-1:841860927337:orders".to_owned())
    }

    fn stream() -> NewMapping {
        let arn = "arn:aws:kinesis:us-east-1:841860927337:stream/s".to_owned();
        let starting_position = Some("LATEST".to_owned());
        NewMapping { starting_position, ..NewMapping::new(Trigger::Kinesis, arn) }
    }

    #[rstest]
    #[case(queue(), Queue)]
    #[case(stream(), Stream)]
    #[case(NewMapping { batch_size: Some(10_000),
        maximum_batching_window_in_seconds: Some(1), ..queue() }, Queue)]
    fn what_aws_accepts_is_accepted(#[case] mapping: NewMapping, #[case] family: Family) {
        assert_eq!(mapping.check().unwrap(), family);
    }

    #[rstest]
    #[case(NewMapping { batch_size: Some(0), ..queue() }, "Value '0' at 'batchSize'")]
    #[case(NewMapping { batch_size: Some(11), ..queue() }, "Maximum batch window in seconds must")]
    #[case(NewMapping { starting_position: None, ..stream() }, "Value null at 'startingPosition'")]
    #[case(NewMapping { starting_position: Some("x".into()), ..stream() }, "[TRIM_HORIZON, LATEST]")]
    #[case(NewMapping { parallelization_factor: Some(2), ..queue() }, "no setting of `sqs`")]
    #[case(NewMapping { maximum_record_age_in_seconds: Some(5), ..stream() }, "from 60 seconds")]
    #[case(NewMapping { source_arn: None, ..queue() }, "`sqs` needs the ARN of its source")]
    #[case(NewMapping { source_arn: Some("arn:aws:sns:r:1:t".into()), ..queue() }, "no source of")]
    #[case(NewMapping { source_arn: Some("arn:aws:sqs:us-east-1:841860927337:o.fifo".into()),
        maximum_batching_window_in_seconds: Some(1), ..queue() }, "a FIFO queue")]
    #[case(NewMapping::new(Trigger::Sns, None), "`sns` is not polled")]
    #[case(NewMapping { topic: None, ..NewMapping::new(Trigger::SelfManagedKafka, None) },
        "needs the name of a topic")]
    fn what_aws_refuses_is_refused(#[case] mapping: NewMapping, #[case] words: &str) {
        let error = mapping.check().unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
