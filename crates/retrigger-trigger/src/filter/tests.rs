use rstest::rstest;
use serde_json::json;

use super::*;

fn matches(pattern: &str, event: &Value) -> bool {
    pattern.parse::<EventPattern>().unwrap().matches(event)
}

// Values
#[rstest]
#[case(r#"{"a": ["x"]}"#, r#"{"a": "x"}"#, true)]
#[case(r#"{"a": ["x"]}"#, r#"{"a": "X"}"#, false)]
#[case(r#"{"a": ["x", 1]}"#, r#"{"a": 1}"#, true)]
#[case(r#"{"a": [1]}"#, r#"{"a": "1"}"#, false)]
#[case(r#"{"a": [300]}"#, r#"{"a": 3.0e2}"#, true)]
#[case(r#"{"a": [""]}"#, r#"{"a": ""}"#, true)]
#[case(r#"{"a": [""]}"#, "{}", false)]
#[case(r#"{"a": [null]}"#, r#"{"a": null}"#, true)]
#[case(r#"{"a": [null]}"#, r#"{"b": 1}"#, false)]
#[case(r#"{"a": [true]}"#, r#"{"a": true}"#, true)]
#[case(r#"{"a": [true]}"#, r#"{"a": "true"}"#, false)]
// Comparisons
#[case(r#"{"a": [{"prefix": "us-"}]}"#, r#"{"a": "us-east-1"}"#, true)]
#[case(r#"{"a": [{"prefix": "us-"}]}"#, r#"{"a": "eu-us-"}"#, false)]
#[case(r#"{"a": [{"prefix": {"equals-ignore-case": "EventB"}}]}"#, r#"{"a": "eventBridge"}"#, true)]
#[case(r#"{"a": [{"suffix": ".png"}]}"#, r#"{"a": "i.png"}"#, true)]
#[case(r#"{"a": [{"suffix": ".png"}]}"#, r#"{"a": "i.PNG"}"#, false)]
#[case(r#"{"a": [{"suffix": {"equals-ignore-case": ".png"}}]}"#, r#"{"a": "i.PNG"}"#, true)]
#[case(r#"{"a": [{"prefix": "1"}]}"#, r#"{"a": 12}"#, false)]
#[case(r#"{"a": [{"equals-ignore-case": "alice"}]}"#, r#"{"a": "ALICE"}"#, true)]
#[case(r#"{"a": [{"equals-ignore-case": "alice"}]}"#, r#"{"a": "ALICES"}"#, false)]
#[case(r#"{"a": [{"wildcard": "*/lib/*"}]}"#, r#"{"a": "x/lib/y"}"#, true)]
#[case(r#"{"a": [{"wildcard": "*/lib/*"}]}"#, r#"{"a": "x/lib"}"#, false)]
#[case(r#"{"a": [{"wildcard": "a*a"}]}"#, r#"{"a": "a"}"#, false)]
#[case(r#"{"a": [{"wildcard": "ab*ba"}]}"#, r#"{"a": "aba"}"#, false)]
#[case(r#"{"a": [{"wildcard": "a\\*c"}]}"#, r#"{"a": "a*c"}"#, true)]
#[case(r#"{"a": [{"wildcard": "a\\*c"}]}"#, r#"{"a": "abc"}"#, false)]
#[case(r#"{"a": [{"wildcard": "plain"}]}"#, r#"{"a": "plain"}"#, true)]
#[case(r#"{"a": [{"numeric": ["=", 100]}]}"#, r#"{"a": 100.0}"#, true)]
#[case(r#"{"a": [{"numeric": [">", 10, "<=", 20]}]}"#, r#"{"a": 20}"#, true)]
#[case(r#"{"a": [{"numeric": [">", 10, "<=", 20]}]}"#, r#"{"a": 10}"#, false)]
#[case(r#"{"a": [{"numeric": [">=", 10]}]}"#, r#"{"a": 10}"#, true)]
#[case(r#"{"a": [{"numeric": ["<", 10]}]}"#, r#"{"a": 10}"#, false)]
#[case(r#"{"a": [{"numeric": ["<", 10]}]}"#, r#"{"a": "9"}"#, false)]
#[case(r#"{"a": [{"cidr": "10.0.0.0/24"}]}"#, r#"{"a": "10.0.0.255"}"#, true)]
#[case(r#"{"a": [{"cidr": "10.0.0.0/24"}]}"#, r#"{"a": "10.0.1.0"}"#, false)]
#[case(r#"{"a": [{"cidr": "0.0.0.0/0"}]}"#, r#"{"a": "203.0.113.9"}"#, true)]
#[case(r#"{"a": [{"cidr": "::/0"}]}"#, r#"{"a": "2001:db8::1"}"#, true)]
#[case(r#"{"a": [{"cidr": "::/0"}]}"#, r#"{"a": "203.0.113.9"}"#, false)]
#[case(r#"{"a": [{"exists": true}]}"#, r#"{"a": null}"#, true)]
#[case(r#"{"a": [{"exists": true}]}"#, "{}", false)]
#[case(r#"{"a": [{"exists": true}]}"#, r#"{"a": {"b": 1}}"#, false)]
#[case(r#"{"a": [{"exists": true}]}"#, r#"{"a": []}"#, false)]
#[case(r#"{"a": [{"exists": false}]}"#, "{}", true)]
#[case(r#"{"a": [{"exists": false}]}"#, r#"{"a": 0}"#, false)]
#[case(r#"{"a": {"b": [{"exists": false}]}}"#, r#"{"a": "text"}"#, true)]
#[case(r#"{"a": ["x", {"exists": false}]}"#, "{}", true)]
#[case(r#"{"a": [{"anything-but": "x"}]}"#, r#"{"a": "y"}"#, true)]
#[case(r#"{"a": [{"anything-but": ["x", 1]}]}"#, r#"{"a": 1}"#, false)]
#[case(r#"{"a": [{"anything-but": "x"}]}"#, "{}", false)]
#[case(r#"{"a": [{"anything-but": {"prefix": "us-"}}]}"#, r#"{"a": "us-east-1"}"#, false)]
#[case(r#"{"a": [{"anything-but": {"suffix": [".png", ".gif"]}}]}"#, r#"{"a": "i.gif"}"#, false)]
#[case(r#"{"a": [{"anything-but": {"equals-ignore-case": "x"}}]}"#, r#"{"a": "X"}"#, false)]
#[case(r#"{"a": [{"anything-but": {"wildcard": "*/lib/*"}}]}"#, r#"{"a": "x/bin/y"}"#, true)]
// Members
#[case(r#"{"a": {"b": ["x"]}, "c": [1]}"#, r#"{"a": {"b": "x"}, "c": 1}"#, true)]
#[case(r#"{"a": {"b": ["x"]}, "c": [1]}"#, r#"{"a": {"b": "x"}, "c": 2}"#, false)]
#[case(r#"{"a": {"b": ["x"]}}"#, r#"{"a": "x"}"#, false)]
#[case(r#"{"$or": [{"a": [1]}, {"b": [2]}]}"#, r#"{"b": 2}"#, true)]
#[case(r#"{"$or": [{"a": [1]}, {"b": [2]}]}"#, r#"{"b": 1}"#, false)]
#[case(r#"{"c": [3], "$or": [{"a": [1]}, {"b": [2]}]}"#, r#"{"b": 2}"#, false)]
#[case(r#"{"d": {"$or": [{"a": [1]}, {"b": [2]}]}}"#, r#"{"d": {"a": 1}}"#, true)]
#[case(r#"{"$or": ["x"]}"#, r#"{"$or": "x"}"#, true)]
// Lists
#[case(r#"{"a": ["x"]}"#, r#"{"a": ["y", "x"]}"#, true)]
#[case(r#"{"a": ["x"]}"#, r#"{"a": [["x"]]}"#, true)]
#[case(r#"{"a": ["x"]}"#, r#"{"a": ["y"]}"#, false)]
#[case(r#"{"a": {"b": [1], "c": [2]}}"#, r#"{"a": [{"b": 1, "c": 2}, {"b": 3}]}"#, true)]
#[case(r#"{"a": {"b": [1], "c": [2]}}"#, r#"{"a": [{"b": 1, "c": 3}, {"b": 2, "c": 2}]}"#, false)]
#[case(r#"{"a": {"b": [{"exists": false}]}}"#, r#"{"a": [{"b": 1}, {}]}"#, false)]
fn a_pattern_matches(#[case] pattern: &str, #[case] event: &str, #[case] expected: bool) {
    assert_eq!(matches(pattern, &serde_json::from_str(event).unwrap()), expected);
}

