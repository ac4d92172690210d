//! The evaluators that are measured, and the questions as they are asked of one.

use retrigger_iam::{CompiledPolicySet, Decision, PolicySet, Request, RequestRef};

use super::workload::Workload;

/// Something that decides requests.
pub(super) trait Evaluator: Sync {
    /// A request made ready for it.
    type Ready<'r>: Copy + Send + Sync;

    fn ready(request: &Request) -> Self::Ready<'_>;

    fn decide(&self, request: &Self::Ready<'_>) -> Decision;
}

impl Evaluator for CompiledPolicySet {
    type Ready<'r> = RequestRef<'r>;

    fn ready(request: &Request) -> RequestRef<'_> {
        request.into()
    }

    fn decide(&self, request: &RequestRef<'_>) -> Decision {
        self.decide_ref(request)
    }
}

impl Evaluator for PolicySet {
    type Ready<'r> = &'r Request;

    fn ready(request: &Request) -> &Request {
        request
    }

    fn decide(&self, request: &&Request) -> Decision {
        Self::decide(self, request)
    }
}

/// A request and the evaluator that decides it.
pub(super) struct Asked<'a, E: Evaluator> {
    evaluator: &'a E,
    request: E::Ready<'a>,
}

impl<E: Evaluator> Clone for Asked<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: Evaluator> Copy for Asked<'_, E> {}

impl<E: Evaluator> Asked<'_, E> {
    pub(super) fn decide(&self) -> Decision {
        self.evaluator.decide(&self.request)
    }
}

/// The questions of a workload, put to `sets`, in an order of which every beginning is spread over
/// the workload.
pub(super) fn asked<'a, E: Evaluator>(workload: &'a Workload, sets: &'a [E]) -> Vec<Asked<'a, E>> {
    let set_of = workload.sets();
    let ask = |index: usize| Asked {
        evaluator: &sets[set_of[index]],
        request: E::ready(&workload.questions[index].request),
    };
    spread(set_of.len()).map(ask).collect()
}

/// The policy sets of a workload for the plain evaluator, in the order of the compiled ones.
pub(super) fn plain_sets(workload: &Workload) -> Vec<PolicySet> {
    let mut sets = Vec::new();
    for caller in &workload.callers {
        sets.push(caller.policies.clone());
        sets.extend(
            caller.alternatives().map(|policy| PolicySet {
                resource: Some(policy.clone()),
                ..caller.policies.clone()
            }),
        );
    }
    sets
}

/// All of `0..count`, in steps of about the golden section.
fn spread(count: usize) -> impl Iterator<Item = usize> {
    let step = (count * 618 / 1000..=count + 1).find(|step| gcd(*step, count) == 1).unwrap_or(1);
    (0..count).map(move |turn| turn * step % count)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_comes_once_and_the_first_few_are_far_apart() {
        for count in [0, 1, 2, 3, 8, 100, 950, 1000] {
            let mut order: Vec<usize> = spread(count).collect();
            if count == 1000 {
                assert_eq!(order[..4], [0, 619, 238, 857]);
            }
            order.sort_unstable();
            assert_eq!(order, (0..count).collect::<Vec<_>>());
        }
    }
}
