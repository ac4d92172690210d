//! The policies and settings of a snapshot, each with a name.

use std::path::Path;

use retrigger_recording::{Error, NotRead, PolicyDocument, Snapshot, Unread};
use serde_json::{Map, Value, json};

use super::Places;

/// Where something stands; the first number keeps kinds together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    order: u8,
    pub(super) name: String,
}

/// What stands there.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Policy(Value),
    Settings(Value),
}

impl Item {
    pub(super) fn value(&self) -> &Value {
        match self {
            Self::Policy(value) | Self::Settings(value) => value,
        }
    }
}

/// Collects what stands where.
struct Collector(Places);

impl Collector {
    fn policy(&mut self, order: u8, name: String, document: &Value) {
        self.0.insert(Place { order, name }, Item::Policy(parsed(document)));
    }

    fn settings(&mut self, order: u8, name: String, value: Value) {
        self.0.insert(Place { order, name }, Item::Settings(value));
    }
}

/// A document, which may stand in a string, percent-encoded or not.
fn parsed(document: &Value) -> Value {
    let Some(text) = document.as_str() else { return document.clone() };
    let holder = json!({ "Policy": text }).to_string();
    let stored = PolicyDocument::all_in_bytes(Path::new(""), holder.into_bytes());
    let stored = stored.ok().and_then(|mut all| all.pop());
    let text = stored.map_or_else(|| text.to_owned(), |one| one.document.text().to_owned());
    serde_json::from_str(&text).unwrap_or_else(|_| text.into())
}

/// Everything that a snapshot, with those it extends, says.
pub(super) fn places(snapshot: &Snapshot) -> Result<Places, Error> {
    let mut all = Collector(Places::new());
    for (name, path) in snapshot.files() {
        let parts: Vec<&str> = name.split('/').collect();
        match parts.as_slice() {
            ["lambda", function, file] => of_function(&mut all, snapshot, function, file, path)?,
            ["resource-policies", _] => {
                let file = retrigger_recording::read_json(path)?;
                let of = file["ResourceArn"].as_str().unwrap_or(name);
                all.policy(6, format!("resource policy of `{of}`"), &file["Policy"]);
            }
            ["queue-attributes", _] => {
                let mut file = retrigger_recording::read_json(path)?;
                let mut attributes = file["Attributes"].take();
                // It is a file of `resource-policies/`.
                attributes.as_object_mut().map(|all| all.shift_remove("Policy"));
                let of = attributes["QueueArn"].as_str().unwrap_or(name).to_owned();
                all.settings(7, format!("queue `{of}`"), attributes);
            }
            ["account-authorization-details.json"] => {
                authorization(&mut all, &retrigger_recording::read_json(path)?);
            }
            ["organization.json"] => organization(&mut all, &retrigger_recording::read_json(path)?),
            _ => {}
        }
    }
    Ok(all.0)
}

fn of_function(
    all: &mut Collector,
    snapshot: &Snapshot,
    function: &str,
    file: &str,
    path: &Path,
) -> Result<(), Error> {
    match file {
        "configuration.json" => {
            let value = retrigger_recording::read_json(path)?;
            all.settings(0, format!("configuration of `{function}`"), value);
        }
        "event-source-mappings.json" => {
            let value = retrigger_recording::read_json(path)?;
            for mapping in value["EventSourceMappings"].as_array().into_iter().flatten() {
                let id = mapping["UUID"].as_str().or(mapping["EventSourceArn"].as_str());
                let id = id.unwrap_or("without a UUID");
                all.settings(
                    2,
                    format!("event source mapping `{id}` of `{function}`"),
                    mapping.clone(),
                );
            }
        }
        "function-url-config.json" => {
            let value = retrigger_recording::read_json(path)?;
            all.settings(3, format!("function URL of `{function}`"), value);
        }
        policy => {
            let qualifier =
                policy.strip_prefix("policy.").and_then(|rest| rest.strip_suffix(".json"));
            let document = snapshot.function(function)?.policy(qualifier);
            let text = document.map_or("", PolicyDocument::text).into();
            let colon = if qualifier.is_some() { ":" } else { "" };
            let name = format!("function policy of `{function}{colon}{}`", qualifier.unwrap_or(""));
            all.policy(1, name, &text);
        }
    }
    Ok(())
}

