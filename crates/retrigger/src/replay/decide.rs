//! All decisions around an invocation, without running the handler.

use retrigger_gateway::{Aws, needed};
use retrigger_recording::{Call, FunctionFolder, Manifest, Snapshot, Step};
use retrigger_trigger::{Classification, Declared, RequestTime};
use serde_json::Value;

use crate::{
    documents::Documents,
    event::Decided,
    replay::{
        authority::{Asked, Authority, Undecidable},
        calls::{self, Assumed},
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
    let mut authority = authority(question)?;
    answer(question, &mut authority).map(|(classification, decisions)| Answer {
        classification,
        decisions,
        documents: authority.take_documents(),
    })
}

/// What was decided, and asked for it.
pub(crate) struct Kept {
    pub(crate) decisions: Vec<Decided>,
    /// All that was asked, with the policies in force.
    pub(crate) asked: Vec<Asked>,
    /// The documents that were needed.
    pub(crate) documents: Documents,
}

/// The same decisions, and all that was asked for them with the policies in force.
pub(crate) fn decide_keeping(question: &Question<'_>) -> Result<Kept, Undecidable> {
    let mut authority = authority(question)?.keeping_what_is_asked();
    kept(question, &mut authority)
}

/// The same, with all documents that can bear on the invocation,
/// and what the handler's recorded calls ask, where it is run.
pub(crate) fn decide_keeping_all(
    question: &Question<'_>,
    calls: &[Call],
    assumed: &Assumed,
) -> Result<Kept, Undecidable> {
    let mut authority = authority(question)?.keeping_what_is_asked();
    authority.load_all()?;
    let mut kept = kept(question, &mut authority)?;
    let steps_before = |decided: &&Decided| decided.step != Step::Log;
    let is_run = kept.decisions.iter().filter(steps_before).all(allowed);
    if is_run {
        authority = authority.keeping_what_is_asked().knowing(kept.documents);
        kept.decisions.extend(decide_calls(question, &mut authority, calls, assumed)?);
        kept.asked.extend(authority.take_asked());
        kept.documents = authority.take_documents();
    }
    Ok(kept)
}

fn decide_calls(
    question: &Question<'_>,
    authority: &mut Authority<'_>,
    calls: &[Call],
    assumed: &Assumed,
) -> Result<Vec<Decided>, Undecidable> {
    let arn = &question.folder.function().arn;
    let role = authority.execution_role()?;
    let aws = Aws::new(arn.partition(), arn.account());
    let time = time(question.manifest);
    let mut decisions = Vec::new();
    for call in calls {
        for authorization in needed(&call.key, &aws, arn.region()) {
            for resource in &authorization.resources {
                let (caller, asked) = ((arn, &role), (&authorization, resource.as_str()));
                let request = calls::request(authority, caller, time, asked, assumed)?;
                decisions.push(authority.decide_call(request, &role, &[])?);
            }
        }
    }
    Ok(decisions)
}

fn time(manifest: &Manifest) -> Option<RequestTime> {
    manifest.invocation.time.as_ref().and_then(|time| time.as_str().parse().ok())
}

fn kept(question: &Question<'_>, authority: &mut Authority<'_>) -> Result<Kept, Undecidable> {
    let (_, decisions) = answer(question, authority)?;
    let (asked, documents) = (authority.take_asked(), authority.take_documents());
    Ok(Kept { decisions, asked, documents })
}

fn authority<'q>(question: &Question<'q>) -> Result<Authority<'q>, Undecidable> {
    let arn = &question.folder.function().arn;
    let qualifier = question.manifest.invocation.qualifier.as_deref();
    Ok(Authority::new(question.snapshot, arn, qualifier)?.edited(question.edits))
}

fn answer(
    question: &Question<'_>,
    authority: &mut Authority<'_>,
) -> Result<(Classification, Vec<Decided>), Undecidable> {
    let Question { folder, manifest, payload, declared, .. } = question;
    let arn = &folder.function().arn;
    let classification = steps::classify(payload, manifest, &authority.invoked_arn())?;
    let classification = classification.declare(declared.clone());
    let role = authority.execution_role()?;
    let time = time(manifest);
    let mut decisions = steps::trigger_decisions(authority, &classification, &role, time)?;
    if runs(&decisions) {
        decisions.push(authority.decide_assume_role(&role)?);
    }
    if runs(&decisions) {
        let (group, stream) = one::log_place(arn, &manifest.invocation, authority);
        let logs = steps::log_decisions(authority, &role, &group, &stream, arn.as_str())?;
        decisions.extend(logs);
    }
    Ok((classification, decisions))
}

/// Whether nothing keeps the handler from running so far.
fn runs(decisions: &[Decided]) -> bool {
    decisions.iter().all(allowed)
}

fn allowed(decided: &Decided) -> bool {
    decided.explanation.decision.is_allowed()
}
