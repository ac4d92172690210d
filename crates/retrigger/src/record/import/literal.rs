//! Values as programs print them: JSON, Node's `util.inspect`, Python's `repr`.

use serde_json::value::RawValue;

/// How deep objects and lists may stand in each other.
const MAX_DEPTH: usize = 128;

/// A value that stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    /// As JSON: to the byte where it was JSON.
    pub(super) json: String,
    /// How many bytes of the text it takes.
    pub(super) length: usize,
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoLiteral {
    /// The text goes on otherwise.
    Other,
    /// The program printed only part of it, and this in place of the rest, such as `[Object]`.
    Shortened(String),
}

/// The value at the start of a text.
pub(super) fn read(text: &str) -> Result<Literal, NoLiteral> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    if let Some(Ok(value)) = stream.next() {
        return Ok(Literal { json: value.get().to_owned(), length: stream.byte_offset() });
    }
    let mut reader = Reader { text, at: 0, json: String::new() };
    reader.value(0)?;
    Ok(Literal { json: reader.json, length: reader.at })
}

/// Reads a value and writes it as JSON.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    json: String,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Takes a text, and space before it, if it stands next.
    fn take(&mut self, text: &str) -> bool {
        self.skip_space();
        let is_next = self.rest().starts_with(text);
        self.at += if is_next { text.len() } else { 0 };
        is_next
    }

    fn value(&mut self, depth: usize) -> Result<(), NoLiteral> {
        if depth > MAX_DEPTH {
            return Err(NoLiteral::Other);
        }
        self.take("[Object: null prototype]");
        self.skip_space();
        self.whole()?;
        match self.rest().bytes().next() {
            Some(b'{') => self.listed(depth, '}', Self::member),
            Some(b'[') => self.listed(depth, ']', Self::value),
            Some(b'\'' | b'"' | b'`') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    /// Refuses what stands in place of something that was not printed.
    fn whole(&self) -> Result<(), NoLiteral> {
        const INSTEAD: [&str; 6] =
            ["[Object", "[Array", "[Circular", "[Function", "[Getter", "..."];
        let rest = self.rest();
        if !INSTEAD.iter().any(|one| rest.starts_with(one)) {
            return Ok(());
        }
        let end = rest.find(['\n', ',', ']', '}']).unwrap_or(rest.len());
        let is_bracketed = rest.starts_with('[') && rest[end..].starts_with(']');
        let end = end + usize::from(is_bracketed);
        Err(NoLiteral::Shortened(rest[..end].trim_end().to_owned()))
    }

    /// An object or a list, its bracket next.
    fn listed(
        &mut self,
        depth: usize,
        end: char,
        item: fn(&mut Self, usize) -> Result<(), NoLiteral>,
    ) -> Result<(), NoLiteral> {
        self.json.push(if end == '}' { '{' } else { '[' });
        self.at += 1;
        let mut is_first = true;
        loop {
            if self.take(end.encode_utf8(&mut [0; 4])) {
                self.json.push(end);
                return Ok(());
            }
            if !is_first {
                self.json.push(',');
            }
            is_first = false;
            self.whole()?;
            item(self, depth + 1)?;
            if !self.take(",") && !self.rest().starts_with(end) {
                return Err(NoLiteral::Other);
            }
        }
    }

    /// `key: value`
    fn member(&mut self, depth: usize) -> Result<(), NoLiteral> {
        self.skip_space();
        if self.rest().starts_with(['\'', '"', '`']) {
            self.string()?;
        } else {
            let is_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
            let rest = self.rest();
            let name = &rest[..rest.find(|c| !is_of_name(c)).unwrap_or(rest.len())];
            if name.is_empty() {
                return Err(NoLiteral::Other);
            }
            self.at += name.len();
            self.push_string(name);
        }
        if !self.take(":") {
            return Err(NoLiteral::Other);
        }
        self.json.push(':');
        self.value(depth)
    }

    fn push_string(&mut self, text: &str) {
        self.json.push_str(&serde_json::Value::from(text).to_string());
    }

    /// A string, in one piece or in several that are added up.
    fn string(&mut self) -> Result<(), NoLiteral> {
        let mut text = String::new();
        loop {
            self.piece(&mut text)?;
            let end = self.at;
            if self.rest().starts_with("...") {
                return self.whole();
            }
            if !self.take("+") {
                self.at = end;
                break;
            }
            self.skip_space();
            if !self.rest().starts_with(['\'', '"', '`']) {
                return Err(NoLiteral::Other);
            }
        }
        self.push_string(&text);
        Ok(())
    }

    /// One piece of a string, its quote next.
    fn piece(&mut self, text: &mut String) -> Result<(), NoLiteral> {
        let mut characters = self.rest().char_indices();
        let quote = characters.next().map(|(_, quote)| quote);
        let mut units = Vec::new();
        while let Some((at, character)) = characters.next() {
            if character == '\\' {
                let (unit, length) = escape(&self.rest()[at + 1..]).ok_or(NoLiteral::Other)?;
                units.extend(unit);
                for _ in 0..length {
                    characters.next();
                }
            } else if Some(character) == quote {
                self.at += at + character.len_utf8();
                text.push_str(&String::from_utf16(&units).map_err(|_| NoLiteral::Other)?);
                return Ok(());
            } else {
                units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
            }
        }
        Err(NoLiteral::Other)
    }

    fn number(&mut self) -> Result<(), NoLiteral> {
        let rest = self.rest();
        let is_of_number = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let text = &rest[..rest.find(|c| !is_of_number(c)).unwrap_or(rest.len())];
        // `n` ends a number of any size in Node.
        let digits = text.strip_suffix('n').unwrap_or(text);
        if serde_json::from_str::<serde_json::Number>(digits).is_err() {
            return Err(NoLiteral::Other);
        }
        self.at += text.len();
        self.json.push_str(digits);
        Ok(())
    }

    fn word(&mut self) -> Result<(), NoLiteral> {
        let rest = self.rest();
        let word = &rest[..rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())];
        let json = match word {
            "true" | "True" => "true",
            "false" | "False" => "false",
            "null" | "None" | "undefined" => "null",
            _ => return Err(NoLiteral::Other),
        };
        self.at += word.len();
        self.json.push_str(json);
        Ok(())
    }
}

