//! How a `Principal` or `NotPrincipal` element lists a caller. Source: IAM User Guide, "AWS JSON
//! policy elements: Principal" and "AWS JSON policy elements: `NotPrincipal`".

use crate::{
    arn::Arn,
    explain::CallerMatch,
    policy::{Effect, PrincipalElement, PrincipalEntry, PrincipalKind},
    principal::Principal,
    request::Request,
};

/// How the element covers the caller, or `None` where it does not.
///
/// `NotPrincipal` covers everybody it does not list. With `Deny`, who is listed by account only is
/// not listed: the account stands beside the caller's own name, and spares nobody else of it. And
/// with `Deny` it covers a caller who has a permissions boundary whoever is listed.
pub(super) fn covers(
    element: &PrincipalElement,
    effect: Effect,
    request: &Request,
    has_boundary: bool,
) -> Option<CallerMatch> {
    let listed = element.entries.iter().filter_map(|entry| lists(entry, request)).max();
    if !element.negated {
        return listed;
    }
    let is_listed = match effect {
        Effect::Allow => listed.is_some(),
        Effect::Deny => !has_boundary && listed > by_account_only(&request.principal),
    };
    (!is_listed).then_some(CallerMatch::Direct)
}

/// What an account says of the caller: the root user is known by nothing else.
fn by_account_only(caller: &Principal) -> Option<CallerMatch> {
    (!matches!(caller, Principal::Root(_))).then_some(CallerMatch::Account)
}

fn lists(entry: &PrincipalEntry, request: &Request) -> Option<CallerMatch> {
    let listed = entry.text.value.as_str();
    match (entry.kind, &request.principal) {
        (PrincipalKind::Aws, _) if listed == "*" => Some(CallerMatch::Direct),
        (PrincipalKind::Aws, caller) => lists_aws(listed, caller, request),
        (PrincipalKind::Service, Principal::Service(name))
        | (PrincipalKind::Federated, Principal::Federated(name))
        | (PrincipalKind::CanonicalUser, Principal::CanonicalUser(name)) => {
            (listed == name).then_some(CallerMatch::Direct)
        }
        _ => None,
    }
}

fn lists_aws(listed: &str, caller: &Principal, request: &Request) -> Option<CallerMatch> {
    if is_account_of(listed, caller) {
        return Some(CallerMatch::Account);
    }
    let issuer = request.session_issuer.as_deref();
    match caller {
        Principal::User(arn) | Principal::FederatedUser(arn) if listed == arn => {
            Some(CallerMatch::Direct)
        }
        Principal::AssumedRole(arn) if listed == arn => Some(CallerMatch::Direct),
        Principal::Role(arn) if listed == arn => Some(CallerMatch::Role),
        Principal::AssumedRole(_) => {
            is_role_of(listed, caller, issuer).then_some(CallerMatch::Role)
        }
        Principal::FederatedUser(_) => (issuer == Some(listed)).then_some(CallerMatch::Role),
        _ => None,
    }
}

/// `111122223333` and `arn:aws:iam::111122223333:root` both name the account.
fn is_account_of(listed: &str, caller: &Principal) -> bool {
    let Some(account) = caller.account() else { return false };
    let partition = Arn::parse(caller.as_str()).map(|arn| arn.partition);
    listed == account
        || Arn::parse(listed).is_some_and(|arn| {
            arn.service == "iam"
                && arn.resource == "root"
                && Some(arn.partition) == partition
                && arn.account == account
        })
}

/// A session carries the name of its role without the role's path, so where the role itself is
/// not known the names are compared.
fn is_role_of(listed: &str, session: &Principal, issuer: Option<&str>) -> bool {
    if let Some(role) = issuer {
        return listed == role;
    }
    let (Some(role), Some(session_arn)) = (Arn::parse(listed), Arn::parse(session.as_str())) else {
        return false;
    };
    role.service == "iam"
        && role.resource.starts_with("role/")
        && role.partition == session_arn.partition
        && role.account == session_arn.account
        && session.role_name() == Some(role.resource_name())
}
