//! The ARN of a Lambda function.

use std::fmt;

use crate::error::Problem;

/// The unqualified ARN of a function: `arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME`.
///
/// Source: AWS Service Authorization Reference, "Actions, resources, and condition keys for AWS
/// Lambda".
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FunctionArn {
    text: String,
    /// Where the partition, Region, account and name stand in `text`.
    parts: [std::ops::Range<usize>; 4],
}

impl FunctionArn {
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let fields: Vec<&str> = text.split(':').collect();
        let ["arn", partition, "lambda", region, account, "function", name] = fields.as_slice()
        else {
            return Err(not_a_function(text, fields.len() == 8));
        };
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        if !is_account || [*partition, *region, *name].iter().any(|part| part.is_empty()) {
            return Err(not_a_function(text, false));
        }
        let parts = [*partition, *region, *account, *name].map(|part| span(text, part));
        Ok(Self { text: text.to_owned(), parts })
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub fn partition(&self) -> &str {
        self.part(0)
    }

    /// The Region.
    pub fn region(&self) -> &str {
        self.part(1)
    }

    /// The 12-digit account id.
    pub fn account(&self) -> &str {
        self.part(2)
    }

    /// The function's name.
    pub fn name(&self) -> &str {
        self.part(3)
    }

    /// The ARN of a version or alias, or this one where there is no qualifier.
    pub fn qualified(&self, qualifier: Option<&str>) -> String {
        qualifier.map_or_else(|| self.text.clone(), |name| format!("{}:{name}", self.text))
    }

    fn part(&self, index: usize) -> &str {
        self.parts.get(index).and_then(|span| self.text.get(span.clone())).unwrap_or_default()
    }
}

fn span(text: &str, part: &str) -> std::ops::Range<usize> {
    let start = part.as_ptr() as usize - text.as_ptr() as usize;
    start..start + part.len()
}

fn not_a_function(text: &str, qualified: bool) -> Problem {
    let advice = if qualified {
        "leave the version or alias away; a recording names it as `qualifier`"
    } else {
        "it reads `arn:aws:lambda:REGION:ACCOUNT:function:NAME`"
    };
    Problem::value_with_advice(format!("`{text}` is not the ARN of a function"), advice)
}

impl fmt::Display for FunctionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn parts_are_read() {
        let text = "arn:aws-cn:lambda:cn-north-1:841860927337:function:demo";
        let arn = FunctionArn::parse(text).unwrap();
        assert_eq!(arn.partition(), "aws-cn");
        assert_eq!(arn.region(), "cn-north-1");
        assert_eq!(arn.account(), "841860927337");
        assert_eq!(arn.name(), "demo");
        assert_eq!(arn.qualified(Some("PROD")), format!("{text}:PROD"));
        assert_eq!(arn.qualified(None), text);
    }

    #[rstest]
    #[case("lambdaDemo", "it reads")]
    #[case("arn:aws:lambda:us-east-1:84186092733:function:demo", "it reads")]
    #[case("arn:aws:lambda:us-east-1:841860927337:function:", "it reads")]
    #[case("arn:aws:lambda:us-east-1:841860927337:function:demo:PROD", "leave the version")]
    fn other_text_is_refused(#[case] text: &str, #[case] advice: &str) {
        let problem = FunctionArn::parse(text).unwrap_err();
        assert!(problem.advice().unwrap().starts_with(advice));
    }
}
