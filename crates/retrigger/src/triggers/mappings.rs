//! Event source mappings as a file: made, found and removed as AWS lists them.

use retrigger_recording::{FunctionArn, FunctionFile};
use serde_json::{Map, Value, json};

use super::{
    Refusal, TriggersError,
    edit::Document,
    identifier,
    new_mapping::{Family, NewMapping},
};

/// The key of the list, in `aws lambda list-event-source-mappings`.
const LIST: &str = "EventSourceMappings";

/// What tells one mapping of a function from another.
const IDENTITY: [&str; 6] = [
    "EventSourceArn",
    "FunctionArn",
    "Topics",
    "Queues",
    "SelfManagedEventSource",
    "DocumentDBEventSourceConfig",
];

/// The event source mappings of a function.
pub(super) struct MappingsFile {
    file: FunctionFile,
    text: Option<String>,
    mappings: Vec<Value>,
}

impl MappingsFile {
    /// Reads the mappings that are in force.
    pub(super) fn read(file: FunctionFile) -> Result<Self, TriggersError> {
        let text = file.text()?;
        let value: Option<Value> = text.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let mappings = match value.map(|mut value| value[LIST].take()) {
            Some(Value::Array(list)) => list,
            _ => vec![],
        };
        Ok(Self { file, text, mappings })
    }

    pub(super) fn path(&self) -> &std::path::Path {
        self.file.path()
    }

    /// The mappings, as AWS lists them.
    pub(super) fn mappings(&self) -> &[Value] {
        &self.mappings
    }

    /// Refuses a mapping that is there already.
    pub(super) fn refuse_duplicate(
        &self,
        new: &NewMapping,
        mapping: &Value,
        function: &str,
    ) -> Result<(), Refusal> {
        let is_same = |old: &&Value| IDENTITY.iter().all(|key| old.get(key) == mapping.get(key));
        let Some(old) = self.mappings.iter().find(is_same) else { return Ok(()) };
        let source = new.source_arn.as_deref().unwrap_or_default();
        let uuid = old["UUID"].as_str().unwrap_or_default();
        Err(Refusal::duplicate_mapping(new.trigger, source, function, uuid))
    }

    /// Appends a mapping.
    pub(super) fn append(&self, mapping: &Value) -> Result<(), TriggersError> {
        let mapping = std::slice::from_ref(mapping);
        let Some(text) = &self.text else {
            return Ok(self.file.write(&format!("{:#}\n", json!({ LIST: mapping })))?);
        };
        self.change(text, |document| document.append(LIST, mapping))
    }

    /// The one mapping with this UUID or source ARN, and its place in the list.
    pub(super) fn find(&self, name: &str) -> Result<(usize, Value), TriggersError> {
        let all = self.mappings.iter().enumerate();
        let is_it = |mapping: &Value| mapping["UUID"] == name || mapping["EventSourceArn"] == name;
        let found: Vec<_> = all.filter(|(_, mapping)| is_it(mapping)).collect();
        match found.as_slice() {
            [(index, mapping)] => Ok((*index, (*mapping).clone())),
            [] => Err(Refusal::no_mapping(&uuids(self.mappings.iter())).into()),
            several => {
                let message = format!("{} event source mappings poll `{name}`", several.len());
                let uuids = uuids(several.iter().map(|(_, mapping)| *mapping));
                Err(TriggersError::other(message, format!("name one by its UUID: {uuids}")))
            }
        }
    }

    /// Removes a mapping.
    pub(super) fn remove(&self, index: usize) -> Result<(), TriggersError> {
        let text = self.text.as_deref().unwrap_or_default();
        self.change(text, |document| document.remove(LIST, index))
    }

    /// Sets keys of a mapping.
    pub(super) fn update(
        &self,
        index: usize,
        keys: &Map<String, Value>,
    ) -> Result<(), TriggersError> {
        let text = self.text.as_deref().unwrap_or_default();
        self.change(text, |document| document.set_within(LIST, index, keys))
    }

    fn change(&self, text: &str, change: impl FnOnce(&mut Document)) -> Result<(), TriggersError> {
        let unwritable = || TriggersError::Unwritable(self.path().to_owned());
        let mut document = Document::read(text).ok_or_else(unwritable)?;
        change(&mut document);
        Ok(self.file.write(&document.text())?)
    }
}

fn uuids<'m>(mappings: impl Iterator<Item = &'m Value>) -> String {
    mappings.filter_map(|mapping| mapping["UUID"].as_str()).collect::<Vec<_>>().join(", ")
}

/// The mapping as AWS lists it once it polls, keys in AWS's order. Its UUID follows from the
/// function and the source. `LastModified` is left out: nothing here has a clock. Source: Lambda
/// API Reference, `EventSourceMappingConfiguration`.
pub(super) fn configuration(new: &NewMapping, family: Family, function: &FunctionArn) -> Value {
    let function_arn = function.qualified(new.qualifier.as_deref());
    let mut source = Map::new();
    insert(&mut source, "EventSourceArn", new.source_arn.as_deref());
    source.insert("FunctionArn".into(), function_arn.into());
    let mut rest = Map::new();
    destination(&mut rest, new, family);
    place(&mut rest, new);
    records(&mut rest, new, family);
    let identity: Vec<String> = IDENTITY
        .iter()
        .filter_map(|key| source.get(*key).or(rest.get(*key)))
        .map(Value::to_string)
        .collect();
    let uuid = identifier(&identity.iter().map(String::as_str).collect::<Vec<_>>());
    group(&mut rest, family, &uuid);
    let mut mapping = Map::new();
    insert(&mut mapping, "UUID", Some(uuid.as_str()));
    insert(&mut mapping, "StartingPosition", new.starting_position.as_deref());
    batches(&mut mapping, new, family);
    mapping.append(&mut source);
    state(&mut mapping, new, family);
    mapping.append(&mut rest);
    mapping.extend(new.further.clone());
    let (partition, region, account) =
        (function.partition(), function.region(), function.account());
    let arn = format!("arn:{partition}:lambda:{region}:{account}:event-source-mapping:{uuid}");
    insert(&mut mapping, "EventSourceMappingArn", Some(arn));
    Value::Object(mapping)
}

