//! Statement ids.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Sid". IAM takes letters and digits, each id
//! once; other services take more characters, which differ by service.

use std::collections::HashMap;

use super::{Checker, quoted};
use crate::{finding::Code, policy::Policy, source::Text};

impl Checker<'_> {
    pub(super) fn sids(&mut self, policy: &Policy) {
        let mut seen = HashMap::new();
        for (number, statement) in (1..).zip(&policy.statements) {
            let Some(sid) = statement.sid.as_ref().filter(|sid| !sid.value.is_empty()) else {
                continue;
            };
            self.sid_characters(sid);
            let first: u32 = *seen.entry(sid.value.as_str()).or_insert(number);
            if first != number {
                let message = format!("Sid {} stands twice", quoted(sid));
                self.iam_error(Code::DuplicateSid, sid.span, message)
                    .help(format!("statement {first} has it too: give each its own"));
            }
        }
    }

    /// IAM's documentation has no underscore either; documents with one are reported to be stored.
    fn sid_characters(&mut self, sid: &Text) {
        let is_plain = |c: char| c.is_ascii_alphanumeric();
        if !self.is_read_by_iam() || sid.value.chars().all(is_plain) {
            return;
        }
        let message = format!("Sid {} has characters other than letters and digits", quoted(sid));
        let finding = if sid.value.chars().all(|c| is_plain(c) || c == '_') {
            self.warning(Code::InvalidSid, sid.span, message)
        } else {
            self.kind_error(Code::InvalidSid, sid.span, message)
        };
        let plain: String = sid.value.chars().filter(|c| is_plain(*c)).collect();
        if !plain.is_empty() {
            finding.help(format!("write \"{plain}\""));
        }
    }
}
