//! The policies of a snapshot as they bear on one recording: each document is parsed when a
//! decision needs it, and what is wrong with it is kept.

use std::{collections::BTreeMap, fmt};

use retrigger_iam::{
    Arn, Decision, Explanation, Policy, PolicySet, PolicyType, Principal, Request, supports_rcps,
};
use retrigger_recording::{
    Error, FunctionArn, FunctionSnapshot, Organization, OrganizationLevel, PolicyDocument, Role,
    Snapshot, Step, Unread, User,
};

use crate::{
    documents::{Documents, InvalidDocument, absence},
    event::{Clause, Decided, FileFinding},
    replay::{edit::PolicyEdit, unresolved, unsettled},
};

/// Why nothing can be decided.
#[derive(Debug)]
pub(crate) enum Undecidable {
    /// Something is not in the snapshot, or not readable.
    File(Error),
    /// AWS would refuse a document.
    Document(InvalidDocument),
    /// The caller's policies are not known.
    Other { message: String, help: String },
}

impl fmt::Display for Undecidable {
    /// What is wrong, with its place and what to do about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Document(invalid) => match invalid.findings.first() {
                Some(FileFinding { place: Some(place), message, .. }) => {
                    write!(f, "{place}: {message}")
                }
                Some(finding) => f.write_str(&finding.message),
                None => f.write_str("a policy cannot be loaded"),
            },
            Self::Other { message, help } if help.is_empty() => f.write_str(message),
            Self::Other { message, help } => write!(f, "{message}; {help}"),
        }
    }
}

impl From<Error> for Undecidable {
    fn from(error: Error) -> Self {
        Self::File(error)
    }
}

impl From<InvalidDocument> for Undecidable {
    fn from(invalid: InvalidDocument) -> Self {
        Self::Document(invalid)
    }
}

/// A request that was decided, and the policies that it was decided under.
pub(crate) struct Asked {
    pub(crate) step: Step,
    pub(crate) request: Request,
    pub(crate) policies: PolicySet,
    pub(crate) decision: Decision,
}

/// The policies of a snapshot, seen from one function and one of its qualifiers.
pub(crate) struct Authority<'s> {
    snapshot: &'s Snapshot,
    function: &'s FunctionSnapshot,
    arn: &'s FunctionArn,
    qualifier: Option<&'s str>,
    documents: Documents,
    edits: &'s [PolicyEdit],
    warnings: Vec<FileFinding>,
    /// What was asked so far, where that is to be kept.
    asked: Option<Vec<Asked>>,
}

impl<'s> Authority<'s> {
    pub(crate) fn new(
        snapshot: &'s Snapshot,
        arn: &'s FunctionArn,
        qualifier: Option<&'s str>,
    ) -> Result<Self, Undecidable> {
        let function = snapshot.function(arn.name())?;
        let documents = Documents::default();
        let warnings = Vec::new();
        let (edits, asked) = (&[][..], None);
        Ok(Self { snapshot, function, arn, qualifier, documents, edits, warnings, asked })
    }

    /// The same with changes to its policies.
    pub(super) fn edited(self, edits: &'s [PolicyEdit]) -> Self {
        Self { edits, ..self }
    }

    /// The same, keeping what is asked with the policies that it is decided under.
    pub(super) fn keeping_what_is_asked(self) -> Self {
        Self { asked: Some(Vec::new()), ..self }
    }

    /// What was asked, where it was kept.
    pub(super) fn take_asked(&mut self) -> Vec<Asked> {
        self.asked.take().unwrap_or_default()
    }

    /// Loads all documents that can bear on an invocation, whether one needed them or not: the
    /// policies of the function with those of its versions and aliases, and the execution role's.
    pub(super) fn load_all(&mut self) -> Result<(), Undecidable> {
        for (_, document) in self.function.policies() {
            self.load(document)?;
        }
        let role = self.execution_role()?;
        if let Some(trust) = &role.trust {
            self.load(trust)?;
        }
        self.policies(&Owner::of_role(&role)).map(|_| ())
    }

    /// The same with documents that were needed before, which are not parsed again.
    pub(super) fn knowing(self, documents: Documents) -> Self {
        Self { documents, ..self }
    }

    /// The documents that were needed.
    pub(super) fn take_documents(&mut self) -> Documents {
        std::mem::take(&mut self.documents)
    }

