"""A handler that makes calls of AWS's services and tells what each got, or which exception it raised.

The path of the event says which calls, its body which key of KMS. What they are about is named after the function.
"""

import io
import os
import socket

import boto3
import botocore.model
from botocore.config import Config
from botocore.exceptions import ClientError

NAME = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
ACCOUNT = "123456789012"
# 5 MiB: the least that S3 takes of a part that is not the last.
PART = b"0123456789abcdef" * 4096 * 80


def arn(service, rest):
    return f"arn:aws:{service}:us-east-1:{ACCOUNT}:{rest}"


def client(service, endpoint=None, **more):
    config = Config(retries={"total_max_attempts": 1}, **more)
    return boto3.client(service, endpoint_url=endpoint, config=config)


s3, dynamodb, sqs, sns = (client(name) for name in ["s3", "dynamodb", "sqs", "sns"])
awslambda, kms, secrets, ssm = (
    client(name) for name in ["lambda", "kms", "secretsmanager", "ssm"]
)
sts, events, kinesis, logs = (client(name) for name in ["sts", "events", "kinesis", "logs"])
cloudwatch = client("cloudwatch")

# A bucket as a part of the host's name, which no resolver is asked for.
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *more, **named: resolve(
    "127.0.0.1" if str(host).endswith(".localhost") else host, *more, **named
)
LOCALHOST = os.environ["AWS_ENDPOINT_URL"].replace("127.0.0.1", "localhost")
by_host = client("s3", LOCALHOST, s3={"addressing_style": "virtual"})

QUEUE = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{NAME}"


def item(number):
    return {"id": {"S": NAME}, "at": {"N": str(number)}, "bytes": {"B": bytes([number, 255])}}


def key(number):
    return {"id": {"S": NAME}, "at": {"N": str(number)}}


def part(number, upload):
    body = PART if number == 1 else b"the end"
    given = {"Bucket": NAME, "Key": "parts", "UploadId": upload, "PartNumber": number}
    return s3.upload_part(**given, Body=body)["ETag"]


def copied():
    source = {"Bucket": NAME, "Key": "a folder/ü.txt"}
    return s3.copy_object(Bucket=NAME, Key="copy.txt", CopySource=source)["CopyObjectResult"]["ETag"]


def assumed():
    role = f"arn:aws:iam::{ACCOUNT}:role/{NAME}-other"
    return sts.assume_role(RoleArn=role, RoleSessionName="session")["AssumedRoleUser"]["Arn"]


