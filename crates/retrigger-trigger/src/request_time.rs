//! The moment of a request, which the caller injects.

use std::str::FromStr;

use jiff::Timestamp;

/// The moment a request is made, for `aws:CurrentTime` and `aws:EpochTime`.
///
/// ```
/// # use retrigger_trigger::RequestTime;
/// let time: RequestTime = "2026-11-24T03:00:00.250+01:00".parse().unwrap();
/// assert_eq!(time.current_time(), "2026-11-24T02:00:00Z");
/// assert_eq!(time.epoch_time(), "1795485600");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestTime(Timestamp);

/// A string that is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no moment: expected RFC 3339 with an offset, such as `2026-11-24T02:00:00Z`")]
pub struct RequestTimeError(String);

impl RequestTime {
    /// `aws:CurrentTime`: ISO 8601 in UTC, to the second. Source: IAM User Guide, "AWS global
    /// condition context keys".
    pub fn current_time(&self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// `aws:EpochTime`: seconds since 1970-01-01T00:00:00Z.
    pub fn epoch_time(&self) -> String {
        self.0.as_second().to_string()
    }

    /// Both condition keys with their values.
    pub fn keys(&self) -> [(&'static str, String); 2] {
        [("aws:CurrentTime", self.current_time()), ("aws:EpochTime", self.epoch_time())]
    }
}

impl FromStr for RequestTime {
    type Err = RequestTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| RequestTimeError(text.to_owned()))
    }
}
