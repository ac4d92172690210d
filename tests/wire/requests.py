"""Makes botocore build and sign one request for every operation, and prints each as a line of JSON.

Usage: requests.py [SERVICE…]; without services: all of them. Nothing is sent: what would be is kept
and answered in its place. Parameters are the least that botocore accepts: required members, and
those of the path.

A line: {"service", "operation", "scope": [service, region] or null, "method", "uri", "headers",
"body" (base64), "parameters"}; or {"service", "operation", "error"} where botocore refuses to
build it.
"""

import base64
import datetime
import json
import sys
import urllib.parse

import botocore.config
import botocore.session

REGION = "us-east-1"
ACCOUNT = "111122223333"


class Built(Exception):
    """In place of an answer."""


def sample(shape, name, depth=0):
    kind = shape.type_name
    if kind == "structure":
        if depth > 8:
            return {}
        members = shape.members
        wanted = list(shape.required_members)
        if getattr(shape, "is_tagged_union", False) and not wanted and members:
            wanted = [next(iter(members))]
        return {each: sample(members[each], each, depth + 1) for each in wanted}
    if kind == "list":
        count = max(1, shape.metadata.get("min", 1) or 1)
        return [sample(shape.member, name, depth + 1) for _ in range(min(count, 3))]
    if kind == "map":
        return {sample(shape.key, "key", depth + 1): sample(shape.value, name, depth + 1)}
    if kind == "string":
        return sample_text(shape, name)
    if kind in ("integer", "long", "float", "double", "short", "byte"):
        least = shape.metadata.get("min")
        return type(1.5)(least or 1) if kind in ("float", "double") else int(least or 1)
    if kind == "boolean":
        return True
    if kind == "timestamp":
        return datetime.datetime(2026, 1, 2, 3, 4, 5)
    if kind == "blob":
        return b"sample"
    return {}


SERVICE = ""


def sample_text(shape, name):
    lowered = name.lower()
    if lowered.endswith("arn") and SERVICE == "kinesis":
        kinds = {"queuearn": "queue/sample", "channelarn": "channel/sample",
                 "consumerarn": "stream/sample/consumer/sample:1"}
        resource = kinds.get(lowered, "stream/sample")
        return f"arn:aws:{SERVICE}:{REGION}:{ACCOUNT}:{resource}"
    if getattr(shape, "enum", None):
        return shape.enum[0]
    least = shape.metadata.get("min") or 1
    if lowered == "accountid":
        return ACCOUNT
    if lowered == "bucket":
        return "sample-bucket"
    if lowered == "copysource":
        return "source-bucket/source-key"
    if lowered in ("queueurl",):
        return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/sample"
    return "sample-" + lowered + "x" * max(0, least - len(lowered) - 7)


def body_of(request):
    body = request.body
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    return body.read()


def plain(value):
    """Parameters as JSON has them."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return value


def scope_of(request):
    authorization = request.headers.get("Authorization", "")
    if isinstance(authorization, bytes):
        authorization = authorization.decode()
    if "Credential=" in authorization:
        parts = authorization.split("Credential=")[1].split(",")[0].split("/")
        return [parts[-2], parts[-3]] if len(parts) == 5 else [parts[-2], ""]
    return None


def text(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def line(service, operation, request, parameters):
    url = urllib.parse.urlsplit(request.url)
    headers = [[name, text(value)] for name, value in request.headers.items()]
    if not any(name.lower() == "host" for name, _ in headers):
        headers.append(["Host", url.netloc])
    return {
        "service": service, "operation": operation, "scope": scope_of(request),
        "method": request.method, "uri": (url.path or "/") + (url.query and "?" + url.query),
        "headers": headers, "body": base64.b64encode(body_of(request)).decode(),
        "parameters": plain(parameters),
    }


def build(session, service):
    config = botocore.config.Config(
        parameter_validation=False, retries={"total_max_attempts": 1},
        sigv4a_signing_region_set=REGION)
    client = session.create_client(service, region_name=REGION, config=config)
    kept = []

    def keep(request, **_):
        kept.append(request)
        raise Built

    client.meta.events.register("before-send", keep)
    model = client.meta.service_model
    for operation in model.operation_names:
        shape = model.operation_model(operation).input_shape
        parameters = sample(shape, "", 0) if shape else {}
        kept.clear()
        error = None
        try:
            client._make_api_call(operation, parameters)
        except Built:
            pass
        except Exception as raised:  # What botocore refuses to build, whatever the reason.
            error = f"{type(raised).__name__}: {raised}"
        if kept:
            yield line(service, operation, kept[-1], parameters)
        else:
            yield {"service": service, "operation": operation, "error": error or "nothing sent"}


def main():
    session = botocore.session.get_session()
    session.set_credentials("AKIAIOSFODNN7EXAMPLE", "secret", "token")
    session.set_config_variable("account_id_endpoint_mode", "preferred")
    global SERVICE
    for SERVICE in sys.argv[1:] or session.get_available_services():
        try:
            for made in build(session, SERVICE):
                print(json.dumps(made))
        except Exception as raised:
            print(json.dumps({"service": SERVICE, "operation": "", "error": str(raised)}))


if __name__ == "__main__":
    main()