fn authorization(all: &mut Collector, file: &Value) {
    let lists = [
        ("role", "RoleDetailList", "RoleName", "RolePolicyList"),
        ("user", "UserDetailList", "UserName", "UserPolicyList"),
        ("group", "GroupDetailList", "GroupName", "GroupPolicyList"),
    ];
    for (kind, list, name, inline) in lists {
        for owner in file[list].as_array().into_iter().flatten() {
            let owner_name = format!("{kind} `{}`", owner[name].as_str().unwrap_or_default());
            owner_of_policies(all, owner, &owner_name, inline);
        }
    }
    for policy in file["Policies"].as_array().into_iter().flatten() {
        let arn = policy["Arn"].as_str().unwrap_or_default();
        let versions = policy["PolicyVersionList"].as_array().into_iter().flatten();
        let is_default = |version: &&Value| {
            version["IsDefaultVersion"] == true
                || version["VersionId"] == policy["DefaultVersionId"]
        };
        if let Some(version) = versions.into_iter().find(is_default) {
            all.policy(5, format!("managed policy `{arn}`"), &version["Document"]);
        }
    }
}

/// A role, a user or a group.
fn owner_of_policies(all: &mut Collector, owner: &Value, name: &str, inline: &str) {
    let mut settings = Map::new();
    for (member, value) in owner.as_object().into_iter().flatten() {
        if member != inline && member != "AssumeRolePolicyDocument" {
            settings.insert(member.clone(), value.clone());
        }
    }
    all.settings(4, name.to_owned(), settings.into());
    if let Some(trust) = owner.get("AssumeRolePolicyDocument") {
        all.policy(4, format!("trust policy of {name}"), trust);
    }
    for policy in owner[inline].as_array().into_iter().flatten() {
        let own = policy["PolicyName"].as_str().unwrap_or_default();
        all.policy(4, format!("inline policy `{own}` of {name}"), &policy["PolicyDocument"]);
    }
}

fn organization(all: &mut Collector, file: &Value) {
    if let Some(account) = file.get("management_account") {
        all.settings(8, "organization".to_owned(), json!({ "management_account": account }));
    }
    for (kind, list) in [("service", "scps"), ("resource", "rcps")] {
        let levels = file[list].as_array().into_iter().flatten();
        let targets: Vec<&str> =
            levels.clone().filter_map(|level| level["target"].as_str()).collect();
        all.settings(
            8,
            format!("levels with {kind} control policies"),
            json!({ "path": targets.join("/") }),
        );
        for level in levels {
            let target = level["target"].as_str().unwrap_or_default();
            for policy in level["policies"].as_array().into_iter().flatten() {
                let own = policy["Name"].as_str().unwrap_or_default();
                let name = format!("{kind} control policy `{own}` of `{target}`");
                all.policy(8, name, &policy["Content"]);
            }
        }
    }
}

/// Whether that something was not read is why a place is not there.
pub(super) fn concerns(not_read: &NotRead, place: &str) -> bool {
    let of = not_read.of.as_str();
    let function = of.splitn(7, ':').nth(6).unwrap_or(of);
    let role = format!("role `{}`", of.rsplit('/').next().unwrap_or(of));
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| place.starts_with(prefix));
    match not_read.what {
        Unread::FunctionPolicy => place == format!("function policy of `{function}`"),
        Unread::Aliases => place.starts_with(&format!("function policy of `{function}:")),
        Unread::EventSourceMappings => {
            place.starts_with("event source mapping")
                && place.ends_with(&format!("of `{function}`"))
        }
        Unread::FunctionUrl => place == format!("function URL of `{function}`"),
        Unread::Role => place.ends_with(&role),
        Unread::InlinePolicies => place.starts_with("inline policy") && place.ends_with(&role),
        Unread::ManagedPolicy => place == format!("managed policy `{of}`"),
        Unread::Account => {
            starts(&["role", "user", "group", "trust policy", "inline policy", "managed policy"])
        }
        Unread::ResourcePolicy => place == format!("resource policy of `{of}`"),
        Unread::QueueAttributes => place == format!("queue `{of}`"),
        Unread::Organization => {
            starts(&["organization", "levels with", "service control", "resource control"])
        }
        _ => false,
    }
}

/// Whether a role's list of attached policies was not read.
pub(super) fn is_attached_list(not_read: &NotRead, place: &str) -> bool {
    let name = not_read.of.rsplit('/').next().unwrap_or_default();
    not_read.what == Unread::AttachedPolicies && place == format!("role `{name}`")
}
