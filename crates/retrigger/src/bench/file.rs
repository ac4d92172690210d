//! Texts: a workload file or a check file, told apart by what they hold.

use std::collections::BTreeMap;

use retrigger_iam::{
    Context, Decision, Finding, Location, Policy, PolicySet, Principal, Request, Severity,
};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::{Value, value::RawValue};

use super::{
    BenchError, opened,
    workload::{Caller, Question, Workload},
};
use crate::check;

impl Workload {
    /// Reads a workload file or a check file. `name` is what results call it unless it has a name
    /// of its own, `is_yaml` says that its ending is that of YAML.
    ///
    /// # Errors
    ///
    /// The first place at which the text is not what it should be.
    pub fn read_text(name: &str, text: &str, is_yaml: bool) -> Result<Self, BenchError> {
        let is_object = text.trim_start().starts_with('{');
        let is_list = text.trim_start().starts_with('[');
        let first = if is_object { first_object(text) } else { Ok(Probe::default()) };
        match first {
            Ok(Probe { requests: Some(_), .. }) => read_workload(name, text),
            Ok(Probe { request: None, .. }) if is_object && !is_yaml => Err(BenchError::At {
                line: 1,
                column: 1,
                message: "neither a workload, which has `policies` and `requests`, nor a case of \
                          a check file, which has `id`, `request`, `policies` and `expect`"
                    .to_owned(),
            }),
            Err(error) if !is_yaml => Err(json_error(&error)),
            _ => {
                let is_yaml = is_yaml || !(is_object || is_list);
                Ok(Self::of_cases(name, check::read_cases(text, is_yaml)?))
            }
        }
    }
}

/// The fields that tell a workload from a case.
#[derive(Default, Deserialize)]
struct Probe {
    requests: Option<IgnoredAny>,
    request: Option<IgnoredAny>,
}

/// The object that a text begins with.
fn first_object(text: &str) -> Result<Probe, serde_json::Error> {
    let mut objects = serde_json::Deserializer::from_str(text).into_iter();
    objects.next().unwrap_or_else(|| Ok(Probe::default()))
}

fn json_error(error: &serde_json::Error) -> BenchError {
    let (line, column) = (error.line() as u64, error.column() as u64);
    BenchError::At { line, column, message: check::without_place(error) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a workload")]
struct File<'t> {
    name: Option<String>,
    #[serde(borrow)]
    policies: Documents<'t>,
    #[serde(borrow)]
    requests: Vec<Line<'t>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "policies")]
struct Documents<'t> {
    #[serde(borrow, default)]
    identity: Vec<&'t RawValue>,
    #[serde(borrow)]
    resource: Option<BTreeMap<String, &'t RawValue>>,
    #[serde(borrow)]
    boundary: Option<&'t RawValue>,
    #[serde(borrow)]
    session: Option<Vec<&'t RawValue>>,
    #[serde(borrow)]
    scps: Option<Vec<Vec<&'t RawValue>>>,
    #[serde(borrow, default)]
    rcps: Vec<Vec<&'t RawValue>>,
    #[serde(borrow)]
    endpoint: Option<Vec<&'t RawValue>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `id`, `request` and `expect`")]
struct Line<'t> {
    #[serde(deserialize_with = "id")]
    id: String,
    #[serde(borrow)]
    request: Asked<'t>,
    expect: Decision,
}

/// A request as a workload file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a request")]
struct Asked<'t> {
    principal: Principal,
    action: String,
    resource: String,
    resource_account: Option<String>,
    #[serde(alias = "role")]
    session_issuer: Option<String>,
    #[serde(borrow)]
    resource_policy: Option<&'t RawValue>,
    #[serde(default)]
    context: Context,
    #[serde(default)]
    wildcard_only_action: bool,
    #[serde(default)]
    principal_in_management_account: bool,
    #[serde(default)]
    resource_in_management_account: bool,
}

impl From<Asked<'_>> for Request {
    fn from(asked: Asked<'_>) -> Self {
        Self {
            principal: asked.principal,
            action: asked.action,
            resource: asked.resource,
            declared_resource_account: asked.resource_account,
            session_issuer: asked.session_issuer,
            context: asked.context,
            wildcard_only_action: asked.wildcard_only_action,
            principal_in_management_account: asked.principal_in_management_account,
            resource_in_management_account: asked.resource_in_management_account,
        }
    }
}

