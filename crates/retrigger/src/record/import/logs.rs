//! Events in logs: of `aws logs filter-log-events`, of an export, or as lines of text.

use std::{collections::HashMap, sync::LazyLock};

use jiff::Timestamp;
use regex::Regex;
use retrigger_recording::{Invocation, Time};
use retrigger_trigger::recognise;
use serde_json::Value;

use super::{
    FoundEvent, Place,
    literal::{self, NoLiteral},
};
use crate::record::line;

/// How deep an event is looked for in an object that was logged.
const MAX_DEPTH: usize = 8;

/// How often a value is looked for in a message that has many braces.
const MAX_TRIES: usize = 64;

/// One entry of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) message: String,
    pub(super) time: Option<Time>,
    pub(super) stream: Option<String>,
    /// The line of the file, counted from one.
    pub(super) line: Option<usize>,
}

/// What logs hold.
#[derive(Debug, Default)]
pub(super) struct LogEvents {
    pub(super) events: Vec<FoundEvent>,
    /// What stands in place of the rest in events that were printed in part, and where.
    pub(super) shortened: Vec<(Place, String)>,
}

/// An entry from a record of the `CloudWatch` Logs API; `None` where it is none.
///
/// Source: Amazon `CloudWatch` Logs API Reference, `FilteredLogEvent`.
pub(super) fn entry_of(record: &Value) -> Option<Entry> {
    let message = record.get("message")?.as_str()?.to_owned();
    let millis = record.get("timestamp")?.as_i64()?;
    let time = Timestamp::from_millisecond(millis).ok()?;
    let stream = record.get("logStreamName").and_then(Value::as_str).map(str::to_owned);
    Some(Entry { message, time: time.to_string().parse().ok(), stream, line: None })
}

/// What may stand before a message: the time and the log stream, as exports and tools print them.
static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    let time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?";
    let stream = r"\d{4}/\d\d/\d\d/\S*\[[^\]\s]+\][0-9a-f]{32}";
    let pattern = format!(r"^(?:(?P<time>{time})|(?P<stream>{stream}))[ \t]+");
    // INVARIANT: the pattern compiles; every test below would fail otherwise.
    Regex::new(&pattern).unwrap_or_else(|error| unreachable!("{error}"))
});

/// A request id: where a runtime's format has it, or in a line of the platform.
static REQUEST_ID: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?:^|\t|RequestId: )([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\t|\s|$)";
    // INVARIANT: as above.
    Regex::new(pattern).unwrap_or_else(|error| unreachable!("{error}"))
});

/// The entries of a log in lines of text. A line that starts with neither a time nor a log stream
/// goes on with the one before.
pub(super) fn entries_of(text: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let mut entry = Entry { line: Some(number), ..Entry::default() };
        let mut rest = line;
        while let Some(found) = BEFORE.captures(rest) {
            let whole = found.get(0).map_or(0, |all| all.end());
            if let Some(time) = found.name("time") {
                let utc = format!("{}Z", time.as_str());
                let time = time.as_str().parse().or_else(|_| utc.parse()).ok();
                entry.time = entry.time.or(time);
            }
            if let Some(stream) = found.name("stream") {
                entry.stream = Some(stream.as_str().to_owned());
            }
            rest = &rest[whole..];
        }
        rest.clone_into(&mut entry.message);
        let is_new = rest.len() < line.len()
            || ["START ", "END ", "REPORT "].iter().any(|word| rest.starts_with(word))
            || rest.starts_with('{');
        match entries.last_mut() {
            Some(last) if !is_new => {
                last.message.push('\n');
                last.message.push_str(rest);
            }
            _ => entries.push(entry),
        }
    }
    entries
}

