//! Patterns: literal text, the wildcards `*` and `?`, and policy variables.
//!
//! Source: IAM User Guide, "IAM policy elements: Variables and tags" and "IAM JSON policy
//! elements: Resource".

use crate::{policy::ArnPattern, request::Context, unsettled};

/// A pattern, split into its pieces when the document is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    pieces: Vec<Piece>,
}

/// One piece of a [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text that stands for itself.
    Literal(String),
    /// `*`: any run of characters, also none.
    AnyRun,
    /// `?`: exactly one character.
    AnyOne,
    /// `${key}` or `${key, 'default'}`.
    Variable { key: String, default: Option<String> },
}

/// What is special in the text of a pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Syntax {
    /// `*` and `?` are wildcards.
    pub(crate) wildcards: bool,
    /// `${…}` is a variable.
    pub(crate) variables: bool,
}

impl Syntax {
    pub(crate) const WILDCARDS: Self = Self { wildcards: true, variables: false };
}

impl Pattern {
    pub(crate) fn parse(text: &str, syntax: Syntax) -> Self {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let variable = if syntax.variables { leading_variable(rest) } else { None };
            let (piece, length) = match (first, variable) {
                (_, Some((body, length))) => (variable_piece(body), length),
                ('*', None) if syntax.wildcards => (Piece::AnyRun, 1),
                ('?', None) if syntax.wildcards => (Piece::AnyOne, 1),
                _ => (Piece::Literal(first.to_string()), first.len_utf8()),
            };
            rest = &rest[length..];
            if let Piece::Literal(text) = piece {
                literal.push_str(&text);
                continue;
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(piece);
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Self { pieces }
    }

    /// Whether the whole of `text` fits the pattern, variables taken from `context`. A variable
    /// without a value fits nothing.
    pub fn matches(&self, text: &str, context: &Context) -> bool {
        self.resolve(context).is_some_and(|tokens| {
            let text: Vec<char> = text.chars().collect();
            matches_tokens(&tokens, &text)
        })
    }

    /// The text that the pattern stands for once its variables are replaced, its wildcards kept
    /// as written; `None` where a variable has no value.
    pub fn substitute(&self, context: &Context) -> Option<String> {
        let text = |token: &Token| match token {
            Token::Character(character) => *character,
            Token::AnyRun => '*',
            Token::AnyOne => '?',
        };
        Some(self.resolve(context)?.iter().map(text).collect())
    }

    /// The names of the policy variables in it.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { key, .. } => Some(key.as_str()),
            _ => None,
        })
    }

    /// Whether the pattern is a single `*`.
    pub(crate) fn is_any(&self) -> bool {
        self.pieces == [Piece::AnyRun]
    }

    /// Whether the pattern ends in `*`.
    pub(crate) fn ends_in_any(&self) -> bool {
        self.pieces.last() == Some(&Piece::AnyRun)
    }

    /// The pieces one character at a time, variables replaced. A replaced value is literal: a
    /// `*` in it is no wildcard.
    fn resolve(&self, context: &Context) -> Option<Vec<Token>> {
        let mut tokens = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => tokens.extend(text.chars().map(Token::Character)),
                Piece::AnyRun => tokens.push(Token::AnyRun),
                Piece::AnyOne => tokens.push(Token::AnyOne),
                Piece::Variable { key, default } => {
                    let value = unsettled::variable_value(context.get(key), default.as_deref())?;
                    tokens.extend(value.chars().map(Token::Character));
                }
            }
        }
        Some(tokens)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Character(char),
    AnyRun,
    AnyOne,
}

