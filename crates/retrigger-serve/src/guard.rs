//! Keeps web pages out. A browser on the same machine reaches a loopback port, and so does a page
//! of another origin, directly or by a name that it has made resolve to the loopback address.

use std::net::IpAddr;

use hyper::HeaderMap;

use crate::ApiError;

/// Refuses what a browser sends for a page, and what is addressed to another host.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), ApiError> {
    if headers.contains_key("origin") {
        return Err(ApiError::access_denied("requests of web pages are not answered"));
    }
    match headers.get("host").map(|host| host.to_str().unwrap_or_default()) {
        Some(host) if !is_loopback(host) => {
            let text = format!("`{host}` is no name of this host: call 127.0.0.1 or localhost");
            Err(ApiError::access_denied(text))
        }
        _ => Ok(()),
    }
}

/// The name of a host, and its port where one stands behind it.
pub(crate) fn name_and_port(host: &str) -> (&str, Option<&str>) {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) => (name, Some(port)),
        _ => (host, None),
    }
}

pub(crate) fn is_loopback(host: &str) -> bool {
    let (name, _) = name_and_port(host);
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    bare.eq_ignore_ascii_case("localhost")
        || bare.to_ascii_lowercase().ends_with(".localhost")
        || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("127.0.0.1:3000", true)]
    #[case("localhost", true)]
    #[case("lambda.localhost:80", true)]
    #[case("[::1]:3000", true)]
    #[case("example.com:3000", false)]
    #[case("127.0.0.1.example.com", false)]
    #[case("192.0.2.1", false)]
    #[case("", false)]
    fn only_this_host_is_called(#[case] host: &str, #[case] passes: bool) {
        let headers = HeaderMap::from_iter([(hyper::header::HOST, host.parse().unwrap())]);
        assert_eq!(check(&headers).is_ok(), passes);
    }

    #[test]
    fn pages_are_refused() {
        let origin = "https://example.com".parse().unwrap();
        let headers = HeaderMap::from_iter([(hyper::header::ORIGIN, origin)]);
        assert_eq!(check(&headers).unwrap_err().status(), 403);
    }
}