impl LogEvents {
    /// The events that a handler logged, each once an invocation.
    pub(super) fn read(entries: &[Entry]) -> Self {
        let mut found = Self::default();
        let mut requests: HashMap<Option<&str>, String> = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            let stream = entry.stream.as_deref();
            if let Some(id) = request_id(&entry.message) {
                requests.insert(stream, id);
            }
            let request_id = requests.get(&stream).cloned();
            let place = match entry.line {
                Some(line) => Place::Line(line),
                None => Place::Entry(index + 1),
            };
            let printed = printed_in(&entry.message);
            found.shortened.extend(printed.shortened.map(|instead| (place, instead)));
            for event in printed.events {
                let mut event = FoundEvent { place, ..event };
                let Invocation { request_id: id, time, log_stream, .. } = &mut event.invocation;
                *id = id.take().or_else(|| request_id.clone());
                *time = time.take().or_else(|| entry.time.clone());
                *log_stream = log_stream.take().or_else(|| entry.stream.clone());
                let id = event.invocation.request_id.clone();
                let is_known = |known: &FoundEvent| {
                    known.json == event.json && known.invocation.request_id == id && id.is_some()
                };
                if !found.events.iter().any(is_known) {
                    found.events.push(event);
                }
            }
        }
        found
    }
}

/// The request id that a message names: of Node's and Python's format, of JSON logs, or of the
/// lines that Lambda itself writes.
///
/// Source: AWS Lambda Developer Guide, "Working with Lambda function logs" and "Configuring JSON
/// and plain text log formats".
fn request_id(message: &str) -> Option<String> {
    if message.starts_with('{') {
        let logged: Value = serde_json::from_str(message).ok()?;
        let of = |pointer: &str| logged.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let names = ["/requestId", "/AWSRequestId", "/function_request_id", "/record/requestId"];
        return names.into_iter().find_map(of);
    }
    let start: String = message.chars().take(200).collect();
    REQUEST_ID.captures(&start).map(|found| found[1].to_owned())
}

/// What a message shows.
#[derive(Debug, Default)]
struct Printed {
    events: Vec<FoundEvent>,
    shortened: Option<String>,
}

/// The events in a message.
fn printed_in(message: &str) -> Printed {
    let mut printed = Printed::default();
    let (mut at, mut tries) = (0, 0);
    while let Some(brace) = message[at..].find('{').filter(|_| tries < MAX_TRIES) {
        let start = at + brace;
        at = start + 1;
        tries += 1;
        match literal::read(&message[start..]) {
            Ok(literal) => {
                at = start + literal.length;
                collect(&literal.json, 0, &mut printed.events);
            }
            Err(NoLiteral::Shortened(instead)) => {
                printed.shortened.get_or_insert(instead);
            }
            Err(NoLiteral::Other) => {}
        }
    }
    if !printed.events.is_empty() {
        printed.shortened = None;
    }
    printed
}

/// The events in a value: itself, or what stands somewhere in it, also as JSON in a string.
fn collect(json: &str, depth: usize, events: &mut Vec<FoundEvent>) {
    let Ok(value) = serde_json::from_str::<Value>(json) else { return };
    if let Some(recorded) = line::read(&value) {
        events.push(recorded);
    } else if recognise(&value).is_some() {
        events.push(FoundEvent::new(json.to_owned(), Place::Whole));
    } else {
        collect_within(&value, depth, events);
    }
}

