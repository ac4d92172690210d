//! Policy documents as JSON.

use retrigger_iam::Principal;
use serde_json::{Map, Value, json};

use super::{
    condition::conditions,
    entropy::Entropy,
    near::{change, pattern},
    pools::{ACTIONS, CALLERS, OTHERS, TARGETS},
    scene::Scene,
};

/// What a document is attached as, as far as that changes what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Grants what its caller wants, mostly.
    Identity,
    /// Names principals.
    Resource,
    /// Grants much: a boundary, a session policy, an SCP.
    Limit,
    /// Denies, to principals.
    Rcp,
    /// Grants much, to principals.
    Endpoint,
}

/// Writes documents around a scene.
pub(super) struct Author<'e, 'b, 's> {
    entropy: &'e mut Entropy<'b>,
    scene: &'s Scene,
    is_large: bool,
}

impl<'e, 'b, 's> Author<'e, 'b, 's> {
    pub(super) fn new(entropy: &'e mut Entropy<'b>, scene: &'s Scene, is_large: bool) -> Self {
        Self { entropy, scene, is_large }
    }

    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.entropy.chance(percent)
    }

    /// Levels from the root to the account, some of them empty.
    pub(super) fn levels(&mut self, role: Role) -> Vec<Vec<Value>> {
        let count = self.entropy.weighted(&[(4, 1), (2, 2), (1, 3), (1, 0)]);
        (0..count).map(|_| self.policies(role)).collect()
    }

    pub(super) fn policies(&mut self, role: Role) -> Vec<Value> {
        let count = self.entropy.weighted(&[(9, 1), (4, 2), (1, 3), (1, 0)]);
        (0..count).map(|_| self.policy(role)).collect()
    }

    pub(super) fn policy(&mut self, role: Role) -> Value {
        let mut policy = Map::new();
        match self.entropy.weighted(&[(8, 0), (2, 1), (1, 2)]) {
            0 => drop(policy.insert("Version".to_owned(), json!("2012-10-17"))),
            1 => drop(policy.insert("Version".to_owned(), json!("2008-10-17"))),
            _ => {}
        }
        let is_large = self.is_large && matches!(role, Role::Identity | Role::Resource);
        let count = if is_large {
            50 + self.entropy.below(151)
        } else {
            self.entropy.weighted(&[(6, 1), (4, 2), (2, 3), (1, 5), (1, 0)])
        };
        let mut statements: Vec<Value> =
            (0..count).map(|index| self.statement(role, index == 0, is_large)).collect();
        let is_bare = statements.len() == 1 && self.chance(30);
        let statements = if is_bare { statements.remove(0) } else { Value::Array(statements) };
        policy.insert("Statement".to_owned(), statements);
        Value::Object(policy)
    }

    fn statement(&mut self, role: Role, is_first: bool, is_one_of_many: bool) -> Value {
        let mut statement = Map::new();
        if self.chance(15) {
            let sid = self.entropy.pick(&["A", "B", "", "a b"]);
            statement.insert("Sid".to_owned(), json!(sid));
        }
        let denies = match role {
            Role::Rcp => 90,
            _ if is_one_of_many => 4,
            _ => 14,
        };
        let effect = if self.chance(denies) { "Deny" } else { "Allow" };
        statement.insert("Effect".to_owned(), json!(effect));
        let is_broad = is_first
            && effect == "Allow"
            && self.chance(match role {
                Role::Limit | Role::Endpoint => 75,
                _ => 25,
            });
        self.principal(role, &mut statement);
        self.action(&mut statement, is_broad, is_one_of_many);
        self.resource(&mut statement, is_broad, is_one_of_many);
        let conditional = match role {
            _ if is_broad || is_one_of_many => 8,
            Role::Rcp => 60,
            _ => 35,
        };
        if self.chance(conditional) {
            statement.insert("Condition".to_owned(), conditions(self.entropy, self.scene));
        }
        Value::Object(statement)
    }

    /// Some documents name principals where they should not, or name none where they should.
    fn principal(&mut self, role: Role, statement: &mut Map<String, Value>) {
        let names = match role {
            Role::Resource => 97,
            Role::Rcp | Role::Endpoint => 90,
            Role::Identity | Role::Limit => 2,
        };
        if !self.chance(names) {
            return;
        }
        let element = if self.chance(8) { "NotPrincipal" } else { "Principal" };
        let everybody = if role == Role::Resource { 12 } else { 80 };
        let value = if self.chance(everybody) { json!("*") } else { self.principals() };
        statement.insert(element.to_owned(), value);
    }

    fn principals(&mut self) -> Value {
        let mut kinds: Map<String, Value> = Map::new();
        for _ in 0..self.entropy.weighted(&[(6, 1), (3, 2), (1, 3), (1, 0)]) {
            let name = self.name();
            let kind = if self.chance(4) {
                self.entropy.pick(&["AWS", "Service", "Federated", "CanonicalUser"])
            } else {
                kind_of(&name)
            };
            match kinds.get_mut(kind).and_then(Value::as_array_mut) {
                Some(names) => names.push(json!(name)),
                None => drop(kinds.insert(kind.to_owned(), json!([name]))),
            }
        }
        for value in kinds.values_mut() {
            if let Some([only]) = value.as_array().map(Vec::as_slice) {
                *value = only.clone();
            }
        }
        Value::Object(kinds)
    }

    /// A name: the caller's, its account's or its role's, or somebody else's.
    fn name(&mut self) -> String {
        let caller = &self.scene.caller;
        let account = caller.account().unwrap_or("111122223333");
        let role = caller.role_name().unwrap_or("demo");
        match self.entropy.weighted(&[(8, 0), (3, 1), (3, 2), (3, 3), (1, 4), (2, 5), (1, 6)]) {
            0 if *caller == Principal::Anonymous => "*".to_owned(),
            0 => caller.as_str().to_owned(),
            1 => account.to_owned(),
            2 => format!("arn:aws:iam::{account}:root"),
            3 => match &self.scene.issuer {
                Some(issuer) => issuer.clone(),
                None => format!("arn:aws:iam::{account}:role/{role}"),
            },
            4 => change(self.entropy, caller.as_str()),
            5 => self.entropy.pick(&OTHERS).to_owned(),
            _ => self.entropy.pick(&CALLERS).to_owned(),
        }
    }

    fn action(&mut self, statement: &mut Map<String, Value>, is_broad: bool, is_one_of_many: bool) {
        let element = if self.chance(8) { "NotAction" } else { "Action" };
        let value = match () {
            () if is_broad => json!("*"),
            () if is_one_of_many => json!(self.any_action()),
            () => self.list(Self::one_action),
        };
        statement.insert(element.to_owned(), value);
    }

    fn one_action(&mut self) -> String {
        let action = &self.scene.action;
        let service = action.split(':').next().unwrap_or_default();
        match self.entropy.weighted(&[(8, 0), (4, 1), (3, 2), (4, 3), (3, 4)]) {
            0 => action.clone(),
            1 => format!("{service}:*"),
            2 => "*".to_owned(),
            3 => pattern(self.entropy, action),
            _ => self.any_action(),
        }
    }

    fn any_action(&mut self) -> String {
        let action = if self.chance(50) {
            TARGETS[self.entropy.below(TARGETS.len())].0
        } else {
            self.entropy.pick(&ACTIONS)
        };
        if self.chance(60) { action.to_owned() } else { pattern(self.entropy, action) }
    }

    fn resource(
        &mut self,
        statement: &mut Map<String, Value>,
        is_broad: bool,
        is_one_of_many: bool,
    ) {
        let element = match self.entropy.below(24) {
            0 => return,
            1 | 2 => "NotResource",
            _ => "Resource",
        };
        let value = match () {
            () if is_broad => json!("*"),
            () if is_one_of_many => json!(self.any_resource()),
            () if self.chance(1) => json!([Value::Null]),
            () => self.list(Self::one_resource),
        };
        statement.insert(element.to_owned(), value);
    }

    fn one_resource(&mut self) -> String {
        match self.entropy.weighted(&[(8, 0), (5, 1), (2, 2)]) {
            0 => pattern(self.entropy, &self.scene.resource),
            1 => "*".to_owned(),
            _ => self.any_resource(),
        }
    }

    fn any_resource(&mut self) -> String {
        let resource = TARGETS[self.entropy.below(TARGETS.len())].1;
        if self.chance(50) { resource.to_owned() } else { pattern(self.entropy, resource) }
    }

    /// One text, or a list of some or none.
    fn list(&mut self, one: fn(&mut Self) -> String) -> Value {
        match self.entropy.weighted(&[(9, 1), (4, 2), (2, 3), (1, 6)]) {
            1 if !self.chance(15) => json!(one(self)),
            1 if self.chance(10) => json!([]),
            count => (0..count).map(|_| one(self)).collect(),
        }
    }
}

/// The key under which a principal is named.
fn kind_of(name: &str) -> &'static str {
    match name {
        "accounts.google.com" | "cognito-identity.amazonaws.com" => "Federated",
        _ if name.contains("-provider/") => "Federated",
        _ if name.contains(".amazonaws.com") && !name.contains(':') => "Service",
        _ if name.len() == 64 && !name.contains(':') => "CanonicalUser",
        _ => "AWS",
    }
}

/// The statements of a document, whether one stands alone or many in a list.
pub(crate) fn statements_of(document: &Value) -> Vec<Value> {
    match &document["Statement"] {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    }
}
