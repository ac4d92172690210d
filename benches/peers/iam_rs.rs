//! The crate `iam-rs`, which reads IAM's JSON.
//!
//! An evaluator and all requests are made beforehand, as its documentation shows. Its limit of
//! 1,000 statements is lifted.

use std::collections::BTreeMap;

use iam_rs::{
    Arn, Context, ContextValue, EvaluationOptions, IAMPolicy, IAMRequest, PolicyEvaluator,
    PrincipalId,
};
use retrigger::iam::{self, ComparisonKind, Decision, Policy, Principal, Request};
use serde_json::{Value, value::RawValue};

use crate::{
    evaluator::{Evaluator, Losses},
    layers::{Asked, Layers, caller},
    support::workload::{Workload, parse},
};

/// The resource of an action without resource-level permissions, which has to be an ARN here: one
/// that only `*` covers.
const NO_RESOURCE: &str = "arn:aws:none:::none";

/// How keys are spelled in the policies, and which are compared as truth values.
#[derive(Default)]
struct Keys {
    spelling: BTreeMap<String, String>,
    booleans: Vec<String>,
}

/// Makes it ready for a workload.
pub(crate) fn prepare(workload: &Workload) -> Evaluator {
    let mut losses = Losses::default();
    let mut keys = Keys::default();
    let layers = Layers::new(workload, |documents| {
        for document in documents {
            keys.learn(&parse(document));
        }
        let policies = documents.iter().map(|document| policy(document, &mut losses)).collect();
        PolicyEvaluator::with_policies(policies).with_options(EvaluationOptions {
            max_statements: usize::MAX,
            ..EvaluationOptions::default()
        })
    });
    let cases = workload.cases.iter();
    let asked = cases.map(|case| Some(Asked::new(workload, case, request(&case.request, &keys)?)));
    let cases: Vec<Option<Asked<IAMRequest>>> = asked.collect();
    Evaluator::new("iam-rs", losses, move |index| layers.decide(cases[index].as_ref()?, decide))
}

fn decide(layer: &PolicyEvaluator, request: &IAMRequest) -> Option<Decision> {
    Some(match layer.evaluate(request).ok()?.decision {
        iam_rs::Decision::Allow => Decision::Allowed,
        iam_rs::Decision::Deny => Decision::ExplicitlyDenied,
        iam_rs::Decision::NotApplicable => Decision::ImplicitlyDenied,
    })
}

/// A policy with those of its statements that can be read.
fn policy(document: &RawValue, losses: &mut Losses) -> IAMPolicy {
    let mut document: Value = serde_json::from_str(document.get()).expect("a JSON document");
    let statements = match document["Statement"].take() {
        Value::Array(statements) => statements,
        statement => vec![statement],
    };
    let mut policy: Option<IAMPolicy> = None;
    for statement in statements {
        document["Statement"] = statement;
        match (IAMPolicy::from_json(&document.to_string()), &mut policy) {
            (Ok(one), Some(policy)) => policy.statement.extend(one.statement),
            (Ok(one), policy) => *policy = Some(one),
            (Err(_), _) => losses.add_statement("a form that it does not read"),
        }
    }
    policy.unwrap_or_default()
}

impl Keys {
    fn learn(&mut self, policy: &Policy) {
        for condition in policy.statements.iter().flat_map(|statement| &statement.conditions) {
            let key = &condition.key.value;
            self.spelling.insert(key.to_ascii_lowercase(), key.clone());
            if condition.operator.comparison.kind == ComparisonKind::Bool {
                self.booleans.push(key.to_ascii_lowercase());
            }
        }
    }

    /// The key as policies spell it, which is found the fastest.
    fn spelled<'k>(&'k self, key: &'k str) -> &'k str {
        self.spelling.get(&key.to_ascii_lowercase()).map_or(key, String::as_str)
    }
}

fn request(request: &Request, keys: &Keys) -> Option<IAMRequest> {
    let resource = if request.resource == "*" { NO_RESOURCE } else { &request.resource };
    let resource = Arn::parse(resource).ok()?;
    let id = PrincipalId::String(caller(request).to_owned());
    let principal = match &request.principal {
        Principal::Service(_) => iam_rs::Principal::Service(id),
        Principal::Federated(_) => iam_rs::Principal::Federated(id),
        Principal::CanonicalUser(_) => iam_rs::Principal::CanonicalUser(id),
        Principal::Anonymous => iam_rs::Principal::Wildcard,
        _ => iam_rs::Principal::Aws(id),
    };
    let mut context = Context::new();
    for (key, value) in request.context.iter() {
        let is_boolean = keys.booleans.contains(&key.to_ascii_lowercase());
        context.insert(keys.spelled(key).to_owned(), context_value(value, is_boolean));
    }
    Some(IAMRequest::new_with_context(principal, request.action.as_str(), resource, context))
}

fn context_value(value: &iam::ContextValue, is_boolean: bool) -> ContextValue {
    match value {
        iam::ContextValue::Single(value) => match (is_boolean, value.parse()) {
            (true, Ok(value)) => ContextValue::Boolean(value),
            _ => ContextValue::String(value.clone()),
        },
        iam::ContextValue::Multi(values) => ContextValue::StringList(values.clone()),
    }
}
