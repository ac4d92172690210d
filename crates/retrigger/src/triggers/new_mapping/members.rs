//! An event source mapping as requests of Lambda's API say it. Source: Lambda API Reference,
//! `CreateEventSourceMapping`, `UpdateEventSourceMapping`.

use retrigger_trigger::Trigger;
use serde_json::{Map, Value, json};

use super::NewMapping;
use crate::triggers::Refusal;

/// Members that no setting stands for.
const FURTHER: [&str; 8] = [
    "FilterCriteria",
    "KMSKeyArn",
    "MetricsConfig",
    "LoggingConfig",
    "StartingPositionTimestamp",
    "ProvisionedPollerConfig",
    "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedKafkaEventSourceConfig",
];

impl NewMapping {
    /// What a request to `CreateEventSourceMapping` asks for, without the function that it names.
    ///
    /// # Errors
    ///
    /// Where a member is of the wrong type, or no source is named that Lambda polls.
    ///
    /// ```
    /// # use retrigger::{trigger::Trigger, triggers::NewMapping};
    /// let members = serde_json::json!({
    ///     "EventSourceArn": "arn:aws:sqs:us-east-1:841860927337:orders", "BatchSize": 5,
    /// });
    /// let mapping = NewMapping::from_members(members.as_object().unwrap()).unwrap();
    /// assert_eq!((mapping.trigger, mapping.batch_size), (Trigger::Sqs, Some(5)));
    /// ```
    pub fn from_members(members: &Map<String, Value>) -> Result<Self, Refusal> {
        let read = Members(members);
        let source_arn = read.text("EventSourceArn")?;
        let trigger = read.trigger(source_arn.as_deref())?;
        let scaling = read.object("ScalingConfig")?;
        let destination = read.object("DestinationConfig")?;
        let on_failure = Members(&destination).object("OnFailure")?;
        let changes = read.object("DocumentDBEventSourceConfig")?;
        let further = members
            .iter()
            .filter(|(name, value)| FURTHER.contains(&name.as_str()) && !value.is_null());
        Ok(Self {
            disabled: read.flag("Enabled")? == Some(false),
            batch_size: read.number("BatchSize")?,
            maximum_batching_window_in_seconds: read.number("MaximumBatchingWindowInSeconds")?,
            starting_position: read.text("StartingPosition")?,
            report_batch_item_failures: read
                .list("FunctionResponseTypes")?
                .contains(&json!("ReportBatchItemFailures")),
            bisect_batch_on_function_error: read.flag("BisectBatchOnFunctionError")? == Some(true),
            maximum_retry_attempts: read.number("MaximumRetryAttempts")?,
            maximum_record_age_in_seconds: read.number("MaximumRecordAgeInSeconds")?,
            parallelization_factor: read.number("ParallelizationFactor")?,
            tumbling_window_in_seconds: read.number("TumblingWindowInSeconds")?,
            maximum_concurrency: Members(&scaling).number("MaximumConcurrency")?,
            on_failure: Members(&on_failure).text("Destination")?,
            source_access: read.source_access()?,
            topic: read.only("Topics")?,
            queue: read.only("Queues")?,
            bootstrap_servers: read.bootstrap_servers()?,
            database: Members(&changes).text("DatabaseName")?,
            collection: Members(&changes).text("CollectionName")?,
            further: further.map(|(name, value)| (name.clone(), value.clone())).collect(),
            ..Self::new(trigger, source_arn)
        })
    }

    /// A mapping as it is listed, with what a request to `UpdateEventSourceMapping` says instead.
    pub(in crate::triggers) fn updated(
        old: &Value,
        members: &Map<String, Value>,
        function_arn: Option<&str>,
    ) -> Result<Self, Refusal> {
        let mut merged = old.as_object().cloned().unwrap_or_default();
        let is_disabled = matches!(old["State"].as_str(), Some("Disabled" | "Disabling"));
        merged.insert("Enabled".to_owned(), (!is_disabled).into());
        merged.extend(members.clone());
        let arn = function_arn.or(old["FunctionArn"].as_str()).unwrap_or_default();
        let qualifier = arn.split(':').nth(7).map(str::to_owned);
        Ok(Self { qualifier, ..Self::from_members(&merged)? })
    }
}

/// The members of a request.
struct Members<'m>(&'m Map<String, Value>);

