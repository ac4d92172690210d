//! Reading the body of a request.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::ApiError;

/// How much of a body that is too large is still read, so that the client gets to hear why it is
/// refused, and does not find its connection closed.
const MAX_DISCARDED: usize = 64 * 1024 * 1024;

/// How long a client may be silent within a body.
const SILENCE: Duration = Duration::from_mins(1);

/// A body that was read to its end.
pub(crate) enum Body {
    /// All of it.
    Whole(Bytes),
    /// It is larger than allowed: by its bytes.
    TooLarge(usize),
}

/// Reads a body of at most `limit` bytes.
pub(crate) async fn read(mut body: Incoming, limit: usize) -> Result<Body, ApiError> {
    let mut kept = BytesMut::new();
    let mut size = 0_usize;
    loop {
        let frame = tokio::time::timeout(SILENCE, body.frame()).await.map_err(|_| {
            let text = "The request was not received within the time allowed.";
            ApiError::new("RequestTimeoutException", text)
        })?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| {
            ApiError::new("InvalidRequestContentException", format!("the body broke off: {error}"))
        })?;
        let Ok(data) = frame.into_data() else { continue };
        size = size.saturating_add(data.len());
        if size <= limit {
            kept.extend_from_slice(&data);
        } else if size > MAX_DISCARDED {
            break;
        }
    }
    if size > limit { Ok(Body::TooLarge(size)) } else { Ok(Body::Whole(kept.freeze())) }
}
