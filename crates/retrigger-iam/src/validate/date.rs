//! Dates as IAM reads them when a policy is stored.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" (date operators), and
//! what IAM was observed to refuse: hours and minutes may have one digit, an offset's hours may
//! not, and a fraction has nine digits at most.

/// Whether IAM takes `text` for a date: epoch seconds or a year, or ISO 8601 with any part of the
/// time left out.
pub(super) fn is_date(text: &str) -> bool {
    is_epoch(text) || is_iso_8601(text)
}

/// A whole number of 64 bits, or a decimal one.
fn is_epoch(text: &str) -> bool {
    match text.split_once('.') {
        Some((whole, part)) => whole.parse::<i64>().is_ok() && is_digits(part, 1..=9),
        None => text.parse::<i64>().is_ok(),
    }
}

fn is_iso_8601(text: &str) -> bool {
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    is_day(date) && time.is_none_or(is_time)
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_month = |text: &str| in_range(text, 1..=12);
    match parts.as_slice() {
        [year] => is_digits(year, 1..=9),
        [year, month] => is_digits(year, 1..=9) && is_month(month),
        [year, month, day] => {
            is_digits(year, 1..=9) && is_month(month) && is_day_of(year, month, day)
        }
        _ => false,
    }
}

fn is_day_of(year: &str, month: &str, day: &str) -> bool {
    let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse(), day.parse()) else {
        // Years beyond the calendar's are not looked into.
        return in_range(day, 1..=31);
    };
    jiff::civil::Date::new(year, month, day).is_ok()
}

/// `hh[:mm[:ss[.fraction]]]`, then `Z` or `±hh[:mm[:ss]]`; nothing at all is no time of day.
fn is_time(text: &str) -> bool {
    let end = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = text.split_at(end);
    let is_zone = match zone.split_at_checked(1) {
        None => true,
        Some(("Z" | "z", rest)) => rest.is_empty(),
        Some((_, offset)) => is_clock(offset, 2..=2),
    };
    is_zone && (clock.is_empty() || is_clock(clock, 1..=2))
}

fn is_clock(text: &str, hour_digits: std::ops::RangeInclusive<usize>) -> bool {
    let (clock, fraction) = match text.split_once(['.', ',']) {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let Some((hour, rest)) = parts.split_first() else { return false };
    is_digits(hour, hour_digits)
        && in_range(hour, 0..=24)
        && rest.len() <= 2
        && rest.iter().all(|part| in_range(part, 0..=59))
        && fraction.is_none_or(|digits| is_digits(digits, 1..=9))
}

fn is_digits(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// One or two digits within a range.
fn in_range(text: &str, range: std::ops::RangeInclusive<u8>) -> bool {
    is_digits(text, 1..=2) && text.parse().is_ok_and(|number| range.contains(&number))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("2017-07-01T00:00:00Z")]
    #[case("2017-07-01")]
    #[case("2017-07")]
    #[case("01T")]
    #[case("2016-12-13T21:20:37.593194+00:00")]
    #[case("2016-12-13t2:00:00.593194+23")]
    #[case("-292275054")]
    #[case("1533859200.5")]
    #[case("2024-02-29")]
    fn iam_takes_these_for_dates(#[case] text: &str) {
        assert!(is_date(text));
    }

    #[rstest]
    #[case("sdfdsf")]
    #[case("")]
    #[case("234-13")]
    #[case("2016-12-13t2:00:00.593194+1")]
    #[case("2016-12-13t2:00:00.1999999999+10:59")]
    #[case("9223372036854775808")]
    #[case("2023-02-29")]
    #[case("2017-07-01 00:00:00Z")]
    #[case("2017-07-01T00:00:00Zé")]
    fn iam_refuses_these(#[case] text: &str) {
        assert!(!is_date(text));
    }
}
