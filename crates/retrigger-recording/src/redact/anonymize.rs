//! Account ids, e-mail addresses and IP addresses: whose they are can be hidden by choice.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    ops::Range,
    str::FromStr,
    sync::LazyLock,
};

use regex::Regex;
use serde::Deserialize;

/// What can be replaced beyond secrets, by choice. Each keeps its form, and the same value is
/// replaced alike throughout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase", expecting = "`account`, `email` or `ip`")]
pub enum Anonymize {
    /// AWS account ids become `999900000001`, `999900000002`, …
    Account,
    /// E-mail addresses become `user-1@example.com`, …
    Email,
    /// IP addresses become ones that are kept for documentation: `192.0.2.1`, … (then
    /// `198.51.100.1`, … and `203.0.113.1`, …; RFC 5737) and `2001:db8::1`, … (RFC 3849). Loopback
    /// and unspecified addresses stay.
    Ip,
}

/// What the numbers of account ids are added to: an account id in form, and no leading zeros, so
/// that it is a JSON number too.
const FIRST_ACCOUNT: u64 = 999_900_000_000;
const MAX_ACCOUNTS: u64 = 99_999;

/// The networks for documentation (RFC 5737).
const NETWORKS: [[u8; 3]; 3] = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];

const DOCUMENTATION: Ipv6Addr = Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 0);

static ACCOUNT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?-u:\b)arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:(\d{12}):",
        r"|(?-u:\b)sqs[.a-z0-9-]*\.amazonaws\.com(?:\.cn)?/(\d{12})/",
        r"|(?i:account[_-]?(?:id)?\x22?\s*[:=]\s*\x22?)(\d{12})(?-u:\b)",
    ))
    .ok()
});
static EMAIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
    )
    .ok()
});
static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*|\d+(?:\.\d+){3}").ok());

impl FromStr for Anonymize {
    type Err = String;

    /// `account`, `email` or `ip`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kinds = [Self::Account, Self::Email, Self::Ip];
        let found = kinds.into_iter().find(|kind| kind.rule() == text);
        found.ok_or_else(|| format!("`{text}` is none of `account`, `email` and `ip`"))
    }
}

