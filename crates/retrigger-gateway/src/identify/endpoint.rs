//! Where AWS itself takes a call. Sources: AWS General Reference, "AWS service endpoints" and each
//! service's "endpoints and quotas"; Amazon S3 User Guide, "Virtual hosting of general purpose
//! buckets".

use retrigger_catalogue::wire::Identified;
use serde_json::Value;

use crate::operation::Endpoint;

/// The services that a partition has in one Region only, by what their hosts begin with: partition,
/// Region, and the host where it does not name the Region.
const GLOBAL: [(&str, &str, &str, Option<&str>); 49] = [
    ("account", "aws", "us-east-1", None),
    ("account", "aws-cn", "cn-northwest-1", None),
    ("artifact", "aws", "us-east-1", None),
    ("bcm-dashboards", "aws", "us-east-1", None),
    ("bcm-data-exports", "aws", "us-east-1", None),
    ("bcm-data-exports", "aws-cn", "cn-northwest-1", None),
    ("bcm-pricing-calculator", "aws", "us-east-1", None),
    ("bcm-recommended-actions", "aws", "us-east-1", None),
    ("billing", "aws", "us-east-1", None),
    ("billing", "aws-cn", "cn-northwest-1", Some("billing.cn-northwest-1.amazonaws.com.cn")),
    ("billingconductor", "aws", "us-east-1", None),
    ("budgets", "aws", "us-east-1", Some("budgets.amazonaws.com")),
    ("budgets", "aws-cn", "cn-northwest-1", Some("budgets.amazonaws.com.cn")),
    ("budgets", "aws-us-gov", "us-gov-west-1", Some("budgets.amazonaws.com")),
    ("ce", "aws", "us-east-1", None),
    ("ce", "aws-cn", "cn-northwest-1", None),
    ("chime", "aws", "us-east-1", None),
    ("cloudfront", "aws", "us-east-1", Some("cloudfront.amazonaws.com")),
    ("cloudfront", "aws-cn", "cn-northwest-1", None),
    ("freetier", "aws", "us-east-1", None),
    ("iam", "aws", "us-east-1", Some("iam.amazonaws.com")),
    ("iam", "aws-cn", "cn-north-1", None),
    ("iam", "aws-us-gov", "us-gov-west-1", Some("iam.us-gov.amazonaws.com")),
    ("importexport", "aws", "us-east-1", Some("importexport.amazonaws.com")),
    ("invoicing", "aws", "us-east-1", None),
    ("invoicing", "aws-cn", "cn-northwest-1", None),
    ("networkmanager", "aws", "us-west-2", None),
    ("networkmanager", "aws-us-gov", "us-gov-west-1", None),
    ("notifications-contacts", "aws", "us-east-1", None),
    ("notifications-contacts", "aws-cn", "cn-northwest-1", None),
    ("organizations", "aws", "us-east-1", None),
    ("organizations", "aws-cn", "cn-northwest-1", None),
    ("organizations", "aws-us-gov", "us-gov-west-1", None),
    ("payments", "aws", "us-east-1", None),
    ("payments", "aws-cn", "cn-northwest-1", None),
    ("pricingplanmanager", "aws", "us-east-1", None),
    ("route53", "aws", "us-east-1", Some("route53.amazonaws.com")),
    ("route53", "aws-cn", "cn-northwest-1", Some("route53.amazonaws.com.cn")),
    ("route53", "aws-us-gov", "us-gov-west-1", Some("route53.us-gov.amazonaws.com")),
    ("route53-recovery-control-config", "aws", "us-west-2", None),
    ("route53-recovery-control-config", "aws-cn", "cn-northwest-1", None),
    ("savingsplans", "aws", "us-east-1", Some("savingsplans.amazonaws.com")),
    ("shield", "aws", "us-east-1", None),
    ("support", "aws", "us-east-1", None),
    ("support", "aws-cn", "cn-north-1", None),
    ("support", "aws-us-gov", "us-gov-west-1", None),
    ("tax", "aws", "us-east-1", None),
    ("tax", "aws-cn", "cn-northwest-1", None),
    ("waf", "aws", "us-east-1", Some("waf.amazonaws.com")),
];

/// The services with hosts of the newer kind only, which end in `api.aws`.
const API_AWS: [&str; 54] = [
    "account-access",
    "account-access-runtime",
    "agent-discovery",
    "agent-registry",
    "agent-registry-control",
    "aidevops",
    "airflow-serverless",
    "api.iotmanagedintegrations",
    "apiportal",
    "application-signals",
    "arc-region-switch",
    "backup-search",
    "bcm-dashboards",
    "bcm-data-exports",
    "bcm-pricing-calculator",
    "bcm-recommended-actions",
    "billing",
    "cassandra-streams",
    "cloudwatch-omni",
    "continuum",
    "datazone",
    "discovery-marketplace",
    "dsql",
    "eks-auth",
    "freetier",
    "gameliftstreams",
    "health-agent",
    "interconnect",
    "invoicing",
    "job-runtime.sagemaker",
    "kendra-ranking",
    "mpa",
    "network-security-manager",
    "networkflowmonitor",
    "notifications",
    "notifications-contacts",
    "osm",
    "partnercentral-account",
    "partnercentral-benefits",
    "partnercentral-marketing",
    "partnercentral-selling",
    "payments",
    "pricingplanmanager",
    "qbusiness",
    "route53globalresolver",
    "s3files",
    "s3vectors",
    "security-ir",
    "securityagent",
    "signin",
    "supportauthz",
    "training-session-runtime.sagemaker",
    "uxc",
    "workspaces-instances",
];

