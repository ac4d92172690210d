//! Redaction: what must not reach the disk is replaced by a token before anything is written.
//!
//! It is on by default and additive: a user can name more keys and pointers, and take no rule
//! away. Only the secret strings change; spacing, the order of keys and the spelling of numbers
//! stay as they were.
//!
//! ```text
//! texts ──▶ hits (walk: JSON by its keys; search: other text by shape, name and value)
//!             │  twice: first the secrets of all texts are collected, then they are removed
//!             ▼  wherever they stand
//!           tokens ──▶ the same texts, with the same token for the same secret
//! ```

mod anonymize;
mod hits;
mod packing;
mod rules;
mod search;
mod tokens;
mod walk;

use std::{borrow::Cow, collections::BTreeMap, mem};

use serde::Deserialize;

pub use anonymize::Anonymize;
use hits::{Hit, hits, pieces, replaced, with_pieces, without};
use tokens::Tokens;
pub use tokens::tokens_as_xml;
pub(crate) use tokens::{has_token, tokens_in};

/// How often text is unpacked from text: JSON and base64 in strings.
const MAX_DEPTH: usize = 8;

/// Replaces secrets by tokens such as `<authorization:1>`, and finds those that are left.
///
/// It removes the values of keys and headers that hold secrets (`authorization`, `cookie`,
/// `password`, …, whatever their case), and text with the shape of a secret wherever it stands
/// (JSON Web Tokens, AWS access keys, signatures in presigned URLs, private keys, …). It looks into
/// strings that are JSON themselves, such as a request's body, into text that is percent-encoded or
/// escaped, and into base64, or base64 of gzip, of text.
///
/// A secret that was found in one place is removed **wherever else it stands**: raw, escaped,
/// percent-encoded, or as base64, within other text too. For that it must have at least 6
/// characters (a part of another secret, such as one cookie of a header, 8), and be neither a word
/// such as `undefined` nor one character many times; one of digits only is removed where no
/// further digit stands beside it. A key that is a word stays.
///
/// **Tokens are stable**: in the texts of one call the same value has the same token, different
/// values have different numbers, and numbers are in the order in which values first appear. Tokens
/// that a text has already are left as they are, and new ones are numbered after them. So are the
/// markers of earlier versions, `REDACTED:` and a rule. A token reads the same in JSON and where it
/// is percent-decoded. A number becomes 0.
///
/// ```
/// # use retrigger_recording::Redactor;
/// let event = r#"{"headers": {"Cookie": "session=8f2b77aa", "Accept": "*/*"}}"#;
/// let (redacted, found) = Redactor::default().redact_text(event);
/// assert_eq!(redacted, r#"{"headers": {"Cookie": "<cookie:1>", "Accept": "*/*"}}"#);
/// assert_eq!(found[0].pointer, "/headers/Cookie");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redactor {
    /// Comparable names to rules.
    keys: BTreeMap<String, String>,
    pointers: Vec<String>,
    keep_form: Vec<KeepForm>,
    anonymize: Vec<Anonymize>,
}

