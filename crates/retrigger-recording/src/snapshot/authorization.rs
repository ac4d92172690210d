//! `account-authorization-details.json`: the account's roles and managed policies.
//!
//! The shape is that of `aws iam get-account-authorization-details` (IAM API Reference,
//! `GetAccountAuthorizationDetails`). Documents are objects, as the command prints them, or
//! percent-encoded strings, as the API returns them. Users and groups are not looked at.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    document::PolicyDocument,
    error::{Error, Problem},
    parse,
    source::Source,
    stored::{DocumentRole, StoredDocument},
};

/// A role with all its policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Its ARN, path included.
    pub arn: String,
    /// Who may assume it; `None` where the file does not say.
    pub trust: Option<PolicyDocument>,
    /// Its inline policies.
    pub inline: Vec<PolicyDocument>,
    /// The default versions of the managed policies attached to it.
    pub managed: Vec<PolicyDocument>,
    /// The default version of the managed policy that is its permissions boundary.
    pub boundary: Option<PolicyDocument>,
}

/// What the file says.
#[derive(Clone, Debug)]
pub(super) struct AuthorizationDetails {
    source: Arc<Source>,
    roles: Vec<RoleEntry>,
    /// Default versions by ARN.
    managed: BTreeMap<String, PolicyDocument>,
    is_truncated: bool,
}

/// A role whose managed policies are named and not yet looked up.
#[derive(Clone, Debug)]
struct RoleEntry {
    role: Role,
    attached: Vec<String>,
    boundary: Option<String>,
}

#[derive(Deserialize)]
#[serde(
    rename_all = "PascalCase",
    expecting = "the output of `aws iam get-account-authorization-details`"
)]
struct DetailsJson<'a> {
    #[serde(borrow, default)]
    role_detail_list: Vec<RoleJson<'a>>,
    #[serde(borrow, default)]
    policies: Vec<ManagedJson<'a>>,
    #[serde(default)]
    is_truncated: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a role")]
struct RoleJson<'a> {
    role_name: String,
    arn: String,
    #[serde(borrow)]
    assume_role_policy_document: Option<&'a RawValue>,
    #[serde(borrow, default)]
    role_policy_list: Vec<InlineJson<'a>>,
    #[serde(default)]
    attached_managed_policies: Vec<AttachedJson>,
    permissions_boundary: Option<BoundaryJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an inline policy")]
struct InlineJson<'a> {
    policy_name: String,
    #[serde(borrow)]
    policy_document: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an attached managed policy")]
struct AttachedJson {
    policy_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a permissions boundary")]
struct BoundaryJson {
    permissions_boundary_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a managed policy")]
struct ManagedJson<'a> {
    policy_name: String,
    arn: String,
    default_version_id: Option<String>,
    #[serde(borrow, default)]
    policy_version_list: Vec<VersionJson<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a version of a managed policy")]
struct VersionJson<'a> {
    #[serde(borrow)]
    document: &'a RawValue,
    version_id: Option<String>,
    #[serde(default)]
    is_default_version: bool,
}

impl AuthorizationDetails {
    pub(super) fn parse(source: &Arc<Source>) -> Result<Self, Error> {
        let json: DetailsJson<'_> = parse::json(source)?;
        let mut managed = BTreeMap::new();
        for policy in &json.policies {
            if let Some(document) = default_version(policy, source)? {
                managed.insert(policy.arn.clone(), document);
            }
        }
        let roles = json.role_detail_list.into_iter().map(|role| entry(role, source));
        Ok(Self {
            roles: roles.collect::<Result<_, _>>()?,
            managed,
            is_truncated: json.is_truncated,
            source: Arc::clone(source),
        })
    }

    pub(super) fn role(&self, arn_or_name: &str) -> Result<Role, Error> {
        let is_it =
            |entry: &&RoleEntry| entry.role.arn == arn_or_name || entry.role.name == arn_or_name;
        let Some(entry) = self.roles.iter().find(is_it) else {
            let there = super::list("roles", self.roles.iter().map(|entry| &entry.role.name));
            return Err(self.lacks("role", arn_or_name, &there));
        };
        let look_up = |arn: &String| {
            let advice = "list it under `Policies`, with its default version";
            self.managed.get(arn).cloned().ok_or_else(|| self.lacks("managed policy", arn, advice))
        };
        Ok(Role {
            managed: entry.attached.iter().map(look_up).collect::<Result<_, _>>()?,
            boundary: entry.boundary.as_ref().map(look_up).transpose()?,
            ..entry.role.clone()
        })
    }

    /// Every document, in no order.
    pub(super) fn into_documents(self) -> Vec<StoredDocument> {
        let mut documents = Vec::new();
        let mut add = |document, role| documents.push(StoredDocument::new(document, role));
        for RoleEntry { role, .. } in self.roles {
            role.trust.into_iter().for_each(|document| add(document, DocumentRole::Trust));
            role.inline.into_iter().for_each(|document| add(document, DocumentRole::Inline));
        }
        self.managed.into_values().for_each(|document| add(document, DocumentRole::Managed));
        documents
    }

    fn lacks(&self, what: &'static str, name: &str, advice: &str) -> Error {
        let cut = "; the listing is cut off (`IsTruncated`): take the snapshot with all its pages";
        let advice = format!("{advice}{}", if self.is_truncated { cut } else { "" });
        self.source.error_in_all(Problem::NotInSnapshot { what, name: name.to_owned(), advice })
    }
}

fn entry(json: RoleJson<'_>, source: &Arc<Source>) -> Result<RoleEntry, Error> {
    let RoleJson { role_name: name, arn, .. } = json;
    let trust = json.assume_role_policy_document.map(|document| {
        let title = format!("trust policy of role `{name}`");
        PolicyDocument::within(title, None, document, source)
    });
    let inline = json.role_policy_list.iter().map(|policy| {
        let title = format!("inline policy `{}` of role `{name}`", policy.policy_name);
        PolicyDocument::within(title, None, policy.policy_document, source)
    });
    let (trust, inline) = (trust.transpose()?, inline.collect::<Result<_, _>>()?);
    Ok(RoleEntry {
        role: Role { name, arn, trust, inline, managed: Vec::new(), boundary: None },
        attached: json.attached_managed_policies.into_iter().map(|one| one.policy_arn).collect(),
        boundary: json.permissions_boundary.map(|boundary| boundary.permissions_boundary_arn),
    })
}

/// The default version of a managed policy: the one that says so, or that the policy names.
fn default_version(
    policy: &ManagedJson<'_>,
    source: &Arc<Source>,
) -> Result<Option<PolicyDocument>, Error> {
    let is_named = |version: &VersionJson<'_>| {
        version.version_id.is_some() && version.version_id == policy.default_version_id
    };
    let versions = &policy.policy_version_list;
    let default = versions.iter().find(|version| version.is_default_version);
    let Some(version) = default.or_else(|| versions.iter().find(|version| is_named(version)))
    else {
        return Ok(None);
    };
    let title = format!("managed policy `{}`", policy.policy_name);
    PolicyDocument::within(title, Some(&policy.arn), version.document, source).map(Some)
}
