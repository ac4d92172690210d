//! ARNs, as far as it takes to know whom to ask.

use crate::error::CollectError;

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    pub(crate) text: &'a str,
    pub(crate) partition: &'a str,
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, service, region, account, resource]
                if !partition.is_empty() && !resource.is_empty() =>
            {
                let (partition, service, region) = (*partition, *service, *region);
                Some(Self { text, partition, service, region, account, resource })
            }
            _ => None,
        }
    }
}

/// What `--function` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionName {
    /// The name.
    pub(crate) name: String,
    /// The version or alias, where an ARN or `NAME:QUALIFIER` names one.
    pub(crate) qualifier: Option<String>,
    /// Partition, Region and account, where an ARN names them.
    pub(crate) place: Option<(String, String, String)>,
}

impl FunctionName {
    /// A name, `NAME:QUALIFIER`, or an ARN, qualified or not.
    pub(crate) fn parse(text: &str) -> Result<Self, CollectError> {
        let invalid = || {
            CollectError::bad_input(
                format!("`{text}` names no function"),
                "write its name or its ARN, `arn:aws:lambda:REGION:ACCOUNT:function:NAME`",
            )
        };
        let arn = Arn::parse(text).filter(|arn| arn.service == "lambda");
        let (rest, place) = match arn {
            Some(arn) => {
                let place = [arn.partition, arn.region, arn.account].map(str::to_owned);
                (arn.resource.strip_prefix("function:").ok_or_else(invalid)?, Some(place.into()))
            }
            None => (text, None),
        };
        let (name, qualifier) = match rest.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (rest, None),
        };
        let is_word = |text: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            !text.is_empty() && text.chars().all(allowed)
        };
        if !is_word(name) || !qualifier.is_none_or(|text| is_word(text.trim_start_matches('$'))) {
            return Err(invalid());
        }
        let qualifier = qualifier.filter(|text| *text != "$LATEST").map(str::to_owned);
        Ok(Self { name: name.to_owned(), qualifier, place })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("demo", "demo", None)]
    #[case("demo:PROD", "demo", Some("PROD"))]
    #[case("demo:$LATEST", "demo", None)]
    #[case("arn:aws:lambda:us-east-1:841860927337:function:demo", "demo", None)]
    #[case("arn:aws:lambda:us-east-1:841860927337:function:demo:7", "demo", Some("7"))]
    fn functions_are_named_by_name_or_arn(
        #[case] text: &str,
        #[case] name: &str,
        #[case] qualifier: Option<&str>,
    ) {
        let function = FunctionName::parse(text).unwrap();
        assert_eq!((function.name.as_str(), function.qualifier.as_deref()), (name, qualifier));
        assert_eq!(function.place.is_some(), text.starts_with("arn:"));
    }

    #[rstest]
    #[case("")]
    #[case("a/b")]
    #[case("demo:")]
    #[case("arn:aws:lambda:us-east-1:841860927337:layer:demo")]
    #[case("arn:aws:sqs:us-east-1:841860927337:demo")]
    fn other_text_names_no_function(#[case] text: &str) {
        let error = FunctionName::parse(text).unwrap_err();
        assert!(error.to_string().contains("names no function"), "{error}");
    }
}
