//! Operations whose actions have other names.

use super::Asked;

/// Rows of operation and action.
type Rows = &'static [(&'static str, &'static str)];

/// By service, with the page of AWS's documentation that says so.
const EXCEPTIONS: &[(&str, &str, Rows)] = &[
    ("s3", "Amazon S3 User Guide, \"Required permissions for Amazon S3 API operations\"", S3),
    (
        "s3control",
        "Amazon S3 User Guide, \"Required permissions for Amazon S3 API operations\"",
        S3_CONTROL,
    ),
    (
        "lambda",
        "Service Authorization Reference, \"Actions, resources, and condition keys for AWS \
         Lambda\"",
        &[
            ("Invoke", "InvokeFunction"),
            ("InvokeWithResponseStream", "InvokeFunction"),
            ("GetLayerVersionByArn", "GetLayerVersion"),
        ],
    ),
    (
        "sqs",
        "Amazon SQS Developer Guide, \"Amazon SQS API permissions: Actions and resource reference\"",
        &[
            ("SendMessageBatch", "SendMessage"),
            ("DeleteMessageBatch", "DeleteMessage"),
            ("ChangeMessageVisibilityBatch", "ChangeMessageVisibility"),
        ],
    ),
    ("sns", "Amazon SNS API Reference, \"PublishBatch\"", &[("PublishBatch", "Publish")]),
    (
        "bedrock-runtime",
        "Amazon Bedrock API Reference, \"Converse\" and \"ConverseStream\"",
        &[
            ("Converse", "InvokeModel"),
            ("ConverseStream", "InvokeModelWithResponseStream"),
            ("InvokeModelWithBidirectionalStream", "InvokeModel"),
        ],
    ),
    (
        "apigatewaymanagementapi",
        "Service Authorization Reference, \"Actions, resources, and condition keys for Amazon API \
         Gateway\"",
        &[
            ("DeleteConnection", "ManageConnections"),
            ("GetConnection", "ManageConnections"),
            ("PostToConnection", "ManageConnections"),
        ],
    ),
    // The API reference of each says that it needs no permission.
    (
        "sts",
        "AWS STS API Reference, \"GetCallerIdentity\", \"GetSessionToken\"",
        &[("GetCallerIdentity", ""), ("GetSessionToken", "")],
    ),
];

const S3: Rows = &[
    ("AbortMultipartUpload", "AbortMultipartUpload"),
    ("CompleteMultipartUpload", "PutObject"),
    ("CreateMultipartUpload", "PutObject"),
    ("DeleteBucketAnalyticsConfiguration", "PutAnalyticsConfiguration"),
    ("DeleteBucketCors", "PutBucketCORS"),
    ("DeleteBucketEncryption", "PutEncryptionConfiguration"),
    ("DeleteBucketIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration"),
    ("DeleteBucketInventoryConfiguration", "PutInventoryConfiguration"),
    ("DeleteBucketLifecycle", "PutLifecycleConfiguration"),
    ("DeleteBucketMetricsConfiguration", "PutMetricsConfiguration"),
    ("DeleteBucketReplication", "PutReplicationConfiguration"),
    ("DeleteBucketTagging", "PutBucketTagging"),
    ("DeletePublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("GetBucketAccelerateConfiguration", "GetAccelerateConfiguration"),
    ("GetBucketAnalyticsConfiguration", "GetAnalyticsConfiguration"),
    ("GetBucketCors", "GetBucketCORS"),
    ("GetBucketEncryption", "GetEncryptionConfiguration"),
    ("GetBucketIntelligentTieringConfiguration", "GetIntelligentTieringConfiguration"),
    ("GetBucketInventoryConfiguration", "GetInventoryConfiguration"),
    ("GetBucketLifecycle", "GetLifecycleConfiguration"),
    ("GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"),
    ("GetBucketMetricsConfiguration", "GetMetricsConfiguration"),
    ("GetBucketNotificationConfiguration", "GetBucketNotification"),
    ("GetBucketReplication", "GetReplicationConfiguration"),
    ("GetObjectLockConfiguration", "GetBucketObjectLockConfiguration"),
    ("GetObjectTorrent", "GetObject"),
    ("GetPublicAccessBlock", "GetBucketPublicAccessBlock"),
    ("CreateBucketMetadataConfiguration", "CreateBucketMetadataTableConfiguration"),
    ("DeleteBucketMetadataConfiguration", "DeleteBucketMetadataTableConfiguration"),
    ("GetBucketMetadataConfiguration", "GetBucketMetadataTableConfiguration"),
    ("CreateSession", "s3express:CreateSession"),
    ("HeadBucket", "ListBucket"),
    ("HeadObject", "GetObject"),
    ("ListBucketAnalyticsConfigurations", "GetAnalyticsConfiguration"),
    ("ListBucketIntelligentTieringConfigurations", "GetIntelligentTieringConfiguration"),
    ("ListBucketInventoryConfigurations", "GetInventoryConfiguration"),
    ("ListBucketMetricsConfigurations", "GetMetricsConfiguration"),
    ("ListBuckets", "ListAllMyBuckets"),
    ("ListDirectoryBuckets", "s3express:ListAllMyDirectoryBuckets"),
    ("ListMultipartUploads", "ListBucketMultipartUploads"),
    ("ListObjectVersions", "ListBucketVersions"),
    ("ListObjects", "ListBucket"),
    ("ListObjectsV2", "ListBucket"),
    ("ListParts", "ListMultipartUploadParts"),
    ("PutBucketAccelerateConfiguration", "PutAccelerateConfiguration"),
    ("PutBucketAnalyticsConfiguration", "PutAnalyticsConfiguration"),
    ("PutBucketCors", "PutBucketCORS"),
    ("PutBucketEncryption", "PutEncryptionConfiguration"),
    ("PutBucketIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration"),
    ("PutBucketInventoryConfiguration", "PutInventoryConfiguration"),
    ("PutBucketLifecycle", "PutLifecycleConfiguration"),
    ("PutBucketLifecycleConfiguration", "PutLifecycleConfiguration"),
    ("PutBucketMetricsConfiguration", "PutMetricsConfiguration"),
    ("PutBucketNotificationConfiguration", "PutBucketNotification"),
    ("PutBucketReplication", "PutReplicationConfiguration"),
    ("PutObjectLockConfiguration", "PutBucketObjectLockConfiguration"),
    ("PutPublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("SelectObjectContent", "GetObject"),
    ("UploadPart", "PutObject"),
];

const S3_CONTROL: Rows = &[
    ("DeleteBucketLifecycleConfiguration", "s3-outposts:PutLifecycleConfiguration"),
    ("DeletePublicAccessBlock", "PutAccountPublicAccessBlock"),
    ("GetPublicAccessBlock", "GetAccountPublicAccessBlock"),
    ("PutPublicAccessBlock", "PutAccountPublicAccessBlock"),
];

/// The names of the operation's actions, without prefix where it is the service's own.
pub(super) fn actions(asked: &Asked<'_>) -> Vec<String> {
    let row = EXCEPTIONS
        .iter()
        .filter(|(service, ..)| *service == asked.service)
        .flat_map(|(.., rows)| *rows)
        .find(|(operation, _)| *operation == asked.operation);
    match row {
        Some((_, "")) => Vec::new(),
        Some((_, action)) => vec![(*action).to_owned()],
        None => vec![asked.operation.clone()],
    }
}
