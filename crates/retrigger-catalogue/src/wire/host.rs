//! What the host says: a service's endpoint, or a bucket.

use super::request::WireRequest;
use super::service::Service;

/// Ends of the hosts that AWS's endpoints have (AWS General Reference, "AWS service endpoints").
const AWS: [&str; 6] = [
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".api.aws",
    ".api.amazonwebservices.com.cn",
    ".on.aws",
    ".amazonaws.eu",
];

/// The request's host in lower case, without its port.
pub(super) struct Host {
    name: String,
    is_aws: bool,
}

impl Host {
    pub(super) fn of(request: &WireRequest<'_>) -> Self {
        let host = request.header(":authority").or_else(|| request.header("host"));
        let host = host.unwrap_or_default().trim();
        // A name has at most 253 characters (RFC 1035); what is longer names nothing.
        let host = if host.len() > 262 { "" } else { host };
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let is_aws = AWS.iter().any(|end| name.ends_with(end));
        Self { name, is_aws }
    }

    /// How well the host fits the service: the length of the endpoint prefix in it, if it is there.
    pub(super) fn fit(&self, service: Service) -> usize {
        let prefix = service.endpoint_prefix();
        let is_there = self.is_aws
            && self.name.match_indices(prefix).any(|(at, _)| {
                let before = self.name[..at].chars().next_back();
                let after = self.name[at + prefix.len()..].chars().next();
                matches!(before, None | Some('.')) && matches!(after, Some('.'))
            });
        let is_bucket = service.id() == "s3" && self.bucket().is_some();
        if is_there || is_bucket { prefix.len() } else { 0 }
    }

    /// The bucket or access point of a virtual host (S3 User Guide, "Virtual hosting of general
    /// purpose buckets"): `bucket.s3.us-east-1.amazonaws.com`, and `bucket.localhost` or
    /// `bucket.s3.localhost` where the endpoint is a local one.
    pub(super) fn bucket(&self) -> Option<&str> {
        let bucket = if self.is_aws {
            let (at, _) = self.name.rmatch_indices(".s3").find(|(at, _)| {
                let after = &self.name[at + 3..];
                // Not virtual: `123456789012.s3-control.us-east-1.amazonaws.com`.
                after.starts_with('.')
                    || after.starts_with("express-")
                    || (after.starts_with('-') && !after.starts_with("-control"))
            })?;
            &self.name[..at]
        } else {
            let local = self.name.strip_suffix(".localhost")?;
            if local == "s3" {
                return None;
            }
            local.strip_suffix(".s3").unwrap_or(local)
        };
        Some(bucket).filter(|bucket| !bucket.is_empty())
    }

    /// Whether it is where directory buckets are made and listed.
    pub(super) fn is_express_control(&self) -> bool {
        self.is_aws && self.name.starts_with("s3express-control.")
    }
}
