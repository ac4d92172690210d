//! Without the statements that let the trigger invoke.

use retrigger_iam::{Effect, PolicyType, StatementReport};
use retrigger_recording::Step;

use super::{mutation::Mutation, scene::Scene, text::slug};
use crate::{
    event::Decided,
    replay::{Change, PolicyEdit},
};

/// What to say where another statement allows the same.
pub(super) const TWICE: &str = "another statement allows it too";

/// The cases of this family: each statement that allows the invocation is removed by itself, and
/// where one request has several, all of them together.
pub(super) fn mutations(scene: &Scene) -> Vec<Mutation> {
    let mut all: Vec<Mutation> = Vec::new();
    for decided in scene.decided(Step::Invoke) {
        let grants: Vec<&StatementReport> = grants(decided).collect();
        for grant in &grants {
            let mutation = without(&[grant]);
            if !all.iter().any(|known| known.edits == mutation.edits) {
                all.push(mutation);
            }
        }
        if grants.len() > 1 {
            all.push(without(&grants));
        }
    }
    all
}

/// The statements of resource and identity policies that allow a request. What organization and
/// boundary allow is only the frame for them.
pub(super) fn grants(decided: &Decided) -> impl Iterator<Item = &StatementReport> {
    let grants = |kind| matches!(kind, PolicyType::Resource | PolicyType::Principal);
    let checks = decided.explanation.checks.iter().filter(move |check| grants(check.policy_type));
    let statements = checks.flat_map(|check| &check.statements);
    statements.filter(|report| report.effect == Effect::Allow && report.applies())
}

pub(super) fn without(grants: &[&StatementReport]) -> Mutation {
    let edits = grants.iter().map(|grant| without_statement(grant)).collect();
    let labels: Vec<String> = grants
        .iter()
        .map(|grant| format!("statement {} of {}", grant.label(), grant.policy))
        .collect();
    let (name, title, verb) = match grants {
        [grant] => (format!("without-{}", name(grant)), format!("Without {}", labels[0]), "is"),
        _ => (
            "without-all-grants".to_owned(),
            "Without the statements that allow it".to_owned(),
            "are",
        ),
    };
    let change = format!("{} {verb} removed.", capital(&labels.join(" and ")));
    Mutation { edits, ..Mutation::new(name, title, change, TWICE) }
}

pub(super) fn without_statement(grant: &StatementReport) -> PolicyEdit {
    PolicyEdit { policy: grant.policy.clone(), change: Change::WithoutStatement(grant.span) }
}

/// A statement's `Sid`, or else its number, as part of a folder's name.
fn name(grant: &StatementReport) -> String {
    match grant.sid.as_deref() {
        Some(sid) if !sid.is_empty() => slug(sid),
        _ => format!("statement-{}", grant.index + 1),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
