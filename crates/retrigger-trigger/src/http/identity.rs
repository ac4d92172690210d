//! What a front door is called, read from the statements of the function's policy where they say
//! so.

use retrigger_iam::Arn;
use serde_json::Value;

use super::Route;

/// The ARN of a function is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the ARN of a function")]
pub struct IdentityError(String);

/// Where an API lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) partition: String,
    pub(super) region: String,
    pub(super) account: String,
    pub(super) api_id: String,
}

impl Place {
    /// An API beside a function.
    pub(super) fn new(function_arn: &str, api_id: &str) -> Result<Self, IdentityError> {
        let arn = function(function_arn)?;
        Ok(Self {
            partition: arn.partition.to_owned(),
            region: arn.region.to_owned(),
            account: arn.account.to_owned(),
            api_id: api_id.to_owned(),
        })
    }

    pub(super) fn arn(&self, stage: &str) -> String {
        let Self { partition, region, account, api_id } = self;
        format!("arn:{partition}:execute-api:{region}:{account}:{api_id}/{stage}")
    }

    pub(super) fn domain_name(&self) -> String {
        let china = if self.partition == "aws-cn" { ".cn" } else { "" };
        format!("{}.execute-api.{}.amazonaws.com{china}", self.api_id, self.region)
    }
}

pub(super) fn function(arn: &str) -> Result<Arn<'_>, IdentityError> {
    let is_function = |found: &Arn<'_>| {
        found.service == "lambda" && !found.region.is_empty() && found.account_id().is_some()
    };
    Arn::parse(arn).filter(is_function).ok_or_else(|| IdentityError(arn.to_owned()))
}

/// The first target group that a policy lets invoke the function, else one of its own.
pub(super) fn target_group(
    function_arn: &str,
    statements: &[Value],
) -> Result<String, IdentityError> {
    let arn = function(function_arn)?;
    let patterns = source_patterns(statements, "elasticloadbalancing.amazonaws.com");
    let found = patterns.iter().find_map(|pattern| Arn::parse(pattern));
    let pattern = found.map_or("targetgroup/*", |found| found.resource);
    let mut parts = pattern.splitn(3, '/').skip(1);
    let name = match parts.next().unwrap_or("*") {
        "*" => "front-door".to_owned(),
        name => filled(name, "front-door"),
    };
    let own = format!("{:016x}", hash(&[function_arn, &name]));
    let id = parts.next().map_or(own.clone(), |id| filled(id, &own));
    let or = |part: &str, own: &str| if part.contains(['*', '?']) { own } else { part }.to_owned();
    let region = found.map_or(arn.region.to_owned(), |found| or(found.region, arn.region));
    let account = found.map_or(arn.account.to_owned(), |found| or(found.account, arn.account));
    let partition = arn.partition;
    Ok(format!("arn:{partition}:elasticloadbalancing:{region}:{account}:targetgroup/{name}/{id}"))
}

/// An API that a policy lets invoke the function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Permitted {
    pub(super) api_id: String,
    pub(super) stage: Option<String>,
    pub(super) routes: Vec<Route>,
}

/// The APIs that a policy lets invoke the function, in the order of its statements, each with its
/// routes: the path of a source ARN is `API/STAGE/METHOD/PATH`. Those of WebSocket APIs and of
/// authorizers are left out. A star for a whole API id gives none.
pub(super) fn apis(statements: &[Value]) -> Vec<Permitted> {
    let mut apis: Vec<Permitted> = Vec::new();
    for pattern in source_patterns(statements, "apigateway.amazonaws.com") {
        let Some(found) = Arn::parse(&pattern).and_then(|arn| api(arn.resource)) else { continue };
        match apis.iter_mut().find(|known| known.api_id == found.api_id) {
            Some(known) => {
                let routes = found.routes.into_iter();
                let new: Vec<Route> =
                    routes.filter(|route| !known.routes.contains(route)).collect();
                known.routes.extend(new);
                known.stage = known.stage.take().or(found.stage);
            }
            None => apis.push(found),
        }
    }
    apis
}

fn api(resource: &str) -> Option<Permitted> {
    let mut parts = resource.splitn(4, '/');
    let api_id = parts.next().filter(|id| !id.contains(['*', '?']))?.to_owned();
    let stage = parts.next().unwrap_or("*");
    let stage = (!stage.contains(['*', '?'])).then(|| stage.to_owned());
    let (method, path) = (parts.next().unwrap_or("*"), parts.next());
    let routes = match (method, path) {
        ("$default", None) => vec![Route { method: None, path: None }],
        _ if method.starts_with('$') || stage.as_deref() == Some("authorizers") => return None,
        (method, path) => routes(method, path.unwrap_or("*")),
    };
    Some(Permitted { api_id, stage, routes })
}

/// A star that ends a path stands for any rest of it, one within it for one part.
fn routes(method: &str, path: &str) -> Vec<Route> {
    let method = (!method.contains(['*', '?'])).then(|| method.to_owned());
    let parts: Vec<&str> = path.split('/').collect();
    let part = |(index, part): (usize, &&str)| match *part {
        "*" if index + 1 == parts.len() => "{proxy+}".to_owned(),
        "*" => format!("{{part{}}}", index + 1),
        part => filled(part, ""),
    };
    let template: Vec<String> = parts.iter().enumerate().map(part).collect();
    let mut paths = vec![format!("/{}", template.join("/"))];
    if path == "*" {
        paths.push("/".to_owned());
    }
    let route = |path| Route { method: method.clone(), path: Some(path) };
    paths.into_iter().map(route).collect()
}

