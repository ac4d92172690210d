//! Finds the secrets of a JSON text by their spans, also in JSON that stands in its strings.
//!
//! The text is read twice, step by step: first it is checked, which also finds the names of
//! headers that stand after their values; then it is walked.

use std::{collections::HashMap, ops::Range};

use super::{
    Anonymize, Redactor,
    hits::{Hit, Replacement},
    packing::{Packing, unpack},
    rules,
    search::search,
    tokens::{Tokens, has_token, is_token, removed_part},
};
use crate::{
    mapping::{Layer, unescape_json},
    strict::{Step, Steps, StringAt},
};

/// The hits in a JSON text, or `None` where it is no JSON. It may be unpacked `depth` times more.
pub(super) fn hits(tokens: &mut Tokens<'_>, text: &str, depth: usize) -> Option<Vec<Hit>> {
    hits_below(tokens, text, depth, "")
}

/// The same, of a text to which `pointer` leads.
fn hits_below(
    tokens: &mut Tokens<'_>,
    text: &str,
    depth: usize,
    pointer: &str,
) -> Option<Vec<Hit>> {
    let headers = header_rules(tokens.redactor, text)?;
    let pointer = pointer.to_owned();
    let mut walk =
        Walk { tokens, text, depth, headers, pointer, open: Vec::new(), hits: Vec::new() };
    let mut steps = Steps::new(text)?;
    while let Some(step) = steps.step().ok()? {
        walk.step(step);
        if walk.tokens.is_full(walk.hits.len()) {
            break;
        }
    }
    Some(walk.hits)
}

/// `CloudFront` writes a header as `{"key": "Cookie", "value": "…"}` (Amazon `CloudFront` Developer
/// Guide, "Lambda@Edge event structure"): the rules for such values, by where their objects start.
/// `None` where the text is no JSON.
fn header_rules<'r>(redactor: &'r Redactor, text: &str) -> Option<HashMap<usize, &'r str>> {
    let mut steps = Steps::new(text)?;
    let mut rules = HashMap::new();
    // An array has none.
    let mut open: Vec<Option<Header<'r>>> = Vec::new();
    while let Some(step) = steps.step().ok()? {
        let value = match &step {
            Step::String(string) => Some(string.value.as_ref()),
            _ => None,
        };
        match (&step, open.last_mut()) {
            (Step::Name(name), Some(Some(header))) => {
                header.is_next = match name.value.as_ref() {
                    "key" if header.key.is_none() => Some(Member::Key),
                    "name" if header.name.is_none() => Some(Member::Name),
                    "value" => {
                        header.has_value = true;
                        None
                    }
                    _ => None,
                }
            }
            (Step::End, Some(header)) => {
                if let Some((start, rule)) = header.as_ref().and_then(Header::rule) {
                    rules.insert(start, rule);
                }
                open.pop();
                continue;
            }
            (_, Some(Some(header))) => header.see(redactor, value),
            _ => {}
        }
        match step {
            Step::Object(start) => open.push(Some(Header { start, ..Header::default() })),
            Step::Array => open.push(None),
            _ => {}
        }
    }
    Some(rules)
}

/// A member that may name a header.
#[derive(Clone, Copy, Debug)]
enum Member {
    Key,
    Name,
}

/// What is seen of an object that may be a header.
#[derive(Debug, Default)]
struct Header<'r> {
    /// Where the object starts.
    start: usize,
    has_value: bool,
    /// The member whose value is next.
    is_next: Option<Member>,
    /// Of the first member of this name: not whether it is a string, but whether it is there; if it
    /// is one, the rule for what it names.
    key: Option<Named<'r>>,
    name: Option<Named<'r>>,
}

/// The rule for what a string names; the outer `None` where it is no string.
type Named<'r> = Option<Option<&'r str>>;

impl<'r> Header<'r> {
    /// A value of the object.
    fn see(&mut self, redactor: &'r Redactor, value: Option<&str>) {
        let named = || value.map(|value| redactor.rule_for_key(value));
        match self.is_next.take() {
            Some(Member::Key) => self.key = Some(named()),
            Some(Member::Name) => self.name = Some(named()),
            None => {}
        }
    }

