//! An execution role that lacks something: a poll action, or Lambda's trust.

use retrigger_iam::{
    ActionPattern, Context, Policy, PrincipalKind, Span, Statement, StatementReport,
};
use retrigger_recording::Step;

use super::{
    grant::{grants, without, without_statement},
    mutation::Mutation,
    scene::Scene,
    text::slug,
};
use crate::{
    event::Decided,
    replay::{Change, PolicyEdit},
};

/// The service that a trust policy is changed to.
const OTHER_SERVICE: &str = "ec2.amazonaws.com";

/// The cases of this family.
pub(super) fn mutations(scene: &Scene) -> Vec<Mutation> {
    let mut all: Vec<Mutation> = Vec::new();
    for decided in scene.decided(Step::Poll) {
        let mutation = without_action(scene, decided);
        if !all.iter().any(|known| known.edits == mutation.edits) {
            all.push(mutation);
        }
    }
    all.extend(not_assumable(scene));
    all
}

/// Without one poll action: its own pattern is removed where it has one, or else the statement.
fn without_action(scene: &Scene, decided: &Decided) -> Mutation {
    let action = decided.request.action.as_str();
    let grants: Vec<&StatementReport> = grants(decided).collect();
    let edits = grants.iter().map(|grant| match pattern_of(scene, grant, action) {
        Some(span) => {
            PolicyEdit { policy: grant.policy.clone(), change: Change::WithoutAction(span) }
        }
        None => without_statement(grant),
    });
    let edits: Vec<PolicyEdit> = edits.collect();
    let is_action = |edit: &PolicyEdit| matches!(edit.change, Change::WithoutAction(_));
    if !edits.iter().any(is_action) {
        return without(&grants);
    }
    let change = format!("The execution role may not call `{action}`.");
    let name = format!("without-{}", slug(action));
    Mutation {
        edits,
        ..Mutation::new(name, format!("Without `{action}`"), change, super::grant::TWICE)
    }
}

/// The one pattern of a statement that covers the action by its full name, where others remain.
fn pattern_of(scene: &Scene, grant: &StatementReport, action: &str) -> Option<Span> {
    let statement = statement_of(scene, grant)?;
    let element = statement.action.filter(|element| !element.negated)?;
    let action = action.to_ascii_lowercase();
    let covers = |pattern: &&ActionPattern| pattern.pattern.matches(&action, &Context::default());
    let mut covering = element.patterns.iter().filter(covers);
    let (only, none) = (covering.next()?, covering.next());
    let is_alone = none.is_none() && element.patterns.len() > 1;
    (is_alone && only.text.value.eq_ignore_ascii_case(&action)).then_some(only.text.span)
}

fn statement_of(scene: &Scene, report: &StatementReport) -> Option<Statement> {
    let document = scene.answer.documents.document(&report.policy)?;
    let policy = Policy::parse(document.text()).policy?;
    policy.statements.into_iter().find(|statement| statement.span == report.span)
}

/// Every `lambda.amazonaws.com` of the trust policy is another service. Where the policy trusts
/// Lambda by a wildcard there is no such case.
fn not_assumable(scene: &Scene) -> Option<Mutation> {
    let decided = scene.decided(Step::AssumeRole).next()?;
    let mut edits = Vec::new();
    for grant in grants(decided) {
        let statement = statement_of(scene, grant)?;
        let principal = statement.principal.filter(|principal| !principal.negated)?;
        let lambda = principal.entries.iter().filter(|entry| {
            entry.kind == PrincipalKind::Service && entry.text.value == "lambda.amazonaws.com"
        });
        edits.extend(lambda.map(|entry| PolicyEdit {
            policy: grant.policy.clone(),
            change: Change::OtherService(entry.text.span, OTHER_SERVICE),
        }));
    }
    let change =
        format!("The trust policy of the execution role names `{OTHER_SERVICE}`, not Lambda.");
    let title = "A role that Lambda may not assume";
    let mutation =
        Mutation::new("role-not-assumable", title, change, "another statement trusts Lambda");
    (!edits.is_empty()).then_some(Mutation { edits, ..mutation })
}
