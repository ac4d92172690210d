//! Redaction: what must not reach the disk is replaced by a marker before anything is written.
//!
//! It is on by default and additive: a user can name more keys and pointers, and take no rule
//! away. Only the secret strings change; spacing, the order of keys and the spelling of numbers
//! stay as they were.

mod packing;
mod rules;
mod walk;

use std::collections::BTreeMap;

pub(crate) use walk::strict_ast;

/// What every marker starts with.
const MARKER: &str = "REDACTED:";

/// Whether a text is a marker already, or starts with one.
pub(crate) fn is_marked(text: &str) -> bool {
    text.starts_with(MARKER)
}

/// Replaces secrets by markers such as `REDACTED:authorization`, and finds those that are left.
///
/// It removes the values of keys and headers that hold secrets (`authorization`, `cookie`,
/// `password`, …, whatever their case), and text with the shape of a secret wherever it stands
/// (JSON Web Tokens, AWS access keys, signatures in presigned URLs, private keys, …). It looks into
/// strings that are JSON themselves, such as a request's body, and into text in base64 or in base64
/// of gzip.
///
/// ```
/// # use retrigger_recording::Redactor;
/// let event = r#"{"headers": {"Cookie": "session=1", "Accept": "*/*"}}"#;
/// let (redacted, found) = Redactor::default().redact_text(event);
/// assert_eq!(redacted, r#"{"headers": {"Cookie": "REDACTED:cookie", "Accept": "*/*"}}"#);
/// assert_eq!(found[0].pointer, "/headers/Cookie");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redactor {
    /// Comparable names to rules.
    keys: BTreeMap<String, String>,
    pointers: Vec<String>,
}

/// A secret: where it stands, and the rule that removes it. The secret itself is not kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leak {
    /// A JSON pointer to the value that holds it; empty for a text that is no JSON. It goes on
    /// into JSON that stands in a string.
    pub pointer: String,
    /// The rule, such as `authorization`.
    pub rule: String,
}

impl Redactor {
    /// The rules that always apply, and more: names of keys and headers, compared without regard
    /// to case, `-` and `_`; and JSON pointers.
    pub fn with(keys: &[String], pointers: &[String]) -> Self {
        let keys = keys.iter().map(|key| (rules::comparable(key), key.clone())).collect();
        Self { keys, pointers: pointers.to_vec() }
    }

    /// The text with every secret replaced by a marker of the same JSON type (a string, or 0 for a
    /// number), and what was replaced. Text that is no JSON is searched for the shapes of secrets.
    pub fn redact_text(&self, text: &str) -> (String, Vec<Leak>) {
        self.redact_embedded(text, "", 0)
    }

    /// The secrets that a text still holds: none, once it is redacted. Bytes that are not UTF-8
    /// are searched as far as they are text.
    ///
    /// ```
    /// # use retrigger_recording::Redactor;
    /// let leaks = Redactor::default().scan(br#"{"password": "hunter2"}"#);
    /// assert_eq!((leaks[0].pointer.as_str(), leaks[0].rule.as_str()), ("/password", "password"));
    /// ```
    pub fn scan(&self, bytes: &[u8]) -> Vec<Leak> {
        self.redact_text(&String::from_utf8_lossy(bytes)).1
    }

    /// Whether a text is JSON that can be searched by key: Unicode, and not nested too deep.
    pub(crate) fn can_search(&self, text: &str) -> bool {
        walk::hits(self, text, 0).is_some()
    }

    /// As [`redact_text`](Self::redact_text), of text that stands at `pointer` and was unpacked
    /// `embedding` times.
    fn redact_embedded(&self, text: &str, pointer: &str, embedding: usize) -> (String, Vec<Leak>) {
        let hits = walk::hits(self, text, embedding).unwrap_or_else(|| plain_hits(text));
        let (mut redacted, mut end) = (String::with_capacity(text.len()), 0);
        let mut leaks = Vec::new();
        for hit in hits.into_iter().filter(|hit| !hit.range.is_empty()) {
            let Some(between) = text.get(end..hit.range.start) else { continue };
            redacted.push_str(between);
            redacted.push_str(&hit.replacement);
            end = hit.range.end;
            leaks.push(Leak { pointer: format!("{pointer}{}", hit.pointer), rule: hit.rule });
        }
        redacted.push_str(text.get(end..).unwrap_or_default());
        leaks.dedup();
        (redacted, leaks)
    }

