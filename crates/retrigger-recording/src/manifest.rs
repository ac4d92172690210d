//! `recording.toml`: what is known of an event besides its payload.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Problem},
    noise::NoiseRule,
    parse::versioned_toml,
    source::Source,
    time::Time,
    write_toml,
};

/// The version of `recording.toml` that is written. Version 1 is the first.
pub const RECORDING_FORMAT: u32 = 1;

/// What `recording.toml` says. Its default is a recording of which nothing else is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The snapshot to replay under, relative to the function folder; `snapshot` by default.
    pub snapshot: Option<String>,
    /// The recording that this one was derived from, by its path below the function folder.
    pub derived_from: Option<String>,
    /// What is known of the trigger.
    pub trigger: TriggerFacts,
    /// What is known of the invocation.
    pub invocation: Invocation,
    /// What may vary in the handler's answer.
    pub noise: Vec<NoiseRule>,
    /// What was redacted.
    pub redactions: Vec<Redaction>,
}

/// What is known of the trigger besides the payload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TriggerFacts {
    /// The trigger's name, such as `alb` or `s3`, where the payload does not tell or tells wrongly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The ARN of what invoked, which is the request's `aws:SourceArn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_arn: Option<Fact<String>>,
    /// The account of what invoked, which is the request's `aws:SourceAccount`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_account: Option<Fact<String>>,
    /// The caller, such as `s3.amazonaws.com` or the ARN of a role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Fact<String>>,
    /// Further condition keys of the request, such as `aws:PrincipalOrgID`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub context: BTreeMap<String, Fact<Values>>,
}

/// A fact and how it is known. A fact has a value unless it is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "FactToml<T>", bound(deserialize = "T: Deserialize<'de>"))]
pub struct Fact<T> {
    /// The value; `None` exactly where the fact is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<T>,
    /// How it is known.
    provenance: Provenance,
}

impl<T> Fact<T> {
    /// A fact that a person or a recorder stated.
    pub fn declared(value: T) -> Self {
        Self { value: Some(value), provenance: Provenance::Declared }
    }

    /// A fact that was read from the payload.
    pub fn derived(value: T) -> Self {
        Self { value: Some(value), provenance: Provenance::Derived }
    }

    /// A fact that is stated to be unknown.
    pub fn unknown() -> Self {
        Self { value: None, provenance: Provenance::Unknown }
    }

    /// The value; `None` exactly where the fact is unknown.
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// How it is known.
    pub fn provenance(&self) -> Provenance {
        self.provenance
    }
}

#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a fact such as `{ value = \"…\", provenance = \"declared\" }`"
)]
struct FactToml<T> {
    value: Option<T>,
    provenance: Provenance,
}

impl<T> TryFrom<FactToml<T>> for Fact<T> {
    type Error = &'static str;

    fn try_from(fact: FactToml<T>) -> Result<Self, Self::Error> {
        let FactToml { value, provenance } = fact;
        match (&value, provenance) {
            (Some(_), Provenance::Unknown) => Err("a fact with a value cannot be `unknown`"),
            (None, Provenance::Declared | Provenance::Derived) => {
                Err("a fact without a `value` must be `unknown`")
            }
            _ => Ok(Self { value, provenance }),
        }
    }
}

/// How a fact is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provenance {
    /// Read from the payload.
    Derived,
    /// Stated by a person or a recorder.
    Declared,
    /// Not known.
    Unknown,
}

/// The value of a condition key: one string, or a list where the key is multivalued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a string or a list of strings")]
pub enum Values {
    /// A single-valued key.
    One(String),
    /// A multivalued key.
    Many(Vec<String>),
}

/// What is known of the invocation. What is missing, a replay makes up, the same each time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Invocation {
    /// The version or alias that was invoked; the unqualified function without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<String>,
    /// The request id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// When it was invoked, which is the request's `aws:CurrentTime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
    /// How often Lambda had handed over this same batch before: 0 where it is missing. Streams
    /// and Kafka give up after as many retries as their mapping says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// When Lambda would have ended the recorded invocation; a replay counts its own time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Time>,
    /// The value of the X-Ray trace header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The client context: JSON text, as a handler's runtime receives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_context: Option<String>,
    /// The Cognito identity: JSON text, as a handler's runtime receives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cognito_identity: Option<String>,
    /// The log stream that the sandbox wrote to, such as `2026/03/02/[$LATEST]0123…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_stream: Option<String>,
}

/// One piece of a file that was replaced by a token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redaction {
    /// The file of the recording, such as `event.json`.
    pub file: String,
    /// The line, for a file with a JSON text on each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// A JSON pointer to the value. It goes on into JSON that stands in a string.
    pub pointer: String,
    /// The rule that replaced it.
    pub rule: String,
}

/// `recording.toml` as it is written, in this order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordingToml {
    format: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    derived_from: Option<String>,
    #[serde(default)]
    trigger: TriggerFacts,
    #[serde(default)]
    invocation: Invocation,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    noise: Vec<NoiseRule>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    redactions: Vec<Redaction>,
}

