//! From method and path to what is asked. Source: Lambda API Reference, "Actions" (the request
//! syntax of each).

use std::collections::BTreeMap;

use hyper::{Method, Uri};
use percent_encoding::percent_decode_str;

use crate::{Action, ApiError, FunctionName};

/// The versions that start the paths.
const LAMBDA: &str = "2015-03-31";
const ASYNC: &str = "2014-11-13";
const STREAMING: &str = "2021-11-15";
const URLS: &str = "2021-10-31";
const TAGS: &str = "2017-03-31";
const SIGNING: &str = "2020-06-30";

/// One of the three ways to invoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invocation {
    /// `Invoke`.
    Plain,
    /// `InvokeAsync`.
    Async,
    /// `InvokeWithResponseStream`.
    Streamed,
}

/// What is asked, without the body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Invoke(Invocation, FunctionName),
    Control {
        action: Action,
        function: Option<FunctionName>,
        id: Option<String>,
    },
    /// A notification of this service.
    Notify(String),
}

impl Route {
    /// What a request asks.
    pub(crate) fn find(
        method: &Method,
        uri: &Uri,
        query: &BTreeMap<String, String>,
    ) -> Result<Self, ApiError> {
        let segments = segments(uri.path());
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let qualifier = query.get("Qualifier").map(String::as_str);
        let named = |text: &str| FunctionName::parse(text)?.with_qualifier(qualifier);
        let invoke = |how, name: &str| Ok(Self::Invoke(how, named(name)?));
        let of = |action, name: &str| Ok(Self::control(action, Some(named(name)?), None));
        let all = |action| Ok(Self::control(action, None, None));
        let mapping = |action, id: &str| Ok(Self::control(action, None, Some(id)));
        match (method.as_str(), segments.as_slice()) {
            ("POST", [LAMBDA, "functions", name, "invocations"]) => invoke(Invocation::Plain, name),
            ("POST", [ASYNC, "functions", name, "invoke-async"]) => invoke(Invocation::Async, name),
            ("POST", [STREAMING, "functions", name, "response-streaming-invocations"]) => {
                invoke(Invocation::Streamed, name)
            }
            ("POST", ["trigger", service]) => Ok(Self::Notify((*service).to_owned())),
            ("GET", [LAMBDA, "functions"]) => all(Action::ListFunctions),
            ("GET", [LAMBDA, "functions", name]) => of(Action::GetFunction, name),
            ("GET", [LAMBDA, "functions", name, "configuration"]) => {
                of(Action::GetFunctionConfiguration, name)
            }
            ("POST", [LAMBDA, "functions", name, "policy"]) => of(Action::AddPermission, name),
            ("GET", [LAMBDA, "functions", name, "policy"]) => of(Action::GetPolicy, name),
            ("DELETE", [LAMBDA, "functions", name, "policy", id]) => {
                Ok(Self::control(Action::RemovePermission, Some(named(name)?), Some(id)))
            }
            ("POST", [LAMBDA, "event-source-mappings"]) => all(Action::CreateEventSourceMapping),
            ("GET", [LAMBDA, "event-source-mappings"]) => all(Action::ListEventSourceMappings),
            ("GET", [LAMBDA, "event-source-mappings", id]) => {
                mapping(Action::GetEventSourceMapping, id)
            }
            ("PUT", [LAMBDA, "event-source-mappings", id]) => {
                mapping(Action::UpdateEventSourceMapping, id)
            }
            ("DELETE", [LAMBDA, "event-source-mappings", id]) => {
                mapping(Action::DeleteEventSourceMapping, id)
            }
            ("GET", [TAGS, "tags", arn]) => Ok(Self::control(Action::ListTags, None, Some(arn))),
            ("POST", [URLS, "functions", name, "url"]) => of(Action::CreateFunctionUrlConfig, name),
            ("GET", [URLS, "functions", name, "url"]) => of(Action::GetFunctionUrlConfig, name),
            ("PUT", [URLS, "functions", name, "url"]) => of(Action::UpdateFunctionUrlConfig, name),
            ("DELETE", [URLS, "functions", name, "url"]) => {
                of(Action::DeleteFunctionUrlConfig, name)
            }
            ("GET", [URLS, "functions", name, "urls"]) => of(Action::ListFunctionUrlConfigs, name),
            ("GET", [LAMBDA, "functions", name, "versions"]) => {
                of(Action::ListVersionsByFunction, name)
            }
            ("GET", [SIGNING, "functions", name, "code-signing-config"]) => {
                of(Action::GetFunctionCodeSigningConfig, name)
            }
            _ => Err(unknown(method, uri)),
        }
    }

