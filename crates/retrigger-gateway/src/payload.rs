//! Bodies in chunks (`aws-chunked`) and the checksums that come with bodies. Sources: Amazon S3 API
//! Reference, "Signature calculations for the authorization header: transferring payload in multiple
//! chunks" and the same "including trailing headers"; Amazon S3 User Guide, "Checking object
//! integrity".

use aws_smithy_checksums::ChecksumAlgorithm;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use hyper::http::{HeaderMap, Request};
use subtle::ConstantTimeEq;

use crate::{fault::Fault, verify::Signer};

/// The longest line before a chunk or in a trailer.
const MAX_LINE: usize = 1024;
/// The most lines of a trailer.
const MAX_TRAILER: usize = 16;
const CHECKSUM: &str = "x-amz-checksum-";
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// What chunks carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunks {
    is_signed: bool,
    has_trailer: bool,
}

impl Chunks {
    /// By the value of `x-amz-content-sha256`; `None` where the body does not come in chunks.
    pub(crate) fn of(value: &str) -> Option<Self> {
        let (is_signed, has_trailer) = match value {
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => (true, false),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => (true, true),
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => (false, true),
            _ => return None,
        };
        Some(Self { is_signed, has_trailer })
    }
}

/// A payload, and the checksums that came behind it.
pub(crate) struct Payload {
    pub(crate) body: Bytes,
    pub(crate) trailer: Vec<(String, String)>,
}

impl From<Bytes> for Payload {
    fn from(body: Bytes) -> Self {
        Self { body, trailer: Vec::new() }
    }
}

/// The chunks of a request joined, each verified.
pub(crate) fn joined(
    request: &Request<Bytes>,
    chunks: Chunks,
    signer: &Signer<'_>,
) -> Result<Payload, Fault> {
    let declared = declared_length(request.headers())?;
    let mut reader = Reader { rest: request.body().clone() };
    let mut joined = BytesMut::new();
    let mut before = signer.seed().to_owned();
    loop {
        let head = reader.line()?;
        let (size, signature) = chunk_head(&head)?;
        let chunk = reader.take(size)?;
        if chunks.is_signed {
            let made = signer.chunk(&chunk, &before)?;
            check(&made, signature.unwrap_or_default())?;
            before = made;
        }
        if size == 0 {
            break;
        }
        reader.line_end()?;
        joined.extend_from_slice(&chunk);
    }
    let joined = joined.freeze();
    if joined.len() as u64 != declared {
        let (got, text) = (joined.len(), "x-amz-decoded-content-length");
        return Err(Fault::MalformedChunks(format!("{text} is {declared}, and {got} came")));
    }
    let mut trailer = Vec::new();
    if chunks.has_trailer {
        let lines = reader.trailer()?;
        trailer = check_trailer(lines, chunks, signer, &before, &joined)?;
    }
    Ok(Payload { body: joined, trailer })
}

fn check(made: &str, given: &str) -> Result<(), Fault> {
    let same = bool::from(made.as_bytes().ct_eq(given.as_bytes()));
    if same { Ok(()) } else { Err(Fault::WrongSignature) }
}

fn declared_length(headers: &HeaderMap) -> Result<u64, Fault> {
    let value = headers.get("x-amz-decoded-content-length");
    let length = value.and_then(|value| value.to_str().ok()?.parse().ok());
    length.ok_or_else(|| {
        Fault::MalformedChunks(
            "You must provide the x-amz-decoded-content-length header".to_owned(),
        )
    })
}

/// `SIZE` or `SIZE;chunk-signature=SIGNATURE`.
fn chunk_head(line: &str) -> Result<(usize, Option<&str>), Fault> {
    let (size, extension) = line.split_once(';').unwrap_or((line, ""));
    let size = usize::from_str_radix(size.trim(), 16)
        .map_err(|_| Fault::MalformedChunks("a chunk has no size".to_owned()))?;
    Ok((size, extension.trim().strip_prefix("chunk-signature=")))
}

/// Gives the trailer without its signature.
fn check_trailer(
    trailer: Vec<(String, String)>,
    chunks: Chunks,
    signer: &Signer<'_>,
    before: &str,
    body: &Bytes,
) -> Result<Vec<(String, String)>, Fault> {
    let (signatures, sums): (Vec<_>, Vec<_>) =
        trailer.into_iter().partition(|(name, _)| name == TRAILER_SIGNATURE);
    if chunks.is_signed {
        let given = signatures.first().map_or("", |(_, value)| value);
        check(&signer.trailer(&sums, before)?, given)?;
    }
    sums.iter().try_for_each(|(name, value)| check_sum(name, value, body))?;
    Ok(sums)
}

/// Checks the checksums in the headers.
pub(crate) fn check_headers(headers: &HeaderMap, body: &Bytes) -> Result<(), Fault> {
    for (name, value) in headers {
        check_sum(name.as_str(), value.to_str().unwrap_or_default(), body)?;
    }
    Ok(())
}

/// A header that is no checksum, or one of an algorithm that is not known, passes.
pub(crate) fn check_sum(name: &str, value: &str, body: &Bytes) -> Result<(), Fault> {
    let Some(name) = name.strip_prefix(CHECKSUM) else { return Ok(()) };
    let Ok(algorithm) = name.parse::<ChecksumAlgorithm>() else { return Ok(()) };
    let mut checksum = algorithm.into_impl();
    checksum.update(body);
    // A multipart upload's checksum ends with the number of its parts, and is of theirs.
    if value.contains('-') || STANDARD.encode(checksum.finalize()) == value {
        return Ok(());
    }
    let name = name.to_ascii_uppercase();
    let text = format!("The {name} you specified did not match the calculated checksum.");
    Err(Fault::WrongChecksum(text))
}

/// A body read from its front.
struct Reader {
    rest: Bytes,
}

impl Reader {
    /// A line without its end.
    fn line(&mut self) -> Result<String, Fault> {
        let window = &self.rest[..self.rest.len().min(MAX_LINE)];
        let end = window.iter().position(|byte| *byte == b'\n').ok_or_else(cut_off)?;
        let line = self.rest.split_to(end + 1);
        let text = std::str::from_utf8(&line)
            .map_err(|_| Fault::MalformedChunks("the head of a chunk is no text".to_owned()))?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    fn take(&mut self, size: usize) -> Result<Bytes, Fault> {
        if size > self.rest.len() {
            return Err(Fault::IncompleteBody);
        }
        Ok(self.rest.split_to(size))
    }

    /// The end of line after a chunk.
    fn line_end(&mut self) -> Result<(), Fault> {
        if !self.rest.starts_with(b"\r\n") {
            return Err(Fault::MalformedChunks("a chunk is longer than it says".to_owned()));
        }
        self.take(2).map(drop)
    }

    /// Names in lower case, and values.
    fn trailer(&mut self) -> Result<Vec<(String, String)>, Fault> {
        let mut trailer = Vec::new();
        while !self.rest.is_empty() {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(cut_off)?;
            trailer.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            if trailer.len() > MAX_TRAILER {
                return Err(cut_off());
            }
        }
        Ok(trailer)
    }
}

fn cut_off() -> Fault {
    Fault::MalformedChunks("the body is not in chunks as it declares".to_owned())
}
