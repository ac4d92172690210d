//! Text that stands packed in a string: in base64, and there also compressed.

use std::{
    io::{self, Read as _, Write as _},
    ops::Range,
    sync::LazyLock,
};

use base64::{
    Engine as _,
    alphabet::{self, Alphabet},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use regex::Regex;

/// The most bytes that compressed text may become. Log events reach a function by the megabyte at
/// most (Amazon `CloudWatch` Logs User Guide, "Log group-level subscription filters").
const MAX_UNPACKED: u64 = 64 * 1024 * 1024;

/// What may be base64, within a longer text too. Shorter pieces hold fewer
/// than six characters.
static RUN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("[A-Za-z0-9+/_-]{8,}={0,2}").ok());

/// How a text is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packing {
    content: Content,
    /// With `-` and `_` for `+` and `/`.
    is_url_safe: bool,
    is_padded: bool,
}

/// What is in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// Text, as the body of a request or the data of a stream record.
    Text,
    /// Gzip of text, as `CloudWatch` Logs hands over log events.
    Gzip,
    /// Other bytes, each of which is a character here.
    Bytes,
}

/// The places of a text that may be base64.
pub(super) fn runs(text: &str) -> impl Iterator<Item = Range<usize>> {
    RUN.iter().flat_map(|run| run.find_iter(text)).map(|run| run.range())
}

/// The text in a string that is packed, and how; `None` where it is not.
pub(crate) fn unpack(string: &str) -> Option<(Packing, String)> {
    // What does not say which alphabet it is in is in that for URLs where it is not padded.
    let is_whole = string.len().is_multiple_of(4);
    let is_url_safe = string.contains(['-', '_']) || !(is_whole || string.contains(['+', '/']));
    let is_padded = string.ends_with('=') || (is_whole && !is_url_safe);
    let bytes = engine(is_url_safe, is_padded).decode(string).ok()?;
    let packed = |content, text| (Packing { content, is_url_safe, is_padded }, text);
    if bytes.starts_with(&[0x1F, 0x8B]) {
        return Some(packed(Content::Gzip, gunzip(&bytes)?));
    }
    Some(match String::from_utf8(bytes) {
        Ok(text) => packed(Content::Text, text),
        Err(error) => {
            packed(Content::Bytes, error.as_bytes().iter().copied().map(char::from).collect())
        }
    })
}

fn gunzip(bytes: &[u8]) -> Option<String> {
    let mut text = Vec::new();
    GzDecoder::new(bytes).take(MAX_UNPACKED + 1).read_to_end(&mut text).ok()?;
    let fits = text.len() as u64 <= MAX_UNPACKED;
    String::from_utf8(text).ok().filter(|_| fits)
}

impl Packing {
    /// Whether what is packed is text, and not other bytes.
    pub(super) fn is_text(self) -> bool {
        self.content != Content::Bytes
    }

    /// Packs a text as it was packed before.
    pub(super) fn pack(self, text: &str) -> io::Result<String> {
        let engine = engine(self.is_url_safe, self.is_padded);
        Ok(match self.content {
            Content::Text => engine.encode(text),
            Content::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(text.as_bytes())?;
                engine.encode(encoder.finish()?)
            }
            Content::Bytes => {
                let bytes = text.chars().map(u8::try_from).collect::<Result<Vec<u8>, _>>();
                engine.encode(bytes.map_err(io::Error::other)?)
            }
        })
    }
}

fn engine(is_url_safe: bool, is_padded: bool) -> GeneralPurpose {
    let alphabet: &Alphabet = if is_url_safe { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(is_padded)
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

/// What base64 makes of `secret` within longer bytes, in either alphabet, whatever stands before
/// it: the characters that it alone decides, for each of the three places in a group of bytes.
pub(super) fn traces(secret: &str) -> Vec<String> {
    let mut traces: Vec<String> = Vec::new();
    for (is_url_safe, before) in
        [false, true].into_iter().flat_map(|safe| [0, 1, 2].map(|n| (safe, n)))
    {
        let bytes = [&[0; 2][..before], secret.as_bytes()].concat();
        let text = engine(is_url_safe, false).encode(&bytes);
        let first = (before * 8).div_ceil(6);
        let last = bytes.len() * 8 / 6;
        traces.extend(text.get(first..last).map(str::to_owned));
    }
    traces.sort();
    traces.dedup();
    traces
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("some text, é", Content::Text)]
    #[case("some text, é", Content::Gzip)]
    #[case("ab\u{ff}\u{0}cdefghi", Content::Bytes)]
    fn what_is_packed_is_unpacked(#[case] text: &str, #[case] content: Content) {
        for (is_url_safe, is_padded) in [(false, true), (true, false), (true, true)] {
            let packing = Packing { content, is_url_safe, is_padded };
            let packed = packing.pack(text).unwrap();
            let (found, unpacked) = unpack(&packed).unwrap();
            assert_eq!((found.content, unpacked.as_str()), (content, text));
            assert_eq!(
                found.pack(&unpacked).unwrap().trim_end_matches('='),
                packed.trim_end_matches('=')
            );
        }
    }

    #[rstest]
    #[case("hello, world")]
    #[case("H4sIAAAAAAAA")]
    #[case("a-b_c+d/e")]
    #[case("abcde")]
    fn other_strings_are_not_packed_text(#[case] string: &str) {
        assert_eq!(unpack(string), None);
    }

    #[test]
    fn a_secret_leaves_its_traces_wherever_it_stands() {
        let traces = traces("hunter2??>");
        for before in ["", "a", "ab", "abc", "~~~~"] {
            let text = format!("{before}hunter2??>{before}");
            for is_url_safe in [false, true] {
                let encoded = engine(is_url_safe, true).encode(&text);
                assert!(traces.iter().any(|trace| encoded.contains(trace)), "{encoded}");
            }
        }
    }
}
