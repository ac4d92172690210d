//! One case: the changed recording, the decisions it must give, and why.

use retrigger_iam::{Arn, Decision, Effect, StatementReport};
use retrigger_recording::{Expected, Fact, Manifest, Outcome, Recording};
use retrigger_trigger::{Classification, Declared};
use serde::Serialize;

use super::{
    error::DeriveError,
    grant::grants,
    mutation::{Invoked, Mutation},
    payload,
    scene::{Scene, denial},
    snapshot::{self, DerivedSnapshot},
};
use crate::{
    event::{Clause, Decided},
    replay::{Question, decide, expectation},
};

/// A recording that was derived from another, not yet written.
#[derive(Clone, Debug)]
pub struct DerivedCase {
    /// The name of its folder.
    pub name: String,
    /// A heading.
    pub title: String,
    /// What is changed, as a sentence.
    pub change: String,
    /// What it must give.
    pub verdict: Verdict,
    /// The recording itself, with its expectation.
    pub recording: Recording,
    pub(super) snapshot: Option<DerivedSnapshot>,
}

/// What a derived recording must give, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// The handler must not run.
    Denied {
        /// The action that is denied.
        action: String,
        /// `ImplicitlyDenied` or `ExplicitlyDenied`.
        decision: String,
        /// AWS's words.
        message: Option<String>,
        /// The clauses that deny, or that miss the request.
        why: Vec<String>,
    },
    /// The change makes no difference: it is allowed as before.
    StillAllowed {
        /// What that means.
        finding: String,
        /// The statements that allow it.
        why: Vec<String>,
    },
}

impl Verdict {
    /// Whether the handler must not run.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Denied { .. })
    }
}

/// Makes the case of a mutation. Its decisions follow from the original's facts and policies with
/// the mutation applied to them; that the written files say the same is for a replay to show.
pub(super) fn case(scene: &Scene, mutation: Mutation) -> Result<DerivedCase, DeriveError> {
    let decisions = predicted(scene, &mutation)?;
    let denied = denial(&decisions);
    let verdict = match denied {
        Some(denied) => refused(scene, &mutation, denied),
        None => allowed(&decisions, mutation.wider),
    };
    let mut expected = Expected::default();
    expected.outcome = denied.map(|_| Outcome::Denied);
    expected.decisions = Some(decisions.iter().map(expectation).collect());
    let mut recording = changed(scene, &mutation)?;
    recording.expected = Some(expected);
    if denied.is_some() {
        recording.calls.clear();
    }
    let Mutation { name, title, change, edits, .. } = mutation;
    let snapshot = match edits.as_slice() {
        [] => None,
        edits => Some(snapshot::derived(scene, &name, &change, edits).ok_or_else(|| {
            let message =
                format!("the policy to change for `{name}` is not in the snapshot's files");
            DeriveError::Undecidable { name: scene.name.clone(), message }
        })?),
    };
    if let Some(snapshot) = &snapshot {
        recording.manifest.snapshot = Some(snapshot.folder.clone());
    }
    recording.redact(&scene.folder.redactor())?;
    Ok(DerivedCase { name, title, change, verdict, recording, snapshot })
}

fn predicted(scene: &Scene, mutation: &Mutation) -> Result<Vec<Decided>, DeriveError> {
    let manifest = mutation.manifest(&scene.recording.manifest);
    let question = Question {
        manifest: &manifest,
        declared: mutation.facts.clone(),
        edits: &mutation.edits,
        ..scene.question()
    };
    let answer = decide(&question).map_err(|why| DeriveError::undecidable(&scene.name, why))?;
    Ok(answer.decisions)
}

/// The recording with the mutation applied: in the event where it carries the facts, and declared
/// where it does not.
fn changed(scene: &Scene, mutation: &Mutation) -> Result<Recording, DeriveError> {
    let trigger = scene.answer.classification.trigger;
    let event = payload::edited(&scene.recording.event, trigger, &mutation.payload);
    let mut manifest = mutation.manifest(&scene.recording.manifest);
    manifest.derived_from = Some(scene.name.clone());
    let shown = shown(scene, &event, &manifest)?;
    declare(&mut manifest, &mutation.facts, &shown);
    Ok(Recording { event, manifest, calls: scene.recording.calls.clone(), expected: None })
}

/// What a replay would make of the changed event.
fn shown(scene: &Scene, event: &[u8], manifest: &Manifest) -> Result<Classification, DeriveError> {
    let name = &scene.name;
    let payload = serde_json::from_slice(event).map_err(|error| {
        let message = format!("the changed event is not JSON: {error}");
        DeriveError::Undecidable { name: name.clone(), message }
    })?;
    let question = Question { manifest, payload: &payload, ..scene.question() };
    let answer = decide(&question).map_err(|why| DeriveError::undecidable(name, why))?;
    Ok(answer.classification)
}

/// Declares the facts that the event does not show by itself.
fn declare(manifest: &mut Manifest, facts: &Declared, shown: &Classification) {
    let Declared { source_arn, source_account, .. } = facts;
    if source_arn.is_some() && shown.source_arn.value != *source_arn {
        manifest.trigger.source_arn = source_arn.clone().map(Fact::declared);
    }
    let of_arn = source_arn.as_deref().and_then(Arn::parse).and_then(|arn| arn.account_id());
    let account = source_account.as_deref().or(of_arn);
    let is_stated = manifest.trigger.source_arn.is_some() && of_arn == account;
    if account.is_some() && shown.source_account.value.as_deref() != account {
        let declared = account.map(|account| Fact::declared(account.to_owned()));
        manifest.trigger.source_account = declared.filter(|_| !is_stated);
    }
}

fn refused(scene: &Scene, mutation: &Mutation, denied: &Decided) -> Verdict {
    let mut why = misses(scene, denied);
    let is_explicit = denied.explanation.decision == Decision::ExplicitlyDenied;
    if is_explicit || (why.is_empty() && mutation.invoked != Invoked::AsRecorded) {
        why = denied.clauses.iter().map(said).collect();
    }
    Verdict::Denied {
        action: denied.request.action.clone(),
        decision: denied.explanation.decision.to_string(),
        message: denied.message.clone(),
        why,
    }
}

fn said(clause: &Clause) -> String {
    match &clause.miss {
        Some(found) => format!("{}: {found}", clause.title),
        None => clause.title.clone(),
    }
}

/// What the statements that allowed the original miss now.
fn misses(scene: &Scene, denied: &Decided) -> Vec<String> {
    let original = scene.decided(denied.step).flat_map(grants).collect::<Vec<_>>();
    let granted = |report: &&StatementReport| {
        original.iter().any(|grant| grant.policy == report.policy && grant.span == report.span)
    };
    let of_action = |report: &&StatementReport| report.effect == Effect::Allow;
    let reports = denied.explanation.statements().filter(of_action).filter(granted);
    let lines = reports.flat_map(|report| {
        report.misses.iter().map(move |miss| {
            let (label, policy, clause) = (report.label(), &report.policy, miss.clause());
            format!("statement {label} of {policy} misses {clause}: {}", miss.found())
        })
    });
    lines.collect()
}

fn allowed(decisions: &[Decided], finding: &str) -> Verdict {
    let first = decisions.first();
    let grants = first.into_iter().flat_map(grants);
    let why = grants.map(|grant| format!("statement {} of {}", grant.label(), grant.policy));
    Verdict::StillAllowed { finding: finding.to_owned(), why: why.collect() }
}