/// The endpoint that takes a call, seen from a partition and a Region.
pub(super) fn endpoint(
    found: &Identified,
    parameters: &Value,
    partition: &str,
    region: &str,
) -> Result<Endpoint, String> {
    let (suffix, api_suffix) = match partition {
        "aws" | "aws-us-gov" => ("amazonaws.com", "api.aws"),
        "aws-cn" => ("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        other => return Err(format!("the endpoints of the partition `{other}` are not known")),
    };
    let prefix = match found.service.endpoint_prefix() {
        "geo-maps" => "maps.geo",
        "geo-places" => "places.geo",
        "geo-routes" => "routes.geo",
        prefix => prefix,
    };
    let global = GLOBAL.iter().find(|(name, of, ..)| (*name, *of) == (prefix, partition));
    let region = global.map_or(region, |(_, _, region, _)| region);
    let suffix = if API_AWS.contains(&prefix) { api_suffix } else { suffix };
    let host = match global {
        Some((.., Some(host))) => (*host).to_owned(),
        _ => format!("{prefix}.{region}.{suffix}"),
    };
    let (before, path) = match &found.bucket {
        // A certificate of S3 is for one name before the service's.
        Some(bucket) if bucket.contains('.') => (String::new(), format!("/{bucket}")),
        Some(bucket) => (format!("{bucket}."), String::new()),
        None => (host_prefix(found, parameters)?, String::new()),
    };
    let service = found.service.signing_name().to_owned();
    Ok(Endpoint { host: before + &host, path, region: region.to_owned(), service })
}

/// Such as `sync-`, or `123456789012.` of `{AccountId}.`.
fn host_prefix(found: &Identified, parameters: &Value) -> Result<String, String> {
    let Some(template) = found.operation.host_prefix() else { return Ok(String::new()) };
    let template = template.to_string();
    let Some((before, rest)) = template.split_once('{') else { return Ok(template) };
    let (name, after) = rest.split_once('}').unwrap_or((rest, ""));
    let value = parameters.get(name).and_then(Value::as_str).unwrap_or_default();
    let is_label = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if value.is_empty() || value.len() > 63 || !value.chars().all(is_label) {
        return Err(format!("its host is made of `{name}`, which cannot be part of one"));
    }
    Ok(format!("{before}{value}{after}"))
}

#[cfg(test)]
mod tests {
    use retrigger_catalogue::wire;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(
        "dynamodb",
        "GetItem",
        None,
        "eu-west-1",
        "dynamodb.eu-west-1.amazonaws.com",
        "eu-west-1"
    )]
    #[case("iam", "GetRole", None, "eu-west-1", "iam.amazonaws.com", "us-east-1")]
    #[case("iam", "GetRole", None, "us-gov-east-1", "iam.us-gov.amazonaws.com", "us-gov-west-1")]
    #[case(
        "organizations",
        "ListRoots",
        None,
        "eu-west-1",
        "organizations.us-east-1.amazonaws.com",
        "us-east-1"
    )]
    #[case(
        "sqs",
        "SendMessage",
        None,
        "cn-north-1",
        "sqs.cn-north-1.amazonaws.com.cn",
        "cn-north-1"
    )]
    #[case("s3", "GetObject", None, "eu-west-1", "s3.eu-west-1.amazonaws.com", "eu-west-1")]
    #[case("s3", "GetObject", Some("b"), "eu-west-1", "b.s3.eu-west-1.amazonaws.com", "eu-west-1")]
    #[case("s3", "GetObject", Some("b.c"), "eu-west-1", "s3.eu-west-1.amazonaws.com", "eu-west-1")]
    #[case(
        "states",
        "StartSyncExecution",
        None,
        "eu-west-1",
        "sync-states.eu-west-1.amazonaws.com",
        "eu-west-1"
    )]
    #[case("datazone", "GetDomain", None, "eu-west-1", "datazone.eu-west-1.api.aws", "eu-west-1")]
    fn each_call_has_its_host_and_region(
        #[case] service: &str,
        #[case] operation: &str,
        #[case] bucket: Option<&str>,
        #[case] region: &str,
        #[case] host: &str,
        #[case] signed_for: &str,
    ) {
        let found = wire::named(service, operation).unwrap();
        let found = Identified { bucket: bucket.map(str::to_owned), ..found };
        let partition = match region.get(..3) {
            Some("cn-") => "aws-cn",
            _ if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        let endpoint = endpoint(&found, &json!({}), partition, region).unwrap();
        assert_eq!((&*endpoint.host, &*endpoint.region), (host, signed_for));
        let path = bucket.filter(|bucket| bucket.contains('.')).map(|bucket| format!("/{bucket}"));
        assert_eq!(endpoint.path, path.unwrap_or_default());
    }

    #[test]
    fn a_host_is_made_of_no_parameter_that_leads_elsewhere() {
        let found = wire::service("s3control").and_then(|service| {
            let operation = service.operation("ListJobs")?;
            let protocol = service.protocols().next()?;
            Some(Identified { service, operation, protocol, bucket: None })
        });
        let found = found.unwrap();
        let of = |account: &str| {
            endpoint(&found, &json!({"AccountId": account}), "aws", "eu-west-1")
                .map(|endpoint| endpoint.host)
        };
        let host = "123456789012.s3-control.eu-west-1.amazonaws.com";
        assert_eq!(of("123456789012").unwrap(), host);
        for wrong in ["", "evil.example/", "a.b", &"a".repeat(64)] {
            assert!(of(wrong).unwrap_err().contains("`AccountId`"), "{wrong}");
        }
        assert!(endpoint(&found, &json!({}), "aws-iso", "us-iso-east-1").is_err());
    }
}
