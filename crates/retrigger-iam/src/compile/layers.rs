//! The kinds of policy as bits of a number, and which of them are in force for a request.

use super::{Callers, asked::Asked};
use crate::{
    evaluate::{is_service_linked_role, rcps_bear_on},
    principal::Principal,
};

/// Bits of the kinds of policy that have a say in a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layers {
    /// One bit for each level.
    pub(super) scps: u64,
    pub(super) rcps: u64,
    pub(super) endpoint: u64,
    pub(super) identity: u64,
    pub(super) boundary: u64,
    pub(super) session: u64,
}

/// The most levels of SCPs that are told apart. AWS nests five organizational units between root
/// and account, which makes seven.
pub(super) const MAX_SCP_LEVELS: usize = 48;

pub(super) const RCPS: u64 = 1 << 48;
pub(super) const ENDPOINT: u64 = 1 << 49;
pub(super) const IDENTITY: u64 = 1 << 50;
pub(super) const BOUNDARY: u64 = 1 << 51;
pub(super) const SESSION: u64 = 1 << 52;

/// Which bit a layer is.
pub(super) fn number(layer: u64) -> u8 {
    // There are 64 of them.
    layer.trailing_zeros().to_le_bytes()[0]
}

/// The bit of one level of SCPs.
pub(super) fn scp(level: usize) -> u64 {
    1 << level
}

impl Layers {
    /// As `evaluate::layers`.
    #[inline]
    pub(super) fn in_force(callers: &Callers, asked: &Asked<'_>) -> Self {
        let has = callers.layers;
        let request = asked.request;
        let has_identity = asked.request.caller.principal.has_identity_policies();
        let only_if = |holds: bool, layer: u64| if holds { layer } else { 0 };
        let organization = has.scps | has.rcps;
        let is_bound = organization != 0
            && !is_service_linked_role(request.caller.principal, request.caller.issuer);
        let scps_apply = is_bound
            && asked.request.caller.account.is_some()
            && !request.principal_in_management_account;
        let rcps_apply = is_bound
            && has.rcps != 0
            && !request.resource_in_management_account
            && rcps_bear_on(request.caller.principal, request.action.text, request.arn);
        let is_federated = matches!(request.caller.principal, Principal::FederatedUser(_));
        Self {
            scps: only_if(scps_apply, has.scps),
            rcps: only_if(rcps_apply, has.rcps),
            endpoint: has.endpoint,
            identity: only_if(has_identity, IDENTITY),
            boundary: only_if(has_identity, has.boundary),
            // Without session policies the session of a federated user may do nothing.
            session: has.session | only_if(is_federated, SESSION),
        }
    }

    #[inline]
    pub(super) fn mask(self) -> u64 {
        self.scps | self.rcps | self.endpoint | self.of_caller()
    }

    /// The caller's own policies.
    #[inline]
    pub(super) fn of_caller(self) -> u64 {
        self.identity | self.boundary | self.session
    }
}
