//! Noise: what may vary in a handler's answer from one run to the next.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One part of the handler's answer that may vary, as `[[noise]]` in `recording.toml`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseRule {
    /// Where.
    pub path: NoisePath,
    /// What may differ there.
    pub varies: Varies,
}

/// In what way a value may differ from the expected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Varies {
    /// It is another time, written in the same way: RFC 3339, RFC 2822, a date, seconds or
    /// milliseconds since 1970, or as in the access log of a web server.
    Time,
    /// It is another id of the same shape: another UUID, another hexadecimal number of as many
    /// digits, another number.
    Id,
    /// It is the same list in another order.
    Order,
    /// It is anything, or not there at all.
    Any,
}

impl fmt::Display for Varies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => "time",
            Self::Id => "id",
            Self::Order => "order",
            Self::Any => "any",
        })
    }
}

/// A path into the handler's answer, which is its response or, where it failed, its function
/// error: a JSON pointer (RFC 6901) in which `*` stands for every index of a list or every key of
/// an object. It goes on into JSON that stands in a string, as in the `body` of an API's response.
///
/// ```
/// # use retrigger_recording::{NoisePath, NoiseStep};
/// let path: NoisePath = "/body/items/*/id".parse().unwrap();
/// assert_eq!(path.steps()[2], NoiseStep::Each);
/// assert_eq!(path.to_string(), "/body/items/*/id");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NoisePath(Vec<NoiseStep>);

/// One step of a [`NoisePath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoiseStep {
    /// `*`: every index or key.
    Each,
    /// One key of an object, or the index of a list.
    Key(String),
}

/// Why a text is no path into an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseNoisePathError {
    /// A path is empty, for the whole answer, or starts with a slash.
    #[error("the path `{0}` does not start with `/`")]
    NoSlash(String),
    /// `~` is written `~0`, and `/` in a key `~1`.
    #[error("the path `{0}` has a `~` that is neither `~0`, which is `~`, nor `~1`, which is `/`")]
    Tilde(String),
}

impl NoisePath {
    /// The path of these steps.
    pub fn new(steps: Vec<NoiseStep>) -> Self {
        Self(steps)
    }

    /// Its steps, from the whole answer inwards; none for the whole answer itself.
    pub fn steps(&self) -> &[NoiseStep] {
        &self.0
    }
}

impl NoiseStep {
    /// Whether the step leads to this key or index.
    pub fn leads_to(&self, key: &str) -> bool {
        match self {
            Self::Each => true,
            Self::Key(own) => own == key,
        }
    }
}

impl fmt::Display for NoisePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| match step {
            NoiseStep::Each => f.write_str("/*"),
            NoiseStep::Key(key) => write!(f, "/{}", key.replace('~', "~0").replace('/', "~1")),
        })
    }
}

impl FromStr for NoisePath {
    type Err = ParseNoisePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err(ParseNoisePathError::NoSlash(text.to_owned()));
        };
        if text.split('~').skip(1).any(|after| !after.starts_with(['0', '1'])) {
            return Err(ParseNoisePathError::Tilde(text.to_owned()));
        }
        let step = |part: &str| match part {
            "*" => NoiseStep::Each,
            key => NoiseStep::Key(key.replace("~1", "/").replace("~0", "~")),
        };
        Ok(Self(rest.split('/').map(step).collect()))
    }
}

impl TryFrom<String> for NoisePath {
    type Error = ParseNoisePathError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<NoisePath> for String {
    fn from(path: NoisePath) -> Self {
        path.to_string()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", 0)]
    #[case("/", 1)]
    #[case("/body/*/id", 3)]
    #[case("/a~1b/~0/0", 3)]
    fn a_path_is_written_as_it_is_read(#[case] text: &str, #[case] steps: usize) {
        let path: NoisePath = text.parse().unwrap();
        assert_eq!((path.to_string().as_str(), path.steps().len()), (text, steps));
    }

    #[rstest]
    #[case("body/id", "does not start with `/`")]
    #[case("/a~b", "has a `~`")]
    #[case("/a~", "has a `~`")]
    fn a_broken_path_is_refused(#[case] text: &str, #[case] message: &str) {
        let error = text.parse::<NoisePath>().unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}
