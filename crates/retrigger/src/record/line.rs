//! A recording as one line of a log, so that a function's log group can carry it.

use retrigger_recording::{Expected, Invocation, Redactor};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

use super::{FoundEvent, NewRecording, Place, RecordError};

/// The version of the line that is written. Version 1 is the first.
const FORMAT: u64 = 1;

/// The key by which such a line is known; its value is the version.
const KEY: &str = "retrigger";

/// What stands before the event.
#[derive(Serialize)]
struct Head<'r> {
    retrigger: u64,
    invocation: &'r Invocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'r Expected>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    invocation: Invocation,
    #[serde(default)]
    expected: Option<Expected>,
    event: Box<RawValue>,
}

impl NewRecording {
    /// The recording as one line of JSON without its end, with its secrets replaced:
    /// `{"retrigger":1,"invocation":{…},"expected":{…},"event":…}`. [`Import`](super::Import) reads
    /// it, also out of a log. What is declared of the trigger is left out.
    ///
    /// # Errors
    ///
    /// When the event is no JSON.
    pub fn to_line(self, redactor: &Redactor) -> Result<String, RecordError> {
        let (mut recording, _) = self.into_recording();
        recording.redact(redactor)?;
        let invalid = |error: serde_json::Error| RecordError::Declared(error.to_string());
        let head = Head {
            retrigger: FORMAT,
            invocation: &recording.manifest.invocation,
            expected: recording.expected.as_ref(),
        };
        let head = serde_json::to_string(&head).map_err(invalid)?;
        let head = format!("{},\"event\":", head.strip_suffix('}').unwrap_or(&head));
        drop(recording.expected);
        let mut line = recording.event;
        // The event may be large: the line is made around it, with room for its end.
        line.reserve_exact(head.len() + 2);
        line.splice(..0, head.into_bytes());
        line.push(b'}');
        // Line ends stand between values only: in strings they are escaped.
        line.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
        let line = String::from_utf8(line);
        line.map_err(|error| RecordError::Declared(error.utf8_error().to_string()))
    }
}

/// The event in such a line; `None` where it is none.
pub(super) fn read(value: &Value) -> Option<FoundEvent> {
    if value.get(KEY) != Some(&json!(FORMAT)) {
        return None;
    }
    let Line { invocation, expected, event, .. } = Line::deserialize(value).ok()?;
    let event = FoundEvent::new(event.get().to_owned(), Place::Whole);
    Some(FoundEvent { invocation, expected, ..event })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Import;

    fn recording() -> NewRecording {
        let event = "{\n  \"headers\": {\"cookie\": \"session=abc123\"},\n  \"n\": 1.50\n}";
        let mut expected: Expected = serde_json::from_value(json!({"format": 1})).unwrap();
        expected.set_response(b"{\r\n  \"statusCode\": 200\n}".to_vec());
        NewRecording {
            event: event.to_owned(),
            invocation: Invocation { request_id: Some("r-1".into()), ..Invocation::default() },
            expected: Some(expected),
            ..NewRecording::default()
        }
    }

    #[test]
    fn a_line_is_read_as_it_was_written_but_for_its_secrets() {
        let line = recording().to_line(&Redactor::default()).unwrap();
        assert!(!line.contains("abc123") && !line.contains('\n'), "{line}");
        let stream = "2026/03/02/[$LATEST]0123456789abcdef0123456789abcdef";
        for text in [
            line.clone(),
            format!("{line}\n{line}\n"),
            format!("2026-03-02T09:41:00.000Z {stream} {line}\n"),
            json!({"events": [{"timestamp": 1, "message": format!("{line}\n")}]}).to_string(),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("file");
            std::fs::write(&path, &text).unwrap();
            let found = Import::read(&path).unwrap();
            let event = &found.events[0];
            assert_eq!(event.invocation.request_id.as_deref(), Some("r-1"), "{text}");
            assert_eq!(event.expected, recording().expected, "{text}");
            let value: Value = serde_json::from_str(&event.json).unwrap();
            assert_eq!(value["n"], json!(1.5));
        }
    }

    #[test]
    fn other_lines_are_none() {
        for value in [json!({}), json!({"retrigger": 2, "event": {}}), json!({"retrigger": 1})] {
            assert_eq!(read(&value), None);
        }
    }
}
