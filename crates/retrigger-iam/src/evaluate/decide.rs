//! From the considered statements to the decision. Source: IAM User Guide, "Policy evaluation
//! logic" and the pages it leads to; AWS Organizations User Guide, "SCP evaluation" and "RCP
//! evaluation".

use std::collections::BTreeMap;

use crate::{
    arn::Arn,
    denial::Denial,
    evaluate::{
        PolicySet,
        layers::{Layer, Layers, Unknown},
    },
    explain::{self, CallerMatch, Check, CheckEffect, Decision, Explanation, PolicyType},
    fold,
    need::{Change, Nearest, Need},
    policy::{Effect, Policy},
    principal::Principal,
    request::Request,
};

/// Decides a request under a set of policies, with this policy of the resource instead of the
/// set's own, and says why.
pub(crate) fn explain(
    policies: &PolicySet,
    resource: Option<&Policy>,
    request: &Request,
) -> Explanation {
    let layers = Layers::new(policies, resource, request);
    let (decision, denial, hangs_on) = match decide(request, &layers) {
        Judgement::Allowed => (Decision::Allowed, None, Vec::new()),
        Judgement::Denied(denial) if denial.explicit => {
            (Decision::ExplicitlyDenied, Some(denial), Vec::new())
        }
        Judgement::Denied(denial) => (Decision::ImplicitlyDenied, Some(denial), Vec::new()),
        Judgement::HangsOn(effects) => (Decision::Undecided, None, hangs_on(&layers, effects)),
    };
    let needs = match decision {
        Decision::Allowed => Vec::new(),
        _ => needs(request, &layers),
    };
    let checks = layers.iter().map(|layer| check(layer, denial.as_ref())).collect();
    Explanation { decision, checks, denial, hangs_on, needs }
}

/// What would have to be otherwise: no statement may deny, and every silent kind must allow.
fn needs(request: &Request, layers: &Layers) -> Vec<Need> {
    let denying = layers.iter().flat_map(|layer| {
        let denies =
            layer.reports.iter().filter(|one| one.effect == Effect::Deny && one.misses.is_empty());
        denies.map(|report| Need {
            policy_type: layer.policy_type,
            level: layer.level,
            change: Change::NotDeny(Nearest::new(report)),
        })
    });
    let silent = silent(request, &Grants { layers, unknown: Unknown::GrantsNothing });
    let allowing = silent.into_iter().map(|Silent { policy_type, level }| {
        let is_it = |layer: &&Layer| layer.policy_type == policy_type && layer.level == level;
        let reports = layers.iter().filter(is_it).flat_map(|layer| &layer.reports);
        let nearest = explain::nearest(reports).first().map(|report| Nearest::new(report));
        Need { policy_type, level, change: Change::Allow(nearest) }
    });
    denying.chain(allowing).collect()
}

