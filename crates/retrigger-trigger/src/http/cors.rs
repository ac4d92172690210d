//! The cross-origin settings of a function URL. Source: Lambda API Reference, "Cors"; Lambda
//! Developer Guide, "Creating and managing Lambda function URLs" (cross-origin resource sharing).

use serde::Deserialize;

use super::{HttpRequest, HttpResponse};

/// Which pages of other origins may call a function URL. Reads from the `Cors` of a function URL's
/// configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Cors {
    /// Whether they may send cookies.
    pub allow_credentials: bool,
    /// The headers that they may send.
    pub allow_headers: Vec<String>,
    /// The methods that they may use.
    pub allow_methods: Vec<String>,
    /// The origins; `*` for all.
    pub allow_origins: Vec<String>,
    /// The headers of a response that they may read.
    pub expose_headers: Vec<String>,
    /// For how many seconds a browser may keep the answer to a preflight request.
    pub max_age: Option<u32>,
}

impl Cors {
    /// The answer to a preflight request, which does not reach the function.
    ///
    /// Not settled: its status, and that an origin which is not allowed gets it without headers.
    pub(super) fn preflight(&self, request: &HttpRequest) -> HttpResponse {
        let response = HttpResponse { status: 200, ..HttpResponse::default() };
        let Some(mut response) = self.allow(response, request) else {
            return HttpResponse { status: 200, ..HttpResponse::default() };
        };
        let lists = [
            ("access-control-allow-methods", &self.allow_methods),
            ("access-control-allow-headers", &self.allow_headers),
        ];
        for (name, values) in lists.into_iter().filter(|(_, values)| !values.is_empty()) {
            response = response.with(name, values.join(","));
        }
        match self.max_age {
            Some(seconds) => response.with("access-control-max-age", seconds.to_string()),
            None => response,
        }
    }

    /// A response to another request. These settings win over what the function says.
    pub(super) fn apply(&self, mut response: HttpResponse, request: &HttpRequest) -> HttpResponse {
        let is_own = |name: &str| name.to_ascii_lowercase().starts_with("access-control-");
        response.headers.retain(|(name, _)| !is_own(name));
        let plain = response.clone();
        let Some(response) = self.allow(response, request) else { return plain };
        if self.expose_headers.is_empty() {
            return response;
        }
        response.with("access-control-expose-headers", self.expose_headers.join(","))
    }

    fn allow(&self, response: HttpResponse, request: &HttpRequest) -> Option<HttpResponse> {
        let origin = request.header("origin")?;
        let any = self.allow_origins.iter().any(|allowed| allowed == "*");
        if !any && !self.allow_origins.iter().any(|it| it.eq_ignore_ascii_case(origin)) {
            return None;
        }
        let shown = if any && !self.allow_credentials { "*" } else { origin };
        let response = response.with("access-control-allow-origin", shown).with("vary", "Origin");
        if !self.allow_credentials {
            return Some(response);
        }
        Some(response.with("access-control-allow-credentials", "true"))
    }
}
