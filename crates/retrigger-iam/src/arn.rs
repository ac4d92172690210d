//! Amazon Resource Names, split once into their six parts.

use std::fmt;

/// An ARN borrowed from a string and split at its first five colons:
/// `arn:partition:service:region:account-id:resource`.
///
/// The resource part keeps its own colons and slashes. Region and account may be empty, as in
/// `arn:aws:s3:::bucket`. Source: IAM User Guide, "Identify AWS resources with Amazon Resource
/// Names (ARNs)".
///
/// ```
/// # use retrigger_iam::Arn;
/// let arn = Arn::parse("arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo").unwrap();
/// assert_eq!(arn.service, "lambda");
/// assert_eq!(arn.account, "841860927337");
/// assert_eq!(arn.resource, "function:lambdaDemo");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: &'a str,
    /// The service namespace, such as `lambda`.
    pub service: &'a str,
    /// The Region, or empty.
    pub region: &'a str,
    /// The 12-digit account id, or empty.
    pub account: &'a str,
    /// Everything after the fifth colon.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits `text`, or returns `None` where it does not start with `arn:` or has fewer than six
    /// parts. What the parts hold is not judged.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        let mut part = || parts.next();
        Some(Self {
            partition: part()?,
            service: part()?,
            region: part()?,
            account: part()?,
            resource: part()?,
        })
    }

    /// The account id, or `None` where the ARN carries none.
    pub fn account_id(&self) -> Option<&'a str> {
        (!self.account.is_empty()).then_some(self.account)
    }

    /// The last piece of the resource part after `/`, as IAM names a user or role whose ARN may
    /// carry a path: `role/service-role/demo` → `demo`.
    pub fn resource_name(&self) -> &'a str {
        self.resource.rsplit('/').next().unwrap_or(self.resource)
    }
}

impl fmt::Display for Arn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_part_keeps_its_colons() {
        let text = "arn:aws:logs:us-east-1:841860927337:log-group:/aws/lambda/demo:*";
        let arn = Arn::parse(text).unwrap();
        assert_eq!(arn.resource, "log-group:/aws/lambda/demo:*");
        assert_eq!(arn.to_string(), text);
    }

    #[test]
    fn fewer_than_six_parts_is_no_arn() {
        assert_eq!(Arn::parse("arn:aws:s3::athena-demo-kodekloud"), None);
        assert_eq!(Arn::parse("aws:s3:::bucket:x:y"), None);
    }
}
