//! The event stream that answers `InvokeWithResponseStream`. Source: Lambda API Reference,
//! "`InvokeWithResponseStream`"; Smithy specification, "Amazon Event Stream".

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value};

/// The most bytes of one chunk. The framing allows 16 MiB; AWS's chunks are far smaller.
const CHUNK: usize = 64 * 1024;

/// How a streamed invocation ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Complete {
    /// The type of the function's error.
    pub(crate) error_code: Option<String>,
    /// Its body.
    pub(crate) error_details: Option<String>,
    /// The end of the log.
    pub(crate) log_result: Option<String>,
}

/// A part of the payload, in chunks; `None` where the framing refuses it.
pub(crate) fn payload(part: &Bytes) -> Option<Bytes> {
    let mut stream = BytesMut::new();
    for start in (0..part.len()).step_by(CHUNK) {
        let chunk = part.slice(start..part.len().min(start + CHUNK));
        let message = event("PayloadChunk", "application/octet-stream", chunk);
        write_message_to(&message, &mut stream).ok()?;
    }
    Some(stream.freeze())
}

/// The end; `None` where the framing refuses it.
pub(crate) fn complete(complete: &Complete) -> Option<Bytes> {
    let mut stream = BytesMut::new();
    let members = [
        ("ErrorCode", &complete.error_code),
        ("ErrorDetails", &complete.error_details),
        ("LogResult", &complete.log_result),
    ];
    let members = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value.clone()?))));
    let body = Value::Object(members.collect::<Map<_, _>>()).to_string();
    write_message_to(&event("InvokeComplete", "application/json", body.into()), &mut stream)
        .ok()?;
    Some(stream.freeze())
}

fn event(kind: &'static str, content_type: &'static str, payload: Bytes) -> Message {
    let text = |value: &'static str| HeaderValue::String(value.into());
    Message::new(payload)
        .add_header(Header::new(":event-type", text(kind)))
        .add_header(Header::new(":content-type", text(content_type)))
        .add_header(Header::new(":message-type", text("event")))
}

#[cfg(test)]
mod tests {
    use aws_smithy_eventstream::frame::read_message_from;

    use super::*;

    #[test]
    fn chunks_come_first_and_the_end_last() {
        let payload = Bytes::from(vec![7_u8; CHUNK + 1]);
        let complete = Complete { log_result: Some("bG9n".to_owned()), ..Complete::default() };
        let ended = super::complete(&complete).unwrap();
        let mut stream = BytesMut::from(super::payload(&payload).unwrap());
        stream.extend_from_slice(&ended);
        let mut stream = stream.freeze();
        let mut messages = Vec::new();
        while !stream.is_empty() {
            messages.push(read_message_from(&mut stream).unwrap());
        }
        let sizes: Vec<usize> = messages.iter().map(|message| message.payload().len()).collect();
        assert_eq!(sizes[..2], [CHUNK, 1]);
        assert_eq!(messages[2].payload(), r#"{"LogResult":"bG9n"}"#);
        let kind = |message: &Message| message.headers()[0].value().as_string().unwrap().clone();
        assert_eq!(kind(&messages[0]).as_str(), "PayloadChunk");
        assert_eq!(kind(&messages[2]).as_str(), "InvokeComplete");
    }
}
