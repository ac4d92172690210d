//! Changes to a statement, and the recordings that notice.

use retrigger_iam::{Condition, Statement};

use super::{
    AskedByRecording, Mutant, Mutation,
    known::{Known, names},
};
use crate::replay::{Change, PolicyEdit};

/// Every change to a statement.
pub(super) fn of(
    known: &Known,
    statement: &Statement,
    recordings: &[AskedByRecording],
) -> Vec<Mutant> {
    let remove = (Mutation::RemoveStatement, Change::WithoutStatement(statement.span));
    let drop = |condition: &Condition| {
        let mutation = Mutation::DropCondition {
            operator: condition.operator_text.value.clone(),
            key: condition.key.value.clone(),
        };
        (mutation, Change::WithoutCondition(condition.span))
    };
    let conditions = statement.conditions.iter().map(drop);
    // A policy that has principals is a resource's own: it cannot be about others.
    let resource = statement.resource.as_ref().filter(|_| statement.principal.is_none());
    let widen = resource.filter(|resource| {
        !resource.negated && !resource.patterns.iter().any(|pattern| pattern.text.value == "*")
    });
    let widen = widen.map(|it| (Mutation::WidenResource, Change::AnyResource(it.span)));
    let changes = std::iter::once(remove).chain(conditions).chain(widen);
    let mutants = changes.filter_map(|(mutation, change)| {
        let place = known.place(match change {
            Change::WithoutCondition(span) | Change::AnyResource(span) => span,
            _ => statement.span,
        })?;
        let edit = PolicyEdit { policy: known.policy.name.clone(), change };
        let notice = |number: &usize| recordings.get(*number).is_some_and(|it| notices(it, &edit));
        let noticed_by = known.recordings.iter().copied().filter(notice);
        Some(Mutant { mutation, place, noticed_by: names(noticed_by, recordings) })
    });
    mutants.collect()
}

/// Whether a decision becomes another.
fn notices(recording: &AskedByRecording, edit: &PolicyEdit) -> bool {
    recording.asked.iter().any(|(asked, explanation)| {
        let bears = asked.policies.policies().any(|policy| policy.name == edit.policy);
        bears && edit.applied(&asked.policies).decide(&asked.request) != explanation.decision
    })
}
