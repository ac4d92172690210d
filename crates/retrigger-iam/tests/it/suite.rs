//! The decision suite through both evaluators, without the crates around them.

use retrigger_iam::Decision;
use serde_json::Value;

use crate::{agree, kinds};

#[test]
fn every_case_gets_its_decision_from_both_evaluators() {
    let mut count = 0;
    for (path, cases) in kinds::suite() {
        for case in cases {
            let policies = case.policies.map(Value::to_string).read();
            let decision = agree::check(&policies, &case.request);
            let is_settled = case.confidence.is_none();
            assert!(
                decision == case.expect || !is_settled,
                "{}: {}: expected {}, got {decision}",
                path.display(),
                case.id,
                case.expect
            );
            count += usize::from(decision == case.expect && decision != Decision::Undecided);
        }
    }
    assert!(count > 200, "only {count} cases were found and passed");
}
