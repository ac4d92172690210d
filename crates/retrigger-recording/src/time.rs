//! Points in time, as written.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A point in time in RFC 3339, such as `2026-03-02T09:41:00Z`. Kept as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Time {
    text: String,
    instant: jiff::Timestamp,
}

/// Text that is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time in RFC 3339, such as `2026-03-02T09:41:00Z`")]
pub struct ParseTimeError(String);

impl Time {
    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    pub fn unix_seconds(&self) -> i64 {
        self.instant.as_second()
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn unix_millis(&self) -> i64 {
        self.instant.as_millisecond()
    }
}

impl std::str::FromStr for Time {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_date_time = text.get(10..11).is_some_and(|separator| separator == "T");
        let instant = text.parse().ok().filter(|_| is_date_time && !text.contains('['));
        let instant = instant.ok_or_else(|| ParseTimeError(text.to_owned()))?;
        Ok(Self { text: text.to_owned(), instant })
    }
}

impl TryFrom<String> for Time {
    type Error = ParseTimeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.text
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("2026-03-02T09:41:00Z", 1_772_444_460)]
    #[case("2026-03-02T10:41:00.250+01:00", 1_772_444_460)]
    fn times_keep_their_text(#[case] text: &str, #[case] seconds: i64) {
        let time: Time = text.parse().unwrap();
        assert_eq!(time.to_string(), text);
        assert_eq!(time.unix_seconds(), seconds);
    }

    #[rstest]
    #[case("")]
    #[case("2026-03-02")]
    #[case("2026-03-02T09:41:00")]
    #[case("2026-13-02T09:41:00Z")]
    #[case("1772444460")]
    fn other_text_is_no_time(#[case] text: &str) {
        assert!(text.parse::<Time>().is_err());
    }
}
