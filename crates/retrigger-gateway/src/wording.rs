//! Where services word a refusal otherwise than the IAM User Guide has it ("Troubleshoot access denied
//! error messages").
//!
//! Not settled: no page says so. Each is as refusals of AWS show it that people quote in public.

use serde_json::Value;

use crate::operation::Operation;

/// The sentence that refuses, as the service of the call has it.
pub(crate) fn of_service(message: &str, operation: &Operation) -> String {
    let asked = operation.authorizations.iter().flat_map(|authorization| {
        let action = authorization.action.as_str();
        authorization.resources.iter().map(move |resource| (action, resource.as_str()))
    });
    let on = |resource: &str| format!(" on resource: {resource} ");
    let is_meant = |(action, resource): &(&str, &str)| {
        message.contains(&format!(" perform: {action}{}", on(resource)))
    };
    let Some((action, resource)) = asked.into_iter().find(is_meant) else {
        return message.to_owned();
    };
    let service = action.split(':').next().unwrap_or_default();
    match (service, operation.parameters.get("SecretId")) {
        ("cloudwatch" | "secretsmanager", _) if resource == "*" => {
            message.replacen(&on(resource), " ", 1)
        }
        ("s3", _) if resource != "*" => {
            message.replacen(&on(resource), &on(&format!("\"{resource}\"")), 1)
        }
        ("secretsmanager", Some(Value::String(id))) => message.replacen(&on(resource), &on(id), 1),
        ("sqs", _) => message.replace(action, &action.to_ascii_lowercase()),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::operation::{Authorization, Protocol};

    #[rstest]
    #[case(
        "s3:GetObject",
        "arn:aws:s3:::b/k",
        "s3:GetObject on resource: \"arn:aws:s3:::b/k\" with"
    )]
    #[case("secretsmanager:GetSecretValue", "arn:x:db-${Suffix}", "Value on resource: db with")]
    #[case("secretsmanager:ListSecrets", "*", "secretsmanager:ListSecrets with")]
    #[case("cloudwatch:PutMetricData", "*", "cloudwatch:PutMetricData with")]
    #[case(
        "sqs:SendMessage",
        "arn:aws:sqs:::q",
        "sqs:sendmessage on resource: arn:aws:sqs:::q with"
    )]
    #[case("lambda:ListFunctions", "*", "lambda:ListFunctions on resource: * with")]
    fn services_name_what_is_refused_in_their_own_way(
        #[case] action: &str,
        #[case] resource: &str,
        #[case] expected: &str,
    ) {
        let authorization = Authorization {
            action: action.to_owned(),
            resources: vec!["arn:other".to_owned(), resource.to_owned()],
            ..Authorization::default()
        };
        let operation = Operation {
            service: String::new(),
            name: String::new(),
            protocol: Protocol::Json11,
            xml_namespace: None,
            query_compatible: false,
            is_unsigned: false,
            parameters: json!({"SecretId": "db"}),
            idempotency_members: Vec::new(),
            authorizations: vec![authorization],
        };
        let message = format!(
            "User: x is not authorized to perform: {action} on resource: {resource} with an \
             explicit deny in an identity-based policy"
        );
        let worded = of_service(&message, &operation);
        assert!(worded.contains(expected), "{worded}");
    }
}
