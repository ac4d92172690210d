//! The plain evaluator: the decision, written to be read beside the IAM User Guide.
//!
//! It considers every statement of every policy and keeps what each one missed, so that a
//! decision and its explanation are one thing. It is the specification that any faster evaluator
//! is held against.

mod condition;
mod decide;
mod layers;
mod principal;
mod statement;

pub(crate) use self::{
    decide::{explain, is_always_allowed, needs_resource_grant},
    layers::{is_service_linked_role, rcps_bear_on},
};
use crate::{
    explain::{Decision, Explanation},
    policy::Policy,
    request::Request,
};

/// The policies in force for a request, kind by kind.
///
/// Source: IAM User Guide, "Policy evaluation logic".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicySet {
    /// The caller's identity policies, inline and managed.
    pub identity: Vec<Policy>,
    /// The resource's own policy; for `sts:AssumeRole`, the role's trust policy.
    pub resource: Option<Policy>,
    /// The caller's permissions boundary.
    pub boundary: Option<Policy>,
    /// The session policies given when the session was made; `None` where there were none.
    pub session: Option<Vec<Policy>>,
    /// The SCPs level by level from the root to the caller's account; `None` where none are in
    /// force. A level with nothing attached allows nothing.
    pub scps: Option<Vec<Vec<Policy>>>,
    /// The RCPs level by level from the root to the resource owner's account, without
    /// `RCPFullAWSAccess`, which is attached everywhere.
    pub rcps: Vec<Vec<Policy>>,
    /// The policies of the VPC endpoint that the request came through, if it did.
    pub endpoint: Option<Vec<Policy>>,
}

impl PolicySet {
    /// Every policy of the set, of whatever kind.
    pub fn policies(&self) -> impl Iterator<Item = &Policy> {
        let levels = self.scps.iter().flatten().chain(&self.rcps);
        let lists = self.session.iter().chain(&self.endpoint).chain(levels);
        let listed = lists.flatten().chain(&self.identity);
        listed.chain(&self.resource).chain(&self.boundary)
    }

    /// The same, to be changed.
    pub fn policies_mut(&mut self) -> impl Iterator<Item = &mut Policy> {
        let levels = self.scps.iter_mut().flatten().chain(&mut self.rcps);
        let lists = self.session.iter_mut().chain(&mut self.endpoint).chain(levels);
        let listed = lists.flatten().chain(&mut self.identity);
        listed.chain(&mut self.resource).chain(&mut self.boundary)
    }

    /// Decides a request.
    ///
    /// ```
    /// # use retrigger_iam::{Decision, PolicySet, Request};
    /// let policy = r#"{"Version": "2012-10-17", "Statement": {
    ///     "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::bucket/*"}}"#;
    /// let policies = PolicySet { identity: vec![policy.parse().unwrap()], ..PolicySet::default() };
    /// let caller = "arn:aws:iam::111122223333:user/alice".parse().unwrap();
    /// let request = Request::new(caller, "s3:GetObject", "arn:aws:s3:::bucket/key");
    /// assert_eq!(policies.decide(&request), Decision::Allowed);
    /// ```
    pub fn decide(&self, request: &Request) -> Decision {
        self.explain(request).decision
    }

    /// Decides a request and says why.
    pub fn explain(&self, request: &Request) -> Explanation {
        explain(self, self.resource.as_ref(), request)
    }
}
