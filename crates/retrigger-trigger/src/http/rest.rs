//! An API Gateway REST API with Lambda proxy integration. Source: API Gateway Developer Guide,
//! "Lambda proxy integrations in API Gateway".
//!
//! Observed on AWS by others, where the guide says less or otherwise: a path and its parameters
//! are sent as the client encoded them, the query is decoded, and a slash at the end of a path
//! stands in `path` and in no parameter.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Failure, HttpRequest, HttpResponse, IdentityError, Malformed, Route,
    answer::{Answer, HeaderMembers},
    identity::{self, Place},
    media,
    message::{last, lists, or_null},
    route,
};

/// An API Gateway REST API, called by its own domain name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestApi {
    pub(super) place: Place,
    /// The stage, which starts every path.
    pub stage: String,
    /// Its methods: resources with their paths.
    pub routes: Vec<Route>,
    /// Types of which bodies are binary, such as `image/png`, `image/*` or `*/*`. Without any,
    /// bodies are text both ways.
    pub binary_media_types: Vec<String>,
}

/// Headers of a request that no integration gets to see, as others observed.
const DROPPED: &[&str] = &[
    "connection",
    "content-length",
    "content-md5",
    "expect",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "te",
    "transfer-encoding",
    "trailer",
    "upgrade",
    "www-authenticate",
];

/// Headers of a response that come out as `x-amzn-Remapped-…`. Source: API Gateway Developer
/// Guide, "Amazon API Gateway important notes" (the table of headers), as others observed it.
/// `Content-Length` is among them there; here, as for every front door, it is left out.
const REMAPPED: &[&str] = &[
    "authorization",
    "content-md5",
    "date",
    "expect",
    "host",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "trailer",
    "user-agent",
    "www-authenticate",
];

impl RestApi {
    /// The API with this id, or the first one of a REST API's form that a function's policy lets
    /// invoke it, with the routes that the policy permits. One that it does not know has a stage
    /// `default` and takes every path.
    ///
    /// # Errors
    ///
    /// Where `function_arn` is not the ARN of a function.
    pub fn of_policy(
        function_arn: &str,
        statements: &[Value],
        api_id: Option<&str>,
    ) -> Result<Self, IdentityError> {
        let is_rest = |api: &identity::Permitted| {
            api.stage.as_deref() != Some("$default")
                && api.routes.iter().all(|route| route.path.is_some())
        };
        let mut known = identity::apis(statements).into_iter();
        let found = match api_id {
            Some(id) => known.find(|api| api.api_id == id),
            None => known.find(is_rest),
        };
        let made_up = || identity::made_up_id(&[function_arn, "rest"], 10);
        let named = api_id.map_or_else(made_up, str::to_owned);
        let all =
            ["/{proxy+}", "/"].map(|path| Route { method: None, path: Some(path.to_owned()) });
        let (id, stage, routes) = match found {
            Some(api) => (api.api_id, api.stage, api.routes),
            None => (named, None, all.to_vec()),
        };
        Ok(Self {
            place: Place::new(function_arn, &id)?,
            stage: stage.unwrap_or_else(|| "default".to_owned()),
            routes: routes.into_iter().filter(|route| route.path.is_some()).collect(),
            binary_media_types: Vec::new(),
        })
    }

    /// Its id.
    pub fn api_id(&self) -> &str {
        &self.place.api_id
    }

    /// The start of the source ARNs that it invokes with: `arn:…:execute-api:…:API/STAGE`.
    pub fn arn(&self) -> String {
        self.place.arn(&self.stage)
    }

