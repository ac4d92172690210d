"""Makes in moto what a test takes a snapshot of, or changes it: moto_scene.py ENDPOINT STEP."""

import io
import json
import sys
import urllib.request
import zipfile

import boto3

ENDPOINT, STEP = sys.argv[1:]
ACCOUNT = "123456789012"


def client(service):
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource, **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def function(name, role, **more):
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.mjs", "export const handler = async () => ({});")
    client("lambda").create_function(
        FunctionName=name,
        Runtime="nodejs20.x",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": code.getvalue()},
        **more,
    )


LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
READ_ORDERS = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]


def make():
    iam, lam, sqs, s3 = client("iam"), client("lambda"), client("sqs"), client("s3")
    dead = sqs.create_queue(QueueName="orders-dead")["QueueUrl"]
    redrive = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders-dead"}
    redrive["maxReceiveCount"] = 3
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders"
    sender = allow("sqs:SendMessage", queue, Sid="Send", Principal={"AWS": ACCOUNT})
    attributes = {"RedrivePolicy": json.dumps(redrive), "Policy": document(sender)}
    url = sqs.create_queue(QueueName="orders", Attributes=attributes)["QueueUrl"]
    assert dead
    # Before there is a mapping: moto hands over by itself what comes later.
    colour = {"colour": {"DataType": "String", "StringValue": "blue"}}
    for number in range(7):
        sqs.send_message(QueueUrl=url, MessageBody=f"{number}", MessageAttributes=colour)

    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    boundary = iam.create_policy(
        PolicyName="boundary", PolicyDocument=document(allow(["logs:*", "sqs:*", "s3:*"], "*"))
    )["Policy"]["Arn"]
    iam.create_role(
        RoleName="orders-role",
        Path="/service-role/",
        AssumeRolePolicyDocument=document(trust),
        PermissionsBoundary=boundary,
        Tags=[{"Key": "team", "Value": "orders"}],
    )
    iam.put_role_policy(
        RoleName="orders-role",
        PolicyName="read-orders",
        PolicyDocument=document(allow(READ_ORDERS, queue, Sid="ReadOrders")),
    )
    logs = iam.create_policy(PolicyName="logs", PolicyDocument=document(allow(LOGS, "*")))
    for arn in [
        logs["Policy"]["Arn"],
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    ]:
        iam.attach_role_policy(RoleName="orders-role", PolicyArn=arn)

    function(
        "orders",
        f"arn:aws:iam::{ACCOUNT}:role/service-role/orders-role",
        Environment={"Variables": {"TABLE": "orders", "DB_PASSWORD": "correct-horse-battery"}},
        Publish=True,
    )
    lam.create_alias(FunctionName="orders", Name="PROD", FunctionVersion="1")
    s3.create_bucket(Bucket="order-files")
    reader = allow("s3:GetObject", "arn:aws:s3:::order-files/*", Sid="Read", Principal="*")
    s3.put_bucket_policy(Bucket="order-files", Policy=document(reader))
    bucket = {"SourceArn": "arn:aws:s3:::order-files", "SourceAccount": ACCOUNT}
    for sid, more in [
        ("files", {"Principal": "s3.amazonaws.com", **bucket}),
        ("account", {"Principal": "210987654321"}),
        ("files-of-prod", {"Principal": "s3.amazonaws.com", "Qualifier": "PROD", **bucket}),
    ]:
        lam.add_permission(
            FunctionName="orders", StatementId=sid, Action="lambda:InvokeFunction", **more
        )
    lam.add_permission(
        FunctionName="orders",
        StatementId="url",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    lam.create_function_url_config(FunctionName="orders", AuthType="NONE")
    lam.create_event_source_mapping(
        EventSourceArn=queue,
        FunctionName="orders",
        BatchSize=5,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )


def streams():
    """Two streams with what happened in them, each with a mapping. Prints their ARNs."""
    kinesis, dynamodb, lam, iam = (
        client(name) for name in ["kinesis", "dynamodb", "lambda", "iam"]
    )
    kinesis.create_stream(StreamName="clicks", ShardCount=2)
    for number in range(5):
        shard = str(number % 2 * 2**127)
        kinesis.put_record(
            StreamName="clicks", Data=f"{number}", PartitionKey="p", ExplicitHashKey=shard
        )
    stream = kinesis.describe_stream_summary(StreamName="clicks")["StreamDescriptionSummary"]
    stream = stream["StreamARN"]
    table = dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]["LatestStreamArn"]
    for count in ["1", "2"]:
        item = {"id": {"S": "o-1"}, "count": {"N": count}, "tags": {"SS": ["a", "b"]}}
        dynamodb.put_item(TableName="orders", Item=item)
    dynamodb.delete_item(TableName="orders", Key={"id": {"S": "o-1"}})

    iam.delete_role_permissions_boundary(RoleName="orders-role")
    read = ["DescribeStream", "GetRecords", "GetShardIterator"]
    more = ["DescribeStreamSummary", "ListShards", "SubscribeToShard"]
    iam.put_role_policy(
        RoleName="orders-role",
        PolicyName="read-streams",
        PolicyDocument=document(
            allow(
                [f"kinesis:{name}" for name in [*read, *more]],
                stream,
                Sid="ReadClicks",
            ),
            allow([f"dynamodb:{name}" for name in read], table, Sid="ReadChanges"),
            allow(["kinesis:ListStreams", "dynamodb:ListStreams"], "*"),
        ),
    )
    for arn in [stream, table]:
        lam.create_event_source_mapping(
            EventSourceArn=arn,
            FunctionName="orders",
            BatchSize=10,
            StartingPosition="TRIM_HORIZON",
        )
    print(json.dumps([stream, table]))


