//! What a person should know about a permission that AWS accepts without a word.

use retrigger_iam::Arn;
use retrigger_recording::{FunctionSnapshot, FunctionUrl};
use retrigger_trigger::{Permission, Trigger};

use super::NewTrigger;

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

/// A snapshot does not say which versions and aliases there are.
pub(super) fn about_qualifier(
    function: &FunctionSnapshot,
    qualifier: Option<&str>,
) -> Option<String> {
    let name = qualifier.filter(|_| function.policy(qualifier).is_none())?;
    Some(format!(
        "the snapshot had no policy of `{name}`: AWS refuses a version or alias that there is not"
    ))
}

/// Whether the function's URL is such as the permission expects.
pub(super) fn about_url(new: &NewTrigger, url: Option<&FunctionUrl>) -> Option<String> {
    if new.trigger != Trigger::FunctionUrl {
        return None;
    }
    let Some(url) = url else {
        let file = "function-url-config.json";
        return Some(format!("the snapshot has no function URL: add its `{file}`"));
    };
    let (asked, configured) = (new.function_url_auth_type.as_deref()?, url.auth_type.as_str());
    (asked != configured).then(|| {
        format!("the function URL is of type {configured}: a permission for {asked} never applies")
    })
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const FUNCTION: &str = "arn:aws:lambda:us-east-1:841860927337:function:demo";

    fn from(principal: &str, source_arn: &str) -> Permission {
        let source_arn = Some(source_arn.to_owned()).filter(|arn| !arn.is_empty());
        Permission { source_arn, ..Permission::invoke("s", principal) }
    }

    #[rstest]
    #[case(Trigger::Sns, from("sns.amazonaws.com", ""), "for anybody's account")]
    #[case(Trigger::AlexaSkill, from("alexa-appkit.amazon.com", ""), "the event source token")]
    #[case(Trigger::S3, from("s3.amazonaws.com", "arn:aws:s3:::b"), "names no account")]
    #[case(
        Trigger::Sns,
        from("sns.amazonaws.com", "arn:aws:sqs:us-east-1:841860927337:q"),
        "no event of `sns` comes from"
    )]
    #[case(Trigger::DirectInvoke, from("*", ""), "anyone may invoke")]
    #[case(Trigger::DirectInvoke, from("111122223333", ""), "in `111122223333` also need")]
    #[case(Trigger::StepFunctions, from("arn:aws:iam::111122223333:role/r", ""), "also need")]
    fn what_aws_accepts_without_a_word_is_noted(
        #[case] trigger: Trigger,
        #[case] permission: Permission,
        #[case] words: &str,
    ) {
        let notes = notes(trigger, &permission, FUNCTION);
        assert!(notes.len() == 1 && notes[0].contains(words), "{notes:?}");
    }

    #[rstest]
    #[case(Trigger::Sns, from("sns.amazonaws.com", "arn:aws:sns:us-east-1:841860927337:t"))]
    #[case(Trigger::DirectInvoke, from("841860927337", ""))]
    #[case(Trigger::S3, Permission { source_account: Some("841860927337".into()),
        ..from("s3.amazonaws.com", "arn:aws:s3:::b") })]
    #[case(Trigger::FunctionUrl, Permission { invoked_via_function_url: true, ..from("*", "") })]
    fn what_is_as_it_should_be_is_not(#[case] trigger: Trigger, #[case] permission: Permission) {
        assert_eq!(notes(trigger, &permission, FUNCTION), Vec::<String>::new());
    }
}
