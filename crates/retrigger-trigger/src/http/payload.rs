//! Payload format 2.0, which HTTP APIs and function URLs share. Source: API Gateway Developer
//! Guide, "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway"; Lambda Developer
//! Guide, "Invoking Lambda function URLs".

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    HttpRequest, HttpResponse, Malformed,
    answer::{Answer, HeaderMembers},
    media,
    message::joined,
};

/// Headers that are not the function's to see.
pub(super) const DROPPED: &[&str] =
    &["connection", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

/// What of an event is not the request's.
pub(super) struct Parts<'e> {
    pub(super) route_key: &'e str,
    pub(super) path: &'e str,
    pub(super) path_parameters: Map<String, Value>,
    pub(super) stage: &'e str,
    pub(super) account_id: &'e str,
    pub(super) api_id: &'e str,
    pub(super) domain_name: &'e str,
    pub(super) request_id: &'e str,
    /// Members of the request context between the id of the API and its domain name.
    pub(super) authorization: Map<String, Value>,
    pub(super) headers: BTreeMap<String, Vec<String>>,
}

/// The event of a request. Cookies stand in a list of their own, and members without anything in
/// them are left out.
pub(super) fn event(request: &HttpRequest, parts: Parts<'_>) -> Value {
    let context = context(request, &parts);
    let Parts { route_key, path, path_parameters, mut headers, .. } = parts;
    let cookies = headers.remove("cookie").unwrap_or_default();
    let cookies = cookies.iter().flat_map(|line| line.split(';')).map(str::trim);
    let cookies: Vec<&str> = cookies.filter(|cookie| !cookie.is_empty()).collect();
    let query = joined(&request.decoded_query());
    let body = media::inferred(request);
    let is_base64 = body.is_base64;
    let body = (!request.body.is_empty()).then_some(body.text);
    let members = [
        ("version", Some(json!("2.0"))),
        ("routeKey", Some(json!(route_key))),
        ("rawPath", Some(json!(path))),
        ("rawQueryString", Some(json!(request.query))),
        ("cookies", (!cookies.is_empty()).then(|| json!(cookies))),
        ("headers", Some(joined(&headers).into())),
        ("queryStringParameters", (!query.is_empty()).then(|| query.into())),
        ("requestContext", Some(context)),
        ("body", body.map(Value::from)),
        ("pathParameters", (!path_parameters.is_empty()).then(|| path_parameters.into())),
        ("isBase64Encoded", Some(is_base64.into())),
    ];
    let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(members.collect())
}

fn context(request: &HttpRequest, parts: &Parts<'_>) -> Value {
    let mut context = Map::new();
    context.insert("accountId".to_owned(), parts.account_id.into());
    context.insert("apiId".to_owned(), parts.api_id.into());
    context.extend(parts.authorization.clone());
    let prefix = parts.domain_name.split('.').next().unwrap_or_default();
    let rest = json!({
        "domainName": parts.domain_name,
        "domainPrefix": prefix,
        "http": {
            "method": request.method,
            "path": parts.path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": request.header("user-agent").unwrap_or_default(),
        },
        "requestId": parts.request_id,
        "routeKey": parts.route_key,
        "stage": parts.stage,
        "time": request.time(),
        "timeEpoch": request.time_ms,
    });
    if let Value::Object(rest) = rest {
        context.extend(rest);
    }
    context.into()
}

/// A response of which the form is inferred: JSON without a status is the body of one with 200.
/// The second part says so.
pub(super) fn response(payload: &[u8]) -> Result<(HttpResponse, bool), Malformed> {
    let value: Value = serde_json::from_slice(payload)
        .map_err(|error| Malformed(format!("is not JSON: {error}")))?;
    match value {
        Value::Object(members) if members.get("statusCode").is_some_and(|it| !it.is_null()) => {
            let answer = Answer::of(members, HeaderMembers::Single)?;
            let cookies = cookies(answer.members.get("cookies"))?;
            let mut response = answer.decoded()?;
            response.headers.extend(cookies);
            Ok((response, false))
        }
        Value::String(text) => Ok((inferred(text.into_bytes()), true)),
        _ => Ok((inferred(payload.to_vec()), true)),
    }
}

fn inferred(body: Vec<u8>) -> HttpResponse {
    HttpResponse { status: 200, body, ..HttpResponse::default() }
}

/// Each becomes a header of its own.
pub(super) fn cookies(value: Option<&Value>) -> Result<Vec<(String, String)>, Malformed> {
    let malformed = || Malformed("has `cookies` that are no list of strings".to_owned());
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(cookies)) => {
            let cookie = |cookie: &Value| match cookie {
                Value::String(_) => super::answer::header("set-cookie", cookie),
                _ => Err(malformed()),
            };
            let cookies: Result<Vec<_>, _> = cookies.iter().map(cookie).collect();
            Ok(cookies?.into_iter().flatten().collect())
        }
        Some(_) => Err(malformed()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"a":1}"#, r#"{"a":1}"#)]
    #[case(r#"["a", 3, true]"#, r#"["a", 3, true]"#)]
    #[case(r#""hello""#, "hello")]
    #[case("3.1", "3.1")]
    #[case("null", "null")]
    #[case(r#"{"statusCode":null}"#, r#"{"statusCode":null}"#)]
    fn json_without_a_status_is_a_body(#[case] payload: &str, #[case] body: &str) {
        let (response, is_inferred) = response(payload.as_bytes()).unwrap();
        assert!(is_inferred);
        assert_eq!((response.status, response.body.as_slice()), (200, body.as_bytes()));
    }

    #[test]
    fn cookies_become_headers() {
        let payload = br#"{"statusCode":200,"cookies":["a=1","b=2"],"headers":{"x":"y"}}"#;
        let (response, _) = response(payload).unwrap();
        let names: Vec<_> = response.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["x", "set-cookie", "set-cookie"]);
    }

    #[rstest]
    #[case("hello")]
    #[case(r#"{"statusCode":"x"}"#)]
    #[case(r#"{"statusCode":200,"cookies":"a=1"}"#)]
    #[case(r#"{"statusCode":200,"cookies":[1]}"#)]
    #[case(r#"{"statusCode":200,"body":{"a":1}}"#)]
    fn other_responses_are_malformed(#[case] payload: &str) {
        assert!(response(payload.as_bytes()).is_err());
    }
}
