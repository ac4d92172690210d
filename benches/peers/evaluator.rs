//! What is measured: anything that decides the requests of a workload by their number.

use std::collections::BTreeMap;

use retrigger::iam::Decision;

/// One evaluator, made ready for a workload.
pub(crate) struct Evaluator {
    pub(crate) name: &'static str,
    pub(crate) losses: Losses,
    ask: Box<dyn Ask>,
}

/// What cannot be said in an evaluator's language.
#[derive(Default)]
pub(crate) struct Losses {
    /// Statements left out, by reason.
    pub(crate) statements: BTreeMap<&'static str, usize>,
}

/// Decides requests by their number; `None` where it cannot be asked, or answers with an error.
trait Ask {
    fn decide(&self, index: usize) -> Option<Decision>;

    /// Decides these requests once, and says how many are allowed.
    fn pass(&self, requests: &[usize]) -> usize;
}

impl<F: Fn(usize) -> Option<Decision>> Ask for F {
    fn decide(&self, index: usize) -> Option<Decision> {
        self(index)
    }

    fn pass(&self, requests: &[usize]) -> usize {
        requests.iter().filter(|index| self(**index) == Some(Decision::Allowed)).count()
    }
}

impl Losses {
    /// Counts a statement that is left out.
    pub(crate) fn add_statement(&mut self, reason: &'static str) {
        *self.statements.entry(reason).or_default() += 1;
    }
}

impl Evaluator {
    pub(crate) fn new(
        name: &'static str,
        losses: Losses,
        decide: impl Fn(usize) -> Option<Decision> + 'static,
    ) -> Self {
        Self { name, losses, ask: Box::new(decide) }
    }

    /// The decision on one request.
    pub(crate) fn decide(&self, index: usize) -> Option<Decision> {
        self.ask.decide(index)
    }

    /// Decides these requests once, and says how many are allowed.
    pub(crate) fn pass(&self, requests: &[usize]) -> usize {
        self.ask.pass(requests)
    }
}
