//! The least policy that a function's recordings need of its execution role.
//!
//! What counts is every request that a replay makes as the execution role and that is allowed:
//! polling the event source, the handler's recorded AWS calls, writing the log. A request that a
//! recording shows to be denied needs nothing.
//!
//! ```no_run
//! use retrigger::{coverage::Coverage, policy::{ResourceLevel, least}};
//!
//! for needed in least(&Coverage::new(["recordings/orders"]), ResourceLevel::Exact)? {
//!     println!("{:#}", needed.policy);
//! }
//! # Ok::<(), retrigger::coverage::CoverageError>(())
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use retrigger_recording::Step;
use serde::Serialize;
use serde_json::{Value, json};

use crate::coverage::{AskedByRecording, Coverage, CoverageError, UndecidedRequest};

/// What a log stream is called is for Lambda to say, anew for each sandbox.
const LOG_STREAM: &str = ":log-stream:";

/// How narrow the resources are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResourceLevel {
    /// As seen. Only log streams are `*`, as Lambda names each anew.
    #[default]
    Exact,
    /// Objects become all objects of their bucket; resources that differ only in their last part
    /// become one pattern, where that part follows a `/` or `:` of the resource. Never all
    /// resources of a type that has no such part, such as queues.
    Pattern,
}

impl FromStr for ResourceLevel {
    type Err = String;

    /// `exact` or `pattern`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "exact" => Ok(Self::Exact),
            "pattern" => Ok(Self::Pattern),
            _ => Err(format!("`{text}` is neither `exact` nor `pattern`")),
        }
    }
}

/// What the recordings of one function need.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Needed {
    /// The function's name.
    pub function: String,
    /// How many recordings say so.
    pub recordings: usize,
    /// How many requests of theirs were denied and are not granted.
    pub denied: usize,
    /// Those that are not decided, as they hang on what nothing shows, and not granted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<UndecidedRequest>,
    /// A policy document for its execution role; its `Statement` is empty where nothing is needed.
    pub policy: Value,
}

/// The least policy for each function.
///
/// # Errors
///
/// As [`Coverage::run`].
pub fn least(recordings: &Coverage, level: ResourceLevel) -> Result<Vec<Needed>, CoverageError> {
    let mut functions: BTreeMap<String, Seen> = BTreeMap::new();
    for recording in recordings.asked()? {
        let name = recording.function.function().arn.name().to_owned();
        functions.entry(name).or_default().add(&recording);
    }
    let needed = functions.into_iter().map(|(function, mut seen)| Needed {
        function,
        recordings: seen.recordings,
        denied: seen.denied,
        undecided: std::mem::take(&mut seen.undecided),
        policy: seen.policy(level),
    });
    Ok(needed.collect())
}

/// What was seen of one function.
#[derive(Default)]
struct Seen {
    recordings: usize,
    denied: usize,
    undecided: Vec<UndecidedRequest>,
    /// The actions that are called on each resource.
    actions: BTreeMap<String, BTreeSet<String>>,
}

impl Seen {
    fn add(&mut self, recording: &AskedByRecording) {
        self.recordings += 1;
        self.undecided.extend_from_slice(&recording.undecided);
        let of_role = |step: Step| matches!(step, Step::Poll | Step::Call | Step::Log);
        for (asked, explanation) in &recording.asked {
            if !of_role(asked.step) || recording.is_undecided(&asked.request) {
                continue;
            }
            if !explanation.decision.is_allowed() {
                self.denied += 1;
                continue;
            }
            let resource = as_pattern(&without_stream(&asked.request.resource));
            self.actions.entry(resource).or_default().insert(asked.request.action.clone());
        }
    }

    fn policy(self, level: ResourceLevel) -> Value {
        let actions = match level {
            ResourceLevel::Exact => self.actions,
            ResourceLevel::Pattern => widened(self.actions),
        };
        // Resources on which the same is done share a statement.
        let mut statements: BTreeMap<BTreeSet<String>, Vec<String>> = BTreeMap::new();
        for (resource, actions) in actions {
            statements.entry(actions).or_default().push(resource);
        }
        let statements = statements.into_iter().map(|(actions, resources)| {
            json!({"Effect": "Allow", "Action": one_or_more(actions.into_iter().collect()),
                "Resource": one_or_more(resources)})
        });
        json!({"Version": "2012-10-17", "Statement": statements.collect::<Vec<_>>()})
    }
}

fn one_or_more(mut texts: Vec<String>) -> Value {
    match texts.len() {
        1 => texts.swap_remove(0).into(),
        _ => texts.into(),
    }
}

fn without_stream(resource: &str) -> String {
    match resource.split_once(LOG_STREAM) {
        Some((group, _)) if resource.starts_with("arn:") => format!("{group}{LOG_STREAM}*"),
        _ => resource.to_owned(),
    }
}

