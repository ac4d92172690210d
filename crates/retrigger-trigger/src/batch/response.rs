//! How AWS reads the handler's answer to a batch. The rules are here and nowhere else.

use std::collections::BTreeSet;

use serde_json::Value;

use super::items::Item;
use super::{BatchOutcome, BatchResult, FunctionResult, ItemFate, ItemOutcome, Source};
use crate::payload::text;

/// What the answer is read against.
pub(super) struct Wanted<'a> {
    pub(super) items: &'a [Item],
    pub(super) source: Source,
    /// `ReportBatchItemFailures` is on.
    pub(super) partial: bool,
}

/// What AWS reads in the answer.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) verdict: Verdict,
    why: String,
    pub(super) warnings: Vec<String>,
}

#[derive(Debug)]
pub(super) enum Verdict {
    Success,
    /// The positions of the items reported as failed, at least one.
    Partial(BTreeSet<usize>),
    /// The handler raised an error.
    Error,
    /// The answer itself is at fault.
    BadAnswer,
}

impl Reading {
    fn new(verdict: Verdict, why: impl Into<String>) -> Self {
        Self { verdict, why: why.into(), warnings: vec![] }
    }

    fn warn(mut self, warning: Option<String>) -> Self {
        self.warnings.extend(warning);
        self
    }

    pub(super) const fn result(&self) -> BatchResult {
        match self.verdict {
            Verdict::Success => BatchResult::CompleteSuccess,
            Verdict::Partial(_) => BatchResult::PartialSuccess,
            Verdict::Error | Verdict::BadAnswer => BatchResult::CompleteFailure,
        }
    }

    /// The outcome in which the item at each position has the fate that `fate` gives it.
    pub(super) fn into_outcome(
        self,
        items: &[Item],
        fate: impl Fn(usize) -> ItemFate,
    ) -> BatchOutcome {
        let result = self.result();
        let item = |(index, item): (usize, &Item)| ItemOutcome {
            id: item.id.clone(),
            outcome: fate(index),
        };
        BatchOutcome {
            result,
            why: self.why,
            items: items.iter().enumerate().map(item).collect(),
            next_batches: vec![],
            destination: None,
            warnings: self.warnings,
        }
    }
}

/// Reads the answer. What follows for each item depends on the source.
pub(super) fn read(result: FunctionResult<'_>, wanted: &Wanted<'_>) -> Reading {
    let bytes = match result {
        FunctionResult::FunctionError => {
            return Reading::new(Verdict::Error, "the function returned an error");
        }
        FunctionResult::Response(bytes) => bytes.trim_ascii(),
    };
    let answer = if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(bytes) };
    let reports = matches!(wanted.source, Source::Sqs | Source::Stream | Source::Kafka);
    match answer {
        Ok(answer) if reports && wanted.partial => read_report(&answer, wanted),
        Err(_) if reports && wanted.partial => {
            Reading::new(Verdict::BadAnswer, "the response is not JSON")
        }
        answer => read_success(answer.ok().as_ref(), reports, wanted),
    }
}

/// Without `ReportBatchItemFailures` any answer is success, also one that reports failures.
fn read_success(answer: Option<&Value>, reports: bool, wanted: &Wanted<'_>) -> Reading {
    let reading = Reading::new(Verdict::Success, "the function returned no error");
    let named = answer.map_or_else(Vec::new, |answer| named_in(answer, wanted));
    let reason = if reports {
        "`ReportBatchItemFailures` is not on"
    } else {
        "this source knows no partial batch response"
    };
    let by_status = answer.and_then(|answer| failed_by_status(answer, wanted));
    reading.warn(lost(&named, wanted.source, reason).or(by_status))
}

/// An answer as API Gateway expects it that tells of a failure by its status: all items count as
/// done all the same, and the warning names them.
fn failed_by_status(answer: &Value, wanted: &Wanted<'_>) -> Option<String> {
    let status = answer.get("statusCode")?.as_u64().filter(|status| *status >= 400)?;
    let ids: Vec<String> = wanted.items.iter().map(|item| format!("`{}`", item.id)).collect();
    let (items, fate) = (wanted.source.items(), done(wanted.source));
    (!ids.is_empty()).then(|| {
        format!(
            "the response has the status {status}, where AWS does not look: {items} {} count as \
             done and are {fate}",
            ids.join(", ")
        )
    })
}

/// What becomes of items that count as done.
fn done(source: Source) -> &'static str {
    if source == Source::Sqs { "deleted" } else { "not retried" }
}

/// With `ReportBatchItemFailures` on.
fn read_report(answer: &Value, wanted: &Wanted<'_>) -> Reading {
    let failures = match answer {
        Value::Null => return Reading::new(Verdict::Success, "the response is empty"),
        Value::Object(fields) => fields.get("batchItemFailures"),
        // AWS does not document other JSON: what is no object is taken for a malformed response.
        other => return malformed(&format!("the response is {}, not an object", kind(other))),
    };
    match failures {
        None => read_unreported(answer, wanted),
        Some(Value::Null) => Reading::new(Verdict::Success, "`batchItemFailures` is null"),
        Some(Value::Array(list)) if list.is_empty() => {
            Reading::new(Verdict::Success, "`batchItemFailures` is empty")
        }
        Some(Value::Array(list)) => read_failures(list, wanted),
        Some(other) => malformed(&format!("`batchItemFailures` is {}, not a list", kind(other))),
    }
}

