"""The function of test_mappings_end_to_end.py: prints what it is invoked with, and does what the data says."""

import base64
import json
import os
import sys


def handler(event, context):  # type: ignore[no-untyped-def]  # it is read as source and goes into a zip
    data = [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]
    note = {"data": data, "version": context.function_version, "final": event.get("isFinalInvokeForWindow")}
    print("NOTE", json.dumps(note | {"state": event.get("state")}))
    if any(datum.startswith("raise") for datum in data):
        raise ValueError("poison")
    if "exit" in data:
        sys.stdout.flush()
        os._exit(3)
    if "window" in event:
        return {"state": {"count": event["state"].get("count", 0) + len(data)}}
    bad = [r for r, datum in zip(event["Records"], data, strict=True) if datum.startswith("bad")]
    return {"batchItemFailures": [{"itemIdentifier": r["kinesis"]["sequenceNumber"]} for r in bad]}
