//! The paths of the Runtime, Extensions and Telemetry APIs.

use hyper::Method;
use percent_encoding::percent_decode_str;

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Next,
    Response { request_id: String },
    Error { request_id: String },
    InitError,
    RestoreNext,
    RestoreError,
    ExtensionRegister,
    ExtensionNext,
    ExtensionInitError,
    ExtensionExitError,
    Telemetry,
    Logs,
}

impl Route {
    /// The endpoint of a method and path, if it is one. Request ids may be percent-encoded.
    pub(crate) fn find(method: &Method, path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        match (method.as_str(), segments.as_slice()) {
            (method, ["2018-06-01", "runtime", rest @ ..]) => Self::runtime(method, rest),
            (method, ["2020-01-01", "extension", rest @ ..]) => Self::extension(method, rest),
            ("PUT", ["2022-07-01", "telemetry"]) => Some(Self::Telemetry),
            ("PUT", ["2020-08-15", "logs"]) => Some(Self::Logs),
            _ => None,
        }
    }

    fn runtime(method: &str, rest: &[&str]) -> Option<Self> {
        let decoded = |id: &str| percent_decode_str(id).decode_utf8_lossy().into_owned();
        match (method, rest) {
            ("GET", ["invocation", "next"]) => Some(Self::Next),
            ("POST", ["invocation", id, "response"]) => {
                Some(Self::Response { request_id: decoded(id) })
            }
            ("POST", ["invocation", id, "error"]) => Some(Self::Error { request_id: decoded(id) }),
            ("POST", ["init", "error"]) => Some(Self::InitError),
            ("GET", ["restore", "next"]) => Some(Self::RestoreNext),
            ("POST", ["restore", "error"]) => Some(Self::RestoreError),
            _ => None,
        }
    }

    fn extension(method: &str, rest: &[&str]) -> Option<Self> {
        match (method, rest) {
            ("POST", ["register"]) => Some(Self::ExtensionRegister),
            ("GET", ["event", "next"]) => Some(Self::ExtensionNext),
            ("POST", ["init", "error"]) => Some(Self::ExtensionInitError),
            ("POST", ["exit", "error"]) => Some(Self::ExtensionExitError),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/2018-06-01/runtime/invocation/a%2Fb%20c/response", "a/b c")]
    #[case("/2018-06-01/runtime/invocation/8f5c-11/response", "8f5c-11")]
    #[case("/2018-06-01/runtime/invocation/%FF/response", "\u{fffd}")]
    fn request_ids_are_decoded(#[case] path: &str, #[case] id: &str) {
        let route = Route::Response { request_id: id.to_owned() };
        assert_eq!(Route::find(&Method::POST, path), Some(route));
    }

    #[rstest]
    #[case(Method::POST, "/2018-06-01/runtime/invocation/next")]
    #[case(Method::GET, "/2018-06-01/runtime/invocation/next/")]
    #[case(Method::GET, "/2015-03-31/functions")]
    #[case(Method::GET, "/")]
    #[case(Method::GET, "*")]
    fn other_paths_lead_nowhere(#[case] method: Method, #[case] path: &str) {
        assert_eq!(Route::find(&method, path), None);
    }
}
