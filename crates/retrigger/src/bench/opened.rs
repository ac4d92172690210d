//! The resource policies that AWS always has, for workloads that say nothing of resource policies.

use retrigger_iam::{Arn, Policy, Request};

use super::workload::Caller;

/// For a KMS key or a role the caller's alternative that opens it to the account that owns it,
/// added where it is missing; `None` for what needs no policy of its own, or has no known owner.
pub(super) fn policy_of(request: &Request, caller: &mut Caller) -> Option<usize> {
    let account = request.resource_account().filter(|account| is_account_id(account))?;
    if !has_a_policy_always(&request.resource) {
        return None;
    }
    let name = format!("policy that opens it to {account}");
    let known = caller.alternatives().position(|policy| policy.name == name);
    Some(known.unwrap_or_else(|| {
        caller.assumed.push(opening_to(account).named(name));
        caller.alternatives().count() - 1
    }))
}

/// Source: AWS KMS Developer Guide, "Key policies in AWS KMS"; IAM User Guide, "Roles terms and
/// concepts".
fn has_a_policy_always(resource: &str) -> bool {
    Arn::parse(resource).is_some_and(|arn| match arn.service {
        "kms" => arn.resource.starts_with("key/"),
        "iam" => arn.resource.starts_with("role/"),
        _ => false,
    })
}

/// Lets the account decide by its own policies. Source: AWS KMS Developer Guide, "Default key
/// policy".
fn opening_to(account: &str) -> Policy {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",
        "Principal":{{"AWS":"{account}"}},"Action":"*","Resource":"*"}}]}}"#
    );
    // INVARIANT: an account id has digits only.
    text.parse().expect("a policy without error")
}

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
