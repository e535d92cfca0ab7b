"""The function of `handler-latency`: notes when it was entered, for each numbered record."""

import base64
import os
import time
from typing import Any


def handler(event: dict[str, Any], context: object) -> None:
    entered_at_ns = time.time_ns()
    data = [base64.b64decode(record["kinesis"]["data"]) for record in event["Records"]]
    lines = [f"{int(datum)} {entered_at_ns}\n" for datum in data if datum.isdigit()]
    with open(os.environ["BENCH_ENTRIES_FILE"], "a") as entries:  # one write per batch, so lines of workers do not mix
        entries.write("".join(lines) or "warm\n")
