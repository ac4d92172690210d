//! The services whose resources RCPs protect.

/// Action prefixes of the services on the AWS Organizations page "List of AWS services that
/// support RCPs", as copied by third parties in October 2026. Lambda is not among them.
const PREFIXES: [&str; 62] = [
    "aoss",
    "appconfig",
    "appstream",
    "autoscaling",
    "autoscaling-plans",
    "budgets",
    "clouddirectory",
    "cloudfront",
    "cloudsearch",
    "cloudtrail-data",
    "codeartifact",
    "codebuild",
    "codecommit",
    "codepipeline",
    "cognito-identity",
    "cognito-idp",
    "comprehend",
    "comprehendmedical",
    "compute-optimizer",
    "cost-optimization-hub",
    "dax",
    "dsql",
    "dynamodb",
    "ecr",
    "ecr-public",
    "events",
    "firehose",
    "fis",
    "fms",
    "gamelift",
    "health",
    "inspector-scan",
    "kendra",
    "kinesisvideo",
    "kms",
    "logs",
    "memorydb",
    "networkmonitor",
    "notifications",
    "opensearch",
    "pca-connector-ad",
    "personalize",
    "polly",
    "pricing",
    "resource-groups",
    "rolesanywhere",
    "s3",
    "secretsmanager",
    "servicediscovery",
    "signin",
    "sqs",
    "sts",
    "support",
    "swf",
    "textract",
    "timestream-influxdb",
    "transcribe",
    "transfer",
    "translate",
    "wafv2",
    "workspaces",
    "xray",
];

/// Whether RCPs may have a say in an action, which starts with the prefix of its service (AWS
/// Organizations User Guide, "Resource control policies (RCPs)").
///
/// ```
/// use retrigger_iam::supports_rcps;
///
/// assert!(supports_rcps("s3:GetObject"));
/// assert!(!supports_rcps("lambda:InvokeFunction"));
/// ```
pub fn supports_rcps(action: &str) -> bool {
    let service = action.split(':').next().unwrap_or_default();
    PREFIXES.iter().any(|prefix| prefix.eq_ignore_ascii_case(service))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rcps_have_no_say_in_lambda() {
        assert!(supports_rcps("s3:GetObject"));
        assert!(supports_rcps("SQS:SendMessage"));
        assert!(!supports_rcps("lambda:InvokeFunction"));
    }
}
