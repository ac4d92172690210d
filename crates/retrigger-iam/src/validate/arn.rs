//! ARNs of resources and in conditions: their shape, and what IAM refuses in it.
//!
//! Sources: IAM User Guide, "IAM JSON policy elements: Resource" and "Identify AWS resources with
//! Amazon Resource Names (ARNs)". What IAM answers to each malformed ARN was observed by others.

use super::{Checker, Clause, quoted};
use crate::{
    finding::{Code, Finding},
    kind::PolicyKind::Resource,
    operator::{ComparisonKind, Operator},
    policy::{Condition, Policy},
    source::Text,
};

const SHAPE: &str = "an ARN is arn:partition:service:region:account-id:resource, where an empty \
                     region or account keeps its colon";

/// The partitions of AWS, those for one government's use included.
const PARTITIONS: [&str; 9] = [
    "aws",
    "aws-cn",
    "aws-us-gov",
    "aws-eusc",
    "aws-iso",
    "aws-iso-b",
    "aws-iso-e",
    "aws-iso-f",
    "aws-iso-g",
];

/// What the resource part of an IAM ARN may start with, `*` and `root` besides.
const IAM_RESOURCES: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// What is wrong with an ARN.
struct Fault {
    /// IAM refuses it; otherwise it is stored, and matches nothing.
    is_refused: bool,
    message: String,
    help: String,
}

impl Fault {
    fn refused(message: String, help: impl Into<String>) -> Self {
        Self { is_refused: true, message, help: help.into() }
    }

    fn useless(message: String, help: impl Into<String>) -> Self {
        Self { is_refused: false, message, help: help.into() }
    }
}

/// A warning for each ARN that should be one and can match nothing.
pub(crate) fn useless_arns(policy: &Policy) -> Vec<Finding> {
    let statements = policy.statements.iter();
    let resources = statements.clone().flat_map(|statement| &statement.resource);
    let resources = resources.flat_map(|resource| &resource.patterns).map(|pattern| &pattern.text);
    let resources = resources.filter(|text| !text.value.ends_with('*'));
    let conditions = statements.flat_map(|statement| &statement.conditions);
    let values = conditions.flat_map(|condition| {
        let values = condition.values.iter().map(|value| &value.text);
        values.filter(|text| must_be_arn(condition.operator, &condition.key, text))
    });
    let warning = |text: &Text| {
        let fault = shape(text)?;
        let finding = Finding::warning(Code::MalformedArn, text.span, fault.message);
        Some(finding.with_help(fault.help))
    };
    resources.chain(values).filter_map(warning).collect()
}

/// A text that should be an ARN and is not one, or has fewer than six parts.
fn shape(text: &Text) -> Option<Fault> {
    let parts = text.value.split(':').count();
    let first = text.value.split(':').next().unwrap_or_default();
    let is_arn = first == "arn" || parts > 1 && first.contains(['*', '?', '$']);
    if parts >= 6 && is_arn {
        return None;
    }
    let message = if is_arn {
        format!("{} has {parts} of the 6 parts of an ARN and matches nothing", quoted(text))
    } else {
        format!("{} is no ARN and matches nothing", quoted(text))
    };
    let help = match text.value.strip_prefix("arn:aws:s3:") {
        Some(rest) => format!("did you mean \"arn:aws:s3:::{}\"", rest.trim_start_matches(':')),
        None if text.value.starts_with("aws:") => format!("did you mean \"arn:{text}\""),
        None => SHAPE.to_owned(),
    };
    Some(Fault::useless(message, help))
}

/// Whether an ARN is expected, by the operator or by the name of the key.
fn must_be_arn(operator: Operator, key: &Text, text: &Text) -> bool {
    let kind = operator.comparison.kind;
    if kind == ComparisonKind::ArnLike {
        return !text.value.contains('$');
    }
    let is_string = matches!(kind, ComparisonKind::StringEquals | ComparisonKind::StringLike);
    is_string && key.value.to_ascii_lowercase().ends_with("arn") && !text.value.contains(['*', '$'])
}

