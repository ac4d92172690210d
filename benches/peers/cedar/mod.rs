//! The crate `cedar-policy`, with the policies in Cedar's own language.
//!
//! As its documentation recommends for speed, policy sets, entities and requests are made once and
//! nothing is parsed when deciding. An action pattern becomes a group that the actions of the
//! workload are in, a resource is an entity with its ARN as an attribute, a condition a `when`
//! clause on the context, a `Deny` statement a `forbid`.

mod condition;
mod text;
mod translate;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityUid, PolicySet, Request,
    RestrictedExpression,
};
use retrigger::iam::{self, Decision};

use crate::{
    evaluator::{Evaluator, Losses},
    layers::{Asked, Layers, caller},
    support::workload::{Case, Workload, parse},
};
use condition::Keys;
use translate::Translation;

/// Makes it ready for a workload.
pub(crate) fn prepare(workload: &Workload) -> Evaluator {
    let mut translation = Translation::default();
    let mut losses = Losses::default();
    let layers = Layers::new(workload, |documents| {
        let mut policies = String::new();
        for document in documents {
            for statement in &parse(document).statements {
                match translation.statement(statement) {
                    Ok(policy) => policies.push_str(&policy),
                    Err(reason) => losses.add_statement(reason),
                }
            }
        }
        policies.parse::<PolicySet>().unwrap_or_else(|error| panic!("{error:?}"))
    });
    let entities = entities(workload, &translation);
    let cases = workload.cases.iter();
    let cases = cases.map(|case| Asked::new(workload, case, request(case, &translation.keys)));
    let cases: Vec<Asked<Request>> = cases.collect();
    let authorizer = Authorizer::new();
    Evaluator::new("cedar-policy", losses, move |index| {
        layers.decide(&cases[index], |policies, request| {
            let response = authorizer.is_authorized(request, policies, &entities);
            let is_forbidden = || response.diagnostics().reason().next().is_some();
            Some(match response.decision() {
                cedar_policy::Decision::Allow => Decision::Allowed,
                cedar_policy::Decision::Deny if is_forbidden() => Decision::ExplicitlyDenied,
                cedar_policy::Decision::Deny => Decision::ImplicitlyDenied,
            })
        })
    })
}

fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.parse().expect("a type"), EntityId::new(id))
}

/// The actions in their groups, the resources with their ARNs, the callers in their accounts.
fn entities(workload: &Workload, translation: &Translation) -> Entities {
    let requests = || workload.cases.iter().map(|case| &case.request);
    let mut entities = Vec::new();
    let actions: BTreeSet<String> =
        requests().map(|request| request.action.to_ascii_lowercase()).collect();
    for action in &actions {
        let groups = translation.groups_of(action).map(|group| uid("Action", &group)).collect();
        entities.push(Entity::new_no_attrs(uid("Action", action), groups));
    }
    let resources: BTreeSet<&str> = requests().map(|request| request.resource.as_str()).collect();
    for resource in resources {
        let arn = RestrictedExpression::new_string(resource.to_owned());
        let attributes = HashMap::from([("arn".to_owned(), arn)]);
        let entity = Entity::new(uid("Resource", resource), attributes, HashSet::new());
        entities.push(entity.expect("a resource"));
    }
    let callers: BTreeMap<&str, Option<&str>> =
        requests().map(|request| (caller(request), request.principal.account())).collect();
    for (caller, account) in callers {
        let accounts = account.iter().map(|account| uid("Account", account)).collect();
        entities.push(Entity::new_no_attrs(uid("Principal", caller), accounts));
    }
    Entities::from_entities(entities, None).expect("entities")
}

fn request(case: &Case, keys: &Keys) -> Request {
    let iam::Request { action, resource, context, .. } = &case.request;
    let pairs = context.iter().flat_map(|(key, value)| keys.attributes(key, value));
    let context = Context::from_pairs(pairs).expect("a context");
    let action = uid("Action", &action.to_ascii_lowercase());
    let (principal, resource) =
        (uid("Principal", caller(&case.request)), uid("Resource", resource));
    Request::new(principal, action, resource, context, None).expect("a request")
}
