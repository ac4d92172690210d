//! Whether a statement covers a request, and what it misses where it does not.

use crate::{
    context::Context,
    evaluate::{condition, principal},
    explain::{CallerMatch, Element, Miss, PolicyType, StatementReport},
    policy::{
        ActionElement, Condition, Policy, PrincipalElement, ResourceElement, ResourcePattern,
        Statement,
    },
    request::Request,
    source::{Span, Text},
    truth::Truth,
    unsettled,
};

/// What a statement is held against.
pub(super) struct Asked<'r> {
    pub(super) request: &'r Request,
    /// The action in lower case.
    pub(super) action: String,
    /// The caller has a permissions boundary.
    pub(super) has_boundary: bool,
}

/// Holds every statement of a policy against the request.
pub(super) fn consider(
    policy: &Policy,
    policy_type: PolicyType,
    asked: &Asked<'_>,
) -> Vec<StatementReport> {
    let reports = policy.statements.iter().enumerate();
    reports
        .map(|(index, statement)| {
            let mut report = report(policy, index, statement, asked);
            if policy_type == PolicyType::Resource && statement.principal.is_none() {
                report.misses.push(principal_missing(statement, asked));
            }
            report
        })
        .collect()
}

/// In a resource-based policy a statement without `Principal` is about nobody; AWS stores no such
/// statement.
fn principal_missing(statement: &Statement, asked: &Asked<'_>) -> Miss {
    let actual = vec![asked.request.principal.to_string()];
    miss(Element::Principal, statement.span, Vec::new(), actual)
}

fn report(
    policy: &Policy,
    index: usize,
    statement: &Statement,
    asked: &Asked<'_>,
) -> StatementReport {
    let mut misses = Vec::new();
    let mut caller = None;
    if let Some(element) = &statement.principal {
        caller = principal::covers(element, statement.effect, asked.request, asked.has_boundary);
        misses.extend(principal_miss(element, caller, asked));
    }
    misses.extend(action_miss(statement, asked));
    let mut hangs_on = Vec::new();
    if let Some(element) = &statement.resource {
        match covers(element, asked) {
            Truth::No => misses.push(resource_miss(element, asked)),
            Truth::Maybe => hangs_on.extend(resource_hangs_on(element, &asked.request.context)),
            Truth::Yes => {}
        }
    }
    let context = &asked.request.context;
    for one in &statement.conditions {
        match condition::holds(one, context) {
            Truth::No => misses.push(condition_miss(one, context)),
            Truth::Maybe => hangs_on.extend(condition::hangs_on(one, context).map(str::to_owned)),
            Truth::Yes => {}
        }
    }
    StatementReport {
        policy: policy.name.clone(),
        policy_arn: policy.arn.clone(),
        index,
        sid: statement.sid.as_ref().map(|sid| sid.value.clone()),
        effect: statement.effect,
        span: statement.span,
        caller,
        misses,
        hangs_on,
    }
}

fn principal_miss(
    element: &PrincipalElement,
    caller: Option<CallerMatch>,
    asked: &Asked<'_>,
) -> Option<Miss> {
    if caller.is_some() {
        return None;
    }
    let listed = element.entries.iter().map(|entry| entry.text.clone()).collect();
    let name = if element.negated { Element::NotPrincipal } else { Element::Principal };
    let actual = vec![asked.request.principal.to_string()];
    Some(miss(name, element.span, listed, actual))
}

/// A statement without `Action` covers no action; AWS stores no such statement.
fn action_miss(statement: &Statement, asked: &Asked<'_>) -> Option<Miss> {
    let actual = vec![asked.request.action.clone()];
    let Some(element) = &statement.action else {
        return Some(miss(Element::Action, statement.span, Vec::new(), actual));
    };
    let ActionElement { negated, span, patterns } = element;
    let none = Context::default();
    let covering = patterns.iter().find(|listed| listed.pattern.matches(&asked.action, &none));
    match (negated, covering) {
        (false, None) => {
            let listed = patterns.iter().map(|listed| listed.text.clone()).collect();
            Some(miss(Element::Action, *span, listed, actual))
        }
        (true, Some(listed)) => {
            Some(miss(Element::NotAction, listed.text.span, vec![listed.text.clone()], actual))
        }
        _ => None,
    }
}

/// Whether the element covers the resource.
fn covers(element: &ResourceElement, asked: &Asked<'_>) -> Truth {
    let patterns = element.patterns.iter();
    let listed = Truth::any(patterns.map(|listed| covers_resource(listed, asked.request)));
    if element.negated { !listed } else { listed }
}

/// An action without resource-level permissions is covered by `*` only.
fn covers_resource(listed: &ResourcePattern, request: &Request) -> Truth {
    if request.wildcard_only_action {
        return listed.whole.is_any().into();
    }
    unsettled::resource_matches(listed, &request.resource, &request.context)
}

fn resource_miss(element: &ResourceElement, asked: &Asked<'_>) -> Miss {
    let ResourceElement { negated, span, patterns } = element;
    let actual = vec![asked.request.resource.clone()];
    let covering =
        patterns.iter().find(|listed| covers_resource(listed, asked.request) == Truth::Yes);
    if let (true, Some(listed)) = (negated, covering) {
        return miss(Element::NotResource, listed.text.span, vec![listed.text.clone()], actual);
    }
    let listed = patterns.iter().map(|listed| listed.text.clone()).collect();
    let mut miss = miss(Element::Resource, *span, listed, actual);
    let variables = patterns.iter().flat_map(|listed| listed.whole.variables());
    miss.variables_without_value = without_value(variables, &asked.request.context);
    miss
}

fn resource_hangs_on(element: &ResourceElement, context: &Context) -> Vec<String> {
    let wholes = element.patterns.iter().map(|listed| &listed.whole);
    wholes.flat_map(|whole| whole.hangs_on(context)).map(str::to_owned).collect()
}

fn condition_miss(condition: &Condition, context: &Context) -> Miss {
    let variables = condition.values.iter().flat_map(|listed| listed.pattern.variables());
    Miss {
        element: Element::Condition,
        operator: Some(condition.operator_text.value.clone()),
        key: Some(condition.key.value.clone()),
        listed: condition.values.iter().map(|listed| listed.text.clone()).collect(),
        actual: context.get(&condition.key.value).map(|value| value.values().to_vec()),
        variables_without_value: without_value(variables, context),
        span: condition_span(condition, context),
    }
}

/// The listed values, or the key where the request lacks it.
fn condition_span(condition: &Condition, context: &Context) -> Span {
    let lacks_key = context.get(&condition.key.value).is_none();
    match (condition.values.first(), condition.values.last()) {
        (Some(first), Some(last)) if !lacks_key => {
            Span::new(first.text.span.start, last.text.span.end)
        }
        _ => condition.key.span,
    }
}

fn without_value<'v>(variables: impl Iterator<Item = &'v str>, context: &Context) -> Vec<String> {
    variables
        .filter(|key| context.get(key).is_none() && !context.is_unknown(key))
        .map(str::to_owned)
        .collect()
}

fn miss(element: Element, span: Span, listed: Vec<Text>, actual: Vec<String>) -> Miss {
    let span = match listed.as_slice() {
        [only] => only.span,
        _ => span,
    };
    Miss {
        element,
        operator: None,
        key: None,
        listed,
        actual: Some(actual),
        variables_without_value: Vec::new(),
        span,
    }
}
