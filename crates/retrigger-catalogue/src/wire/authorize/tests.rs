use super::{Account, Identified, authorizations};
use crate::wire::service;

const ACCOUNT: Account<'_> =
    Account { partition: "aws", region: "us-east-1", account: "111122223333" };

/// Each authorization as `action on ARN`; ARNs of the account's are cut to what follows it.
#[track_caller]
fn check(service_id: &str, operation: &str, parameters: &str, expected: &[&str]) {
    let service = service(service_id).expect("a service");
    let operation = service.operation(operation).expect("an operation");
    let protocol = service.protocols().next().expect("a protocol");
    let request = Identified { service, operation, protocol, bucket: None };
    let parameters = serde_json::from_str(parameters).expect("JSON");
    let mut found = Vec::new();
    for needed in authorizations(&request, &parameters, &ACCOUNT) {
        for resource in needed.resources {
            let arn = resource.arn.replace("us-east-1:111122223333:", "");
            found.push(format!("{} on {arn}", needed.action));
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn objects_of_s3() {
    let object = r#"{"Bucket":"b","Key":"k"}"#;
    let version = r#"{"Bucket":"b","Key":"k","VersionId":"1"}"#;
    check("s3", "GetObject", object, &["s3:GetObject on arn:aws:s3:::b/k"]);
    check("s3", "HeadObject", version, &["s3:GetObjectVersion on arn:aws:s3:::b/k"]);
    check("s3", "PutObjectTagging", version, &["s3:PutObjectVersionTagging on arn:aws:s3:::b/k"]);
    check("s3", "UploadPart", object, &["s3:PutObject on arn:aws:s3:::b/k"]);
    let put = r#"{"Bucket":"b","Key":"k","Tagging":"a=1","ACL":"private"}"#;
    let needed = [
        "s3:PutObject on arn:aws:s3:::b/k",
        "s3:PutObjectAcl on arn:aws:s3:::b/k",
        "s3:PutObjectTagging on arn:aws:s3:::b/k",
    ];
    check("s3", "PutObject", put, &needed);
    let copy = r#"{"Bucket":"b","Key":"k","CopySource":"c/a%20b?versionId=1"}"#;
    let needed = ["s3:GetObjectVersion on arn:aws:s3:::c/a b", "s3:PutObject on arn:aws:s3:::b/k"];
    check("s3", "CopyObject", copy, &needed);
    let delete = r#"{"Bucket":"b","Delete":{"Object":[{"Key":"1"},{"Key":"2","VersionId":"3"}]}}"#;
    let needed =
        ["s3:DeleteObject on arn:aws:s3:::b/1", "s3:DeleteObjectVersion on arn:aws:s3:::b/2"];
    check("s3", "DeleteObjects", delete, &needed);
}

#[test]
fn buckets_of_s3() {
    check("s3", "ListObjectsV2", r#"{"Bucket":"b"}"#, &["s3:ListBucket on arn:aws:s3:::b"]);
    check("s3", "ListBuckets", "{}", &["s3:ListAllMyBuckets on *"]);
    check("s3", "PutBucketCors", r#"{"Bucket":"b"}"#, &["s3:PutBucketCORS on arn:aws:s3:::b"]);
}

#[test]
fn tables_of_dynamodb() {
    let on = |action: &str, what: &str| format!("dynamodb:{action} on arn:aws:dynamodb:{what}");
    let table = on("GetItem", "table/t");
    check("dynamodb", "GetItem", r#"{"TableName":"t","Key":{}}"#, &[&table]);
    let index = on("Query", "table/t/index/i");
    check("dynamodb", "Query", r#"{"TableName":"t","IndexName":"i"}"#, &[&index]);
    let (one, two) = (on("BatchGetItem", "table/a"), on("BatchGetItem", "table/b"));
    check("dynamodb", "BatchGetItem", r#"{"RequestItems":{"a":{},"b":{}}}"#, &[&one, &two]);
    let (one, two) = (on("PutItem", "table/a"), on("ConditionCheckItem", "table/b"));
    let items =
        r#"{"TransactItems":[{"Put":{"TableName":"a"}},{"ConditionCheck":{"TableName":"b"}}]}"#;
    check("dynamodb", "TransactWriteItems", items, &[&one, &two]);
    let select = on("PartiQLSelect", "table/t/index/i");
    let text = r#"{"Statement":"SELECT * FROM \"t\".\"i\" WHERE a = 1"}"#;
    check("dynamodb", "ExecuteStatement", text, &[&select]);
}

#[test]
fn other_services() {
    let url = r#"{"QueueUrl":"http://localhost/444455556666/q"}"#;
    let queue = "sqs:SendMessage on arn:aws:sqs:us-east-1:444455556666:q";
    check("sqs", "SendMessageBatch", url, &[queue]);
    let invoke = r#"{"FunctionName":"f","Qualifier":"live"}"#;
    let function = "lambda:InvokeFunction on arn:aws:lambda:function:f:live";
    check("lambda", "Invoke", invoke, &[function]);
    check("sns", "Publish", r#"{"PhoneNumber":"+1"}"#, &["sns:Publish on *"]);
    let alias = "kms:Decrypt on arn:aws:kms:key/${KeyId}";
    check("kms", "Decrypt", r#"{"KeyId":"alias/a"}"#, &[alias]);
    let secret = "secretsmanager:GetSecretValue on arn:aws:secretsmanager:secret:a-${Suffix}";
    check("secretsmanager", "GetSecretValue", r#"{"SecretId":"a"}"#, &[secret]);
    let parameter = "ssm:GetParameter on arn:aws:ssm:parameter/a/b";
    check("ssm", "GetParameter", r#"{"Name":"/a/b"}"#, &[parameter]);
    let role = r#"{"RoleArn":"arn:aws:iam::1:role/r"}"#;
    check("sts", "AssumeRole", role, &["sts:AssumeRole on arn:aws:iam::1:role/r"]);
    check("sts", "GetCallerIdentity", "{}", &[]);
    let bus = "events:PutEvents on arn:aws:events:event-bus/default";
    check("events", "PutEvents", r#"{"Entries":[{"Source":"a"}]}"#, &[bus]);
    let model = "bedrock:InvokeModel on arn:aws:bedrock:us-east-1::foundation-model/m";
    check("bedrock-runtime", "Converse", r#"{"modelId":"m"}"#, &[model]);
    let api = "apigateway:GET on arn:aws:apigateway:us-east-1::/restapis/a";
    check("apigateway", "GetRestApi", r#"{"restApiId":"a"}"#, &[api]);
}
