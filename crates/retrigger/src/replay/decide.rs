//! All decisions around an invocation, without running the handler.

use retrigger_recording::{FunctionFolder, Manifest, Snapshot};
use retrigger_trigger::{Classification, Declared, RequestTime};
use serde_json::Value;

use crate::{
    documents::Documents,
    event::Decided,
    replay::{
        authority::{Authority, Undecidable},
        edit::PolicyEdit,
        one, steps,
    },
};

/// What is to be decided.
pub(crate) struct Question<'q> {
    pub(crate) folder: &'q FunctionFolder,
    pub(crate) snapshot: &'q Snapshot,
    pub(crate) manifest: &'q Manifest,
    pub(crate) payload: &'q Value,
    /// Facts that win over those of payload and manifest.
    pub(crate) declared: Declared,
    /// Changes to the policies of the snapshot.
    pub(crate) edits: &'q [PolicyEdit],
}

/// What was decided.
pub(crate) struct Answer {
    pub(crate) classification: Classification,
    /// As a replay makes them, up to the first denial that keeps the handler from running.
    pub(crate) decisions: Vec<Decided>,
    /// The documents that were needed.
    pub(crate) documents: Documents,
}

/// Decides as a replay does: may the trigger invoke, may Lambda assume the role, may it log?
pub(crate) fn decide(question: &Question<'_>) -> Result<Answer, Undecidable> {
    let Question { folder, snapshot, manifest, payload, declared, edits } = question;
    let arn = &folder.function().arn;
    let qualifier = manifest.invocation.qualifier.as_deref();
    let mut authority = Authority::new(snapshot, arn, qualifier)?.edited(edits);
    let classification = steps::classify(payload, manifest, &authority.invoked_arn())?;
    let classification = classification.declare(declared.clone());
    let role = authority.execution_role()?;
    let time = manifest.invocation.time.as_ref();
    let time: Option<RequestTime> = time.and_then(|time| time.as_str().parse().ok());
    let mut decisions = steps::trigger_decisions(&mut authority, &classification, &role, time)?;
    if runs(&decisions) {
        decisions.push(authority.decide_assume_role(&role)?);
    }
    if runs(&decisions) {
        let (group, stream) = one::log_place(arn, &manifest.invocation, &authority);
        let logs = steps::log_decisions(&mut authority, &role, &group, &stream, arn.as_str())?;
        decisions.extend(logs);
    }
    Ok(Answer { classification, decisions, documents: authority.into_documents() })
}

/// Whether nothing keeps the handler from running so far.
fn runs(decisions: &[Decided]) -> bool {
    decisions.iter().all(|decided| decided.explanation.decision.is_allowed())
}
