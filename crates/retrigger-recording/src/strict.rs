//! Strict JSON step by step: no tree is built of it, however large it is.

use std::{borrow::Cow, ops::Range};

use jsonc_parser::{Scanner, ScannerOptions, tokens::Token};

use crate::source::too_deep;

/// The text is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotJson;

/// A string of a JSON text, or the name of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StringAt<'t> {
    /// What it says.
    pub(crate) value: Cow<'t, str>,
    /// Where it stands, quotes included.
    pub(crate) range: Range<usize>,
}

/// What comes next in a JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step<'t> {
    /// An object starts at this offset.
    Object(usize),
    /// An array starts.
    Array,
    /// The name of a member, whose value is next.
    Name(StringAt<'t>),
    /// A string as a value.
    String(StringAt<'t>),
    /// A number, as it is spelled, and where it starts.
    Number(&'t str, usize),
    /// `true`, `false` or `null`.
    Word,
    /// The object or array that started last, and has not ended, does.
    End,
}

/// What may stand next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Value,
    /// A value, or the end of an array.
    ItemOrEnd,
    Name,
    NameOrEnd,
    Colon,
    /// A comma, or the end of what is open.
    More,
    /// Nothing, after the one value.
    Nothing,
}

/// Reads JSON and nothing that is more lenient, nor nested deeper than is read elsewhere.
pub(crate) struct Steps<'t> {
    scanner: Scanner<'t>,
    /// Of what is open, from the outermost inwards, whether it is an object.
    open: Vec<bool>,
    expected: Expected,
}

impl<'t> Steps<'t> {
    /// `None` where it is nested too deep.
    pub(crate) fn new(text: &'t str) -> Option<Self> {
        if too_deep(text).is_some() {
            return None;
        }
        let strict = ScannerOptions {
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        let scanner = Scanner::new(text, &strict);
        Some(Self { scanner, open: Vec::new(), expected: Expected::Value })
    }

    /// The next step; `None` after the last.
    pub(crate) fn step(&mut self) -> Result<Option<Step<'t>>, NotJson> {
        loop {
            let Some(token) = self.scanner.scan().map_err(|_| NotJson)? else {
                let is_whole = self.expected == Expected::Nothing;
                return if is_whole { Ok(None) } else { Err(NotJson) };
            };
            match (self.expected, token) {
                (Expected::Value | Expected::ItemOrEnd, token) => {
                    return self.value(token).map(Some);
                }
                (Expected::Name | Expected::NameOrEnd, Token::String(name)) => {
                    self.expected = Expected::Colon;
                    return Ok(Some(Step::Name(self.string(name))));
                }
                (Expected::NameOrEnd, Token::CloseBrace) => return Ok(Some(self.end())),
                (Expected::Colon, Token::Colon) => self.expected = Expected::Value,
                (Expected::More, token) => {
                    if let Some(end) = self.more(&token)? {
                        return Ok(Some(end));
                    }
                }
                _ => return Err(NotJson),
            }
        }
    }

    fn value(&mut self, token: Token<'t>) -> Result<Step<'t>, NotJson> {
        let step = match token {
            Token::OpenBrace => {
                self.open.push(true);
                self.expected = Expected::NameOrEnd;
                return Ok(Step::Object(self.scanner.token_start()));
            }
            Token::OpenBracket => {
                self.open.push(false);
                self.expected = Expected::ItemOrEnd;
                return Ok(Step::Array);
            }
            Token::CloseBracket if self.expected == Expected::ItemOrEnd => return Ok(self.end()),
            Token::String(value) => Step::String(self.string(value)),
            Token::Number(number) => Step::Number(number, self.scanner.token_start()),
            Token::Boolean(_) | Token::Null => Step::Word,
            _ => return Err(NotJson),
        };
        self.after_value();
        Ok(step)
    }

    /// After a value within another: its end, if this is it.
    fn more(&mut self, token: &Token<'t>) -> Result<Option<Step<'t>>, NotJson> {
        let is_object = self.open.last() == Some(&true);
        match token {
            Token::Comma => {
                self.expected = if is_object { Expected::Name } else { Expected::Value };
                Ok(None)
            }
            Token::CloseBrace if is_object => Ok(Some(self.end())),
            Token::CloseBracket if !is_object => Ok(Some(self.end())),
            _ => Err(NotJson),
        }
    }

    fn end(&mut self) -> Step<'t> {
        self.open.pop();
        self.after_value();
        Step::End
    }

    fn after_value(&mut self) {
        self.expected = if self.open.is_empty() { Expected::Nothing } else { Expected::More };
    }

    fn string(&self, value: Cow<'t, str>) -> StringAt<'t> {
        StringAt { value, range: self.scanner.token_start()..self.scanner.token_end() }
    }
}

/// Whether a text is strict JSON.
pub(crate) fn is_json(text: &str) -> bool {
    let Some(mut steps) = Steps::new(text) else { return false };
    loop {
        match steps.step() {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(NotJson) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::edit_json::strict_ast;

    #[rstest]
    #[case("{\"a\": [1, -2.5e+3, \"x\\n\", null, true, {}], \"b\": []}", true)]
    #[case(" \"\\ud83d\\ude00\" ", true)]
    #[case("", false)]
    #[case("1 2", false)]
    #[case("[1,]", false)]
    #[case("[1 2]", false)]
    #[case("[[1][2]]", false)]
    #[case("[,1]", false)]
    #[case("{\"a\":1,}", false)]
    #[case("{\"a\" 1}", false)]
    #[case("{\"a\":}", false)]
    #[case("{a:1}", false)]
    #[case("{\"a\":1]", false)]
    #[case("[1}", false)]
    #[case("[1", false)]
    #[case("\"\\ud83d\"", false)]
    #[case("'a'", false)]
    #[case("// a\n1", false)]
    #[case("0x1", false)]
    #[case("]", false)]
    fn strict_json_alone_is_read(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_json(text), expected);
        assert_eq!(strict_ast(text).is_some(), expected);
    }

    #[test]
    fn nesting_is_limited() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(is_json(&nested(127)));
        assert!(!is_json(&nested(128)) && !is_json(&nested(1_000_000)));
    }

    proptest! {
        /// As the tree's parser has it.
        #[test]
        fn what_is_json_is_not_decided_twice(text in r#"([\[\]{},: ]|"[a\\"u0]{0,3}"|-?[0-9.e+]{1,3}|null|tru|//|/\*| ){0,12}"#) {
            prop_assert_eq!(is_json(&text), strict_ast(&text).is_some(), "{}", text);
        }
    }
}
