//! The kinds of policy: where a document is attached decides what it may say.

use std::{fmt, str::FromStr};

use serde::Serialize;

use crate::policy::{Policy, Statement};

/// Where a policy document is attached.
///
/// Sources: IAM User Guide, "Policies and permissions in IAM"; AWS Organizations User Guide, "SCP
/// syntax" and "RCP syntax"; Amazon VPC guide, "Control access to VPC endpoints using endpoint
/// policies".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyKind {
    /// Inline in a user, group or role.
    Identity,
    /// A managed policy, attached to users, groups or roles.
    Managed,
    /// On a resource: a function, bucket, queue, topic, key, …
    Resource,
    /// On a role: who may assume it.
    Trust,
    /// A managed policy used as a permissions boundary.
    Boundary,
    /// Passed when a session is made.
    Session,
    /// A service control policy of an organization.
    Scp,
    /// A resource control policy of an organization.
    Rcp,
    /// On a VPC endpoint.
    Endpoint,
}

/// A word that is no kind of policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of policy; the kinds are {kinds}", kinds = names())]
pub struct UnknownPolicyKind(String);

/// The actions by which a role is assumed, and those that go with them in a trust policy.
/// Source: IAM User Guide, "How to use trust policies with IAM roles".
const TRUST_ACTIONS: [&str; 3] = ["sts:assumerole", "sts:tagsession", "sts:setsourceidentity"];

impl PolicyKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Identity,
        Self::Managed,
        Self::Resource,
        Self::Trust,
        Self::Boundary,
        Self::Session,
        Self::Scp,
        Self::Rcp,
        Self::Endpoint,
    ];

    /// The kind in one word, such as `scp`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Managed => "managed",
            Self::Resource => "resource",
            Self::Trust => "trust",
            Self::Boundary => "boundary",
            Self::Session => "session",
            Self::Scp => "scp",
            Self::Rcp => "rcp",
            Self::Endpoint => "endpoint",
        }
    }

    /// The kind as a sentence has it, such as `an identity policy`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Identity => "an identity policy",
            Self::Managed => "a managed policy",
            Self::Resource => "a resource policy",
            Self::Trust => "a trust policy",
            Self::Boundary => "a permissions boundary",
            Self::Session => "a session policy",
            Self::Scp => "a service control policy",
            Self::Rcp => "a resource control policy",
            Self::Endpoint => "an endpoint policy",
        }
    }

    /// The kind that a document seems to be, by its elements:
    ///
    /// | the document | the guess |
    /// |---|---|
    /// | names principals, only `sts:AssumeRole*` and what goes with it, and no resource | trust |
    /// | names principals | resource |
    /// | names actions or resources, and no principal | identity |
    /// | anything else | none |
    ///
    /// Managed policies, boundaries, session policies and SCPs look like identity policies, RCPs
    /// and endpoint policies like resource policies: they are never guessed.
    pub fn guess(policy: &Policy) -> Option<Self> {
        let statements = &policy.statements;
        if statements.iter().any(|statement| statement.principal.is_some()) {
            let is_trust = statements.iter().all(is_about_assuming);
            return Some(if is_trust { Self::Trust } else { Self::Resource });
        }
        let says_what =
            |statement: &Statement| statement.action.is_some() || statement.resource.is_some();
        statements.iter().any(says_what).then_some(Self::Identity)
    }

    /// Whether IAM itself reads the document when it is stored or passed, and refuses texts that
    /// are no ARN, date or statement id. What other services refuse differs by service.
    pub(crate) fn is_read_by_iam(self) -> bool {
        matches!(
            self,
            Self::Identity | Self::Managed | Self::Boundary | Self::Session | Self::Trust
        )
    }
}

fn is_about_assuming(statement: &Statement) -> bool {
    let Some(action) = &statement.action else { return false };
    let is_trust_action = |text: &str| {
        let text = text.to_ascii_lowercase();
        TRUST_ACTIONS.iter().any(|known| text.starts_with(known))
    };
    statement.resource.is_none()
        && !action.patterns.is_empty()
        && action.patterns.iter().all(|pattern| is_trust_action(&pattern.text.value))
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PolicyKind {
    type Err = UnknownPolicyKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kind = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        kind.ok_or_else(|| UnknownPolicyKind(text.to_owned()))
    }
}

fn names() -> String {
    PolicyKind::ALL.map(PolicyKind::as_str).join(", ")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#, Some(PolicyKind::Identity))]
    #[case(
        r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}"#,
        Some(PolicyKind::Resource)
    )]
    #[case(
        r#"{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Principal": {"AWS": "111122223333"}}"#,
        Some(PolicyKind::Trust)
    )]
    #[case(
        r#"{"Effect": "Allow", "Action": [], "Principal": {"AWS": "111122223333"}}"#,
        Some(PolicyKind::Resource)
    )]
    #[case(r#"{"Effect": "Allow"}"#, None)]
    fn a_kind_is_guessed_by_the_elements(
        #[case] statement: &str,
        #[case] expected: Option<PolicyKind>,
    ) {
        let policy: Policy = format!(r#"{{"Statement": {statement}}}"#).parse().unwrap();
        assert_eq!(PolicyKind::guess(&policy), expected);
    }

    #[test]
    fn kinds_are_read_by_their_names() {
        for kind in PolicyKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        let error = "role".parse::<PolicyKind>().unwrap_err().to_string();
        assert!(error.starts_with("`role` is no kind of policy; the kinds are identity, managed"));
    }
}
