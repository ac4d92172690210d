//! The policy statements that would allow a trigger, as AWS writes them.

use retrigger_iam::{Arn, Principal, Request};
use serde_json::{Value, json};

use crate::classification::Classification;
use crate::delivery::Delivery;
use crate::fact::Fact;
use crate::permission::{Permission, PermissionError};
use crate::trigger::Trigger;

/// Why no statement can be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// AWS would refuse it.
    #[error(transparent)]
    Refused(#[from] PermissionError),
    /// The caller is unknown.
    #[error("the caller of `{0}` is unknown: declare `principal`")]
    UnknownCaller(Trigger),
}

/// The statements of the function's resource-based policy that would allow this invocation,
/// exactly as `AddPermission` appends them: one, or two for a function URL, whose ids AWS's console
/// has fixed. None for polled sources and Lambda@Edge, whose invocations no function policy
/// allows.
///
/// `function_arn` is the exact ARN that is invoked, with its qualifier if it has one. The account
/// of the source is a condition where the source ARN does not carry it (S3 buckets) or is unknown;
/// an unknown fact is no condition. Source: Lambda API Reference, "AddPermission"; Lambda
/// Developer Guide, "Control access to Lambda function URLs".
///
/// # Errors
///
/// Where AWS would refuse the permission, or nobody named the caller.
///
/// ```
/// # use retrigger_trigger::{Classification, Declared, Trigger, permission_statements};
/// let topic = "arn:aws:sns:us-east-1:841860927337:orders";
/// let declared = Declared { source_arn: Some(topic.into()), ..Declared::default() };
/// let sns = Classification::of_trigger(Trigger::Sns).declare(declared);
/// let function = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo";
/// assert_eq!(
///     permission_statements(&sns, "orders", function).unwrap()[0].to_string(),
///     r#"{"Sid":"orders","Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"#.to_owned()
///         + r#""Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:us-east-1:841860927337"#
///         + r#":function:lambdaDemo","Condition":{"ArnLike":{"AWS:SourceArn":"#
///         + r#""arn:aws:sns:us-east-1:841860927337:orders"}}}"#,
/// );
/// ```
pub fn permission_statements(
    classification: &Classification,
    statement_id: &str,
    function_arn: &str,
) -> Result<Vec<Value>, StatementError> {
    let permissions = permissions(classification, statement_id)?;
    let written = permissions.iter().map(|permission| permission.statement(function_arn));
    Ok(written.collect::<Result<_, _>>()?)
}

/// What `AddPermission` must be given so that it writes [`permission_statements`].
///
/// # Errors
///
/// Where nobody named the caller.
pub fn permissions(
    classification: &Classification,
    statement_id: &str,
) -> Result<Vec<Permission>, StatementError> {
    let trigger = classification.trigger;
    if matches!(trigger.delivery(), Delivery::Poll { .. } | Delivery::Unchecked) {
        return Ok(vec![]);
    }
    let caller = classification.principal.value.as_ref();
    let caller = match caller.ok_or(StatementError::UnknownCaller(trigger))? {
        Principal::Anonymous => "*",
        other => other.as_str(),
    };
    if trigger == Trigger::FunctionUrl {
        return Ok(url_permissions(caller, classification));
    }
    Ok(vec![invoke_permission(classification, statement_id, caller)])
}

fn url_permissions(caller: &str, classification: &Classification) -> Vec<Permission> {
    let auth_type = context_text(classification, "lambda:FunctionUrlAuthType").unwrap_or("NONE");
    vec![
        Permission {
            action: "lambda:InvokeFunctionUrl".to_owned(),
            function_url_auth_type: Some(auth_type.to_owned()),
            ..Permission::invoke("FunctionURLAllowPublicAccess", caller)
        },
        Permission {
            invoked_via_function_url: true,
            ..Permission::invoke("FunctionURLInvokeAllowPublicAccess", caller)
        },
    ]
}

/// The statements of an identity policy that would allow these requests: one for each resource,
/// with its actions in the order asked. For an execution role that lacks poll actions, or a caller
/// that lacks `lambda:InvokeFunction`.
pub fn identity_statements(requests: &[Request]) -> Vec<Value> {
    let mut by_resource: Vec<(&str, Vec<&str>)> = vec![];
    for Request { action, resource, .. } in requests {
        match by_resource.iter_mut().find(|(known, _)| known == resource) {
            Some((_, actions)) if actions.contains(&action.as_str()) => {}
            Some((_, actions)) => actions.push(action),
            None => by_resource.push((resource, vec![action])),
        }
    }
    let statement = |(resource, actions): (&str, Vec<&str>)| {
        let action = match actions.as_slice() {
            [only] => json!(only),
            all => json!(all),
        };
        json!({"Effect": "Allow", "Action": action, "Resource": resource})
    };
    by_resource.into_iter().map(statement).collect()
}

