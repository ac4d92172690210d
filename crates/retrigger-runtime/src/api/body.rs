//! Request bodies, read up to a limit.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::{HeaderMap, body::Body};

/// How much of a body over its limit is still read, so that its sender gets to read the refusal.
const MAX_DISCARDED_BYTES: usize = 64 * 1024 * 1024;

/// A whole body.
pub(super) struct Received {
    /// Its bytes.
    pub(super) bytes: Bytes,
    /// The trailers after it, empty where there are none.
    pub(super) trailers: HeaderMap,
}

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// It is over the limit.
    TooLarge,
    /// It ended before its end.
    Truncated,
}

/// Reads a body of at most `limit` bytes. Of a larger one nothing is kept.
pub(super) async fn read_body<B>(body: B, limit: usize) -> Result<Received, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    read_parts(body, limit, |_| {}).await
}

/// The same, telling of each part within the limit as it comes.
pub(super) async fn read_parts<B>(
    mut body: B,
    limit: usize,
    mut tell: impl FnMut(&Bytes),
) -> Result<Received, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let (mut bytes, mut trailers, mut size) = (BytesMut::new(), HeaderMap::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        match frame.map_err(|_| BodyError::Truncated)?.into_data() {
            Ok(data) => {
                size = size.saturating_add(data.len());
                if size > MAX_DISCARDED_BYTES {
                    return Err(BodyError::TooLarge);
                }
                if size <= limit {
                    tell(&data);
                    bytes.extend_from_slice(&data);
                } else {
                    bytes = BytesMut::new();
                }
            }
            Err(frame) => trailers.extend(frame.into_trailers().unwrap_or_default()),
        }
    }
    if size > limit {
        return Err(BodyError::TooLarge);
    }
    Ok(Received { bytes: bytes.freeze(), trailers })
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    #[tokio::test]
    async fn the_limit_itself_is_allowed() {
        let received = read_body(Full::new(Bytes::from_static(b"1234")), 4).await.ok().unwrap();
        assert_eq!(received.bytes, "1234");
        let over = read_body(Full::new(Bytes::from_static(b"12345")), 4).await.err();
        assert_eq!(over, Some(BodyError::TooLarge));
    }
}
