//! The unqualified function where an alias was invoked, and the reverse.

use retrigger_trigger::Delivery;

use super::{
    mutation::{Invoked, Mutation},
    scene::Scene,
};

/// The alias to try where the snapshot knows none.
const ALIAS: &str = "PROD";

/// The cases of this family. Each version and alias has a policy of its own, and the function has
/// one too. Source: Lambda Developer Guide, "Working with resource-based IAM policies in Lambda".
pub(super) fn mutations(scene: &Scene) -> Vec<Mutation> {
    let delivery = scene.answer.classification.trigger.delivery();
    if matches!(delivery, Delivery::Poll { .. } | Delivery::Unchecked) {
        return vec![];
    }
    match scene.recording.manifest.invocation.qualifier.as_deref() {
        Some(qualifier) => vec![unqualified(qualifier)],
        None => aliases(scene).iter().map(|alias| qualified(alias)).collect(),
    }
}

/// The aliases and versions that the snapshot has policies of, or else one that it has not.
fn aliases(scene: &Scene) -> Vec<String> {
    let function = scene.snapshot.function(scene.folder.function().arn.name());
    let policies = function.iter().flat_map(|function| function.policies());
    let known: Vec<String> = policies.filter_map(|(name, _)| Some(name?.to_owned())).collect();
    if known.is_empty() { vec![ALIAS.to_owned()] } else { known }
}

fn unqualified(qualifier: &str) -> Mutation {
    let change = format!("The function is invoked without a qualifier, not as `{qualifier}`.");
    let wider = "the function's own policy allows it too";
    let mutation = Mutation::new("unqualified", "The function itself", change, wider);
    Mutation { invoked: Invoked::Unqualified, ..mutation }
}

fn qualified(alias: &str) -> Mutation {
    let change = format!("The function is invoked as `{alias}`, not without a qualifier.");
    let wider = "this version or alias has a grant of its own";
    let (name, title) = (format!("as-{alias}"), format!("The function as `{alias}`"));
    let mutation = Mutation::new(name, title, change, wider);
    Mutation { invoked: Invoked::As(alias.to_owned()), ..mutation }
}
