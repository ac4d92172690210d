//! What two values have in common when only the moment or the draw made them differ.

use jiff::{Timestamp, civil, fmt::rfc2822, fmt::strtime::BrokenDownTime};
use serde_json::Value;

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimeForm {
    Rfc3339,
    /// As RFC 3339 without an offset.
    Civil,
    Date,
    Rfc2822,
    /// `02/Mar/2026:09:41:00 +0000`, as web servers log it and API Gateway passes it on.
    AccessLog,
    /// Since 1970.
    Seconds,
    Milliseconds,
}

/// Whether both are times that are written in the same way.
pub(super) fn are_times(one: &Value, other: &Value) -> bool {
    let is_text = one.is_string() == other.is_string();
    is_text && time_form(one).is_some_and(|form| time_form(other) == Some(form))
}

fn time_form(value: &Value) -> Option<TimeForm> {
    match value {
        Value::Number(number) => epoch_form(number.as_f64()?),
        Value::String(text) => text_form(text),
        _ => None,
    }
}

fn text_form(text: &str) -> Option<TimeForm> {
    if !text.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return None;
    }
    if let Ok(number) = text.parse() {
        return epoch_form(number);
    }
    if text.parse::<Timestamp>().is_ok() {
        return Some(TimeForm::Rfc3339);
    }
    if text.parse::<civil::DateTime>().is_ok() {
        return Some(if text.len() > 10 { TimeForm::Civil } else { TimeForm::Date });
    }
    if rfc2822::parse(text).is_ok() {
        return Some(TimeForm::Rfc2822);
    }
    BrokenDownTime::parse("%d/%b/%Y:%H:%M:%S %z", text).is_ok().then_some(TimeForm::AccessLog)
}

/// From September 2001 to the year 5138 in seconds, and the same in milliseconds: smaller numbers
/// count something else.
fn epoch_form(number: f64) -> Option<TimeForm> {
    match number {
        1e9..1e11 => Some(TimeForm::Seconds),
        1e12..1e14 => Some(TimeForm::Milliseconds),
        _ => None,
    }
}

/// Whether both are ids of the same shape.
pub(super) fn are_ids(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            (one.is_u64() && other.is_u64()) || (one.is_i64() && other.is_i64())
        }
        (Value::String(one), Value::String(other)) => {
            have_same_words(one, other) || are_base64(one, other)
        }
        _ => false,
    }
}

/// Words of letters and digits that go together, and the same characters between them.
fn have_same_words(one: &str, other: &str) -> bool {
    let is_between = |letter: char| !letter.is_ascii_alphanumeric();
    let between =
        |text: &str| text.chars().filter(|letter| is_between(*letter)).collect::<String>();
    let words = |text: &str| text.split(is_between).map(str::to_owned).collect::<Vec<_>>();
    between(one) == between(other)
        && words(one).iter().zip(&words(other)).all(|(one, other)| is_same_word(one, other))
}

/// Numbers may differ in length, as counters do; all else that is drawn at random has a length and
/// an alphabet.
fn is_same_word(one: &str, other: &str) -> bool {
    let both = |test: fn(&u8) -> bool| one.bytes().chain(other.bytes()).all(|byte| test(&byte));
    let has_digit = one.bytes().chain(other.bytes()).any(|byte| byte.is_ascii_digit());
    let is_number = both(u8::is_ascii_digit) && one.is_empty() == other.is_empty();
    let is_long = one.len() >= 6 || has_digit || both(u8::is_ascii_hexdigit);
    one == other || is_number || (one.len() == other.len() && is_long && is_same_case(one, other))
}

/// A text in one case is not one in mixed or the other case.
fn is_same_case(one: &str, other: &str) -> bool {
    let cases = |text: &str| {
        let has = |test: fn(&u8) -> bool| text.bytes().any(|byte| test(&byte));
        (has(u8::is_ascii_uppercase), has(u8::is_ascii_lowercase))
    };
    match (cases(one), cases(other)) {
        ((true, false), (false, true)) | ((false, true), (true, false)) => one.len() < 2,
        _ => true,
    }
}

/// Texts in the alphabets of base64, whose signs may stand anywhere.
fn are_base64(one: &str, other: &str) -> bool {
    let is_base64 = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte))
    };
    one.len() >= 12 && one.len() == other.len() && is_base64(one) && is_base64(other)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!("2026-03-02T09:41:00Z"), json!("2026-03-02T11:41:00.123456+02:00"), true)]
    #[case(json!("2026-03-02T09:41:00"), json!("2026-03-02 09:41:01"), true)]
    #[case(json!("2026-03-02"), json!("2027-01-01"), true)]
    #[case(json!("Mon, 02 Mar 2026 09:41:00 GMT"), json!("Tue, 03 Mar 2026 09:41:00 GMT"), true)]
    #[case(json!("02/Mar/2026:09:41:00 +0000"), json!("03/Apr/2026:19:41:59 +0000"), true)]
    #[case(json!(1_772_444_460), json!(1_772_444_461.5), true)]
    #[case(json!(1_772_444_460_000_u64), json!(1_772_444_470_000_u64), true)]
    #[case(json!("1772444460"), json!("1772444461"), true)]
    #[case(json!("2026-03-02T09:41:00Z"), json!("2026-03-02"), false)]
    #[case(json!("2026-03-02T09:41:00Z"), json!("2026-03-02T09:41:00"), false)]
    #[case(json!(1_772_444_460), json!(1_772_444_460_000_u64), false)]
    #[case(json!(1_772_444_460), json!("1772444460"), false)]
    #[case(json!(3), json!(4), false)]
    #[case(json!("soon"), json!("later"), false)]
    #[case(json!(null), json!(null), false)]
    fn times_are_written_alike(#[case] one: Value, #[case] other: Value, #[case] alike: bool) {
        assert_eq!(are_times(&one, &other), alike);
    }

    #[rstest]
    #[case("13b7d040-d088-4aa1-8448-028320cfc4dd", "44791c02-732b-4d54-b1f4-6eef454c0d40", true)]
    #[case("abcd", "dead", true)]
    #[case("order-9", "order-10", true)]
    #[case("ZkT5AhdHIAMEJ5w=", "ZkT6BxdXIAMEJ_w=", true)]
    #[case("1-5759e988-bd862e3fe1be46a994272793", "1-65f01c0a-0123456789abcdef01234567", true)]
    #[case("arn:aws:states:x:1:execution:e:0af1", "arn:aws:states:x:1:execution:e:9bd2", true)]
    #[case("order-9", "invoice-9", false)]
    #[case("order-9", "order-", false)]
    #[case("paid", "open", false)]
    #[case("0a1b2c", "0A1B2C", false)]
    #[case("0a1b2c", "0a1b2c3", false)]
    #[case("not found", "found it", false)]
    fn ids_have_a_shape(#[case] one: &str, #[case] other: &str, #[case] alike: bool) {
        assert_eq!(are_ids(&json!(one), &json!(other)), alike, "{one} {other}");
    }

    #[test]
    fn numbers_are_ids_and_texts_no_numbers() {
        assert!(are_ids(&json!(7), &json!(1_000_000)));
        assert!(!are_ids(&json!(7), &json!(7.5)));
        assert!(!are_ids(&json!(7), &json!("7")));
    }
}
