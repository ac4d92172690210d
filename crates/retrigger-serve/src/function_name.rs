//! How a call names a function.

use std::fmt;

use crate::ApiError;

/// The pattern that AWS's message quotes. Source: Lambda API Reference, "Invoke"
/// (`NamespacedFunctionName`).
const PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";

/// The most characters of it.
const MAX_LENGTH: usize = 256;

/// A function as a call names it: by name, partial ARN or ARN, each with or without a version or
/// alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionName {
    /// The Region, of an ARN.
    pub region: Option<String>,
    /// The account, of an ARN or partial ARN.
    pub account: Option<String>,
    /// The name.
    pub name: String,
    /// The version or alias.
    pub qualifier: Option<String>,
}

impl FunctionName {
    /// Reads any of the forms.
    ///
    /// ```
    /// # use retrigger_serve::FunctionName;
    /// let name = FunctionName::parse("841860927337:function:demo:PROD").unwrap();
    /// assert_eq!(name.account.as_deref(), Some("841860927337"));
    /// assert_eq!((name.name.as_str(), name.qualifier.as_deref()), ("demo", Some("PROD")));
    /// ```
    ///
    /// # Errors
    ///
    /// AWS's, for text that matches no form.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        Self::read(text).filter(|_| text.len() <= MAX_LENGTH).ok_or_else(|| {
            ApiError::new(
                "ValidationException",
                format!(
                    "1 validation error detected: Value '{text}' at 'functionName' failed to \
                     satisfy constraint: Member must satisfy regular expression pattern: {PATTERN}"
                ),
            )
        })
    }

    fn read(text: &str) -> Option<Self> {
        let mut rest = text;
        let is_arn = text.starts_with("arn:");
        if let Some(arn) = text.strip_prefix("arn:") {
            let (partition, after) = arn.split_once(':')?;
            rest = after.strip_prefix("lambda:")?;
            let is_partition = |byte: u8| byte.is_ascii_alphabetic() || byte == b'-';
            if !partition.bytes().all(is_partition) {
                return None;
            }
        }
        let region = take(&mut rest, is_region);
        let account = take(&mut rest, is_account);
        let function = take(&mut rest, |part| part == "function");
        if is_arn && (region.is_none() || account.is_none() || function.is_none()) {
            return None;
        }
        let (name, qualifier) = match rest.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (rest, None),
        };
        let is_valid = is_word(name, b"-_.") && qualifier.is_none_or(|text| is_word(text, b"-_$."));
        is_valid.then(|| Self {
            region,
            account,
            name: name.to_owned(),
            qualifier: qualifier.map(str::to_owned),
        })
    }

    /// The same with the `Qualifier` of a query.
    ///
    /// # Errors
    ///
    /// AWS's, where the name has another one, or it can be no version or alias.
    pub fn with_qualifier(mut self, given: Option<&str>) -> Result<Self, ApiError> {
        let Some(given) = given.filter(|given| !given.is_empty()) else { return Ok(self) };
        if given.len() > 128 || !is_word(given, b"-_$.") {
            let text = format!(
                "1 validation error detected: Value '{given}' at 'qualifier' failed to satisfy \
                 constraint: Member must satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)"
            );
            return Err(ApiError::new("ValidationException", text));
        }
        if self.qualifier.as_deref().is_some_and(|own| own != given) {
            let text = "The derived qualifier from the function name does not match the specified \
                        qualifier.";
            return Err(ApiError::new("InvalidParameterValueException", text));
        }
        self.qualifier = Some(given.to_owned());
        Ok(self)
    }
}

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.qualifier.iter().try_for_each(|qualifier| write!(f, ":{qualifier}"))
    }
}

/// Takes the part before the next colon, if it is of the kind and not the last.
fn take(rest: &mut &str, is_it: impl Fn(&str) -> bool) -> Option<String> {
    let (part, after) = rest.split_once(':')?;
    if !is_it(part) {
        return None;
    }
    *rest = after;
    Some(part.to_owned())
}

fn is_region(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.split('-').count() >= 3
        && text.bytes().all(allowed)
        && text.ends_with(|end: char| end.is_ascii_digit())
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word(text: &str, besides: &[u8]) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || besides.contains(&byte))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("demo", None, None, "demo", None)]
    #[case("demo:PROD", None, None, "demo", Some("PROD"))]
    #[case("demo:$LATEST", None, None, "demo", Some("$LATEST"))]
    #[case("function:demo", None, None, "demo", None)]
    #[case("841860927337:function:demo", None, Some("841860927337"), "demo", None)]
    #[case("841860927337:demo:1", None, Some("841860927337"), "demo", Some("1"))]
    #[case(
        "arn:aws:lambda:us-east-1:841860927337:function:demo",
        Some("us-east-1"),
        Some("841860927337"),
        "demo",
        None
    )]
    #[case(
        "arn:aws-cn:lambda:cn-north-1:841860927337:function:demo:PROD",
        Some("cn-north-1"),
        Some("841860927337"),
        "demo",
        Some("PROD")
    )]
    fn every_form_is_read(
        #[case] text: &str,
        #[case] region: Option<&str>,
        #[case] account: Option<&str>,
        #[case] name: &str,
        #[case] qualifier: Option<&str>,
    ) {
        let read = FunctionName::parse(text).unwrap();
        assert_eq!(read.region.as_deref(), region);
        assert_eq!(read.account.as_deref(), account);
        assert_eq!(read.name, name);
        assert_eq!(read.qualifier.as_deref(), qualifier);
    }

    #[rstest]
    #[case("")]
    #[case("a b")]
    #[case("a:b:c")]
    #[case("demo:")]
    #[case("arn:aws:s3:::bucket")]
    #[case("arn:aws:lambda:us-east-1:841860927337:layer:demo")]
    #[case("../demo")]
    fn other_text_is_refused(#[case] text: &str) {
        let error = FunctionName::parse(text).unwrap_err();
        assert_eq!(error.code(), "ValidationException");
        assert!(error.message().contains(&format!("Value '{text}' at 'functionName'")));
    }

    #[test]
    fn qualifiers_of_name_and_query_must_agree() {
        let name = || FunctionName::parse("demo:PROD").unwrap();
        assert!(name().with_qualifier(Some("PROD")).is_ok());
        assert!(name().with_qualifier(None).is_ok());
        let error = name().with_qualifier(Some("DEV")).unwrap_err();
        assert_eq!(error.code(), "InvalidParameterValueException");
    }
}
