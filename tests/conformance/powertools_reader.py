"""Reads events with Powertools' data classes: every property of them, and of what they hold.

`python powertools_reader.py FILE…`: prints as JSON, per file, what was read and which properties could not be.
"""

import json
import sys
from pathlib import Path

from aws_lambda_powertools.utilities import data_classes as of
from aws_lambda_powertools.utilities.data_classes.api_gateway_authorizer_event import (
    APIGatewayAuthorizerEventV2,
    APIGatewayAuthorizerRequestEvent,
    APIGatewayAuthorizerTokenEvent,
)
from aws_lambda_powertools.utilities.data_classes.common import DictWrapper

#: A source, by its name in runtime/sources, and what Powertools reads its events with.
CLASSES = {
    "authorizer_http": APIGatewayAuthorizerEventV2,
    "authorizer_http_v1": APIGatewayAuthorizerRequestEvent,
    "authorizer_request": APIGatewayAuthorizerRequestEvent,
    "authorizer_token": APIGatewayAuthorizerTokenEvent,
    "event_bridge": of.EventBridgeEvent,
    "function_url": of.LambdaFunctionUrlEvent,
    "http_api": of.APIGatewayProxyEventV2,
    "http_api_v1": of.APIGatewayProxyEvent,
    "kinesis": of.KinesisStreamEvent,
    "rest_api": of.APIGatewayProxyEvent,
    "s3_event": of.S3Event,
    "s3_event_bridge": of.S3EventBridgeNotificationEvent,
    "s3_removed": of.S3Event,
    "schedule": of.EventBridgeEvent,
    "scheduler": of.EventBridgeEvent,
    "sns": of.SNSEvent,
    "sqs": of.SQSEvent,
}


def read(value, path, found, failed):
    """Walks what a value holds; texts and numbers are kept in `found`, by their paths."""
    if isinstance(value, DictWrapper):
        for name in value._properties():
            if name == "raw_event":
                continue
            try:
                part = getattr(value, name)
            except Exception as error:  # noqa: BLE001  whatever it is, it is told
                failed[f"{path}.{name}".lstrip(".")] = f"{type(error).__name__}: {error}"
            else:
                read(part, f"{path}.{name}", found, failed)
    elif isinstance(value, str | int | float | bool):
        found[path.lstrip(".")] = value
    elif hasattr(value, "__next__") or isinstance(value, list):
        for number, part in enumerate(value):
            read(part, f"{path}[{number}]", found, failed)


answers = {}
for file in map(Path, sys.argv[1:]):
    found, failed = {}, {}
    read(CLASSES[file.stem](json.loads(file.read_text())), "", found, failed)
    answers[file.stem] = {"found": found, "failed": failed}
print(json.dumps(answers))