/// A number or a text.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(serde::de::Error::custom("an `id` is a number or a text")),
    }
}

fn read_workload(name: &str, text: &str) -> Result<Workload, BenchError> {
    let file: File<'_> = serde_json::from_str(text).map_err(|error| json_error(&error))?;
    let source = Source { text };
    let mut caller = source.caller(&file.policies)?;
    let is_silent = file.policies.resource.is_none();
    let names: Vec<String> = file.policies.resource.unwrap_or_default().into_keys().collect();
    let mut questions = Vec::new();
    for Line { id, request, expect } in file.requests {
        let policy = request.resource_policy;
        let request = Request::from(request);
        let resource = match policy {
            Some(policy) => Some(source.index_of(policy, &names)?),
            None if is_silent => opened::policy_of(&request, &mut caller),
            None => None,
        };
        let (is_settled, broken) = (true, None);
        questions.push(Question { id, caller: 0, resource, request, expect, is_settled, broken });
    }
    if questions.is_empty() {
        let message = "there is no request in `requests`".to_owned();
        return Err(BenchError::At { line: 1, column: 1, message });
    }
    let name = file.name.as_deref().unwrap_or(name).to_owned();
    Ok(Workload { name, callers: vec![caller], questions })
}

/// The text that parts of a workload stand in.
struct Source<'t> {
    text: &'t str,
}

impl Source<'_> {
    fn caller(&self, documents: &Documents<'_>) -> Result<Caller, BenchError> {
        let list = |raws: &Vec<&RawValue>| -> Result<Vec<Policy>, BenchError> {
            raws.iter().map(|raw| self.policy(raw)).collect()
        };
        let levels = |levels: &Vec<Vec<&RawValue>>| -> Result<Vec<Vec<Policy>>, BenchError> {
            levels.iter().map(list).collect()
        };
        let policies = PolicySet {
            identity: list(&documents.identity)?,
            resource: None,
            boundary: documents.boundary.map(|raw| self.policy(raw)).transpose()?,
            session: documents.session.as_ref().map(list).transpose()?,
            scps: documents.scps.as_ref().map(levels).transpose()?,
            rcps: levels(&documents.rcps)?,
            endpoint: documents.endpoint.as_ref().map(list).transpose()?,
        };
        let resources = documents.resource.iter().flat_map(BTreeMap::values);
        let resources = resources.map(|raw| self.policy(raw)).collect::<Result<_, _>>()?;
        Ok(Caller { resources, ..Caller::new(policies) })
    }

    /// A document that can be evaluated, whether or not AWS would store it.
    fn policy(&self, raw: &RawValue) -> Result<Policy, BenchError> {
        let parsed = Policy::parse(raw.get());
        let is_error = |finding: &&Finding| finding.severity == Severity::Error;
        match (parsed.policy, parsed.findings.iter().find(is_error)) {
            (Some(policy), _) => Ok(policy),
            (None, Some(finding)) => {
                Err(self.error(raw, finding.span.start, format!("policy: {}", finding.message)))
            }
            (None, None) => Err(self.error(raw, 0, "this is no policy".to_owned())),
        }
    }

    /// The place among `names`, which are sorted, of the one that `raw` says.
    fn index_of(&self, raw: &RawValue, names: &[String]) -> Result<usize, BenchError> {
        let name: String = serde_json::from_str(raw.get()).map_err(|_| {
            self.error(raw, 0, "`resource_policy` is the name of a policy, in quotes".to_owned())
        })?;
        names.binary_search(&name).map_err(|_| {
            let message = format!("there is no `{name}` among the resource policies");
            self.error(raw, 0, message)
        })
    }

    /// What is wrong at byte `offset` of `part`.
    fn error(&self, part: &RawValue, offset: usize, message: String) -> BenchError {
        // INVARIANT: parts are borrowed from the text.
        let start = part.get().as_ptr().addr() - self.text.as_ptr().addr();
        let Location { line, column } = Location::of(self.text, start + offset);
        BenchError::At { line: line as u64, column: column as u64, message }
    }
}
