//! A target group of an Application Load Balancer. Source: Elastic Load Balancing, Application
//! Load Balancers, "Use Lambda functions as targets of an Application Load Balancer".

use std::collections::BTreeMap;

use retrigger_iam::Arn;
use serde_json::{Map, Value, json};

use super::{
    Failure, HttpRequest, HttpResponse, IdentityError, Malformed,
    answer::{Answer, HeaderMembers},
    identity, media,
    message::{last, lists},
};

/// The largest response of a function, in bytes of JSON: 1 MB.
const MAX_RESPONSE: usize = 1024 * 1024;

/// A target group of an Application Load Balancer, behind a listener for plain HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alb {
    /// The ARN of the target group.
    pub target_group_arn: String,
    /// Whether the target group has multi value headers enabled.
    pub multi_value_headers: bool,
}

impl Alb {
    /// One of a name that no policy has said.
    ///
    /// # Errors
    ///
    /// Where `function_arn` is not the ARN of a function.
    pub fn new(function_arn: &str) -> Result<Self, IdentityError> {
        Self::of_policy(function_arn, &[])
    }

    /// The first target group that the statements of a function's policy let invoke it. Wildcards
    /// are filled in.
    ///
    /// # Errors
    ///
    /// Where `function_arn` is not the ARN of a function.
    pub fn of_policy(function_arn: &str, statements: &[Value]) -> Result<Self, IdentityError> {
        let target_group_arn = identity::target_group(function_arn, statements)?;
        Ok(Self { target_group_arn, multi_value_headers: false })
    }

    pub(super) fn domain_name(&self) -> String {
        let arn = Arn::parse(&self.target_group_arn);
        let region = arn.map_or("us-east-1", |arn| arn.region);
        let mut parts = self.target_group_arn.split('/').skip(1);
        let name = parts.next().unwrap_or("front-door");
        let id: u64 = u64::from_str_radix(parts.next().unwrap_or_default(), 16).unwrap_or(1);
        format!("{name}-{}.{region}.elb.amazonaws.com", id % 1_000_000_000)
    }

    pub(super) fn event(&self, request: &HttpRequest) -> Result<Value, HttpResponse> {
        if request.header("upgrade").is_some_and(|to| to.eq_ignore_ascii_case("websocket")) {
            return Err(page(400, "Bad Request"));
        }
        // Source: "Access logs for your Application Load Balancer" (`LambdaBadRequest`): headers and
        // body must be UTF-8. Headers are text by now.
        if media::is_broken_text(request) {
            return Err(page(400, "Bad Request"));
        }
        let port = request.port.to_string();
        let headers = request.forwarded(&port, "http", &["transfer-encoding"]);
        // As they were sent: a load balancer decodes nothing.
        let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, value) in request.raw_query() {
            query.entry(key.to_owned()).or_default().push(value.to_owned());
        }
        let body = media::inferred(request);
        let parts = (&query, &headers, body.text.as_str(), body.is_base64);
        Ok(self.event_of(&request.method, &request.path, parts))
    }

    /// The event of a health check of this path.
    pub fn health_check(&self, path: &str) -> Value {
        let agent = ("user-agent".to_owned(), vec!["ELB-HealthChecker/2.0".to_owned()]);
        self.event_of("GET", path, (&BTreeMap::new(), &BTreeMap::from([agent]), "", false))
    }

    fn event_of(
        &self,
        method: &str,
        path: &str,
        (query, headers, body, is_base64): (&Values, &Values, &str, bool),
    ) -> Value {
        let mut event = Map::new();
        let mut set = |name: &str, value: Value| event.insert(name.to_owned(), value);
        set("requestContext", json!({"elb": {"targetGroupArn": self.target_group_arn}}));
        set("httpMethod", method.into());
        set("path", path.into());
        if self.multi_value_headers {
            set("multiValueQueryStringParameters", lists(query).into());
            set("multiValueHeaders", lists(headers).into());
        } else {
            set("queryStringParameters", last(query).into());
            set("headers", last(headers).into());
        }
        set("body", body.into());
        set("isBase64Encoded", is_base64.into());
        event.into()
    }

    /// With multi value headers the headers stand in `multiValueHeaders`, else in `headers`.
    ///
    /// Not settled: the type of a body without one; others have seen `application/octet-stream`.
    pub(super) fn response(&self, payload: &[u8]) -> Result<HttpResponse, Malformed> {
        if payload.len() > MAX_RESPONSE {
            let size = payload.len();
            return Err(Malformed(format!("has {size} bytes, more than {MAX_RESPONSE}")));
        }
        let members =
            if self.multi_value_headers { HeaderMembers::Multi } else { HeaderMembers::Single };
        let answer = Answer::read(payload, members)?;
        let reason = answer.members.get("statusDescription").and_then(reason);
        let response = answer.decoded()?.typed("application/octet-stream");
        Ok(HttpResponse { reason, ..response }.with("server", SERVER))
    }
}

type Values = BTreeMap<String, Vec<String>>;

const SERVER: &str = "awselb/2.0";

/// `404 Not Found` gives `Not Found`.
fn reason(description: &Value) -> Option<String> {
    let text = description.as_str()?;
    let text = text.trim_start_matches(|c: char| c.is_ascii_digit()).trim();
    let is_plain = text.bytes().all(|byte| (b' '..0x7f).contains(&byte));
    (is_plain && !text.is_empty()).then(|| text.to_owned())
}

