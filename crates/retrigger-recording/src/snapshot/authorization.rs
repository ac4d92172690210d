//! `account-authorization-details.json`: the account's users, groups, roles and managed policies.
//!
//! The shape is that of `aws iam get-account-authorization-details` (IAM API Reference,
//! `GetAccountAuthorizationDetails`). Documents are objects, as the command prints them, or
//! percent-encoded strings, as the API returns them.

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
    /// Its unique id, such as `AROAEXAMPLE`; `None` where the file does not say.
    pub unique_id: Option<String>,
    /// Who may assume it; `None` where the file does not say.
    pub trust: Option<PolicyDocument>,
    /// Its inline policies.
    pub inline: Vec<PolicyDocument>,
    /// The default versions of the managed policies attached to it.
    pub managed: Vec<PolicyDocument>,
    /// The default version of the managed policy that is its permissions boundary.
    pub boundary: Option<PolicyDocument>,
    /// Its tags, which are the `aws:PrincipalTag/…` keys of its sessions.
    pub tags: BTreeMap<String, String>,
}

/// A user with all its policies, those of its groups included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its name.
    pub name: String,
    /// Its ARN, path included.
    pub arn: String,
    /// Its unique id, such as `AIDAEXAMPLE`; `None` where the file does not say.
    pub unique_id: Option<String>,
    /// Its inline policies, and those of its groups.
    pub inline: Vec<PolicyDocument>,
    /// The default versions of the managed policies attached to it and to its groups.
    pub managed: Vec<PolicyDocument>,
    /// The default version of the managed policy that is its permissions boundary.
    pub boundary: Option<PolicyDocument>,
    /// Its tags, which are the `aws:PrincipalTag/…` keys of its requests.
    pub tags: BTreeMap<String, String>,
}