    /// Warnings about the documents that were needed so far.
    pub(super) fn take_warnings(&mut self) -> Vec<FileFinding> {
        std::mem::take(&mut self.warnings)
    }

    /// The exact ARN that is invoked.
    pub(super) fn invoked_arn(&self) -> String {
        self.arn.qualified(self.qualifier)
    }

    pub(super) fn function(&self) -> &'s FunctionSnapshot {
        self.function
    }

    /// Fails where the function's event source mappings could not be read.
    pub(super) fn check_mappings(&self) -> Result<(), Undecidable> {
        Ok(self.snapshot.check_read(Unread::EventSourceMappings, self.arn.as_str())?)
    }

    /// May the caller invoke the function, under its resource-based policy and, where the caller
    /// is of an account, the caller's own policies?
    pub(crate) fn decide_invoke(&mut self, mut request: Request) -> Result<Decided, Undecidable> {
        let resource = match self.function_policy()? {
            Some(document) => Some(self.load(document)?),
            None => None,
        };
        let set = match request.principal.account() {
            None => PolicySet::default(),
            Some(_) => self.caller_policies(&mut request)?,
        };
        let rcps = self.rcps(&request)?;
        let policies = PolicySet { resource, rcps, ..set };
        Ok(self.decided(Step::Invoke, request, policies))
    }

    /// May Lambda poll the source under the execution role?
    pub(crate) fn decide_poll(
        &mut self,
        mut request: Request,
        role: &Role,
    ) -> Result<Decided, Undecidable> {
        tag(&mut request, &role.tags);
        let set = self.policies(&Owner::of_role(role))?;
        let resource = self.resource_policy(&request.resource)?;
        let resource = resource.map(|document| self.load(document)).transpose()?;
        let rcps = self.rcps(&request)?;
        Ok(self.decided(Step::Poll, request, PolicySet { resource, rcps, ..set }))
    }

    /// May the function make a call under the execution role? `denied` are policies that are added
    /// to those of the role.
    pub(super) fn decide_call(
        &mut self,
        mut request: Request,
        role: &Role,
        denied: &[Policy],
    ) -> Result<Decided, Undecidable> {
        tag(&mut request, &role.tags);
        let mut set = self.policies(&Owner::of_role(role))?;
        set.identity.extend_from_slice(denied);
        let resource = self.policy_on_call(&request)?;
        let resource = resource.map(|document| self.load(&document)).transpose()?;
        let rcps = self.rcps(&request)?;
        let policies = PolicySet { resource, rcps, ..set };
        let open = unresolved::hangs_on(&request, &policies);
        let mut decided = self.decided(Step::Call, request, policies);
        unresolved::settle(&mut decided, open);
        Ok(decided)
    }

    /// May Lambda assume the execution role, under the role's trust policy?
    pub(super) fn decide_assume_role(&mut self, role: &Role) -> Result<Decided, Undecidable> {
        let resource = match &role.trust {
            Some(document) => Some(self.load(document)?),
            None => None,
        };
        let lambda = Principal::Service("lambda.amazonaws.com".to_owned());
        let request = Request::new(lambda, "sts:AssumeRole", role.arn.as_str());
        let request =
            unsettled::assume_role_context(request, self.arn.as_str(), self.arn.account());
        let rcps = self.rcps(&request)?;
        let policies = PolicySet { resource, rcps, ..PolicySet::default() };
        Ok(self.decided(Step::AssumeRole, request, policies))
    }

    /// May the function write its log?
    pub(super) fn decide_log(
        &mut self,
        mut request: Request,
        role: &Role,
    ) -> Result<Decided, Undecidable> {
        tag(&mut request, &role.tags);
        let set = self.policies(&Owner::of_role(role))?;
        let rcps = self.rcps(&request)?;
        Ok(self.decided(Step::Log, request, PolicySet { rcps, ..set }))
    }

    /// The execution role that the function is configured with.
    pub(crate) fn execution_role(&self) -> Result<Role, Undecidable> {
        let Some(configuration) = &self.function.configuration else {
            return Err(Undecidable::Other {
                message: format!("the snapshot does not say which role `{}` has", self.arn.name()),
                help: format!(
                    "add `lambda/{}/configuration.json`: the output of \
                     `aws lambda get-function-configuration`",
                    self.arn.name()
                ),
            });
        };
        Ok(self.snapshot.role(&configuration.role)?)
    }

    /// The principal that the execution role's sessions are.
    pub(crate) fn role_session(&self, role: &Role) -> String {
        let (partition, account) = (self.arn.partition(), self.arn.account());
        let session = unsettled::session_name(self.arn.name());
        format!("arn:{partition}:sts::{account}:assumed-role/{}/{session}", role.name)
    }

    /// The policies of a caller of an account: a user, a role, or a session of one.
    fn caller_policies(&mut self, request: &mut Request) -> Result<PolicySet, Undecidable> {
        let caller = request.principal.clone();
        let role = match (&caller, request.session_issuer.as_deref()) {
            // The organization's policies bear on the root user too (AWS Organizations User Guide,
            // "Service control policies (SCPs)").
            (Principal::Root(arn), _) => return self.policies(&Owner::of_root(arn)),
            (Principal::User(arn), _) => {
                let user = self.snapshot.user(arn)?;
                tag(request, &user.tags);
                return self.policies(&Owner::of_user(&user));
            }
            (Principal::AssumedRole(_), Some(issuer)) => issuer,
            (Principal::Role(arn), _) => arn,
            (Principal::AssumedRole(_), None) => caller.role_name().unwrap_or_default(),
            _ => return Err(unknown_caller(&caller)),
        };
        let role = self.snapshot.role(role)?;
        tag(request, &role.tags);
        self.policies(&Owner::of_role(&role))
    }

    /// The policies of a user or role. Those of another account are known to a snapshot only if
    /// someone added them.
    fn policies(&mut self, owner: &Owner<'_>) -> Result<PolicySet, Undecidable> {
        let own = owner.inline.iter().chain(owner.managed);
        let identity = own.map(|document| self.load(document)).collect::<Result<_, _>>()?;
        let boundary = match owner.boundary {
            Some(document) => Some(self.load(document)?),
            None => None,
        };
        let scps = match self.organization_of(owner.arn)? {
            Some(organization) => Some(self.levels(&organization.scps)?),
            None => None,
        };
        Ok(PolicySet { identity, boundary, scps, ..PolicySet::default() })
    }

    /// The policy of the function, version or alias that is invoked; `None` where AWS has none.
    fn function_policy(&self) -> Result<Option<&'s PolicyDocument>, Undecidable> {
        let policy = self.function.policy(self.qualifier);
        if policy.is_none() {
            self.snapshot.check_read(Unread::FunctionPolicy, &self.invoked_arn())?;
            if self.qualifier.is_some() {
                self.snapshot.check_read(Unread::Aliases, self.arn.as_str())?;
            }
        }
        Ok(policy)
    }

    /// The policy of another resource; `None` where it has none, as far as is known.
    fn resource_policy(&self, arn: &str) -> Result<Option<&'s PolicyDocument>, Undecidable> {
        let policy = self.snapshot.resource_policy(arn);
        if policy.is_none() {
            self.snapshot.check_read(Unread::ResourcePolicy, arn)?;
        }
        Ok(policy)
    }

    /// The policy that bears on a call: that of the resource, or the trust policy of the role that is
    /// to be assumed.
    fn policy_on_call(&self, request: &Request) -> Result<Option<PolicyDocument>, Undecidable> {
        let arn = request.resource.as_str();
        let policy = self.resource_policy(unsettled::policy_holder(arn))?;
        let assumes = request.action.starts_with("sts:") && arn.contains(":role/");
        if policy.is_some() || !assumes {
            return Ok(policy.cloned());
        }
        let role = self.snapshot.role(arn).ok();
        if role.is_none() {
            self.snapshot.check_read(Unread::Role, arn)?;
        }
        Ok(role.and_then(|role| role.trust))
    }

    /// The organization's policies bear on the snapshot's own account; another account's are not
    /// known.
    fn organization_of(&self, role_arn: &str) -> Result<Option<&'s Organization>, Undecidable> {
        let account = Arn::parse(role_arn).map(|arn| arn.account.to_owned());
        if account.as_deref() != Some(self.arn.account()) {
            return Ok(None);
        }
        self.organization()
    }

    /// The organization's policies; `None` where the account is in none, as far as is known.
    fn organization(&self) -> Result<Option<&'s Organization>, Undecidable> {
        let organization = self.snapshot.organization();
        if organization.is_none() {
            self.snapshot.check_read(Unread::Organization, self.arn.account())?;
        }
        Ok(organization)
    }

    /// The organization's RCPs, which must be known where the request's service supports them.
    fn rcps(&mut self, request: &Request) -> Result<Vec<Vec<Policy>>, Undecidable> {
        let organization = if supports_rcps(&request.action) {
            self.organization()?
        } else {
            self.snapshot.organization()
        };
        match organization {
            Some(organization) => self.levels(&organization.rcps),
            None => Ok(Vec::new()),
        }
    }

    fn levels(&mut self, levels: &[OrganizationLevel]) -> Result<Vec<Vec<Policy>>, Undecidable> {
        let level = |level: &OrganizationLevel| {
            level.policies.iter().map(|document| self.load(document)).collect()
        };
        levels.iter().map(level).collect()
    }

    fn load(&mut self, document: &PolicyDocument) -> Result<Policy, Undecidable> {
        let (mut policy, warnings) = self.documents.load(document)?;
        self.edits.iter().for_each(|edit| edit.apply(&mut policy));
        for warning in warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        Ok(policy)
    }

    fn decided(&mut self, step: Step, request: Request, policies: PolicySet) -> Decided {
        let management =
            self.snapshot.organization().and_then(|org| org.management_account.as_deref());
        let mut request = request.with_derived_context();
        request.principal_in_management_account =
            management.is_some() && request.principal.account() == management;
        request.resource_in_management_account =
            management.is_some() && request.resource_account() == management;
        let explanation = policies.explain(&request);
        let message = explanation.denial.as_ref().map(|denial| denial.message(&request));
        let mut clauses = self.documents.clauses(&explanation);
        clauses.extend(self.missing_policy(step, &explanation));
        if let Some(asked) = &mut self.asked {
            let (request, decision) = (request.clone(), explanation.decision);
            asked.push(Asked { step, request, policies, decision });
        }
        Decided { step, request, explanation, message, clauses }
    }

    /// Where the function, version or alias has no policy at all, that is the thing to look at;
    /// all the more where the unqualified function has one.
    fn missing_policy(&self, step: Step, explanation: &Explanation) -> Option<Clause> {
        let is_absent = absence(explanation) == Some(PolicyType::Resource);
        if step != Step::Invoke || explanation.decision == Decision::Allowed || !is_absent {
            return None;
        }
        let name = self.invoked_arn();
        let others: Vec<&str> = self
            .function
            .policies()
            .map(|(qualifier, _)| qualifier.unwrap_or("the unqualified function"))
            .collect();
        let title = if others.is_empty() {
            format!("`{name}` has no resource-based policy")
        } else {
            let others = others.join(", ");
            format!(
                "`{name}` has no resource-based policy; there is one of {others}, and each \
                 version and alias has its own"
            )
        };
        Some(Clause { title, miss: None, place: None })
    }
}

