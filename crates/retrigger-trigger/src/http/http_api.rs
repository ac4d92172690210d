//! An API Gateway HTTP API. Source: API Gateway Developer Guide, "Create AWS Lambda proxy
//! integrations for HTTP APIs in API Gateway".

use serde_json::{Map, Value, json};

use super::{
    Failure, HttpRequest, HttpResponse, IdentityError, Malformed, Route,
    answer::{Answer, HeaderMembers},
    identity::{self, Place},
    media,
    message::{decode, last, lists, or_null},
    payload::{self, DROPPED, Parts},
    rest,
    route::{self, Taken},
};
use crate::trigger::Trigger;

/// The form of the events of an HTTP API and of the responses to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PayloadFormat {
    /// `1.0`, close to that of a REST API.
    V1,
    /// `2.0`, which is the one by default.
    #[default]
    V2,
}

/// An API Gateway HTTP API, called by its own domain name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpApi {
    pub(super) place: Place,
    /// The stage, which starts every path unless it is `$default`.
    pub stage: String,
    /// Its routes.
    pub routes: Vec<Route>,
    /// The form of its payloads.
    pub payload_format: PayloadFormat,
}

impl HttpApi {
    /// The API with this id, or the first one that a function's policy lets invoke it and that is
    /// not among `taken`, with the routes that the policy permits. One that it does not know has
    /// the route `$default`. The stage is `$default` where the policy names none.
    ///
    /// # Errors
    ///
    /// Where `function_arn` is not the ARN of a function.
    pub fn of_policy(
        function_arn: &str,
        statements: &[Value],
        api_id: Option<&str>,
        taken: &[&str],
    ) -> Result<Self, IdentityError> {
        let mut known = identity::apis(statements).into_iter();
        let found = known.find(|api| match api_id {
            Some(id) => api.api_id == id,
            None => !taken.contains(&api.api_id.as_str()),
        });
        let made_up = || identity::made_up_id(&[function_arn, "http"], 10);
        let named = api_id.map_or_else(made_up, str::to_owned);
        let (id, stage, routes) = match found {
            Some(api) => (api.api_id, api.stage, api.routes),
            None => (named, None, vec![Route { method: None, path: None }]),
        };
        Ok(Self {
            place: Place::new(function_arn, &id)?,
            stage: stage.unwrap_or_else(|| "$default".to_owned()),
            routes,
            payload_format: PayloadFormat::default(),
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

    pub(super) fn trigger(&self) -> Trigger {
        match self.payload_format {
            PayloadFormat::V1 => Trigger::ApigwHttpV1fmt,
            PayloadFormat::V2 => Trigger::ApigwHttpV2,
        }
    }

    /// Paths are decoded, as others observed: also the one that is called raw.
    pub(super) fn event(&self, request: &HttpRequest) -> Result<Value, HttpResponse> {
        let path = decode(&request.path);
        let within = match self.stage.as_str() {
            "$default" => Some(path.as_str()),
            stage => path.strip_prefix('/').and_then(|path| path.strip_prefix(stage)),
        };
        let within = match within {
            Some("") => Some("/"),
            other => other.filter(|rest| rest.starts_with('/')),
        };
        let taken = within.and_then(|path| route::find(&self.routes, &request.method, path));
        let Some(taken) = taken else { return Err(error(request, 404, "Not Found")) };
        let mut headers = request.forwarded("443", "https", DROPPED);
        headers.insert("content-length".to_owned(), vec![request.body.len().to_string()]);
        Ok(match self.payload_format {
            PayloadFormat::V1 => self.event_v1(request, &path, taken, &headers),
            PayloadFormat::V2 => payload::event(
                request,
                Parts {
                    route_key: &taken.route.to_string(),
                    path: &path,
                    path_parameters: taken.parameters,
                    stage: &self.stage,
                    account_id: &self.place.account,
                    api_id: &self.place.api_id,
                    domain_name: &self.place.domain_name(),
                    request_id: &request.extended_request_id(),
                    authorization: Map::new(),
                    headers,
                },
            ),
        })
    }

    /// Not settled: whether `path` carries the stage, as here and as `rawPath` does. The guide says
    /// of it only that it carries an API mapping.
    fn event_v1(
        &self,
        request: &HttpRequest,
        path: &str,
        taken: Taken<'_>,
        headers: &std::collections::BTreeMap<String, Vec<String>>,
    ) -> Value {
        let query = request.decoded_query();
        let body = media::inferred(request);
        let has_body = !request.body.is_empty();
        let resource = taken.route.path.as_deref().unwrap_or("$default");
        let id = request.extended_request_id();
        json!({
            "version": "1.0",
            "resource": resource,
            "path": path,
            "httpMethod": request.method,
            "headers": last(headers),
            "multiValueHeaders": lists(headers),
            "queryStringParameters": or_null(last(&query)),
            "multiValueQueryStringParameters": or_null(lists(&query)),
            "requestContext": {
                "accountId": self.place.account,
                "apiId": self.place.api_id,
                "domainName": self.place.domain_name(),
                "domainPrefix": self.place.api_id,
                "extendedRequestId": id,
                "httpMethod": request.method,
                "identity": rest::identity_of(request),
                "path": path,
                "protocol": request.protocol,
                "requestId": id,
                "requestTime": request.time(),
                "requestTimeEpoch": request.time_ms,
                "resourceId": null,
                "resourcePath": resource,
                "stage": self.stage,
            },
            "pathParameters": or_null(taken.parameters),
            "stageVariables": null,
            "body": has_body.then_some(body.text),
            "isBase64Encoded": has_body && body.is_base64,
        })
    }

    /// Not settled: the type of a body without one; `text/plain; charset=utf-8` was seen, where the
    /// form is not inferred.
    pub(super) fn response(
        &self,
        request: &HttpRequest,
        payload: &[u8],
    ) -> Result<HttpResponse, Malformed> {
        let (response, is_inferred) = match self.payload_format {
            PayloadFormat::V1 => (Answer::read(payload, HeaderMembers::Both)?.decoded()?, false),
            PayloadFormat::V2 => payload::response(payload)?,
        };
        let content_type =
            if is_inferred { "application/json" } else { "text/plain; charset=utf-8" };
        Ok(identified(response.typed(content_type), request))
    }
}

fn identified(response: HttpResponse, request: &HttpRequest) -> HttpResponse {
    response.with("apigw-requestid", request.extended_request_id())
}

/// Source: API Gateway Developer Guide, "Troubleshooting issues with HTTP API Lambda integrations":
/// `Internal Server Error` for whatever goes wrong in or before the function; "Quotas" for the
/// limits.
///
/// Not settled: 503 where the API does not wait any longer, as clients have reported.
pub(super) fn failure(request: &HttpRequest, failure: Failure) -> HttpResponse {
    match failure {
        Failure::TooLarge => error(request, 413, "Request Entity Too Large"),
        Failure::TimedOut => error(request, 503, "Service Unavailable"),
        _ => error(request, 500, "Internal Server Error"),
    }
}

fn error(request: &HttpRequest, status: u16, message: &str) -> HttpResponse {
    identified(HttpResponse::json(status, &json!({ "message": message })), request)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{Surroundings, classify};

    const FUNCTION: &str = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo";

    fn api(payload_format: PayloadFormat, stage: &str) -> HttpApi {
        let api = HttpApi::of_policy(FUNCTION, &[], Some("h7t3kd9w2c"), &[]).unwrap();
        let routes = ["GET /pets/{id}", "POST /pets"].map(|text| text.parse().unwrap()).to_vec();
        HttpApi { routes, payload_format, stage: stage.to_owned(), ..api }
    }

    fn request(method: &str, path: &str) -> HttpRequest {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        HttpRequest {
            query: "a=1&a=2%203".to_owned(),
            headers: vec![
                header("cookie", "a=1; b=2"),
                header("x-a", "1"),
                header("x-a", "2"),
                header("cookie", "c=3"),
            ],
            request_id: "0b8c5f3e-6f0d-4d0e-9a57-2d1c7e84b6f1".to_owned(),
            ..HttpRequest::new(method, path)
        }
    }

    #[test]
    fn format_2_joins_values_and_lists_cookies() {
        let api = api(PayloadFormat::V2, "default");
        let event = api.event(&request("GET", "/default/pets/a%20b")).unwrap();
        assert_eq!(event["rawPath"], "/default/pets/a b");
        assert_eq!(
            (&event["routeKey"], &event["rawQueryString"]),
            (&json!("GET /pets/{id}"), &json!("a=1&a=2%203"))
        );
        assert_eq!(event["queryStringParameters"], json!({"a": "1,2 3"}));
        assert_eq!(event["pathParameters"], json!({"id": "a b"}));
        assert_eq!(event["cookies"], json!(["a=1", "b=2", "c=3"]));
        assert_eq!(
            (&event["headers"]["x-a"], event["headers"].get("cookie")),
            (&json!("1,2"), None)
        );
        assert_eq!(event["headers"]["content-length"], "0");
        assert!(event.get("body").is_none());
        let found = classify(&event, &Surroundings::of_function(FUNCTION)).unwrap();
        assert_eq!(found.trigger, Trigger::ApigwHttpV2);
        let arn = "arn:aws:execute-api:us-east-1:841860927337:h7t3kd9w2c/default/GET/pets/{id}";
        assert_eq!(found.source_arn.value.as_deref(), Some(arn));
    }

    #[test]
    fn format_1_has_lists_beside_last_values() {
        let api = api(PayloadFormat::V1, "$default");
        let request = HttpRequest { body: b"a=1".to_vec(), ..request("POST", "/pets") };
        let event = api.event(&request).unwrap();
        assert_eq!((&event["resource"], &event["path"]), (&json!("/pets"), &json!("/pets")));
        assert_eq!(event["queryStringParameters"], json!({"a": "2 3"}));
        assert_eq!(event["multiValueHeaders"]["x-a"], json!(["1", "2"]));
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("YT0x"), &json!(true)));
        let found = classify(&event, &Surroundings::of_function(FUNCTION)).unwrap();
        assert_eq!(found.trigger, Trigger::ApigwHttpV1fmt);
        let arn = "arn:aws:execute-api:us-east-1:841860927337:h7t3kd9w2c/$default/POST/pets";
        assert_eq!(found.source_arn.value.as_deref(), Some(arn));
    }

    #[rstest]
    #[case("$default", "DELETE", "/pets/1")]
    #[case("$default", "GET", "/pets/1/2")]
    #[case("default", "GET", "/pets/1")]
    #[case("default", "GET", "/defaults/pets/1")]
    fn what_no_route_takes_is_not_found(
        #[case] stage: &str,
        #[case] method: &str,
        #[case] path: &str,
    ) {
        let refused = api(PayloadFormat::V2, stage).event(&request(method, path)).unwrap_err();
        assert_eq!(
            (refused.status, refused.body.as_slice()),
            (404, &br#"{"message":"Not Found"}"#[..])
        );
    }

    #[rstest]
    #[case(PayloadFormat::V2, r#"{"a":1}"#, Some((200, "application/json")))]
    #[case(PayloadFormat::V2, r#"{"statusCode":201,"body":"x"}"#, Some((201, "text/plain; charset=utf-8")))]
    #[case(PayloadFormat::V1, r#"{"statusCode":201,"multiValueHeaders":{"Content-Type":["a/b"]}}"#, Some((201, "a/b")))]
    #[case(PayloadFormat::V1, r#"{"a":1}"#, None)]
    fn only_format_2_infers_a_response(
        #[case] format: PayloadFormat,
        #[case] payload: &str,
        #[case] expected: Option<(u16, &str)>,
    ) {
        let response = api(format, "$default").response(&request("GET", "/"), payload.as_bytes());
        let found =
            response.as_ref().ok().and_then(|it| Some((it.status, it.header("content-type")?)));
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case(Failure::Denied, 500)]
    #[case(Failure::Malformed, 500)]
    #[case(Failure::FunctionError, 500)]
    #[case(Failure::TimedOut, 503)]
    #[case(Failure::TooLarge, 413)]
    fn failures_have_their_status(#[case] why: Failure, #[case] status: u16) {
        assert_eq!(failure(&request("GET", "/"), why).status, status);
    }
}
