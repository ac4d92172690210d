//! Texts and patterns of IAM in Cedar's spelling.

/// Why a statement cannot be said in Cedar.
pub(super) type Reason = &'static str;

const VARIABLE: Reason = "a policy variable within a text";
const ONE_CHARACTER: Reason = "the wildcard `?`";

/// A string literal.
pub(super) fn literal(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// A comparison of `left` with a text that may have wildcards.
pub(super) fn matches(left: &str, pattern: &str) -> Result<String, Reason> {
    without_variables(pattern)?;
    match pattern {
        _ if pattern.contains('?') => Err(ONE_CHARACTER),
        "*" => Ok("true".to_owned()),
        _ if pattern.contains('*') => Ok(format!("{left} like \"{}\"", escaped(pattern))),
        _ => Ok(format!("{left} == {}", literal(pattern))),
    }
}

/// Refuses a text with a policy variable, which Cedar cannot put into a text.
pub(super) fn without_variables(text: &str) -> Result<&str, Reason> {
    if text.contains("${") { Err(VARIABLE) } else { Ok(text) }
}

/// The key that a text consists of, where it is one policy variable without default.
pub(super) fn variable(text: &str) -> Option<&str> {
    let key = text.strip_prefix("${")?.strip_suffix('}')?;
    (!key.contains([',', '{', '*', '?', '$'])).then_some(key)
}

/// One of these expressions.
pub(super) fn any(expressions: &[String]) -> String {
    match expressions {
        [] => "false".to_owned(),
        [only] => only.clone(),
        _ => format!("({})", expressions.join(" || ")),
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
