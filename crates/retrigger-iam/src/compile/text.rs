//! Patterns as the cheapest comparison that decides them.

use super::key::Key;
use crate::{
    context::ValueRef,
    pattern::{Pattern, Piece},
    request_ref::ContextRef,
    truth::Truth,
    unsettled,
};

/// A pattern over a text, classed by what it takes to match it.
#[derive(Clone, Debug)]
pub(super) enum TextMatcher {
    /// `*`, however often.
    Any,
    /// No wildcard.
    Exact(Box<str>),
    /// `text*`
    Prefix(Box<str>),
    /// `*text`
    Suffix(Box<str>),
    /// `text*text`
    Around(Box<Around>),
    /// `text*text*text`, with more of the same.
    Runs(Box<Runs>),
    /// Wildcards anywhere, `?` and variables included.
    General(Box<General>),
}

/// What a text starts and ends with, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Around {
    pub(super) start: Box<str>,
    pub(super) end: Box<str>,
}

/// What a text starts and ends with, and what stands in between, in this order.
#[derive(Clone, Debug)]
pub(super) struct Runs {
    around: Around,
    between: Box<[Box<str>]>,
}

/// A pattern with nothing special about it.
#[derive(Clone, Debug)]
pub(super) struct General {
    /// All that fits starts and ends so.
    start: Box<str>,
    end: Box<str>,
    has_variables: bool,
    parts: Box<[Part]>,
}

/// One piece of a general pattern.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Literal(Box<str>),
    AnyRun,
    AnyOne,
    Variable(Box<Variable>),
}

/// A policy variable.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    key: Key,
    default: Option<Box<str>>,
}

impl TextMatcher {
    pub(super) fn new(pattern: &Pattern) -> Self {
        use Piece::{AnyRun, Literal};
        match pattern.pieces() {
            [] => Self::Exact("".into()),
            [Literal(text)] => Self::Exact(text.clone()),
            [Literal(text), AnyRun] => Self::Prefix(text.clone()),
            [AnyRun, Literal(text)] => Self::Suffix(text.clone()),
            [Literal(start), AnyRun, Literal(end)] => {
                let (start, end) = (start.clone(), end.clone());
                Self::Around(Box::new(Around { start, end }))
            }
            pieces if pieces.iter().all(|piece| *piece == AnyRun) => Self::Any,
            pieces if pieces.iter().all(|piece| matches!(piece, Literal(_) | AnyRun)) => {
                Self::Runs(Box::new(Runs::new(pieces)))
            }
            pieces => Self::General(Box::new(General::new(pieces))),
        }
    }

    /// Whether the whole of `text` fits.
    #[inline]
    pub(super) fn fits(&self, text: &str, context: &ContextRef<'_>) -> Truth {
        match self {
            Self::Any => Truth::Yes,
            Self::Exact(only) => same(only, text).into(),
            Self::Prefix(start) => starts_with(text, start).into(),
            Self::Suffix(end) => text.as_bytes().ends_with(end.as_bytes()).into(),
            Self::Around(around) => around.fits(text).into(),
            Self::Runs(runs) => runs.fits(text).into(),
            Self::General(general) => general.fits(text, context),
        }
    }

    /// The text that everything which fits starts with.
    pub(super) fn literal_start(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Prefix(text) => text,
            Self::Around(around) => &around.start,
            Self::Runs(runs) => &runs.around.start,
            Self::General(general) => &general.start,
            Self::Any | Self::Suffix(_) => "",
        }
    }

    /// The text that everything which fits ends with.
    pub(super) fn literal_end(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Suffix(text) => text,
            Self::Around(around) => &around.end,
            Self::Runs(runs) => &runs.around.end,
            Self::General(general) => &general.end,
            Self::Any | Self::Prefix(_) => "",
        }
    }
}

impl Part {
    pub(super) fn new(piece: &Piece) -> Self {
        match piece {
            Piece::Literal(text) => Self::Literal(text.clone()),
            Piece::AnyRun => Self::AnyRun,
            Piece::AnyOne => Self::AnyOne,
            Piece::Variable(variable) => Self::Variable(Box::new(Variable {
                key: Key::new(&variable.key),
                default: variable.default.as_deref().map(Into::into),
            })),
        }
    }
}