/// What stands for an escape after its backslash, as UTF-16, and how many characters it takes.
fn escape(rest: &str) -> Option<(Vec<u16>, usize)> {
    let first = rest.chars().next()?;
    let hex = |length: usize| {
        let digits = rest.get(1..=length)?;
        let number = u32::from_str_radix(digits, 16).ok()?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then_some((number, 1 + length))
    };
    let (number, length) = match first {
        'n' => (0x0a, 1),
        't' => (0x09, 1),
        'r' => (0x0d, 1),
        'b' => (0x08, 1),
        'f' => (0x0c, 1),
        'v' => (0x0b, 1),
        'a' => (0x07, 1),
        '0' => (0, 1),
        'x' => hex(2)?,
        'u' => match rest[1..].strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((digits, _)) => (u32::from_str_radix(digits, 16).ok()?, digits.len() + 3),
            None => hex(4)?,
        },
        'U' => hex(8)?,
        other => (other.into(), 1),
    };
    // Half a pair is completed by the next escape.
    if let Ok(half) = u16::try_from(number) {
        return Some((vec![half], length));
    }
    let character = char::from_u32(number)?;
    Some((character.encode_utf16(&mut [0; 2]).to_vec(), length))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::json(r#"{"a": 1.0, "b": [true, null]} and more"#, r#"{"a": 1.0, "b": [true, null]}"#)]
    #[case::inspect(
        "{\n  Records: [ { 'x-y': 'it\\'s', n: -1.5e3, big: 9007199254740993n } ],\n  ok: true,\n}",
        r#"{"Records":[{"x-y":"it's","n":-1.5e3,"big":9007199254740993}],"ok":true}"#
    )]
    #[case::long_strings("{ a: 'one\\n' +\n    'two' }", r#"{"a":"one\ntwo"}"#)]
    #[case::other_quotes(
        "{ a: \"it's\", b: `\"both\" it's` }",
        r#"{"a":"it's","b":"\"both\" it's"}"#
    )]
    #[case::null_prototype("[Object: null prototype] { a: {} }", r#"{"a":{}}"#)]
    #[case::python(
        "{'a': None, 'b': True, 'c': [1, 2.5], 'd': \"it's\", 'e': '\\U0001f600\\xe9'}",
        "{\"a\":null,\"b\":true,\"c\":[1,2.5],\"d\":\"it's\",\"e\":\"\u{1f600}\u{e9}\"}"
    )]
    #[case::pairs(r"{ a: '\ud83d\ude00' }", "{\"a\":\"\u{1f600}\"}")]
    fn what_programs_print_is_read(#[case] text: &str, #[case] json: &str) {
        assert_eq!(read(text).map(|literal| literal.json), Ok(json.to_owned()));
    }

    #[rstest]
    #[case("{ a: [Object] }", "[Object]")]
    #[case("{ a: [Array], b: 1 }", "[Array]")]
    #[case("{ a: [ 1, 2, ... 98 more items ] }", "... 98 more items")]
    #[case("{ a: 'x'... 5 more characters }", "... 5 more characters")]
    #[case("<ref *1> { a: 1 }", "")]
    #[case("{ a: [Circular *1] }", "[Circular *1]")]
    fn what_is_shortened_is_refused(#[case] text: &str, #[case] instead: &str) {
        let expected = match instead {
            "" => NoLiteral::Other,
            instead => NoLiteral::Shortened(instead.to_owned()),
        };
        assert_eq!(read(text), Err(expected));
    }

    #[rstest]
    #[case("{")]
    #[case("{ a }")]
    #[case("{ a: b }")]
    #[case("{ a: 1 b: 2 }")]
    #[case("{ a: 'x }")]
    #[case("{ a: '\\ud83d' }")]
    #[case("{ a: 1.2.3 }")]
    #[case("{ a: 'x' + 1 }")]
    #[case("é")]
    #[case("")]
    fn other_text_is_no_value(#[case] text: &str) {
        assert_eq!(read(text), Err(NoLiteral::Other));
    }

    #[test]
    fn deep_nesting_ends() {
        assert_eq!(read(&"{a:".repeat(100_000)), Err(NoLiteral::Other));
    }
}