/// What comes of the layers.
enum Judgement {
    Allowed,
    Denied(Denial),
    /// Statements of these effects may apply, depending on unknown keys, and decide.
    HangsOn(&'static [Effect]),
}

/// The decision.
///
/// Where condition keys are unknown, statements may apply or not. A `Deny` that applies in any
/// case decides. Otherwise the request is judged twice, once with every `Allow` that may apply
/// and once with none of them: what lies between the two hangs on the unknown keys.
fn decide(request: &Request, layers: &Layers) -> Judgement {
    if is_always_allowed(&request.action) {
        return Judgement::Allowed;
    }
    if let Err(denial) = nothing_denies(request, layers) {
        return Judgement::Denied(denial);
    }
    let at_least = grants(request, &Grants { layers, unknown: Unknown::GrantsNothing });
    let at_most = grants(request, &Grants { layers, unknown: Unknown::GrantsAll });
    let may_deny = layers.iter().any(Layer::may_deny);
    match (at_least, may_deny) {
        (Ok(()), false) => Judgement::Allowed,
        (Ok(()), true) => Judgement::HangsOn(&[Effect::Deny]),
        (Err(denial), false) if at_most.is_err() => Judgement::Denied(denial),
        (Err(_), false) => Judgement::HangsOn(&[Effect::Allow]),
        (Err(_), true) if at_most.is_err() => Judgement::HangsOn(&[Effect::Deny]),
        (Err(_), true) => Judgement::HangsOn(&[Effect::Allow, Effect::Deny]),
    }
}

/// Whether all that must allow does; otherwise the first kind of policy that does not.
fn grants(request: &Request, layers: &Grants<'_>) -> Result<(), Denial> {
    match silent(request, layers).first() {
        Some(silent) => Err(implicit(request, silent.policy_type)),
        None => Ok(()),
    }
}

/// A kind of policy that would have to allow and does not.
#[derive(Clone, Copy)]
struct Silent {
    policy_type: PolicyType,
    level: Option<usize>,
}

/// All kinds of policy that would have to allow and do not, in the order of evaluation.
fn silent(request: &Request, layers: &Grants<'_>) -> Vec<Silent> {
    let always = layers.scps.iter().chain(&layers.endpoint);
    let mut silent: Vec<Silent> = always.filter_map(|layer| is_silent(layers, layer)).collect();
    silent.extend(match &request.principal {
        caller if !caller.is_of_account() => outside_any_account(layers),
        caller if is_same_account(caller, request) => same_account(request, layers),
        _ => cross_account(layers),
    });
    silent
}

fn is_silent(layers: &Grants<'_>, layer: &Layer) -> Option<Silent> {
    let Layer { policy_type, level, .. } = *layer;
    (!layer.allows(layers.unknown)).then_some(Silent { policy_type, level })
}

const RESOURCE_IS_SILENT: Silent = Silent { policy_type: PolicyType::Resource, level: None };

/// The layers, and what unknown keys are taken to do to their statements that allow.
struct Grants<'l> {
    layers: &'l Layers,
    unknown: Unknown,
}

impl std::ops::Deref for Grants<'_> {
    type Target = Layers;

    fn deref(&self) -> &Layers {
        self.layers
    }
}

/// Every unknown key that a statement of these effects hangs on, once.
fn hangs_on(layers: &Layers, effects: &[Effect]) -> Vec<String> {
    let reports = layers.iter().flat_map(|layer| &layer.reports);
    let hanging = reports.filter(|report| report.hangs() && effects.contains(&report.effect));
    let by_folded_key: BTreeMap<String, &String> = hanging
        .flat_map(|report| &report.hangs_on)
        .map(|key| (key.to_ascii_lowercase(), key))
        .collect();
    by_folded_key.into_values().cloned().collect()
}

/// No permission is needed to ask who one is, or for a session of one's own, and no policy can
/// take these away. Source: AWS STS API Reference, `GetCallerIdentity` and `GetSessionToken`.
#[inline]
pub(crate) fn is_always_allowed(action: &str) -> bool {
    let is = |known: &str| action.eq_ignore_ascii_case(known);
    is("sts:GetCallerIdentity") || is("sts:GetSessionToken")
}

/// A `Deny` that applies decides, wherever it stands.
fn nothing_denies(request: &Request, layers: &Layers) -> Result<(), Denial> {
    for layer in layers.iter() {
        if let Some(statement) = layer.denies() {
            return Err(Denial {
                policy_type: layer.policy_type,
                explicit: true,
                trust_policy: is_governed_by_trust_policy(request),
                policy_arn: statement.policy_arn.clone(),
            });
        }
    }
    Ok(())
}

fn implicit(request: &Request, policy_type: PolicyType) -> Denial {
    let trust_policy = policy_type == PolicyType::Resource && is_governed_by_trust_policy(request);
    Denial { policy_type, explicit: false, trust_policy, policy_arn: None }
}

/// Services, identity providers, canonical users and anonymous callers: only the resource's
/// policy can allow, and it must list them or everybody.
fn outside_any_account(layers: &Grants<'_>) -> Vec<Silent> {
    let is_granted = strongest_grant(layers) >= Some(CallerMatch::Direct);
    if is_granted { Vec::new() } else { vec![RESOURCE_IS_SILENT] }
}