#[rstest]
#[case("[", "it is not JSON: EOF while parsing a list at line 1 column 1")]
#[case("[]", "it is no JSON object with members")]
#[case("{}", "it is no JSON object with members")]
#[case(
    r#"{"a": {"b": "x"}}"#,
    "`a.b` is neither an object nor a list: write the values it may have as a list"
)]
#[case(r#"{"a": []}"#, "`a` is empty: nothing could match it")]
#[case(r#"{"a": {"b": {}}}"#, "`a.b` is empty: nothing could match it")]
#[case(r#"{"a": [["x"]]}"#, "`a`: a list within a list matches nothing")]
#[case(r#"{"$or": [{"a": [1]}, {"b": [{"prefix": 1}]}]}"#, "`b`: `prefix` takes a string")]
#[case(r#"{"a": [{"exists": "true"}]}"#, "`a`: `exists` takes `true` or `false`")]
#[case(
    r#"{"a": [{"numeric": [">"]}]}"#,
    "`a`: `numeric` takes comparisons and numbers by turns, such as `[\">\", 0, \"<=\", 5]`"
)]
#[case(
    r#"{"a": [{"cidr": "10.0.0.0/33"}]}"#,
    "`a`: `10.0.0.0/33` is no range of addresses such as `10.0.0.0/24`"
)]
#[case(r#"{"a": [{"wildcard": "a**"}]}"#, "`a`: `wildcard` has two `*` in a row")]
#[case(r#"{"a": [{"anything-but": []}]}"#, "`a`: `anything-but` has an empty list")]
#[case(r#"{"a": [{"anything-but": [null]}]}"#, "`a`: `anything-but` takes strings and numbers")]
fn what_is_no_pattern_is_refused(#[case] pattern: &str, #[case] expected: &str) {
    assert_eq!(pattern.parse::<EventPattern>().unwrap_err().to_string(), expected);
}

