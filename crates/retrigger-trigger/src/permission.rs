//! One permission of a function's resource-based policy: what `AddPermission` is given, and the
//! statement that it writes.

use retrigger_iam::{Arn, Principal};
use serde_json::{Map, Value, json};

/// Why AWS would not write a statement. Its own words are in
/// [`validation_text`](Self::validation_text) where they are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PermissionError {
    /// AWS refuses the statement id.
    #[error("`{0}` is no statement id: expected 1 to 100 letters, digits, hyphens and underscores")]
    BadStatementId(String),
    /// AWS refuses the principal.
    #[error(
        "`{0}` is no principal that AddPermission accepts: expected an account id, a user, role \
         or root ARN, a service such as `s3.amazonaws.com`, or `*`"
    )]
    BadPrincipal(String),
    /// AWS refuses the source ARN.
    #[error("`{0}` is no source ARN: expected `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`")]
    BadSourceArn(String),
    /// AWS refuses the source account.
    #[error("`{0}` is no account id, which has 12 digits")]
    BadSourceAccount(String),
    /// AWS refuses the organization.
    #[error("`{0}` is no organization id: expected `o-` and 10 to 32 lowercase letters and digits")]
    BadOrganization(String),
    /// AWS refuses the token.
    #[error("`{0}` is no event source token: expected 1 to 256 letters, digits, `.`, `_` and `-`")]
    BadToken(String),
    /// A condition on the type of a function URL, for an action it has nothing to do with.
    #[error("a function URL's type is a condition of `lambda:InvokeFunctionUrl` alone")]
    UrlTypeOfOtherAction,
}

impl PermissionError {
    /// AWS's error code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadPrincipal(_) | Self::UrlTypeOfOtherAction => "InvalidParameterValueException",
            _ => "ValidationException",
        }
    }

    /// What AWS answers. Source: Lambda API Reference, "AddPermission" (the patterns), and answers
    /// as users quote them.
    pub fn validation_text(&self) -> String {
        match self {
            Self::BadPrincipal(_) => {
                "The provided principal was invalid. Please check the principal and try again."
                    .to_owned()
            }
            Self::UrlTypeOfOtherAction => {
                "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action"
                    .to_owned()
            }
            Self::BadStatementId(value) => mismatch(value, "statementId", "([a-zA-Z0-9-_]+)"),
            Self::BadSourceArn(value) => mismatch(value, "sourceArn", SOURCE_ARN),
            Self::BadSourceAccount(value) => mismatch(value, "sourceAccount", r"\d{12}"),
            Self::BadOrganization(value) => {
                mismatch(value, "principalOrgID", "^o-[a-z0-9]{10,32}$")
            }
            Self::BadToken(value) => mismatch(value, "eventSourceToken", r"[a-zA-Z0-9._\-]+"),
        }
    }
}

const SOURCE_ARN: &str =
    r"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)";

fn mismatch(value: &str, parameter: &str, pattern: &str) -> String {
    format!(
        "1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: {pattern}"
    )
}

/// What `AddPermission` is given; these parameters are all that a statement of a function's policy
/// can say. Source: Lambda API Reference, "AddPermission".
///
/// ```
/// # use retrigger_trigger::Permission;
/// let permission = Permission {
///     principal_org_id: Some("o-a1b2c3d4e5".to_owned()),
///     ..Permission::invoke("organization", "*")
/// };
/// let function = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo";
/// let statement = permission.statement(function).unwrap();
/// assert_eq!(statement["Principal"], "*");
/// assert_eq!(statement["Condition"]["StringEquals"]["aws:PrincipalOrgID"], "o-a1b2c3d4e5");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The statement's `Sid`.
    pub statement_id: String,
    /// `lambda:InvokeFunction` or `lambda:InvokeFunctionUrl`.
    pub action: String,
    /// Who is allowed: a service, an account id, the ARN of a user, role or root, or `*`.
    pub principal: String,
    /// `--source-arn`: the pattern that `aws:SourceArn` must match.
    pub source_arn: Option<String>,
    /// `--source-account`: what `aws:SourceAccount` must be.
    pub source_account: Option<String>,
    /// `--event-source-token`: what `lambda:EventSourceToken` must be, for Alexa skills.
    pub event_source_token: Option<String>,
    /// `--principal-org-id`: what `aws:PrincipalOrgID` must be.
    pub principal_org_id: Option<String>,
    /// `--function-url-auth-type`: what `lambda:FunctionUrlAuthType` must be.
    pub function_url_auth_type: Option<String>,
    /// `--invoked-via-function-url`: whether only a function URL may use the permission.
    pub invoked_via_function_url: bool,
}

