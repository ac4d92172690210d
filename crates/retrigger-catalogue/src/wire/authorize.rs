//! What a request needs to be authorized: actions, resources, and context keys of its own.

mod context;
mod encrypted;
mod exceptions;
mod expression;
mod fill;
mod items;
mod objects;
mod special;
mod tables;
mod tags;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub use context::tells;

use super::identify::Identified;
use super::service::{Service, services};
use crate::facts;

/// Whose resources a request is for, where it does not say so itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Account<'a> {
    /// Such as `aws`.
    pub partition: &'a str,
    /// Such as `us-east-1`.
    pub region: &'a str,
    /// Twelve digits.
    pub account: &'a str,
}

/// One decision that a request needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authorization {
    /// Such as `s3:GetObject`.
    pub action: String,
    /// What it is done to, each to be decided; `*` alone where the action knows no resources.
    pub resources: Vec<Resource>,
    /// The context keys that the request itself carries, with their values.
    pub context: Vec<(String, Vec<String>)>,
    /// Context keys that AWS sets from the request and its own knowledge, which the request alone
    /// does not tell.
    pub unknown: Vec<String>,
}

/// A resource as far as the request tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource {
    /// Its ARN; what is not told stands in it as in AWS's patterns, such as `${KeyId}`.
    pub arn: String,
    /// The variables that are not told.
    pub unresolved: Vec<String>,
}

impl Resource {
    fn told(arn: impl Into<String>) -> Self {
        Self { arn: arn.into(), unresolved: Vec::new() }
    }
}

/// The decisions that a request needs, all of which must allow it; none for an operation that
/// needs no permission.
///
/// An operation's action has its name, and its resources are those of the Service Authorization
/// Reference, filled from members of the same name and from ARNs among the members. What AWS
/// documents otherwise is in the table of exceptions.
pub fn authorizations(
    request: &Identified,
    parameters: &Value,
    account: &Account<'_>,
) -> Vec<Authorization> {
    let asked = Asked {
        request,
        service: request.service.id(),
        prefix: prefix(request.service),
        operation: request.operation.name().to_string(),
        parameters,
        account: *account,
    };
    special::authorizations(&asked).unwrap_or_else(|| {
        let actions = exceptions::actions(&asked);
        let mut needed: Vec<_> = actions.iter().map(|name| asked.authorization(name)).collect();
        needed.extend(fill::pass_role(&asked, &actions));
        needed
    })
}

/// A request that is known by its service's name in policies, such as `states`, and its operation;
/// `None` where there is no such one.
pub fn named(prefix_in_policies: &str, operation: &str) -> Option<Identified> {
    let services = services().filter(|service| prefix(*service) == prefix_in_policies);
    services.into_iter().find_map(|service| {
        let operation = service.operation(operation)?;
        let protocol = service.protocols().next()?;
        Some(Identified { service, operation, protocol, bucket: None })
    })
}

/// A request, with all that its authorizations are made from.
struct Asked<'a> {
    request: &'a Identified,
    service: &'static str,
    prefix: &'static str,
    operation: String,
    parameters: &'a Value,
    account: Account<'a>,
}

impl Asked<'_> {
    /// A text among the members.
    fn text(&self, name: &str) -> Option<&str> {
        self.parameters.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// `arn:partition:service:region:account:resource`.
    fn arn(&self, service: &str, resource: &str) -> String {
        let Account { partition, region, account } = self.account;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// With the resources that the facts name for the action.
    fn authorization(&self, name: &str) -> Authorization {
        let (prefix, bare) = name.split_once(':').unwrap_or((self.prefix, name));
        let resources = fill::resources(self, facts::action(prefix, bare));
        self.with(&format!("{prefix}:{bare}"), resources)
    }

    fn with(&self, action: &str, resources: Vec<Resource>) -> Authorization {
        let (context, unknown) = context::of(self, action);
        Authorization { action: action.to_owned(), resources, context, unknown }
    }

    fn on(&self, action: &str, arn: impl Into<String>) -> Authorization {
        self.with(action, vec![Resource::told(arn)])
    }
}

/// The service's name in policies: its signing name, but for those that have another (Service
/// Authorization Reference, "Actions, resources, and condition keys for AWS services").
fn prefix(service: Service) -> &'static str {
    match service.id() {
        "cloudwatch" => "cloudwatch",
        "cloudcontrol" => "cloudformation",
        "iot-data" | "iotsecuretunneling" => "iot",
        "iot-jobs-data" => "iotjobsdata",
        "mturk" => "mechanicalturk",
        "resourcegroupstaggingapi" => "tag",
        "sso" => "sso",
        "s3control" => "s3",
        _ => service.signing_name(),
    }
}
