"""docs/events.md, written from the registry: `python -m runtime.api.events.table docs/events.md`. A test asserts that
the file is what this would write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from runtime.api.events import EVENTS
from runtime.api.tables import DONE, table

_TAGS: Final = "Tags are kept and told; nothing is decided by them. Only rules have tags."
_ONE_BUS: Final = "There is the default bus of each account and region, and no other."

NOTES: Final[dict[str, tuple[str, str]]] = {
    "DeleteRule": (DONE, "There are no managed rules, so `Force` changes nothing."),
    "DescribeEventBus": (DONE, _ONE_BUS),
    "ListEventBuses": (DONE, _ONE_BUS),
    "PutEvents": (
        DONE,
        "1 MiB per request. An entry for a bus that is not there fails with `InvalidArgument`; AWS drops it. "
        "`TraceHeader` is taken and not kept; `EndpointId` is refused.",
    ),
    "PutRule": (
        DONE,
        "`RoleArn` is kept and told. The state for CloudTrail's events is refused.",
    ),
    "PutTargets": (
        DONE,
        "Targets and dead letter queues are of the services that are here; others, and parameters for them, are told "
        "in `FailedEntries`. `RoleArn` is kept and told.",
    ),
    "RemoveTargets": (DONE, "An id that is not there is as good as removed."),
    "TagResource": (DONE, _TAGS),
    "UntagResource": (DONE, _TAGS),
    "ListTagsForResource": (DONE, _TAGS),
}

_HEAD: Final = """# Events and rules

<!-- Written by `python -m runtime.api.events.table docs/events.md`; do not edit. -->

Rules on the default event bus: a pattern picks events that programs put, a schedule makes events by itself; both hand
them to targets. JSON 1.1 at `POST /`, as `aws events` and boto3's `events` speak it.

"""

_TAIL: Final = """
## Deliveries

- An event is on disk with all its deliveries before PutEvents answers, and a schedule's firing with the memory of it:
  kill -9 loses nothing and fires nothing twice that had been kept.
- A delivery that fails is tried again after 1 s, 2 s, 4 s … 300 s, within the target's `RetryPolicy` (185 attempts, 24
  hours unless it says otherwise), then goes to its dead letter queue, with AWS's attributes, or is given up and logged.
- Deliveries are at least once and in no order, as on AWS.

## Schedules

`rate(5 minutes)` counts from the rule's making, `cron(0 10 * * ? *)` is in UTC; both to the minute. Two settings:

- `schedule_min_minutes` (1): the shortest interval that is taken; with 5, `rate(4 minutes)` is refused with
  "Parameter ScheduleExpression is not valid. The least interval is 5 minutes here."
- `missed_schedules` (`once`): what was due while the broker was off fires once at the start, for the latest time;
  `all` fires for each time (at most the last hundred of a rule), `skip` for none.

A schedule every five minutes for a function:

    aws events put-rule --name every-five --schedule-expression 'rate(5 minutes)'
    aws events put-targets --rule every-five --targets Id=1,Arn=arn:aws:lambda:us-east-1:000000000000:function:f
"""


def render() -> str:
    """The whole file."""
    return f"{_HEAD}{table(EVENTS.actions, NOTES)}{_TAIL}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render())