/// Whether two texts are the same. Texts that are compared here mostly start the same, as ARNs
/// do, so their last bytes are looked at first.
#[inline]
pub(crate) fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    match (left.last_chunk::<8>(), right.last_chunk::<8>()) {
        (Some(l), Some(r)) if l != r => false,
        _ => left == right,
    }
}

/// Whether a text starts with another, whose last bytes are looked at first for the same reason.
#[inline]
pub(super) fn starts_with(text: &str, start: &str) -> bool {
    let start = start.as_bytes();
    let Some(text) = text.as_bytes().get(..start.len()) else { return false };
    match (text.last_chunk::<8>(), start.last_chunk::<8>()) {
        (Some(l), Some(r)) if l != r => false,
        _ => text == start,
    }
}

impl Around {
    #[inline]
    fn fits(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        bytes.len() >= self.start.len() + self.end.len()
            && bytes.ends_with(self.end.as_bytes())
            && bytes.starts_with(self.start.as_bytes())
    }
}

impl Runs {
    /// Of literal text and `*`, in turns.
    fn new(pieces: &[Piece]) -> Self {
        let mut texts = pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(text) => Some(text.clone()),
            _ => None,
        });
        let is_literal = |piece: Option<&Piece>| matches!(piece, Some(Piece::Literal(_)));
        let start = texts.by_ref().take(usize::from(is_literal(pieces.first()))).next();
        let mut between: Vec<Box<str>> = texts.collect();
        let end = if is_literal(pieces.last()) { between.pop() } else { None };
        let around = Around { start: start.unwrap_or_default(), end: end.unwrap_or_default() };
        Self { around, between: between.into() }
    }

    /// Each text is taken where it stands first, so that the most is left to the next.
    fn fits(&self, text: &str) -> bool {
        let Around { start, end } = &self.around;
        if !self.around.fits(text) {
            return false;
        }
        let mut rest = &text.as_bytes()[start.len()..text.len() - end.len()];
        self.between.iter().all(|one| match find(rest, one.as_bytes()) {
            Some(at) => {
                rest = &rest[at + one.len()..];
                true
            }
            None => false,
        })
    }
}

/// Where a text, which is not empty, stands first in another.
//
// PERF: texts are short here; making ready to search for several bytes would take longer.
fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    memchr::memchr_iter(first, text).find(|at| text[*at..].starts_with(wanted))
}

/// What a part stands for in a request.
enum Meaning<'m> {
    Text(&'m str),
    AnyRun,
    AnyOne,
    /// A variable that has no value.
    Nothing,
}

impl Part {
    fn meaning<'m>(&'m self, context: &ContextRef<'m>) -> Meaning<'m> {
        match self {
            Self::Literal(text) => Meaning::Text(text),
            Self::AnyRun => Meaning::AnyRun,
            Self::AnyOne => Meaning::AnyOne,
            Self::Variable(variable) => match variable.value(context) {
                VariableValue::Known(value) => Meaning::Text(value),
                VariableValue::Unknown => Meaning::AnyRun,
                VariableValue::None => Meaning::Nothing,
            },
        }
    }
}

/// The value of a variable in a request.
pub(super) enum VariableValue<'v> {
    Known(&'v str),
    Unknown,
    None,
}

impl Variable {
    pub(super) fn value<'v>(&'v self, context: &ContextRef<'v>) -> VariableValue<'v> {
        let value = match context.look_up(&self.key) {
            ValueRef::Unknown => return VariableValue::Unknown,
            ValueRef::Single(value) => Some(value),
            ValueRef::Absent | ValueRef::Multi(_) => None,
        };
        match unsettled::variable_value(value, self.default.as_deref()) {
            Some(value) => VariableValue::Known(value),
            None => VariableValue::None,
        }
    }
}

impl General {
    fn new(pieces: &[Piece]) -> Self {
        let literal = |piece: Option<&Piece>| match piece {
            Some(Piece::Literal(text)) => text.clone(),
            _ => "".into(),
        };
        Self {
            start: literal(pieces.first()),
            end: literal(pieces.last()),
            has_variables: pieces.iter().any(|piece| matches!(piece, Piece::Variable(_))),
            parts: pieces.iter().map(Part::new).collect(),
        }
    }

