"""The function of test_queue_mapping_end_to_end.py: prints what it is invoked with, and does what the bodies say."""

import json


def handler(event, context):  # type: ignore[no-untyped-def]  # it is read as source and goes into a zip
    print("NOTE", json.dumps([[r["body"], r["attributes"]["ApproximateReceiveCount"]] for r in event["Records"]]))
    if any(record["body"] == "raise" for record in event["Records"]):
        raise ValueError("poison")
    bad = [record for record in event["Records"] if record["body"].startswith("bad")]
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in bad]}