/// A secret whose token can keep its form, for handlers that parse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase", expecting = "`jwt`")]
pub enum KeepForm {
    /// A JSON Web Token: three parts in base64url, the header `{"alg":"none"}`, the payload
    /// `{"redacted":"<jwt:1>"}`.
    Jwt,
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
        let keys = keys.iter().map(|key| (rules::comparable(key), rule_of_key(key))).collect();
        Self { keys, pointers: pointers.to_vec(), ..Self::default() }
    }

    /// The same, with tokens that keep the form of these secrets.
    ///
    /// ```
    /// # use retrigger_recording::{KeepForm, Redactor};
    /// let redactor = Redactor::default().keep_form(&[KeepForm::Jwt]);
    /// let (redacted, _) = redactor.redact_text("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2ln");
    /// assert_eq!(redacted, "Bearer eyJhbGciOiJub25lIn0.eyJyZWRhY3RlZCI6Ijxqd3Q6MT4ifQ.cmVkYWN0ZWQ");
    /// ```
    pub fn keep_form(self, forms: &[KeepForm]) -> Self {
        Self { keep_form: forms.to_vec(), ..self }
    }

    /// The same, with account ids, e-mail addresses or IP addresses replaced by made-up ones too.
    ///
    /// ```
    /// # use retrigger_recording::{Anonymize, Redactor};
    /// let redactor = Redactor::default().anonymize(&[Anonymize::Account, Anonymize::Ip]);
    /// let (redacted, _) = redactor.redact_text("arn:aws:sns:us-east-1:111122223333:t from 10.0.0.7");
    /// assert_eq!(redacted, "arn:aws:sns:us-east-1:999900000001:t from 192.0.2.1");
    /// ```
    pub fn anonymize(self, kinds: &[Anonymize]) -> Self {
        Self { anonymize: kinds.to_vec(), ..self }
    }

    /// The text with every secret replaced by a token, and what was replaced. It is JSON, JSON on
    /// each line, or any other text.
    pub fn redact_text(&self, text: &str) -> (String, Vec<Leak>) {
        let mut texts = [Cow::Borrowed(text)];
        let leaks = self.redact_all(&mut texts).pop().unwrap_or_default();
        let [text] = texts;
        (text.into_owned(), leaks)
    }

    /// [`redact_text`](Self::redact_text) for texts that belong together: a secret that is found in
    /// one is removed from all, and has the same token in all. Gives what was replaced in each.
    ///
    /// ```
    /// # use retrigger_recording::Redactor;
    /// let mut texts = [r#"{"password": "hunter2"}"#.into(), "cannot log in with hunter2".into()];
    /// Redactor::default().redact_all(&mut texts);
    /// assert_eq!(texts, [r#"{"password": "<password:1>"}"#, "cannot log in with <password:1>"]);
    /// ```
    pub fn redact_all(&self, texts: &mut [Cow<'_, str>]) -> Vec<Vec<Leak>> {
        let mut tokens = Tokens::new(self);
        let mut first: Vec<Vec<Hit>> =
            texts.iter().map(|text| hits(&mut tokens, text, MAX_DEPTH)).collect();
        if tokens.collected() {
            first.clear();
        }
        let mut first = first.into_iter();
        let mut all = Vec::with_capacity(texts.len());
        for text in texts {
            // Where nothing is to be removed wherever it stands, there is no more to find.
            let found = first.next().unwrap_or_else(|| hits(&mut tokens, text, MAX_DEPTH));
            let (pieces, mut leaks) = pieces(&mut tokens, text, &found, "");
            drop(found);
            for leak in &mut leaks {
                leak.pointer = cleaned(&mut tokens, &leak.pointer);
            }
            if !leaks.is_empty() {
                *text = Cow::Owned(with_pieces(mem::take(text).into_owned(), &pieces));
            }
            all.push(leaks);
        }
        all
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
        self.redact_all(&mut [String::from_utf8_lossy(bytes)]).pop().unwrap_or_default()
    }

    /// The secrets that a text holds, each with the offset at which it starts.
    pub(crate) fn leaks_at(&self, text: &str) -> Vec<(usize, Leak)> {
        let mut tokens = Tokens::new(self);
        hits(&mut tokens, text, MAX_DEPTH);
        tokens.collected();
        let found = hits(&mut tokens, text, MAX_DEPTH);
        let mut leaks = Vec::new();
        for hit in &found {
            let mut inside = Vec::new();
            replaced(&mut tokens, hit, &hit.pointer, &mut inside);
            inside.dedup();
            leaks.extend(inside.into_iter().map(|leak| {
                let pointer = cleaned(&mut tokens, &leak.pointer);
                (hit.range.start, Leak { pointer, ..leak })
            }));
        }
        leaks
    }

    fn rule_for_key(&self, key: &str) -> Option<&str> {
        let name = rules::comparable(key);
        let accounts = self.anonymize.contains(&Anonymize::Account);
        let account = || (accounts && rules::names_an_account(&name)).then_some("account");
        rules::rule_for_key(&name)
            .or_else(|| self.keys.get(&name).map(String::as_str))
            .or_else(account)
    }

    fn rule_for_pointer(&self, pointer: &str) -> Option<&str> {
        self.pointers.iter().any(|own| own == pointer).then_some("pointer")
    }
}

