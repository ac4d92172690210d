//! From text that was unescaped back to the place where it stands escaped.

use std::ops::Range;

/// One run of an unescaped text: bytes that stand as they are, or one escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    /// Where the run starts in the unescaped text.
    inner: usize,
    /// Where it starts in the escaped one.
    outer: usize,
    /// How many bytes of the escaped text it takes.
    outer_len: usize,
    /// Byte for byte the same in both.
    verbatim: bool,
}

/// One layer of escaping: where each byte of the unescaped text came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layer {
    runs: Vec<Run>,
}

impl Layer {
    /// Text that stands as it is, at `offset` of the outer text.
    pub(crate) fn verbatim(offset: usize) -> Self {
        let run = Run { inner: 0, outer: offset, outer_len: usize::MAX - offset, verbatim: true };
        Self { runs: vec![run] }
    }

    /// Text that says otherwise what stands in `outer`: all of it came from all of that.
    pub(crate) fn reworded(outer: Range<usize>) -> Self {
        let run = Run { inner: 0, outer: outer.start, outer_len: outer.len(), verbatim: false };
        Self { runs: vec![run] }
    }

    /// The outer bytes from which the inner byte `at` came.
    fn byte(&self, at: usize) -> Range<usize> {
        let after = self.runs.partition_point(|run| run.inner <= at);
        match after.checked_sub(1).and_then(|index| self.runs.get(index)) {
            Some(run) if run.verbatim => {
                let start = run.outer + (at - run.inner).min(run.outer_len);
                start..start + 1
            }
            Some(run) => run.outer..run.outer + run.outer_len,
            None => 0..0,
        }
    }

    /// The outer offset of inner offset `at`, which may be the end of the text.
    pub(crate) fn offset(&self, at: usize) -> usize {
        self.byte(at).start
    }

    /// The outer range that the inner `range` came from.
    pub(crate) fn range(&self, range: Range<usize>) -> Range<usize> {
        let start = self.offset(range.start);
        match range.end.checked_sub(1) {
            Some(last) if last >= range.start => start..self.byte(last).end,
            _ => start..start,
        }
    }
}

/// Collects unescaped text and the runs it came from.
#[derive(Default)]
struct Unescaper {
    text: Vec<u8>,
    runs: Vec<Run>,
}

impl Unescaper {
    fn byte(&mut self, outer: usize, byte: u8) {
        match self.runs.last_mut() {
            Some(run) if run.verbatim && run.outer + run.outer_len == outer => run.outer_len += 1,
            _ => {
                self.runs.push(Run { inner: self.text.len(), outer, outer_len: 1, verbatim: true });
            }
        }
        self.text.push(byte);
    }

    fn escape(&mut self, outer: Range<usize>, bytes: &[u8]) {
        let (inner, outer_len) = (self.text.len(), outer.len());
        self.runs.push(Run { inner, outer: outer.start, outer_len, verbatim: false });
        self.text.extend_from_slice(bytes);
    }

    /// A byte that stands for itself; returns where it ends.
    fn plain(&mut self, outer: usize, byte: u8) -> usize {
        self.byte(outer, byte);
        outer + 1
    }

    /// As [`finish`](Self::finish), where there was an escape.
    fn finish_if_escaped(self, outer_end: usize) -> Option<(String, Layer)> {
        let has_escape = self.runs.iter().any(|run| !run.verbatim);
        self.finish(outer_end).ok().filter(|_| has_escape)
    }

    /// The text and its layer. A last run of no bytes stands for the end of the text.
    fn finish(mut self, outer_end: usize) -> Result<(String, Layer), usize> {
        let end = Run { inner: self.text.len(), outer: outer_end, outer_len: 0, verbatim: false };
        self.runs.push(end);
        let layer = Layer { runs: self.runs };
        match String::from_utf8(self.text) {
            Ok(text) => Ok((text, layer)),
            Err(error) => Err(layer.offset(error.utf8_error().valid_up_to())),
        }
    }
}

/// Unescapes a JSON string, quotes included, that is known to be valid JSON. Fails with the offset
/// of what is no Unicode: half a surrogate pair.
pub(crate) fn unescape_json(quoted: &str) -> Result<(String, Layer), usize> {
    let bytes = quoted.as_bytes();
    let end = quoted.len().saturating_sub(1);
    let mut out = Unescaper::default();
    let mut at = 1;
    while at < end {
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'\\'), Some(b'u')) => at = unicode_escape(quoted, at, &mut out)?,
            (Some(b'\\'), Some(letter)) => {
                out.escape(at..at + 2, &[simple_escape(*letter)]);
                at += 2;
            }
            (Some(byte), _) => {
                out.byte(at, *byte);
                at += 1;
            }
            (None, _) => break,
        }
    }
    out.finish(end)
}

fn simple_escape(letter: u8) -> u8 {
    match letter {
        b'b' => 0x08,
        b'f' => 0x0C,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        other => other,
    }
}

/// Unescapes `\uXXXX`, or two of them that are a pair; returns where they end.
fn unicode_escape(text: &str, at: usize, out: &mut Unescaper) -> Result<usize, usize> {
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let first = unit(at).ok_or(at)?;
    let (units, end) = match (first, unit(at + 6)) {
        (0xD800..=0xDBFF, Some(second)) => (vec![first, second], at + 12),
        _ => (vec![first], at + 6),
    };
    let decoded = String::from_utf16(&units).map_err(|_| at)?;
    out.escape(at..end, decoded.as_bytes());
    Ok(end)
}