    fn control(action: Action, function: Option<FunctionName>, id: Option<&str>) -> Self {
        Self::Control { action, function, id: id.map(str::to_owned) }
    }
}

/// The parts of a path, decoded; a slash at the end means nothing.
fn segments(path: &str) -> Vec<String> {
    let path = path.trim_matches('/');
    path.split('/').map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect()
}

/// The query, decoded; the last value of a key that stands there twice.
pub(crate) fn query(uri: &Uri) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
        .collect()
}

fn unknown(method: &Method, uri: &Uri) -> ApiError {
    let text = format!("`{method} {}` is none of the calls that are answered here", uri.path());
    ApiError::new("UnknownOperationException", text)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn find(method: &str, uri: &str) -> Result<Route, ApiError> {
        let uri: Uri = uri.parse().unwrap();
        Route::find(&method.parse().unwrap(), &uri, &query(&uri))
    }

    #[rstest]
    #[case("GET", "/2015-03-31/functions/", "ListFunctions")]
    #[case("GET", "/2015-03-31/functions/demo", "GetFunction")]
    #[case("POST", "/2015-03-31/functions/demo/policy?Qualifier=PROD", "AddPermission")]
    #[case("DELETE", "/2015-03-31/functions/demo/policy/s1", "RemovePermission")]
    #[case("POST", "/2015-03-31/event-source-mappings/", "CreateEventSourceMapping")]
    #[case("PUT", "/2015-03-31/event-source-mappings/7", "UpdateEventSourceMapping")]
    #[case("GET", "/2021-10-31/functions/demo/url", "GetFunctionUrlConfig")]
    #[case("PUT", "/2021-10-31/functions/demo/url", "UpdateFunctionUrlConfig")]
    #[case("DELETE", "/2021-10-31/functions/demo/url", "DeleteFunctionUrlConfig")]
    #[case("GET", "/2021-10-31/functions/demo/urls", "ListFunctionUrlConfigs")]
    #[case("GET", "/2015-03-31/functions/demo/versions", "ListVersionsByFunction")]
    #[case("GET", "/2020-06-30/functions/demo/code-signing-config", "GetFunctionCodeSigningConfig")]
    #[case("GET", "/2017-03-31/tags/arn%3Aaws%3Alambda", "ListTags")]
    fn paths_lead_to_actions(#[case] method: &str, #[case] uri: &str, #[case] name: &str) {
        let Ok(Route::Control { action, .. }) = find(method, uri) else { panic!("no action") };
        assert_eq!(action.name(), name);
    }

    #[test]
    fn an_arn_is_decoded() {
        let arn = "arn%3Aaws%3Alambda%3Aus-east-1%3A841860927337%3Afunction%3Ademo%3APROD";
        let route = find("POST", &format!("/2015-03-31/functions/{arn}/invocations")).unwrap();
        let Route::Invoke(Invocation::Plain, name) = route else { panic!("{route:?}") };
        assert_eq!((name.name.as_str(), name.qualifier.as_deref()), ("demo", Some("PROD")));
    }

    #[rstest]
    #[case("GET", "/")]
    #[case("PATCH", "/2015-03-31/functions/demo")]
    #[case("POST", "/2015-03-31/functions/demo/invocations/more")]
    #[case("POST", "/2016-01-01/functions/demo/invocations")]
    fn other_paths_are_unknown(#[case] method: &str, #[case] uri: &str) {
        assert_eq!(find(method, uri).unwrap_err().status(), 404);
    }
}
