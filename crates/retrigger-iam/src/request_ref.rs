//! A request whose parts live elsewhere, for deciding in bulk.

use crate::{
    action_ref::ActionRef,
    arn::Arn,
    compile::{Caller, Key},
    context::{Context, ValueRef},
    evaluate::needs_resource_grant,
    fold,
    principal::Principal,
    request::Request,
};

/// An authorization request that borrows all it says, such as from a line of a log.
///
/// What every decision wants to know of a request is looked at once, when it is made: a request
/// that is held against several policy sets is best made once.
///
/// ```
/// # use retrigger_iam::{Decision, KeyRef, PolicySet, Principal, RequestRef, ValueRef};
/// let policy = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
///     "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*",
///     "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}}"#;
/// let policies = PolicySet { identity: vec![policy.parse().unwrap()], ..PolicySet::default() };
/// let compiled = policies.compile();
///
/// let caller: Principal = "arn:aws:iam::111122223333:user/alice".parse().unwrap();
/// let line = "s3:GetObject arn:aws:s3:::bucket/key 192.0.2.7";
/// let mut fields = line.split(' ');
/// let mut field = || fields.next().unwrap();
/// let (action, resource) = (field(), field());
/// let context = [KeyRef::new("aws:SourceIp", ValueRef::Single(field()))];
/// let request = RequestRef::new(&caller, action, resource).with_context(&context);
/// assert_eq!(compiled.decide_ref(&request), Decision::Allowed);
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct RequestRef<'a> {
    pub(crate) caller: Caller<'a>,
    pub(crate) action: ActionRef<'a>,
    pub(crate) resource: &'a str,
    pub(crate) arn: Option<Arn<'a>>,
    /// A pattern could fit the resource with its colons elsewhere than an ARN has them.
    pub(crate) may_be_split_elsewhere: bool,
    /// The resource is shut to its own account until its policy opens it.
    pub(crate) needs_resource_grant: bool,
    pub(crate) resource_account: Option<&'a str>,
    pub(crate) context: ContextRef<'a>,
    pub(crate) wildcard_only_action: bool,
    pub(crate) principal_in_management_account: bool,
    pub(crate) resource_in_management_account: bool,
}

impl<'a> RequestRef<'a> {
    /// A request with an empty context, whose resource is owned by the account in its ARN.
    #[inline]
    pub fn new(principal: &'a Principal, action: &'a str, resource: &'a str) -> Self {
        let arn = Arn::parse(resource);
        Self {
            caller: Caller::new(principal),
            action: ActionRef::new(action),
            resource,
            arn,
            may_be_split_elsewhere: arn.is_none_or(|arn| arn.resource.contains(':')),
            needs_resource_grant: needs_resource_grant(action, arn),
            resource_account: None,
            context: ContextRef::Listed(&[]),
            wildcard_only_action: false,
            principal_in_management_account: false,
            resource_in_management_account: false,
        }
    }

