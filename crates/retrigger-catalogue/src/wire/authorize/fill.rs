//! ARN patterns, filled with what a request says.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Asked, Authorization, Resource};
use crate::facts::{self, Action};

/// Most ARNs that are made of one pattern; what would make more is said not to be told.
const MOST: usize = 10_000;

/// The resources that the request names for an action; `*` where the action knows none or the
/// request names none that it requires.
pub(super) fn resources(asked: &Asked<'_>, action: Option<Action>) -> Vec<Resource> {
    let (mut told, mut open) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for used in action.into_iter().flat_map(Action::resource_types) {
        let kind = used.resource_type().name().to_string();
        let pattern = used.resource_type().arn_pattern().to_string();
        for resource in of_type(asked, &kind, &pattern) {
            let is_told = resource.unresolved.is_empty();
            if (used.is_required() || is_told) && seen.insert(resource.arn.clone()) {
                let place = if is_told { &mut told } else { &mut open };
                place.push(resource);
            }
        }
    }
    match (told.is_empty(), open.is_empty()) {
        (false, _) => told,
        (true, false) => open,
        (true, true) => vec![Resource::told("*")],
    }
}

/// ARNs of one type: those among the members, or the pattern filled.
fn of_type(asked: &Asked<'_>, kind: &str, pattern: &str) -> Vec<Resource> {
    let arns: Vec<_> = texts(asked.parameters)
        .filter(|text| text.starts_with("arn:") && fits(pattern, text))
        .map(Resource::told)
        .collect();
    if !arns.is_empty() {
        return arns;
    }
    let mut filled = vec![Resource::told("")];
    let mut rest = pattern;
    let mut is_named = !pattern.contains("${");
    while let Some((before, after)) = rest.split_once("${") {
        let (variable, after) = after.split_once('}').unwrap_or((after, ""));
        push(&mut filled, before);
        let own = match variable {
            "Partition" => Some(asked.account.partition),
            "Region" => Some(asked.account.region),
            "Account" => Some(asked.account.account),
            _ => None,
        };
        let values =
            own.map_or_else(|| variable_values(asked, kind, variable), |v| vec![v.to_owned()]);
        is_named |= own.is_none() && !values.is_empty();
        filled = spread(&filled, variable, &values);
        rest = after;
    }
    push(&mut filled, rest);
    if !is_named {
        // The request names nothing of this type; its ARN is not told as a whole.
        for resource in &mut filled {
            if resource.unresolved.is_empty() {
                resource.unresolved.push(kind.to_owned());
            }
        }
    }
    filled
}

fn push(filled: &mut [Resource], text: &str) {
    for resource in filled {
        resource.arn.push_str(text);
    }
}

fn spread(filled: &[Resource], variable: &str, values: &[String]) -> Vec<Resource> {
    let one = |resource: &Resource| -> Vec<Resource> {
        let mut resource = resource.clone();
        if values.is_empty() || filled.len().saturating_mul(values.len()) > MOST {
            resource.arn = format!("{}${{{variable}}}", resource.arn);
            resource.unresolved.push(variable.to_owned());
            return vec![resource];
        }
        let with = |value: &String| Resource {
            arn: format!("{}{value}", resource.arn),
            unresolved: resource.unresolved.clone(),
        };
        values.iter().map(with).collect()
    };
    filled.iter().flat_map(one).collect()
}

/// The values that members give to a variable of a pattern.
fn variable_values(asked: &Asked<'_>, kind: &str, variable: &str) -> Vec<String> {
    let members = asked.parameters.as_object();
    let best = members
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((likeness(name, kind, variable)?, value)))
        .min_by_key(|(rank, _)| *rank);
    let Some((_, value)) = best else { return Vec::new() };
    own_texts(value)
        .filter(|text| !text.is_empty() && !text.starts_with("arn:"))
        .map(|text| text.trim_start_matches('/').to_owned())
        .collect()
}

