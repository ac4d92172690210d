//! JSON and TOML text to typed values, with the file's own words in every error.

use serde::Deserialize;

use crate::{
    error::{Error, Problem},
    source::Source,
};

/// Parses a JSON file; `format` is not looked at.
pub(crate) fn json<'a, T: Deserialize<'a>>(source: &'a Source) -> Result<T, Error> {
    source.check_depth()?;
    json_slice(source, &source.text)
}

/// The value of a JSON file, such as one of a snapshot.
///
/// # Errors
///
/// When it cannot be read, or is no JSON, with the place.
pub fn read_json(path: &std::path::Path) -> Result<serde_json::Value, Error> {
    json(&Source::read(path, crate::source::DOCUMENT)?)
}

/// Parses a piece of JSON that was borrowed from the file.
pub(crate) fn json_slice<'a, T: Deserialize<'a>>(
    source: &'a Source,
    slice: &'a str,
) -> Result<T, Error> {
    serde_json::from_str(slice).map_err(|error| {
        let start = source.span_of(slice).start;
        source.error(start + offset_of(slice, &error), json_problem(&error))
    })
}

/// Parses a JSON file of ours, whose `format` must be one that is known.
pub(crate) fn versioned_json<'a, T: Deserialize<'a>>(
    source: &'a Source,
    current: u32,
) -> Result<T, Error> {
    #[derive(Deserialize)]
    #[serde(expecting = "an object")]
    struct Probe {
        format: Option<i64>,
    }
    let probe: Probe = json(source)?;
    check_format(source, probe.format, find_key(&source.text), current)?;
    json(source)
}

fn find_key(text: &str) -> usize {
    text.find("\"format\"").unwrap_or(0)
}

/// Parses a TOML file of ours, whose `format` must be one that is known.
pub(crate) fn versioned_toml<T: serde::de::DeserializeOwned>(
    source: &Source,
    current: u32,
) -> Result<T, Error> {
    #[derive(Deserialize)]
    struct Probe {
        format: Option<toml::Spanned<i64>>,
    }
    source.check_depth()?;
    let probe: Probe = toml::from_str(&source.text).map_err(|error| {
        let is_value = error.message().starts_with("invalid type");
        toml_error(source, &error, is_value)
    })?;
    let at = probe.format.as_ref().map_or(0, |format| format.span().start);
    check_format(source, probe.format.map(toml::Spanned::into_inner), at, current)?;
    toml::from_str(&source.text).map_err(|error| toml_error(source, &error, true))
}

/// Accepts formats 1 to `current`.
pub(crate) fn check_format(
    source: &Source,
    found: Option<i64>,
    at: usize,
    current: u32,
) -> Result<(), Error> {
    match found {
        None => Err(source.error_in_all(Problem::NoFormat { current })),
        Some(found) if found > i64::from(current) => {
            Err(source.error(at, Problem::Newer { found, supported: current }))
        }
        Some(found) if found < 1 => {
            Err(source.error(at, Problem::value(format!("there is no format {found}"))))
        }
        Some(_) => Ok(()),
    }
}

/// The byte at which the JSON reader stopped: it counts lines from 1, and bytes in the line.
fn offset_of(text: &str, error: &serde_json::Error) -> usize {
    let lines_before = error.line().saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(lines_before).map(str::len).sum();
    (start + error.column().saturating_sub(1)).min(text.len())
}

fn json_problem(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let reason = text.rfind(" at line ").and_then(|end| text.get(..end)).unwrap_or(&text);
    if error.is_data() {
        return data_problem(reason);
    }
    Problem::Syntax { language: "JSON", reason: lowercase_start(reason) }
}

/// `is_value`: the text is TOML, and one of its values is wrong.
fn toml_error(source: &Source, error: &toml::de::Error, is_value: bool) -> Error {
    let reason = error.message().lines().collect::<Vec<_>>().join("; ");
    let problem = if is_value {
        data_problem(&reason)
    } else {
        Problem::Syntax { language: "TOML", reason: lowercase_start(&reason) }
    };
    match error.span() {
        Some(span) => source.error(span.start, problem),
        None => source.error_in_all(problem),
    }
}

