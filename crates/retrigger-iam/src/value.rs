//! Typed values of conditions: numbers, dates and addresses.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::{Timestamp, civil};
use rust_decimal::Decimal;

use crate::unsettled;

/// An integer or decimal number of up to 28 digits.
pub(crate) fn number(text: &str) -> Option<Decimal> {
    // A text that cannot be a number is told apart first: the parser's errors allocate.
    let is_part = |byte: u8| byte.is_ascii_digit() || b"+-._eE".contains(&byte);
    if !text.bytes().all(is_part) || text.is_empty() || text.get(1..).is_some_and(is_date_like) {
        return None;
    }
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

/// Whether there is a `-` that is not the sign of an exponent.
fn is_date_like(rest: &str) -> bool {
    rest.contains('-') && !rest.contains(['e', 'E'])
}

/// Seconds since 1970 of a date: epoch seconds, or the W3C profile of ISO 8601 from `YYYY-MM` to
/// `YYYY-MM-DDThh:mm:ss.sTZD`. Text that reads as a number is epoch seconds, also where it could
/// be a year.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition operators" (date operators).
pub(crate) fn date(text: &str) -> Option<Decimal> {
    whole_seconds(text).or_else(|| number(text)).or_else(|| iso_8601(text))
}

fn iso_8601(text: &str) -> Option<Decimal> {
    let timestamp = match text.len() {
        // YYYY-MM
        7 => start_of_day(first_of_month(text)?)?,
        10 if has_shape(text, "0000-00-00") => start_of_day(text.parse().ok()?)?,
        _ if has_shape(text.get(..16)?, "0000-00-00T00:00") => {
            text.parse::<Timestamp>().ok().or_else(|| without_zone(text))?
        }
        _ => return None,
    };
    let nanoseconds = timestamp.as_nanosecond();
    Decimal::try_from_i128_with_scale(nanoseconds, 9).ok()
}

/// A date of the shape `YYYY-MM-DDThh:mm:ssZ`.
//
// PERF: taking the numbers apart ourselves takes an eighth of the instructions of a parser that
// knows every form; policies compare `aws:CurrentTime` in this one.
fn whole_seconds(text: &str) -> Option<Decimal> {
    if !has_shape(text, "0000-00-00T00:00:00Z") {
        return None;
    }
    let digits = |range: std::ops::Range<usize>| {
        let bytes = text.as_bytes()[range].iter();
        bytes.fold(0_i16, |number, digit| number * 10 + i16::from(digit - b'0'))
    };
    let two = |start: usize| i8::try_from(digits(start..start + 2)).unwrap_or(i8::MAX);
    let date = civil::Date::new(digits(0..4), two(5), two(8)).ok()?;
    let time = civil::Time::new(two(11), two(14), two(17), 0).ok()?;
    utc(date.to_datetime(time)).map(|timestamp| timestamp.as_second().into())
}

/// Whether a text is as long as another and has digits where that has them, and is the same
/// elsewhere.
fn has_shape(text: &str, shape: &str) -> bool {
    let fits = |(byte, shape): (u8, u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

/// `YYYY-MM`.
fn first_of_month(text: &str) -> Option<civil::Date> {
    let (year, month) = text.split_once('-')?;
    if text.len() != 7 || year.len() != 4 || !text.bytes().all(|b| b == b'-' || b.is_ascii_digit())
    {
        return None;
    }
    civil::Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()
}

fn start_of_day(date: civil::Date) -> Option<Timestamp> {
    utc(date.to_datetime(civil::Time::midnight()))
}

fn without_zone(text: &str) -> Option<Timestamp> {
    if !unsettled::DATES_WITHOUT_ZONE_ARE_UTC {
        return None;
    }
    utc(text.parse().ok()?)
}

fn utc(datetime: civil::DateTime) -> Option<Timestamp> {
    jiff::tz::TimeZone::UTC.to_timestamp(datetime).ok()
}

/// Lower case is compared character by character, without Unicode case folding.
pub(crate) fn equal_ignoring_case(
    left: impl Iterator<Item = char>,
    right: impl Iterator<Item = char>,
) -> bool {
    left.flat_map(char::to_lowercase).eq(right.flat_map(char::to_lowercase))
}

/// An address range: CIDR, or a bare address for itself alone.
pub(crate) fn address_range(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| address(text).map(IpNet::from))
}

/// An IPv4 or IPv6 address.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1533859200", "2018-08-10T00:00:00Z")]
    #[case("1533859200.0", "2018-08-10")]
    #[case("2018-08-01", "2018-08")]
    #[case("2018-08-10T02:00:00+02:00", "2018-08-10T00:00Z")]
    #[case("2018-08-10T00:00:00", "2018-08-10")]
    #[case("1533859200.5", "2018-08-10T00:00:00.500Z")]
    fn dates_of_all_spellings_compare(#[case] left: &str, #[case] right: &str) {
        assert!(date(left).is_some());
        assert_eq!(date(left), date(right));
    }

    #[rstest]
    #[case("not a date")]
    #[case("")]
    #[case("2018-13-01")]
    #[case("2018-08-10 at noon")]
    #[case("2018-08-10 12:00:00Z")]
    #[case("2018-08-10t12:00:00z")]
    #[case("201-008")]
    #[case("+201-08")]
    #[case("2018/08/10")]
    fn other_texts_are_no_date(#[case] text: &str) {
        assert_eq!(date(text), None);
    }

    #[rstest]
    #[case("2018-08-10T12:34:56Z", Some(1_533_904_496))]
    #[case("1969-12-31T23:59:59Z", Some(-1))]
    #[case("2018-08-10T12:34:60Z", None)]
    #[case("2018-02-30T12:34:56Z", None)]
    #[case("2018-08-10T12:34:56+", None)]
    fn the_common_form_is_taken_apart(#[case] text: &str, #[case] seconds: Option<i64>) {
        assert_eq!(whole_seconds(text), seconds.map(Decimal::from));
    }

    #[rstest]
    #[case("10", "10.0")]
    #[case("1e3", "1000")]
    #[case("-0.50", "-0.5")]
    fn numbers_compare_by_value(#[case] left: &str, #[case] right: &str) {
        assert_eq!(number(left), number(right));
    }

    #[test]
    fn a_bare_address_is_a_range_of_one() {
        assert_eq!(address_range("::1"), "::1/128".parse().ok());
        assert_eq!(address_range("123456789012"), None);
    }
}
