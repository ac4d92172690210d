//! `expected.json`: what a replay must show.

use std::string::FromUtf8Error;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{
    align::aligned,
    error::{Error, Problem},
    json::{self, Json},
    manifest::Redaction,
    parse::versioned_json,
    recording::{EXPECTED_FILE, Recording, cannot_be_redacted, note},
    redact::{Redactor, has_token},
    source::Source,
};

/// The version of `expected.json` that is written. Version 1 is the first.
pub const EXPECTED_FORMAT: u32 = 1;

/// What a replay must show. What is `None` is not compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with what is expected")]
pub struct Expected {
    /// The version of the file; [`EXPECTED_FORMAT`] when it is written.
    #[serde(rename = "format")]
    pub(crate) format: Option<u32>,
    /// How the replay ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Every decision, in the order in which they are made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decisions: Option<Vec<ExpectedDecision>>,
    /// AWS's text, as whoever invoked the function would see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The handler's response, where it is JSON; the response `null` is JSON too.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub response: Option<Json>,
    /// The handler's response in base64, where it is not JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_base64: Option<String>,
    /// The body of the function error: `errorType`, `errorMessage`, and what else is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function_error: Option<Value>,
    /// What becomes of the log lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<ExpectedLogs>,
    /// What becomes of each message of a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Value>,
    /// What is said of policies that cannot be loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnostics: Option<Vec<ExpectedDiagnostic>>,
}

/// A `null` that is there is a value, unlike one that is not.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

/// How a replay ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// The handler returned a response.
    Completed,
    /// The trigger may not invoke, the poller may not poll, or Lambda may not assume the role: the
    /// handler did not run.
    Denied,
    /// The handler failed, timed out or crashed.
    FunctionError,
    /// A policy cannot be loaded: nothing was decided.
    NotLoaded,
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a decision")]
pub struct ExpectedDecision {
    /// The step of the replay that asks.
    pub step: Step,
    /// The action, such as `lambda:InvokeFunction`.
    pub action: String,
    /// The ARN of the resource, or `*`.
    pub resource: String,
    /// What is decided.
    pub decision: DecisionKind,
    /// The statement that decided. Without it any may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<StatementRef>,
}

/// A step of a replay that asks for authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Step {
    /// May the trigger invoke the function?
    Invoke,
    /// May Lambda poll the event source for the function?
    Poll,
    /// May Lambda assume the execution role?
    AssumeRole,
    /// May the function make the AWS call that it makes?
    Call,
    /// May the function write its log?
    Log,
}

/// What IAM decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DecisionKind {
    /// Some statement allows, and none denies.
    Allowed,
    /// No statement allows.
    ImplicitlyDenied,
    /// A statement denies.
    ExplicitlyDenied,
    /// It hangs on facts that are not known.
    Undecided,
}

/// A statement of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a statement's `Sid`, or its index from 0")]
pub enum StatementRef {
    /// By its `Sid`.
    Sid(String),
    /// By its place in the policy, from 0.
    Index(usize),
}

/// What becomes of the log lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object such as `{\"delivered\": true}`")]
pub struct ExpectedLogs {
    /// Whether they reach the log group.
    pub delivered: bool,
}

/// One thing that is said of a policy that cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a diagnostic")]
pub struct ExpectedDiagnostic {
    /// The file, relative to the function folder, with `/` between its parts.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The message.
    pub message: String,
}

impl Expected {
    pub(crate) fn parse(source: &Source) -> Result<Self, Error> {
        versioned_json(source, EXPECTED_FORMAT)
    }

    /// Whether both expect the same; the version of the file aside.
    pub fn says(&self, other: &Self) -> bool {
        Self { format: None, ..self.clone() } == Self { format: None, ..other.clone() }
    }

    /// Replaces every secret by a token, and says what was replaced, as a manifest lists it. A
    /// secret that stands in another file of `recording` is removed here too; tokens are numbered
    /// after those that the recording has, what it expects so far left aside.
    ///
    /// # Errors
    ///
    /// When it cannot be searched.
    pub fn redact(
        &mut self,
        redactor: &Redactor,
        recording: &Recording,
    ) -> Result<Vec<Redaction>, Error> {
        let failed = cannot_be_redacted(EXPECTED_FILE);
        let mut texts = recording.texts()?;
        texts.push(serde_json::to_string(self).map_err(failed)?.into());
        let leaks = redactor.redact_all(&mut texts).pop().unwrap_or_default();
        if let Some(redacted) = texts.last().filter(|_| !leaks.is_empty()) {
            *self = serde_json::from_str(redacted).map_err(failed)?;
        }
        let mut found = Vec::new();
        note(&mut found, EXPECTED_FILE, None, leaks);
        Ok(found)
    }

