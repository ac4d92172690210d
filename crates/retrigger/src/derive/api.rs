//! Another API, stage, method or route.

use retrigger_iam::Arn;
use retrigger_trigger::{Declared, SourcePart, Trigger};

use super::{mutation::Mutation, names, payload::PayloadEdit, scene::Scene, source::WIDER};

/// The cases of this family.
pub(super) fn mutations(scene: &Scene) -> Vec<Mutation> {
    let found = &scene.answer.classification;
    let arn = found.source_arn.value.as_deref().filter(|_| has_routes(found.trigger));
    let Some(route) = arn.and_then(Route::read) else { return vec![] };
    let mut all = vec![route.other_api(), route.other_stage()];
    if found.trigger != Trigger::ApigwWebsocket && !route.path.is_empty() {
        all.push(route.other_method());
    }
    all.extend(route.other_paths());
    all
}

fn has_routes(trigger: Trigger) -> bool {
    !SourcePart::Route.places(trigger).is_empty()
}

/// `arn:…:API/STAGE/METHOD/PATH`, or `arn:…:API/STAGE/ROUTE`.
struct Route<'a> {
    head: &'a str,
    api: &'a str,
    stage: &'a str,
    /// The method, or a route that has none, such as `$default`.
    method: &'a str,
    /// With its slash; empty where the route has no method.
    path: &'a str,
}

impl<'a> Route<'a> {
    fn read(arn: &'a str) -> Option<Self> {
        let resource = Arn::parse(arn)?.resource;
        let head = &arn[..arn.len() - resource.len()];
        let (api, rest) = resource.split_once('/')?;
        let (stage, route) = rest.split_once('/')?;
        let (method, path) = route.split_at(route.find('/').unwrap_or(route.len()));
        Some(Self { head, api, stage, method, path })
    }

    fn arn(&self) -> String {
        let Self { head, api, stage, method, path } = self;
        format!("{head}{api}/{stage}/{method}{path}")
    }

    fn other_api(&self) -> Mutation {
        let api = names::other_id(self.api);
        let change = format!("It is another API, `{api}`");
        let other = Route { api: &api, ..*self };
        other.mutation("other-api", "Another API", &change, (SourcePart::Api, self.api, &api))
    }

    fn other_stage(&self) -> Mutation {
        let stage = if self.stage == "test" { "dev" } else { "test" };
        let change = format!("It is another stage of the API, `{stage}`");
        let other = Route { stage, ..*self };
        other.mutation(
            "other-stage",
            "Another stage",
            &change,
            (SourcePart::Stage, self.stage, stage),
        )
    }

    fn other_method(&self) -> Mutation {
        let method = if self.method == "GET" { "POST" } else { "GET" };
        let change = format!("The request has another method, `{method}`");
        let other = Route { method, ..*self };
        let part = (SourcePart::Method, self.method, method);
        other.mutation("other-method", "Another method", &change, part)
    }

    /// A neighbour of the route, and one that only starts like it.
    fn other_paths(&self) -> Vec<Mutation> {
        let route = if self.path.is_empty() { self.method } else { self.path };
        let start = route.rfind('/').map_or(0, |at| at + 1);
        let other = format!("{}{}", &route[..start], names::other_name(&route[start..]));
        let mut all = vec![self.to_route("other-route", "Another route", route, &other)];
        if start < route.len() && !route.ends_with('}') {
            let title = "A route that starts the same";
            all.push(self.to_route(
                "route-with-longer-name",
                title,
                route,
                &names::longer_name(route),
            ));
        }
        all
    }

    fn to_route(&self, name: &str, title: &str, from: &str, to: &str) -> Mutation {
        let change = format!("The request takes another route, `{to}`");
        let other = match self.path {
            "" => Route { method: to, ..*self },
            _ => Route { path: to, ..*self },
        };
        other.mutation(name, title, &change, (SourcePart::Route, from, to))
    }

    /// The case in which the source is this route.
    fn mutation(
        &self,
        name: &str,
        title: &str,
        change: &str,
        (part, from, to): (SourcePart, &str, &str),
    ) -> Mutation {
        let arn = self.arn();
        let mut mutation = Mutation::new(name, title, format!("{change}: `{arn}`."), WIDER);
        mutation.payload.push(PayloadEdit::new(part, from, to));
        mutation.facts = Declared { source_arn: Some(arn), ..Declared::default() };
        mutation
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a1/prod/GET/pets/{id}", &["a2/prod/GET/pets/{id}", "a1/test/GET/pets/{id}",
        "a1/prod/POST/pets/{id}", "a1/prod/GET/pets/other"])]
    #[case("a1/prod/GET/", &["a2/prod/GET/", "a1/test/GET/", "a1/prod/POST/", "a1/prod/GET/other"])]
    #[case("a1/$default/$default", &["a2/$default/$default", "a1/test/$default",
        "a1/$default/GET", "a1/$default/other", "a1/$default/$default2"])]
    fn each_part_changes_by_itself(#[case] from: &str, #[case] wanted: &[&str]) {
        let arn = format!("arn:aws:execute-api:us-east-1:841860927337:{from}");
        let route = Route::read(&arn).unwrap();
        assert_eq!(route.arn(), arn);
        let mut all = vec![route.other_api(), route.other_stage(), route.other_method()];
        all.extend(route.other_paths());
        let found = all.into_iter().map(|mutation| mutation.facts.source_arn.unwrap());
        let found: Vec<String> = found.map(|arn| arn[43..].to_owned()).collect();
        assert_eq!(found, wanted);
    }
}
