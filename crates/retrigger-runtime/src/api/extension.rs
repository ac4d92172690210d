//! The endpoints of the Extensions and Telemetry APIs, as far as a function needs them to run.

use std::collections::BTreeSet;

use hyper::{
    HeaderMap, Request, StatusCode,
    body::Incoming,
    header::{HeaderName, HeaderValue},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Report, Shared,
    answer::{Answer, accepted, error_answer, json_answer},
    body::read_body,
    extensions::EventType,
};
use crate::FunctionError;

const NAME: HeaderName = HeaderName::from_static("lambda-extension-name");
const IDENTIFIER: HeaderName = HeaderName::from_static("lambda-extension-identifier");
const EVENT_IDENTIFIER: HeaderName = HeaderName::from_static("lambda-extension-event-identifier");
const ACCEPT_FEATURE: HeaderName = HeaderName::from_static("lambda-extension-accept-feature");
const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-extension-function-error-type");

/// The largest body of a registration or error report.
const MAX_BODY_BYTES: usize = 256 * 1024;

#[derive(Deserialize)]
struct Registration {
    #[serde(default)]
    events: BTreeSet<EventType>,
}

/// Who calls without being a registered extension.
enum Stranger {
    /// Without an identifier.
    Nobody,
    /// With an identifier that was never given.
    Unknown(String),
}

impl From<Stranger> for Answer {
    fn from(stranger: Stranger) -> Self {
        match stranger {
            Stranger::Nobody => {
                let message = "Missing Lambda-Extension-Identifier header";
                forbidden("Extension.MissingHeader", message)
            }
            Stranger::Unknown(identifier) => {
                let message = format!("Unknown extension identifier {identifier}");
                forbidden("Extension.UnknownExtensionIdentifier", &message)
            }
        }
    }
}

impl Shared {
    /// `POST /extension/register`.
    pub(super) async fn register(&self, request: Request<Incoming>) -> Answer {
        let Some(name) = text(request.headers(), &NAME) else {
            return forbidden("Extension.InvalidExtensionName", "Empty extension name");
        };
        let with_account = text(request.headers(), &ACCEPT_FEATURE)
            .is_some_and(|features| features.split(',').any(|one| one.trim() == "accountId"));
        let registration = match read_body(request.into_body(), MAX_BODY_BYTES).await {
            Ok(body) => serde_json::from_slice::<Registration>(&body.bytes).ok(),
            Err(_) => None,
        };
        let Some(Registration { events }) = registration else {
            let message = "expected {\"events\":[…]} with \"INVOKE\" or \"SHUTDOWN\"";
            return error_answer(StatusCode::BAD_REQUEST, "InvalidRequestFormat", message);
        };
        let Some(identifier) = self.lock().extensions.register(&name, events) else {
            let message = format!("Extension with name {name} already registered");
            return forbidden("Extension.AlreadyRegistered", &message);
        };
        with_header(
            json_answer(StatusCode::OK, &self.registered(with_account)),
            IDENTIFIER,
            &identifier,
        )
    }

    /// `GET /extension/event/next`: waits for an event that the extension wants.
    pub(super) async fn extension_next(&self, headers: &HeaderMap) -> Answer {
        let identifier = match self.extension(headers) {
            Ok((identifier, _)) => identifier,
            Err(stranger) => return stranger.into(),
        };
        let event = self.wait_for(|state| state.extensions.take_event(&identifier)).await;
        let answer = json_answer(StatusCode::OK, &event);
        with_header(answer, EVENT_IDENTIFIER, event["requestId"].as_str().unwrap_or("SHUTDOWN"))
    }

    /// `POST /extension/init/error` and `/extension/exit/error`.
    pub(super) async fn extension_error(
        &self,
        error_type: &str,
        request: Request<Incoming>,
    ) -> Answer {
        let name = match self.extension(request.headers()) {
            Ok((_, name)) => name,
            Err(stranger) => return stranger.into(),
        };
        let Some(reported) = text(request.headers(), &ERROR_TYPE) else {
            let message = "Lambda-Extension-Function-Error-Type header is missing";
            return forbidden("Extension.MissingHeader", message);
        };
        // Read so that the connection can go on; what it says is for logs only.
        let _ = read_body(request.into_body(), MAX_BODY_BYTES).await;
        let message = format!("extension {name} reported {reported}");
        self.report(Report::ExtensionError(FunctionError::platform(error_type, message)));
        accepted()
    }

    /// The identifier and name of the extension that calls.
    fn extension(&self, headers: &HeaderMap) -> Result<(String, String), Stranger> {
        let identifier = text(headers, &IDENTIFIER).ok_or(Stranger::Nobody)?;
        let name = self.lock().extensions.name(&identifier).map(str::to_owned);
        name.map(|name| (identifier.clone(), name)).ok_or(Stranger::Unknown(identifier))
    }

    fn registered(&self, with_account: bool) -> Value {
        let function = &self.function;
        let mut facts = json!({
            "functionName": function.name,
            "functionVersion": function.version,
            "handler": function.handler,
        });
        if let (true, Some(account)) = (with_account, function.arn.split(':').nth(4)) {
            facts["accountId"] = account.into();
        }
        facts
    }
}

/// The answer of an environment without Telemetry or Logs API.
pub(super) fn unsupported(api: &str) -> Answer {
    let message = format!("{api} API is not supported");
    error_answer(StatusCode::ACCEPTED, &format!("{api}.NotSupported"), &message)
}

fn forbidden(error_type: &str, message: &str) -> Answer {
    error_answer(StatusCode::FORBIDDEN, error_type, message)
}

fn with_header(mut answer: Answer, name: HeaderName, value: &str) -> Answer {
    // A request id that no header can carry was refused before it became an event.
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        answer.headers_mut().insert(name, value);
    }
    answer
}

/// The text of a header that is there and not empty.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (!value.is_empty()).then(|| value.to_owned())
}