#[test]
fn an_unknown_comparison_is_named() {
    let error = r#"{"a": [{"prefixes": "x"}]}"#.parse::<EventPattern>().unwrap_err().to_string();
    assert!(error.starts_with("`a`: `prefixes` is no comparison: known are `prefix`"), "{error}");
}

fn criteria(pattern: &str) -> FilterCriteria {
    FilterCriteria::parse(&json!({ "Filters": [{ "Pattern": pattern }] })).unwrap()
}

// Lambda Developer Guide, "Using event filtering with an Amazon SQS event source"
#[rstest]
#[case(r#"{"body": ["text"]}"#, "text", true)]
#[case(r#"{"body": ["text"]}"#, "other", false)]
#[case(r#"{"body": {"a": [1]}}"#, "text", false)]
#[case(r#"{"body": {"a": [{"exists": false}]}}"#, "text", false)]
#[case(r#"{"body": ["text"]}"#, r#"{"a": 1}"#, false)]
#[case(r#"{"body": {"a": [1]}}"#, r#"{"a": 1}"#, true)]
#[case(r#"{"body": {"a": [1]}}"#, r#"{"a": 2}"#, false)]
#[case(r#"{"body": ["1"]}"#, "1", true)]
#[case(r#"{"messageId": ["m"]}"#, "text", true)]
#[case(r#"{"messageId": ["m"]}"#, r#"{"a": 1}"#, true)]
fn a_body_is_read_as_what_it_is(#[case] pattern: &str, #[case] body: &str, #[case] admitted: bool) {
    let record = json!({"eventSource": "aws:sqs", "messageId": "m", "body": body});
    assert_eq!(criteria(pattern).admits(&record), admitted);
}

#[rstest]
#[case(r#"{"data": {"a": [1]}}"#, true)]
#[case(r#"{"data": {"a": [2]}}"#, false)]
#[case(r#"{"partitionKey": ["p"]}"#, true)]
#[case(r#"{"partitionKey": ["q"]}"#, false)]
fn data_of_a_stream_is_decoded(#[case] pattern: &str, #[case] admitted: bool) {
    let data = STANDARD.encode(r#"{"a": 1}"#);
    let record = json!({
        "eventSource": "aws:kinesis",
        "kinesis": {"data": data, "partitionKey": "p", "sequenceNumber": "1"},
    });
    assert_eq!(criteria(pattern).admits(&record), admitted);
}

#[test]
fn records_of_tables_are_json_throughout() {
    let pattern = r#"{"eventName": ["INSERT"], "dynamodb": {"Keys": {"Id": {"N": ["101"]}}}}"#;
    let record = |name: &str| {
        let keys = json!({"Keys": {"Id": {"N": "101"}}, "SequenceNumber": "1"});
        json!({"eventSource": "aws:dynamodb", "eventName": name, "dynamodb": keys})
    };
    assert!(criteria(pattern).admits(&record("INSERT")));
    assert!(!criteria(pattern).admits(&record("REMOVE")));
}

#[test]
fn one_pattern_of_several_is_enough() {
    let filters =
        json!({"Filters": [{"Pattern": r#"{"body": ["a"]}"#}, {"Pattern": r#"{"body": ["b"]}"#}]});
    let criteria = FilterCriteria::parse(&filters).unwrap();
    let record = |body: &str| json!({"eventSource": "aws:sqs", "messageId": "m", "body": body});
    assert!(criteria.admits(&record("b")));
    assert!(!criteria.admits(&record("c")));
    assert!(FilterCriteria::parse(&Value::Null).unwrap().admits(&record("c")));
    assert!(FilterCriteria::parse(&json!({})).unwrap().is_empty());
}

#[test]
fn criteria_of_another_shape_are_refused() {
    for shape in [json!([]), json!({"Filters": {}}), json!({"Filters": [{"pattern": "{}"}]})] {
        assert_eq!(FilterCriteria::parse(&shape), Err(FilterError::Shape));
    }
    let second = json!({"Filters": [{"Pattern": r#"{"a": [1]}"#}, {"Pattern": "{"}]});
    let error = FilterCriteria::parse(&second).unwrap_err().to_string();
    assert!(error.starts_with("the pattern of filter 2: it is not JSON"), "{error}");
}
