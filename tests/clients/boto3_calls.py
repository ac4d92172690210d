"""Makes the calls that stdin lists with boto3, and prints what each led to as a line of JSON.

stdin: {"url": …, "calls": [{"do": "get_policy", "with": {…}, "key": "AKID", "at_once": 1}, …]}
A call that is to be made several times at once has `{n}` replaced by its number in every string.
"""

import base64
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ORDERS = json.load(sys.stdin)
CONFIG = Config(
    retries={"total_max_attempts": 1}, max_pool_connections=64, proxies={}, parameter_validation=False
)


def client(key):
    return boto3.client(
        "lambda",
        endpoint_url=ORDERS["url"],
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key="unused",
        config=CONFIG,
    )


def readable(answer):
    answer.pop("ResponseMetadata", None)
    if "Payload" in answer:
        answer["Payload"] = answer["Payload"].read().decode()
    if "LogResult" in answer:
        answer["LogResult"] = base64.b64decode(answer["LogResult"]).decode()
    if "EventStream" in answer:
        answer["EventStream"] = list(answer["EventStream"])
    return answer


def numbered(value, number):
    if isinstance(value, str):
        return value.replace("{n}", str(number))
    if isinstance(value, dict):
        return {name: numbered(inner, number) for name, inner in value.items()}
    return value


def make(lambda_, call, number):
    try:
        members = numbered(call.get("with", {}), number)
        return {"answer": readable(getattr(lambda_, call["do"])(**members))}
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return {**error.response["Error"], "Status": status}


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


for call in ORDERS["calls"]:
    lambda_ = client(call.get("key", "AKIDEXAMPLE"))
    times = call.get("times", 1)
    with ThreadPoolExecutor(call.get("at_once", 1)) as pool:
        made = list(pool.map(lambda number: make(lambda_, call, number), range(times)))
    print(json.dumps(made if "times" in call else made[0], default=text), flush=True)
