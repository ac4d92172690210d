//! The compiled evaluator decides as the plain one does.

use proptest::{collection::vec, prelude::*};
use serde_json::Value;

use crate::{agree::Both, generate};

proptest! {
    #[test]
    fn both_evaluators_decide_the_same(bytes in vec(any::<u8>(), 0..2_000)) {
        let case = generate::case(&bytes);
        let both = Both::new(case.policies.map(Value::to_string).read());
        for request in &case.requests {
            both.check(request);
        }
    }
}