    /// Where it starts, and the rule for its value.
    fn rule(&self) -> Option<(usize, &'r str)> {
        let rule = self.key.flatten().or(self.name.flatten()).flatten();
        rule.filter(|_| self.has_value).map(|rule| (self.start, rule))
    }
}

struct Walk<'a, 'r> {
    tokens: &'a mut Tokens<'r>,
    /// The text that is walked: the file's, or that of a string in it.
    text: &'a str,
    /// How often text may be unpacked from here on.
    depth: usize,
    headers: HashMap<usize, &'r str>,
    /// Where the walk is.
    pointer: String,
    /// The objects and arrays around it, from the outermost inwards.
    open: Vec<Open<'r>>,
    hits: Vec<Hit>,
}

/// An object or array that has not ended.
struct Open<'r> {
    /// The length of its pointer.
    pointer: usize,
    /// What removes all of it, if there is one.
    rule: Option<&'r str>,
    within: Within<'r>,
}

enum Within<'r> {
    Object {
        /// The rule for a `value`, as its neighbour says.
        header: Option<&'r str>,
        /// The rule for the member that is next.
        member: Option<&'r str>,
    },
    Array {
        /// Of the item that is next.
        index: usize,
    },
}

impl<'r> Walk<'_, 'r> {
    fn step(&mut self, step: Step<'_>) {
        match step {
            Step::Name(name) => return self.member(&name),
            Step::End => {
                self.open.pop();
            }
            Step::Object(start) => {
                let within =
                    Within::Object { header: self.headers.get(&start).copied(), member: None };
                return self.enter(within);
            }
            Step::Array => return self.enter(Within::Array { index: 0 }),
            Step::String(string) => {
                let rule = self.arrive();
                self.string(&string, rule);
            }
            Step::Number(number, start) => {
                let rule = self.arrive();
                self.number(number, start, rule);
            }
            Step::Word => {
                self.arrive();
            }
        }
        self.leave();
    }

    /// Goes to the value that is next: its rule, if there is one.
    fn arrive(&mut self) -> Option<&'r str> {
        use std::fmt::Write as _;
        let rule = match self.open.last_mut() {
            None => None,
            Some(Open { rule, within: Within::Array { index }, .. }) => {
                // Writing to a string does not fail.
                let _ = write!(self.pointer, "/{index}");
                *index += 1;
                *rule
            }
            Some(Open { within: Within::Object { member, .. }, .. }) => *member,
        };
        rule.or_else(|| self.tokens.redactor.rule_for_pointer(&self.pointer))
    }

    /// Back from a value to what it stands in.
    fn leave(&mut self) {
        if let Some(open) = self.open.last() {
            self.pointer.truncate(open.pointer);
        }
    }

    fn enter(&mut self, within: Within<'r>) {
        let rule = self.arrive();
        self.open.push(Open { pointer: self.pointer.len(), rule, within });
    }

    fn member(&mut self, name: &StringAt<'_>) {
        let redactor = self.tokens.redactor;
        let key = name.value.as_ref();
        self.pointer.push('/');
        if key.contains(['~', '/']) {
            self.pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        } else {
            self.pointer.push_str(key);
        }
        if let Some(Open { rule, within: Within::Object { header, member }, .. }) =
            self.open.last_mut()
        {
            *member = match *rule {
                Some(_) if names_a_type(key) => None,
                Some(rule) => Some(rule),
                None if key == "value" => header.or_else(|| redactor.rule_for_key(key)),
                None => redactor.rule_for_key(key),
            };
        }
        // What is a word is left where it is a name, even if it is somewhere a secret.
        if !is_word(key) {
            self.searched(name);
        }
    }

    fn number(&mut self, number: &str, start: usize, rule: Option<&str>) {
        let known = self.tokens.rule_of_known(number).map(str::to_owned);
        let rule = rule.filter(|rule| *rule != rules::PLAINTEXT);
        let Some(rule) = rule.map(str::to_owned).or(known).filter(|_| number != "0") else {
            return;
        };
        if !is_removed(number, &rule) {
            return;
        }
        self.tokens.learn(number, number, &rule);
        let with = Replacement::Number(number.to_owned());
        self.hit(start..start + number.len(), &rule, with);
    }

    fn string(&mut self, string: &StringAt<'_>, rule: Option<&str>) {
        self.tokens.see(&string.value);
        let Some(rule) = rule.filter(|rule| is_removed(&string.value, rule)) else {
            return self.text_of(string);
        };
        if rules::BYTES.contains(&rule) {
            match unpack(&string.value) {
                Some(unpacked) => return self.bytes(string, rule, unpacked),
                None if rule == rules::PLAINTEXT => return self.text_of(string),
                None => {}
            }
        }
        let part = removed_part(&string.value, rule);
        let secret = string.value.get(part.clone()).unwrap_or_default();
        if secret.is_empty() || is_token(secret) {
            return;
        }
        self.tokens.learn(secret, &rules::decoded(secret), rule);
        // Half a surrogate pair is no text to point into: then all of the string goes.
        let Some(layers) = self.layers(string) else {
            let with = Replacement::Token(string.value.to_string());
            return self.hit(content(string), rule, with);
        };
        self.hit(outwards(&layers, part), rule, Replacement::Token(secret.to_owned()));
    }

    /// Bytes in base64: what takes their place is in base64 too, so that it can be decoded.
    fn bytes(&mut self, string: &StringAt<'_>, rule: &str, (packing, inner): (Packing, String)) {
        if inner.is_empty() || has_token(&inner) {
            return;
        }
        self.tokens.learn(&inner, &string.value, rule);
        let hits = vec![Hit::token(0..inner.len(), rule.to_owned(), inner.clone())];
        let with = Replacement::Packed { packing, text: inner, hits, in_url: false };
        self.hit(content(string), rule, with);
    }

    /// A string that no key gives away: JSON, packed text, or plain text.
    fn text_of(&mut self, string: &StringAt<'_>) {
        let trimmed = string.value.trim_start();
        let is_bracketed = trimmed.starts_with('{') || trimmed.starts_with('[');
        if !(is_bracketed && self.depth > 0 && self.embedded(string)) {
            self.searched(string);
        }
    }

    /// Walks JSON that stands in a string; false where it is none.
    fn embedded(&mut self, string: &StringAt<'_>) -> bool {
        let found = hits_below(self.tokens, &string.value, self.depth - 1, &self.pointer);
        let Some(found) = found else { return false };
        if found.is_empty() {
            return true;
        }
        let Some(layers) = self.layers(string) else { return false };
        self.hits.extend(
            found.into_iter().map(|hit| Hit { range: outwards(&layers, hit.range), ..hit }),
        );
        true
    }

    fn searched(&mut self, string: &StringAt<'_>) {
        let found = search(self.tokens, &string.value, self.depth);
        if found.is_empty() {
            return;
        }
        let Some(layers) = self.layers(string) else { return };
        for hit in found {
            let range = outwards(&layers, hit.range);
            let pointer = format!("{}{}", self.pointer, hit.pointer);
            self.hits.push(Hit { range, pointer, ..hit });
        }
    }

    /// From what a string says outwards to the text that is walked.
    fn layers(&self, string: &StringAt<'_>) -> Option<[Layer; 2]> {
        let (_, layer) = unescape_json(self.text.get(string.range.clone())?).ok()?;
        Some([layer, Layer::verbatim(string.range.start)])
    }

    /// Notes a hit at a range of the text that is walked.
    fn hit(&mut self, range: Range<usize>, rule: &str, with: Replacement) {
        let pointer = self.pointer.clone();
        self.hits.push(Hit { range, pointer, rule: rule.into(), with });
    }
}

fn outwards(layers: &[Layer], range: Range<usize>) -> Range<usize> {
    layers.iter().fold(range, |range, layer| layer.range(range))
}

/// Whether a value is what a rule removes: a rule for account ids removes those only.
fn is_removed(value: &str, rule: &str) -> bool {
    Anonymize::of_rule(rule).is_none_or(|kind| kind.is(value) && !kind.is_fake(value))
}

/// Whether a key is a name, and no secret that became one.
pub(super) fn is_word(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
}

/// The bytes between the quotes of a string.
fn content(string: &StringAt<'_>) -> Range<usize> {
    string.range.start + 1..string.range.end.saturating_sub(1)
}

/// What says what a secret is, within an object that holds one, and is not secret itself: a
/// message attribute's type, a header's name.
fn names_a_type(key: &str) -> bool {
    ["dataType", "Type", "type", "key", "name"].contains(&key)
}

#[cfg(test)]
mod oracle;
