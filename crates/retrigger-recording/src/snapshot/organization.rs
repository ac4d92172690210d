//! `organization.json`: service and resource control policies, level by level.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{document::PolicyDocument, error::Error, parse, source::Source};

/// The version of `organization.json` that is written. Version 1 is the first.
pub const ORGANIZATION_FORMAT: u32 = 1;

/// The policies of the organization that the account belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// The management account, which no such policy restricts.
    pub management_account: Option<String>,
    /// Service control policies, from the root to the account.
    pub scps: Vec<OrganizationLevel>,
    /// Resource control policies, from the root to the account.
    pub rcps: Vec<OrganizationLevel>,
}

/// The policies attached at one level of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationLevel {
    /// The root, organizational unit or account, such as `r-ab12` or `ou-ab12-cdef3456`.
    pub target: String,
    /// The policies attached to it.
    pub policies: Vec<PolicyDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an organization")]
struct OrganizationJson<'a> {
    #[serde(rename = "format")]
    _format: u32,
    management_account: Option<String>,
    #[serde(borrow, default)]
    scps: Vec<LevelJson<'a>>,
    #[serde(borrow, default)]
    rcps: Vec<LevelJson<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a level of an organization")]
struct LevelJson<'a> {
    target: String,
    #[serde(borrow)]
    policies: Vec<PolicyJson<'a>>,
}

#[derive(Deserialize)]
#[serde(
    rename_all = "PascalCase",
    deny_unknown_fields,
    expecting = "a policy with `Name` and `Content`"
)]
struct PolicyJson<'a> {
    name: String,
    arn: Option<String>,
    #[serde(borrow)]
    content: &'a RawValue,
}

impl Organization {
    pub(super) fn parse(source: &Arc<Source>) -> Result<Self, Error> {
        let json: OrganizationJson<'_> = parse::versioned_json(source, ORGANIZATION_FORMAT)?;
        let levels = |kind: &str, levels: Vec<LevelJson<'_>>| {
            levels.iter().map(|json| level(kind, json, source)).collect::<Result<_, Error>>()
        };
        Ok(Self {
            management_account: json.management_account,
            scps: levels("service control policy", json.scps)?,
            rcps: levels("resource control policy", json.rcps)?,
        })
    }
}

fn level(
    kind: &str,
    json: &LevelJson<'_>,
    source: &Arc<Source>,
) -> Result<OrganizationLevel, Error> {
    let policies = json.policies.iter().map(|policy| {
        let title = format!("{kind} `{}` of `{}`", policy.name, json.target);
        PolicyDocument::within(title, policy.arn.as_deref(), policy.content, source)
    });
    Ok(OrganizationLevel {
        target: json.target.clone(),
        policies: policies.collect::<Result<_, _>>()?,
    })
}