    pub(super) fn event(&self, request: &HttpRequest) -> Result<Value, HttpResponse> {
        let stage = format!("/{}", self.stage);
        let path = request.path.strip_prefix(&stage).filter(|rest| starts_part(rest));
        let Some(path) = path else { return Err(error(request, 403, "Forbidden", "Forbidden")) };
        let path = if path.is_empty() { "/" } else { path };
        let bare = if path == "/" { path } else { path.trim_end_matches('/') };
        let Some(taken) = route::find(&self.routes, &request.method, bare) else {
            let kind = "MissingAuthenticationToken";
            return Err(error(request, 403, kind, "Missing Authentication Token"));
        };
        let headers = spelled(request.forwarded("443", "https", DROPPED));
        let query = request.decoded_query();
        let content_type = request.header("content-type").unwrap_or_default();
        let is_binary = media::is_among(content_type, &self.binary_media_types);
        let body = if is_binary { media::encoded(request) } else { media::lossy(request) };
        let resource = taken.route.path.as_deref().unwrap_or("/");
        let has_body = !request.body.is_empty();
        Ok(json!({
            "resource": resource,
            "path": path,
            "httpMethod": request.method,
            "headers": or_null(last(&headers)),
            "multiValueHeaders": or_null(lists(&headers)),
            "queryStringParameters": or_null(last(&query)),
            "multiValueQueryStringParameters": or_null(lists(&query)),
            "pathParameters": or_null(taken.parameters),
            "stageVariables": null,
            "requestContext": self.context(request, resource, path),
            "body": has_body.then_some(body.text),
            "isBase64Encoded": has_body && body.is_base64,
        }))
    }

    fn context(&self, request: &HttpRequest, resource: &str, path: &str) -> Value {
        let api_id = &self.place.api_id;
        json!({
            "resourceId": identity::made_up_id(&[api_id, resource], 6),
            "resourcePath": resource,
            "httpMethod": request.method,
            "extendedRequestId": request.extended_request_id(),
            "requestTime": request.time(),
            "path": format!("/{}{path}", self.stage),
            "accountId": self.place.account,
            "protocol": request.protocol,
            "stage": self.stage,
            "domainPrefix": api_id,
            "requestTimeEpoch": request.time_ms,
            "requestId": request.request_id,
            "identity": identity_of(request),
            "domainName": self.place.domain_name(),
            "deploymentId": identity::made_up_id(&[api_id, &self.stage], 6),
            "apiId": api_id,
        })
    }

    /// A body in base64 is decoded where the client accepts a binary type: the first one that it
    /// names. Source: API Gateway Developer Guide, "Return binary media from a Lambda proxy
    /// integration in API Gateway".
    pub(super) fn response(
        &self,
        request: &HttpRequest,
        payload: &[u8],
    ) -> Result<HttpResponse, Malformed> {
        let answer = Answer::read(payload, HeaderMembers::Both)?;
        let accepted = request.header("accept").unwrap_or_default();
        let first = accepted.split(',').next().unwrap_or_default();
        let is_binary = media::is_among(first, &self.binary_media_types);
        let mut response = if is_binary { answer.decoded()? } else { answer.undecoded() };
        for (name, _) in &mut response.headers {
            if REMAPPED.iter().any(|it| it.eq_ignore_ascii_case(name)) {
                *name = format!("x-amzn-Remapped-{name}");
            }
        }
        let response = response.typed("application/json");
        let trace = format!("Root={}", request.trace_root);
        Ok(identified(response, request).with("X-Amzn-Trace-Id", trace))
    }
}

