//! The tokens that take the place of secrets, and the secrets that are removed wherever they stand.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
    sync::LazyLock,
};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use regex::Regex;

use super::{Anonymize, KeepForm, Redactor, packing::traces, rules};

/// The fewest characters of a secret that is removed wherever it stands; a shorter one is removed
/// only where its name or shape gives it away. So is one that is part of another, such as a
/// cookie in a header, where it has fewer than [`MIN_PART`].
const MIN_SECRET: usize = 6;
const MIN_PART: usize = 8;

/// Words that stand in a secret's place and are none, so that they are not removed elsewhere.
const TRIVIAL: &[&str] = &[
    "anonymous",
    "api-key",
    "apikey",
    "authorization",
    "boolean",
    "changeme",
    "cookie",
    "default",
    "disabled",
    "enabled",
    "example",
    "invalid",
    "number",
    "optional",
    "password",
    "private",
    "public",
    "redacted",
    "required",
    "secret",
    "signature",
    "string",
    "undefined",
    "unknown",
];

/// The header of a token in the form of a JSON Web Token: `{"alg":"none"}`, and a dot.
const JWT_HEADER: &str = "eyJhbGciOiJub25lIn0.";
/// Its signature: `redacted`.
const JWT_SIGNATURE: &str = "cmVkYWN0ZWQ";

/// A token in each of its forms, and the marker of earlier versions.
static TOKEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"<[A-Za-z][A-Za-z0-9_.-]*:([1-9][0-9]{0,8})>",
        r"|eyJhbGciOiJub25lIn0\.(eyJyZWRhY3RlZCI6[A-Za-z0-9_-]+)\.cmVkYWN0ZWQ",
        r"|REDACTED:[A-Za-z0-9_.-]+",
    ))
    .ok()
});

/// What stands before the credentials of an authorization header.
static SCHEME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)^\s*(?:bearer|basic|token|negotiate|apikey)\s+").ok());

/// The tokens of a text, old markers among them: where they stand.
pub(crate) fn tokens_in(text: &str) -> impl Iterator<Item = Range<usize>> {
    // Most texts have none; looking for the start of one is much faster than the pattern.
    let may_have = ["<", JWT_HEADER, "REDACTED:"].iter().any(|start| text.contains(start));
    TOKEN
        .iter()
        .filter(move |_| may_have)
        .flat_map(|token| token.find_iter(text))
        .map(|t| t.range())
}

/// A text of XML in which secrets were replaced, with their tokens as XML has such text, so that it can
/// be parsed.
pub fn tokens_as_xml(text: &str) -> Cow<'_, str> {
    let (mut escaped, mut end) = (String::new(), 0);
    for range in tokens_in(text) {
        let name = text.get(range.start..range.end).unwrap_or_default();
        let Some(name) = name.strip_prefix('<').and_then(|name| name.strip_suffix('>')) else {
            continue;
        };
        escaped.push_str(text.get(end..range.start).unwrap_or_default());
        escaped.push_str(&format!("&lt;{name}&gt;"));
        end = range.end;
    }
    if end == 0 {
        return Cow::Borrowed(text);
    }
    escaped.push_str(text.get(end..).unwrap_or_default());
    Cow::Owned(escaped)
}

/// Whether a text has a token, or an old marker.
pub(crate) fn has_token(text: &str) -> bool {
    tokens_in(text).next().is_some()
}

/// Whether a text is nothing but a token, or an old marker: if with more behind it.
pub(super) fn is_token(text: &str) -> bool {
    text.starts_with("REDACTED:") || tokens_in(text).any(|range| range == (0..text.len()))
}

/// The part of a secret value that is removed: of an authorization header what follows the scheme.
pub(super) fn removed_part(value: &str, rule: &str) -> Range<usize> {
    let scheme = SCHEME.iter().find_map(|scheme| scheme.find(value));
    let start = scheme.filter(|_| rule == "authorization").map_or(0, |scheme| scheme.end());
    start..value.len()
}

/// The secrets of texts that belong together, and the tokens given for them.
///
/// They are used twice on each text: first secrets are collected, then, after
/// [`collected`](Self::collected), replaced.
pub(super) struct Tokens<'r> {
    pub(super) redactor: &'r Redactor,
    /// What is removed wherever it stands.
    secrets: BTreeMap<String, Secret>,
    needles: Option<Needles>,
    is_collecting: bool,
    given: HashMap<String, String>,
    /// The highest number of a token so far.
    last: u64,
    /// Made-up values that are in use.
    fakes: BTreeSet<String>,
}

