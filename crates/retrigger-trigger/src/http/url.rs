//! The URL of a function. Source: Lambda Developer Guide, "Invoking Lambda function URLs",
//! "Control access to Lambda function URLs".

use serde_json::{Map, Value, json};

use super::{
    Cors, Failure, HttpRequest, HttpResponse, IdentityError, Malformed, Prelude, identity,
    payload::{self, DROPPED, Parts},
};

/// The URL of a function, as its configuration has it and as one request calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionUrl {
    /// The first part of its domain name.
    pub url_id: String,
    /// The Region.
    pub region: String,
    /// Who calls, where the URL wants signatures (`AWS_IAM`); `None` where it takes anyone
    /// (`NONE`).
    pub caller: Option<UrlCaller>,
    /// The settings for pages of other origins.
    pub cors: Option<Cors>,
}

/// Who calls a URL that wants signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlCaller {
    /// The id of the access key.
    pub access_key: String,
    /// The account.
    pub account_id: String,
    /// The ARN of the user, or of the session of a role.
    pub arn: String,
    /// The unique id, such as `AIDA…` of a user and `AROA…:SESSION` of a session.
    pub unique_id: String,
}

impl FunctionUrl {
    /// The URL of that domain name, or one of a name that is made up where it has none.
    ///
    /// # Errors
    ///
    /// Where `function_arn` is not the ARN of a function.
    pub fn new(function_arn: &str, url: Option<&str>) -> Result<Self, IdentityError> {
        let arn = identity::function(function_arn)?;
        let host = url.map(|url| url.trim_start_matches("https://").trim_end_matches('/'));
        let parts = host.and_then(|host| host.split_once(".lambda-url."));
        let region = parts.and_then(|(_, rest)| rest.split('.').next());
        let made_up = || identity::made_up_id(&[function_arn, "url"], 32);
        Ok(Self {
            url_id: parts.map_or_else(made_up, |(id, _)| id.to_owned()),
            region: region.unwrap_or(arn.region).to_owned(),
            caller: None,
            cors: None,
        })
    }

    pub(super) fn domain_name(&self) -> String {
        format!("{}.lambda-url.{}.on.aws", self.url_id, self.region)
    }

    /// The path is sent as the client encoded it.
    pub(super) fn event(&self, request: &HttpRequest) -> Result<Value, HttpResponse> {
        if let Some(cors) = &self.cors
            && request.is_preflight()
        {
            return Err(identified(cors.preflight(request), request));
        }
        let mut authorization = Map::new();
        if let Some(UrlCaller { access_key, account_id, arn, unique_id }) = &self.caller {
            authorization.insert("authentication".to_owned(), Value::Null);
            let iam = json!({
                "accessKey": access_key,
                "accountId": account_id,
                "callerId": unique_id,
                "cognitoIdentity": null,
                "principalOrgId": null,
                "userArn": arn,
                "userId": unique_id,
            });
            authorization.insert("authorizer".to_owned(), json!({ "iam": iam }));
        }
        let account = self.caller.as_ref().map_or("anonymous", |caller| &caller.account_id);
        let parts = Parts {
            route_key: "$default",
            path: &request.path,
            path_parameters: Map::new(),
            stage: "$default",
            account_id: account,
            api_id: &self.url_id,
            domain_name: &self.domain_name(),
            request_id: &request.request_id,
            authorization,
            headers: request.forwarded("443", "https", DROPPED),
        };
        Ok(payload::event(request, parts))
    }

    pub(super) fn response(
        &self,
        request: &HttpRequest,
        payload: &[u8],
    ) -> Result<HttpResponse, Malformed> {
        let (response, _) = payload::response(payload)?;
        Ok(self.finished(response.typed("application/json"), request))
    }

    /// The start of a response that is streamed: what its prelude says, or 200 where it has none.
    /// A function that does not stream answers a URL that does with all that it returned, its
    /// status and headers unread, as others observed.
    pub fn streamed_head(&self, request: &HttpRequest, prelude: Option<&Prelude>) -> HttpResponse {
        let plain = HttpResponse { status: 200, ..HttpResponse::default() };
        let head = prelude.map_or(plain, |prelude| prelude.head.clone());
        self.finished(head.typed("application/octet-stream"), request)
    }

    /// Not settled: that a URL remaps `WWW-Authenticate` alone; others have observed it of that.
    fn finished(&self, mut response: HttpResponse, request: &HttpRequest) -> HttpResponse {
        for (name, _) in &mut response.headers {
            if name.eq_ignore_ascii_case("www-authenticate") {
                *name = format!("x-amzn-Remapped-{name}");
            }
        }
        if let Some(cors) = &self.cors {
            response = cors.apply(response, request);
        }
        identified(response, request)
    }

    /// Sources: Lambda Developer Guide, "Control access to Lambda function URLs" (403); the text
    /// of 403 and of 502 is what clients have quoted.
    ///
    /// Not settled: the texts of 413 and 429, and 502 where Lambda cannot run the function.
    pub(super) fn failure(&self, request: &HttpRequest, failure: Failure) -> HttpResponse {
        let error = |status, kind: &str, text: &str| {
            let response = HttpResponse::json(status, &json!({ "Message": text }));
            response.with("x-amzn-ErrorType", format!("{kind}Exception"))
        };
        let response = match failure {
            Failure::Denied => error(403, "AccessDenied", FORBIDDEN),
            Failure::TooLarge => {
                let text = "Request must be smaller than 6291456 bytes for the InvokeFunction \
                            operation";
                error(413, "RequestEntityTooLarge", text)
            }
            Failure::Throttled => error(429, "TooManyRequests", "Rate Exceeded."),
            _ => HttpResponse {
                status: 502,
                body: b"Internal Server Error".to_vec(),
                ..HttpResponse::default()
            }
            .typed("text/plain"),
        };
        self.finished(response, request)
    }
}

