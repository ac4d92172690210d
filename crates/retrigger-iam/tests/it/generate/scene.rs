//! One caller who wants one thing under one context.

use retrigger_iam::{Context, Principal};

use super::{
    entropy::Entropy,
    near::change,
    pools::{CALLERS, ISSUERS, KEYS, TARGETS, Type},
};

/// What statements and requests are written around.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) caller: Principal,
    pub(crate) issuer: Option<String>,
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) context: Context,
}

impl Scene {
    pub(crate) fn new(entropy: &mut Entropy<'_>) -> Self {
        let caller: Principal = entropy.pick(&CALLERS).parse().expect("a caller");
        let is_session = matches!(caller, Principal::AssumedRole(_) | Principal::FederatedUser(_));
        let has_issuer = entropy.chance(if is_session { 50 } else { 5 });
        let issuer = has_issuer.then(|| entropy.pick(&ISSUERS).to_owned());
        // The first targets are asked for more often than the others.
        let count = if entropy.chance(50) { TARGETS.len() } else { 6 };
        let (action, resource) = TARGETS[entropy.below(count)];
        let context = context(entropy);
        Self { caller, issuer, action: action.to_owned(), resource: resource.to_owned(), context }
    }

    pub(crate) fn has_identity_policies(&self) -> bool {
        use Principal as P;
        matches!(self.caller, P::User(_) | P::Role(_) | P::AssumedRole(_) | P::FederatedUser(_))
    }

    pub(crate) fn is_federated_user(&self) -> bool {
        matches!(self.caller, Principal::FederatedUser(_))
    }

    /// Whether nothing is allowed without the resource's policy: to callers of no account or of
    /// another one, for keys and for roles.
    pub(crate) fn needs_resource_policy(&self) -> bool {
        let account = self.caller.account();
        let is_own = account.is_some_and(|account| self.resource.contains(account));
        let is_nobodys = account.is_some() && self.resource.contains(":::");
        !(is_own || is_nobodys) || self.action.starts_with("sts:") || self.resource.contains("key/")
    }
}

/// Condition keys with values, some of them unknown.
fn context(entropy: &mut Entropy<'_>) -> Context {
    let mut context = Context::default();
    for _ in 0..entropy.below(5) {
        let (key, kind, is_multi) = KEYS[entropy.below(KEYS.len())];
        insert(entropy, &mut context, key, kind, is_multi);
    }
    context
}

/// Sets a key, now and then to several values where it has one, to none, to what nobody knows, or
/// under another spelling.
pub(crate) fn insert(
    entropy: &mut Entropy<'_>,
    context: &mut Context,
    key: &str,
    kind: Type,
    is_multi: bool,
) {
    let key = if entropy.chance(10) { change_case(key) } else { key.to_owned() };
    if entropy.chance(10) {
        context.insert_unknown(key);
    } else if is_multi != entropy.chance(6) {
        let values: Vec<String> = (0..entropy.below(4)).map(|_| value(entropy, kind)).collect();
        context.insert(key, values);
    } else {
        context.insert(key, value(entropy, kind));
    }
}

/// A value of a type: mostly one of the first few, so that values meet.
pub(crate) fn value(entropy: &mut Entropy<'_>, kind: Type) -> String {
    let values = kind.values();
    let count = if entropy.chance(40) { values.len() } else { 4 };
    let value = values[entropy.below(count)];
    match entropy.below(32) {
        30 => change(entropy, value),
        31 => value.repeat(100),
        _ => value.to_owned(),
    }
}

/// The key in capitals; its letters beyond ASCII, whose case counts, are left alone.
pub(crate) fn change_case(key: &str) -> String {
    key.to_ascii_uppercase()
}
