//! Routes of an API: a method, and a path with parameters in braces.

use std::{fmt, str::FromStr};

use serde_json::{Map, Value};

/// A route of an API, such as `GET /pets/{id}`, `ANY /{proxy+}` or `$default`.
///
/// A parameter stands for one part of a path, one with a plus sign for all the rest of it. Source:
/// API Gateway Developer Guide, "Create routes for HTTP APIs in API Gateway", "Lambda proxy
/// integrations in API Gateway".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method; `None` for `ANY`.
    pub method: Option<String>,
    /// The path with its slash; `None` for `$default`, which takes whatever no other route takes.
    pub path: Option<String>,
}

/// Text that is no route.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no route: expected such as `GET /pets/{{id}}`, `ANY /{{proxy+}}` or `$default`")]
pub struct RouteError(String);

impl FromStr for Route {
    type Err = RouteError;

    /// A path without method is taken for `ANY`.
    fn from_str(text: &str) -> Result<Self, RouteError> {
        if text == "$default" {
            return Ok(Self { method: None, path: None });
        }
        let invalid = || RouteError(text.to_owned());
        let (method, path) = match text.split_once(' ') {
            Some((method, path)) => (Some(method), path.trim_start()),
            None => (None, text),
        };
        let is_method = |text: &&str| text.bytes().all(|byte| byte.is_ascii_uppercase());
        let parts: Vec<&str> = path.strip_prefix('/').ok_or_else(invalid)?.split('/').collect();
        let greedy = parts.iter().position(|part| part.ends_with("+}"));
        let is_last = greedy.is_none_or(|index| index + 1 == parts.len());
        let is_whole = |part: &&str| part.starts_with('{') == part.ends_with('}');
        if !is_last || !parts.iter().all(is_whole) || !method.iter().all(is_method) {
            return Err(invalid());
        }
        let method = method.filter(|method| *method != "ANY").map(str::to_owned);
        Ok(Self { method, path: Some(path.to_owned()) })
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.method, &self.path) {
            (_, None) => f.write_str("$default"),
            (method, Some(path)) => {
                write!(f, "{} {path}", method.as_deref().unwrap_or("ANY"))
            }
        }
    }
}

/// How a route takes a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken<'r> {
    pub(super) route: &'r Route,
    /// The path parameters, as they stand in the path.
    pub(super) parameters: Map<String, Value>,
}

/// The route that takes a request: one whose path is closest, and of those one with its method.
/// Source: API Gateway Developer Guide, "Create routes for HTTP APIs in API Gateway" (full match
/// before greedy, `$default` last).
pub(super) fn find<'r>(routes: &'r [Route], method: &str, path: &str) -> Option<Taken<'r>> {
    let takes = |route: &&Route| route.method.as_deref().is_none_or(|own| own == method);
    let matched = routes.iter().filter(takes).filter_map(|route| {
        let (rank, parameters) = route.path.as_deref().map_or_else(
            || Some((vec![Rank::Default], Map::new())),
            |template| fit(template, path),
        )?;
        Some(((rank, route.method.is_none()), Taken { route, parameters }))
    });
    matched.min_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, taken)| taken)
}

/// How close a part of a path is met, closest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Literal,
    Parameter,
    Greedy,
    Default,
}

fn fit(template: &str, path: &str) -> Option<(Vec<Rank>, Map<String, Value>)> {
    let (mut rank, mut parameters) = (Vec::new(), Map::new());
    let mut rest = Some(path.strip_prefix('/').unwrap_or(path));
    for part in template.trim_start_matches('/').split('/') {
        let left = rest?;
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        if let Some(name) = name.and_then(|name| name.strip_suffix('+')) {
            if left.is_empty() {
                return None;
            }
            parameters.insert(name.to_owned(), left.into());
            rank.push(Rank::Greedy);
            rest = None;
            break;
        }
        let (own, after) = left.split_once('/').map_or((left, None), |(a, b)| (a, Some(b)));
        match name {
            Some(name) if !own.is_empty() => {
                parameters.insert(name.to_owned(), own.into());
                rank.push(Rank::Parameter);
            }
            None if own == part => rank.push(Rank::Literal),
            _ => return None,
        }
        rest = after;
    }
    rest.is_none().then_some((rank, parameters))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn routes(texts: &[&str]) -> Vec<Route> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[rstest]
    #[case("GET", "/pets", Some(("GET /pets", json!({}))))]
    #[case("POST", "/pets", Some(("ANY /pets", json!({}))))]
    #[case("GET", "/pets/dogs", Some(("ANY /pets/dogs", json!({}))))]
    #[case("GET", "/pets/a%20b", Some(("GET /pets/{id}", json!({"id": "a%20b"}))))]
    #[case("GET", "/pets/1/2/", Some(("ANY /{proxy+}", json!({"proxy": "pets/1/2/"}))))]
    #[case("PUT", "/pets/1", Some(("ANY /{proxy+}", json!({"proxy": "pets/1"}))))]
    #[case("GET", "/", Some(("$default", json!({}))))]
    fn the_closest_route_takes_a_request(
        #[case] method: &str,
        #[case] path: &str,
        #[case] expected: Option<(&str, Value)>,
    ) {
        let routes = routes(&[
            "$default",
            "ANY /{proxy+}",
            "GET /pets/{id}",
            "/pets/dogs",
            "ANY /pets",
            "GET /pets",
        ]);
        let found = find(&routes, method, path);
        let found = found.map(|taken| (taken.route.to_string(), Value::Object(taken.parameters)));
        assert_eq!(found, expected.map(|(route, parameters)| (route.to_owned(), parameters)));
    }

    #[rstest]
    #[case("GET", "/")]
    #[case("GET", "/pets/1")]
    #[case("POST", "/pets")]
    #[case("GET", "/pets/")]
    fn what_no_route_takes_is_not_found(#[case] method: &str, #[case] path: &str) {
        assert_eq!(find(&routes(&["GET /pets"]), method, path), None);
    }

    #[rstest]
    #[case("pets")]
    #[case("get /pets")]
    #[case("GET pets")]
    #[case("/{proxy+}/pets")]
    #[case("/{pets")]
    #[case("$other")]
    fn other_text_is_no_route(#[case] text: &str) {
        let error = text.parse::<Route>().unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{text}` is no route: expected ")), "{error}");
    }
}
