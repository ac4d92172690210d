//! Roles with all that bears on what they may do.

use std::collections::BTreeSet;

use retrigger_recording::Unread;
use serde_json::{Value, json};

use super::{Configured, Read, Taking, iam_json, next_page, pretty};
use crate::{arn::Arn, error::CollectError};

/// `account-authorization-details.json`.
pub(super) const AUTHORIZATION_FILE: &str = "account-authorization-details.json";

/// What the file lists.
#[derive(Default)]
pub(super) struct Details {
    pub(super) users: Vec<Value>,
    pub(super) groups: Vec<Value>,
    pub(super) roles: Vec<Value>,
    pub(super) policies: Vec<Value>,
}

impl Details {
    pub(super) fn text(&self) -> String {
        let Self { users, groups, roles, policies } = self;
        pretty(&json!({
            "UserDetailList": users,
            "GroupDetailList": groups,
            "RoleDetailList": roles,
            "Policies": policies,
        }))
    }
}

impl Taking<'_> {
    /// The execution role and the roles named, or all of the account. Whether it is all of it.
    pub(super) async fn roles(
        &mut self,
        configured: &Configured,
        named: &[String],
        account: bool,
    ) -> Result<bool, CollectError> {
        let mut details = if account { self.account(&configured.account).await? } else { None };
        let is_whole = details.is_some();
        let details = details.get_or_insert_default();
        for arn in std::iter::once(&configured.role).chain(named) {
            if !details.roles.iter().any(|role| role["Arn"].as_str() == Some(arn)) {
                details.roles.extend(self.role(arn, arn != &configured.role).await?);
            }
        }
        self.managed_policies(details).await?;
        if !details.roles.is_empty() || is_whole {
            self.files.insert(AUTHORIZATION_FILE.to_owned(), details.text());
        }
        Ok(is_whole)
    }

    /// A role as `GetAccountAuthorizationDetails` lists it; `None` where it is not there or may not
    /// be read.
    async fn role(&mut self, arn: &str, is_named: bool) -> Result<Option<Value>, CollectError> {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        let call = self.connection.iam().get_role().role_name(name).send();
        let role = match self.read("iam:GetRole", name, call).await? {
            Read::There(answer) => answer.role,
            Read::Nothing(error) if is_named => return Err(error),
            Read::Nothing(_) => {
                self.notes.push(format!("the execution role `{arn}` is not there any more"));
                return Ok(None);
            }
            Read::Refused(error) => {
                self.not_read(Unread::Role, arn, &error);
                return Ok(None);
            }
        };
        let Some(role) = role else { return Ok(None) };
        let mut role = iam_json::role(&role);
        role["RolePolicyList"] = self.inline_policies(arn, name).await?.into();
        role["AttachedManagedPolicies"] = self.attached_policies(arn, name).await?.into();
        Ok(Some(role))
    }

    async fn inline_policies(&mut self, arn: &str, name: &str) -> Result<Vec<Value>, CollectError> {
        const CALL: &str = "iam:ListRolePolicies";
        let (mut names, mut marker) = (Vec::new(), None);
        loop {
            let call = self.connection.iam().list_role_policies().role_name(name);
            let call = call.set_marker(marker.clone()).send();
            let page = match self.read(CALL, name, call).await? {
                Read::There(page) => page,
                Read::Nothing(error) => return Err(error),
                Read::Refused(error) => {
                    self.not_read(Unread::InlinePolicies, arn, &error);
                    return Ok(Vec::new());
                }
            };
            names.extend(page.policy_names);
            marker = next_page(CALL, name, marker.as_ref(), page.is_truncated, page.marker)?;
            if marker.is_none() {
                break;
            }
        }
        let mut policies = Vec::new();
        for policy in names {
            let of = format!("{name}/{policy}");
            let call = self.connection.iam().get_role_policy().role_name(name);
            let call = call.policy_name(&policy).send();
            match self.read("iam:GetRolePolicy", &of, call).await? {
                Read::There(answer) => policies.push(json!({
                    "PolicyName": policy,
                    "PolicyDocument": iam_json::decoded(&answer.policy_document),
                })),
                // Removed since it was listed.
                Read::Nothing(_) => {}
                Read::Refused(error) => self.not_read(Unread::InlinePolicies, arn, &error),
            }
        }
        Ok(policies)
    }

    async fn attached_policies(
        &mut self,
        arn: &str,
        name: &str,
    ) -> Result<Vec<Value>, CollectError> {
        const CALL: &str = "iam:ListAttachedRolePolicies";
        let (mut attached, mut marker) = (Vec::new(), None);
        loop {
            let call = self.connection.iam().list_attached_role_policies().role_name(name);
            let call = call.set_marker(marker.clone()).send();
            let page = match self.read(CALL, name, call).await? {
                Read::There(page) => page,
                Read::Nothing(error) => return Err(error),
                Read::Refused(error) => {
                    self.not_read(Unread::AttachedPolicies, arn, &error);
                    return Ok(Vec::new());
                }
            };
            attached.extend(page.attached_policies().iter().map(iam_json::attached));
            marker = next_page(CALL, name, marker.as_ref(), page.is_truncated, page.marker)?;
            if marker.is_none() {
                return Ok(attached);
            }
        }
    }

    /// The default versions of the managed policies that roles refer to, which are those in force;
    /// a listing of the whole account lacks some that are boundaries only.
    async fn managed_policies(&mut self, details: &mut Details) -> Result<(), CollectError> {
        let mut referred = BTreeSet::new();
        for owner in details.roles.iter().chain(&details.users).chain(&details.groups) {
            let attached = owner["AttachedManagedPolicies"].as_array().into_iter().flatten();
            let attached = attached.map(|policy| &policy["PolicyArn"]);
            let boundary = &owner["PermissionsBoundary"]["PermissionsBoundaryArn"];
            let arns = attached.chain([boundary]).filter_map(Value::as_str);
            referred.extend(arns.map(str::to_owned));
        }
        for arn in referred {
            let is_there = |policy: &Value| policy["Arn"].as_str() == Some(&arn);
            if !details.policies.iter().any(is_there) {
                details.policies.extend(self.managed_policy(&arn).await?);
            }
        }
        Ok(())
    }

    async fn managed_policy(&mut self, arn: &str) -> Result<Option<Value>, CollectError> {
        let call = self.connection.iam().get_policy().policy_arn(arn).send();
        let policy = match self.read("iam:GetPolicy", arn, call).await? {
            Read::There(answer) => match answer.policy {
                Some(policy) => policy,
                None => return Ok(None),
            },
            Read::Nothing(error) | Read::Refused(error) => {
                self.not_read(Unread::ManagedPolicy, arn, &error);
                return Ok(None);
            }
        };
        let id = policy.default_version_id().unwrap_or_default().to_owned();
        let call = self.connection.iam().get_policy_version().policy_arn(arn);
        let call = call.version_id(&id).send();
        match self.read("iam:GetPolicyVersion", arn, call).await? {
            Read::There(answer) => {
                let versions: Vec<Value> =
                    answer.policy_version.iter().map(iam_json::version).collect();
                Ok(Some(iam_json::policy(&policy, versions)))
            }
            Read::Nothing(error) | Read::Refused(error) => {
                self.not_read(Unread::ManagedPolicy, arn, &error);
                Ok(None)
            }
        }
    }
}

/// The name in a role's ARN; `None` for another ARN.
pub(super) fn name_of_role<'a>(arn: &Arn<'a>) -> Option<&'a str> {
    let path = arn.resource.strip_prefix("role/").filter(|_| arn.service == "iam")?;
    path.rsplit('/').next()
}