/// A message of serde in the words of the file: what it calls fields and variants are keys and
/// values to whoever wrote it.
fn data_problem(reason: &str) -> Problem {
    let mut quoted = reason.split('`').skip(1).step_by(2).map(str::to_owned);
    let word = quoted.next().unwrap_or_default();
    if reason.starts_with("unknown field") {
        let known: Vec<String> = quoted.collect();
        return Problem::UnknownKey { candidates: nearest(&word, &known), key: word };
    }
    if reason.starts_with("unknown variant") {
        let known: Vec<String> = quoted.collect();
        let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        return Problem::value_with_advice(
            format!("unknown value `{word}`"),
            format!("it is one of {}", list.join(", ")),
        );
    }
    if reason.starts_with("missing field") {
        return Problem::value(format!("the key `{word}` is missing"));
    }
    if reason.starts_with("duplicate field") {
        return Problem::value(format!("the key `{word}` stands twice"));
    }
    Problem::value(lowercase_start(reason))
}

/// The candidate nearest to `word`, or all of them where none is near.
pub(crate) fn nearest(word: &str, known: &[String]) -> Vec<String> {
    let distance = |name: &&String| strsim::osa_distance(word, name);
    let near =
        known.iter().min_by_key(distance).filter(|name| distance(name) <= 2.max(name.len() / 3));
    near.map_or_else(|| known.to_vec(), |name| vec![name.clone()])
}

/// Messages are lowercase fragments; abbreviations keep their capitals.
fn lowercase_start(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, expecting = "an object with settings")]
    #[expect(dead_code, reason = "only whether it parses is of interest")]
    struct Settings {
        format: u32,
        timeout: Option<u32>,
        client: Option<Client>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Client {
        Builtin,
        Other,
    }

    fn source(text: &str) -> Source {
        Source { path: "f".into(), text: text.into() }
    }

    #[rstest]
    #[case("{\"format\": 1,\n \"a\"", "f:2:4: not valid JSON: EOF while parsing an object")]
    #[case("{\"format\": 1,}", "f:1:14: not valid JSON: trailing comma")]
    #[case("{\"format\": 1, \"timout\": 2}", "unknown key `timout`; did you mean `timeout`?")]
    #[case("{\"format\": 1, \"timeout\": \"é\"}", "invalid type: string \"é\", expected u32")]
    #[case("{\"format\": 1, \"format\": 1}", "the key `format` stands twice")]
    #[case("{}", "f: `format` is missing; add it at the start, with the value 1")]
    #[case(
        "{\"format\": 7, \"new\": 1}",
        "f:1:2: written by a newer retrigger: format 7, this one reads up to 1; update"
    )]
    #[case("[]", "expected an object")]
    fn json_errors_say_what_and_where(#[case] text: &str, #[case] expected: &str) {
        let error = versioned_json::<Settings>(&source(text), 1).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[rstest]
    #[case("format = 1\ntimout = 3", "f:2:1: unknown key `timout`; did you mean `timeout`?")]
    #[case("format = 1\nx = 3", "f:2:1: unknown key `x`; known are `format`, `timeout`, `client`")]
    #[case("format = 1\nformat = 1", "f:2:1: not valid TOML: duplicate key")]
    #[case("format = ", "not valid TOML")]
    #[case("format = 9\nnew = 1", "f:1:10: written by a newer retrigger: format 9")]
    #[case("format = 0", "f:1:10: there is no format 0")]
    #[case(
        "format = 1\nclient = \"buildin\"",
        "f:2:10: unknown value `buildin`; it is one of `builtin`, `other`"
    )]
    fn toml_errors_say_what_and_where(#[case] text: &str, #[case] expected: &str) {
        let error = versioned_toml::<Settings>(&source(text), 1).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn nested_brackets_are_refused_before_they_are_parsed() {
        let error = json::<serde_json::Value>(&source(&"[".repeat(100_000))).unwrap_err();
        assert_eq!(error.to_string(), "f:1:128: brackets are nested deeper than 127 levels");
        let toml = format!("format = 1\nx = {}", "[".repeat(100_000));
        let error = versioned_toml::<Settings>(&source(&toml), 1).unwrap_err();
        assert!(matches!(error.problem(), Problem::TooDeep { .. }));
    }
}
