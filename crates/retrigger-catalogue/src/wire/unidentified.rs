//! Why a request cannot be told.

use thiserror::Error;

/// What cannot be told of a request.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum Unidentified {
    /// A service is named that AWS's models don't have.
    #[error("no service is called `{name}` in {place}{}", candidates(.nearest))]
    Service {
        /// The name, as the request has it.
        name: String,
        /// Where it stands.
        place: &'static str,
        /// The services with the most similar names.
        nearest: Vec<String>,
    },
    /// The service has no such operation.
    #[error("`{service}` has no operation `{name}`{}", candidates(.nearest))]
    Operation {
        /// The service's id.
        service: String,
        /// The name, as the request has it.
        name: String,
        /// The operations with the most similar names.
        nearest: Vec<String>,
    },
    /// No operation of the service has this method and path.
    #[error("no operation of `{service}` is `{method} {path}`{}", candidates(.nearest))]
    Route {
        /// The services that may have been meant.
        service: String,
        /// The method, cut where it is long.
        method: String,
        /// The path, cut where it is long.
        path: String,
        /// Operations of the same service with a similar path.
        nearest: Vec<String>,
    },
    /// Nothing names a service: neither signature nor host nor headers.
    #[error(
        "nothing says which service `{method} {path}` is for: it has no credential scope, no \
         host of AWS's, no `X-Amz-Target` and no `Action`"
    )]
    Nothing {
        /// The method, cut where it is long.
        method: String,
        /// The path, cut where it is long.
        path: String,
    },
}

fn candidates(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        some => format!("; did you mean `{}`?", some.join("` or `")),
    }
}

/// A text of a request for a message: not longer than what one reads.
pub(super) fn cut(text: &str) -> String {
    const LONGEST: usize = 200;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The three names that are most similar to `name`, of those that are similar at all.
pub(super) fn nearest(name: &str, all: impl Iterator<Item = String>) -> Vec<String> {
    let name = cut(name).to_lowercase();
    let similar = |each: String| {
        let score = strsim::jaro_winkler(&name, &each.to_lowercase());
        (score > 0.8).then_some((score, each))
    };
    let mut scored: Vec<_> = all.filter_map(similar).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(3).map(|(_, each)| each).collect()
}
