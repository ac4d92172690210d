//! Who asks: the caller of an authorization request.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::arn::Arn;

/// The caller of an authorization request.
///
/// Reads from and prints as the one string by which AWS names it:
///
/// | string | variant |
/// |---|---|
/// | `arn:aws:iam::111122223333:user/alice` | [`User`](Self::User) |
/// | `arn:aws:iam::111122223333:role/demo` | [`Role`](Self::Role) |
/// | `arn:aws:sts::111122223333:assumed-role/demo/session` | [`AssumedRole`](Self::AssumedRole) |
/// | `arn:aws:sts::111122223333:federated-user/bob` | [`FederatedUser`](Self::FederatedUser) |
/// | `arn:aws:iam::111122223333:root` | [`Root`](Self::Root) |
/// | `s3.amazonaws.com` | [`Service`](Self::Service) |
/// | `accounts.google.com`, a SAML or OIDC provider ARN | [`Federated`](Self::Federated) |
/// | 40 or more hexadecimal digits | [`CanonicalUser`](Self::CanonicalUser) |
/// | `anonymous`, `*` | [`Anonymous`](Self::Anonymous) |
///
/// Source: IAM User Guide, "AWS JSON policy elements: Principal".
///
/// ```
/// # use retrigger_iam::Principal;
/// let caller: Principal = "arn:aws:sts::111122223333:assumed-role/demo/s1".parse().unwrap();
/// assert_eq!(caller.account(), Some("111122223333"));
/// assert_eq!("s3.amazonaws.com".parse(), Ok(Principal::Service("s3.amazonaws.com".into())));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[non_exhaustive]
pub enum Principal {
    /// An IAM user, by ARN.
    User(String),
    /// An IAM role, by ARN. Requests are made by sessions of a role; a bare role stands for any
    /// of its sessions.
    Role(String),
    /// A session of a role, by `assumed-role` ARN.
    AssumedRole(String),
    /// A session made by `GetFederationToken`, by `federated-user` ARN.
    FederatedUser(String),
    /// The root user of an account, by ARN.
    Root(String),
    /// An AWS service, by host name.
    Service(String),
    /// An identity provider: host name, or the ARN of a SAML or OIDC provider.
    Federated(String),
    /// An S3 canonical user id.
    CanonicalUser(String),
    /// A caller without credentials.
    Anonymous,
}

/// A string that names no principal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no principal: expected a user, role, session or root ARN, a service such as \
     `s3.amazonaws.com`, an identity provider, a canonical user id, or `anonymous`"
)]
pub struct ParsePrincipalError(String);

impl Principal {
    /// The one string by which AWS names this caller; `anonymous` where it has none.
    pub fn as_str(&self) -> &str {
        match self {
            Self::User(text)
            | Self::Role(text)
            | Self::AssumedRole(text)
            | Self::FederatedUser(text)
            | Self::Root(text)
            | Self::Service(text)
            | Self::Federated(text)
            | Self::CanonicalUser(text) => text,
            Self::Anonymous => "anonymous",
        }
    }

    /// The caller's account id, where it is a principal of an account.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::User(arn)
            | Self::Role(arn)
            | Self::AssumedRole(arn)
            | Self::FederatedUser(arn)
            | Self::Root(arn) => Arn::parse(arn)?.account_id(),
            Self::Service(_) | Self::Federated(_) | Self::CanonicalUser(_) | Self::Anonymous => {
                None
            }
        }
    }

    /// Whether the caller is of an account, as users, roles, their sessions and the root user are;
    /// services, identity providers, canonical users and anonymous callers are of none.
    #[inline]
    pub(crate) fn is_of_account(&self) -> bool {
        self.has_identity_policies() || matches!(self, Self::Root(_))
    }

    /// Users, roles and their sessions have identity policies; the root user needs none, and the
    /// other callers are of no account.
    #[inline]
    pub(crate) fn has_identity_policies(&self) -> bool {
        matches!(
            self,
            Self::User(_) | Self::Role(_) | Self::AssumedRole(_) | Self::FederatedUser(_)
        )
    }

    /// The value of `aws:PrincipalType` for this caller, where it has one. Source: IAM User Guide,
    /// "IAM policy elements: Variables and tags" (principal key values).
    pub(crate) fn type_name(&self) -> Option<&'static str> {
        match self {
            Self::User(_) => Some("User"),
            Self::Role(_) | Self::AssumedRole(_) => Some("AssumedRole"),
            Self::FederatedUser(_) => Some("FederatedUser"),
            Self::Root(_) => Some("Account"),
            Self::Anonymous => Some("Anonymous"),
            Self::Service(_) | Self::Federated(_) | Self::CanonicalUser(_) => None,
        }
    }

    /// An IAM user's name, without its path.
    pub(crate) fn user_name(&self) -> Option<&str> {
        match self {
            Self::User(arn) => Some(Arn::parse(arn)?.resource_name()),
            _ => None,
        }
    }

    /// The host name of a service.
    pub(crate) fn service(&self) -> Option<&str> {
        match self {
            Self::Service(host) => Some(host),
            _ => None,
        }
    }

    /// The value of `aws:PrincipalIsAWSService`; anonymous callers have none.
    pub(crate) fn is_service(&self) -> Option<bool> {
        (*self != Self::Anonymous).then(|| self.service().is_some())
    }

    /// For a role session, the name of its role: the second piece of
    /// `assumed-role/NAME/SESSION`. For a role, the last piece of its path.
    pub fn role_name(&self) -> Option<&str> {
        match self {
            Self::Role(arn) => Some(Arn::parse(arn)?.resource_name()),
            Self::AssumedRole(arn) => Arn::parse(arn)?.resource.split('/').nth(1),
            _ => None,
        }
    }
}