impl Anonymize {
    /// The name of its rule.
    pub(super) fn rule(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Email => "email",
            Self::Ip => "ip",
        }
    }

    /// The kind with this rule.
    pub(super) fn of_rule(rule: &str) -> Option<Self> {
        [Self::Account, Self::Email, Self::Ip].into_iter().find(|kind| kind.rule() == rule)
    }

    /// Where such values stand in a text.
    pub(super) fn places(self, text: &str) -> Vec<Range<usize>> {
        let pattern = match self {
            Self::Account => &ACCOUNT,
            Self::Email => &EMAIL,
            Self::Ip => &ADDRESS,
        };
        let groups = pattern.iter().flat_map(|pattern| pattern.captures_iter(text));
        let value = |captures: regex::Captures<'_>| {
            let group = captures.iter().skip(1).flatten().next();
            Some(group.or_else(|| captures.get(0))?.range())
        };
        groups.filter_map(value).filter(|range| self.is_value(text, range)).collect()
    }

    /// Whether a whole text, or number, is such a value.
    pub(super) fn is(self, text: &str) -> bool {
        match self {
            Self::Account => text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()),
            Self::Email | Self::Ip => self.places(text).first() == Some(&(0..text.len())),
        }
    }

    fn is_value(self, text: &str, range: &Range<usize>) -> bool {
        if self != Self::Ip {
            return true;
        }
        let before = text.get(..range.start).unwrap_or_default();
        let after = text.get(range.end..).unwrap_or_default();
        // `Chrome/120.0.0.0` is a version, `https://10.0.0.1/` has an address.
        let is_version = before.ends_with('/') && !before.ends_with("//");
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '.';
        let is_within = before.ends_with(|c| is_word(c) && c != '.')
            || after.trim_start_matches('.').starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let address = text.get(range.clone()).and_then(|text| text.parse::<IpAddr>().ok());
        address.is_some_and(|ip| !ip.is_loopback() && !ip.is_unspecified())
            && !is_version
            && !is_within
    }

    /// The value with this number, from 1, in the form of `like`.
    pub(super) fn fake(self, number: u64, like: &str) -> String {
        match self {
            Self::Account => (FIRST_ACCOUNT + number.min(MAX_ACCOUNTS)).to_string(),
            Self::Email => format!("user-{number}@example.com"),
            Self::Ip if like.contains(':') => {
                Ipv6Addr::from(DOCUMENTATION.to_bits() + u128::from(number)).to_string()
            }
            Self::Ip => {
                let index = number.saturating_sub(1);
                let [a, b, c] = match index / 254 % 3 {
                    0 => NETWORKS[0],
                    1 => NETWORKS[1],
                    _ => NETWORKS[2],
                };
                let host = u8::try_from(index % 254 + 1).unwrap_or(u8::MAX);
                Ipv4Addr::new(a, b, c, host).to_string()
            }
        }
    }

    /// Whether a value is such as [`fake`](Self::fake) makes.
    pub(super) fn is_fake(self, value: &str) -> bool {
        match self {
            Self::Account => value
                .parse::<u64>()
                .is_ok_and(|id| (1..=MAX_ACCOUNTS).contains(&id.wrapping_sub(FIRST_ACCOUNT))),
            Self::Email => {
                let user = value.strip_suffix("@example.com");
                let number = user.and_then(|user| user.strip_prefix("user-"));
                number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
            }
            Self::Ip => match value.parse() {
                Ok(IpAddr::V4(ip)) => {
                    NETWORKS.iter().any(|network| ip.octets().starts_with(network))
                }
                Ok(IpAddr::V6(ip)) => ip.segments().starts_with(&[0x2001, 0xDB8]),
                Err(_) => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Anonymize::Account, "arn:aws:iam::111122223333:role/r of 444455556666", &["111122223333"])]
    #[case(Anonymize::Account, "https://sqs.us-east-1.amazonaws.com/111122223333/q", &["111122223333"])]
    #[case(Anonymize::Account, "accountId: 111122223333, at 202603020941", &["111122223333"])]
    #[case(Anonymize::Email, "<Jo.Do+x@mail.example.org>, a@b", &["Jo.Do+x@mail.example.org"])]
    #[case(Anonymize::Ip, "10.1.2.3, https://10.1.2.4/ 127.0.0.1 Chrome/120.0.0.0 1.2.3.4.5", &["10.1.2.3", "10.1.2.4"])]
    #[case(Anonymize::Ip, "[fe80::1]:443 at 12:34:56, 2001:0db9::1 ::1", &["fe80::1", "2001:0db9::1"])]
    fn values_are_found_in_text(
        #[case] kind: Anonymize,
        #[case] text: &str,
        #[case] expected: &[&str],
    ) {
        let found: Vec<&str> =
            kind.places(text).into_iter().filter_map(|range| text.get(range)).collect();
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case(Anonymize::Account, "111122223333", "999900000001")]
    #[case(Anonymize::Email, "a@b.org", "user-1@example.com")]
    #[case(Anonymize::Ip, "10.0.0.1", "192.0.2.1")]
    #[case(Anonymize::Ip, "fe80::1", "2001:db8::1")]
    fn a_fake_has_the_form_of_what_it_stands_for(
        #[case] kind: Anonymize,
        #[case] value: &str,
        #[case] fake: &str,
    ) {
        assert_eq!(kind.fake(1, value), fake);
        assert!(kind.is(fake) && kind.is(value));
        assert!(kind.is_fake(fake) && !kind.is_fake(value));
    }

    #[test]
    fn addresses_fill_all_networks_for_documentation() {
        assert_eq!(Anonymize::Ip.fake(254, "10.0.0.1"), "192.0.2.254");
        assert_eq!(Anonymize::Ip.fake(255, "10.0.0.1"), "198.51.100.1");
        assert_eq!(Anonymize::Ip.fake(762, "10.0.0.1"), "203.0.113.254");
    }
}