/// A pointer without the secrets that are keys in it.
fn cleaned(tokens: &mut Tokens<'_>, pointer: &str) -> String {
    let mut clean = |part: &str| {
        if walk::is_word(part) {
            return part.to_owned();
        }
        let found = search::search(tokens, part, 0);
        without(tokens, part, &found, "").0
    };
    pointer.split('/').map(&mut clean).collect::<Vec<_>>().join("/")
}

/// The rule of a user's key: its name, in the characters that a token may have.
fn rule_of_key(key: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let rule: String = key.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    if rule.starts_with(|c: char| c.is_ascii_alphabetic()) { rule } else { format!("key-{rule}") }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

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
    #[case(r#"{"headers":{"Authorization":"Basic dTpw","a":1.0}}"#, r#"{"headers":{"Authorization":"Basic <authorization:1>","a":1.0}}"#, &["/headers/Authorization"])]
    #[case(r#"{"multiValueHeaders": {"cookie": ["a=1", "b=2"]}}"#, r#"{"multiValueHeaders": {"cookie": ["<cookie:1>", "<cookie:2>"]}}"#, &["/multiValueHeaders/cookie/0", "/multiValueHeaders/cookie/1"])]
    #[case(r#"{"cookies":["s=1"]}"#, r#"{"cookies":["<cookie:1>"]}"#, &["/cookies/0"])]
    #[case(r#"{"headers":{"cookie":[{"key":"Cookie","value":"s=1"}]}}"#, r#"{"headers":{"cookie":[{"key":"Cookie","value":"<cookie:1>"}]}}"#, &["/headers/cookie/0/value"])]
    #[case(r#"{"h":[{"name":"X-Api-Key","value":"k"}]}"#, r#"{"h":[{"name":"X-Api-Key","value":"<api-key:1>"}]}"#, &["/h/0/value"])]
    // Payload fields.
    #[case(r#"{"identity":{"apiKey":"k","apiKeyId":"id","x":null}}"#, r#"{"identity":{"apiKey":"<api-key:1>","apiKeyId":"id","x":null}}"#, &["/identity/apiKey"])]
    #[case(r#"{"artifactCredentials":{"secretAccessKey":"s","n":[12]}}"#, r#"{"artifactCredentials":{"secretAccessKey":"<credentials:1>","n":[0]}}"#, &["/artifactCredentials/secretAccessKey", "/artifactCredentials/n/0"])]
    #[case(r#"{"password":{"stringValue":"p","dataType":"String"}}"#, r#"{"password":{"stringValue":"<password:1>","dataType":"String"}}"#, &["/password/stringValue"])]
    #[case(r#"{"ResponseURL":"https://b/k?X-Amz-Signature=ab12&y=1"}"#, r#"{"ResponseURL":"https://b/k?X-Amz-Signature=<signature:1>&y=1"}"#, &["/ResponseURL"])]
    #[case(r#"{"DB_PASSWORD":"x","userPassword":"y"}"#, r#"{"DB_PASSWORD":"<password:1>","userPassword":"<password:2>"}"#, &["/DB_PASSWORD", "/userPassword"])]
    // JSON in a string, twice.
    #[case(r#"{"body":"{\"password\":\"a\\\"b\",\"n\":1}"}"#, r#"{"body":"{\"password\":\"<password:1>\",\"n\":1}"}"#, &["/body/password"])]
    #[case(r#"{"m":"{\"b\":\"{\\\"password\\\":\\\"p\\\"}\"}"}"#, r#"{"m":"{\"b\":\"{\\\"password\\\":\\\"<password:1>\\\"}\"}"}"#, &["/m/b/password"])]
    // A user's own.
    #[case(r#"{"X_Internal_PIN":"1","body":{"card":4111}}"#, r#"{"X_Internal_PIN":"<x-internal-pin:1>","body":{"card":0}}"#, &["/X_Internal_PIN", "/body/card"])]
    // Text that is no JSON, JSON on each line, and keys.
    #[case("INFO Authorization: Bearer 0123456789abcdef", "INFO Authorization: Bearer <authorization:1>", &[""])]
    #[case("{\"pwd\":\"a\"}\nand\n{\"pwd\":\"b\"}", "{\"pwd\":\"<password:1>\"}\nand\n{\"pwd\":\"<password:2>\"}", &["/pwd"])]
    #[case(r#"{"AKIAIOSFODNN7EXAMPLE":1}"#, r#"{"<access-key:1>":1}"#, &["/<access-key:1>"])]
    // The same value elsewhere: raw, escaped, percent-encoded, in base64, as a number.
    #[case(r#"{"password":"hunter2","log":"as hunter2; x","hunter2":"xhunter2"}"#, r#"{"password":"<password:1>","log":"as <password:1>; x","<password:1>":"x<password:1>"}"#, &["/password", "/log", "/<password:1>"])]
    #[case(r#"{"pwd":"a\"b c/d","log":"{\\\"p\\\": \\\"a\\\\\\\"b c\\/d\\\"!"}"#, r#"{"pwd":"<password:1>","log":"{\\\"p\\\": \\\"<password:1>\\\"!"}"#, &["/pwd", "/log"])]
    #[case(r#"{"pwd":"a/b c=d","q":"/?x=a%2Fb%20c%3dd&y=a%2fb+c%3Dd"}"#, r#"{"pwd":"<password:1>","q":"/?x=<password:1>&y=<password:1>"}"#, &["/pwd", "/q"])]
    #[case(r#"{"pwd":"hunter2","x":"aHVudGVyMg==","y":"aHVudGVyMg"}"#, r#"{"pwd":"<password:1>","x":"PHBhc3N3b3JkOjE+","y":"PHBhc3N3b3JkOjE-"}"#, &["/pwd", "/x", "/y"])]
    #[case(r#"{"body":{"card":41111111},"x":"41111111 141111111","n":41111111}"#, r#"{"body":{"card":0},"x":"<pointer:1> 141111111","n":0}"#, &["/body/card", "/x", "/n"])]
    // Parts of headers elsewhere.
    #[case(r#"{"cookie":"sid=8f2b77aa; theme=midnight","x":"8f2b77aa at midnight"}"#, r#"{"cookie":"<cookie:1>","x":"<cookie:2> at midnight"}"#, &["/cookie", "/x"])]
    #[case(r#"{"authorization":"Basic dXNlcjpjb3JyZWN0LWhvcnNl","x":"correct-horse"}"#, r#"{"authorization":"Basic <authorization:1>","x":"<authorization:2>"}"#, &["/authorization", "/x"])]
    // What is too short, or says nothing, stays elsewhere.
    #[case(r#"{"password":"abcde","pwd":"undefined","x":"abcde undefined"}"#, r#"{"password":"<password:1>","pwd":"<password:2>","x":"abcde undefined"}"#, &["/password", "/pwd"])]
    // What is redacted already stays, and numbers go on after it.
    #[case(r#"{"cookie":"REDACTED:cookie","a":"Bearer <jwt:4>","pwd":"<password:7>","password":"x"}"#, r#"{"cookie":"REDACTED:cookie","a":"Bearer <jwt:4>","pwd":"<password:7>","password":"<password:8>"}"#, &["/password"])]
    // A word that is a key stays a key.
    #[case(r#"{"secret":"payload","payload":"the payload"}"#, r#"{"secret":"<secret:1>","payload":"the <secret:1>"}"#, &["/secret", "/payload"])]
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
            let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
            encoder.write_all(text.as_bytes()).unwrap();
            let data = STANDARD.encode(encoder.finish().unwrap());
            format!(r#"{{"awslogs":{{"data":"{data}"}}}}"#)
        };
        let secret = event(r#"{"logEvents":[{"message":"{ password: 'hunter2' }"}]}"#);
        let redacted = event(r#"{"logEvents":[{"message":"{ password: '<password:1>' }"}]}"#);
        check(&secret, &redacted, &["/awslogs/data/logEvents/0/message"]);
    }

    #[test]
    fn base64_of_text_is_redacted_within() {
        let body = |text: &str| format!(r#"{{"body":"{}"}}"#, STANDARD.encode(text));
        check(&body("user=a&password=hunter2"), &body("user=a&password=<password:1>"), &["/body"]);
        check(
            &body(r#"{"password":"x"}"#),
            &body(r#"{"password":"<password:1>"}"#),
            &["/body/password"],
        );
    }

    #[test]
    fn bytes_in_base64_keep_all_but_the_secret() {
        let event =
            |bytes: &[u8]| format!(r#"{{"pwd":"<password:1>","b":"{}"}}"#, STANDARD.encode(bytes));
        let secret = event(b"\xFF\x00hunter2\xFE").replace("<password:1>", "hunter2");
        check(&secret, &event(b"\xFF\x00<password:1>\xFE"), &["/pwd", "/b"]);
    }

    #[test]
    fn a_kept_jwt_is_a_token_wherever_it_stands() {
        let redactor = Redactor::default().keep_form(&[KeepForm::Jwt]);
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl";
        let event = format!(r#"{{"authorization":"Bearer {jwt}","idToken":"{jwt}","pwd":"x"}}"#);
        let (redacted, _) = redactor.redact_text(&event);
        let kept = "eyJhbGciOiJub25lIn0.eyJyZWRhY3RlZCI6Ijxqd3Q6MT4ifQ.cmVkYWN0ZWQ";
        let expected = format!(
            r#"{{"authorization":"Bearer {kept}","idToken":"{kept}","pwd":"<password:2>"}}"#
        );
        assert_eq!(redacted, expected);
        for redactor in [redactor, Redactor::default()] {
            assert_eq!(redactor.redact_text(&redacted), (redacted.clone(), vec![]));
            let (more, _) = redactor.redact_text(&redacted.replace("<password:2>", "new"));
            assert!(more.contains("<password:2>"), "{more}");
        }
    }

    #[test]
    fn anonymized_values_are_alike_throughout() {
        let redactor =
            Redactor::default().anonymize(&[Anonymize::Account, Anonymize::Email, Anonymize::Ip]);
        let mut texts = [
            r#"{"accountId":"111122223333","n":{"account":111122223333},"ip":"10.0.0.7","to":"a@b.org"}"#.into(),
            r#"{"arn":"arn:aws:sqs:us-east-1:111122223333:q","other":"arn:aws:iam::444455556666:root"}"#.into(),
            "111122223333 a%40b.org 10.0.0.7 192.0.2.9 10.0.0.8 1111222233334".into(),
        ];
        redactor.redact_all(&mut texts);
        let expected = [
            r#"{"accountId":"999900000001","n":{"account":999900000001},"ip":"192.0.2.1","to":"user-1@example.com"}"#,
            r#"{"arn":"arn:aws:sqs:us-east-1:999900000001:q","other":"arn:aws:iam::999900000002:root"}"#,
            "999900000001 user-1@example.com 192.0.2.1 192.0.2.9 192.0.2.2 1111222233334",
        ];
        assert_eq!(texts, expected);
        assert!(redactor.redact_all(&mut texts).iter().all(Vec::is_empty), "{texts:?}");
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
