//! Statement ids.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Sid". IAM takes letters and digits, each id
//! once; other services take more characters, which differ by service.

use std::collections::HashMap;

use super::{Checker, quoted};
use crate::{finding::Code, policy::Policy, source::Location};

impl Checker<'_> {
    pub(super) fn sids(&mut self, policy: &Policy) {
        let mut seen = HashMap::new();
        let sids = policy.statements.iter().filter_map(|statement| statement.sid.as_ref());
        for sid in sids.filter(|sid| !sid.value.is_empty()) {
            let is_plain = sid.value.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if self.is_read_by_iam() && !is_plain {
                let plain: String = sid.value.chars().filter(char::is_ascii_alphanumeric).collect();
                let message =
                    format!("Sid {} has characters other than letters and digits", quoted(sid));
                let finding = self.kind_error(Code::InvalidSid, sid.span, message);
                if !plain.is_empty() {
                    finding.help(format!("write \"{plain}\""));
                }
            }
            if let Some(first) = seen.insert(sid.value.as_str(), sid.span.start) {
                seen.insert(sid.value.as_str(), first);
                let line = Location::of(self.text, first).line;
                let message = format!("Sid {} stands twice", quoted(sid));
                self.iam_error(Code::DuplicateSid, sid.span, message)
                    .help(format!("the first is in line {line}; give each statement its own"));
            }
        }
    }
}