/// What the file says.
#[derive(Clone, Debug)]
pub(super) struct AuthorizationDetails {
    source: Arc<Source>,
    users: Vec<UserEntry>,
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

/// A user whose managed policies are named and not yet looked up.
#[derive(Clone, Debug)]
struct UserEntry {
    user: User,
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
    user_detail_list: Vec<UserJson<'a>>,
    #[serde(borrow, default)]
    group_detail_list: Vec<GroupJson<'a>>,
    #[serde(borrow, default)]
    role_detail_list: Vec<RoleJson<'a>>,
    #[serde(borrow, default)]
    policies: Vec<ManagedJson<'a>>,
    #[serde(default)]
    is_truncated: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a user")]
struct UserJson<'a> {
    user_name: String,
    user_id: Option<String>,
    arn: String,
    #[serde(borrow, default)]
    user_policy_list: Vec<InlineJson<'a>>,
    #[serde(default)]
    group_list: Vec<String>,
    #[serde(default)]
    attached_managed_policies: Vec<AttachedJson>,
    permissions_boundary: Option<BoundaryJson>,
    #[serde(default)]
    tags: Vec<TagJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a group")]
struct GroupJson<'a> {
    group_name: String,
    #[serde(borrow, default)]
    group_policy_list: Vec<InlineJson<'a>>,
    #[serde(default)]
    attached_managed_policies: Vec<AttachedJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a tag")]
struct TagJson {
    key: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a role")]
struct RoleJson<'a> {
    role_name: String,
    role_id: Option<String>,
    arn: String,
    #[serde(borrow)]
    assume_role_policy_document: Option<&'a RawValue>,
    #[serde(borrow, default)]
    role_policy_list: Vec<InlineJson<'a>>,
    #[serde(default)]
    attached_managed_policies: Vec<AttachedJson>,
    permissions_boundary: Option<BoundaryJson>,
    #[serde(default)]
    tags: Vec<TagJson>,
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
        let groups = &json.group_detail_list;
        let users = json.user_detail_list.into_iter().map(|user| user_entry(user, groups, source));
        let users = users.collect::<Result<_, _>>()?;
        let roles = json.role_detail_list.into_iter().map(|role| entry(role, source));
        Ok(Self {
            users,
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
        Ok(Role {
            managed: self.all_managed(&entry.attached)?,
            boundary: entry.boundary.as_ref().map(|arn| self.managed(arn)).transpose()?,
            ..entry.role.clone()
        })
    }

    pub(super) fn user(&self, arn: &str) -> Result<User, Error> {
        let Some(entry) = self.users.iter().find(|entry| entry.user.arn == arn) else {
            let there = super::list("users", self.users.iter().map(|entry| &entry.user.name));
            return Err(self.lacks("user", arn, &there));
        };
        Ok(User {
            managed: self.all_managed(&entry.attached)?,
            boundary: entry.boundary.as_ref().map(|arn| self.managed(arn)).transpose()?,
            ..entry.user.clone()
        })
    }

    fn all_managed(&self, arns: &[String]) -> Result<Vec<PolicyDocument>, Error> {
        arns.iter().map(|arn| self.managed(arn)).collect()
    }

    fn managed(&self, arn: &String) -> Result<PolicyDocument, Error> {
        let advice = "list it under `Policies`, with its default version";
        self.managed.get(arn).cloned().ok_or_else(|| self.lacks("managed policy", arn, advice))
    }

    /// Every document, in no order.
    pub(super) fn into_documents(self) -> Vec<StoredDocument> {
        let mut of_users: Vec<PolicyDocument> = Vec::new();
        for document in self.users.into_iter().flat_map(|entry| entry.user.inline) {
            // A group's policy is a policy of each of its users.
            if !of_users.contains(&document) {
                of_users.push(document);
            }
        }
        let mut documents = Vec::new();
        let mut add = |document, role| documents.push(StoredDocument::new(document, role));
        for document in of_users {
            add(document, DocumentRole::Inline);
        }
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
    let RoleJson { role_name: name, role_id: unique_id, arn, .. } = json;
    let trust = json.assume_role_policy_document.map(|document| {
        let title = format!("trust policy of role `{name}`");
        PolicyDocument::within(title, None, document, source)
    });
    let inline = inline_policies(&json.role_policy_list, &format!("role `{name}`"), source)?;
    let tags = json.tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    let trust = trust.transpose()?;
    Ok(RoleEntry {
        role: Role {
            name,
            arn,
            unique_id,
            trust,
            inline,
            managed: Vec::new(),
            boundary: None,
            tags,
        },
        attached: json.attached_managed_policies.into_iter().map(|one| one.policy_arn).collect(),
        boundary: json.permissions_boundary.map(|boundary| boundary.permissions_boundary_arn),
    })
}

fn user_entry(
    json: UserJson<'_>,
    groups: &[GroupJson<'_>],
    source: &Arc<Source>,
) -> Result<UserEntry, Error> {
    let UserJson { user_name: name, user_id: unique_id, arn, .. } = json;
    let mut inline = inline_policies(&json.user_policy_list, &format!("user `{name}`"), source)?;
    let mut attached: Vec<String> =
        json.attached_managed_policies.into_iter().map(|one| one.policy_arn).collect();
    for group in groups.iter().filter(|group| json.group_list.contains(&group.group_name)) {
        let owner = format!("group `{}`", group.group_name);
        inline.extend(inline_policies(&group.group_policy_list, &owner, source)?);
        attached.extend(group.attached_managed_policies.iter().map(|one| one.policy_arn.clone()));
    }
    let tags = json.tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    Ok(UserEntry {
        user: User { name, arn, unique_id, inline, managed: Vec::new(), boundary: None, tags },
        attached,
        boundary: json.permissions_boundary.map(|boundary| boundary.permissions_boundary_arn),
    })
}

fn inline_policies(
    policies: &[InlineJson<'_>],
    owner: &str,
    source: &Arc<Source>,
) -> Result<Vec<PolicyDocument>, Error> {
    let document = |policy: &InlineJson<'_>| {
        let title = format!("inline policy `{}` of {owner}", policy.policy_name);
        PolicyDocument::within(title, None, policy.policy_document, source)
    };
    policies.iter().map(document).collect()
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