/// Variables that members of other names tell.
const ALIASES: [(&str, &str); 4] = [
    ("bucketname", "bucket"),
    ("objectname", "key"),
    ("parameternamewithoutleadingslash", "path"),
    ("parameternamewithoutleadingslash", "name"),
];

/// How well a member's name fits a variable of a resource type's pattern; less is better.
fn likeness(member: &str, kind: &str, variable: &str) -> Option<u8> {
    let (member, variable, kind) = (folded(member), folded(variable), folded(kind));
    let singular = member.strip_suffix('s').unwrap_or(&member);
    let (of_member, of_variable) = (bare(singular), bare(&variable));
    let is_alias = |name: &str| ALIASES.contains(&(variable.as_str(), name));
    let names_kind = of_variable == kind || variable.ends_with("resourceid");
    match () {
        () if member == variable => Some(0),
        () if is_alias(&member) || is_alias(singular) => Some(1),
        () if singular == variable => Some(2),
        () if !of_variable.is_empty() && of_member == of_variable => Some(3),
        () if of_member.is_empty() && !of_variable.is_empty() && of_variable == kind => Some(4),
        () if of_member == kind && matches!(of_variable, "" | "resource") => Some(5),
        // `WindowId` of a `maintenancewindow`.
        () if names_kind && of_member.len() >= 4 && kind.ends_with(of_member) => Some(6),
        () => None,
    }
}

/// A name without what says that it is one.
fn bare(name: &str) -> &str {
    let ends = ["identifier", "name", "id"];
    ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether an ARN may be of a pattern, its variables being anything.
fn fits(pattern: &str, arn: &str) -> bool {
    let mut literals =
        pattern.split("${").map(|part| part.split_once('}').map_or(part, |(_, l)| l));
    let Some(mut rest) = literals.next().and_then(|first| arn.strip_prefix(first)) else {
        return false;
    };
    let mut last = "";
    for literal in literals {
        let Some(at) = rest.find(literal) else { return false };
        rest = &rest[at + literal.len()..];
        last = literal;
    }
    last.is_empty() || rest.is_empty()
}

/// Texts among the members, and in their lists.
fn texts(parameters: &Value) -> impl Iterator<Item = &str> {
    parameters.as_object().into_iter().flat_map(|members| members.values()).flat_map(own_texts)
}

fn own_texts(value: &Value) -> impl Iterator<Item = &str> {
    let listed = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    value.as_str().into_iter().chain(listed)
}

/// The check of `iam:PassRole` for each role among the members of an operation that depends on it
/// (IAM User Guide, "Grant a user permissions to pass a role to an AWS service").
pub(super) fn pass_role(asked: &Asked<'_>, actions: &[String]) -> Option<Authorization> {
    let depends = |name: &String| {
        let dependents =
            facts::action(asked.prefix, name).into_iter().flat_map(Action::dependent_actions);
        dependents.into_iter().any(|action| action.name() == "PassRole")
    };
    if !actions.iter().any(depends) {
        return None;
    }
    let is_role = |text: &&str| {
        text.starts_with("arn:") && text.contains(":iam::") && text.contains(":role/")
    };
    let roles: Vec<_> = texts(asked.parameters).filter(is_role).map(Resource::told).collect();
    (!roles.is_empty()).then(|| {
        let key = "iam:PassedToService";
        let to = match asked.prefix {
            service @ ("lambda" | "states" | "events" | "scheduler" | "pipes" | "glue"
            | "firehose" | "sagemaker" | "codebuild") => Some(format!("{service}.amazonaws.com")),
            _ => None,
        };
        let unknown = if to.is_none() { vec![key.to_owned()] } else { Vec::new() };
        let context = to.map(|to| (key.to_owned(), vec![to])).into_iter().collect();
        Authorization { action: "iam:PassRole".to_owned(), resources: roles, context, unknown }
    })
}
