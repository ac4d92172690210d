//! What is asked: one authorization request and its context.

use serde::{Deserialize, Serialize};

use crate::{
    arn::Arn,
    context::{Context, ContextValue},
    principal::Principal,
};

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
///
/// In JSON, `unknown_context` lists the condition keys that are marked unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "json::Request", into = "json::Request")]
pub struct Request {
    /// The caller.
    pub principal: Principal,
    /// One concrete action, `service:Name`. Compared without regard to case.
    pub action: String,
    /// The ARN of one concrete resource, or `*` for an action without resource-level permissions.
    pub resource: String,
    /// The account that owns the resource, where the ARN does not say (S3 buckets) or says
    /// otherwise. Read it through [`Request::resource_account`].
    pub declared_resource_account: Option<String>,
    /// For a session, the ARN of the role or user it was made from: a session's own ARN lacks the
    /// role's path. Named as in `CloudTrail`.
    pub session_issuer: Option<String>,
    /// The condition keys of the request.
    pub context: Context,
    /// The action has no resource-level permissions: only a policy resource of `*` covers it.
    pub wildcard_only_action: bool,
    /// The caller belongs to the organization's management account, which no SCP restricts.
    pub principal_in_management_account: bool,
    /// The resource belongs to the organization's management account, which no RCP restricts.
    pub resource_in_management_account: bool,
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

    /// The same request with a condition key of which nothing is known.
    #[must_use]
    pub fn with_unknown(mut self, key: impl Into<String>) -> Self {
        self.context.insert_unknown(key);
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
            if let Some(value) = value
                && self.context.get(key).is_none()
                && !self.context.is_unknown(key)
            {
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

/// The request as JSON has it.
mod json {
    use serde::{Deserialize, Serialize};

    use crate::{context::Context, principal::Principal};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields, expecting = "an authorization request")]
    pub(super) struct Request {
        principal: Principal,
        action: String,
        resource: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resource_account: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_issuer: Option<String>,
        #[serde(default)]
        context: Context,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unknown_context: Vec<String>,
        #[serde(default, skip_serializing_if = "is_false")]
        wildcard_only_action: bool,
        #[serde(default, skip_serializing_if = "is_false")]
        principal_in_management_account: bool,
        #[serde(default, skip_serializing_if = "is_false")]
        resource_in_management_account: bool,
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls it with")]
    fn is_false(flag: &bool) -> bool {
        !flag
    }

    impl From<super::Request> for Request {
        fn from(request: super::Request) -> Self {
            Self {
                principal: request.principal,
                action: request.action,
                resource: request.resource,
                resource_account: request.declared_resource_account,
                session_issuer: request.session_issuer,
                unknown_context: request.context.unknown_keys().map(str::to_owned).collect(),
                context: request.context,
                wildcard_only_action: request.wildcard_only_action,
                principal_in_management_account: request.principal_in_management_account,
                resource_in_management_account: request.resource_in_management_account,
            }
        }
    }

    impl TryFrom<Request> for super::Request {
        type Error = String;

        fn try_from(request: Request) -> Result<Self, Self::Error> {
            let mut context = request.context;
            for key in request.unknown_context {
                if context.get(&key).is_some() {
                    return Err(format!("`{key}` is in `context` and in `unknown_context`"));
                }
                context.insert_unknown(key);
            }
            Ok(Self {
                principal: request.principal,
                action: request.action,
                resource: request.resource,
                declared_resource_account: request.resource_account,
                session_issuer: request.session_issuer,
                context,
                wildcard_only_action: request.wildcard_only_action,
                principal_in_management_account: request.principal_in_management_account,
                resource_in_management_account: request.resource_in_management_account,
            })
        }
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

    #[test]
    fn unknown_keys_stand_in_a_list_of_their_own() {
        let request = Request::new(Principal::Anonymous, "s3:GetObject", "arn:aws:s3:::b/k")
            .with_unknown("aws:SourceVpc")
            .with_context("s3:prefix", "a");
        let text = serde_json::to_string(&request).unwrap();
        assert!(
            text.contains(r#""context":{"s3:prefix":"a"},"unknown_context":["aws:SourceVpc"]"#)
        );
        assert_eq!(serde_json::from_str::<Request>(&text).unwrap(), request);
    }

    #[test]
    fn a_key_with_a_value_is_not_unknown() {
        let text = r#"{"principal": "anonymous", "action": "s3:GetObject", "resource": "*",
            "context": {"s3:prefix": "a"}, "unknown_context": ["S3:Prefix"]}"#;
        let error = serde_json::from_str::<Request>(text).unwrap_err().to_string();
        assert!(error.contains("`S3:Prefix` is in `context` and in `unknown_context`"), "{error}");
    }
}
