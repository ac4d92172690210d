//! The caller, and who a `Principal` element lists.

use crate::{
    arn::Arn,
    explain::CallerMatch,
    policy::{Effect, PrincipalElement, PrincipalEntry, PrincipalKind},
    principal::Principal,
};

use super::text::same;

/// The caller of a request, its ARN split once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'r> {
    pub(crate) principal: &'r Principal,
    pub(super) text: &'r str,
    arn: Option<Arn<'r>>,
    pub(super) account: Option<&'r str>,
    /// For a session, the role or user it was made from.
    pub(crate) issuer: Option<&'r str>,
}

impl<'r> Caller<'r> {
    #[inline]
    pub(crate) fn new(principal: &'r Principal) -> Self {
        let text = principal.as_str();
        let arn = if principal.is_of_account() { Arn::parse(text) } else { None };
        Self { principal, text, arn, account: arn.and_then(|arn| arn.account_id()), issuer: None }
    }

    fn role_name(&self) -> Option<&'r str> {
        self.arn?.resource.split('/').nth(1)
    }
}

/// A `Principal` or `NotPrincipal` element.
#[derive(Clone, Debug)]
pub(super) enum PrincipalMatcher {
    /// One service, as in most policies of functions.
    Service(Box<str>),
    /// Anything else.
    Element(Element),
}

#[derive(Clone, Debug)]
pub(super) struct Element {
    negated: bool,
    effect: Effect,
    listed: Box<[Listed]>,
}

/// One name of the element.
#[derive(Clone, Debug)]
enum Listed {
    Everybody,
    Aws { text: Box<str>, root_of: Option<(Box<str>, Box<str>)>, role: Option<Box<Role>> },
    Service(Box<str>),
    Federated(Box<str>),
    CanonicalUser(Box<str>),
}

/// A role, as far as the ARN of its sessions tells.
#[derive(Clone, Debug)]
struct Role {
    partition: Box<str>,
    account: Box<str>,
    name: Box<str>,
}

impl PrincipalMatcher {
    pub(super) fn new(element: &PrincipalElement, effect: Effect) -> Self {
        if let ([PrincipalEntry { kind: PrincipalKind::Service, text }], false) =
            (&*element.entries, element.negated)
        {
            return Self::Service(text.value.as_str().into());
        }
        let listed = element.entries.iter().map(Listed::new).collect();
        Self::Element(Element { negated: element.negated, effect, listed })
    }

    /// How the element covers the caller, or `None` where it does not: as
    /// `evaluate::principal::covers`.
    #[inline]
    pub(super) fn covers(&self, caller: &Caller<'_>, has_boundary: bool) -> Option<CallerMatch> {
        match self {
            Self::Service(name) => is_service(name, caller).then_some(CallerMatch::Direct),
            Self::Element(element) => element.covers(caller, has_boundary),
        }
    }
}

impl Element {
    fn covers(&self, caller: &Caller<'_>, has_boundary: bool) -> Option<CallerMatch> {
        let mut listed = None;
        for name in &self.listed {
            listed = listed.max(name.lists(caller));
        }
        if !self.negated {
            return listed;
        }
        let by_account_only =
            (!matches!(caller.principal, Principal::Root(_))).then_some(CallerMatch::Account);
        let is_listed = match self.effect {
            Effect::Allow => listed.is_some(),
            Effect::Deny => !has_boundary && listed > by_account_only,
        };
        (!is_listed).then_some(CallerMatch::Direct)
    }
}

impl Listed {
    fn new(entry: &PrincipalEntry) -> Self {
        let text = entry.text.value.as_str();
        match entry.kind {
            PrincipalKind::Aws if text == "*" => Self::Everybody,
            PrincipalKind::Aws => {
                let iam = Arn::parse(text).filter(|arn| arn.service == "iam");
                let root = iam.filter(|arn| arn.resource == "root" && !arn.account.is_empty());
                let role = iam.filter(|arn| arn.resource.starts_with("role/"));
                Self::Aws {
                    text: text.into(),
                    root_of: root.map(|arn| (arn.partition.into(), arn.account.into())),
                    role: role.map(|arn| {
                        Box::new(Role {
                            partition: arn.partition.into(),
                            account: arn.account.into(),
                            name: arn.resource_name().into(),
                        })
                    }),
                }
            }
            PrincipalKind::Service => Self::Service(text.into()),
            PrincipalKind::Federated => Self::Federated(text.into()),
            PrincipalKind::CanonicalUser => Self::CanonicalUser(text.into()),
        }
    }

    fn lists(&self, caller: &Caller<'_>) -> Option<CallerMatch> {
        let is_named = |name: &str| same(name, caller.text).then_some(CallerMatch::Direct);
        match (self, caller.principal) {
            (Self::Everybody, _) => Some(CallerMatch::Direct),
            (Self::Aws { text, root_of, role }, _) => {
                lists_aws(text, root_of.as_ref(), role.as_deref(), caller)
            }
            (Self::Service(name), _) => is_service(name, caller).then_some(CallerMatch::Direct),
            (Self::Federated(name), Principal::Federated(_))
            | (Self::CanonicalUser(name), Principal::CanonicalUser(_)) => is_named(name),
            _ => None,
        }
    }
}

#[inline]
fn is_service(name: &str, caller: &Caller<'_>) -> bool {
    matches!(caller.principal, Principal::Service(_)) && same(name, caller.text)
}

fn lists_aws(
    listed: &str,
    root_of: Option<&(Box<str>, Box<str>)>,
    role: Option<&Role>,
    caller: &Caller<'_>,
) -> Option<CallerMatch> {
    let (arn, account) = (caller.arn?, caller.account);
    let is_root =
        root_of.is_some_and(|(partition, id)| **partition == *arn.partition && account == Some(id));
    if is_root || account == Some(listed) {
        return Some(CallerMatch::Account);
    }
    match caller.principal {
        Principal::User(_) | Principal::FederatedUser(_) | Principal::AssumedRole(_)
            if same(listed, caller.text) =>
        {
            Some(CallerMatch::Direct)
        }
        Principal::Role(_) if same(listed, caller.text) => Some(CallerMatch::Role),
        Principal::AssumedRole(_) => {
            let is_role = match caller.issuer {
                Some(issuer) => same(listed, issuer),
                None => role.is_some_and(|role| role.is_of(caller, &arn)),
            };
            is_role.then_some(CallerMatch::Role)
        }
        Principal::FederatedUser(_) => (caller.issuer == Some(listed)).then_some(CallerMatch::Role),
        _ => None,
    }
}

impl Role {
    /// A session carries the name of its role without the role's path.
    fn is_of(&self, caller: &Caller<'_>, session: &Arn<'_>) -> bool {
        *self.partition == *session.partition
            && *self.account == *session.account
            && caller.role_name() == Some(&self.name)
    }
}