/// The pattern of a resource: what a call does not tell of it can be anything, and what is a
/// wildcard in a pattern stands for itself in the key of an object. Source: IAM User Guide, "IAM
/// policy elements: Variables and tags", special characters.
pub(crate) fn as_pattern(resource: &str) -> String {
    let mut parts = resource.split("${");
    let mut told = in_pattern(parts.next().unwrap_or_default());
    for part in parts {
        told.push('*');
        told.push_str(&in_pattern(part.split_once('}').map_or("", |(_, rest)| rest)));
    }
    told
}

fn in_pattern(text: &str) -> String {
    let is_object = text.contains(":s3:::") && text.contains('/');
    if !is_object {
        return text.to_owned();
    }
    let escaped = text.chars().map(|character| match character {
        '*' | '?' | '$' => format!("${{{character}}}"),
        _ => character.to_string(),
    });
    escaped.collect()
}

/// Resources that differ in their last part only become one.
fn widened(actions: BTreeMap<String, BTreeSet<String>>) -> BTreeMap<String, BTreeSet<String>> {
    let mut alike: BTreeMap<String, usize> = BTreeMap::new();
    for resource in actions.keys() {
        *alike.entry(all_beside(resource)).or_default() += 1;
    }
    let mut wide: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (resource, actions) in actions {
        let pattern = all_beside(&resource);
        let is_object = resource.contains(":s3:::") && resource.contains('/');
        let is_alone = alike.get(&pattern).is_none_or(|count| *count < 2) && !is_object;
        wide.entry(if is_alone { resource } else { pattern }).or_default().extend(actions);
    }
    wide
}

/// The pattern of a resource and all beside it: of an object, all objects of its bucket. An ARN
/// keeps its five header parts.
fn all_beside(resource: &str) -> String {
    let end =
        if resource.contains(":s3:::") { resource.find('/') } else { resource.rfind(['/', ':']) };
    let header = resource.match_indices(':').nth(4).map_or(0, |(place, _)| place);
    match end.filter(|end| *end > header) {
        Some(end) => format!("{}*", &resource[..=end]),
        None => resource.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn seen(pairs: &[(&str, &str)]) -> Seen {
        let mut seen = Seen::default();
        for (action, resource) in pairs {
            let resource = without_stream(resource);
            seen.actions.entry(resource).or_default().insert((*action).to_owned());
        }
        seen
    }

    #[rstest]
    #[case(ResourceLevel::Exact, json!([
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::b/c/2"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::b/1", "arn:aws:s3:::d/1"]},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b"},
    ]))]
    #[case(ResourceLevel::Pattern, json!([
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::b/*"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::d/*"},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b"},
    ]))]
    fn resources_with_the_same_actions_share_a_statement(
        #[case] level: ResourceLevel,
        #[case] expected: Value,
    ) {
        let seen = seen(&[
            ("s3:GetObject", "arn:aws:s3:::b/1"),
            ("s3:GetObject", "arn:aws:s3:::b/c/2"),
            ("s3:PutObject", "arn:aws:s3:::b/c/2"),
            ("s3:GetObject", "arn:aws:s3:::d/1"),
            ("s3:ListBucket", "arn:aws:s3:::b"),
        ]);
        let mut statements = seen.policy(level)["Statement"].as_array().unwrap().clone();
        let mut expected = expected.as_array().unwrap().clone();
        for list in [&mut statements, &mut expected] {
            list.sort_by_key(Value::to_string);
        }
        assert_eq!(statements, expected);
    }

    #[rstest]
    #[case("arn:aws:sqs:r:1:orders", "arn:aws:sqs:r:1:orders")]
    #[case("arn:aws:dynamodb:r:1:table/orders", "arn:aws:dynamodb:r:1:table/*")]
    #[case("arn:aws:s3:::bucket", "arn:aws:s3:::bucket")]
    #[case("arn:aws:s3:::bucket/a/b", "arn:aws:s3:::bucket/*")]
    #[case("*", "*")]
    fn what_is_beside_a_resource(#[case] resource: &str, #[case] expected: &str) {
        assert_eq!(all_beside(resource), expected);
    }

    #[test]
    fn what_is_not_told_is_any() {
        assert_eq!(as_pattern("arn:aws:kms:r:1:key/${KeyId}"), "arn:aws:kms:r:1:key/*");
        assert_eq!(as_pattern("arn:aws:s3:::b/k"), "arn:aws:s3:::b/k");
        assert_eq!(as_pattern("arn:aws:s3:::b/a*b?$5"), "arn:aws:s3:::b/a${*}b${?}${$}5");
        assert_eq!(as_pattern("*"), "*");
    }

    #[test]
    fn a_log_stream_is_any() {
        let group = "arn:aws:logs:r:1:log-group:/aws/lambda/demo";
        let stream = format!("{group}:log-stream:2026/03/02/[$LATEST]0f");
        assert_eq!(without_stream(&stream), format!("{group}:log-stream:*"));
        assert_eq!(without_stream(group), group);
    }
}
