//! Statements as Cedar policies.

use std::collections::BTreeMap;

use retrigger::iam::{
    ActionElement, ActionPattern, Context, Effect, PrincipalElement, PrincipalEntry, PrincipalKind,
    ResourceElement, Statement,
};

use super::{
    condition::Keys,
    text::{self, Reason},
};

/// What the policies of a workload become.
#[derive(Default)]
pub(super) struct Translation {
    pub(super) keys: Keys,
    /// Groups of actions: the patterns by which an action belongs to one, and its number.
    groups: BTreeMap<Vec<String>, (usize, Vec<ActionPattern>)>,
}

/// A policy in the making: its head, and what must and must not hold.
struct Clauses {
    principal: String,
    action: String,
    resource: String,
    when: Vec<String>,
}

impl Translation {
    /// The statement in Cedar, or why it cannot be said there.
    pub(super) fn statement(&mut self, statement: &Statement) -> Result<String, Reason> {
        let mut clauses = Clauses {
            principal: "principal".to_owned(),
            action: "action".to_owned(),
            resource: "resource".to_owned(),
            when: Vec::new(),
        };
        if let Some(element) = &statement.principal {
            principal(element, &mut clauses)?;
        }
        self.action(statement.action.as_ref().ok_or("no action")?, &mut clauses);
        if let Some(element) = &statement.resource {
            resource(element, &mut clauses)?;
        }
        for condition in &statement.conditions {
            clauses.when.push(self.keys.expression(condition)?);
        }
        Ok(clauses.policy(statement.effect))
    }

    fn action(&mut self, element: &ActionElement, clauses: &mut Clauses) {
        let texts = element.patterns.iter().map(|one| one.text.value.to_ascii_lowercase());
        let texts: Vec<String> = texts.collect();
        let constraint = match texts.as_slice() {
            [one] if one == "*" => None,
            [one] if !one.contains(['*', '?']) => {
                Some(format!("action == Action::{}", text::literal(one)))
            }
            _ => {
                let next = self.groups.len();
                let patterns = || element.patterns.clone();
                let (number, _) = self.groups.entry(texts).or_insert_with(|| (next, patterns()));
                Some(format!("action in Action::{}", text::literal(&group(*number))))
            }
        };
        match (element.negated, constraint) {
            (false, Some(constraint)) => clauses.action = constraint,
            (false, None) => {}
            (true, Some(constraint)) => clauses.when.push(format!("!({constraint})")),
            (true, None) => clauses.when.push("false".to_owned()),
        }
    }

    /// The groups that an action, in lower case, belongs to.
    pub(super) fn groups_of(&self, action: &str) -> impl Iterator<Item = String> {
        let nothing = Context::default();
        let is_in = move |patterns: &[ActionPattern]| {
            patterns.iter().any(|one| one.pattern.matches(action, &nothing))
        };
        let groups = self.groups.values().filter(move |(_, patterns)| is_in(patterns));
        groups.map(|(number, _)| group(*number))
    }
}

fn group(number: usize) -> String {
    format!("group:{number}")
}

fn principal(element: &PrincipalElement, clauses: &mut Clauses) -> Result<(), Reason> {
    if element.negated {
        return Err("`NotPrincipal`");
    }
    if element.entries.iter().any(|entry| entry.text.value == "*") {
        return Ok(());
    }
    let listed: Vec<String> = element.entries.iter().map(listed).collect();
    match listed.as_slice() {
        [only] => clauses.principal.clone_from(only),
        _ => clauses.when.push(text::any(&listed)),
    }
    Ok(())
}

/// An account stands for all callers in it, any other name for itself.
fn listed(entry: &PrincipalEntry) -> String {
    let name = entry.text.value.as_str();
    let account = name.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root"));
    let account = account.unwrap_or(name);
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if entry.kind == PrincipalKind::Aws && is_account {
        return format!("principal in Account::{}", text::literal(account));
    }
    format!("principal == Principal::{}", text::literal(name))
}

fn resource(element: &ResourceElement, clauses: &mut Clauses) -> Result<(), Reason> {
    let patterns = element.patterns.iter().map(|one| one.text.value.as_str());
    let patterns: Vec<&str> = patterns.collect();
    let is_any = patterns.contains(&"*");
    match (element.negated, patterns.as_slice()) {
        (false, _) if is_any => {}
        (true, _) if is_any => clauses.when.push("false".to_owned()),
        (false, [one]) if !one.contains(['*', '?', '$']) => {
            clauses.resource = format!("resource == Resource::{}", text::literal(one));
        }
        (negated, patterns) => {
            let matches = patterns.iter().map(|one| text::matches("resource.arn", one));
            let matches = text::any(&matches.collect::<Result<Vec<_>, _>>()?);
            clauses.when.push(if negated { format!("!({matches})") } else { matches });
        }
    }
    Ok(())
}

impl Clauses {
    fn policy(self, effect: Effect) -> String {
        let Self { principal, action, resource, when } = self;
        let effect = match effect {
            Effect::Allow => "permit",
            Effect::Deny => "forbid",
        };
        let when = if when.is_empty() {
            String::new()
        } else {
            format!(" when {{ {} }}", when.join(" && "))
        };
        format!("{effect}({principal}, {action}, {resource}){when};\n")
    }
}