    fn rule_for_key(&self, key: &str) -> Option<&str> {
        let name = rules::comparable(key);
        rules::rule_for_key(&name).or_else(|| self.keys.get(&name).map(String::as_str))
    }

    fn rule_for_pointer(&self, pointer: &str) -> Option<&str> {
        self.pointers.iter().any(|own| own == pointer).then_some("pointer")
    }
}

/// The hits in text that is no JSON, such as a log line.
fn plain_hits(text: &str) -> Vec<walk::Hit> {
    let hit = |(range, rule): (std::ops::Range<usize>, &str)| walk::Hit {
        range,
        pointer: String::new(),
        rule: rule.to_owned(),
        replacement: format!("{MARKER}{rule}"),
    };
    rules::shapes_in(text).into_iter().map(hit).collect()
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str, pointers: &[&str]) {
        let redactor = Redactor::with(&["x-internal-pin".into()], &["/body/card".into()]);
        let (redacted, leaks) = redactor.redact_text(text);
        assert_eq!(redacted, expected);
        let found: Vec<&str> = leaks.iter().map(|leak| leak.pointer.as_str()).collect();
        assert_eq!(found, pointers);
        assert_eq!(redactor.redact_text(&redacted), (redacted.clone(), vec![]), "not stable");
    }

    #[rstest]
    // Headers in each form in which triggers pass them on.
    #[case(r#"{"headers":{"Authorization":"Basic dTpw","a":1.0}}"#, r#"{"headers":{"Authorization":"REDACTED:authorization","a":1.0}}"#, &["/headers/Authorization"])]
    #[case(r#"{"multiValueHeaders": {"cookie": ["a=1", "b=2"]}}"#, r#"{"multiValueHeaders": {"cookie": ["REDACTED:cookie", "REDACTED:cookie"]}}"#, &["/multiValueHeaders/cookie/0", "/multiValueHeaders/cookie/1"])]
    #[case(r#"{"cookies":["s=1"]}"#, r#"{"cookies":["REDACTED:cookie"]}"#, &["/cookies/0"])]
    #[case(r#"{"headers":{"cookie":[{"key":"Cookie","value":"s=1"}]}}"#, r#"{"headers":{"cookie":[{"key":"Cookie","value":"REDACTED:cookie"}]}}"#, &["/headers/cookie/0/value"])]
    #[case(r#"{"h":[{"name":"X-Api-Key","value":"k"}]}"#, r#"{"h":[{"name":"X-Api-Key","value":"REDACTED:api-key"}]}"#, &["/h/0/value"])]
    // Payload fields.
    #[case(r#"{"identity":{"apiKey":"k","apiKeyId":"id","x":null}}"#, r#"{"identity":{"apiKey":"REDACTED:api-key","apiKeyId":"id","x":null}}"#, &["/identity/apiKey"])]
    #[case(r#"{"artifactCredentials":{"secretAccessKey":"s","n":[12]}}"#, r#"{"artifactCredentials":{"secretAccessKey":"REDACTED:credentials","n":[0]}}"#, &["/artifactCredentials/secretAccessKey", "/artifactCredentials/n/0"])]
    #[case(r#"{"password":{"stringValue":"p","dataType":"String"}}"#, r#"{"password":{"stringValue":"REDACTED:password","dataType":"String"}}"#, &["/password/stringValue"])]
    #[case(r#"{"ResponseURL":"https://b/k?X-Amz-Signature=ab12&y=1"}"#, r#"{"ResponseURL":"https://b/k?X-Amz-Signature=REDACTED:signature&y=1"}"#, &["/ResponseURL"])]
    // JSON in a string, twice.
    #[case(r#"{"body":"{\"password\":\"a\\\"b\",\"n\":1}"}"#, r#"{"body":"{\"password\":\"REDACTED:password\",\"n\":1}"}"#, &["/body/password"])]
    #[case(r#"{"m":"{\"b\":\"{\\\"password\\\":\\\"p\\\"}\"}"}"#, r#"{"m":"{\"b\":\"{\\\"password\\\":\\\"REDACTED:password\\\"}\"}"}"#, &["/m/b/password"])]
    // A user's own.
    #[case(r#"{"X_Internal_PIN":"1","body":{"card":4111}}"#, r#"{"X_Internal_PIN":"REDACTED:x-internal-pin","body":{"card":0}}"#, &["/X_Internal_PIN", "/body/card"])]
    // Text that is no JSON, and keys.
    #[case("INFO Authorization: Bearer 0123456789abcdef", "INFO Authorization: REDACTED:authorization", &[""])]
    #[case(r#"{"AKIAIOSFODNN7EXAMPLE":1}"#, r#"{"REDACTED:access-key":1}"#, &["/AKIAIOSFODNN7EXAMPLE"])]
    // Nothing to do.
    #[case("{ \"a\" : 1e3,\n\"password\":null, \"Cookie\":\"\", \"passwords\":true }", "{ \"a\" : 1e3,\n\"password\":null, \"Cookie\":\"\", \"passwords\":true }", &[])]
    fn secrets_are_replaced_and_nothing_else(
        #[case] text: &str,
        #[case] expected: &str,
        #[case] pointers: &[&str],
    ) {
        check(text, expected, pointers);
    }

    #[test]
    fn log_events_are_redacted_within() {
        let event = |text: &str| {
            let data = packing::pack(packing::Packing::Gzip, text).unwrap();
            format!(r#"{{"awslogs":{{"data":"{data}"}}}}"#)
        };
        let secret = event(r#"{"logEvents":[{"message":"{ password: 'hunter2' }"}]}"#);
        let redacted =
            event(r#"{"logEvents":[{"message":"{ password: 'REDACTED:secret-in-text' }"}]}"#);
        check(&secret, &redacted, &["/awslogs/data/logEvents/0/message"]);
    }

    #[test]
    fn base64_of_text_is_redacted_within() {
        let body = |text: &str| format!(r#"{{"body":"{}"}}"#, STANDARD.encode(text));
        let secret = body("user=a&password=hunter2");
        check(&secret, &body("user=a&password=REDACTED:secret-in-text"), &["/body"]);
        check(
            &body(r#"{"password":"x"}"#),
            &body(r#"{"password":"REDACTED:password"}"#),
            &["/body/password"],
        );
    }

    /// JSON with secrets here and there, as text.
    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let word = prop_oneof![
            Just("password".to_owned()),
            Just("Cookie".to_owned()),
            Just("body".to_owned()),
            Just("AKIAIOSFODNN7EXAMPLE".to_owned()),
            Just("{\"password\":\"x\\n\"}".to_owned()),
            Just("a?X-Amz-Signature=00&b".to_owned()),
            ".{0,12}",
        ];
        let leaf = prop_oneof![
            word.clone().prop_map(serde_json::Value::from),
            any::<i32>().prop_map(serde_json::Value::from),
            Just(serde_json::Value::Null),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::vec((word.clone(), inner), 0..4)
                    .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_redacted_is_json_without_leaks(value in any_json()) {
            let redactor = Redactor::default();
            let (redacted, _) = redactor.redact_text(&value.to_string());
            prop_assert!(serde_json::from_str::<serde_json::Value>(&redacted).is_ok(), "{redacted}");
            prop_assert_eq!(redactor.scan(redacted.as_bytes()), vec![], "{}", redacted);
        }

        #[test]
        fn no_text_makes_redaction_fail(text in ".{0,60}") {
            let redactor = Redactor::default();
            let (redacted, _) = redactor.redact_text(&text);
            prop_assert_eq!(redactor.scan(redacted.as_bytes()), vec![]);
        }
    }
}
