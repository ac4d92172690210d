//! What a person should know about a permission that AWS accepts without a word.

use retrigger_iam::Arn;
use retrigger_trigger::{Permission, Trigger};

/// What a person should know about a permission for a trigger, beside what AWS says.
pub(super) fn notes(trigger: Trigger, permission: &Permission, function_arn: &str) -> Vec<String> {
    [
        open_to_all(permission),
        unbounded(trigger, permission),
        bucket_without_account(permission),
        other_service(trigger, permission),
        other_account(permission, function_arn),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn open_to_all(permission: &Permission) -> Option<String> {
    let conditions = [
        permission.source_arn.as_ref(),
        permission.source_account.as_ref(),
        permission.event_source_token.as_ref(),
        permission.principal_org_id.as_ref(),
    ];
    let is_open = permission.principal == "*" && conditions.iter().all(Option::is_none);
    let is_url = permission.invoked_via_function_url || permission.function_url_auth_type.is_some();
    (is_open && !is_url).then(|| {
        "anyone may invoke the function: name an account, a role or an organization".to_owned()
    })
}

fn unbounded(trigger: Trigger, permission: &Permission) -> Option<String> {
    let service = trigger.delivery().service()?;
    let Permission { source_arn, source_account, event_source_token, .. } = permission;
    if source_arn.is_some() || source_account.is_some() || event_source_token.is_some() {
        return None;
    }
    let name = match trigger.source_arn_shape() {
        Some(shape) => format!("name a source ARN, such as `{shape}`"),
        None => "name the event source token".to_owned(),
    };
    Some(format!("`{service}` may invoke the function for anybody's account: {name}"))
}

fn bucket_without_account(permission: &Permission) -> Option<String> {
    let arn = permission.source_arn.as_deref().and_then(Arn::parse)?;
    (arn.service == "s3" && arn.account_id().is_none() && permission.source_account.is_none()).then(
        || {
            "the ARN of a bucket names no account: name the source account, or whoever owns a \
             bucket of that name later may invoke the function"
                .to_owned()
        },
    )
}

fn other_service(trigger: Trigger, permission: &Permission) -> Option<String> {
    let arn = permission.source_arn.as_deref()?;
    let shape = trigger.source_arn_shape()?;
    let service = |arn: &str| arn.split(':').nth(2).map(str::to_owned);
    (service(arn) != service(shape)).then(|| {
        format!("no event of `{trigger}` comes from `{arn}`: its source ARN reads `{shape}`")
    })
}

/// Across accounts both sides must allow. Source: IAM User Guide, "Cross-account policy evaluation
/// logic".
fn other_account(permission: &Permission, function_arn: &str) -> Option<String> {
    let own = Arn::parse(function_arn)?.account_id()?;
    let principal = permission.principal.as_str();
    let account = Arn::parse(principal).map_or(Some(principal), |arn| arn.account_id())?;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && account != own).then(|| {
        let action = &permission.action;
        format!("callers in `{account}` also need `{action}` in their own identity policies")
    })
}