impl Members<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        let text = |value: &Value| {
            let text = value.as_str().map(str::to_owned);
            text.ok_or_else(|| Refusal::wrong_type(name, "a string", value))
        };
        self.get(name).map(text).transpose()
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        let flag = |value: &Value| {
            value.as_bool().ok_or_else(|| Refusal::wrong_type(name, "true or false", value))
        };
        self.get(name).map(flag).transpose()
    }

    fn number<N: TryFrom<i64>>(&self, name: &str) -> Result<Option<N>, Refusal> {
        let number = |value: &Value| {
            let number = value.as_i64().and_then(|number| N::try_from(number).ok());
            number.ok_or_else(|| Refusal::wrong_type(name, "a whole number in its range", value))
        };
        self.get(name).map(number).transpose()
    }

    fn list(&self, name: &str) -> Result<Vec<Value>, Refusal> {
        match self.get(name) {
            None => Ok(vec![]),
            Some(Value::Array(list)) => Ok(list.clone()),
            Some(other) => Err(Refusal::wrong_type(name, "a list", other)),
        }
    }

    fn object(&self, name: &str) -> Result<Map<String, Value>, Refusal> {
        match self.get(name) {
            None => Ok(Map::new()),
            Some(Value::Object(object)) => Ok(object.clone()),
            Some(other) => Err(Refusal::wrong_type(name, "an object", other)),
        }
    }

    /// The element of a list that has one, as AWS demands of topics and queues.
    fn only(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.list(name)?.as_slice() {
            [] => Ok(None),
            [Value::String(only)] => Ok(Some(only.clone())),
            other => Err(Refusal::wrong_type(name, "a list of one string", &json!(other))),
        }
    }

    fn source_access(&self) -> Result<Vec<(String, String)>, Refusal> {
        let name = "SourceAccessConfigurations";
        let pair = |value: &Value| {
            let part = |key| value[key].as_str().map(str::to_owned);
            let pair = part("Type").zip(part("URI"));
            pair.ok_or_else(|| Refusal::wrong_type(name, "a list with `Type` and `URI`", value))
        };
        self.list(name)?.iter().map(pair).collect()
    }

    fn bootstrap_servers(&self) -> Result<Vec<String>, Refusal> {
        let own = self.object("SelfManagedEventSource")?;
        let endpoints = Members(&own).object("Endpoints")?;
        let servers = Members(&endpoints).list("KAFKA_BOOTSTRAP_SERVERS")?;
        Ok(servers.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// The kind of source, by the service of its ARN. The ARN of a broker does not say which engine
    /// it runs; only `RabbitMQ` has virtual hosts.
    fn trigger(&self, source_arn: Option<&str>) -> Result<Trigger, Refusal> {
        let Some(arn) = source_arn else {
            if self.get("SelfManagedEventSource").is_some() {
                return Ok(Trigger::SelfManagedKafka);
            }
            return Err(Refusal::invalid(
                "Unrecognized event source, must be kinesis, dynamodb stream, sqs, kafka, mq or documentdb. Unsupported source arn null.",
            ));
        };
        let has_host = || {
            self.source_access().is_ok_and(|all| all.iter().any(|(kind, _)| kind == "VIRTUAL_HOST"))
        };
        match arn.split(':').nth(2) {
            Some("sqs") => Ok(Trigger::Sqs),
            Some("kinesis") => Ok(Trigger::Kinesis),
            Some("dynamodb") => Ok(Trigger::Dynamodb),
            Some("kafka") => Ok(Trigger::Msk),
            Some("mq") if has_host() => Ok(Trigger::AmazonmqRabbitmq),
            Some("mq") => Ok(Trigger::AmazonmqActivemq),
            Some("rds") => Ok(Trigger::Documentdb),
            _ => Err(Refusal::invalid(format!(
                "Unrecognized event source, must be kinesis, dynamodb stream, sqs, kafka, mq or documentdb. Unsupported source arn {arn}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(members: &Value) -> Result<NewMapping, Refusal> {
        NewMapping::from_members(members.as_object().unwrap())
    }

    const STREAM: &str = "arn:aws:kinesis:us-east-1:841860927337:stream/s";

    #[test]
    fn members_become_settings() {
        let mapping = read(&json!({
            "EventSourceArn": STREAM, "Enabled": false, "StartingPosition": "LATEST",
            "MaximumRetryAttempts": -1, "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:r:1:q"}},
            "FilterCriteria": {"Filters": []}, "Tags": {"a": "b"},
        }))
        .unwrap();
        assert!(mapping.disabled && mapping.report_batch_item_failures);
        assert_eq!(mapping.maximum_retry_attempts, Some(-1));
        assert_eq!(mapping.on_failure.as_deref(), Some("arn:aws:sqs:r:1:q"));
        assert_eq!(Value::Object(mapping.further), json!({"FilterCriteria": {"Filters": []}}));
    }

    #[test]
    fn an_update_keeps_what_it_does_not_say() {
        let old = json!({
            "EventSourceArn": STREAM, "StartingPosition": "LATEST", "BatchSize": 7,
            "State": "Disabled", "FunctionArn": "arn:aws:lambda:r:1:function:demo:PROD",
        });
        let members = json!({"ParallelizationFactor": 2});
        let new = NewMapping::updated(&old, members.as_object().unwrap(), None).unwrap();
        assert_eq!((new.batch_size, new.parallelization_factor), (Some(7), Some(2)));
        assert_eq!((new.disabled, new.qualifier.as_deref()), (true, Some("PROD")));
    }

    #[rstest]
    #[case(json!({"EventSourceArn": 1}), "SerializationException")]
    #[case(json!({"EventSourceArn": STREAM, "BatchSize": "5"}), "SerializationException")]
    #[case(json!({"EventSourceArn": STREAM, "BatchSize": -5}), "SerializationException")]
    #[case(json!({"EventSourceArn": STREAM, "Topics": ["a", "b"]}), "SerializationException")]
    #[case(json!({"EventSourceArn": "arn:aws:s3:::b"}), "InvalidParameterValueException")]
    #[case(json!({}), "InvalidParameterValueException")]
    fn other_members_are_refused(#[case] members: Value, #[case] code: &str) {
        assert_eq!(read(&members).unwrap_err().code, code);
    }
}
