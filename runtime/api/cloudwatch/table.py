"""docs/cloudwatch.md, written from the registry: `python -m runtime.api.cloudwatch.table docs/cloudwatch.md`. A test
asserts that the file is what this would write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from runtime.api.cloudwatch import CLOUDWATCH
from runtime.api.tables import DONE, table

_MINUTES: Final = (
    "Periods are whole minutes. Statistics are the five plain ones and p0 to p100, percentiles within 1 %."
)

NOTES: Final[dict[str, tuple[str, str]]] = {
    "GetMetricData": (
        DONE,
        f"{_MINUTES} Expressions and LabelOptions are refused. Answers are not paged: what would be more than 100,800 "
        "values is refused.",
    ),
    "GetMetricStatistics": (DONE, _MINUTES),
    "ListMetrics": (DONE, "Metrics of the last 15 days (AWS: two weeks). There are no linked accounts."),
    "PutMetricData": (
        DONE,
        "Kept by the minute, whatever StorageResolution says. EntityMetricData is refused. A summary "
        "(StatisticValues) counts as its mean for percentiles.",
    ),
}

_HEAD: Final = """# Metrics by CloudWatch's API

<!-- Written by `python -m runtime.api.cloudwatch.table docs/cloudwatch.md`; do not edit. -->

JSON 1.0 with a target header at `POST /` (boto3, AWS CLI), CBOR at `POST /service/…` (other SDKs), and the AWS query
protocol at `/` as older SDKs speak it, their compressed forms too.

"""

_LAMBDA: Final = (
    "Invocations, Errors, Throttles, Duration, InitDuration, ConcurrentExecutions, UnreservedConcurrentExecutions, "
    "IteratorAge, AsyncEventsReceived, AsyncEventAge, AsyncEventsDropped, DeadLetterErrors, DestinationDeliveryFailures"
)
_KINESIS: Final = (
    "IncomingBytes, IncomingRecords, GetRecords.Bytes, GetRecords.Records, GetRecords.Success, "
    "GetRecords.IteratorAgeMilliseconds, WriteProvisionedThroughputExceeded, ReadProvisionedThroughputExceeded"
)

_TAIL: Final = f"""
## What is there

| Namespace | Metrics | Dimensions |
|---|---|---|
| AWS/Lambda | {_LAMBDA} | none; FunctionName; FunctionName and Resource |
| AWS/Kinesis | {_KINESIS} | StreamName |
| any other | PutMetricData, and lines in the embedded metric format in a function's output | yours |

A sample of AWS/Kinesis is a minute's sum, taken from the broker's counters when the minute closes: Sum is exact,
SampleCount counts minutes. A metric has points only for minutes in which something happened.

## How long

A minute is written when it has passed; kill -9 loses the present one. Minutes are kept for 15 days, within a quarter of
`log_max_bytes`, at one-minute resolution; AWS's coarser copies for 15 months are not made.
"""


def render() -> str:
    """The whole file."""
    return f"{_HEAD}{table(CLOUDWATCH.actions, NOTES)}{_TAIL}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render())
