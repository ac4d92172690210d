//! A port for plain HTTP: what a browser or curl sends is handed on as it came.

use std::{
    convert::Infallible,
    fmt,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::{Body, Frame, Incoming, SizeHint},
    ext::ReasonPhrase,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use tokio::sync::mpsc;

use crate::{
    body::{self, Body as Read},
    guard,
};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct DoorRequest {
    /// The method.
    pub method: String,
    /// The path, percent-encoded.
    pub path: String,
    /// The query, without question mark; empty where there is none.
    pub query: String,
    /// The headers, with names in lower case. A value that is no UTF-8 is taken for Latin-1.
    pub headers: Vec<(String, String)>,
    /// The body; `None` where it is larger than the door takes.
    pub body: Option<Bytes>,
    /// Such as `HTTP/1.1`.
    pub protocol: String,
    /// Where it came from.
    pub client: IpAddr,
}

impl DoorRequest {
    /// The first value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }
}

/// A response to it.
#[derive(Debug)]
pub struct DoorResponse {
    /// The status; one that HTTP has not is sent as 500.
    pub status: u16,
    /// The reason, where it is not the usual one.
    pub reason: Option<String>,
    /// The headers. What HTTP cannot carry is left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: DoorBody,
}

/// The body of a response.
#[derive(Debug)]
pub enum DoorBody {
    /// All of it.
    Whole(Bytes),
    /// It is sent as it comes. Where it breaks off, so does the connection.
    Streamed(mpsc::UnboundedReceiver<Result<Bytes, BrokenOff>>),
}

/// A body that does not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response broke off")
    }
}

impl std::error::Error for BrokenOff {}

/// The response to a request, when it comes.
pub type Responding = Pin<Box<dyn Future<Output = DoorResponse> + Send>>;

/// Answers requests.
pub trait Door: Send + Sync + 'static {
    /// The most bytes of a body.
    fn max_body(&self) -> usize;

    /// Whether it may be called by this name, besides those of the loopback interface. A page whose
    /// name has been made to resolve to this host calls by another one, and is refused.
    fn is_name(&self, host: &str) -> bool;

    /// Answers a request. The future is dropped where the client goes away.
    fn answer(self: Arc<Self>, request: DoorRequest) -> Responding;
}

/// Whether a `Host` header names the loopback interface, with or without a port.
pub fn is_loopback_host(host: &str) -> bool {
    guard::is_loopback(host)
}

pub(crate) async fn answer(
    request: Request<Incoming>,
    client: SocketAddr,
    door: Arc<dyn Door>,
) -> Result<Response<Outgoing>, Infallible> {
    let (parts, body) = request.into_parts();
    let read = body::read(body, door.max_body()).await;
    let body = match read {
        Ok(Read::Whole(body)) => Some(body),
        Ok(Read::TooLarge(_)) => None,
        Err(error) => return Ok(refused(error.status(), error.message())),
    };
    if let Some(host) = refused_host(&parts.headers, &*door) {
        let text = format!(
            "`{host}` is no name of this front door: call 127.0.0.1, localhost, or a name that \
             was given to it"
        );
        return Ok(refused(403, &text));
    }
    let path = parts.uri.path();
    if !path.starts_with('/') {
        return Ok(refused(400, "the request names no path"));
    }
    let request = DoorRequest {
        method: parts.method.as_str().to_owned(),
        path: path.to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: headers(&parts.headers),
        body,
        protocol: format!("{:?}", parts.version),
        client: client.ip(),
    };
    Ok(written(door.answer(request).await))
}

fn refused_host(headers: &HeaderMap, door: &dyn Door) -> Option<String> {
    let host = headers.get("host")?.to_str().unwrap_or_default();
    let (name, _) = guard::name_and_port(host);
    (!guard::is_loopback(host) && !door.is_name(name)).then(|| host.to_owned())
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().map(|byte| char::from(*byte)).collect(),
    };
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn refused(status: u16, text: &str) -> Response<Outgoing> {
    let headers = vec![(CONTENT_TYPE.as_str().to_owned(), "text/plain; charset=utf-8".to_owned())];
    let body = DoorBody::Whole(format!("{text}\n").into());
    written(DoorResponse { status, reason: None, headers, body })
}

fn written(response: DoorResponse) -> Response<Outgoing> {
    let DoorResponse { status, reason, headers, body } = response;
    let mut response = Response::new(match body {
        DoorBody::Whole(body) => Outgoing::Whole(Full::new(body)),
        DoorBody::Streamed(parts) => Outgoing::Streamed(parts),
    });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.status_mut() = status;
    let reason = reason.and_then(|reason| ReasonPhrase::try_from(reason.into_bytes()).ok());
    if let Some(reason) = reason {
        response.extensions_mut().insert(reason);
    }
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// A body on its way out.
pub(crate) enum Outgoing {
    Whole(Full<Bytes>),
    Streamed(mpsc::UnboundedReceiver<Result<Bytes, BrokenOff>>),
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match self.get_mut() {
            Self::Whole(body) => {
                let frame = Pin::new(body).poll_frame(context);
                frame.map(|frame| frame.map(|frame| frame.map_err(|_| BrokenOff)))
            }
            Self::Streamed(parts) => {
                let part = parts.poll_recv(context);
                part.map(|part| part.map(|part| part.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Streamed(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Streamed(_) => SizeHint::default(),
        }
    }
}
