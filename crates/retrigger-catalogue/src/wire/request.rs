//! Requests as they came.

/// A request for AWS, as it came; nothing of it is trusted.
#[derive(Clone, Copy, Debug)]
pub struct WireRequest<'r> {
    /// Such as `POST`.
    pub method: &'r str,
    /// Path and query, still percent-encoded.
    pub uri: &'r str,
    /// Names, in any case, and values.
    pub headers: &'r [(&'r str, &'r str)],
    /// The whole body.
    pub body: &'r [u8],
}

/// The part of a signature's credential scope that says for whom the request is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SigningScope<'r> {
    /// Such as `dynamodb`.
    pub service: &'r str,
    /// Such as `us-east-1`; may be empty where the signature names none.
    pub region: &'r str,
}

impl<'r> WireRequest<'r> {
    /// The first header with a name, in any case.
    pub fn header(&self, name: &str) -> Option<&'r str> {
        let is_named = |(each, _): &&(&'r str, &'r str)| each.eq_ignore_ascii_case(name);
        self.headers.iter().find(is_named).map(|(_, value)| *value)
    }

    /// The path, still percent-encoded.
    pub fn path(&self) -> &'r str {
        self.uri.split_once('?').map_or(self.uri, |(path, _)| path)
    }

    /// The names and values of the query, still percent-encoded; a name alone has no value.
    pub fn query(&self) -> impl Iterator<Item = (&'r str, Option<&'r str>)> + use<'r> {
        let query = self.uri.split_once('?').map_or("", |(_, query)| query);
        query.split('&').filter(|pair| !pair.is_empty()).map(|pair| match pair.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (pair, None),
        })
    }
}
