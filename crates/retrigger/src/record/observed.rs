//! From what a proxy before the Runtime API saw to a recording.

use jiff::Timestamp;
use retrigger_recording::{Expected, Invocation, Outcome};
use retrigger_runtime::{Answered, Observed};
use serde_json::{Map, Value};

use super::{NewRecording, qualifier, to_the_millisecond};

/// What of a function error is the same in every run: not its stack trace, nor its request id.
const SAME_IN_EVERY_RUN: [&str; 2] = ["errorType", "errorMessage"];

impl NewRecording {
    /// A recording of what was observed, with the function's answer as what is expected; `None`
    /// where the event is no text, as none of Lambda's is.
    pub fn of_observed(observed: Observed) -> Option<Self> {
        // The one copy that there is becomes the recording's.
        let event = String::from_utf8(observed.event.into()).ok()?;
        let qualifier = observed.invoked_arn.as_deref().and_then(qualifier);
        let received = Timestamp::try_from(observed.received_at).ok();
        let deadline = observed.deadline_ms.and_then(|millis| i64::try_from(millis).ok());
        let deadline = deadline.and_then(|millis| Timestamp::from_millisecond(millis).ok());
        Some(Self {
            event,
            invocation: Invocation {
                qualifier,
                request_id: Some(observed.request_id),
                time: received.and_then(to_the_millisecond),
                deadline: deadline.and_then(to_the_millisecond),
                trace_id: observed.trace_id,
                client_context: observed.client_context,
                cognito_identity: observed.cognito_identity,
                ..Invocation::default()
            },
            expected: observed.answered.and_then(expected),
            ..Self::default()
        })
    }
}

/// What of a function's error does not hang on where and with what it ran.
pub(crate) fn same_in_every_run(error: Map<String, Value>) -> Option<Value> {
    let same = error.into_iter().filter(|(key, _)| SAME_IN_EVERY_RUN.contains(&&**key));
    let same: Map<String, Value> = same.collect();
    (!same.is_empty()).then(|| same.into())
}

fn expected(answered: Answered) -> Option<Expected> {
    let mut expected = Expected::default();
    match answered {
        Answered::Response(bytes) => {
            expected.outcome = Some(Outcome::Completed);
            // The one copy that there is becomes the recording's.
            expected.set_response(bytes.into());
        }
        Answered::Error(bytes) => {
            expected.outcome = Some(Outcome::FunctionError);
            let error: Map<String, Value> = serde_json::from_slice(&bytes).unwrap_or_default();
            expected.function_error = same_in_every_run(error);
        }
        Answered::NotKept => return None,
    }
    Some(expected)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use rstest::rstest;
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:lambda:us-east-1:841860927337:function:demo";

    fn observed(answered: Option<Answered>) -> Observed {
        Observed {
            request_id: "r-1".into(),
            invoked_arn: Some(format!("{ARN}:PROD")),
            deadline_ms: Some(1_772_444_463_123),
            trace_id: None,
            client_context: None,
            cognito_identity: None,
            received_at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_772_444_460_123),
            event: "{}".into(),
            answered,
            duration: None,
        }
    }

    #[test]
    fn facts_become_those_of_the_invocation() {
        let new = NewRecording::of_observed(observed(None)).unwrap();
        let Invocation { qualifier, request_id, time, deadline, .. } = new.invocation;
        assert_eq!(qualifier.as_deref(), Some("PROD"));
        assert_eq!(request_id.as_deref(), Some("r-1"));
        assert_eq!(time.unwrap().as_str(), "2026-03-02T09:41:00.123Z");
        assert_eq!(deadline.unwrap().as_str(), "2026-03-02T09:41:03.123Z");
        assert_eq!((new.event.as_str(), new.expected), ("{}", None));
    }

    #[rstest]
    #[case(Answered::Response("{\"a\": 1}".into()), json!({"outcome": "completed", "response": {"a": 1}}))]
    #[case(Answered::Response("null".into()), json!({"outcome": "completed", "response": null}))]
    #[case(Answered::Response("text".into()), json!({"outcome": "completed", "response_base64": "dGV4dA=="}))]
    #[case(
        Answered::Error("{\"errorType\": \"E\", \"errorMessage\": \"m\", \"trace\": [\"at x\"]}".into()),
        json!({"outcome": "function-error", "function_error": {"errorType": "E", "errorMessage": "m"}})
    )]
    #[case(Answered::Error("no JSON".into()), json!({"outcome": "function-error"}))]
    fn the_answer_is_what_is_expected(#[case] answered: Answered, #[case] expected: Value) {
        let new = NewRecording::of_observed(observed(Some(answered))).unwrap();
        let mut found = serde_json::to_value(new.expected.unwrap()).unwrap();
        found.as_object_mut().unwrap().remove("format");
        assert_eq!(found, expected);
    }
}