/// Whether a path goes on after a stage as a path does.
fn starts_part(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

/// Who calls, as far as an API without authorizer knows.
pub(super) fn identity_of(request: &HttpRequest) -> Value {
    json!({
        "cognitoIdentityPoolId": null,
        "accountId": null,
        "cognitoIdentityId": null,
        "caller": null,
        "sourceIp": request.source_ip,
        "principalOrgId": null,
        "accessKey": null,
        "cognitoAuthenticationType": null,
        "cognitoAuthenticationProvider": null,
        "userArn": null,
        "userAgent": request.header("user-agent"),
        "user": null,
    })
}

/// Headers as a REST API spells them where a client speaks HTTP/2: the client's in lower case, its
/// own in theirs. Over HTTP/1.1 a client's spelling is kept on AWS; no server here knows it.
fn spelled(headers: BTreeMap<String, Vec<String>>) -> BTreeMap<String, Vec<String>> {
    let own = [
        ("host", "Host"),
        ("user-agent", "User-Agent"),
        ("x-amzn-trace-id", "X-Amzn-Trace-Id"),
        ("x-forwarded-for", "X-Forwarded-For"),
        ("x-forwarded-port", "X-Forwarded-Port"),
        ("x-forwarded-proto", "X-Forwarded-Proto"),
    ];
    let spell = |name: String| {
        own.iter().find(|(lower, _)| *lower == name).map_or(name, |(_, own)| (*own).to_owned())
    };
    headers.into_iter().map(|(name, values)| (spell(name), values)).collect()
}

fn identified(response: HttpResponse, request: &HttpRequest) -> HttpResponse {
    let extended = request.extended_request_id();
    response.with("x-amzn-RequestId", &*request.request_id).with("x-amz-apigw-id", extended)
}

/// Source: Lambda Developer Guide, "Handling Lambda errors with an API Gateway API": 500 where
/// Lambda rejects the invocation, and 502 where the function fails or its response has another
/// form; API Gateway Developer Guide, "Gateway response types" (413, 504).
pub(super) fn failure(request: &HttpRequest, failure: Failure) -> HttpResponse {
    let internal = |status| error(request, status, "InternalServerError", "Internal server error");
    match failure {
        Failure::TooLarge => {
            let text = "HTTP content length exceeded 10485760 bytes.";
            error(request, 413, "RequestTooLarge", text)
        }
        Failure::TimedOut => {
            error(request, 504, "InternalServerError", "Endpoint request timed out")
        }
        Failure::Denied | Failure::Throttled | Failure::NotInvoked => internal(500),
        Failure::FunctionError | Failure::Malformed => internal(502),
    }
}

fn error(request: &HttpRequest, status: u16, kind: &str, message: &str) -> HttpResponse {
    let response = HttpResponse::json(status, &json!({ "message": message }));
    identified(response, request).with("x-amzn-ErrorType", format!("{kind}Exception"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{Surroundings, Trigger, classify};

    const FUNCTION: &str = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo";

    fn api() -> RestApi {
        let api = RestApi::of_policy(FUNCTION, &[], Some("qxmq2ysm22f")).unwrap();
        let routes = ["GET /pets/{id}", "ANY /{proxy+}"].map(|text| text.parse().unwrap());
        RestApi { routes: routes.to_vec(), ..api }
    }

    fn request(method: &str, path: &str) -> HttpRequest {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        HttpRequest {
            headers: vec![
                header("host", "h"),
                header("x-a", "1"),
                header("connection", "close"),
                header("x-a", "2"),
            ],
            request_id: "0b8c5f3e-6f0d-4d0e-9a57-2d1c7e84b6f1".to_owned(),
            ..HttpRequest::new(method, path)
        }
    }

    #[test]
    fn a_request_is_classified_with_its_route() {
        let event = api().event(&request("GET", "/default/pets/a%20b/")).unwrap();
        assert_eq!(
            (&event["resource"], &event["path"]),
            (&json!("/pets/{id}"), &json!("/pets/a%20b/"))
        );
        assert_eq!(event["pathParameters"], json!({"id": "a%20b"}));
        assert_eq!(event["requestContext"]["path"], "/default/pets/a%20b/");
        assert_eq!(event["headers"]["x-a"], "2");
        assert_eq!(event["multiValueHeaders"]["x-a"], json!(["1", "2"]));
        assert_eq!(
            (&event["headers"]["Host"], event["headers"].get("connection")),
            (&json!("h"), None)
        );
        assert_eq!((&event["queryStringParameters"], &event["body"]), (&Value::Null, &Value::Null));
        let found = classify(&event, &Surroundings::of_function(FUNCTION)).unwrap();
        assert_eq!(found.trigger, Trigger::ApigwRestV1);
        let arn = "arn:aws:execute-api:us-east-1:841860927337:qxmq2ysm22f/default/GET/pets/{id}";
        assert_eq!(found.source_arn.value.as_deref(), Some(arn));
    }

    #[test]
    fn the_query_is_decoded() {
        let query = "a=1&a=2%2B+3&b=%E6%97%A5".to_owned();
        let event = api().event(&HttpRequest { query, ..request("GET", "/default/x") }).unwrap();
        assert_eq!(event["queryStringParameters"], json!({"a": "2+ 3", "b": "日"}));
        assert_eq!(event["multiValueQueryStringParameters"]["a"], json!(["1", "2+ 3"]));
    }

    #[rstest]
    #[case("/", 403, "ForbiddenException")]
    #[case("/defaults/x", 403, "ForbiddenException")]
    #[case("/default", 403, "MissingAuthenticationTokenException")]
    fn what_the_api_has_not_is_refused(
        #[case] path: &str,
        #[case] status: u16,
        #[case] kind: &str,
    ) {
        let refused = api().event(&request("GET", path)).unwrap_err();
        assert_eq!((refused.status, refused.header("x-amzn-errortype")), (status, Some(kind)));
    }

    #[test]
    fn bodies_are_text_unless_their_type_is_binary() {
        let mut request = HttpRequest { body: vec![0x89, b'P'], ..request("POST", "/default/x") };
        request.headers.push(("content-type".to_owned(), "image/png".to_owned()));
        let event = api().event(&request).unwrap();
        assert_eq!(
            (&event["body"], &event["isBase64Encoded"]),
            (&json!("\u{fffd}P"), &json!(false))
        );
        let api = RestApi { binary_media_types: vec!["image/*".to_owned()], ..api() };
        let event = api.event(&request).unwrap();
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("iVA="), &json!(true)));
    }

    #[rstest]
    #[case(&[], "*/*", b"aGk=")]
    #[case(&["image/png"], "text/html, image/png", b"aGk=")]
    #[case(&["image/png"], "image/png, text/html", b"hi")]
    #[case(&["*/*"], "", b"hi")]
    fn base64_is_decoded_for_clients_that_accept_it(
        #[case] types: &[&str],
        #[case] accept: &str,
        #[case] body: &[u8],
    ) {
        let types = types.iter().map(|it| (*it).to_owned()).collect();
        let api = RestApi { binary_media_types: types, ..api() };
        let mut request = request("GET", "/default/x");
        request.headers.push(("accept".to_owned(), accept.to_owned()));
        let payload = br#"{"statusCode":200,"body":"aGk=","isBase64Encoded":true}"#;
        assert_eq!(api.response(&request, payload).unwrap().body, body);
    }

    #[test]
    fn some_headers_of_a_response_are_remapped() {
        let payload = br#"{"statusCode":401,"headers":{"WWW-Authenticate":"Basic","X-A":"1"}}"#;
        let response = api().response(&request("GET", "/default/x"), payload).unwrap();
        assert_eq!(response.header("x-amzn-remapped-www-authenticate"), Some("Basic"));
        assert_eq!(
            (response.header("www-authenticate"), response.header("x-a")),
            (None, Some("1"))
        );
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert_eq!(response.header("x-amz-apigw-id").map(str::len), Some(16));
    }

    #[rstest]
    #[case(Failure::Denied, 500, "Internal server error")]
    #[case(Failure::Throttled, 500, "Internal server error")]
    #[case(Failure::FunctionError, 502, "Internal server error")]
    #[case(Failure::Malformed, 502, "Internal server error")]
    #[case(Failure::TimedOut, 504, "Endpoint request timed out")]
    #[case(Failure::TooLarge, 413, "HTTP content length exceeded 10485760 bytes.")]
    fn failures_have_their_status(#[case] why: Failure, #[case] status: u16, #[case] text: &str) {
        let response = failure(&request("GET", "/default/x"), why);
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!((response.status, body), (status, json!({ "message": text })));
    }
}
