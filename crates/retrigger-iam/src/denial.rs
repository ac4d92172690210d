//! AWS's own words for a denial.
//!
//! Source: IAM User Guide, "Troubleshoot access denied error messages"; AWS Security Blog,
//! "Enhanced access denied error messages with policy ARNs".

use serde::Serialize;

use crate::{explain::PolicyType, request::Request};

/// The one kind of policy that AWS names when it denies a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// The kind.
    pub policy_type: PolicyType,
    /// Whether a statement denies, or none allows.
    pub explicit: bool,
    /// The role's trust policy is meant where the kind is [`PolicyType::Resource`].
    pub trust_policy: bool,
    /// The ARN of the policy whose statement denies, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_arn: Option<String>,
}

impl Denial {
    /// The sentence with which AWS denies `request`.
    ///
    /// The ARN of the denying policy, which AWS has begun to append service by service, is left
    /// to the caller of this function: see [`Denial::policy_arn`].
    pub fn message(&self, request: &Request) -> String {
        let Request { principal, action, resource, .. } = request;
        let because = if self.explicit {
            format!("with an explicit deny in {}", self.explicit_noun())
        } else {
            format!("because no {} allows the {action} action", self.implicit_noun())
        };
        format!(
            "User: {principal} is not authorized to perform: {action} on resource: {resource} \
             {because}"
        )
    }

    fn implicit_noun(&self) -> &'static str {
        match self.policy_type {
            PolicyType::Resource if self.trust_policy => "role trust policy",
            other => other.noun(),
        }
    }

    fn explicit_noun(&self) -> &'static str {
        match self.policy_type {
            PolicyType::ServiceControlPolicy => "a service control policy",
            PolicyType::ResourceControlPolicy => "a resource control policy",
            PolicyType::VpcEndpoint => "a VPC endpoint policy",
            PolicyType::Resource if self.trust_policy => "the role trust policy",
            PolicyType::Resource => "a resource-based policy",
            PolicyType::Principal => "an identity-based policy",
            PolicyType::PermissionsBoundary => "a permissions boundary",
            // The page spells it so; CloudTrail records have been seen to say "session policy".
            PolicyType::Session => "a sessions policy",
        }
    }
}
