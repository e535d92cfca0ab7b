# AWS's blueprint "kinesis-process-record-python", as it stands there.
from __future__ import print_function

import base64
import json

print("Loading function")


def lambda_handler(event, context):
    # print("Received event: " + json.dumps(event, indent=2))
    for record in event["Records"]:
        # Kinesis data is base64 encoded so decode here
        payload = base64.b64decode(record["kinesis"]["data"]).decode("utf-8")
        print("Decoded payload: " + payload)
    return "Successfully processed {} records.".format(len(event["Records"]))