fn malformed(what: &str) -> Reading {
    let note = "AWS does not document how it takes this response; it is taken for a failure";
    Reading::new(Verdict::BadAnswer, what).warn(Some(note.to_owned()))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a Boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// No `batchItemFailures` is success, even where the report is wrapped or its name is misspelt.
fn read_unreported(answer: &Value, wanted: &Wanted<'_>) -> Reading {
    let reading = Reading::new(Verdict::Success, "the response has no `batchItemFailures`");
    let named = named_in(answer, wanted);
    if answer.get("statusCode").is_some() && answer.get("body").is_some() {
        let reason = "the report is wrapped in `statusCode` and `body`, where AWS does not look";
        let by_status = failed_by_status(answer, wanted);
        return reading.warn(lost(&named, wanted.source, reason).or(by_status));
    }
    let near = misspelt(answer).map(|key| format!("`{key}` is not `batchItemFailures`"));
    let warning = near.and_then(|reason| lost(&named, wanted.source, &reason));
    reading.warn(warning)
}

/// A field whose name is close to the one AWS reads.
fn misspelt(answer: &Value) -> Option<&str> {
    let name = "batchitemfailures";
    let near = |key: &&String| strsim::damerau_levenshtein(&key.to_ascii_lowercase(), name) <= 3;
    answer.as_object()?.keys().find(near).map(String::as_str)
}

/// The ids of the batch that a report names, where AWS would not read it: in a wrapped body or
/// under a misspelt name.
fn named_in(answer: &Value, wanted: &Wanted<'_>) -> Vec<String> {
    let unwrapped = answer.get("body").map(|body| match body {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        other => other.clone(),
    });
    let report = match &unwrapped {
        Some(body) if answer.get("batchItemFailures").is_none() => body,
        _ => answer,
    };
    let field = report.get("batchItemFailures").or_else(|| report.get(misspelt(report)?));
    let failures = field.and_then(Value::as_array).into_iter().flatten();
    let positions = failures.filter_map(|failure| position(failure, wanted).ok());
    positions.filter_map(|index| wanted.items.get(index)).map(|item| item.id.clone()).collect()
}

fn lost(named: &[String], source: Source, reason: &str) -> Option<String> {
    let ids = named.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    let (items, fate) = (source.items(), done(source));
    (!named.is_empty()).then(|| {
        format!("{reason}: {items} {ids} are reported as failed, but count as done and are {fate}")
    })
}

fn read_failures(failures: &[Value], wanted: &Wanted<'_>) -> Reading {
    let mut failed = BTreeSet::new();
    for (index, failure) in failures.iter().enumerate() {
        match position(failure, wanted) {
            Ok(position) => failed.insert(position),
            Err(fault) => {
                let why = format!("item {index} of `batchItemFailures` {fault}");
                return Reading::new(Verdict::BadAnswer, why);
            }
        };
    }
    let (count, all, items) = (failed.len(), wanted.items.len(), wanted.source.items());
    Reading::new(Verdict::Partial(failed), format!("the response reports {count} of {all} {items}"))
}

/// The position of the item that a failure names, or what is wrong with it.
fn position(failure: &Value, wanted: &Wanted<'_>) -> Result<usize, String> {
    let id = match failure.get("itemIdentifier") {
        None => return Err("has no `itemIdentifier`".to_owned()),
        Some(Value::Null) => return Err("has a null `itemIdentifier`".to_owned()),
        Some(Value::String(id)) if id.is_empty() => {
            return Err("has an empty `itemIdentifier`".to_owned());
        }
        Some(Value::Object(_)) if wanted.source == Source::Kafka => kafka_id(failure)?,
        Some(Value::String(id)) if wanted.source != Source::Kafka => id.clone(),
        Some(other) => return Err(format!("has {} as `itemIdentifier`", kind(other))),
    };
    let found = wanted.items.iter().position(|item| item.id == id);
    found.ok_or_else(|| format!("names `{id}`, which is not in the batch"))
}

/// A Kafka record is named by its partition, as the event spells it, and its offset. The field is
/// called `partition`; `topic-partition` is taken too, as AWS's own libraries differ.
fn kafka_id(failure: &Value) -> Result<String, String> {
    let partition = text(failure, "/itemIdentifier/partition")
        .or_else(|| text(failure, "/itemIdentifier/topic-partition"));
    let offset = failure.pointer("/itemIdentifier/offset").and_then(Value::as_u64);
    match partition.zip(offset) {
        Some((partition, offset)) => Ok(format!("{partition}@{offset}")),
        None => Err("has no `partition` and `offset` in its `itemIdentifier`".to_owned()),
    }
}