/// The resource's policy alone suffices where it lists the caller directly. Where it lists the
/// caller's role it takes the place of the identity policies. Where it lists the account, or
/// nobody, the identity policies must allow.
fn same_account(request: &Request, layers: &Grants<'_>) -> Vec<Silent> {
    let grant = strongest_grant(layers);
    if grant == Some(CallerMatch::Direct) {
        return Vec::new();
    }
    let mut silent = Vec::new();
    if grant != Some(CallerMatch::Role) {
        silent.extend(identity_is_silent(layers));
        if needs_resource_grant(&request.action, Arn::parse(&request.resource)) && grant.is_none() {
            silent.push(RESOURCE_IS_SILENT);
        }
    }
    silent.extend(silent_limits(layers));
    silent
}

/// Both sides must allow: the resource's policy, in whatever way it lists the caller, and the
/// caller's own policies.
fn cross_account(layers: &Grants<'_>) -> Vec<Silent> {
    let mut silent = Vec::new();
    if strongest_grant(layers).is_none() {
        silent.push(RESOURCE_IS_SILENT);
    }
    silent.extend(identity_is_silent(layers));
    silent.extend(silent_limits(layers));
    silent
}

/// The root user has every permission in its account and no identity policies.
fn identity_is_silent(layers: &Grants<'_>) -> Option<Silent> {
    layers.identity.as_ref().and_then(|identity| is_silent(layers, identity))
}

/// Permissions boundary and session policies limit what identity policies, or a grant to the
/// role, give.
fn silent_limits(layers: &Grants<'_>) -> impl Iterator<Item = Silent> {
    layers.boundary.iter().chain(&layers.session).filter_map(|limit| is_silent(layers, limit))
}

fn strongest_grant(layers: &Grants<'_>) -> Option<CallerMatch> {
    layers.resource.as_ref().and_then(|layer| layer.grants(layers.unknown).max())
}

/// A resource whose account is not known is taken to be the caller's.
fn is_same_account(caller: &Principal, request: &Request) -> bool {
    request.resource_account().is_none_or(|owner| caller.account() == Some(owner))
}

/// KMS keys and roles to assume are shut to their own account until their policy opens them.
/// Source: AWS KMS Developer Guide, "Key policies in AWS KMS"; IAM User Guide, "Policy evaluation
/// logic".
pub(crate) fn needs_resource_grant(action: &str, resource: Option<Arn<'_>>) -> bool {
    let is_key =
        resource.is_some_and(|arn| arn.service == "kms" && arn.resource.starts_with("key/"));
    is_key || is_assume_role(action, resource)
}

/// The actions that a role trust policy governs.
fn is_assume_role(action: &str, resource: Option<Arn<'_>>) -> bool {
    let is_role =
        resource.is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("role/"));
    let is_governed = |action: &str| {
        fold::starts_with(action.as_bytes(), b"sts:assumerole")
            || action.eq_ignore_ascii_case("sts:TagSession")
            || action.eq_ignore_ascii_case("sts:SetSourceIdentity")
    };
    is_role && is_governed(action)
}

fn is_governed_by_trust_policy(request: &Request) -> bool {
    is_assume_role(&request.action, Arn::parse(&request.resource))
}

fn check(layer: &Layer, denial: Option<&Denial>) -> Check {
    let made_the_denial =
        denial.is_some_and(|denial| !denial.explicit && denial.policy_type == layer.policy_type);
    let effect = if layer.denies().is_some() {
        CheckEffect::ExplicitDeny
    } else if layer.may_deny() {
        CheckEffect::Undecided
    } else if layer.allows(Unknown::GrantsNothing) {
        CheckEffect::Allow
    } else if layer.allows(Unknown::GrantsAll) {
        CheckEffect::Undecided
    } else if made_the_denial || layer.must_allow() {
        CheckEffect::ImplicitDeny
    } else {
        CheckEffect::NoImpact
    };
    Check {
        policy_type: layer.policy_type,
        level: layer.level,
        effect,
        statements: layer.reports.clone(),
    }
}

impl Layer {
    /// Whether the kind limits by its silence. An RCP level always holds `RCPFullAWSAccess`, and
    /// a resource's policy need not allow what identity policies do.
    fn must_allow(&self) -> bool {
        !matches!(self.policy_type, PolicyType::ResourceControlPolicy | PolicyType::Resource)
    }
}
