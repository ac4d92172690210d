//! The body of an answer, and the readable forms in which it is written.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;

use super::cbor::{self, Style};

/// The body of an answer, which is not copied when it is cloned.
///
/// In JSON it is `{"text": "…"}` where it is UTF-8; where it is CBOR that can be made again byte for
/// byte, `{"cbor": …}`; and `{"base64": "…"}` otherwise. CBOR that a map or a list does not say the
/// length of, or whose numbers with a point have eight bytes each, is `cbor-indefinite`,
/// `cbor-doubles` or `cbor-indefinite-doubles`. In it stand `{"$bytes": "BASE64"}` and
/// `{"$tag": [NUMBER, VALUE]}` for what JSON has not.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Body(Bytes);

impl Body {
    /// The body made of `bytes`.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// The bytes of the body.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same bytes, not copied.
    pub fn to_bytes(&self) -> Bytes {
        self.0.clone()
    }

    /// The body as text; `None` where it is none.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Whether the body has no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Shows the length only: bodies may hold what must not be shown.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written::of(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let body = Written::deserialize(deserializer)?.body().map_err(D::Error::custom)?;
        body.map_err(|_| D::Error::custom("a body in a file of its own is not read here"))
    }
}

/// A body as it is written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", expecting = "a body: `text`, `cbor`, `base64` or `file`")]
pub(super) enum Written {
    Text(String),
    Cbor(Value),
    CborDoubles(Value),
    CborIndefinite(Value),
    CborIndefiniteDoubles(Value),
    Base64(String),
    /// In a file of its own, which this names.
    File(String),
}

impl Written {
    /// The most readable form of a body.
    pub(super) fn of(body: &Body) -> Self {
        if let Some(text) = body.text() {
            return Self::Text(text.to_owned());
        }
        match cbor::readable(body.as_bytes()) {
            Some((value, Style { indefinite: false, doubles: false })) => Self::Cbor(value),
            Some((value, Style { indefinite: false, doubles: true })) => Self::CborDoubles(value),
            Some((value, Style { indefinite: true, doubles: false })) => {
                Self::CborIndefinite(value)
            }
            Some((value, Style { indefinite: true, doubles: true })) => {
                Self::CborIndefiniteDoubles(value)
            }
            None => Self::Base64(STANDARD.encode(body.as_bytes())),
        }
    }

    /// The body; the name of its file where it has one of its own.
    pub(super) fn body(self) -> Result<Result<Body, String>, &'static str> {
        let cbor = |value: &Value, indefinite, doubles| {
            cbor::bytes(value, Style { indefinite, doubles })
                .ok_or("`$bytes` or `$tag` in `cbor` is not as it must be")
        };
        let bytes = match self {
            Self::Text(text) => text.into_bytes(),
            Self::Cbor(value) => cbor(&value, false, false)?,
            Self::CborDoubles(value) => cbor(&value, false, true)?,
            Self::CborIndefinite(value) => cbor(&value, true, false)?,
            Self::CborIndefiniteDoubles(value) => cbor(&value, true, true)?,
            Self::Base64(text) => {
                STANDARD.decode(text).map_err(|_| "`base64` is not valid base64")?
            }
            Self::File(name) => return Ok(Err(name)),
        };
        Ok(Ok(Body::from_bytes(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(b"a", r#"{"text":"a"}"#)]
    #[case(&[0xFF, 0], r#"{"base64":"/wA="}"#)]
    #[case(&[0xA1, 0x61, b'a', 0x01], r#"{"cbor":{"a":1}}"#)]
    #[case(&[0xA1, 0x61, b'a', 0xF9, 0x3C, 0], r#"{"cbor":{"a":1.0}}"#)]
    #[case(&[0xA1, 0x61, b'a', 0xFB, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0], r#"{"cbor-doubles":{"a":1.0}}"#)]
    #[case(&[0xBF, 0x61, b'a', 0x9F, 0x20, 0xFF, 0xFF], r#"{"cbor-indefinite":{"a":[-1]}}"#)]
    #[case(
        &[0xBF, 0x61, b'a', 0xFB, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0, 0xFF],
        r#"{"cbor-indefinite-doubles":{"a":1.5}}"#
    )]
    #[case(
        &[0xA2, 0x61, b'b', 0x42, 1, 2, 0x61, b't', 0xC1, 0x1A, 0x69, 0xA4, 0x2B, 0],
        r#"{"cbor":{"b":{"$bytes":"AQI="},"t":{"$tag":[1,1772366592]}}}"#
    )]
    // Not the shortest number, a key twice, a key that is no text, what is not finite, `$`.
    #[case(&[0xA1, 0x61, b'a', 0x18, 1], r#"{"base64":"oWFhGAE="}"#)]
    #[case(&[0xA2, 0x61, b'a', 1, 0x61, b'a', 1], r#"{"base64":"omFhAWFhAQ=="}"#)]
    #[case(&[0xA1, 1, 1], r#"{"base64":"oQEB"}"#)]
    #[case(&[0xA1, 0x61, b'a', 0xF9, 0x7C, 0], r#"{"base64":"oWFh+XwA"}"#)]
    #[case(&[0xA1, 0x61, b'$', 1], r#"{"base64":"oWEkAQ=="}"#)]
    fn each_body_has_its_form_and_is_read_back_byte_for_byte(
        #[case] bytes: &'static [u8],
        #[case] expected: &str,
    ) {
        let body = Body::from_bytes(bytes);
        assert_eq!(serde_json::to_string(&body).unwrap(), expected);
        assert_eq!(serde_json::from_str::<Body>(expected).unwrap(), body);
        assert_eq!(format!("{body:?}"), format!("Body({} bytes)", bytes.len()));
    }

    #[rstest]
    #[case(r#"{"base64":"?"}"#, "`base64` is not valid base64")]
    #[case(r#"{"cbor":{"$bytes":1}}"#, "`$bytes` or `$tag` in `cbor`")]
    #[case(r#"{"cbor":{"$tag":[1]}}"#, "`$bytes` or `$tag` in `cbor`")]
    #[case(r#"{"file":"calls/a.txt"}"#, "not read here")]
    fn a_form_that_is_none_is_refused(#[case] text: &str, #[case] expected: &str) {
        let error = serde_json::from_str::<Body>(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn deep_cbor_stays_as_it_is() {
        let bytes = [vec![0x81; 100_000], vec![0xFF]].concat();
        assert!(matches!(Written::of(&Body::from_bytes(bytes)), Written::Base64(_)));
    }
}
