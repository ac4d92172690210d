use super::{Account, Authorization, Identified, authorizations, tells};
use crate::wire::service;

const ACCOUNT: Account<'_> =
    Account { partition: "aws", region: "us-east-1", account: "111122223333" };

fn asked(service_id: &str, operation: &str, parameters: &str) -> Vec<Authorization> {
    let service = service(service_id).expect("a service");
    let operation = service.operation(operation).expect("an operation");
    let protocol = service.protocols().next().expect("a protocol");
    let request = Identified { service, operation, protocol, bucket: None };
    authorizations(&request, &serde_json::from_str(parameters).expect("JSON"), &ACCOUNT)
}

/// The context keys with `start` of the last authorization, as `key=value,value` and, where it is
/// not told, `key?`.
#[track_caller]
fn check_keys(operation: (&str, &str), parameters: &str, start: &str, expected: &[&str]) {
    let last = asked(operation.0, operation.1, parameters).pop().expect("an authorization");
    let told = last.context.iter().map(|(key, values)| format!("{key}={}", values.join(",")));
    let mut found: Vec<_> = told.chain(last.unknown.iter().map(|key| format!("{key}?"))).collect();
    found.retain(|key| key.starts_with(start));
    found.sort();
    assert_eq!(found, expected, "of {parameters}");
}