impl Checker<'_> {
    pub(super) fn resources(&mut self, clause: Clause<'_>) {
        let Some(resource) = &clause.statement.resource else { return };
        for pattern in &resource.patterns {
            let text = &pattern.text;
            // API Gateway fills in the rest of its own API's ARN.
            let is_short = self.is(&[Resource]) && text.value.starts_with("execute-api:/");
            if let Some(fault) = resource_fault(&text.value, text).filter(|_| !is_short) {
                self.arn(text, fault);
            }
        }
    }

    /// A condition's values are stored whatever they are.
    pub(super) fn condition_arns(&mut self, condition: &Condition) {
        for value in &condition.values {
            if must_be_arn(condition.operator, &condition.key, &value.text)
                && let Some(fault) = shape(&value.text)
            {
                self.warning(Code::MalformedArn, value.text.span, fault.message).help(fault.help);
            }
        }
    }

    fn arn(&mut self, text: &Text, fault: Fault) {
        let Fault { is_refused, message, help } = fault;
        if is_refused {
            self.iam_error(Code::MalformedArn, text.span, message).help(help);
        } else {
            self.warning(Code::MalformedArn, text.span, message).help(help);
        }
    }
}

/// What is wrong with the text of a `Resource`, the first thing that is.
fn resource_fault(arn: &str, text: &Text) -> Option<Fault> {
    if arn == "*" {
        return None;
    }
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    head_fault(&parts, text).or_else(|| match parts.as_slice() {
        &[_, _, service, region, account, resource] => {
            service_fault(text, service, region, account, resource)
                .or_else(|| account_fault(text, account))
        }
        _ => short_fault(text),
    })
}

/// `arn`, the partition and the service.
fn head_fault(parts: &[&str], text: &Text) -> Option<Fault> {
    let is_open = |part: &str| part.contains(['*', '?', '$']);
    let shown = quoted(text);
    match parts {
        [first, ..] if *first != "arn" && (parts.len() == 1 || !is_open(first)) => {
            let mut fault = shape(text)?;
            fault.is_refused = true;
            if parts.len() == 1 {
                fault.help = format!("{SHAPE}; for everything write \"*\"");
            }
            Some(fault)
        }
        [_, partition, ..] if !is_open(partition) && !PARTITIONS.contains(partition) => {
            let message = format!("`{partition}` in {shown} is no partition");
            Some(Fault::refused(
                message,
                "the partitions are aws, aws-cn, aws-us-gov and a few others",
            ))
        }
        [_, _] | [_, _, "", ..] => Some(Fault::refused(format!("{shown} names no service"), SHAPE)),
        [_, _, service, ..]
            if service.chars().any(|c| c.is_ascii_uppercase()) && !is_open(service) =>
        {
            let message = format!("service `{service}` in {shown} matches nothing");
            Some(Fault::useless(message, format!("write `{}`", service.to_ascii_lowercase())))
        }
        _ => None,
    }
}

/// Fewer than six parts: IAM refuses those with an empty one, and lets a `*` stand for the rest.
fn short_fault(text: &Text) -> Option<Fault> {
    let is_refused = text.value.contains("::");
    let reaches_past = text.value.ends_with('*');
    shape(text).filter(|_| is_refused || !reaches_past).map(|fault| Fault { is_refused, ..fault })
}

fn service_fault(
    text: &Text,
    service: &str,
    region: &str,
    account: &str,
    resource: &str,
) -> Option<Fault> {
    let shown = quoted(text);
    if service == "iam" && !region.is_empty() {
        let message = format!("{shown} has a Region, and IAM resources have none");
        return Some(Fault::refused(
            message,
            format!("write \"arn:aws:iam::{account}:{resource}\""),
        ));
    }
    let is_open = resource.starts_with(['*', '$']) || resource == "root";
    if service == "iam"
        && !is_open
        && !IAM_RESOURCES.iter().any(|start| resource.starts_with(start))
    {
        let message = format!("`{resource}` in {shown} is no IAM resource");
        let help = format!("an IAM resource is \"*\" or starts with {}", IAM_RESOURCES.join(", "));
        return Some(Fault::refused(message, help));
    }
    if service == "s3" && !region.is_empty() && account.is_empty() {
        let message = format!("{shown} has a Region, and buckets and objects have none");
        return Some(Fault::refused(message, format!("write \"arn:aws:s3:::{resource}\"")));
    }
    None
}

fn account_fault(text: &Text, account: &str) -> Option<Fault> {
    let is_id = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let is_open = account.contains(['*', '?', '$']);
    // `aws` owns managed policies, `cloudfront` the origin access identities.
    if is_id || is_open || matches!(account, "" | "aws" | "cloudfront") {
        return None;
    }
    let message = format!("`{account}` in {} is no account id", quoted(text));
    Some(Fault::useless(message, "an account id has 12 digits"))
}
