//! The generator makes cases of every decision for every kind of caller: laws over anything less
//! would hold of nothing.

use std::collections::BTreeMap;

use retrigger_iam::{Decision, Principal};
use serde_json::Value;

use crate::generate;

/// The kind of a caller in a word.
fn kind(caller: &Principal) -> &'static str {
    match caller {
        Principal::User(_) => "user",
        Principal::Role(_) => "role",
        Principal::AssumedRole(_) => "session",
        Principal::FederatedUser(_) => "federated user",
        Principal::Root(_) => "root",
        Principal::Service(_) => "service",
        Principal::Federated(_) => "federated",
        Principal::CanonicalUser(_) => "canonical user",
        Principal::Anonymous => "anonymous",
        _ => "other",
    }
}

#[test]
fn every_decision_is_met_often_by_every_kind_of_caller() {
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..3_000 {
        let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(1_000).collect();
        let case = generate::case(&bytes);
        let policies = case.policies.map(Value::to_string).read();
        for request in &case.requests {
            let counts = counts.entry(kind(&request.principal)).or_default();
            match policies.decide(request) {
                Decision::Allowed => counts[0] += 1,
                Decision::ExplicitlyDenied => counts[1] += 1,
                Decision::ImplicitlyDenied => counts[2] += 1,
                Decision::Undecided => {}
            }
        }
    }
    assert_eq!(counts.len(), 9, "{counts:?}");
    for (kind, decisions) in counts {
        let sum: usize = decisions.iter().sum();
        let percent = decisions.map(|count| count * 100 / sum);
        println!("{kind}: {percent:?} of {sum}");
        assert!(percent.iter().all(|share| *share >= 10), "{kind}: {percent:?} of {sum}");
    }
}
