//! A policy as it would be with one thing changed.

use retrigger_iam::{Policy, PolicySet, ResourceElement, Span};

/// One change to one policy document, named as explanations name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyEdit {
    /// The document's name.
    pub(crate) policy: String,
    /// What is changed in it.
    pub(crate) change: Change,
}

/// What is changed, by its place in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// This statement is not there.
    WithoutStatement(Span),
    /// This pattern is not among the actions of its statement.
    WithoutAction(Span),
    /// This condition need not hold.
    WithoutCondition(Span),
    /// The `Resource` element that stands here is `*`.
    AnyResource(Span),
    /// This principal is another service.
    OtherService(Span, &'static str),
}

impl PolicyEdit {
    /// The same set of policies, with the change made where it is meant.
    pub(crate) fn applied(&self, policies: &PolicySet) -> PolicySet {
        let mut policies = policies.clone();
        policies.policies_mut().for_each(|policy| self.apply(policy));
        policies
    }

    /// Makes the change, where the policy is the one that is meant.
    pub(crate) fn apply(&self, policy: &mut Policy) {
        if policy.name != self.policy {
            return;
        }
        match self.change {
            Change::WithoutStatement(span) => {
                policy.statements.retain(|statement| statement.span != span);
            }
            Change::WithoutAction(span) => {
                for action in policy.statements.iter_mut().filter_map(|one| one.action.as_mut()) {
                    action.patterns.retain(|pattern| pattern.text.span != span);
                }
            }
            Change::WithoutCondition(span) => {
                for statement in &mut policy.statements {
                    statement.conditions.retain(|condition| condition.span != span);
                }
            }
            Change::AnyResource(span) => {
                let resources =
                    policy.statements.iter_mut().filter_map(|one| one.resource.as_mut());
                for resource in resources.filter(|resource| resource.span == span) {
                    *resource = ResourceElement::any(span);
                }
            }
            Change::OtherService(span, service) => {
                let principals =
                    policy.statements.iter_mut().filter_map(|one| one.principal.as_mut());
                for entry in principals.flat_map(|principal| &mut principal.entries) {
                    if entry.text.span == span {
                        service.clone_into(&mut entry.text.value);
                    }
                }
            }
        }
    }
}