/// A pattern with something in place of its wildcards.
fn filled(pattern: &str, star: &str) -> String {
    pattern.replace('*', star).replace('?', "0")
}

/// The source ARNs that the statements let a service invoke for, as they stand there.
fn source_patterns(statements: &[Value], service: &str) -> Vec<String> {
    let is_allowed = |statement: &&Value| {
        statement["Effect"] == "Allow"
            && texts(&statement["Principal"]["Service"]).contains(&service)
    };
    let mut patterns = Vec::new();
    for statement in statements.iter().filter(is_allowed) {
        let operators = statement["Condition"].as_object().into_iter().flatten();
        let keys = operators
            .filter(|(operator, _)| !operator.contains("Not"))
            .filter_map(|(_, keys)| keys.as_object())
            .flatten();
        for (_, values) in keys.filter(|(key, _)| key.eq_ignore_ascii_case("aws:SourceArn")) {
            patterns.extend(texts(values).into_iter().map(str::to_owned));
        }
    }
    patterns
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// An id of small letters and digits that is the same each time.
pub(super) fn made_up_id(seeds: &[&str], length: usize) -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = hash(seeds);
    let mut id = String::new();
    for _ in 0..length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let index = usize::try_from(state >> 33).unwrap_or_default() % LETTERS.len();
        id.extend(LETTERS.get(index).map(|letter| char::from(*letter)));
    }
    id
}

/// FNV-1a, of 64 bits.
fn hash(seeds: &[&str]) -> u64 {
    let bytes = seeds.iter().flat_map(|seed| seed.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    const FUNCTION: &str = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo";

    fn statement(service: &str, arn: &str) -> Value {
        json!({"Effect": "Allow", "Principal": {"Service": service},
            "Condition": {"ArnLike": {"AWS:SourceArn": arn}}})
    }

    #[rstest]
    #[case("targetgroup/my-tg/0123456789abcdef", "targetgroup/my-tg/0123456789abcdef")]
    #[case("targetgroup/my-*", "targetgroup/my-front-door/")]
    #[case("targetgroup/*", "targetgroup/front-door/")]
    #[case("*", "targetgroup/front-door/")]
    fn a_target_group_fits_the_pattern_that_permits_it(#[case] pattern: &str, #[case] start: &str) {
        let pattern = format!("arn:aws:elasticloadbalancing:us-east-1:841860927337:{pattern}");
        let statements = [statement("elasticloadbalancing.amazonaws.com", &pattern)];
        let found = target_group(FUNCTION, &statements).unwrap();
        let resource = found.splitn(6, ':').last().unwrap();
        assert!(resource.starts_with(start), "{found}");
        assert_eq!(resource.split('/').next_back().unwrap().len(), 16);
    }

    #[rstest]
    #[case("a1/*/*/lambdaDemo", Some((None, "ANY /lambdaDemo")))]
    #[case("a1/prod/GET/pets/*", Some((Some("prod"), "GET /pets/{proxy+}")))]
    #[case("a1/prod/GET/pets/*/toys", Some((Some("prod"), "GET /pets/{part2}/toys")))]
    #[case("a1/prod/GET/pets/{id}", Some((Some("prod"), "GET /pets/{id}")))]
    #[case("a1/*/GET/", Some((None, "GET /")))]
    #[case("a1/*/$default", Some((None, "$default")))]
    #[case("a1/*", Some((None, "ANY /{proxy+}, ANY /")))]
    #[case("a1/*/$connect", None)]
    #[case("a1/authorizers/x", None)]
    #[case("*", None)]
    fn an_api_has_the_routes_that_are_permitted(
        #[case] resource: &str,
        #[case] expected: Option<(Option<&str>, &str)>,
    ) {
        let pattern = format!("arn:aws:execute-api:us-east-1:841860927337:{resource}");
        let found = apis(&[statement("apigateway.amazonaws.com", &pattern)]);
        let found = found.first().map(|api| {
            let routes: Vec<String> = api.routes.iter().map(ToString::to_string).collect();
            (api.stage.as_deref(), routes.join(", "))
        });
        assert_eq!(found, expected.map(|(stage, routes)| (stage, routes.to_owned())));
    }

    #[test]
    fn statements_of_one_api_are_taken_together() {
        let arn = |rest: &str| format!("arn:aws:execute-api:us-east-1:841860927337:{rest}");
        let statements = [
            statement("apigateway.amazonaws.com", &arn("a1/*/GET/pets")),
            statement("apigateway.amazonaws.com", &arn("b2/*/GET/toys")),
            statement("apigateway.amazonaws.com", &arn("a1/prod/POST/pets")),
        ];
        let apis = apis(&statements);
        assert_eq!(apis.len(), 2);
        assert_eq!((apis[0].routes.len(), apis[0].stage.as_deref()), (2, Some("prod")));
    }

    #[test]
    fn other_services_and_conditions_permit_nothing() {
        let arn = "arn:aws:execute-api:us-east-1:841860927337:a1/*/GET/pets";
        let mut denied = statement("apigateway.amazonaws.com", arn);
        denied["Effect"] = "Deny".into();
        let mut negated = statement("apigateway.amazonaws.com", arn);
        negated["Condition"] = json!({"ArnNotLike": {"AWS:SourceArn": arn}});
        let other = statement("sns.amazonaws.com", arn);
        let open = json!({"Effect": "Allow", "Principal": "*"});
        assert_eq!(apis(&[denied, negated, other, open]), []);
    }
}
