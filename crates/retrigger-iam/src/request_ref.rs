//! A request whose parts live elsewhere, for deciding in bulk.

use crate::{
    compile::Key,
    context::{Context, ValueRef},
    fold,
    principal::Principal,
    request::Request,
};

/// An authorization request that borrows all it says, such as from a line of a log.
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
pub struct RequestRef<'a> {
    /// The caller.
    pub principal: &'a Principal,
    /// One concrete action, `service:Name`.
    pub action: &'a str,
    /// The ARN of one concrete resource, or `*` for an action without resource-level permissions.
    pub resource: &'a str,
    /// As [`Request::declared_resource_account`].
    pub resource_account: Option<&'a str>,
    /// As [`Request::session_issuer`].
    pub session_issuer: Option<&'a str>,
    /// The condition keys of the request.
    pub context: ContextRef<'a>,
    /// As [`Request::wildcard_only_action`].
    pub wildcard_only_action: bool,
    /// As [`Request::principal_in_management_account`].
    pub principal_in_management_account: bool,
    /// As [`Request::resource_in_management_account`].
    pub resource_in_management_account: bool,
}

impl<'a> RequestRef<'a> {
    /// A request with an empty context, whose resource is owned by the account in its ARN.
    pub fn new(principal: &'a Principal, action: &'a str, resource: &'a str) -> Self {
        Self {
            principal,
            action,
            resource,
            resource_account: None,
            session_issuer: None,
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

    /// The same request, owned.
    pub fn to_request(&self) -> Request {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Request {
            principal: self.principal.clone(),
            action: self.action.to_owned(),
            resource: self.resource.to_owned(),
            declared_resource_account: owned(self.resource_account),
            session_issuer: owned(self.session_issuer),
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
        Self {
            principal: &request.principal,
            action: &request.action,
            resource: &request.resource,
            resource_account: request.declared_resource_account.as_deref(),
            session_issuer: request.session_issuer.as_deref(),
            context: ContextRef::Owned(&request.context),
            wildcard_only_action: request.wildcard_only_action,
            principal_in_management_account: request.principal_in_management_account,
            resource_in_management_account: request.resource_in_management_account,
        }
    }
}

impl<'a> From<&RequestRef<'a>> for RequestRef<'a> {
    fn from(request: &RequestRef<'a>) -> Self {
        *request
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
            Self::Owned(context) => context.look_up(key.hash, &key.name),
            Self::Listed(keys) => {
                let is_it =
                    |one: &&KeyRef<'_>| one.hash == key.hash && fold::equal(one.key, &key.name);
                keys.iter().find(is_it).map_or(ValueRef::Absent, |found| found.value)
            }
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
