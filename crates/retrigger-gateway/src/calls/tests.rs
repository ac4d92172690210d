use std::sync::Arc;

use rstest::rstest;
use serde_json::json;

use super::*;
use crate::{Protocol, authorize::AllowAll};

fn operation(parameters: &Value) -> Operation {
    Operation {
        service: "dynamodb".into(),
        name: "GetItem".into(),
        protocol: Protocol::Json10,
        xml_namespace: None,
        query_compatible: false,
        is_unsigned: false,
        parameters: parameters.clone(),
        access_denied: (None, None),
        idempotency_members: Vec::new(),
        authorizations: Vec::new(),
    }
}

fn key(parameters: &Value, occurrence: u32) -> CallKey {
    CallKey {
        service: "dynamodb".into(),
        operation: "GetItem".into(),
        resource: None,
        parameters: parameters.clone(),
        occurrence,
    }
}

fn recorded(keys: &[(Value, u32)], event: &str) -> Calls {
    let response = CallResponse { status: 200, headers: BTreeMap::new(), body: <_>::default() };
    let call = |(parameters, occurrence): &(Value, u32)| Call {
        key: key(parameters, *occurrence),
        response: response.clone(),
    };
    Calls::new(Invocation {
        calls: keys.iter().map(call).collect(),
        event: event.to_owned(),
        mode: RecordMode::None,
        authorize: Arc::new(AllowAll),
    })
}

fn begin(calls: &Calls, parameters: &Value, attempt: Option<&str>) -> Option<usize> {
    calls.begin(&operation(parameters), key(parameters, 0), attempt).recorded
}

#[test]
fn calls_match_in_any_order_and_by_occurrence() {
    let (a, b) = (json!({"k": "a"}), json!({"k": "b"}));
    let calls = recorded(&[(a.clone(), 1), (b.clone(), 1), (a.clone(), 2)], "");
    assert_eq!(begin(&calls, &b, None), Some(1));
    assert_eq!(begin(&calls, &a, None), Some(0));
    assert_eq!(begin(&calls, &a, None), Some(2));
    assert_eq!(begin(&calls, &a, None), None);
    let places: Vec<u32> =
        calls.observed().calls.iter().map(|call| call.call.key.occurrence).collect();
    assert_eq!(places, [1, 1, 2, 3]);
}

#[test]
fn a_retry_is_the_same_call() {
    let a = json!({"k": "a"});
    let calls = recorded(&[(a.clone(), 1), (a.clone(), 2)], "");
    assert_eq!(begin(&calls, &a, Some("1")), Some(0));
    assert_eq!(begin(&calls, &a, Some("1")), Some(0));
    assert_eq!(begin(&calls, &a, Some("2")), Some(1));
    let observed = calls.observed();
    let attempts: Vec<u32> = observed.calls.iter().map(|call| call.attempts).collect();
    assert_eq!(attempts, [2, 1]);
    assert_eq!(observed.unmade, []);
}

const UUIDS: [&str; 2] =
    ["0191c5f4-6a7c-7c3a-8f57-0d5f3c2b1a09", "5f0c1d7e-93a4-4b6e-9d59-1c4f1f6b2a11"];

#[rstest]
#[case(json!(UUIDS[0]), json!(UUIDS[1]), "", true)]
#[case(json!(UUIDS[0]), json!(UUIDS[1]), UUIDS[0], false)]
#[case(json!("2026-03-01T12:00:00Z"), json!("2026-03-02T12:00:00.5Z"), "", true)]
#[case(json!(1_772_366_400), json!(1_772_366_999.5), "", true)]
#[case(json!({"N": "1772366400000"}), json!({"N": "1772366999999"}), "", true)]
#[case(json!("<jwt:1>"), json!("eyJhbGciOi.eyJz.c2ln"), "", true)]
#[case(json!(format!("{{\"id\": \"{}\"}}", UUIDS[0])), json!(format!("{{\"id\": \"{}\"}}", UUIDS[1])), "", true)]
#[case(json!(format!("a/{}", UUIDS[0])), json!(format!("b/{}", UUIDS[1])), "", false)]
#[case(json!(format!("a/{}", UUIDS[0])), json!("a/b"), "", false)]
#[case(json!("Ada"), json!("Bob"), "", false)]
#[case(json!(1), json!(2), "", false)]
#[case(json!(1_234_567_890), json!(1_234_567_891), "", false)]
#[case(json!(1_772_366_400), json!(1_772_366_999), "{\"t\":1772366999}", false)]
#[case(json!({"a": 1}), json!({"a": 1, "b": 2}), "", false)]
#[case(json!([1]), json!([1, 1]), "", false)]
fn what_is_made_anew_does_not_part_calls(
    #[case] before: Value,
    #[case] now: Value,
    #[case] event: &str,
    #[case] same: bool,
) {
    let calls = recorded(&[(json!({"k": before}), 1)], event);
    assert_eq!(begin(&calls, &json!({"k": now}), None).is_some(), same);
    let observed = calls.observed();
    assert_eq!(observed.unmade.is_empty(), same);
}

#[rstest]
// An id of the event is not one that another run made.
#[case(UUIDS[1], "", false)]
// Nor is one of an answer: the handler asks for what it was told of.
#[case("", UUIDS[1], false)]
#[case("", "of nothing", true)]
// One that the handler made and was told again is made anew all the same.
#[case("", UUIDS[0], true)]
fn ids_that_come_from_somewhere_are_never_mixed_up(
    #[case] event: &str,
    #[case] answer: &str,
    #[case] same: bool,
) {
    let mut invocation = recorded(&[(json!({"k": UUIDS[0]}), 1)], event).invocation;
    let body = format!("{{\"Items\":[{{\"id\":\"{answer}\"}}]}}");
    invocation.calls[0].response.body = retrigger_recording::Body::from_bytes(body);
    let calls = Calls::new(invocation);
    assert_eq!(begin(&calls, &json!({"k": UUIDS[1]}), None).is_some(), same);
}

#[test]
fn several_calls_with_something_new_take_one_answer_each() {
    let keys = UUIDS.map(|uuid| (json!({"k": uuid}), 1));
    let calls = recorded(&keys, "");
    let new = "11111111-93a4-4b6e-9d59-1c4f1f6b2a11";
    let other = "22222222-93a4-4b6e-9d59-1c4f1f6b2a11";
    assert_eq!(begin(&calls, &json!({"k": new}), None), Some(0));
    assert_eq!(begin(&calls, &json!({"k": other}), None), Some(1));
    assert_eq!(begin(&calls, &json!({"k": other}), None), None);
}

#[rstest]
#[case(json!({"k": "b"}), "`dynamodb:GetItem` is not recorded so; the nearest recorded call, \
       `dynamodb:GetItem`, has /k `\"a\"` and not `\"b\"`")]
#[case(json!({"k": "a"}), "`dynamodb:GetItem` is recorded once, and this is call 2")]
fn the_nearest_call_is_named(#[case] parameters: Value, #[case] expected: &str) {
    let calls = recorded(&[(json!({"k": "a"}), 1), (json!({"k": "zz", "x": 1}), 1)], "");
    let again = begin(&calls, &json!({"k": "a"}), None);
    assert_eq!(again, Some(0));
    let began = calls.begin(&operation(&parameters), key(&parameters, 0), None);
    assert_eq!(calls.nearest(&began.key), expected);
}