/// Decodes `%XX`, as the IAM API encodes policy documents (IAM API Reference,
/// `GetAccountAuthorizationDetails`: "encoded in compliance with RFC 3986"). Fails with the offset
/// of an escape that is cut off, or of decoded bytes that are no UTF-8.
pub(crate) fn percent_decode(text: &str) -> Result<(String, Layer), usize> {
    let bytes = text.as_bytes();
    let mut out = Unescaper::default();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'%' {
            out.escape(at..at + 3, &[percent_escape(text, at).ok_or(at)?]);
            at += 3;
        } else {
            out.byte(at, *byte);
            at += 1;
        }
    }
    out.finish(text.len())
}

/// Undoes every `%XX` and, where `plus` says so, `+` for a space, as forms are encoded; what is no
/// escape stays. `None` where there is none, or where it does not give UTF-8.
pub(crate) fn decode_url(text: &str, plus: bool) -> Option<(String, Layer)> {
    let mut out = Unescaper::default();
    let (bytes, mut at) = (text.as_bytes(), 0);
    while let Some(byte) = bytes.get(at) {
        match percent_escape(text, at) {
            Some(value) => {
                out.escape(at..at + 3, &[value]);
                at += 3;
            }
            None if plus && *byte == b'+' => {
                out.escape(at..at + 1, b" ");
                at += 1;
            }
            None => {
                out.byte(at, *byte);
                at += 1;
            }
        }
    }
    out.finish_if_escaped(text.len())
}

/// Undoes the escapes of JSON strings in text that is none; what is no escape stays. `None` where
/// there is none.
pub(crate) fn unescape_loosely(text: &str) -> Option<(String, Layer)> {
    let mut out = Unescaper::default();
    let (bytes, mut at) = (text.as_bytes(), 0);
    while let Some(byte) = bytes.get(at) {
        at = match (byte, bytes.get(at + 1)) {
            (b'\\', Some(b'u')) => {
                unicode_escape(text, at, &mut out).unwrap_or_else(|_| out.plain(at, *byte))
            }
            (b'\\', Some(letter @ (b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'))) => {
                out.escape(at..at + 2, &[simple_escape(*letter)]);
                at + 2
            }
            _ => out.plain(at, *byte),
        };
    }
    out.finish_if_escaped(text.len())
}

/// The byte that `%XX` at `at` stands for.
fn percent_escape(text: &str, at: usize) -> Option<u8> {
    let digits = text.get(at..at + 3)?.strip_prefix('%')?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#""a\nb""#)]
    #[case(r#""\"\\\/\b\f\n\r\t""#)]
    #[case(r#""\u00e9\ud83d\ude00x""#)]
    #[case(r#""plain é""#)]
    #[case(r#""""#)]
    fn json_strings_read_as_a_json_reader_reads_them(#[case] quoted: &str) {
        let expected: String = serde_json::from_str(quoted).unwrap();
        assert_eq!(unescape_json(quoted).unwrap().0, expected);
    }

    #[test]
    fn half_a_pair_is_no_text() {
        assert_eq!(unescape_json(r#""ab\ud83d x""#), Err(3));
        assert_eq!(unescape_json(r#""\ud83d\u0041""#), Err(1));
    }

    #[test]
    fn every_byte_leads_back_to_its_escape() {
        let quoted = r#""a\n\u00e9b""#;
        let (text, layer) = unescape_json(quoted).unwrap();
        assert_eq!(text, "a\néb");
        let outer = |range: Range<usize>| quoted.get(layer.range(range)).unwrap();
        assert_eq!(outer(0..1), "a");
        assert_eq!(outer(1..2), r"\n");
        assert_eq!(outer(2..4), r"\u00e9");
        assert_eq!(outer(3..5), r"\u00e9b");
        assert_eq!(outer(0..5), r"a\n\u00e9b");
        assert_eq!(layer.offset(5), quoted.len() - 1);
        assert_eq!(layer.range(2..2), 4..4);
    }

    #[test]
    fn percent_escapes_lead_back_too() {
        let encoded = "%7B%22a%22:%C3%A9%7D";
        let (text, layer) = percent_decode(encoded).unwrap();
        assert_eq!(text, "{\"a\":é}");
        assert_eq!(encoded.get(layer.range(1..4)), Some("%22a%22"));
        assert_eq!(encoded.get(layer.range(5..7)), Some("%C3%A9"));
    }

    #[rstest]
    #[case("%7B%2", 3)]
    #[case("a%é", 1)]
    #[case("%7B%FF", 3)]
    #[case("%+1", 0)]
    fn bad_percent_escapes_are_located(#[case] text: &str, #[case] at: usize) {
        assert_eq!(percent_decode(text), Err(at));
    }

    #[rstest]
    #[case("a%2Fb+c%2", "a/b c%2")]
    #[case("%c3%a9%zz", "é%zz")]
    fn forms_are_decoded_as_far_as_they_are_encoded(#[case] text: &str, #[case] decoded: &str) {
        assert_eq!(decode_url(text, true).unwrap().0, decoded);
        assert_eq!(
            decode_url(text, false).is_some_and(|(text, _)| text.contains('+')),
            text.contains('+')
        );
    }

    #[rstest]
    #[case(r#"{\"a\":\"\u00e9\q\"}"#, r#"{"a":"é\q"}"#)]
    #[case(r"\\n\u12", r"\n\u12")]
    fn escapes_in_text_are_undone_loosely(#[case] text: &str, #[case] unescaped: &str) {
        assert_eq!(unescape_loosely(text).unwrap().0, unescaped);
    }

    #[test]
    fn text_without_escapes_is_not_decoded() {
        assert_eq!(decode_url("a+b%", false), None);
        assert_eq!(decode_url("%FF", false), None);
        assert_eq!(unescape_loosely("a\\"), None);
    }

    #[test]
    fn verbatim_text_is_shifted() {
        assert_eq!(Layer::verbatim(10).range(2..5), 12..15);
        assert_eq!(Layer::verbatim(10).offset(0), 10);
    }
}
