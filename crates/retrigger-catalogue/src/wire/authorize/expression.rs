//! Expressions of DynamoDB, as far as to see which attributes they name (Amazon DynamoDB Developer
//! Guide, "Using expressions in DynamoDB").

/// A part of an expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Token<'e> {
    /// A placeholder of a name, with its `#`.
    Name(&'e str),
    /// A placeholder of a value, with its `:`.
    Value(&'e str),
    /// A name, a word of the language, a function or a number.
    Word(&'e str),
    /// Anything else but space.
    Sign(char),
}

const WORDS: [&str; 9] = ["AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"];

/// The parts of an expression, in order.
pub(super) fn tokens(expression: &str) -> Vec<Token<'_>> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let mark = usize::from(matches!(first, '#' | ':'));
        let word = rest[mark..].find(|character| !is_part(character));
        let end = mark + word.unwrap_or(rest.len() - mark);
        let (token, length) = match first {
            '#' => (Token::Name(&rest[..end]), end),
            ':' => (Token::Value(&rest[..end]), end),
            _ if end > 0 => (Token::Word(&rest[..end]), end),
            sign => (Token::Sign(sign), sign.len_utf8()),
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    tokens
}

/// The names and placeholders of attributes in an expression; nothing where it names one within
/// another.
pub(super) fn names(expression: &str) -> Option<Vec<&str>> {
    let tokens = tokens(expression);
    if tokens.iter().any(|token| matches!(token, Token::Sign('.' | '['))) {
        return None;
    }
    let names = tokens.iter().enumerate().filter_map(|(at, token)| match *token {
        Token::Name(name) => Some(name),
        Token::Word(word) => {
            let is_function = tokens.get(at + 1) == Some(&Token::Sign('('));
            let is_word = WORDS.iter().any(|each| each.eq_ignore_ascii_case(word));
            (!is_function && !is_word).then_some(word)
        }
        _ => None,
    });
    Some(names.collect())
}