/// A user or a role, as far as its policies go.
struct Owner<'o> {
    arn: &'o str,
    inline: &'o [PolicyDocument],
    managed: &'o [PolicyDocument],
    boundary: Option<&'o PolicyDocument>,
}

impl<'o> Owner<'o> {
    /// A root user has no policies of its own.
    fn of_root(arn: &'o str) -> Self {
        Self { arn, inline: &[], managed: &[], boundary: None }
    }

    fn of_role(role: &'o Role) -> Self {
        let Role { arn, inline, managed, boundary, .. } = role;
        Self { arn, inline, managed, boundary: boundary.as_ref() }
    }

    fn of_user(user: &'o User) -> Self {
        let User { arn, inline, managed, boundary, .. } = user;
        Self { arn, inline, managed, boundary: boundary.as_ref() }
    }
}

/// The tags of a caller are condition keys of its requests. Source: IAM User Guide, "AWS global
/// condition context keys", `aws:PrincipalTag`.
fn tag(request: &mut Request, tags: &BTreeMap<String, String>) {
    for (key, value) in tags {
        request.context.insert(format!("aws:PrincipalTag/{key}"), value.as_str());
    }
}

fn unknown_caller(caller: &Principal) -> Undecidable {
    Undecidable::Other {
        message: format!("the policies of the caller `{caller}` are not in the snapshot"),
        help: "only users, roles and their sessions can be looked up in \
               `account-authorization-details.json`"
            .to_owned(),
    }
}