impl Manifest {
    pub(crate) fn parse(source: &Source) -> Result<Self, Error> {
        let toml: RecordingToml = versioned_toml(source, RECORDING_FORMAT)?;
        let qualifier = toml.invocation.qualifier.as_ref();
        if let Some(qualifier) = qualifier.filter(|name| !is_qualifier(name)) {
            let at = source.text.find(qualifier.as_str()).unwrap_or(0);
            let reason = format!("`{qualifier}` is neither a version nor an alias");
            return Err(source.error(at, Problem::value(reason)));
        }
        Ok(toml.into())
    }

    /// The text of `recording.toml`.
    pub(crate) fn to_text(&self) -> Result<String, Problem> {
        let cannot_be_written =
            |reason| Problem::value(format!("cannot be written as TOML: {reason}"));
        let Self { snapshot, derived_from, trigger, invocation, noise, redactions } = self;
        let mut text = write_toml::to_text(&RecordingToml {
            format: RECORDING_FORMAT,
            snapshot: snapshot.clone(),
            derived_from: derived_from.clone(),
            trigger: trigger.clone(),
            invocation: invocation.clone(),
            noise: noise.clone(),
            redactions: Vec::new(),
        })
        .map_err(cannot_be_written)?;
        // One by one, as there may be thousands.
        for redaction in redactions {
            write_toml::push_item(&mut text, "redactions", redaction).map_err(cannot_be_written)?;
        }
        Ok(text)
    }

    /// All it says, as JSON.
    pub(crate) fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&RecordingToml::from(self.clone()))
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    pub(crate) fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<RecordingToml>(json).map(Self::from)
    }
}

impl From<RecordingToml> for Manifest {
    fn from(toml: RecordingToml) -> Self {
        let RecordingToml {
            snapshot, derived_from, trigger, invocation, noise, redactions, ..
        } = toml;
        Self { snapshot, derived_from, trigger, invocation, noise, redactions }
    }
}

impl From<Manifest> for RecordingToml {
    fn from(manifest: Manifest) -> Self {
        let Manifest { snapshot, derived_from, trigger, invocation, noise, redactions } = manifest;
        let format = RECORDING_FORMAT;
        Self { format, snapshot, derived_from, trigger, invocation, noise, redactions }
    }
}

/// The pattern of a qualifier in the AWS Lambda API Reference, `Invoke`.
fn is_qualifier(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"$_-".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn parse(text: &str) -> Result<Manifest, Error> {
        Manifest::parse(&Source { path: "recording.toml".into(), text: text.into() })
    }

    #[test]
    fn the_written_text_is_for_people() {
        let text = r#"format = 1
snapshot = "snapshots/cut-pattern"
derived_from = "s3-object-created"

[trigger]
kind = "s3"
source_account = { value = "841860927337", provenance = "declared" }
principal = { provenance = "unknown" }

[trigger.context]
"aws:PrincipalOrgPaths" = { value = ["o-1/r-1/", "o-1/r-2/"], provenance = "declared" }

[invocation]
qualifier = "PROD"
time = "2026-03-02T09:41:00Z"
retries = 2

[[noise]]
path = "/body/*/time"
varies = "time"

[[redactions]]
file = "event.json"
pointer = "/headers/cookie"
rule = "cookie"
"#;
        let manifest = parse(text).unwrap();
        assert_eq!(manifest.trigger.principal, Some(Fact::unknown()));
        assert_eq!(manifest.to_text().unwrap(), text);
    }

    #[test]
    fn only_the_format_is_needed() {
        let manifest = parse("format = 1\n").unwrap();
        assert_eq!(manifest, Manifest::default());
        assert_eq!(manifest.to_text().unwrap(), "format = 1\n");
    }

    #[rstest]
    #[case("[trigger]\nsource_arn = { value = \"a\" }", "the key `provenance` is missing")]
    #[case(
        "[trigger]\nsource_arn = { value = \"a\", provenance = \"unknown\" }",
        "cannot be `unknown`"
    )]
    #[case("[trigger]\nsource_arn = { provenance = \"derived\" }", "must be `unknown`")]
    #[case("[trigger]\nsource_arn = \"a\"", "expected a fact such as")]
    #[case("[trigger]\nsource_arns = 1", "unknown key `source_arns`; did you mean `source_arn`?")]
    #[case(
        "[[noise]]\npath = \"a\"\nvaries = \"id\"",
        ":3:8: the path `a` does not start with `/`"
    )]
    #[case("[[noise]]\npath = \"/a\"\nvaries = \"uuid\"", "`uuid`; it is one of `time`, `id`")]
    #[case("[[noise]]\npath = \"/a\"", "the key `varies` is missing")]
    #[case("[invocation]\ntime = \"noon\"", "recording.toml:3:8: `noon` is no time in RFC 3339")]
    #[case("[invocation]\nqualifier = \"a b\"", "recording.toml:3:14: `a b` is neither a version")]
    #[case(
        "[trigger.context]\n\"aws:x\" = { value = 5, provenance = \"declared\" }",
        "a string or a list of strings"
    )]
    fn bad_facts_are_located(#[case] rest: &str, #[case] expected: &str) {
        let error = parse(&format!("format = 1\n{rest}\n")).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
