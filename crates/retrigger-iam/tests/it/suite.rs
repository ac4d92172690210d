//! The decision suite through both evaluators, without the crates around them.

use serde_json::Value;

use crate::{agree::Both, cases};

#[test]
fn every_case_gets_its_decision_from_both_evaluators() {
    let mut count = 0;
    for (path, cases) in cases::suite() {
        for case in cases {
            let policies = case.policies.map(Value::to_string).read();
            let decision = Both::new(policies).check(&case.request);
            // Where AWS leaves a rule open, the case holds our choice.
            assert!(
                decision == case.expect,
                "{}: {}: expected {}, got {decision}",
                path.display(),
                case.id,
                case.expect
            );
            count += 1;
        }
    }
    assert!(count > 200, "only {count} cases were found");
}