/// The classic wildcard match: on a mismatch, let the last `*` take one character more.
fn matches_tokens(pattern: &[Token], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(Token::AnyRun) => {
                retry = Some((p, t));
                p += 1;
            }
            Some(Token::AnyOne) => (p, t) = (p + 1, t + 1),
            Some(Token::Character(expected)) if *expected == text[t] => (p, t) = (p + 1, t + 1),
            _ => match retry {
                Some((star, taken)) => {
                    retry = Some((star, taken + 1));
                    (p, t) = (star + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|token| *token == Token::AnyRun)
}

/// The inside of a `${…}` at the start of `text`, and the length of the whole.
fn leading_variable(text: &str) -> Option<(&str, usize)> {
    let body = text.strip_prefix("${")?;
    let end = body.find('}')?;
    Some((&body[..end], end + 3))
}

/// `${*}`, `${?}` and `${$}` are those characters; anything else names a key, with a default in
/// single quotes after a comma.
fn variable_piece(body: &str) -> Piece {
    if matches!(body, "*" | "?" | "$") {
        return Piece::Literal(body.to_owned());
    }
    let (key, default) = match body.split_once(',') {
        Some((key, default)) => (key, Some(default.trim())),
        None => (body, None),
    };
    let unquoted = default.and_then(|text| text.strip_prefix('\'')?.strip_suffix('\''));
    Piece::Variable { key: key.trim().to_owned(), default: unquoted.map(str::to_owned) }
}

impl ArnPattern {
    /// Splits `text` at its first five colons, those inside `${…}` left alone; `None` where there
    /// are fewer.
    pub(crate) fn parse(text: &str, header: Syntax, resource: Syntax) -> Option<Self> {
        let mut rest = text;
        let mut parts = Vec::with_capacity(5);
        for _ in 0..5 {
            let colon = first_colon(rest, resource.variables)?;
            parts.push(Pattern::parse(&rest[..colon], header));
            rest = &rest[colon + 1..];
        }
        let header = <[Pattern; 5]>::try_from(parts).ok()?;
        Some(Self { header, resource: Pattern::parse(rest, resource) })
    }
}

fn first_colon(text: &str, variables: bool) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let colon = rest.find(':')?;
        let variable = rest.find("${").filter(|_| variables);
        match variable.and_then(|start| leading_variable(&rest[start..]).map(|v| start + v.1)) {
            Some(end) if variable.is_some_and(|start| start < colon) => at += end,
            _ => return Some(at + colon),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const FULL: Syntax = Syntax { wildcards: true, variables: true };

    #[rstest]
    #[case("*", "", true)]
    #[case("a*c", "abcc", true)]
    #[case("a?c", "aéc", true)]
    #[case("a?c", "ac", false)]
    #[case("**", "x", true)]
    #[case("*b*a*", "aabba", true)]
    #[case("my-", "my-targets/1", false)]
    #[case("${aws:username}", "a*", true)]
    #[case("x${aws:missing}", "x", false)]
    #[case("x${aws:missing, 'd'}", "xd", true)]
    #[case("${*}${?}${$}", "*?$", true)]
    #[case("${open", "${open", true)]
    fn patterns_match_whole_texts(
        #[case] pattern: &str,
        #[case] text: &str,
        #[case] expected: bool,
    ) {
        let context = Context::from_iter([("aws:username", "a*")]);
        assert_eq!(Pattern::parse(pattern, FULL).matches(text, &context), expected);
    }

    #[test]
    fn a_replaced_value_is_literal() {
        let context = Context::from_iter([("aws:username", "a*")]);
        assert!(!Pattern::parse("${aws:username}", FULL).matches("abc", &context));
    }

    #[test]
    fn without_variables_a_dollar_is_text() {
        let pattern = Pattern::parse("${aws:username}", Syntax::WILDCARDS);
        assert!(pattern.matches("${aws:username}", &Context::default()));
    }

    #[test]
    fn colons_inside_variables_do_not_split_an_arn() {
        let text = "arn:aws:iam::${aws:PrincipalAccount}:role/x";
        let arn = ArnPattern::parse(text, FULL, FULL).unwrap();
        let context = Context::from_iter([("aws:PrincipalAccount", "111122223333")]);
        assert!(arn.header[4].matches("111122223333", &context));
        assert!(arn.resource.matches("role/x", &context));
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        let pattern = Pattern::parse(&"*a".repeat(200), FULL);
        assert!(!pattern.matches(&"a".repeat(20_000).replace('a', "ab"), &Context::default()));
    }
}
