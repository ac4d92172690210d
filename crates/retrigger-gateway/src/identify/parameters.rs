//! What a request asks, as one JSON value.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use retrigger_catalogue::wire::{BadBody, Identified, Protocol, WireRequest};
use serde_json::Value;

/// The members of a call by the API's names. A body that is itself a member, such as an object's
/// content, is `Body`.
pub(super) fn read(found: &Identified, request: &WireRequest<'_>) -> Result<Value, BadBody> {
    let mut parameters = found.parameters(request)?;
    let is_rest = matches!(found.protocol, Protocol::RestJson | Protocol::RestXml);
    if !is_rest || request.body.is_empty() {
        return Ok(parameters);
    }
    let without = found.parameters(&WireRequest { body: b"", ..*request })?;
    if let (true, Value::Object(members)) = (without == parameters, &mut parameters) {
        members.insert("Body".to_owned(), text_or_base64(request.body));
    }
    Ok(parameters)
}

fn text_or_base64(body: &[u8]) -> Value {
    match std::str::from_utf8(body) {
        Ok(text) => text.into(),
        Err(_) => STANDARD.encode(body).into(),
    }
}