/// What is known of a secret, or of another spelling of it.
struct Secret {
    /// The rule that found it.
    rule: String,
    /// The spelling that has the token.
    value: String,
}

struct Needles {
    automaton: AhoCorasick,
    /// Of each pattern the secret it stands for, and whether it is that secret's base64.
    secrets: Vec<(String, bool)>,
}

/// A secret that is known, in a text.
pub(super) struct Known {
    pub(super) range: Range<usize>,
    pub(super) rule: String,
    pub(super) value: String,
}

impl<'r> Tokens<'r> {
    pub(super) fn new(redactor: &'r Redactor) -> Self {
        Self {
            redactor,
            secrets: BTreeMap::new(),
            needles: None,
            is_collecting: true,
            given: HashMap::new(),
            last: 0,
            fakes: BTreeSet::new(),
        }
    }

    /// Notes the tokens of a text, after which new ones are numbered.
    pub(super) fn see(&mut self, text: &str) {
        if !self.is_collecting {
            return;
        }
        for token in tokens_in(text).filter_map(|range| text.get(range)) {
            self.last = self.last.max(number_of(token).unwrap_or(0));
        }
        for kind in &self.redactor.anonymize {
            let places = kind.places(text);
            let values = places.into_iter().filter_map(|range| text.get(range));
            self.fakes.extend(values.filter(|value| kind.is_fake(value)).map(str::to_owned));
        }
    }

    /// Notes a secret, and how else it is spelled, while they are collected.
    pub(super) fn learn(&mut self, value: &str, spelling: &str, rule: &str) {
        let has_own_form = |kind| kind != Anonymize::Account;
        if !self.is_collecting || Anonymize::of_rule(rule).is_some_and(has_own_form) {
            return;
        }
        self.learn_one(value, spelling, rule, MIN_SECRET);
        for part in parts(value, rule) {
            self.learn_one(&part, &rules::decoded(&part), rule, MIN_PART);
        }
    }

    fn learn_one(&mut self, value: &str, spelling: &str, rule: &str, min: usize) {
        let value = value.trim();
        for text in [value, spelling.trim()] {
            if text.chars().count() >= min && !is_trivial(text) && !has_token(text) {
                let rule = rule_of(value, rule).to_owned();
                let secret = || Secret { rule, value: value.to_owned() };
                self.secrets.entry(text.to_owned()).or_insert_with(secret);
            }
        }
    }

