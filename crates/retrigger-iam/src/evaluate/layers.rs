//! The kinds of policy that have a say in a request, each with its statements considered.

use crate::{
    arn::Arn,
    evaluate::{
        PolicySet,
        statement::{Asked, consider},
    },
    explain::{CallerMatch, PolicyType, StatementReport},
    policy::{Effect, Policy},
    principal::Principal,
    rcp_services,
    request::Request,
};

/// The considered statements of one kind of policy, or of one level of it.
pub(super) struct Layer {
    pub(super) policy_type: PolicyType,
    pub(super) level: Option<usize>,
    pub(super) reports: Vec<StatementReport>,
}

impl Layer {
    /// The first statement that denies.
    pub(super) fn denies(&self) -> Option<&StatementReport> {
        self.reports.iter().find(|report| report.effect == Effect::Deny && report.applies())
    }

    /// Whether a statement denies or may deny, depending on unknown keys.
    pub(super) fn may_deny(&self) -> bool {
        self.reports.iter().any(|report| report.effect == Effect::Deny && report.misses.is_empty())
    }

    /// Whether a statement allows.
    pub(super) fn allows(&self, unknown: Unknown) -> bool {
        self.grants(unknown).next().is_some()
    }

    /// How the statements that allow list the caller; one without `Principal`, as in identity
    /// policies, lists nobody in particular and counts as the weakest.
    pub(super) fn grants(&self, unknown: Unknown) -> impl Iterator<Item = CallerMatch> {
        let applies = move |report: &&StatementReport| match unknown {
            Unknown::GrantsNothing => report.applies(),
            Unknown::GrantsAll => report.misses.is_empty(),
        };
        self.reports
            .iter()
            .filter(|report| report.effect == Effect::Allow)
            .filter(applies)
            .map(|report| report.caller.unwrap_or(CallerMatch::Account))
    }
}

/// What becomes of the statements that allow depending on unknown keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// None of them allows.
    GrantsNothing,
    /// Each of them allows.
    GrantsAll,
}

/// All kinds in force for a request. A kind that is not there, or that does not apply to this
/// caller or resource, is absent.
pub(super) struct Layers {
    pub(super) scps: Vec<Layer>,
    pub(super) rcps: Vec<Layer>,
    pub(super) endpoint: Option<Layer>,
    pub(super) resource: Option<Layer>,
    pub(super) identity: Option<Layer>,
    pub(super) boundary: Option<Layer>,
    pub(super) session: Option<Layer>,
}

impl Layers {
    pub(super) fn new(policies: &PolicySet, resource: Option<&Policy>, request: &Request) -> Self {
        let asked = Asked {
            request,
            action: request.action.to_ascii_lowercase(),
            has_boundary: policies.boundary.is_some(),
        };
        let layer = |policy_type, level, policies: &[Policy]| Layer {
            policy_type,
            level,
            reports: policies
                .iter()
                .flat_map(|policy| consider(policy, policy_type, &asked))
                .collect(),
        };
        let levels = |policy_type, levels: &[Vec<Policy>]| -> Vec<Layer> {
            let numbered = levels.iter().enumerate();
            numbered.map(|(level, policies)| layer(policy_type, Some(level), policies)).collect()
        };
        let scps = policies.scps.as_deref().filter(|_| scps_apply(request)).unwrap_or_default();
        let rcps = if rcps_apply(request) { policies.rcps.as_slice() } else { &[] };
        let one = |policy_type, policies: &[Policy]| layer(policy_type, None, policies);
        let optional = |policy_type, policy: Option<&Policy>| {
            policy.map(|policy| one(policy_type, std::slice::from_ref(policy)))
        };
        let has_identity = request.principal.has_identity_policies();
        Self {
            scps: levels(PolicyType::ServiceControlPolicy, scps),
            rcps: levels(PolicyType::ResourceControlPolicy, rcps),
            endpoint: policies.endpoint.as_ref().map(|list| one(PolicyType::VpcEndpoint, list)),
            resource: optional(PolicyType::Resource, resource),
            identity: has_identity.then(|| one(PolicyType::Principal, &policies.identity)),
            boundary: optional(PolicyType::PermissionsBoundary, policies.boundary.as_ref())
                .filter(|_| has_identity),
            session: session_policies(policies, request).map(|list| one(PolicyType::Session, list)),
        }
    }

    /// All layers in the order of evaluation.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Layer> {
        self.scps
            .iter()
            .chain(&self.rcps)
            .chain(&self.endpoint)
            .chain(&self.resource)
            .chain(&self.identity)
            .chain(&self.boundary)
            .chain(&self.session)
    }
}

/// A `GetFederationToken` session without session policy has no identity permissions: its empty
/// session policy allows nothing. Source: IAM User Guide, "Session policies".
fn session_policies<'p>(policies: &'p PolicySet, request: &Request) -> Option<&'p [Policy]> {
    match (&policies.session, &request.principal) {
        (Some(list), _) => Some(list),
        (None, Principal::FederatedUser(_)) => Some(&[]),
        (None, _) => None,
    }
}

/// SCPs restrict the principals of member accounts, their root users included, but neither the
/// management account, nor service-linked roles, nor services. Source: AWS Organizations User
/// Guide, "Service control policies (SCPs)".
fn scps_apply(request: &Request) -> bool {
    request.principal.account().is_some()
        && !request.principal_in_management_account
        && !is_linked(request)
}

fn rcps_apply(request: &Request) -> bool {
    let resource = Arn::parse(&request.resource);
    !request.resource_in_management_account
        && !is_linked(request)
        && rcps_bear_on(&request.principal, &request.action, resource)
}

/// RCPs restrict access to resources of member accounts, by anyone, in the services that support
/// them. They do not restrict who retires a grant of a key, nor a service that assumes its
/// service-linked role. Source: AWS Organizations User Guide, "Resource control policies (RCPs)".
pub(crate) fn rcps_bear_on(principal: &Principal, action: &str, resource: Option<Arn<'_>>) -> bool {
    let is_service = matches!(principal, Principal::Service(_));
    let is_linked_role =
        |arn: Arn<'_>| arn.service == "iam" && arn.resource.starts_with("role/aws-service-role/");
    rcp_services::supports_rcps(action)
        && !action.eq_ignore_ascii_case("kms:RetireGrant")
        && !(is_service && resource.is_some_and(is_linked_role))
}

fn is_linked(request: &Request) -> bool {
    is_service_linked_role(&request.principal, request.session_issuer.as_deref())
}

/// A service-linked role has the path `/aws-service-role/` and a name that starts with
/// `AWSServiceRoleFor`; a session ARN carries only the name.
pub(crate) fn is_service_linked_role(principal: &Principal, session_issuer: Option<&str>) -> bool {
    let role = session_issuer.or(match principal {
        Principal::Role(arn) => Some(arn),
        _ => None,
    });
    match role.and_then(Arn::parse) {
        Some(arn) => arn.resource.starts_with("role/aws-service-role/"),
        None => principal.role_name().is_some_and(|name| name.starts_with("AWSServiceRoleFor")),
    }
}