/// Each authorization as `action on ARN`; ARNs of the account's are cut to what follows it.
#[track_caller]
fn check(service_id: &str, operation: &str, parameters: &str, expected: &[&str]) {
    let mut found = Vec::new();
    for needed in asked(service_id, operation, parameters) {
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
fn access_points_of_s3() {
    let point = "arn:aws:s3:us-east-1:111122223333:accesspoint/p";
    let object = format!(r#"{{"Bucket":"{point}","Key":"k"}}"#);
    let needed = "s3:GetObject on arn:aws:s3:accesspoint/p/object/k";
    check("s3", "GetObject", &object, &[needed]);
    let told = [
        "s3:DataAccessPointAccount=111122223333".to_owned(),
        format!("s3:DataAccessPointArn={point}"),
    ];
    check_keys(("s3", "GetObject"), &object, "s3:Data", &told.each_ref().map(|key| &**key));
    check_keys(("s3", "GetObject"), &object, "s3:Access", &["s3:AccessPointNetworkOrigin?"]);
    check_keys(("s3", "GetObject"), r#"{"Bucket":"b","Key":"k"}"#, "s3:Data", &[]);
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

#[test]
fn a_key_that_an_object_is_stored_under_is_asked_for_through_s3() {
    let stored = |more: &str| {
        let named =
            r#""Bucket":"b","Key":"k","ServerSideEncryption":"aws:kms","SSEKMSKeyId":"1-2""#;
        format!("{{{named}{more}}}")
    };
    let put = ["s3:PutObject on arn:aws:s3:::b/k", "kms:GenerateDataKey on arn:aws:kms:key/1-2"];
    check("s3", "PutObject", &stored(""), &put);
    let parts = [put[0], put[1], "kms:Decrypt on arn:aws:kms:key/1-2"];
    check("s3", "CreateMultipartUpload", &stored(""), &parts);
    let plain = r#"{"Bucket":"b","Key":"k","ServerSideEncryption":"AES256"}"#;
    check("s3", "PutObject", plain, &[put[0]]);
    let via = ["kms:ViaService=s3.us-east-1.amazonaws.com"];
    check_keys(("s3", "PutObject"), &stored(""), "kms:ViaService", &via);
    check_keys(("kms", "Decrypt"), r#"{"KeyId":"1-2"}"#, "kms:ViaService", &[]);
    let object = stored(r#","BucketKeyEnabled":"false""#);
    let bucket = stored(r#","BucketKeyEnabled":"true","SSEKMSEncryptionContext":"eyJhIjoiMSJ9""#);
    let arn = "kms:EncryptionContext:aws:s3:arn";
    let keys = "kms:EncryptionContextKeys=aws:s3:arn";
    let rows = [
        (stored(""), vec![format!("{arn}?"), keys.to_owned()]),
        (object, vec![format!("{arn}=arn:aws:s3:::b/k"), keys.to_owned()]),
        (
            bucket,
            vec![
                "kms:EncryptionContext:a=1".to_owned(),
                format!("{arn}=arn:aws:s3:::b"),
                "kms:EncryptionContextKeys=a,aws:s3:arn".to_owned(),
            ],
        ),
    ];
    for (parameters, expected) in rows {
        let expected: Vec<_> = expected.iter().map(String::as_str).collect();
        check_keys(("s3", "PutObject"), &parameters, "kms:EncryptionContext", &expected);
    }
}

#[test]
fn partition_keys_are_told_where_the_request_alone_tells_them() {
    let rows = [
        ("GetItem", r#""Key":{"id":{"S":"7"}}"#, "=7"),
        ("GetItem", r#""Key":{"id":{"S":"7"},"at":{"N":"1"}}"#, "?"),
        ("UpdateItem", r#""Key":{"id":{"N":"7"}}"#, "=7"),
        ("DeleteItem", r#""Key":{"id":{"B":"AA=="}}"#, "?"),
        ("PutItem", r#""Item":{"id":{"S":"7"}}"#, "?"),
        ("Scan", r#""Select":"COUNT""#, ""),
        (
            "Query",
            r##""KeyConditionExpression":"#i = :i","ExpressionAttributeValues":{":i":{"S":"7"}}"##,
            "=7",
        ),
        (
            "Query",
            r#""KeyConditionExpression":"id=:i AND begins_with(at, :a)",
               "ExpressionAttributeValues":{":i":{"S":"7"},":a":{"S":"1"}}"#,
            "=7",
        ),
        (
            "Query",
            r#""KeyConditionExpression":":i = id and at between :a and :b",
               "ExpressionAttributeValues":{":i":{"S":"7"}}"#,
            "=7",
        ),
        (
            "Query",
            r#""KeyConditionExpression":"id = :i AND at = :a",
               "ExpressionAttributeValues":{":i":{"S":"7"},":a":{"S":"1"}}"#,
            "?",
        ),
        (
            "Query",
            r#""IndexName":"x","KeyConditionExpression":"id = :i",
               "ExpressionAttributeValues":{":i":{"S":"7"}}"#,
            "?",
        ),
        (
            "Query",
            r#""KeyConditions":{"id":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"7"}]},
               "at":{"ComparisonOperator":"GT","AttributeValueList":[{"S":"1"}]}}"#,
            "=7",
        ),
    ];
    for (operation, members, expected) in rows {
        let parameters = format!(r#"{{"TableName":"t",{members}}}"#);
        let key = "dynamodb:LeadingKeys";
        let expected = format!("{key}{expected}");
        let expected: Vec<_> = Some(&*expected).filter(|all| *all != key).into_iter().collect();
        check_keys(("dynamodb", operation), &parameters, key, &expected);
    }
    let batch = r#"{"RequestItems":{"t":{"Keys":[{"id":{"S":"7"}},{"id":{"S":"8"}}]}}}"#;
    let leading = "dynamodb:LeadingKeys";
    check_keys(("dynamodb", "BatchGetItem"), batch, leading, &["dynamodb:LeadingKeys=7,8"]);
    let writes = r#"{"RequestItems":{"t":[{"DeleteRequest":{"Key":{"id":{"S":"7"}}}}]}}"#;
    check_keys(("dynamodb", "BatchWriteItem"), writes, leading, &["dynamodb:LeadingKeys=7"]);
    let both = r#"{"TransactItems":[{"Delete":{"TableName":"t","Key":{"id":{"S":"7"}}}},
        {"Delete":{"TableName":"t","Key":{"id":{"S":"8"}}}}]}"#;
    let transact = ("dynamodb", "TransactWriteItems");
    check_keys(transact, both, leading, &["dynamodb:LeadingKeys=7,8"]);
    let enclosing = ["dynamodb:EnclosingOperation=TransactWriteItems"];
    check_keys(transact, both, "dynamodb:EnclosingOperation", &enclosing);
}

#[test]
fn attributes_are_told_where_all_are_named() {
    let rows = [
        ("GetItem", r#""Key":{"id":{"S":"7"}}"#, "?"),
        ("GetItem", r#""Key":{"id":{"S":"7"}},"AttributesToGet":["a","b"]"#, "=a,b,id"),
        (
            "GetItem",
            r##""Key":{"id":{"S":"7"}},"ProjectionExpression":"#a, b",
                "ExpressionAttributeNames":{"#a":"size"}"##,
            "=b,id,size",
        ),
        ("GetItem", r##""Key":{"id":{"S":"7"}},"ProjectionExpression":"#a""##, "?"),
        ("GetItem", r#""Key":{"id":{"S":"7"}},"ProjectionExpression":"a.b""#, "?"),
        ("GetItem", r#""Key":{"id":{"S":"7"}},"ProjectionExpression":"a[0]""#, "?"),
        ("PutItem", r#""Item":{"id":{"S":"7"},"a":{"S":"1"}}"#, "=a,id"),
        ("PutItem", r#""Item":{"id":{"S":"7"}},"ReturnValues":"ALL_OLD""#, "?"),
        (
            "UpdateItem",
            r#""Key":{"id":{"S":"7"}},"UpdateExpression":"SET a = if_not_exists(b, :z) + :one REMOVE c",
               "ConditionExpression":"attribute_exists(d) AND NOT e IN (:one, :z)""#,
            "=a,b,c,d,e,id",
        ),
        (
            "Query",
            r#""KeyConditionExpression":"id = :i","FilterExpression":"size(a) > :n",
               "Select":"COUNT""#,
            "=a,id",
        ),
        ("Scan", r#""Select":"ALL_ATTRIBUTES""#, "?"),
    ];
    for (operation, members, expected) in rows {
        let parameters = format!(r#"{{"TableName":"t",{members}}}"#);
        let expected = format!("dynamodb:Attributes{expected}");
        let key = "dynamodb:Attributes";
        check_keys(("dynamodb", operation), &parameters, key, &[&expected]);
    }
    let counted = r#"{"TableName":"t","Select":"COUNT"}"#;
    check_keys(("dynamodb", "Scan"), counted, "dynamodb:", &["dynamodb:Select=COUNT"]);
    let statement = r#"{"Statement":"SELECT a FROM t WHERE id = 7"}"#;
    let unknown = ["dynamodb:Attributes?", "dynamodb:FullTableScan?", "dynamodb:LeadingKeys?"];
    check_keys(("dynamodb", "ExecuteStatement"), statement, "dynamodb:", &unknown);
}

#[test]
fn tags_are_told_in_every_shape() {
    let one = ["aws:RequestTag/team=a", "aws:TagKeys=team"];
    let rows: [(&str, &str, &str, &[&str]); 12] = [
        ("sqs", "CreateQueue", r#"{"tags":{"team":"a"}}"#, &one),
        ("lambda", "TagResource", r#"{"Tags":{"team":"a"}}"#, &one),
        ("dynamodb", "TagResource", r#"{"Tags":[{"Key":"team","Value":"a"}]}"#, &one),
        ("ecs", "TagResource", r#"{"tags":[{"key":"team","value":"a"}]}"#, &one),
        ("kms", "TagResource", r#"{"KeyId":"1","Tags":[{"TagKey":"team","TagValue":"a"}]}"#, &one),
        ("personalize", "TagResource", r#"{"tags":[{"tagKey":"team","tagValue":"a"}]}"#, &one),
        ("cognito-idp", "CreateUserPool", r#"{"UserPoolTags":{"team":"a"}}"#, &one),
        (
            "ec2",
            "RunInstances",
            r#"{"TagSpecifications":[{"ResourceType":"instance","Tag":[{"Key":"team","Value":"a"}]},
               {"ResourceType":"volume","Tag":[{"Key":"team","Value":"a"}]}]}"#,
            &one,
        ),
        (
            "ec2",
            "RunInstances",
            r#"{"TagSpecifications":[{"ResourceType":"instance","Tag":[{"Key":"team","Value":"a"}]},
               {"ResourceType":"volume","Tag":[{"Key":"team","Value":"b"}]}]}"#,
            &["aws:RequestTag/team?", "aws:TagKeys=team"],
        ),
        (
            "cloudfront",
            "TagResource",
            r#"{"Tags":{"Items":{"Tag":{"Key":"team","Value":"a"}}}}"#,
            &one,
        ),
        ("lambda", "UntagResource", r#"{"TagKeys":["team","b"]}"#, &["aws:TagKeys=team,b"]),
        ("lambda", "UntagResource", r#"{"TagKeys":"team"}"#, &["aws:TagKeys=team"]),
    ];
    for (service, operation, parameters, expected) in rows {
        let last = asked(service, operation, parameters).pop().expect("an authorization");
        let told = last.context.iter().map(|(key, values)| format!("{key}={}", values.join(",")));
        let unknown = last.unknown.iter().map(|key| format!("{key}?"));
        let mut found: Vec<_> = told.chain(unknown).collect();
        found.retain(|key| key.starts_with("aws:RequestTag/") || key.starts_with("aws:TagKeys"));
        found.sort();
        assert_eq!(found, expected, "{service}:{operation} of {parameters}");
    }
    let object = r#"{"Bucket":"b","Key":"k","Tagging":"team=a%20b&b"}"#;
    let keys = [
        "s3:RequestObjectTag/b=",
        "s3:RequestObjectTag/team=a b",
        "s3:RequestObjectTagKeys=team,b",
    ];
    check_keys(("s3", "PutObject"), object, "s3:Request", &keys);
}

#[test]
fn what_is_told_is_known_to_be_absent_elsewhere() {
    for key in ["s3:prefix", "S3:X-AMZ-ACL", "kms:EncryptionContext:a", "s3:RequestObjectTag/a"] {
        assert!(tells(key), "{key}");
    }
    for key in ["s3:ExistingObjectTag/a", "ec2:InstanceType", "kms:ResourceAliases", "", "é"] {
        assert!(!tells(key), "{key}");
    }
}
