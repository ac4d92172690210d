//! `organization.json`: service and resource control policies of every level from root to account.

use std::collections::BTreeMap;

use aws_sdk_organizations::types::PolicyType;
use retrigger_recording::{ORGANIZATION_FORMAT, TakenSnapshot, Unread};
use serde_json::{Value, json};

use super::{Taking, document, next_page};
use crate::error::{CollectError, ErrorKind};

/// More levels than an organization may have: the root, five of organizational units, the account
/// (AWS Organizations User Guide, "Quotas and service limits for AWS Organizations").
const MOST_LEVELS: usize = 16;

impl Taking<'_> {
    pub(super) async fn organization(&mut self, account: &str) -> Result<(), CollectError> {
        let file = TakenSnapshot::organization_file().to_owned();
        match self.organization_json(account).await {
            Ok(organization) => self.put(file, &organization),
            Err(error) if error.code() == Some("AWSOrganizationsNotInUseException") => {
                self.notes.push(format!("the account `{account}` is in no organization"));
                self.nothing.insert(file);
            }
            Err(error) if error.kind() == ErrorKind::Refused => {
                self.not_read(Unread::Organization, account, &error);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn organization_json(&self, account: &str) -> Result<Value, CollectError> {
        let call = self.connection.organizations().describe_organization().send();
        let answer = self.call("organizations:DescribeOrganization", account, call).await?;
        let management = answer.organization.and_then(|one| one.master_account_id);
        let levels = self.levels(account).await?;
        let mut known = BTreeMap::new();
        let scps = self.attached(&levels, &PolicyType::ServiceControlPolicy, &mut known).await?;
        let rcps = self.attached(&levels, &PolicyType::ResourceControlPolicy, &mut known).await?;
        let mut organization = json!({ "format": ORGANIZATION_FORMAT });
        if let Some(management) = management {
            organization["management_account"] = management.into();
        }
        organization["scps"] = scps;
        organization["rcps"] = rcps;
        Ok(organization)
    }

    /// The root, the organizational units and the account, in this order.
    async fn levels(&self, account: &str) -> Result<Vec<String>, CollectError> {
        const CALL: &str = "organizations:ListParents";
        let mut levels = vec![account.to_owned()];
        while let Some(child) = levels.last().filter(|level| !level.starts_with("r-")) {
            let call = self.connection.organizations().list_parents().child_id(child).send();
            let parents = self.call(CALL, child, call).await?.parents.unwrap_or_default();
            let parent = parents.into_iter().find_map(|parent| parent.id);
            let parent = parent.filter(|_| levels.len() < MOST_LEVELS).ok_or_else(|| {
                CollectError::unreadable(CALL, account, "the answer does not lead to the root")
            });
            levels.push(parent?);
        }
        levels.reverse();
        Ok(levels)
    }

    /// The policies of one type, level by level.
    async fn attached(
        &self,
        levels: &[String],
        kind: &PolicyType,
        known: &mut BTreeMap<String, Value>,
    ) -> Result<Value, CollectError> {
        const CALL: &str = "organizations:ListPoliciesForTarget";
        let mut all = Vec::new();
        for level in levels {
            let (mut policies, mut marker) = (Vec::new(), None);
            loop {
                let call = self.connection.organizations().list_policies_for_target();
                let call = call.target_id(level).filter(kind.clone());
                let page =
                    self.call(CALL, level, call.set_next_token(marker.clone()).send()).await?;
                for id in page.policies.unwrap_or_default().into_iter().filter_map(|one| one.id) {
                    if !known.contains_key(&id) {
                        known.insert(id.clone(), self.policy(&id).await?);
                    }
                    policies.extend(known.get(&id).cloned());
                }
                let next = page.next_token.filter(|token| !token.is_empty());
                marker = next_page(CALL, level, marker.as_ref(), next.is_some(), next)?;
                if marker.is_none() {
                    break;
                }
            }
            all.push(json!({ "target": level, "policies": policies }));
        }
        Ok(all.into())
    }

    async fn policy(&self, id: &str) -> Result<Value, CollectError> {
        const CALL: &str = "organizations:DescribePolicy";
        let call = self.connection.organizations().describe_policy().policy_id(id).send();
        let policy = self.call(CALL, id, call).await?.policy;
        let lacks = || CollectError::unreadable(CALL, id, "the answer has no policy");
        let (summary, content) = policy
            .and_then(|policy| policy.policy_summary.zip(policy.content))
            .ok_or_else(lacks)?;
        Ok(json!({
            "Name": summary.name.unwrap_or_else(|| id.to_owned()),
            "Arn": summary.arn,
            "Content": document(&content),
        }))
    }
}