    /// The same request with these condition keys. Where one stands twice, the first counts.
    #[must_use]
    pub fn with_context(self, keys: &'a [KeyRef<'a>]) -> Self {
        Self { context: ContextRef::Listed(keys), ..self }
    }

    /// The same request on a resource of this account, as [`Request::declared_resource_account`].
    #[must_use]
    pub fn with_resource_account(self, account: &'a str) -> Self {
        Self { resource_account: Some(account), ..self }
    }

    /// The same request by a session of this role or user, as [`Request::session_issuer`].
    #[must_use]
    pub fn with_session_issuer(mut self, arn: &'a str) -> Self {
        self.caller.issuer = Some(arn);
        self
    }

    /// The same request, as [`Request::wildcard_only_action`] says.
    #[must_use]
    pub fn with_wildcard_only_action(self, is_so: bool) -> Self {
        Self { wildcard_only_action: is_so, ..self }
    }

    /// The same request, as [`Request::principal_in_management_account`] and
    /// [`Request::resource_in_management_account`] say.
    #[must_use]
    pub fn with_management_account(self, has_principal: bool, has_resource: bool) -> Self {
        Self {
            principal_in_management_account: has_principal,
            resource_in_management_account: has_resource,
            ..self
        }
    }

    /// Where else than in its ARN the resource may be split into header and resource part: at
    /// each colon from the sixth on or, where it is no ARN, from the fifth on.
    pub(crate) fn later_resource_parts(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let text = self.resource.as_bytes();
        let from = match self.arn {
            Some(arn) => text.len() - arn.resource.len(),
            // The fifth colon is looked at as well.
            None => memchr::memchr_iter(b':', text).nth(4).unwrap_or(text.len()),
        };
        let colons = memchr::memchr_iter(b':', &text[from..]).map(move |colon| from + colon);
        colons.map(|colon| (&text[..colon], &text[colon + 1..]))
    }

    /// The same request, owned.
    pub fn to_request(&self) -> Request {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Request {
            principal: self.caller.principal.clone(),
            action: self.action.text.to_owned(),
            resource: self.resource.to_owned(),
            declared_resource_account: owned(self.resource_account),
            session_issuer: owned(self.caller.issuer),
            context: self.context.to_context(),
            wildcard_only_action: self.wildcard_only_action,
            principal_in_management_account: self.principal_in_management_account,
            resource_in_management_account: self.resource_in_management_account,
        }
    }
}

impl<'a> From<&'a Request> for RequestRef<'a> {
    #[inline]
    fn from(request: &'a Request) -> Self {
        let mut borrowed = Self::new(&request.principal, &request.action, &request.resource);
        borrowed.caller.issuer = request.session_issuer.as_deref();
        borrowed.resource_account = request.declared_resource_account.as_deref();
        borrowed.context = ContextRef::Owned(&request.context);
        borrowed.wildcard_only_action = request.wildcard_only_action;
        borrowed.principal_in_management_account = request.principal_in_management_account;
        borrowed.resource_in_management_account = request.resource_in_management_account;
        borrowed
    }
}

/// One condition key with what is said of it, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRef<'a> {
    hash: u64,
    key: &'a str,
    value: ValueRef<'a>,
}

impl<'a> KeyRef<'a> {
    /// A key, under any spelling, with what is said of it.
    pub fn new(key: &'a str, value: ValueRef<'a>) -> Self {
        Self { hash: fold::hash(key), key, value }
    }
}

/// Condition keys, borrowed.
#[derive(Clone, Copy, Debug)]
pub enum ContextRef<'a> {
    /// From a [`Context`].
    Owned(&'a Context),
    /// From a list.
    Listed(&'a [KeyRef<'a>]),
}

impl<'a> ContextRef<'a> {
    #[inline]
    pub(crate) fn look_up(&self, key: &Key) -> ValueRef<'a> {
        match self {
            Self::Owned(context) => context.look_up(key),
            Self::Listed(keys) => look_up(keys, key),
        }
    }

    fn to_context(self) -> Context {
        let keys = match self {
            Self::Owned(context) => return context.clone(),
            Self::Listed(keys) => keys,
        };
        let mut context = Context::default();
        for KeyRef { key, value, .. } in keys.iter().rev() {
            match value {
                ValueRef::Absent => context.remove(key),
                ValueRef::Unknown => context.insert_unknown(*key),
                ValueRef::Single(value) => context.insert(*key, *value),
                ValueRef::Multi(values) => {
                    context.insert(*key, values.iter().map(str::to_owned).collect::<Vec<_>>());
                }
            }
        }
        context
    }
}

fn look_up<'a>(keys: &[KeyRef<'a>], key: &Key) -> ValueRef<'a> {
    let is_it = |one: &&KeyRef<'_>| one.hash == key.hash && key.is(one.key);
    keys.iter().find(is_it).map_or(ValueRef::Absent, |found| found.value)
}