    fn fits(&self, text: &str, context: &ContextRef<'_>) -> Truth {
        if !starts_with(text, &self.start) || !text.as_bytes().ends_with(self.end.as_bytes()) {
            return Truth::No;
        }
        let known =
            if self.has_variables { values_of(&self.parts, context) } else { Some(Truth::Yes) };
        match known {
            Some(known) if run(&self.parts, text, context) => known,
            _ => Truth::No,
        }
    }
}

/// Whether all variables have a value: `Maybe` where some are unknown, `None` where one has none.
fn values_of(parts: &[Part], context: &ContextRef<'_>) -> Option<Truth> {
    let mut known = Truth::Yes;
    for part in parts {
        let Part::Variable(variable) = part else { continue };
        match variable.value(context) {
            VariableValue::None => return None,
            VariableValue::Unknown => known = Truth::Maybe,
            VariableValue::Known(_) => {}
        }
    }
    Some(known)
}

/// The classic wildcard match, a piece at a time: on a mismatch, let the last `*` take one
/// character more. What stands before that `*` is never tried again, so that the time is at most
/// the length of the text times that of the longest run between two `*`.
fn run(parts: &[Part], text: &str, context: &ContextRef<'_>) -> bool {
    let bytes = text.as_bytes();
    let (mut part, mut at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let fits = match parts.get(part).map(|part| part.meaning(context)) {
            None if at == bytes.len() => return true,
            None | Some(Meaning::Nothing) => false,
            Some(Meaning::AnyRun) if part + 1 == parts.len() => return true,
            Some(Meaning::AnyRun) => {
                retry = Some((part + 1, at));
                true
            }
            Some(Meaning::AnyOne) => match length_of_first_character(&bytes[at..]) {
                0 => false,
                length => {
                    at += length;
                    true
                }
            },
            Some(Meaning::Text(literal)) => {
                let fits = bytes[at..].starts_with(literal.as_bytes());
                at += if fits { literal.len() } else { 0 };
                fits
            }
        };
        if fits {
            part += 1;
            continue;
        }
        let Some((after_star, taken)) = retry else { return false };
        let Some(next) = next_try(&parts[after_star], context, bytes, taken) else { return false };
        retry = Some((after_star, next));
        (part, at) = (after_star, next);
    }
}

/// Where to try next what follows a `*` that has taken all before `taken`: where its first byte
/// stands again.
fn next_try(part: &Part, context: &ContextRef<'_>, bytes: &[u8], taken: usize) -> Option<usize> {
    let from = taken + length_of_first_character(&bytes[taken..]).max(1);
    let rest = bytes.get(from..)?;
    match part.meaning(context) {
        Meaning::Text(literal) if !literal.is_empty() => {
            memchr::memchr(literal.as_bytes()[0], rest).map(|at| from + at)
        }
        _ => Some(from),
    }
}

/// The length in bytes of the character at the start of UTF-8 text; 0 at the end of the text.
#[inline]
fn length_of_first_character(bytes: &[u8]) -> usize {
    match bytes.first() {
        None => 0,
        Some(0xf0..) => 4,
        Some(0xe0..) => 3,
        Some(0xc0..) => 2,
        Some(_) => 1,
    }
}

/// A text whose variables are replaced before it is compared as a whole, wildcards and all.
#[derive(Clone, Debug)]
pub(super) struct Substituted {
    parts: Box<[Part]>,
}

impl Substituted {
    pub(super) fn new(pattern: &Pattern) -> Self {
        Self { parts: pattern.pieces().iter().map(Part::new).collect() }
    }

    /// Whether all its variables have a value: `Maybe` where some are unknown, `None` where one
    /// has none.
    pub(super) fn is_known(&self, context: &ContextRef<'_>) -> Option<Truth> {
        values_of(&self.parts, context)
    }

    /// Its pieces of text once all variables are known.
    pub(super) fn texts<'t>(
        &'t self,
        context: &'t ContextRef<'t>,
    ) -> impl Iterator<Item = &'t str> {
        self.parts.iter().map(|part| match part.meaning(context) {
            Meaning::Text(text) => text,
            Meaning::AnyRun => "*",
            Meaning::AnyOne => "?",
            Meaning::Nothing => "",
        })
    }

    /// Whether it is `text` but for the case of ASCII letters.
    pub(super) fn is_ignoring_case(&self, text: &str, context: &ContextRef<'_>) -> bool {
        let bytes = self.texts(context).flat_map(str::bytes);
        bytes.map(|byte| byte.to_ascii_lowercase()).eq(text.bytes())
    }
}