impl Permission {
    /// A permission for `lambda:InvokeFunction` without a condition.
    pub fn invoke(statement_id: impl Into<String>, principal: impl Into<String>) -> Self {
        Self {
            statement_id: statement_id.into(),
            action: "lambda:InvokeFunction".to_owned(),
            principal: principal.into(),
            source_arn: None,
            source_account: None,
            event_source_token: None,
            principal_org_id: None,
            function_url_auth_type: None,
            invoked_via_function_url: false,
        }
    }

    /// The statement as AWS writes it, on `function_arn` with its qualifier if it has one:
    /// elements, conditions and keys in AWS's order and spelling. An account id becomes the ARN of
    /// its root. Source: Lambda Developer Guide, "Working with resource-based IAM policies in
    /// Lambda"; seen in policies that AWS returned.
    ///
    /// # Errors
    ///
    /// Where AWS would refuse a parameter.
    pub fn statement(&self, function_arn: &str) -> Result<Value, PermissionError> {
        self.check()?;
        let mut statement = json!({
            "Sid": self.statement_id,
            "Effect": "Allow",
            "Principal": self.principal_element(function_arn)?,
            "Action": self.action,
            "Resource": function_arn,
        });
        let condition = self.condition();
        if !condition.is_empty() {
            statement["Condition"] = Value::Object(condition);
        }
        Ok(statement)
    }

    fn check(&self) -> Result<(), PermissionError> {
        let refuse = |value: &Option<String>, accepts: fn(&str) -> bool| {
            value.clone().filter(|value| !accepts(value))
        };
        if !is_word(&self.statement_id, 100, b"-_") {
            return Err(PermissionError::BadStatementId(self.statement_id.clone()));
        }
        if let Some(value) = refuse(&self.source_arn, is_source_arn) {
            return Err(PermissionError::BadSourceArn(value));
        }
        if let Some(value) = refuse(&self.source_account, is_account) {
            return Err(PermissionError::BadSourceAccount(value));
        }
        if let Some(value) = refuse(&self.principal_org_id, is_organization) {
            return Err(PermissionError::BadOrganization(value));
        }
        if let Some(value) = refuse(&self.event_source_token, |token| is_word(token, 256, b"._-")) {
            return Err(PermissionError::BadToken(value));
        }
        if self.function_url_auth_type.is_some() && self.action != "lambda:InvokeFunctionUrl" {
            return Err(PermissionError::UrlTypeOfOtherAction);
        }
        Ok(())
    }

    fn principal_element(&self, function_arn: &str) -> Result<Value, PermissionError> {
        let text = self.principal.as_str();
        if is_account(text) {
            let partition = Arn::parse(function_arn).map_or("aws", |arn| arn.partition);
            return Ok(json!({"AWS": format!("arn:{partition}:iam::{text}:root")}));
        }
        match text.parse() {
            Ok(Principal::Service(name)) => Ok(json!({"Service": name})),
            Ok(Principal::Anonymous) => Ok(json!("*")),
            Ok(
                Principal::User(_)
                | Principal::Role(_)
                | Principal::AssumedRole(_)
                | Principal::FederatedUser(_)
                | Principal::Root(_),
            ) => Ok(json!({"AWS": text})),
            _ => Err(PermissionError::BadPrincipal(text.to_owned())),
        }
    }

    fn condition(&self) -> Map<String, Value> {
        let via_url = self.invoked_via_function_url.then_some("true");
        let equals = block([
            ("AWS:SourceAccount", self.source_account.as_deref()),
            ("lambda:EventSourceToken", self.event_source_token.as_deref()),
            ("lambda:FunctionUrlAuthType", self.function_url_auth_type.as_deref()),
            ("aws:PrincipalOrgID", self.principal_org_id.as_deref()),
        ]);
        let blocks = [
            ("StringEquals", equals),
            ("ArnLike", block([("AWS:SourceArn", self.source_arn.as_deref())])),
            ("Bool", block([("lambda:InvokedViaFunctionUrl", via_url)])),
        ];
        let said = blocks.into_iter().filter(|(_, block)| !block.is_empty());
        said.map(|(operator, block)| (operator.to_owned(), Value::Object(block))).collect()
    }
}

