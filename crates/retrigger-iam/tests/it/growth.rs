//! Reading and linting take time in proportion to the document, whatever stands in it.

use std::time::Duration;

use retrigger_iam::{Policy, PolicyKind, lint};
use rstest::rstest;
use rustix::time::{ClockId, clock_gettime};

/// Bytes of the smaller document.
const SMALL: usize = 6_000;
/// How much larger the larger one is.
const FACTOR: u32 = 8;
/// What is measured is noise below this.
const NOISE: Duration = Duration::from_millis(1);

/// `piece` over and over, up to a number of bytes.
fn filled(piece: &str, bytes: usize) -> String {
    piece.repeat(bytes / piece.len() + 1)
}

fn statement(elements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{elements}}}]}}"#)
}

/// Many of one piece between commas.
fn listed(piece: &str, bytes: usize) -> String {
    let mut list = filled(&format!("{piece},"), bytes);
    list.pop();
    list
}

/// The same as a list of different pieces, `#` being a number.
fn numbered(piece: &str, bytes: usize) -> String {
    let pieces: Vec<String> =
        (0..bytes / piece.len()).map(|n| piece.replace('#', &n.to_string())).collect();
    pieces.join(",")
}

/// The time of the processor that this thread has had, however busy the machine is.
fn now() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().expect("a time since the thread began")
}

/// What reading and linting take: the least of three times.
fn time(text: &str) -> Duration {
    let once = || {
        let start = now();
        let read = text.parse::<Policy>().map_err(|error| error.to_string().len());
        let kinds = [PolicyKind::Identity, PolicyKind::Rcp];
        let linted = kinds.map(|kind| lint(text, Some(kind)).findings.len());
        std::hint::black_box((read.is_ok(), linted));
        now().saturating_sub(start)
    };
    (0..3).map(|_| once()).min().unwrap_or_default()
}

/// A quadratic document takes `FACTOR` times as long as it may.
#[rstest]
#[case::brackets(&|n| filled("[", n))]
#[case::braces(&|n| filled("{\"Statement\":", n))]
#[case::closed_brackets(&|n| statement(&format!(r#""Action":{}{}"#, filled("[", n / 2), filled("]", n / 2))))]
#[case::statements(&|n| format!(r#"{{"Statement":[{}]}}"#, listed(r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#, n)))]
#[case::named_statements(&|n| format!(r#"{{"Statement":[{}]}}"#, numbered(r#"{"Sid":"S#","Effect":"Deny","Action":"*","Resource":"*"}"#, n)))]
#[case::empty_statements(&|n| format!(r#"{{"Statement":[{}]}}"#, listed("{}", n)))]
#[case::wrong_statements(&|n| format!(r#"{{"Statement":[{}]}}"#, listed("1", n)))]
#[case::wrong_actions(&|n| format!(r#"{{"Statement":[{}]}}"#, listed(r#"{"Action":[1],"Resource":{},"Principal":{"Aws":1}}"#, n)))]
#[case::same_sids(&|n| format!(r#"{{"Statement":[{}]}}"#, listed(r#"{"Sid":"a b"}"#, n)))]
#[case::same_keys(&|n| format!("{{{}}}", listed(r#""a":1"#, n)))]
#[case::keys(&|n| format!("{{{}}}", numbered(r#""Statemen#":1"#, n)))]
#[case::condition_keys(&|n| statement(&format!(r#""Condition":{{"StringEquals":{{{}}}}}"#, numbered(r#""aws:k#":"a*""#, n))))]
#[case::same_condition_keys(&|n| statement(&format!(r#""Condition":{{"Stringequals":{{{}}}}}"#, listed(r#""aws:k":{}"#, n))))]
#[case::operators(&|n| statement(&format!(r#""Condition":{{{}}}"#, numbered(r#""StringEqual#":{"k":[]}"#, n))))]
#[case::keys_of_a_long_operator(&|n| statement(&format!(r#""Condition":{{"{}":{{{}}}}}"#, filled("ForAnyValue:", n / 2), numbered(r#""k#":"${a}""#, n / 2))))]
#[case::values_of_a_long_key(&|n| statement(&format!(r#""Condition":{{"Null":{{"aws:{}":[{}]}}}}"#, filled("k", n / 2), listed("{}", n / 2))))]
#[case::values_of_a_long_wrong_operator(&|n| statement(&format!(r#""Condition":{{"{}":{{"aws:k":[{}]}}}}"#, filled("k", n / 2), listed("{}", n / 2))))]
#[case::values(&|n| statement(&format!(r#""Condition":{{"DateLessThan":{{"aws:CurrentTime":[{}]}}}}"#, listed(r#""soon""#, n))))]
#[case::addresses(&|n| statement(&format!(r#""Condition":{{"IpAddress":{{"aws:SourceIp":[{}]}}}}"#, listed(r#""10.0.0.0/33""#, n))))]
#[case::actions(&|n| statement(&format!(r#""Action":[{}]"#, listed(r#""s3""#, n))))]
#[case::a_long_action(&|n| statement(&format!(r#""Action":"s3:{}""#, filled("Get ", n))))]
#[case::a_long_effect(&|n| format!(r#"{{"Statement":{{"Effect":"{}"}}}}"#, filled("Allow", n)))]
#[case::a_long_key(&|n| statement(&format!(r#""{}":1"#, filled("Action", n))))]
#[case::resources(&|n| statement(&format!(r#""Resource":[{}]"#, listed(r#""arn:aws:s3::b","*?",null"#, n))))]
#[case::colons(&|n| statement(&format!(r#""Resource":"{}""#, filled(":", n))))]
#[case::stars(&|n| statement(&format!(r#""Resource":"{}""#, filled("*", n))))]
#[case::escapes(&|n| statement(&format!(r#""Resource":"{}""#, filled("\\u00e9\\n", n))))]
#[case::variables(&|n| statement(&format!(r#""Resource":"arn:aws:s3:::{}""#, filled("${aws:username}", n))))]
#[case::variables_before_a_colon(&|n| statement(&format!(r#""Resource":"{}""#, filled("${a}", n))))]
#[case::variables_in_a_condition(&|n| statement(&format!(r#""Condition":{{"ArnLike":{{"aws:k":"{}"}}}}"#, filled("${}", n))))]
#[case::variables_of_a_long_header(&|n| statement(&format!(r#""Resource":"arn:{}:s3:::b""#, filled("${a:b}", n))))]
#[case::open_variables(&|n| statement(&format!(r#""Resource":"{}""#, filled("${", n))))]
#[case::stars(&|n| statement(&format!(r#""Resource":"{}""#, filled("*", n))))]
#[case::principals(&|n| statement(&format!(r#""Principal":{{"AWS":[{}]}}"#, listed(r#""arn:aws:iam::1:group/*""#, n))))]
#[case::wrong_principals(&|n| statement(&format!(r#""Principal":{{{}}}"#, numbered(r#""A#":"x""#, n))))]
#[case::white_space(&|n| filled(" \n\t", n))]
#[case::wide_text(&|n| statement(&format!(r#""Sid":"{}""#, filled("ẞ\u{1f600}", n))))]
#[case::numbers(&|n| statement(&format!(r#""Condition":{{"NumericEquals":{{"aws:k":{}}}}}"#, filled("9", n))))]
fn time_grows_as_the_document_does(#[case] document: &dyn Fn(usize) -> String) {
    let (small, large) = (document(SMALL), document(SMALL * FACTOR as usize));
    let allowed = (time(&small).max(NOISE)) * FACTOR * 3;
    let taken = time(&large);
    assert!(taken < allowed, "{taken:?} where {allowed:?} would be linear");
}
