//! Patterns: literal text, the wildcards `*` and `?`, and policy variables.
//!
//! Source: IAM User Guide, "IAM policy elements: Variables and tags" and "IAM JSON policy
//! elements: Resource".

use crate::{
    arn::Arn,
    context::{Context, ContextValue},
    policy::ArnPattern,
    truth::Truth,
    unsettled,
};

/// A pattern, split into its pieces when the document is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    pieces: Box<[Piece]>,
}

/// One piece of a [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Piece {
    /// Text that stands for itself.
    Literal(Box<str>),
    /// `*`: any run of characters, also none.
    AnyRun,
    /// `?`: exactly one character.
    AnyOne,
    /// `${key}` or `${key, 'default'}`.
    Variable(Box<Variable>),
}

/// A policy variable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Variable {
    pub(crate) key: String,
    pub(crate) default: Option<String>,
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
        // A document holds many patterns, most of them of one piece.
        let mut pieces = Vec::with_capacity(1);
        // What is literal so far, from `start`; a replaced `${*}` makes it a text of its own.
        let mut literal = String::new();
        let (mut start, mut at) = (0, 0);
        let mut syntax = syntax;
        while at < text.len() {
            let Some(next) = next_special(&text[at..], syntax) else { break };
            at += next;
            let (piece, length) = match text.as_bytes()[at] {
                b'*' => (Piece::AnyRun, 1),
                b'?' => (Piece::AnyOne, 1),
                _ => {
                    if let Some((body, length)) = leading_variable(&text[at..]) {
                        (variable_piece(body), length)
                    } else {
                        // No brace closes this variable, nor one after it.
                        syntax.variables &= !text[at..].starts_with("${");
                        at += 1;
                        continue;
                    }
                }
            };
            literal.push_str(&text[start..at]);
            at += length;
            start = at;
            if let Piece::Literal(text) = piece {
                literal.push_str(&text);
                continue;
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal).into()));
            }
            // Several `*` in a row are one.
            if piece != Piece::AnyRun || pieces.last() != Some(&Piece::AnyRun) {
                pieces.push(piece);
            }
        }
        literal.push_str(&text[start..]);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.into()));
        }
        Self { pieces: pieces.into() }
    }

    /// A whole resource pattern: variables are such after the fifth colon only.
    pub(crate) fn parse_resource(text: &str, syntax: Syntax) -> Self {
        let Some(start) = start_of_resource_part(text, syntax.variables) else {
            return Self::parse(text, syntax);
        };
        let (header, rest) = text.split_at(start);
        let mut whole =
            Self::parse(header, Syntax { variables: false, ..syntax }).pieces.into_vec();
        let mut rest = Self::parse(rest, syntax).pieces.into_vec();
        // Literal text on both sides of the fifth colon is one piece.
        if let (Some(Piece::Literal(text)), Some(Piece::Literal(more))) =
            (whole.last_mut(), rest.first())
        {
            *text = format!("{text}{more}").into();
            rest.remove(0);
        }
        whole.extend(rest);
        Self { pieces: whole.into() }
    }

    /// Whether the whole of `text` fits the pattern, variables taken from `context`. A variable
    /// without a value fits nothing; nor, for sure, does one whose value is unknown.
    pub fn matches(&self, text: &str, context: &Context) -> bool {
        self.fits(text, context) == Truth::Yes
    }

    /// Whether the whole of `text` fits the pattern. An unknown variable can be any text.
    pub(crate) fn fits(&self, text: &str, context: &Context) -> Truth {
        let Some(tokens) = self.resolve(context) else { return Truth::No };
        let text: Vec<char> = text.chars().collect();
        match matches_tokens(&tokens, &text) {
            true if self.hangs_on(context).next().is_some() => Truth::Maybe,
            fits => fits.into(),
        }
    }

    /// The variables whose value is unknown.
    pub(crate) fn hangs_on<'p>(&'p self, context: &'p Context) -> impl Iterator<Item = &'p str> {
        self.variables().filter(|key| context.is_unknown(key))
    }

    /// The text that the pattern stands for once its variables are replaced, its wildcards kept
    /// as written, and `*` for an unknown variable; `None` where a variable has no value.
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
            Piece::Variable(variable) => Some(variable.key.as_str()),
            _ => None,
        })
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether the pattern is a single `*`.
    pub(crate) fn is_any(&self) -> bool {
        *self.pieces == [Piece::AnyRun]
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
                Piece::Variable(variable) if context.is_unknown(&variable.key) => {
                    tokens.push(Token::AnyRun);
                }
                Piece::Variable(variable) => {
                    let value = unsettled::variable_value(
                        context.get(&variable.key).and_then(ContextValue::as_single),
                        variable.default.as_deref(),
                    )?;
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

/// Where the first wildcard or, perhaps, variable is.
fn next_special(text: &str, syntax: Syntax) -> Option<usize> {
    text.bytes().position(|byte| match byte {
        b'*' | b'?' => syntax.wildcards,
        b'$' => syntax.variables,
        _ => false,
    })
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
        return Piece::Literal(body.into());
    }
    let (key, default) = match body.split_once(',') {
        Some((key, default)) => (key, Some(default.trim())),
        None => (body, None),
    };
    let unquoted = default.and_then(|text| text.strip_prefix('\'')?.strip_suffix('\''));
    let (key, default) = (key.trim().to_owned(), unquoted.map(str::to_owned));
    Piece::Variable(Box::new(Variable { key, default }))
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

    /// Whether an ARN fits, part by part.
    pub(crate) fn fits(&self, arn: &Arn<'_>, context: &Context) -> Truth {
        let header = ["arn", arn.partition, arn.service, arn.region, arn.account];
        let header = self.header.iter().zip(header).map(|(part, text)| part.fits(text, context));
        Truth::all(header.chain(std::iter::once_with(|| self.resource.fits(arn.resource, context))))
    }
}

/// Where the part after the fifth colon begins; colons inside `${…}` do not count.
fn start_of_resource_part(text: &str, variables: bool) -> Option<usize> {
    let mut start = 0;
    for _ in 0..5 {
        start += first_colon(&text[start..], variables)? + 1;
    }
    Some(start)
}

fn first_colon(text: &str, variables: bool) -> Option<usize> {
    let mut colon = text.find(':')?;
    let mut at = 0;
    while variables && let Some(start) = text[at..colon].find("${") {
        let Some((_, length)) = leading_variable(&text[at + start..]) else { break };
        at += start + length;
        if at > colon {
            colon = at + text[at..].find(':')?;
        }
    }
    Some(colon)
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
    #[case("*?", "", false)]
    #[case("*?", "x", true)]
    #[case("a*${aws:username}", "ab", false)]
    #[case("a*${aws:username}", "aba*", true)]
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
    fn a_variable_may_stand_inside_a_part() {
        let text = "arn:aws:iam::1${aws:PrincipalTag/a:b}2${aws:username}:role/x";
        let arn = ArnPattern::parse(text, FULL, FULL).unwrap();
        let context = Context::from_iter([("aws:PrincipalTag/a:b", "x"), ("aws:username", "y")]);
        assert!(arn.header[4].matches("1x2y", &context));
        assert!(arn.resource.matches("role/x", &context));
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        let pattern = Pattern::parse(&"*a".repeat(200), FULL);
        assert!(!pattern.matches(&"a".repeat(20_000).replace('a', "ab"), &Context::default()));
    }
}