class Calls:
    """The calls by name, in order; `self.got` has the results so far. `key` is one of KMS."""

    def __init__(self, key):
        self.key, self.got = key, {}

    def found(self, name):
        """What a call got, and something that looks like it where it was refused."""
        got = self.got.get(name)
        return got if isinstance(got, str) else "0" * 20

    def services(self):
        got = self.found
        object = {"Bucket": NAME, "Key": "a folder/ü.txt"}
        yield "s3 put", lambda: s3.put_object(**object, Body=b"hello")["ETag"]
        yield "s3 put stream", lambda: s3.put_object(
            Bucket=NAME, Key="stream", Body=io.BytesIO(b"\x00\xff" * 5000)
        )["ETag"]
        yield "s3 get", lambda: s3.get_object(**object)["Body"].read().decode()
        yield "s3 head", lambda: s3.head_object(**object)["ContentLength"]
        yield "s3 list", lambda: [
            one["Key"] for one in s3.list_objects_v2(Bucket=NAME, Prefix="a folder/")["Contents"]
        ]
        yield "s3 create upload", lambda: s3.create_multipart_upload(Bucket=NAME, Key="parts")[
            "UploadId"
        ]
        upload = got("s3 create upload")
        yield "s3 part 1", lambda: part(1, upload)
        yield "s3 part 2", lambda: part(2, upload)
        parts = [
            {"ETag": got(f"s3 part {number}"), "PartNumber": number} for number in [1, 2]
        ]
        yield "s3 complete upload", lambda: s3.complete_multipart_upload(
            Bucket=NAME, Key="parts", UploadId=upload, MultipartUpload={"Parts": parts}
        )["ETag"]
        yield "s3 copy", copied
        yield "s3 get by host", lambda: by_host.get_object(**object)["Body"].read().decode()
        yield "dynamodb put", lambda: dynamodb.put_item(TableName=NAME, Item=item(1)) and "put"
        yield "dynamodb get", lambda: dynamodb.get_item(TableName=NAME, Key=key(1))["Item"]["at"]
        yield "dynamodb batch write", lambda: dynamodb.batch_write_item(
            RequestItems={
                NAME: [{"PutRequest": {"Item": item(2)}}],
                f"{NAME}-more": [{"PutRequest": {"Item": item(3)}}],
            }
        )["UnprocessedItems"]
        yield "dynamodb batch get", lambda: sorted(
            table["at"]["N"]
            for tables in dynamodb.batch_get_item(
                RequestItems={NAME: {"Keys": [key(2)]}, f"{NAME}-more": {"Keys": [key(3)]}}
            )["Responses"].values()
            for table in tables
        )
        yield "dynamodb transact", lambda: dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": NAME, "Item": item(4)}},
                {"Delete": {"TableName": f"{NAME}-more", "Key": key(3)}},
            ]
        ) and "done"
        yield "dynamodb query", lambda: dynamodb.query(
            TableName=NAME,
            KeyConditionExpression="id = :id",
            ExpressionAttributeValues={":id": {"S": NAME}},
        )["Count"]
        yield "sqs send", lambda: sqs.send_message(QueueUrl=QUEUE, MessageBody="hello")["MessageId"]
        yield "sqs receive", lambda: sqs.receive_message(QueueUrl=QUEUE)["Messages"][0][
            "ReceiptHandle"
        ]
        receipt = got("sqs receive")
        yield "sqs delete", lambda: sqs.delete_message(
            QueueUrl=QUEUE, ReceiptHandle=receipt
        ) and "deleted"
        yield "sns publish", lambda: sns.publish(TopicArn=arn("sns", NAME), Message="hello")[
            "MessageId"
        ]
        yield "lambda invoke", lambda: awslambda.invoke(FunctionName=f"{NAME}-other", Payload=b"{}")[
            "Payload"
        ].read().decode()
        yield "kms encrypt", lambda: kms.encrypt(KeyId=self.key, Plaintext=b"hello")[
            "CiphertextBlob"
        ].hex()
        blob = got("kms encrypt")
        yield "kms decrypt", lambda: kms.decrypt(
            KeyId=arn("kms", f"key/{self.key}"), CiphertextBlob=bytes.fromhex(blob)
        )["Plaintext"].decode()
        yield "kms data key", lambda: len(
            kms.generate_data_key(KeyId=self.key, KeySpec="AES_256")["CiphertextBlob"]
        )
        yield "secret", lambda: secrets.get_secret_value(SecretId=NAME)["Name"]
        yield "ssm parameter", lambda: ssm.get_parameter(Name=f"/{NAME}/one")["Parameter"]["Value"]
        yield "ssm parameters", lambda: sorted(
            one["Value"]
            for one in ssm.get_parameters(Names=[f"/{NAME}/one", f"/{NAME}/two"])["Parameters"]
        )
        yield "sts identity", lambda: sts.get_caller_identity()["Account"]
        yield "sts assume", assumed
        entry = {"Source": "shop", "DetailType": "order", "Detail": "{}", "EventBusName": NAME}
        yield "events put", lambda: events.put_events(Entries=[entry])["FailedEntryCount"]
        yield "kinesis put", lambda: kinesis.put_record(
            StreamName=NAME, Data=b"one", PartitionKey="p"
        )["ShardId"]
        yield "kinesis put many", lambda: kinesis.put_records(
            StreamName=NAME, Records=[{"Data": b"two", "PartitionKey": "p"}]
        )["FailedRecordCount"]
        stream = {"logGroupName": NAME, "logStreamName": "s"}
        yield "logs put", lambda: logs.put_log_events(
            **stream, logEvents=[{"timestamp": 1_900_000_000_000, "message": "hello"}]
        ) and "put"
        yield "logs describe", lambda: [
            one["logStreamName"]
            for one in logs.describe_log_streams(logGroupName=NAME)["logStreams"]
        ]
        yield from metrics(cloudwatch)

    def cbor(self):
        usual = botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS
        botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = ("smithy-rpc-v2-cbor",)
        yield from metrics(client("cloudwatch"))
        botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = usual


def metrics(cloudwatch):
    datum = {"MetricName": "orders", "Value": 1.5, "Unit": "Count"}
    yield "cloudwatch put", lambda: cloudwatch.put_metric_data(
        Namespace="shop", MetricData=[datum]
    ) and "put"
    yield "cloudwatch list", lambda: [
        one["MetricName"] for one in cloudwatch.list_metrics(Namespace="shop")["Metrics"]
    ]


def ended(call):
    try:
        return call()
    except ClientError as error:
        answer = error.response
        return {
            "class": type(error).__name__,
            "code": answer["Error"]["Code"],
            "status": answer["ResponseMetadata"]["HTTPStatusCode"],
            "message": answer["Error"]["Message"],
        }
    except Exception as error:
        return {"class": type(error).__name__, "message": str(error)}


def handler(event, context):
    calls = Calls(event["body"])
    for name, call in getattr(calls, event["path"].strip("/"))():
        calls.got[name] = ended(call)
    return calls.got
