//! The catalogue as validation asks it.

use retrigger_catalogue::facts::{
    self, ConditionKey, KeyType, condition_key, nearest_action, nearest_condition_key,
    nearest_service,
};
use retrigger_iam::{Catalogue, KeyFacts, Named, ServiceFacts, ValueType};

/// AWS's services, actions and condition keys, of the date of `retrigger-catalogue`'s data.
pub(crate) struct Known;

impl Catalogue for Known {
    fn service(&self, prefix: &str) -> Option<ServiceFacts> {
        let mut actions = facts::service(prefix)?.actions();
        Some(ServiceFacts { lists_actions: actions.any(|action| !action.is_retired()) })
    }

    fn has_action(&self, prefix: &str, name: &str) -> bool {
        facts::action(prefix, name).is_some()
    }

    fn actions(&self, prefix: &str) -> Vec<String> {
        let actions = facts::service(prefix).into_iter().flat_map(facts::Service::actions);
        actions.map(|action| action.name().to_string()).collect()
    }

    fn resource_arns(&self, prefix: &str, name: &str) -> Option<Vec<String>> {
        let action = facts::action(prefix, name).filter(|action| !action.is_retired())?;
        let types = action.resource_types().map(facts::UsedResourceType::resource_type);
        Some(types.map(|one| one.arn_pattern().to_string()).collect())
    }

    fn condition_key(&self, name: &str) -> Option<KeyFacts> {
        let key = condition_key(name)?;
        Some(KeyFacts {
            value_type: value_type(key),
            is_multi_valued: key.is_multi_valued(),
            // Which services carry `aws:` keys about tags is known for each action, but not all.
            is_global: key.is_global() || name.to_ascii_lowercase().starts_with("aws:"),
        })
    }

    fn takes_key(&self, prefix: &str, name: &str, key: &str) -> bool {
        let (Some(action), Some(key)) = (facts::action(prefix, name), condition_key(key)) else {
            return true;
        };
        let is_it = |one: ConditionKey| one == key || is_same_family(one, key);
        let mut types = action.resource_types();
        action.is_retired()
            || action.condition_keys().any(is_it)
            || types.any(|used| {
                let mut keys = used.condition_keys().chain(used.resource_type().condition_keys());
                keys.any(is_it)
            })
    }

    fn nearest(&self, what: Named<'_>) -> Option<String> {
        match what {
            Named::Service(prefix) => nearest_service(prefix),
            Named::Action(prefix, name) => {
                let service = facts::service(prefix)?;
                let nearest = nearest_action(service, name)?;
                Some(format!("{}:{nearest}", service.prefix()))
            }
            Named::ConditionKey(name) => nearest_condition_key(name),
        }
    }
}

/// Whether two keys are about tags, say, with and without a variable: AWS lists some both ways.
fn is_same_family(one: ConditionKey, other: ConditionKey) -> bool {
    let (one, other) = (one.name().to_string(), other.name().to_string());
    match (one.split_once('/'), other.split_once('/')) {
        (Some((one, _)), Some((other, _))) => one.eq_ignore_ascii_case(other),
        _ => false,
    }
}

fn value_type(key: ConditionKey) -> ValueType {
    match key.key_type() {
        KeyType::String => ValueType::String,
        KeyType::Arn => ValueType::Arn,
        KeyType::Bool => ValueType::Bool,
        KeyType::Numeric => ValueType::Numeric,
        KeyType::Date => ValueType::Date,
        KeyType::IpAddress => ValueType::IpAddress,
        KeyType::DateOrNumeric => ValueType::DateOrNumeric,
    }
}

#[cfg(test)]
mod tests {
    use retrigger_iam::{Code, lint_with};

    use super::*;

    #[test]
    fn every_page_about_names_agrees_with_the_catalogue() {
        for code in Code::ALL.into_iter().filter(|code| *code >= Code::UnknownService) {
            let page = code.page();
            let has_it = lint_with(page.example, page.kind, &Known).findings;
            assert!(has_it.iter().any(|finding| finding.code == code), "{code}: {has_it:?}");
            let linted = lint_with(page.instead, page.kind, &Known);
            assert!(linted.findings.is_empty(), "{code}: {:?}", linted.findings);
        }
    }

    #[track_caller]
    fn check(statement: &str, expected: &[(Code, &str)]) {
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", {statement}}}}}"#
        );
        let linted = lint_with(&text, Some(retrigger_iam::PolicyKind::Identity), &Known);
        assert!(!linted.has_errors());
        let found: Vec<(Code, &str)> = linted
            .findings
            .iter()
            .map(|finding| (finding.code, finding.help.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn names_are_held_against_the_catalogue() {
        check(
            r#""Action": "s3:GetObjct", "Resource": "*""#,
            &[(Code::UnknownAction, "did you mean \"s3:GetObject\"")],
        );
        check(r#""Action": "lambda:invoke*", "Resource": "*""#, &[]);
        check(
            r#""Action": ["deepracer:Whatever", "evidently:*", "S3:getobject"], "Resource": "*""#,
            &[],
        );
        check(
            r#""Action": "s3:ListBucket", "Resource": "*",
               "Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}"#,
            &[(
                Code::UnknownConditionKey,
                "it is a key of actions of `kms`: give these their own statement",
            )],
        );
        check(
            r#""Action": "ec2:CreateTags", "Resource": "*",
               "Condition": {"StringEquals": {"aws:TagKeys": "team", "aws:RequestTag/team": "a"}}"#,
            &[(
                Code::QualifierMismatch,
                "write \"ForAnyValue:StringEquals\" or \"ForAllValues:StringEquals\"",
            )],
        );
    }
}