    /// Ends the collecting: what is found from now on is replaced. False where there is nothing
    /// that is removed wherever it stands: then the same is found again.
    pub(super) fn collected(&mut self) -> bool {
        self.is_collecting = false;
        if self.secrets.is_empty() {
            return false;
        }
        let (mut patterns, mut secrets) = (Vec::new(), Vec::new());
        for value in self.secrets.keys() {
            patterns.push(value.clone());
            secrets.push((value.clone(), false));
            if !value.is_ascii() {
                // As bytes that are no text are shown.
                patterns.push(value.bytes().map(char::from).collect());
                secrets.push((value.clone(), false));
            }
            for trace in traces(value) {
                patterns.push(trace);
                secrets.push((value.clone(), true));
            }
        }
        // It fails where there are more than billions of bytes of patterns: no text here has that.
        let automaton =
            AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&patterns);
        self.needles = automaton.ok().map(|automaton| Needles { automaton, secrets });
        true
    }

    /// The rule of a text, such as a number's, that is a known secret.
    pub(super) fn rule_of_known(&self, value: &str) -> Option<&str> {
        self.secrets.get(value).map(|secret| secret.rule.as_str())
    }

    /// The known secrets in a text, raw or as base64 within a longer text.
    pub(super) fn known_in(&self, text: &str) -> Vec<Known> {
        let Some(Needles { automaton, secrets }) = &self.needles else { return Vec::new() };
        let known = |found: aho_corasick::Match| {
            let (value, is_base64) = secrets.get(found.pattern().as_usize())?;
            let range = if *is_base64 { widened(text, found.range()) } else { found.range() };
            let is_apart = *is_base64 || !value.bytes().all(|byte| byte.is_ascii_digit()) || {
                let digit = |c: char| c.is_ascii_digit();
                !text.get(..range.start)?.ends_with(digit)
                    && !text.get(range.end..)?.starts_with(digit)
            };
            let Secret { rule, value } = self.secrets.get(value)?;
            is_apart.then(|| Known { range, rule: rule.clone(), value: value.clone() })
        };
        automaton.find_iter(text).filter_map(known).collect()
    }

    /// What takes the place of a secret: the same each time.
    pub(super) fn token(&mut self, value: &str, rule: &str) -> String {
        let value = value.trim();
        if let Some(token) = self.given.get(value) {
            return token.clone();
        }
        let token = match Anonymize::of_rule(rule) {
            Some(kind) => self.fake(kind, value),
            None => self.numbered(rule_of(value, rule)),
        };
        self.given.insert(value.to_owned(), token.clone());
        token
    }

    /// What takes the place of a number.
    pub(super) fn number(&mut self, value: &str, rule: &str) -> String {
        if Anonymize::of_rule(rule).is_some() { self.token(value, rule) } else { "0".to_owned() }
    }

    fn numbered(&mut self, rule: &str) -> String {
        self.last += 1;
        let token = format!("<{rule}:{}>", self.last);
        if rule != "jwt" || !self.redactor.keep_form.contains(&KeepForm::Jwt) {
            return token;
        }
        let payload = URL_SAFE_NO_PAD.encode(format!("{{\"redacted\":\"{token}\"}}"));
        format!("{JWT_HEADER}{payload}.{JWT_SIGNATURE}")
    }

    fn fake(&mut self, kind: Anonymize, like: &str) -> String {
        let fakes = (1..=MAX_FAKES).map(|number| kind.fake(number, like));
        let unused = fakes.into_iter().find(|fake| !self.fakes.contains(fake));
        let fake = unused.unwrap_or_else(|| kind.fake(MAX_FAKES, like));
        self.fakes.insert(fake.clone());
        fake
    }
}

/// After so many the made-up values are the same.
const MAX_FAKES: u64 = 10_000;

/// The number of a token.
fn number_of(token: &str) -> Option<u64> {
    let token = TOKEN.as_ref()?.captures(token)?;
    if let Some(number) = token.get(1) {
        return number.as_str().parse().ok();
    }
    let payload = URL_SAFE_NO_PAD.decode(token.get(2)?.as_str()).ok()?;
    number_of(&String::from_utf8(payload).ok()?)
}

/// The rule that names a secret: a JSON Web Token is one wherever it stands.
fn rule_of<'a>(value: &str, rule: &'a str) -> &'a str {
    if rules::is_jwt(value) { "jwt" } else { rule }
}

/// Further secrets in one: the credentials of a header, its password, the values of cookies.
fn parts(value: &str, rule: &str) -> Vec<String> {
    match rule {
        "authorization" => {
            let part = value.get(removed_part(value, rule)).unwrap_or_default();
            let basic = super::packing::unpack(part).filter(|(packing, _)| packing.is_text());
            let password = basic.and_then(|(_, text)| Some(text.split_once(':')?.1.to_owned()));
            [Some(part.to_owned()), password].into_iter().flatten().collect()
        }
        "cookie" => {
            let pairs = value.split(';').filter_map(|pair| pair.trim().split_once('='));
            let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase());
            let is_attribute = |name: &str| {
                ["path", "domain", "expires", "max-age", "samesite"]
                    .contains(&name.to_lowercase().as_str())
            };
            pairs
                .filter(|(name, value)| !is_attribute(name) && !is_word(value))
                .map(|(_, value)| value.trim_matches('"').to_owned())
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a value says nothing: a word such as `undefined`, or one character many times.
fn is_trivial(value: &str) -> bool {
    let is_word = TRIVIAL.iter().any(|word| word.eq_ignore_ascii_case(value));
    let mut characters = value.chars();
    let first = characters.next();
    is_word || characters.all(|character| Some(character) == first)
}

/// A range of base64 with the characters beside it, which hold the rest of what it holds in part.
fn widened(text: &str, range: Range<usize>) -> Range<usize> {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let byte_at = |at: usize| text.as_bytes().get(at);
    let before = range.start.checked_sub(1).filter(|at| byte_at(*at).is_some_and(is_base64));
    let after = byte_at(range.end).is_some_and(is_base64);
    before.unwrap_or(range.start)..range.end + usize::from(after)
}