impl FromStr for Principal {
    type Err = ParsePrincipalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || ParsePrincipalError(text.to_owned());
        let owned = || text.to_owned();
        if text == "anonymous" || text == "*" {
            return Ok(Self::Anonymous);
        }
        if let Some(arn) = Arn::parse(text) {
            let kind = arn.resource.split('/').next().unwrap_or_default();
            return match (arn.service, kind) {
                ("iam", "user") => Ok(Self::User(owned())),
                ("iam", "role") => Ok(Self::Role(owned())),
                ("iam", "root") => Ok(Self::Root(owned())),
                ("iam", "saml-provider" | "oidc-provider") => Ok(Self::Federated(owned())),
                ("sts", "assumed-role") => Ok(Self::AssumedRole(owned())),
                ("sts", "federated-user") => Ok(Self::FederatedUser(owned())),
                _ => Err(unknown()),
            };
        }
        if text.len() >= 40 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(Self::CanonicalUser(owned()));
        }
        if is_service_host(text) {
            return Ok(Self::Service(owned()));
        }
        if text.contains('.') && !text.contains(|c: char| c.is_whitespace() || c == '*') {
            return Ok(Self::Federated(owned()));
        }
        Err(unknown())
    }
}

/// Service principals live under `amazonaws.com` (with a country suffix in some partitions) or,
/// for Alexa, under `amazon.com`. `cognito-identity.amazonaws.com` and `www.amazon.com` are
/// identity providers that look like services: they are named under `Federated`.
fn is_service_host(text: &str) -> bool {
    let provider = ["cognito-identity.amazonaws.com", "www.amazon.com"];
    let suffix = [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".aws.internal"];
    !provider.contains(&text) && suffix.iter().any(|end| text.ends_with(end))
}

impl TryFrom<String> for Principal {
    type Error = ParsePrincipalError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Principal> for String {
    fn from(principal: Principal) -> Self {
        principal.as_str().to_owned()
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("arn:aws:iam::111122223333:user/a/b", "111122223333")]
    #[case("arn:aws:iam::111122223333:root", "111122223333")]
    #[case("arn:aws-cn:sts::111122223333:federated-user/bob", "111122223333")]
    fn account_is_read_from_the_arn(#[case] text: &str, #[case] account: &str) {
        let principal: Principal = text.parse().unwrap();
        assert_eq!(principal.account(), Some(account));
        assert_eq!(principal.to_string(), text);
    }

    #[rstest]
    #[case("arn:aws:iam::111122223333:role/service-role/demo", Some("demo"))]
    #[case("arn:aws:sts::111122223333:assumed-role/demo/s1", Some("demo"))]
    #[case("lambda.amazonaws.com", None)]
    fn role_name_is_without_path(#[case] text: &str, #[case] name: Option<&str>) {
        assert_eq!(text.parse::<Principal>().unwrap().role_name(), name);
    }

    #[rstest]
    #[case("actions.github.com")]
    #[case("cognito-identity.amazonaws.com")]
    #[case("arn:aws:iam::111122223333:oidc-provider/example.com")]
    fn identity_providers_are_federated(#[case] text: &str) {
        assert!(matches!(text.parse(), Ok(Principal::Federated(_))));
    }

    #[rstest]
    #[case("arn:aws:iam::111122223333:group/admins")]
    #[case("alice")]
    #[case("")]
    fn other_strings_name_nobody(#[case] text: &str) {
        assert!(text.parse::<Principal>().is_err());
    }
}