const FORBIDDEN: &str = "Forbidden. For troubleshooting Function URL authorization issues, see: \
                         https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html";

fn identified(response: HttpResponse, request: &HttpRequest) -> HttpResponse {
    let trace = format!("Root={}", request.trace_root);
    response.with("x-amzn-RequestId", &*request.request_id).with("X-Amzn-Trace-Id", trace)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{Surroundings, Trigger, classify};

    const FUNCTION: &str = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo";
    const URL: &str = "https://x3q7c2n5v8b1m4k6j9h0g2f5d7s1a3pe.lambda-url.us-west-2.on.aws/";

    fn url() -> FunctionUrl {
        FunctionUrl::new(FUNCTION, Some(URL)).unwrap()
    }

    fn from(method: &str, origin: &str) -> HttpRequest {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers =
            vec![header("origin", origin), header("access-control-request-method", "PUT")];
        HttpRequest { headers, ..HttpRequest::new(method, "/a%20b") }
    }

    #[test]
    fn anyone_calls_a_url_without_signatures() {
        let event = url().event(&from("GET", "https://a.example")).unwrap();
        assert_eq!(event["rawPath"], "/a%20b");
        let context = &event["requestContext"];
        assert_eq!(context["accountId"], "anonymous");
        assert_eq!(context["domainName"], URL.trim_matches('/').trim_start_matches("https://"));
        let found = classify(&event, &Surroundings::of_function(FUNCTION)).unwrap();
        assert_eq!(found.trigger, Trigger::FunctionUrl);
        assert_eq!(found.principal.value, Some(retrigger_iam::Principal::Anonymous));
    }

    #[test]
    fn a_url_with_signatures_names_its_caller() {
        let arn = "arn:aws:sts::841860927337:assumed-role/reporting/nightly";
        let caller = UrlCaller {
            access_key: "ASIAEXAMPLE".to_owned(),
            account_id: "841860927337".to_owned(),
            arn: arn.to_owned(),
            unique_id: "AROAEXAMPLE:nightly".to_owned(),
        };
        let url = FunctionUrl { caller: Some(caller), ..url() };
        let event = url.event(&from("GET", "https://a.example")).unwrap();
        assert_eq!(event["requestContext"]["accountId"], "841860927337");
        let found = classify(&event, &Surroundings::of_function(FUNCTION)).unwrap();
        assert_eq!(found.principal.value.unwrap().as_str(), arn);
    }

    #[test]
    fn one_that_is_not_configured_has_a_name_all_the_same() {
        let made_up = FunctionUrl::new(FUNCTION, None).unwrap();
        assert_eq!((made_up.url_id.len(), made_up.region.as_str()), (32, "us-east-1"));
        assert_eq!(made_up, FunctionUrl::new(FUNCTION, None).unwrap());
        assert!(FunctionUrl::new("arn:aws:s3:::b", None).is_err());
    }

    #[rstest]
    #[case("https://a.example", false, Some("https://a.example"), None)]
    #[case("https://b.example", false, None, None)]
    #[case("https://a.example", true, Some("https://a.example"), Some("true"))]
    fn the_url_answers_preflight_requests(
        #[case] origin: &str,
        #[case] allow_credentials: bool,
        #[case] allowed: Option<&str>,
        #[case] credentials: Option<&str>,
    ) {
        let cors: Cors = serde_json::from_value(json!({
            "AllowOrigins": ["https://a.example"], "AllowMethods": ["GET", "PUT"],
            "AllowCredentials": allow_credentials, "MaxAge": 60,
        }))
        .unwrap();
        let url = FunctionUrl { cors: Some(cors), ..url() };
        let answer = url.event(&from("OPTIONS", origin)).unwrap_err();
        assert_eq!(answer.header("access-control-allow-origin"), allowed);
        assert_eq!(answer.header("access-control-allow-credentials"), credentials);
        let methods = answer.header("access-control-allow-methods");
        assert_eq!(methods, allowed.map(|_| "GET,PUT"));
        assert!(url.event(&from("GET", origin)).is_ok());
    }

    #[test]
    fn the_urls_settings_win_over_the_functions() {
        let payload = br#"{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"x"}}"#;
        let request = from("GET", "https://a.example");
        let plain = url().response(&request, payload).unwrap();
        assert_eq!(plain.header("access-control-allow-origin"), Some("x"));
        let cors = Cors { allow_origins: vec!["*".to_owned()], ..Cors::default() };
        let url = FunctionUrl { cors: Some(cors), ..url() };
        let response = url.response(&request, payload).unwrap();
        assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    }

    #[test]
    fn without_settings_the_function_answers_preflight_requests() {
        assert!(url().event(&from("OPTIONS", "https://a.example")).is_ok());
    }

    #[rstest]
    #[case(Failure::Denied, 403, "AccessDeniedException")]
    #[case(Failure::Throttled, 429, "TooManyRequestsException")]
    #[case(Failure::TooLarge, 413, "RequestEntityTooLargeException")]
    fn refusals_name_their_type(#[case] why: Failure, #[case] status: u16, #[case] kind: &str) {
        let response = url().failure(&HttpRequest::new("GET", "/"), why);
        assert_eq!((response.status, response.header("x-amzn-errortype")), (status, Some(kind)));
    }

    #[rstest]
    #[case(Failure::FunctionError)]
    #[case(Failure::Malformed)]
    fn a_function_that_fails_is_a_bad_gateway(#[case] why: Failure) {
        let response = url().failure(&HttpRequest::new("GET", "/"), why);
        assert_eq!(
            (response.status, response.body.as_slice()),
            (502, &b"Internal Server Error"[..])
        );
    }
}