/// Source: Elastic Load Balancing, "Troubleshoot your Application Load Balancers": 413 for a body
/// of more than 1 MB, and 502 where the function fails, times out, is throttled or answers what is
/// malformed or more than 1 MB. "Access logs for your Application Load Balancer" lists
/// `LambdaAccessDenied` among the reasons for an error of the load balancer.
pub(super) fn failure(failure: Failure) -> HttpResponse {
    match failure {
        Failure::TooLarge => page(413, "Request Entity Too Large"),
        _ => page(502, "Bad Gateway"),
    }
}

fn page(status: u16, reason: &str) -> HttpResponse {
    let title = format!("{status} {reason}");
    let body = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>\
         </center>\r\n</body>\r\n</html>\r\n"
    );
    let response = HttpResponse {
        status,
        reason: Some(reason.to_owned()),
        headers: Vec::new(),
        body: body.into_bytes(),
    };
    response.with("server", SERVER).with("content-type", "text/html")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::trigger::Trigger;

    const FUNCTION: &str = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo";

    fn alb(multi_value_headers: bool) -> Alb {
        Alb { multi_value_headers, ..Alb::new(FUNCTION).unwrap() }
    }

    fn request() -> HttpRequest {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        HttpRequest {
            query: "a=1&a=2%203&b".to_owned(),
            headers: vec![header("x-a", "1"), header("host", "h"), header("x-a", "2")],
            port: 8080,
            trace_root: "1-0-0".to_owned(),
            ..HttpRequest::new("GET", "/a%20b")
        }
    }

    #[test]
    fn the_last_of_several_values_is_sent() {
        let event = alb(false).event(&request()).unwrap();
        assert_eq!(
            event,
            json!({
                "requestContext": {"elb": {"targetGroupArn": alb(false).target_group_arn}},
                "httpMethod": "GET",
                "path": "/a%20b",
                "queryStringParameters": {"a": "2%203", "b": ""},
                "headers": {
                    "host": "h", "x-a": "2", "x-amzn-trace-id": "Root=1-0-0",
                    "x-forwarded-for": "127.0.0.1", "x-forwarded-port": "8080",
                    "x-forwarded-proto": "http",
                },
                "body": "",
                "isBase64Encoded": false,
            })
        );
        assert_eq!(crate::recognise(&event), Some(Trigger::Alb));
    }

    #[test]
    fn multi_value_headers_have_all_values() {
        let event = alb(true).event(&request()).unwrap();
        assert_eq!(event["multiValueHeaders"]["x-a"], json!(["1", "2"]));
        assert_eq!(event["multiValueQueryStringParameters"]["a"], json!(["1", "2%203"]));
        assert!(event.get("headers").is_none() && event.get("queryStringParameters").is_none());
    }

    #[test]
    fn a_health_check_names_its_agent_and_nothing_else() {
        let event = alb(false).health_check("/health");
        assert_eq!(event["headers"], json!({"user-agent": "ELB-HealthChecker/2.0"}));
        assert_eq!((&event["path"], &event["body"]), (&json!("/health"), &json!("")));
    }

    #[rstest]
    #[case(r#"{"statusCode":200}"#, 200, None)]
    #[case(r#"{"statusCode":200,"statusDescription":"200 OK"}"#, 200, Some("OK"))]
    #[case(r#"{"statusCode":404,"statusDescription":"Nothing here"}"#, 404, Some("Nothing here"))]
    #[case(r#"{"statusCode":404,"statusDescription":"404"}"#, 404, None)]
    #[case("{\"statusCode\":404,\"statusDescription\":\"a\\nb\"}", 404, None)]
    fn the_status_may_be_described(
        #[case] payload: &str,
        #[case] status: u16,
        #[case] reason: Option<&str>,
    ) {
        let response = alb(false).response(payload.as_bytes()).unwrap();
        assert_eq!((response.status, response.reason.as_deref()), (status, reason));
        assert_eq!(response.header("content-type"), Some("application/octet-stream"));
    }

    #[test]
    fn a_response_has_a_limit() {
        let payload = |size: usize| {
            let start = r#"{"statusCode":200,"body":""#;
            format!("{start}{}\"}}", "x".repeat(size - start.len() - 2))
        };
        assert!(alb(false).response(payload(MAX_RESPONSE).as_bytes()).is_ok());
        assert!(alb(false).response(payload(MAX_RESPONSE + 1).as_bytes()).is_err());
    }

    #[test]
    fn errors_are_pages() {
        let response = failure(Failure::Denied);
        assert_eq!((response.status, response.header("server")), (502, Some("awselb/2.0")));
        assert!(String::from_utf8(response.body).unwrap().contains("<h1>502 Bad Gateway</h1>"));
        assert_eq!(failure(Failure::TooLarge).status, 413);
        let mut upgrade = request();
        upgrade.headers.push(("upgrade".to_owned(), "WebSocket".to_owned()));
        assert_eq!(alb(false).event(&upgrade).unwrap_err().status, 400);
        let mut broken = request();
        broken.headers.push(("content-type".to_owned(), "text/plain".to_owned()));
        broken.body = vec![0xff];
        assert_eq!(alb(false).event(&broken).unwrap_err().status, 400);
    }
}
