"""A handler that calls three services and tells how each call ended."""

import json
import uuid

import boto3

s3 = boto3.client("s3")
dynamodb = boto3.client("dynamodb")
sqs = boto3.client("sqs")

QUEUE = "https://sqs.us-east-1.amazonaws.com/841860927337/orders"


def ended(call):
    try:
        return call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def handler(event, context):
    body = json.dumps({"id": str(uuid.uuid4())})
    return {
        "put": ended(lambda: s3.put_object(Bucket="orders", Key="a b.txt", Body=b"x")["ETag"]),
        "get": ended(lambda: s3.get_object(Bucket="orders", Key="a b.txt")["Body"].read().decode()),
        "item": ended(lambda: dynamodb.get_item(TableName="orders", Key={"id": {"S": "1"}})["Item"]),
        "sent": ended(lambda: sqs.send_message(QueueUrl=QUEUE, MessageBody=body)["MessageId"]),
    }