/// The keys that have a value.
fn block<const N: usize>(keys: [(&str, Option<&str>); N]) -> Map<String, Value> {
    let given = keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into())));
    given.collect()
}

fn is_word(text: &str, longest: usize, besides: &[u8]) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || besides.contains(&byte);
    (1..=longest).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_organization(text: &str) -> bool {
    let rest = text.strip_prefix("o-").unwrap_or_default();
    (10..=32).contains(&rest.len())
        && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Six parts, of which Region and account may be empty and are no patterns: see `SOURCE_ARN`.
fn is_source_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, service, region, account, _] = parts.as_slice() else { return false };
    partition.starts_with("aws")
        && is_word(partition, 100, b"-")
        && is_word(service, 100, b"-")
        && (region.is_empty() || is_region(region))
        && (account.is_empty() || is_account(account))
}

fn is_region(text: &str) -> bool {
    text.split('-').count() >= 3
        && text.ends_with(|end: char| end.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const FUNCTION: &str = "arn:aws-cn:lambda:cn-north-1:841860927337:function:lambdaDemo:PROD";

    fn permission() -> Permission {
        Permission::invoke("s", "s3.amazonaws.com")
    }

    #[test]
    fn conditions_stand_in_the_order_in_which_aws_writes_them() {
        let all = Permission {
            action: "lambda:InvokeFunctionUrl".into(),
            source_account: Some("111111111111".into()),
            source_arn: Some("arn:aws:s3:::b".into()),
            function_url_auth_type: Some("NONE".into()),
            principal_org_id: Some("o-1234567890".into()),
            ..Permission::invoke("urlPermission", "*")
        };
        assert_eq!(
            all.statement("f").unwrap().to_string(),
            r#"{"Sid":"urlPermission","Effect":"Allow","Principal":"*","#.to_owned()
                + r#""Action":"lambda:InvokeFunctionUrl","Resource":"f","Condition":"#
                + r#"{"StringEquals":{"AWS:SourceAccount":"111111111111","#
                + r#""lambda:FunctionUrlAuthType":"NONE","aws:PrincipalOrgID":"o-1234567890"},"#
                + r#""ArnLike":{"AWS:SourceArn":"arn:aws:s3:::b"}}}"#
        );
    }

    #[rstest]
    #[case("*", json!("*"))]
    #[case("sns.amazonaws.com", json!({"Service": "sns.amazonaws.com"}))]
    #[case("alexa-appkit.amazon.com", json!({"Service": "alexa-appkit.amazon.com"}))]
    #[case("111122223333", json!({"AWS": "arn:aws-cn:iam::111122223333:root"}))]
    #[case("arn:aws:iam::111122223333:user/u", json!({"AWS": "arn:aws:iam::111122223333:user/u"}))]
    fn principals_are_written_as_aws_writes_them(#[case] given: &str, #[case] written: Value) {
        let statement = Permission::invoke("s", given).statement(FUNCTION).unwrap();
        assert_eq!(statement["Principal"], written);
        assert_eq!(statement["Resource"], FUNCTION);
    }

    #[rstest]
    #[case(Permission { statement_id: "a b".into(), ..permission() }, "'a b' at 'statementId'")]
    #[case(Permission { statement_id: String::new(), ..permission() }, "'' at 'statementId'")]
    #[case(Permission { statement_id: "läuft".into(), ..permission() }, "at 'statementId'")]
    #[case(Permission { principal: "bob".into(), ..permission() }, "principal was invalid")]
    #[case(Permission { source_arn: Some("arn:aws:s3::b".into()), ..permission() },
        "'arn:aws:s3::b' at 'sourceArn'")]
    #[case(Permission { source_arn: Some("arn:aws:sns:*:111122223333:t".into()), ..permission() },
        "at 'sourceArn'")]
    #[case(Permission { source_account: Some("1".into()), ..permission() }, "'sourceAccount'")]
    #[case(Permission { principal_org_id: Some("o-1".into()), ..permission() }, "'principalOrgID'")]
    #[case(Permission { event_source_token: Some("a b".into()), ..permission() }, "SourceToken'")]
    #[case(Permission { function_url_auth_type: Some("NONE".into()), ..permission() },
        "only supported for lambda:InvokeFunctionUrl")]
    fn what_aws_refuses_is_refused_in_its_words(
        #[case] permission: Permission,
        #[case] words: &str,
    ) {
        let text = permission.statement(FUNCTION).unwrap_err().validation_text();
        assert!(text.contains(words), "{text}");
    }
}
