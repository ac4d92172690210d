//! An error in the protocol of its service. Source: Smithy documentation, "AWS protocols".

use bytes::Bytes;
use hyper::http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use quick_xml::escape::escape;
use serde_json::json;

use crate::{
    fault::{Family, Fault, Worded},
    operation::{Operation, Protocol},
};

/// To whom a fault is answered.
pub(crate) struct Caller<'c> {
    pub(crate) protocol: Protocol,
    /// The signing name, or the service where it is identified.
    pub(crate) service: &'c str,
    pub(crate) operation: Option<&'c Operation>,
    pub(crate) request_id: &'c str,
    /// `HEAD` has an answer without body.
    pub(crate) is_head: bool,
}

/// The answer that tells of a fault.
pub(crate) fn error(fault: &Fault, caller: &Caller<'_>) -> Response<Bytes> {
    let family = Family::of(caller.protocol, caller.service);
    let worded = fault.worded(family, caller.operation);
    let body = if caller.is_head { Bytes::new() } else { body(&worded, family, caller) };
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(worded.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers(&worded, family, caller) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn headers(worded: &Worded, family: Family, caller: &Caller<'_>) -> Vec<(&'static str, String)> {
    let content_type = match caller.protocol {
        Protocol::Json10 => "application/x-amz-json-1.0",
        Protocol::Json11 => "application/x-amz-json-1.1",
        Protocol::RestJson => "application/json",
        Protocol::Cbor => "application/cbor",
        Protocol::Query | Protocol::Ec2 => "text/xml",
        Protocol::RestXml => "application/xml",
    };
    let mut headers = vec![(CONTENT_TYPE.as_str(), content_type.to_owned())];
    let id = caller.request_id.to_owned();
    if family == Family::S3 {
        headers.push(("x-amz-request-id", s3_request_id(&id)));
        headers.push(("x-amz-id-2", id));
    } else {
        headers.push(("x-amzn-requestid", id));
    }
    match caller.protocol {
        Protocol::RestJson => headers.push(("x-amzn-errortype", worded.code.to_owned())),
        Protocol::Cbor => headers.push(("smithy-protocol", "rpc-v2-cbor".to_owned())),
        _ => {}
    }
    if caller.operation.is_some_and(|operation| operation.query_compatible) {
        let code = worded.code.strip_suffix("Exception").unwrap_or(worded.code);
        headers.push(("x-amzn-query-error", format!("{code};Sender")));
    }
    headers
}

/// Ids of S3 are 16 hexadecimal digits in capitals.
fn s3_request_id(id: &str) -> String {
    id.chars().filter(char::is_ascii_hexdigit).take(16).collect::<String>().to_uppercase()
}

fn body(worded: &Worded, family: Family, caller: &Caller<'_>) -> Bytes {
    let Worded { code, message, .. } = worded;
    let id = caller.request_id;
    let is_compatible = caller.operation.is_some_and(|operation| operation.query_compatible);
    match (caller.protocol, family) {
        (Protocol::Json10 | Protocol::Json11, _) => {
            let kind = shape(code, is_compatible);
            json!({"__type": kind, "Message": message, "message": message}).to_string().into()
        }
        (Protocol::RestJson, _) => {
            json!({"Message": message, "message": message}).to_string().into()
        }
        (Protocol::Cbor, _) => cbor(&shape(code, is_compatible), message),
        (_, Family::S3) => xml(&format!(
            "<Error><Code>{code}</Code><Message>{}</Message><RequestId>{}</RequestId>\
             <HostId>{id}</HostId></Error>",
            escape(message.as_str()),
            s3_request_id(id)
        )),
        (_, Family::Ec2) => xml(&format!(
            "<Response><Errors><Error><Code>{code}</Code><Message>{}</Message></Error></Errors>\
             <RequestID>{id}</RequestID></Response>",
            escape(message.as_str())
        )),
        _ => {
            let namespace = caller.operation.and_then(|known| known.xml_namespace.as_deref());
            let namespace = namespace.map(|uri| format!(" xmlns=\"{}\"", escape(uri)));
            xml(&format!(
                "<ErrorResponse{}><Error><Type>Sender</Type><Code>{code}</Code>\
                 <Message>{}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>",
                namespace.unwrap_or_default(),
                escape(message.as_str())
            ))
        }
    }
}

/// Services that spoke the query protocol before name the namespace of what refuses.
fn shape(code: &str, is_query_compatible: bool) -> String {
    if is_query_compatible { format!("com.amazon.coral.service#{code}") } else { code.to_owned() }
}

fn xml(text: &str) -> Bytes {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{text}").into()
}

/// A map of two texts.
fn cbor(kind: &str, message: &str) -> Bytes {
    let text = |text: &str| ciborium::Value::Text(text.to_owned());
    let map = [("__type", kind), ("message", message)];
    let map = map.into_iter().map(|(key, value)| (text(key), text(value))).collect();
    let mut bytes = Vec::new();
    // Writing into memory fails for no value.
    let _ = ciborium::into_writer(&ciborium::Value::Map(map), &mut bytes);
    bytes.into()
}

#[cfg(test)]
mod tests;
