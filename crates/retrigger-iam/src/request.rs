//! What is asked: one authorization request and its context.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{arn::Arn, principal::Principal};

/// One authorization request: may this principal perform this action on this resource, with this
/// context?
///
/// ```
/// # use retrigger_iam::Request;
/// let request = Request::new(
///     "s3.amazonaws.com".parse().unwrap(),
///     "lambda:InvokeFunction",
///     "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo",
/// )
/// .with_context("aws:SourceArn", "arn:aws:s3:::bucket");
/// assert_eq!(request.resource_account(), Some("841860927337"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The caller.
    pub principal: Principal,
    /// One concrete action, `service:Name`. Compared without regard to case.
    pub action: String,
    /// The ARN of one concrete resource, or `*` for an action without resource-level permissions.
    pub resource: String,
    /// The account that owns the resource, where the ARN does not say (S3 buckets) or says
    /// otherwise. Read it through [`Request::resource_account`].
    #[serde(default, rename = "resource_account", skip_serializing_if = "Option::is_none")]
    pub declared_resource_account: Option<String>,
    /// For a session, the ARN of the role or user it was made from: a session's own ARN lacks the
    /// role's path. Named as in `CloudTrail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_issuer: Option<String>,
    /// The condition keys of the request.
    #[serde(default)]
    pub context: Context,
    /// The action has no resource-level permissions: only a policy resource of `*` covers it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub wildcard_only_action: bool,
    /// The caller belongs to the organization's management account, which no SCP restricts.
    #[serde(default, skip_serializing_if = "is_false")]
    pub principal_in_management_account: bool,
    /// The resource belongs to the organization's management account, which no RCP restricts.
    #[serde(default, skip_serializing_if = "is_false")]
    pub resource_in_management_account: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls it with")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Request {
    /// A request with an empty context, whose resource is owned by the account in its ARN.
    pub fn new(
        principal: Principal,
        action: impl Into<String>,
        resource: impl Into<String>,
    ) -> Self {
        Self {
            principal,
            action: action.into(),
            resource: resource.into(),
            declared_resource_account: None,
            session_issuer: None,
            context: Context::default(),
            wildcard_only_action: false,
            principal_in_management_account: false,
            resource_in_management_account: false,
        }
    }

    /// The same request with one more condition key.
    #[must_use]
    pub fn with_context(mut self, key: impl Into<String>, value: impl Into<ContextValue>) -> Self {
        self.context.insert(key, value);
        self
    }

    /// Adds the global condition keys that follow from the request itself, where it does not
    /// carry them: `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`,
    /// `aws:username`, `aws:PrincipalIsAWSService`, `aws:PrincipalServiceName` and
    /// `aws:ResourceAccount`.
    ///
    /// Source: IAM User Guide, "AWS global condition context keys" and "IAM policy elements:
    /// Variables and tags" (principal key values).
    #[must_use]
    pub fn with_derived_context(mut self) -> Self {
        let resource_account = self.resource_account().map(str::to_owned);
        let derived = [
            ("aws:PrincipalArn", self.principal_arn()),
            ("aws:PrincipalAccount", self.principal.account().map(str::to_owned)),
            ("aws:PrincipalType", self.principal.type_name().map(str::to_owned)),
            ("aws:username", self.principal.user_name().map(str::to_owned)),
            ("aws:PrincipalIsAWSService", self.principal.is_service().map(|is| is.to_string())),
            ("aws:PrincipalServiceName", self.principal.service().map(str::to_owned)),
            ("aws:ResourceAccount", resource_account),
        ];
        for (key, value) in derived {
            if let (Some(value), None) = (value, self.context.get(key)) {
                self.context.insert(key, value);
            }
        }
        self
    }

    /// The value of `aws:PrincipalArn`: for a role session the ARN of the role, otherwise the
    /// caller's own.
    fn principal_arn(&self) -> Option<String> {
        let caller = &self.principal;
        caller.account()?;
        match (caller, &self.session_issuer) {
            (Principal::AssumedRole(_), Some(role)) => Some(role.clone()),
            (Principal::AssumedRole(session), None) => {
                let Arn { partition, account, .. } = Arn::parse(session)?;
                let name = caller.role_name()?;
                Some(format!("arn:{partition}:iam::{account}:role/{name}"))
            }
            _ => Some(caller.to_string()),
        }
    }

    /// The account that owns the resource: the declared one, else the one in its ARN.
    pub fn resource_account(&self) -> Option<&str> {
        self.declared_resource_account
            .as_deref()
            .or_else(|| Arn::parse(&self.resource).and_then(|arn| arn.account_id()))
    }
}

