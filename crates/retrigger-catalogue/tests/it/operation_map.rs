//! Actions and ARNs against a list of operations from another hand, where it is at hand.
//!
//! Of each operation with an ARN template, the members that the template names are given samples;
//! what the template makes of them has to be among the resources.

use std::collections::BTreeMap;
use std::path::PathBuf;

use retrigger_catalogue::facts;
use retrigger_catalogue::wire::{Account, Authorization, Identified, authorizations, service};
use serde_json::{Map, Value};

const ACCOUNT: Account<'_> =
    Account { partition: "aws", region: "us-east-1", account: "111122223333" };

/// What one operation came to.
struct Outcome {
    name: String,
    action: bool,
    arn: bool,
    difference: String,
}

#[test]
fn operations_agree_with_the_list_of_another_hand() {
    let Some(path) = shared("facts/catalog/operation_map.json") else { return };
    let text = std::fs::read_to_string(path).expect("the list");
    let list: Value = serde_json::from_str(&text).expect("JSON");
    let mut outcomes = Vec::new();
    for (id, each) in list["services"].as_object().expect("services") {
        for (name, entries) in each["ops"].as_object().expect("operations") {
            outcomes.extend(compare(id, name, entries.as_array().expect("entries")));
        }
    }
    let all = outcomes.len();
    let actions = outcomes.iter().filter(|outcome| outcome.action).count();
    let arns = outcomes.iter().filter(|outcome| outcome.arn).count();
    println!("{all} operations with an ARN: {actions} agree on the action, {arns} on the ARN");
    let mut by_service: BTreeMap<&str, usize> = BTreeMap::new();
    for outcome in outcomes.iter().filter(|outcome| !outcome.arn || !outcome.action) {
        let service = outcome.name.split_once(':').map_or("", |(service, _)| service);
        *by_service.entry(service).or_default() += 1;
        println!("{}: {}", outcome.name, outcome.difference);
    }
    println!("differences by service: {by_service:?}");
    assert!(all > 5000, "{all} operations are compared");
    assert!(actions * 100 >= all * 95, "{actions} of {all} agree on the action");
    assert!(arns * 100 >= all * 90, "{arns} of {all} agree on the ARN");
}

/// Nothing where the list has no ARN that can be made of samples.
fn compare(id: &str, name: &str, entries: &[Value]) -> Option<Outcome> {
    let service = service(id)?;
    let operation = service.operation(name)?;
    let mut parameters = Value::Object(Map::new());
    let mut expected = Vec::new();
    for entry in entries {
        let action = entry["a"].as_str()?;
        let (prefix, bare) = action.split_once(':')?;
        let is_condition = entry.get("when").is_some() || entry.get("if").is_some();
        if prefix == "iam" || is_condition && !expected.is_empty() {
            continue;
        }
        let types = facts::action(prefix, bare).into_iter().flat_map(facts::Action::resource_types);
        for used in types {
            let kind = used.resource_type().name().to_string();
            let pattern = used.resource_type().arn_pattern().to_string();
            if let Some(template) = entry["arn"][&kind].as_str() {
                let arn = fill(&pattern, |_| Some("sample".to_owned()))?;
                if give(&mut parameters, template, &arn) {
                    expected.push((action.to_owned(), arn));
                }
            } else if let Some(values) = entry["v"].as_object() {
                let sample = |variable: &str| {
                    let template = values.get(variable)?.as_str()?;
                    give(&mut parameters, template, "sample").then(|| "sample".to_owned())
                };
                expected.extend(fill(&pattern, sample).map(|arn| (action.to_owned(), arn)));
            }
        }
    }
    if expected.is_empty() {
        return None;
    }
    let protocol = service.protocols().next()?;
    let request = Identified { service, operation, protocol, bucket: None };
    let found = authorizations(&request, &parameters, &ACCOUNT);
    let allowed: Vec<_> = entries.iter().filter_map(|entry| entry["a"].as_str()).collect();
    let is_known = |each: &Authorization| {
        each.action == "iam:PassRole"
            || allowed.iter().any(|action| action.eq_ignore_ascii_case(&each.action))
    };
    let holds = |(action, arn): &(String, String)| {
        found.iter().any(|each| {
            each.action.eq_ignore_ascii_case(action)
                && each.resources.iter().any(|resource| resource.arn == *arn)
        })
    };
    let seen: Vec<_> = found
        .iter()
        .map(|each| {
            let arns: Vec<_> = each.resources.iter().map(|one| one.arn.as_str()).collect();
            format!("{} on {}", each.action, arns.join(", "))
        })
        .collect();
    Some(Outcome {
        name: format!("{id}:{name}"),
        action: !found.is_empty() && found.iter().all(is_known),
        arn: expected.iter().any(holds),
        difference: format!("{}; the list has {expected:?}; of {parameters}", seen.join("; ")),
    })
}

/// A pattern with its variables filled; nothing where `value` has none for one, or where it has no
/// variable of its own.
fn fill(pattern: &str, mut value: impl FnMut(&str) -> Option<String>) -> Option<String> {
    let mut filled = String::new();
    let mut own = 0;
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        let (variable, after) = after.split_once('}')?;
        filled += before;
        filled += &match variable {
            "Partition" => ACCOUNT.partition.to_owned(),
            "Region" => ACCOUNT.region.to_owned(),
            "Account" => ACCOUNT.account.to_owned(),
            variable => {
                own += 1;
                value(variable)?
            }
        };
        rest = after;
    }
    (own > 0).then(|| filled + rest)
}

/// Gives the member that a template such as `${Items[].Name}` names a value; false where it names
/// none.
fn give(parameters: &mut Value, template: &str, sample: &str) -> bool {
    let path = template.split_once("${").and_then(|(_, rest)| Some(rest.split_once('}')?.0));
    let Some(path) = path else { return false };
    let mut place = parameters;
    for part in path.split('.') {
        let (name, is_list) = part.strip_suffix("[]").map_or((part, false), |name| (name, true));
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        place = &mut place[name];
        if is_list {
            if !place.is_array() {
                *place = Value::Array(vec![Value::Null]);
            }
            place = &mut place[0];
        }
    }
    let sample = match path {
        "QueueUrl" => "https://sqs.us-east-1.amazonaws.com/111122223333/sample",
        _ => sample,
    };
    *place = Value::from(sample);
    true
}

/// The folder with files that are not part of this repository: beside it, or where
/// `RETRIGGER_SHARED` says.
fn shared(file: &str) -> Option<PathBuf> {
    let named = std::env::var_os("RETRIGGER_SHARED").map(PathBuf::from);
    let is_named = named.is_some();
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let path = named.unwrap_or(beside).join(file);
    if path.exists() {
        return Some(path);
    }
    assert!(!is_named, "RETRIGGER_SHARED names a folder without {file}");
    eprintln!("SKIPPED: there is no {} to test against", path.display());
    None
}
