//! How a decision's time grows with the statements of a caller's identity policies.

use std::time::Duration;

use retrigger_iam::Policy;
use serde::Serialize;

use super::{
    evaluator::{asked, plain_sets},
    timing,
    workload::Workload,
};

/// What the same requests need under a part of the caller's identity statements.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Growth {
    /// How many statements all policies have then.
    pub statements: usize,
    /// Nanoseconds for a decision, median of the requests.
    pub ns_median: f64,
    /// The same of the plain evaluator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plain_ns_median: Option<f64>,
}

/// How few identity statements say nothing of growth.
const TOO_FEW: usize = 100;

/// The workload with a thousandth, a hundredth and a tenth of its identity statements, where there
/// is one caller with a hundred of them or more.
pub(super) fn parts(workload: &Workload) -> Vec<Workload> {
    let [caller] = workload.callers.as_slice() else { return Vec::new() };
    let statements = caller.policies.identity.iter().map(|policy| policy.statements.len());
    let statements: usize = statements.sum();
    if statements < TOO_FEW {
        return Vec::new();
    }
    let parts = [1000, 100, 10].into_iter().filter(|part| *part <= statements);
    parts.map(|part| cut(workload, part)).collect()
}

/// Times the requests under one such part.
pub(super) fn measure(part: &Workload, time: Duration, with_plain: bool) -> Growth {
    let sets = part.compile();
    let ns_median = timing::median_of(&asked(part, &sets), time);
    let plain_ns_median = with_plain.then(|| {
        let sets = plain_sets(part);
        timing::median_of(&asked(part, &sets), time)
    });
    Growth { statements: part.statements(), ns_median, plain_ns_median }
}

/// Only every `part`-th of the identity statements.
fn cut(workload: &Workload, part: usize) -> Workload {
    let mut cut = workload.clone();
    let mut index = 0;
    for caller in &mut cut.callers {
        let identity = &mut caller.policies.identity;
        for Policy { statements, .. } in identity.iter_mut() {
            statements.retain(|_| {
                index += 1;
                (index - 1) % part == 0
            });
        }
        identity.retain(|policy| !policy.statements.is_empty());
    }
    cut
}
