//! Who calls.

use std::collections::BTreeMap;

use retrigger_iam::Principal;
use retrigger_serve::{ApiError, Signer};

/// Who calls with which access key.
#[derive(Clone, Debug, Default)]
pub(super) struct Callers {
    default: Option<Principal>,
    by_key: BTreeMap<String, Principal>,
}

impl Callers {
    pub(super) fn set_default(&mut self, principal: Principal) {
        self.default = Some(principal);
    }

    pub(super) fn set(&mut self, access_key_id: &str, principal: Principal) {
        self.by_key.insert(access_key_id.to_owned(), principal);
    }

    /// All that are named.
    pub(super) fn all(&self) -> impl Iterator<Item = &Principal> {
        self.default.iter().chain(self.by_key.values())
    }

    /// Whoever signed a request; `root` where nobody is named at all.
    pub(super) fn of(&self, signer: &Signer, root: &Principal) -> Result<Principal, ApiError> {
        let named = match signer {
            Signer::AccessKey(id) => self.by_key.get(id),
            Signer::Nobody => None,
        };
        let fallback = || self.default.as_ref().or(self.by_key.is_empty().then_some(root));
        named.or_else(fallback).cloned().ok_or_else(|| match signer {
            Signer::AccessKey(_) => ApiError::new(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ),
            Signer::Nobody => {
                ApiError::new("MissingAuthenticationTokenException", "Missing Authentication Token")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> Principal {
        Principal::User(format!("arn:aws:iam::841860927337:user/{name}"))
    }

    fn key(id: &str) -> Signer {
        Signer::AccessKey(id.to_owned())
    }

    #[test]
    fn without_any_name_the_root_user_calls() {
        let root = Principal::Root("arn:aws:iam::841860927337:root".to_owned());
        let callers = Callers::default();
        assert_eq!(callers.of(&key("a"), &root).unwrap(), root);
        assert_eq!(callers.of(&Signer::Nobody, &root).unwrap(), root);
    }

    #[test]
    fn where_keys_are_named_others_are_refused() {
        let root = user("root");
        let mut callers = Callers::default();
        callers.set("a", user("alice"));
        assert_eq!(callers.of(&key("a"), &root).unwrap(), user("alice"));
        assert_eq!(callers.of(&key("b"), &root).unwrap_err().status(), 403);
        assert_eq!(callers.of(&Signer::Nobody, &root).unwrap_err().status(), 403);
        callers.set_default(user("bob"));
        assert_eq!(callers.of(&key("b"), &root).unwrap(), user("bob"));
    }
}
