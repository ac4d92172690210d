//! What a recording knows besides the payload.

use retrigger_iam::Arn;

use crate::classify::Evidence;
use crate::finding::TriggerFinding;

/// What is known besides the payload: the ARN of the function it was sent to, which gives the
/// partition, Region and account that many payloads leave out.
///
/// A field that is absent or no ARN leaves the facts which need it unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surroundings<'a> {
    /// The function's ARN, qualified or not.
    pub function_arn: Option<&'a str>,
}

impl<'a> Surroundings<'a> {
    /// Nothing is known but the payload.
    pub const fn none() -> Self {
        Self { function_arn: None }
    }

    /// The payload was sent to this function.
    pub const fn of_function(function_arn: &'a str) -> Self {
        Self { function_arn: Some(function_arn) }
    }

    fn arn(&self) -> Option<Arn<'a>> {
        self.function_arn.and_then(Arn::parse)
    }

    /// The account that owns the function.
    pub fn account(&self) -> Option<&'a str> {
        self.arn().and_then(|arn| arn.account_id())
    }

    /// The Region the function is in.
    pub fn region(&self) -> Option<&'a str> {
        self.arn().map(|arn| arn.region).filter(|region| !region.is_empty())
    }

    /// Where the source of an event lives: what the payload says, else where the function lives.
    pub(crate) fn place(&self, region: Option<&'a str>, account: Option<&'a str>) -> Place<'a> {
        let region = region.or_else(|| self.region());
        let partition = self
            .arn()
            .map_or_else(|| partition_of(region.unwrap_or_default()), |arn| arn.partition);
        let account_is_assumed = account.is_none();
        Place { partition, region, account: account.or_else(|| self.account()), account_is_assumed }
    }
}

/// Partition, Region and account of the source of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    partition: &'a str,
    region: Option<&'a str>,
    account: Option<&'a str>,
    account_is_assumed: bool,
}

impl Place<'_> {
    /// A source ARN at this place and its account; nothing where Region or account is unknown.
    pub(crate) fn evidence(&self, service: &str, resource: &str) -> Evidence {
        let (Some(region), Some(account)) = (self.region, self.account) else {
            let stated = self.account.filter(|_| !self.account_is_assumed);
            return Evidence::default().with_account(stated);
        };
        let partition = self.partition;
        let arn = format!("arn:{partition}:{service}:{region}:{account}:{resource}");
        let mut evidence = Evidence::from_arn(Some(&arn));
        if self.account_is_assumed {
            evidence.findings.push(TriggerFinding::AccountAssumed { account: account.to_owned() });
        }
        evidence
    }
}

/// The partition a Region belongs to, by its prefix. Source: AWS General Reference, "Amazon
/// Resource Names (ARNs)".
fn partition_of(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("us-east-1", "aws")]
    #[case("cn-north-1", "aws-cn")]
    #[case("us-gov-west-1", "aws-us-gov")]
    fn the_region_tells_the_partition(#[case] region: &str, #[case] partition: &str) {
        let place = Surroundings::none().place(Some(region), Some("111122223333"));
        let arn = format!("arn:{partition}:iot:{region}:111122223333:rule/r");
        assert_eq!(place.evidence("iot", "rule/r").source_arn, Some(arn));
    }

    #[test]
    fn an_arn_is_not_made_up_from_half_of_its_parts() {
        let evidence = Surroundings::none().place(None, Some("111122223333")).evidence("x", "y");
        assert_eq!(evidence.source_arn, None);
        assert_eq!(evidence.source_account.as_deref(), Some("111122223333"));
    }

    #[test]
    fn an_account_taken_from_the_function_is_said_to_be() {
        let function = "arn:aws:lambda:eu-west-1:111122223333:function:f:PROD";
        let evidence = Surroundings::of_function(function).place(None, None).evidence("x", "y");
        assert_eq!(evidence.source_arn.as_deref(), Some("arn:aws:x:eu-west-1:111122223333:y"));
        assert_eq!(evidence.findings[0].code(), "account-assumed");
    }
}