    /// [`redact`](Self::redact) for what a replay of `recording` showed: a secret that the handler
    /// makes anew has the token that stands in its place in what the recording expects.
    ///
    /// # Errors
    ///
    /// When it cannot be searched.
    pub fn redact_as_expected(
        &mut self,
        redactor: &Redactor,
        recording: &Recording,
    ) -> Result<(), Error> {
        self.redact(redactor, recording)?;
        let Some(expected) = &recording.expected else { return Ok(()) };
        let failed = cannot_be_redacted(EXPECTED_FILE);
        let (wanted, shown) = (serde_json::to_value(expected), serde_json::to_value(&*self));
        let shown = aligned(&wanted.map_err(failed)?, shown.map_err(failed)?, &recording.texts()?);
        *self = serde_json::from_value(shown).map_err(failed)?;
        Ok(())
    }

    /// Expects this answer of the handler.
    pub fn set_response(&mut self, answer: Vec<u8>) {
        let text = String::from_utf8(answer).map_err(FromUtf8Error::into_bytes);
        match text.and_then(|text| Json::parse(text).map_err(String::into_bytes)) {
            Ok(json) => self.response = Some(json),
            Err(bytes) => self.response_base64 = Some(STANDARD.encode(bytes)),
        }
    }

    /// Whether the expected answer holds a token in a secret's place.
    pub fn is_redacted(&self) -> bool {
        let in_response = self.response.as_ref().is_some_and(|json| has_tokens(&json.to_value()));
        let bytes = self.response_base64.as_ref().and_then(|text| STANDARD.decode(text).ok());
        let is_token = |bytes: Vec<u8>| has_token(&String::from_utf8_lossy(&bytes));
        in_response
            || self.function_error.as_ref().is_some_and(has_tokens)
            || bytes.is_some_and(is_token)
    }

    /// The object of `expected.json`.
    pub(crate) fn to_value(&self) -> Result<Value, Problem> {
        serde_json::to_value(self.written()).map_err(cannot_be_written)
    }

    /// The text of `expected.json`: indented where that does not make it huge.
    pub(crate) fn to_text(&self) -> Result<String, Problem> {
        let text = serde_json::to_string(&self.written()).map_err(cannot_be_written)?;
        Ok(json::indented(&text, MAX_INDENTED).unwrap_or(text) + "\n")
    }

    fn written(&self) -> Self {
        Self { format: Some(EXPECTED_FORMAT), ..self.clone() }
    }
}

/// The most bytes of an `expected.json` with each value on a line of its own. Values may be indented
/// so far that they take a hundred times the room.
const MAX_INDENTED: usize = 1024 * 1024;

#[expect(clippy::needless_pass_by_value, reason = "errors are mapped by it")]
fn cannot_be_written(error: serde_json::Error) -> Problem {
    Problem::value(format!("cannot be written as JSON: {error}"))
}

fn has_tokens(value: &Value) -> bool {
    match value {
        Value::String(text) => has_token(text),
        Value::Array(items) => items.iter().any(has_tokens),
        Value::Object(map) => map.values().any(has_tokens),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn parse(text: &str) -> Result<Expected, Error> {
        Expected::parse(&Source { path: "expected.json".into(), text: text.into() })
    }

    #[test]
    fn the_written_text_is_ordered_and_read_back() {
        let text = r#"{
  "format": 1,
  "outcome": "denied",
  "decisions": [
    {
      "step": "assume-role",
      "action": "sts:AssumeRole",
      "resource": "arn:aws:iam::841860927337:role/lambdaDemo",
      "decision": "ImplicitlyDenied",
      "statement": 0
    }
  ],
  "response": {
    "z": 1.0,
    "a": [
      null
    ]
  },
  "logs": {
    "delivered": false
  }
}
"#;
        assert_eq!(parse(text).unwrap().to_text().unwrap(), text);
    }

    #[rstest]
    #[case(r#"{"format": 1, "response": "<jwt:1>"}"#, true)]
    #[case(r#"{"format": 1, "response_base64": "PGp3dDoxPgA="}"#, true)]
    #[case(r#"{"format": 1, "response_base64": "AGhp"}"#, false)]
    fn tokens_are_found_in_bytes_too(#[case] text: &str, #[case] is_redacted: bool) {
        assert_eq!(parse(text).unwrap().is_redacted(), is_redacted);
    }

    #[test]
    fn a_response_of_null_is_a_response() {
        let expected = parse(r#"{"format": 1, "response": null}"#).unwrap();
        assert_eq!(expected.response, Some(Value::Null.into()));
        assert_eq!(parse(&expected.to_text().unwrap()).unwrap().response, expected.response);
        assert_eq!(parse(r#"{"format": 1}"#).unwrap().response, None);
    }

    #[rstest]
    #[case(r#"{"format": 1, "outcom": "denied"}"#, "unknown key `outcom`; did you mean `outcome`?")]
    #[case(
        r#"{"format": 1, "outcome": "Denied"}"#,
        "unknown value `Denied`; it is one of `completed`"
    )]
    #[case(r#"{"format": 1, "logs": true}"#, "expected an object such as `{\"delivered\": true}`")]
    #[case(r#"{"outcome": "denied"}"#, "`format` is missing")]
    #[case(r#"{"format": 2, "story": []}"#, "written by a newer retrigger")]
    fn bad_expectations_are_refused(#[case] text: &str, #[case] message: &str) {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}
