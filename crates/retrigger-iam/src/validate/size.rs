//! Size limits, and the characters that IAM stores.
//!
//! Sources: IAM User Guide, "IAM and AWS STS quotas"; AWS Lambda Developer Guide, "Lambda quotas";
//! AWS Organizations User Guide, "Quotas for AWS Organizations"; Amazon VPC guide, "Control access
//! to VPC endpoints using endpoint policies".

use super::Checker;
use crate::{
    finding::{Code, Severity},
    kind::PolicyKind,
    policy::Policy,
    source::Span,
};

/// A limit on the length of a document.
struct Quota {
    /// The most characters.
    characters: usize,
    counts_white_space: bool,
    severity: Severity,
    /// Whose limit it is, in words, as the help has it.
    whose: &'static str,
}

impl Quota {
    const fn new(characters: usize, severity: Severity, whose: &'static str) -> Self {
        Self { characters, counts_white_space: true, severity, whose }
    }

    /// IAM does not count white space.
    const fn of_iam(characters: usize, severity: Severity, whose: &'static str) -> Self {
        Self { counts_white_space: false, ..Self::new(characters, severity, whose) }
    }
}

/// The limits of a kind, the largest first.
///
/// A limit is a warning where it is no property of the document: AWS's own managed policies may
/// be larger than a customer's, inline policies are counted together, and the limits of an
/// organization have been raised over time.
fn quotas(kind: PolicyKind, policy: &Policy) -> Vec<Quota> {
    use Severity::{Error, Warning};
    match kind {
        PolicyKind::Identity => {
            vec![Quota::of_iam(10_240, Warning, "all inline policies of a role together")]
        }
        PolicyKind::Managed | PolicyKind::Boundary => {
            vec![Quota::of_iam(6_144, Warning, "a managed policy of an account's own")]
        }
        PolicyKind::Trust => vec![
            Quota::of_iam(4_096, Error, "a trust policy, with the highest quota"),
            Quota::of_iam(2_048, Warning, "a trust policy, unless the quota was raised"),
        ],
        PolicyKind::Session => vec![Quota::new(2_048, Error, "a session policy")],
        PolicyKind::Scp => vec![Quota::new(
            5_120,
            Warning,
            "a service control policy, unless the quota was raised",
        )],
        PolicyKind::Rcp => vec![Quota::new(
            5_120,
            Warning,
            "a resource control policy, unless the quota was raised",
        )],
        PolicyKind::Endpoint => vec![Quota::new(20_480, Error, "an endpoint policy")],
        PolicyKind::Resource => {
            let severity = if is_of_lambda(policy) { Error } else { Warning };
            vec![Quota::new(
                20_480,
                severity,
                "a function's policy, and that of many other resources",
            )]
        }
    }
}

/// Whether every action is Lambda's, and the document so a function's or layer's policy.
fn is_of_lambda(policy: &Policy) -> bool {
    let mut actions = policy
        .statements
        .iter()
        .flat_map(|statement| statement.action.iter().flat_map(|action| &action.patterns));
    let is_lambda = |text: &str| text.to_ascii_lowercase().starts_with("lambda:");
    policy.statements.iter().all(|statement| statement.action.is_some())
        && actions.all(|action| is_lambda(&action.text.value))
}

impl Checker<'_> {
    pub(super) fn size(&mut self, policy: &Policy) {
        let Some(kind) = self.kind else { return };
        let all = self.text.trim().chars().count();
        let dense = self.text.chars().filter(|c| !c.is_whitespace()).count();
        let count = |quota: &Quota| if quota.counts_white_space { all } else { dense };
        let Some(quota) =
            quotas(kind, policy).into_iter().find(|quota| count(quota) > quota.characters)
        else {
            return;
        };
        let without = if quota.counts_white_space { "" } else { " besides white space" };
        let message = format!("the document has {} characters{without}", count(&quota));
        let help = format!("at most {} are for {}", quota.characters, quota.whose);
        let start = self.text.len() - self.text.trim_start().len();
        let span = Span::new(start, start + 1);
        let finding = match quota.severity {
            Severity::Error => self.kind_error(Code::QuotaExceeded, span, message),
            Severity::Warning => self.warning(Code::QuotaExceeded, span, message),
        };
        finding.help(help);
    }

    /// IAM stores tab, line feed, carriage return, and U+0020 to U+00FF.
    pub(super) fn characters(&mut self) {
        let is_stored = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}');
        if !self.is_read_by_iam() {
            return;
        }
        let Some((at, c)) = self.text.char_indices().find(|(_, c)| !is_stored(*c)) else { return };
        let more = self.text.chars().filter(|c| !is_stored(*c)).count() - 1;
        let others = if more > 0 { format!(", nor {more} more like it") } else { String::new() };
        let message = format!("IAM does not store `{c}` (U+{:04X}){others}", u32::from(c));
        self.kind_error(Code::UnsupportedCharacter, Span::new(at, at + c.len_utf8()), message)
            .help("use characters up to U+00FF, such as letters, digits and straight quotes");
    }
}