fn collect_within(value: &Value, depth: usize, events: &mut Vec<FoundEvent>) {
    if depth > MAX_DEPTH {
        return;
    }
    let mut look_at = |value: &Value| match value {
        Value::String(text) if text.trim_start().starts_with('{') => {
            collect(text.trim(), depth + 1, events);
        }
        Value::Object(_) if recognise(value).is_some() => {
            events.push(FoundEvent::new(value.to_string(), Place::Whole));
        }
        value => collect_within(value, depth + 1, events),
    };
    match value {
        Value::Object(object) => object.values().for_each(&mut look_at),
        Value::Array(items) => items.iter().for_each(&mut look_at),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const QUEUE: &str = "arn:aws:sqs:us-east-1:841860927337:orders";

    fn inspected() -> String {
        format!(
            "{{\n  Records: [\n    {{\n      messageId: '1',\n      body: 'it\\'s',\n      \
             eventSource: 'aws:sqs',\n      eventSourceARN: '{QUEUE}'\n    }}\n  ]\n}}"
        )
    }

    fn json() -> String {
        format!(
            r#"{{"Records":[{{"messageId":"1","body":"it's","eventSource":"aws:sqs","eventSourceARN":"{QUEUE}"}}]}}"#
        )
    }

    const ID: &str = "8f507cfc-xmpl-4697-b07a-ac58fc914c95";
    const HEX: &str = "8f507cfc-0001-4697-b07a-ac58fc914c95";

    fn read(text: &str) -> LogEvents {
        LogEvents::read(&entries_of(text))
    }

    #[rstest]
    #[case::node(format!("2026-03-02T09:41:00.123Z\t{HEX}\tINFO\tEVENT {}", inspected()))]
    #[case::node_in_one_line(format!(
        "2026-03-02T09:41:00.123Z\t{HEX}\tINFO\t{}",
        inspected().replace('\n', "\r")
    ))]
    #[case::export(format!("2026-03-02T09:41:00.123Z 2026-03-02T09:41:00.123Z\t{HEX}\tINFO\t{}", json()))]
    #[case::tail(format!(
        "2026-03-02T09:41:00.123000+00:00 2026/03/02/[$LATEST]0123456789abcdef0123456789abcdef \
         START RequestId: {HEX} Version: $LATEST\n2026-03-02T09:41:00.123000+00:00 \
         2026/03/02/[$LATEST]0123456789abcdef0123456789abcdef event: {}",
        json()
    ))]
    #[case::python(format!(
        "[INFO]\t2026-03-02T09:41:00.123Z\t{HEX}\t{{'Records': [{{'messageId': '1', 'body': \
         \"it's\", 'eventSource': 'aws:sqs', 'eventSourceARN': '{QUEUE}'}}]}}"
    ))]
    #[case::json_log(format!(
        r#"{{"timestamp":"2026-03-02T09:41:00.123Z","level":"INFO","requestId":"{HEX}","message":{}}}"#,
        json()
    ))]
    #[case::json_in_a_string(format!(
        r#"{{"requestId":"{HEX}","message":{}}}"#,
        Value::from(json())
    ))]
    fn events_are_found_in_every_format(#[case] log: String) {
        let found = read(&log);
        let events: Vec<&str> = found.events.iter().map(|event| event.json.as_str()).collect();
        assert_eq!(events, [json()]);
        assert_eq!(found.events[0].invocation.request_id.as_deref(), Some(HEX));
    }

    #[test]
    fn an_event_that_was_logged_twice_is_one() {
        let line = format!("2026-03-02T09:41:00.123Z\t{HEX}\tINFO\t{}", json());
        assert_eq!(read(&format!("{line}\n{line}")).events.len(), 1);
        let other = line.replace(HEX, "9f507cfc-0001-4697-b07a-ac58fc914c95");
        assert_eq!(read(&format!("{line}\n{other}")).events.len(), 2);
    }

    #[test]
    fn what_was_printed_in_part_is_told() {
        let found = read("2026-03-02T09:41:00Z\tx\tINFO\t{ Records: [ { s3: [Object] } ] }");
        assert!(found.events.is_empty());
        assert_eq!(found.shortened, [(Place::Line(1), "[Object]".to_owned())]);
    }

    #[rstest]
    #[case("START RequestId: 8f507cfc-0001-4697-b07a-ac58fc914c95 Version: 3\n", Some(HEX))]
    #[case("a request id in the text: 8f507cfc-0001-4697-b07a-ac58fc914c95", None)]
    #[case(ID, None)]
    fn request_ids_stand_in_known_places(#[case] message: &str, #[case] id: Option<&str>) {
        assert_eq!(request_id(message).as_deref(), id);
    }

    #[test]
    fn many_braces_take_no_long() {
        assert!(read(&"{".repeat(1_000_000)).events.is_empty());
        assert!(read(&"{a:".repeat(300_000)).events.is_empty());
    }
}
