//! Reading a signature: of a header or of a presigned URL. Source: IAM User Guide, "AWS Signature
//! Version 4 for API requests" and "Elements of an AWS API request signature".

use std::time::{Duration, SystemTime};

use hyper::http::{HeaderMap, Request};
use jiff::civil::DateTime;
use percent_encoding::percent_decode_str;

use crate::{fault::Fault, operation::Scope};

const SIGV4: &str = "AWS4-HMAC-SHA256";
/// `SigV4A`: signed with a key pair made of the secret, for several regions.
pub(crate) const SIGV4A: &str = "AWS4-ECDSA-P256-SHA256";
/// The longest that a presigned URL may be valid: seven days.
const MAX_EXPIRY: u64 = 604_800;

/// What a request says of its signature. Nothing of it is verified.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) access_key_id: String,
    pub(crate) scope: Scope,
    /// Names in lower case.
    pub(crate) signed_headers: Vec<String>,
    /// Hexadecimal.
    pub(crate) value: String,
    pub(crate) time: SystemTime,
    pub(crate) token: Option<String>,
    pub(crate) place: Place,
    /// Whether it is `SigV4A`, whose scope has no region.
    pub(crate) is_asymmetric: bool,
}

/// Where the signature stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Header,
    /// In a presigned URL, which is valid for a time.
    Query(Duration),
}

impl Signature {
    /// The signature of a request; `None` where it has none.
    pub(crate) fn read<B>(request: &Request<B>) -> Result<Option<Self>, Fault> {
        let query = Query::read(request.uri().query().unwrap_or_default());
        match request.headers().get("authorization") {
            Some(value) => {
                let value = value.to_str().map_err(|_| malformed("is not text"))?;
                of_header(value, request.headers()).map(Some)
            }
            None if query.get("X-Amz-Algorithm").is_some() => of_query(&query).map(Some),
            None => Ok(None),
        }
    }

    /// Whether the service is S3 or speaks as it: its paths are not encoded twice, nor normalized.
    pub(crate) fn is_s3(&self) -> bool {
        self.scope.service.starts_with("s3")
    }
}

fn malformed(what: &str) -> Fault {
    Fault::Incomplete(format!("Authorization header {what}."))
}

fn of_header(value: &str, headers: &HeaderMap) -> Result<Signature, Fault> {
    let (algorithm, rest) = value.split_once(' ').unwrap_or((value, ""));
    let is_asymmetric = asymmetric(algorithm)?;
    let fields: Vec<(&str, &str)> =
        rest.split(',').filter_map(|field| field.trim().split_once('=')).collect();
    let find = |name: &str| fields.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (credential, signature) = (find("Credential"), find("Signature"));
    let (signed, date) = (find("SignedHeaders"), header("x-amz-date"));
    let (Some(credential), Some(signature), Some(signed), Some(date)) =
        (credential, signature, signed, date)
    else {
        let asked = [
            (credential, "requires 'Credential' parameter."),
            (signature, "requires 'Signature' parameter."),
            (signed, "requires 'SignedHeaders' parameter."),
            (date, "requires existence of either a 'X-Amz-Date' or a 'Date' header."),
        ];
        let missing = asked.iter().filter(|(value, _)| value.is_none());
        let missing: Vec<String> =
            missing.map(|(_, what)| format!("Authorization header {what}")).collect();
        return Err(Fault::Incomplete(missing.join(" ")));
    };
    let (access_key_id, scope) = credential_of(credential, is_asymmetric)?;
    Ok(Signature {
        access_key_id,
        scope,
        signed_headers: names(signed),
        value: signature.to_owned(),
        time: time(date)?,
        token: header("x-amz-security-token").map(str::to_owned),
        place: Place::Header,
        is_asymmetric,
    })
}

fn of_query(query: &Query) -> Result<Signature, Fault> {
    let need = |name: &str| {
        query.get(name).ok_or_else(|| {
            Fault::Incomplete(format!("AWS query-string parameters must include '{name}'."))
        })
    };
    let is_asymmetric = asymmetric(need("X-Amz-Algorithm")?)?;
    let (access_key_id, scope) = credential_of(need("X-Amz-Credential")?, is_asymmetric)?;
    let expires: u64 = need("X-Amz-Expires")?
        .parse()
        .map_err(|_| Fault::Incomplete("X-Amz-Expires should be a number".to_owned()))?;
    if expires > MAX_EXPIRY {
        let text = "X-Amz-Expires must be less than a week (in seconds) that is, the given \
                    X-Amz-Expires must be less than 604800 seconds";
        return Err(Fault::Incomplete(text.to_owned()));
    }
    Ok(Signature {
        access_key_id,
        scope,
        signed_headers: names(need("X-Amz-SignedHeaders")?),
        value: need("X-Amz-Signature")?.to_owned(),
        time: time(need("X-Amz-Date")?)?,
        token: query.get("X-Amz-Security-Token").map(str::to_owned),
        place: Place::Query(Duration::from_secs(expires)),
        is_asymmetric,
    })
}

fn asymmetric(algorithm: &str) -> Result<bool, Fault> {
    match algorithm {
        SIGV4 => Ok(false),
        SIGV4A => Ok(true),
        other => {
            let other = other.get(..40.min(other.len())).unwrap_or_default();
            Err(Fault::Incomplete(format!("Unsupported AWS 'algorithm': '{other}'.")))
        }
    }
}

/// `KEY/DATE/REGION/SERVICE/aws4_request`; for `SigV4A` without region.
fn credential_of(text: &str, is_asymmetric: bool) -> Result<(String, Scope), Fault> {
    let parts: Vec<&str> = text.split('/').collect();
    let (key, region, service) = match (parts.as_slice(), is_asymmetric) {
        ([key, _, region, service, "aws4_request"], false) => (*key, *region, *service),
        ([key, _, service, "aws4_request"], true) => (*key, "*", *service),
        _ => {
            let text = "Credential must have exactly 5 slash-delimited elements, e.g. \
                        keyid/date/region/service/term.";
            return Err(Fault::Incomplete(text.to_owned()));
        }
    };
    let scope = Scope { region: region.to_owned(), service: service.to_ascii_lowercase() };
    Ok((key.to_owned(), scope))
}

fn names(text: &str) -> Vec<String> {
    text.split(';').map(str::to_ascii_lowercase).collect()
}

/// `20150830T123600Z`.
fn time(text: &str) -> Result<SystemTime, Fault> {
    let wrong = || {
        Fault::Incomplete(
            "Date must be in ISO-8601 'basic format', such as 20150830T123600Z.".to_owned(),
        )
    };
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", text).map_err(|_| wrong())?;
    let time = jiff::tz::TimeZone::UTC.to_timestamp(time).map_err(|_| wrong())?;
    let seconds = u64::try_from(time.as_second()).map_err(|_| wrong())?;
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// The parameters of a query, decoded, in order.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn read(query: &str) -> Self {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self(pairs.collect())
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}