def objects():
    """Prints every object that is below `recorded/`."""
    s3 = client("s3")
    found = s3.list_objects_v2(Bucket="order-files", Prefix="recorded/")["Contents"]
    for one in found:
        print(s3.get_object(Bucket="order-files", Key=one["Key"])["Body"].read().decode())


def called():
    """What the handlers of `gateway_sdk.py` and `gateway_sdk.mjs` call. Prints the id of a key."""
    # A function answers without Docker.
    settings = json.dumps({"lambda": {"use_docker": False}}).encode()
    urllib.request.urlopen(f"{ENDPOINT}/moto-api/config", data=settings).read()
    trust = allow("sts:AssumeRole", "*", Principal={"AWS": ACCOUNT})
    for name in ["calls-python", "calls-node"]:
        client("s3").create_bucket(Bucket=name)
        for table in [name, f"{name}-more"]:
            client("dynamodb").create_table(
                TableName=table,
                KeySchema=[
                    {"AttributeName": "id", "KeyType": "HASH"},
                    {"AttributeName": "at", "KeyType": "RANGE"},
                ],
                AttributeDefinitions=[
                    {"AttributeName": "id", "AttributeType": "S"},
                    {"AttributeName": "at", "AttributeType": "N"},
                ],
                BillingMode="PAY_PER_REQUEST",
            )
        client("sqs").create_queue(QueueName=name)
        client("sns").create_topic(Name=name)
        client("secretsmanager").create_secret(Name=name, SecretString="not-to-be-read-1")
        for parameter in ["one", "two"]:
            client("ssm").put_parameter(Name=f"/{name}/{parameter}", Value=parameter, Type="String")
        client("events").create_event_bus(Name=name)
        client("kinesis").create_stream(StreamName=name, ShardCount=1)
        client("logs").create_log_group(logGroupName=name)
        client("logs").create_log_stream(logGroupName=name, logStreamName="s")
        role = client("iam").create_role(
            RoleName=f"{name}-other", AssumeRolePolicyDocument=document(trust)
        )
        function(f"{name}-other", role["Role"]["Arn"])
    print(client("kms").create_key()["KeyMetadata"]["KeyId"], end="")


def remove_statement():
    client("lambda").remove_permission(FunctionName="orders", StatementId="files")
    client("iam").delete_role_policy(RoleName="orders-role", PolicyName="read-orders")


def remove_streams():
    client("iam").delete_role_policy(RoleName="orders-role", PolicyName="read-streams")


def organization():
    org = client("organizations")
    org.create_organization(FeatureSet="ALL")
    root = org.list_roots()["Roots"][0]["Id"]
    unit = org.create_organizational_unit(ParentId=root, Name="shop")["OrganizationalUnit"]["Id"]
    org.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    deny = {"Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*"}
    policy = org.create_policy(
        Content=document(deny), Description="", Name="keep", Type="SERVICE_CONTROL_POLICY"
    )["Policy"]["PolicySummary"]["Id"]
    org.move_account(AccountId=ACCOUNT, SourceParentId=root, DestinationParentId=unit)
    org.attach_policy(PolicyId=policy, TargetId=unit)


def resources():
    """Prints the ARNs of a topic, a key, a secret, a stream, a table, another function, a table without
    a policy, and a role."""
    topic = client("sns").create_topic(Name="news")["TopicArn"]
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    secrets = client("secretsmanager")
    secret = secrets.create_secret(Name="shop/db", SecretString="not-to-be-read-1")["ARN"]
    reader = allow("secretsmanager:GetSecretValue", "*", Sid="Read", Principal={"AWS": ACCOUNT})
    secrets.put_resource_policy(SecretId=secret, ResourcePolicy=document(reader))
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    stream = kinesis.describe_stream_summary(StreamName="clicks")["StreamDescriptionSummary"]
    stream = stream["StreamARN"]
    putter = allow("kinesis:PutRecord", stream, Sid="Put", Principal={"AWS": ACCOUNT})
    kinesis.put_resource_policy(ResourceARN=stream, Policy=document(putter))
    dynamodb = client("dynamodb")
    table, bare = (
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )["TableDescription"]["TableArn"]
        for name in ["shop", "bare"]
    )
    getter = allow("dynamodb:GetItem", table, Sid="Get", Principal={"AWS": ACCOUNT})
    dynamodb.put_resource_policy(ResourceArn=table, Policy=document(getter))
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders:PROD"
    role = f"arn:aws:iam::{ACCOUNT}:role/caller"
    iam = client("iam")
    iam.create_role(RoleName="caller", AssumeRolePolicyDocument=document())
    print(json.dumps([topic, key, secret, stream, table, function, bare, role]))


globals()[STEP]()
