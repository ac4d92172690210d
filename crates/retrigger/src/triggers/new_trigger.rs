//! A trigger that is to be allowed to invoke the function, and the permissions it needs.

use retrigger_recording::FunctionUrl;
use retrigger_trigger::{Delivery, Permission, Trigger};

use super::TriggersError;

/// A trigger that needs permissions of the function's policy; what is absent is no condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTrigger {
    /// The kind.
    pub trigger: Trigger,
    /// The version or alias that it invokes.
    pub qualifier: Option<String>,
    /// The id of the statement; the name of the kind by default, and for a function URL the two
    /// that AWS's console writes. With an id, a function URL's second statement is `ID-invoke`.
    pub statement_id: Option<String>,
    /// Who invokes, where the kind does not settle it: an account id, the ARN of a role or user,
    /// another service, or `*`.
    pub principal: Option<String>,
    /// The ARN, or pattern of ARNs, of what invokes.
    pub source_arn: Option<String>,
    /// The account of what invokes.
    pub source_account: Option<String>,
    /// The id of an Alexa skill.
    pub event_source_token: Option<String>,
    /// The organization of whoever invokes.
    pub principal_org_id: Option<String>,
    /// `NONE` or `AWS_IAM`; as the snapshot's function URL has it by default, else `NONE`.
    pub function_url_auth_type: Option<String>,
}

impl NewTrigger {
    /// A trigger of this kind, without any condition.
    pub fn new(trigger: Trigger) -> Self {
        Self {
            trigger,
            qualifier: None,
            statement_id: None,
            principal: None,
            source_arn: None,
            source_account: None,
            event_source_token: None,
            principal_org_id: None,
            function_url_auth_type: None,
        }
    }

    /// What `AddPermission` must be given: one permission, or two for a function URL.
    pub(super) fn permissions(
        &self,
        url: Option<&FunctionUrl>,
    ) -> Result<Vec<Permission>, TriggersError> {
        let trigger = self.trigger;
        if trigger != Trigger::FunctionUrl && self.function_url_auth_type.is_some() {
            return Err(TriggersError::other(
                format!("`{trigger}` has no function URL type"),
                "it is a condition of `function-url` alone",
            ));
        }
        match trigger.delivery() {
            Delivery::Push { service } => {
                Ok(vec![self.permission(trigger.name(), self.principal_or(service))])
            }
            Delivery::FunctionUrl => self.url_permissions(url),
            Delivery::Caller => Ok(vec![self.permission(trigger.name(), self.caller()?)]),
            Delivery::Poll { .. } => Err(TriggersError::other(
                format!("Lambda polls `{trigger}`, so no policy of the function is asked"),
                "create an event source mapping instead",
            )),
            _ => Err(TriggersError::other(
                format!("nobody asks the function's policy when `{trigger}` invokes it"),
                "nothing needs to be added",
            )),
        }
    }

    fn principal_or<'a>(&'a self, default: &'a str) -> &'a str {
        self.principal.as_deref().unwrap_or(default)
    }

    fn caller(&self) -> Result<&str, TriggersError> {
        self.principal.as_deref().ok_or_else(|| {
            TriggersError::other(
                format!("`{}` invokes as a role or user that nobody named", self.trigger),
                "name the principal: the ARN of a role or user, or an account id",
            )
        })
    }

    fn permission(&self, default_id: &str, principal: &str) -> Permission {
        let id = self.statement_id.as_deref().unwrap_or(default_id);
        Permission {
            source_arn: self.source_arn.clone(),
            source_account: self.source_account.clone(),
            event_source_token: self.event_source_token.clone(),
            principal_org_id: self.principal_org_id.clone(),
            ..Permission::invoke(id, principal)
        }
    }

    /// Source: Lambda Developer Guide, "Control access to Lambda function URLs".
    fn url_permissions(&self, url: Option<&FunctionUrl>) -> Result<Vec<Permission>, TriggersError> {
        let configured = url.map(|url| url.auth_type.as_str());
        let auth_type = self.function_url_auth_type.as_deref().or(configured).unwrap_or("NONE");
        if !["NONE", "AWS_IAM"].contains(&auth_type) {
            let message = format!("`{auth_type}` is no type of a function URL");
            return Err(TriggersError::other(message, "it is NONE or AWS_IAM"));
        }
        let principal = match (auth_type, &self.principal) {
            ("NONE", None) => "*",
            _ => self.caller()?,
        };
        let first = self.permission("FunctionURLAllowPublicAccess", principal);
        let second_id = match &self.statement_id {
            Some(id) => format!("{id}-invoke"),
            None => "FunctionURLInvokeAllowPublicAccess".to_owned(),
        };
        let second =
            Permission { statement_id: second_id, invoked_via_function_url: true, ..first.clone() };
        let first = Permission {
            action: "lambda:InvokeFunctionUrl".to_owned(),
            function_url_auth_type: Some(auth_type.to_owned()),
            ..first
        };
        Ok(vec![first, second])
    }
}
