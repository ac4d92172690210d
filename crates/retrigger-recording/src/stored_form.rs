//! Function policies as other servers than AWS print them, in AWS's form.
//!
//! Lambda builds a function's policy from the parameters of `AddPermission` and writes an account
//! as `{"AWS": "arn:aws:iam::ACCOUNT:root"}` and the type of a function URL as a condition (AWS
//! Lambda Developer Guide, "Using resource-based policies for Lambda"). Servers that stand in for
//! Lambda keep some parameters as they came.

use serde_json::{Map, Value, json};

/// The document in AWS's form; `None` where it is that already, or no function policy at all.
///
/// A `Principal` that is an account or an ARN by itself goes under `AWS`; a `FunctionUrlAuthType`
/// of a statement goes into its `Condition`, and so does an `InvokedViaFunctionUrl`.
///
/// ```
/// let policy = r#"{"Statement":[{"Principal":"841860927337","FunctionUrlAuthType":"NONE"}]}"#;
/// assert_eq!(
///     retrigger_recording::function_policy_in_aws_form(policy).unwrap(),
///     "{\"Statement\":[{\"Principal\":{\"AWS\":\"arn:aws:iam::841860927337:root\"},\
///      \"Condition\":{\"StringEquals\":{\"lambda:FunctionUrlAuthType\":\"NONE\"}}}]}"
/// );
/// ```
pub fn function_policy_in_aws_form(text: &str) -> Option<String> {
    let mut policy: Value = serde_json::from_str(text).ok()?;
    let statements = policy.get_mut("Statement")?;
    let changed = match statements {
        Value::Array(list) => list.iter_mut().map(in_aws_form).fold(false, |any, one| any | one),
        single => in_aws_form(single),
    };
    changed.then(|| policy.to_string())
}

/// Mends a statement; whether there was something to mend.
fn in_aws_form(statement: &mut Value) -> bool {
    let Some(statement) = statement.as_object_mut() else { return false };
    let mut changed = false;
    if let Some(principal) = statement.get_mut("Principal")
        && let Some(arn) = principal.as_str().and_then(principal_arn)
    {
        *principal = json!({ "AWS": arn });
        changed = true;
    }
    for (member, operator) in
        [("FunctionUrlAuthType", "StringEquals"), ("InvokedViaFunctionUrl", "Bool")]
    {
        let Some(value) = statement.shift_remove(member) else { continue };
        let value = value.as_bool().map_or(value, |flag| flag.to_string().into());
        add_condition(statement, operator, &format!("lambda:{member}"), value);
        changed = true;
    }
    changed
}

/// What stands under `AWS` for an account or an ARN that stands by itself.
fn principal_arn(principal: &str) -> Option<String> {
    let is_account = principal.len() == 12 && principal.bytes().all(|byte| byte.is_ascii_digit());
    if is_account {
        return Some(format!("arn:aws:iam::{principal}:root"));
    }
    let service = principal.split(':').nth(2);
    let is_arn = principal.starts_with("arn:") && matches!(service, Some("iam" | "sts"));
    is_arn.then(|| principal.to_owned())
}

fn add_condition(statement: &mut Map<String, Value>, operator: &str, key: &str, value: Value) {
    let condition = statement.entry("Condition").or_insert_with(|| json!({}));
    let tests =
        condition.as_object_mut().map(|all| all.entry(operator).or_insert_with(|| json!({})));
    if let Some(tests) = tests.and_then(Value::as_object_mut) {
        tests.entry(key).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"Principal":"*"}"#, None)]
    #[case(r#"{"Principal":{"Service":"s3.amazonaws.com"},"Condition":{}}"#, None)]
    #[case(
        r#"{"Principal":"arn:aws:iam::841860927337:user/u"}"#,
        Some(r#"{"Principal":{"AWS":"arn:aws:iam::841860927337:user/u"}}"#)
    )]
    #[case(
        r#"{"Principal":"*","Condition":{"StringEquals":{"a":"b"}},"InvokedViaFunctionUrl":true}"#,
        Some(
            r#"{"Principal":"*","Condition":{"StringEquals":{"a":"b"},"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}}"#
        )
    )]
    fn a_statement_gets_the_form_of_aws(#[case] statement: &str, #[case] expected: Option<&str>) {
        let whole = |statement: &str| format!("{{\"Statement\":[{statement}]}}");
        assert_eq!(function_policy_in_aws_form(&whole(statement)), expected.map(whole));
        let single = |statement: &str| format!("{{\"Statement\":{statement}}}");
        assert_eq!(function_policy_in_aws_form(&single(statement)), expected.map(single));
    }

    #[rstest]
    #[case("not json")]
    #[case("[]")]
    #[case(r#"{"Statement":[1,"x",null]}"#)]
    #[case(r#"{"Statement":[{"Principal":"12"}]}"#)]
    fn other_text_stays(#[case] text: &str) {
        assert_eq!(function_policy_in_aws_form(text), None);
    }
}
