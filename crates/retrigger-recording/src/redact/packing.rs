//! Text that stands packed in a string: in base64, and there also compressed.

use std::io::{self, Read as _, Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};

/// The most bytes that compressed text may become. Log events reach a function by the megabyte at
/// most (Amazon `CloudWatch` Logs User Guide, "Log group-level subscription filters").
const MAX_UNPACKED: u64 = 64 * 1024 * 1024;

/// How a text is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// Base64, as the body of a request or the data of a stream record.
    Base64,
    /// Base64 of gzip, as `CloudWatch` Logs hands over log events.
    Gzip,
}

/// The text in a string that is packed, and how; `None` where it is not, or not text.
pub(super) fn unpack(string: &str) -> Option<(Packing, String)> {
    if string.len() < 12 || !string.len().is_multiple_of(4) {
        return None;
    }
    let bytes = STANDARD.decode(string).ok()?;
    if !bytes.starts_with(&[0x1F, 0x8B]) {
        return Some((Packing::Base64, String::from_utf8(bytes).ok()?));
    }
    let mut text = Vec::new();
    GzDecoder::new(bytes.as_slice()).take(MAX_UNPACKED + 1).read_to_end(&mut text).ok()?;
    let fits = text.len() as u64 <= MAX_UNPACKED;
    Some((Packing::Gzip, String::from_utf8(text).ok().filter(|_| fits)?))
}

/// Packs a text as it was packed before.
pub(super) fn pack(packing: Packing, text: &str) -> io::Result<String> {
    if packing == Packing::Base64 {
        return Ok(STANDARD.encode(text));
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes())?;
    Ok(STANDARD.encode(encoder.finish()?))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Packing::Base64)]
    #[case(Packing::Gzip)]
    fn what_is_packed_is_unpacked(#[case] packing: Packing) {
        let packed = pack(packing, "some text, é").unwrap();
        assert_eq!(unpack(&packed), Some((packing, "some text, é".to_owned())));
    }

    #[rstest]
    #[case("")]
    #[case("hello, world")]
    #[case("H4sIAAAAAAAA")]
    #[case("/////////////w==")]
    fn other_strings_are_not_packed_text(#[case] string: &str) {
        assert_eq!(unpack(string), None);
    }
}
