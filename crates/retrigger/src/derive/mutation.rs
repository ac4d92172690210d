//! What is changed to make one case of a recording.

use retrigger_recording::Manifest;
use retrigger_trigger::Declared;

use super::payload::PayloadEdit;
use crate::replay::PolicyEdit;

/// How the function is invoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Invoked {
    AsRecorded,
    Unqualified,
    As(String),
}

/// What is changed to make one case.
#[derive(Clone, Debug)]
pub(super) struct Mutation {
    /// The name of its folder.
    pub(super) name: String,
    /// A heading.
    pub(super) title: String,
    /// What is changed, as a sentence.
    pub(super) change: String,
    /// What to say where it is allowed all the same.
    pub(super) wider: &'static str,
    /// The facts that the invocation then has, where they change.
    pub(super) facts: Declared,
    /// Where the event carries those facts.
    pub(super) payload: Vec<PayloadEdit>,
    /// How the function is invoked.
    pub(super) invoked: Invoked,
    /// What changes in the policies.
    pub(super) edits: Vec<PolicyEdit>,
}

impl Mutation {
    /// The manifest with the qualifier that is invoked.
    pub(super) fn manifest(&self, original: &Manifest) -> Manifest {
        let mut manifest = original.clone();
        match &self.invoked {
            Invoked::AsRecorded => {}
            Invoked::Unqualified => manifest.invocation.qualifier = None,
            Invoked::As(qualifier) => manifest.invocation.qualifier = Some(qualifier.clone()),
        }
        manifest
    }

    /// One that changes nothing yet.
    pub(super) fn new(
        name: impl Into<String>,
        title: impl Into<String>,
        change: impl Into<String>,
        wider: &'static str,
    ) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            change: change.into(),
            wider,
            facts: Declared::default(),
            payload: Vec::new(),
            invoked: Invoked::AsRecorded,
            edits: Vec::new(),
        }
    }
}