/// What an update changes in a mapping: all but what it is known by, and who reads its topic.
pub(super) fn changed(old: &Value, new: Value) -> Map<String, Value> {
    const KEPT: [&str; 5] = [
        "UUID",
        "EventSourceMappingArn",
        "LastProcessingResult",
        "AmazonManagedKafkaEventSourceConfig",
        "SelfManagedKafkaEventSourceConfig",
    ];
    let Value::Object(new) = new else { return Map::new() };
    let is_other = |(key, value): &(String, Value)| {
        old.get(key.as_str()) != Some(value) && !KEPT.contains(&key.as_str())
    };
    new.into_iter().filter(is_other).collect()
}

fn insert(map: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.into());
    }
}

fn batches(mapping: &mut Map<String, Value>, new: &NewMapping, family: Family) {
    let size = if family == Family::Queue { 10 } else { 100 };
    insert(mapping, "BatchSize", Some(new.batch_size.unwrap_or(size)));
    let window = new.maximum_batching_window_in_seconds.unwrap_or(0);
    insert(mapping, "MaximumBatchingWindowInSeconds", Some(window));
    if family == Family::Stream {
        let factor = new.parallelization_factor.unwrap_or(1);
        insert(mapping, "ParallelizationFactor", Some(factor));
    }
}

fn state(mapping: &mut Map<String, Value>, new: &NewMapping, family: Family) {
    if family == Family::Stream {
        insert(mapping, "LastProcessingResult", Some("No records processed"));
    }
    insert(mapping, "State", Some(if new.disabled { "Disabled" } else { "Enabled" }));
    let by_user = if family == Family::Queue { "USER_INITIATED" } else { "User action" };
    insert(mapping, "StateTransitionReason", Some(by_user));
}

fn destination(mapping: &mut Map<String, Value>, new: &NewMapping, family: Family) {
    let on_failure = match &new.on_failure {
        Some(arn) => json!({ "Destination": arn }),
        None if family == Family::Stream => json!({}),
        None => return,
    };
    mapping.insert("DestinationConfig".into(), json!({ "OnFailure": on_failure }));
}

/// Where in the source the records are, and how it is reached.
fn place(mapping: &mut Map<String, Value>, new: &NewMapping) {
    insert(mapping, "Topics", new.topic.as_ref().map(|topic| json!([topic])));
    insert(mapping, "Queues", new.queue.as_ref().map(|queue| json!([queue])));
    let access = new.source_access.iter().map(|(kind, uri)| json!({"Type": kind, "URI": uri}));
    let access: Vec<Value> = access.collect();
    insert(mapping, "SourceAccessConfigurations", Some(access).filter(|list| !list.is_empty()));
    let servers = Some(&new.bootstrap_servers).filter(|servers| !servers.is_empty());
    let own = servers.map(|all| json!({"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": all}}));
    insert(mapping, "SelfManagedEventSource", own);
    if let Some(database) = &new.database {
        let mut changes = Map::new();
        insert(&mut changes, "DatabaseName", Some(database.as_str()));
        insert(&mut changes, "CollectionName", new.collection.as_deref());
        insert(&mut changes, "FullDocument", Some("Default"));
        insert(mapping, "DocumentDBEventSourceConfig", Some(changes));
    }
}

/// What becomes of records that fail.
fn records(mapping: &mut Map<String, Value>, new: &NewMapping, family: Family) {
    let is_stream = family == Family::Stream;
    let age = new.maximum_record_age_in_seconds.or(is_stream.then_some(-1));
    insert(mapping, "MaximumRecordAgeInSeconds", age);
    let bisect = new.bisect_batch_on_function_error;
    insert(mapping, "BisectBatchOnFunctionError", (is_stream || bisect).then_some(bisect));
    let attempts = new.maximum_retry_attempts.or(is_stream.then_some(-1));
    insert(mapping, "MaximumRetryAttempts", attempts);
    let tumbling = new.tumbling_window_in_seconds.or(is_stream.then_some(0));
    insert(mapping, "TumblingWindowInSeconds", tumbling);
    let kinds: &[&str] =
        if new.report_batch_item_failures { &["ReportBatchItemFailures"] } else { &[] };
    let has_kinds = matches!(family, Family::Queue | Family::Stream) || !kinds.is_empty();
    insert(mapping, "FunctionResponseTypes", has_kinds.then(|| json!(kinds)));
    let scaling = new.maximum_concurrency.map(|most| json!({ "MaximumConcurrency": most }));
    insert(mapping, "ScalingConfig", scaling);
}

/// Readers of a topic belong to a group, which has the mapping's id where nobody names one.
fn group(mapping: &mut Map<String, Value>, family: Family, uuid: &str) {
    let key = match family {
        Family::Cluster => "AmazonManagedKafkaEventSourceConfig",
        Family::OwnCluster => "SelfManagedKafkaEventSourceConfig",
        _ => return,
    };
    insert(mapping, key, Some(json!({ "ConsumerGroupId": uuid })));
}
