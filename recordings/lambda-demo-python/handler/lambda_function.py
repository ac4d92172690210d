"""Logs the event and gives it back."""

import json


def lambda_handler(event, context):
    print(json.dumps(event))
    if event.get("path") == "/fail":
        raise ValueError("asked to fail")
    return {"statusCode": 200, "body": event}