fn context_text<'a>(classification: &'a Classification, key: &str) -> Option<&'a str> {
    let named = |(known, _): &(&String, &_)| known.eq_ignore_ascii_case(key);
    let (_, fact): (_, &Fact<_>) = classification.context.iter().find(named)?;
    fact.value.as_ref()?.as_single()
}

fn invoke_permission(
    classification: &Classification,
    statement_id: &str,
    caller: &str,
) -> Permission {
    let by_service = matches!(classification.principal.value, Some(Principal::Service(_)));
    let arn = classification.source_arn.value.as_deref().filter(|_| by_service);
    let arn_has_account = arn.and_then(Arn::parse).is_some_and(|arn| arn.account_id().is_some());
    let account = classification.source_account.value.as_deref();
    let account = account.filter(|_| by_service && !arn_has_account);
    let condition = |key| context_text(classification, key).map(str::to_owned);
    Permission {
        source_arn: arn.map(str::to_owned),
        source_account: account.map(str::to_owned),
        event_source_token: condition("lambda:EventSourceToken"),
        principal_org_id: condition("aws:PrincipalOrgID"),
        ..Permission::invoke(statement_id, caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Declared, ExecutionRole, PollSettings, Surroundings, classify, poll_requests};

    const FUNCTION: &str = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo:PROD";

    fn statements(classification: &Classification) -> Vec<Value> {
        permission_statements(classification, "s1", FUNCTION).unwrap()
    }

    #[test]
    fn a_bucket_is_allowed_by_arn_and_account() {
        let declared = Declared {
            source_arn: Some("arn:aws:s3:::photos".into()),
            source_account: Some("841860927337".into()),
            ..Declared::default()
        };
        let s3 = Classification::of_trigger(Trigger::S3).declare(declared);
        let expected = json!({
            "Sid": "s1", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "lambda:InvokeFunction", "Resource": FUNCTION,
            "Condition": {
                "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::photos"},
                "StringEquals": {"AWS:SourceAccount": "841860927337"},
            },
        });
        assert_eq!(statements(&s3), [expected]);
    }

    #[test]
    fn an_unknown_source_is_no_condition() {
        let config = Classification::of_trigger(Trigger::Config);
        assert_eq!(statements(&config)[0].get("Condition"), None);
    }

    #[test]
    fn an_open_function_url_needs_two_statements() {
        let call = json!({"requestContext": {"domainName": "a.lambda-url.us-east-1.on.aws"}});
        let url = classify(&call, &Surroundings::none()).unwrap();
        let written = statements(&url);
        assert_eq!(written[0]["Sid"], "FunctionURLAllowPublicAccess");
        assert_eq!(written[0]["Principal"], "*");
        let auth_type = json!({"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}});
        assert_eq!(written[0]["Condition"], auth_type);
        assert_eq!(written[1]["Action"], "lambda:InvokeFunction");
        let via = json!({"Bool": {"lambda:InvokedViaFunctionUrl": "true"}});
        assert_eq!(written[1]["Condition"], via);
    }

    #[test]
    fn a_skill_is_allowed_by_its_token() {
        let call = json!({"request": {"type": "LaunchRequest"},
            "session": {"application": {"applicationId": "amzn1.ask.skill.1"}}});
        let skill = classify(&call, &Surroundings::none()).unwrap();
        let token = json!({"StringEquals": {"lambda:EventSourceToken": "amzn1.ask.skill.1"}});
        assert_eq!(statements(&skill)[0]["Condition"], token);
    }

    #[test]
    fn an_execution_role_gets_one_statement_a_resource() {
        let arn = "arn:aws:dynamodb:us-east-1:841860927337:table/t/stream/s";
        let declared = Declared { source_arn: Some(arn.into()), ..Declared::default() };
        let stream = Classification::of_trigger(Trigger::Dynamodb).declare(declared);
        assert_eq!(statements(&stream), Vec::<Value>::new());
        let session_arn = "arn:aws:iam::841860927337:role/demo";
        let role = ExecutionRole { session_arn, role_arn: None };
        let requests = poll_requests(&stream, role, &PollSettings::default(), None).unwrap();
        let actions = ["DescribeStream", "GetRecords", "GetShardIterator"];
        let actions = actions.map(|name| format!("dynamodb:{name}"));
        let expected = [
            json!({"Effect": "Allow", "Action": actions, "Resource": arn}),
            json!({"Effect": "Allow", "Action": "dynamodb:ListStreams", "Resource": "*"}),
        ];
        assert_eq!(identity_statements(&requests), expected);
    }

    #[test]
    fn a_statement_id_that_aws_refuses_is_refused() {
        let alb = Classification::of_trigger(Trigger::Alb);
        let refused = permission_statements(&alb, "two words", FUNCTION).unwrap_err().to_string();
        assert!(refused.starts_with("`two words` is no statement id"), "{refused}");
    }
}
