//! Finds the secrets in files of any kind of text.

use std::fmt;

use serde::Serialize;

use crate::{
    Place,
    redact::{Leak, Redactor},
};

/// A secret in a file: where it stands, and the rule that would remove it. The secret itself is not
/// kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The line, from 1, and the column in characters, from 1.
    #[serde(flatten)]
    pub place: Place,
    /// In JSON, or JSON on each line, a JSON pointer to the value that holds it, which goes on into
    /// JSON that stands in a string; empty in other text.
    pub pointer: String,
    /// The rule, such as `authorization`.
    pub rule: String,
}

/// ``12:5: `/headers/cookie` holds what the redaction rule `cookie` removes``
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, pointer, rule } = self;
        write!(f, "{place}: ")?;
        match pointer.as_str() {
            "" => write!(f, "the text")?,
            pointer => write!(f, "`{pointer}`")?,
        }
        write!(f, " holds what the redaction rule `{rule}` removes")
    }
}

/// Why bytes cannot be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// They are no text: neither UTF-8 nor UTF-16 with a byte order mark.
    #[error("it is not text")]
    NotText,
}

impl Redactor {
    /// The secrets in the bytes of a file, by where they stand. The file is JSON, JSON on each line,
    /// TOML or any other text; what is in it may be escaped, percent-encoded or in base64.
    ///
    /// ```
    /// # use retrigger_recording::Redactor;
    /// let found = Redactor::default().scan_file(b"{\n  \"password\": \"hunter2\"\n}").unwrap();
    /// assert_eq!(
    ///     found[0].to_string(),
    ///     "2:16: `/password` holds what the redaction rule `password` removes"
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// When the bytes are no text.
    pub fn scan_file(&self, bytes: &[u8]) -> Result<Vec<Finding>, ScanError> {
        let text = text_of(bytes).ok_or(ScanError::NotText)?;
        // Counted on from the finding before: a file may have many, and all on one line.
        let (mut place, mut at) = (Place { line: 1, column: 1 }, 0);
        let finding = |(offset, leak): (usize, Leak)| {
            let between = text.get(at..offset).unwrap_or_default();
            if let Some(end) = between.rfind('\n') {
                place.line += between.matches('\n').count();
                place.column = between.get(end..).map_or(1, |line| line.chars().count());
            } else {
                place.column += between.chars().count();
            }
            at = offset;
            Finding { place, pointer: leak.pointer, rule: leak.rule }
        };
        Ok(self.leaks_at(&text).into_iter().map(finding).collect())
    }
}

/// The text of a file. Bytes that are not UTF-8 here and there are passed over; a file with a NUL
/// is no text.
fn text_of(bytes: &[u8]) -> Option<String> {
    let utf16 = |decode: fn([u8; 2]) -> u16| {
        let (pairs, _) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().skip(1).map(|pair| decode(*pair)).collect();
        Some(String::from_utf16_lossy(&units))
    };
    match bytes {
        [0xFF, 0xFE, ..] => utf16(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => utf16(u16::from_be_bytes),
        _ if bytes.contains(&0) => None,
        _ => {
            let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(b"{\"a\":1}\n{\"b\":\n", &[])]
    #[case(b"{\"a\":1}\n{\"headers\":{\"Cookie\":\"s=1\"}}\n", &["2:23: /headers/Cookie cookie"])]
    #[case(b"[db]\nhost = \"x\"\npassword = \"hunter2\"\n", &["3:13:  password"])]
    #[case(b"\xEF\xBB\xBFpassword: hunter2", &["1:11:  password"])]
    #[case(b"at \xFF password=hunter2", &["1:15:  password"])]
    #[case(b"\xFF\xFEp\0w\0d\0=\0'\0x\0y\0'\0", &["1:6:  password"])]
    #[case(b"GET /?q=a%26password%3Dhunter2", &["1:24:  password"])]
    #[case(b"data: cGFzc3dvcmQ9aHVudGVyMg==", &["1:7:  password"])]
    #[case(b"{\"x\":\"cGFzc3dvcmQ9aHVudGVyMg\"}", &["1:7: /x password"])]
    #[case(b"{\"AKIAIOSFODNN7EXAMPLE\":{\"pwd\":\"p\"}}", &["1:3: /<access-key:1> access-key", "1:33: /<access-key:1>/pwd password"])]
    #[case(b"", &[])]
    fn secrets_are_found_with_their_places(#[case] bytes: &[u8], #[case] expected: &[&str]) {
        let found = Redactor::default().scan_file(bytes).unwrap();
        let shown = |f: &Finding| format!("{}: {} {}", f.place, f.pointer, f.rule);
        assert_eq!(found.iter().map(shown).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_no_text_is_not_searched() {
        assert_eq!(Redactor::default().scan_file(b"\x7FELF\0\0"), Err(ScanError::NotText));
    }
}