/// The condition keys of a request. Key names are compared without regard to case (IAM User
/// Guide, "IAM JSON policy elements: Condition"); the spelling given last is kept for display.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    entries: BTreeMap<String, (String, ContextValue)>,
}

impl Context {
    /// Sets a key, replacing a value it had under any spelling.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<ContextValue>) {
        let key = key.into();
        self.entries.insert(key.to_ascii_lowercase(), (key, value.into()));
    }

    /// The value of a key under any spelling, or `None` where the request does not carry it.
    pub fn get(&self, key: &str) -> Option<&ContextValue> {
        self.entries.get(&key.to_ascii_lowercase()).map(|(_, value)| value)
    }

    /// All keys in alphabetical order, as spelled, with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ContextValue)> {
        self.entries.values().map(|(key, value)| (key.as_str(), value))
    }

    /// Whether the request carries no condition key at all.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<K: Into<String>, V: Into<ContextValue>> FromIterator<(K, V)> for Context {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Self {
        let mut context = Self::default();
        for (key, value) in iter {
            context.insert(key, value);
        }
        context
    }
}

impl Serialize for Context {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Context {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(BTreeMap::<String, ContextValue>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// The value of a condition key: one string, or several where the key is multivalued (even if it
/// has one value or none in this request). In JSON a string, or an array of strings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ContextValue {
    /// A single-valued key.
    Single(String),
    /// A multivalued key.
    Multi(Vec<String>),
}

impl ContextValue {
    /// The value or values, in order.
    pub fn values(&self) -> &[String] {
        match self {
            Self::Single(value) => std::slice::from_ref(value),
            Self::Multi(values) => values,
        }
    }

    /// The value of a single-valued key.
    pub fn as_single(&self) -> Option<&str> {
        match self {
            Self::Single(value) => Some(value),
            Self::Multi(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for ContextValue {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = ContextValue;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a condition key's value in quotes, or a list of such values")
            }

            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Self::Value, E> {
                Ok(ContextValue::Single(value.to_owned()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut values: A,
            ) -> Result<Self::Value, A::Error> {
                let mut multi = Vec::new();
                while let Some(value) = values.next_element()? {
                    multi.push(value);
                }
                Ok(ContextValue::Multi(multi))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl From<&str> for ContextValue {
    fn from(value: &str) -> Self {
        Self::Single(value.to_owned())
    }
}

impl From<String> for ContextValue {
    fn from(value: String) -> Self {
        Self::Single(value)
    }
}

impl From<Vec<String>> for ContextValue {
    fn from(values: Vec<String>) -> Self {
        Self::Multi(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context_of(principal: &str) -> Context {
        let principal = principal.parse().unwrap();
        let resource = "arn:aws:sqs:us-east-1:444455556666:q";
        Request::new(principal, "sqs:SendMessage", resource).with_derived_context().context
    }

    #[track_caller]
    fn check(context: &Context, key: &str, expected: Option<&str>) {
        assert_eq!(context.get(key).and_then(ContextValue::as_single), expected, "{key}");
    }

    #[test]
    fn a_role_session_is_known_by_its_role() {
        let context = context_of("arn:aws:sts::111122223333:assumed-role/demo/s");
        check(&context, "aws:PrincipalArn", Some("arn:aws:iam::111122223333:role/demo"));
        check(&context, "aws:PrincipalAccount", Some("111122223333"));
        check(&context, "aws:PrincipalType", Some("AssumedRole"));
        check(&context, "aws:PrincipalIsAWSService", Some("false"));
        check(&context, "aws:ResourceAccount", Some("444455556666"));
        check(&context, "aws:username", None);
    }

    #[test]
    fn a_service_has_a_name_and_no_arn() {
        let context = context_of("s3.amazonaws.com");
        check(&context, "aws:PrincipalServiceName", Some("s3.amazonaws.com"));
        check(&context, "aws:PrincipalIsAWSService", Some("true"));
        check(&context, "aws:PrincipalArn", None);
    }

    #[test]
    fn a_key_that_the_request_carries_is_left_alone() {
        let request = Request::new(Principal::Anonymous, "s3:GetObject", "arn:aws:s3:::b/k")
            .with_context("aws:principaltype", "Custom")
            .with_derived_context();
        check(&request.context, "aws:PrincipalType", Some("Custom"));
    }

    #[test]
    fn a_request_reads_back_as_written() {
        let request = Request::new(Principal::Anonymous, "s3:GetObject", "arn:aws:s3:::b/k")
            .with_context("s3:prefix", vec!["a".to_owned()]);
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<Request>(&text).unwrap(), request);
    }
}
