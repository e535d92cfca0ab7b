"""docs/scheduler.md, written from the registry: `python -m runtime.api.scheduler.table docs/scheduler.md`. A test
asserts that the file is what this would write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from runtime.api.scheduler import SCHEDULER
from runtime.api.tables import DONE, table

_TAGS: Final = "Tags are kept and told; nothing is decided by them. Only groups have tags."
_SCHEDULE: Final = (
    "Targets: functions, streams, the default event bus, and what other services of EventBridge's templates are here; "
    "universal targets (`aws-sdk:…`) are refused. `KmsKeyArn` is kept and told: nothing is encrypted. "
    "`RoleArn` is, too, and decides where authentication is on."
)
_TOKEN: Final = "A `ClientToken` is not looked at: deleting again is `ResourceNotFoundException`."

NOTES: Final[dict[str, tuple[str, str]]] = {
    "CreateSchedule": (DONE, f"{_SCHEDULE} A `ClientToken` is good as long as the schedule is there."),
    "UpdateSchedule": (DONE, f"{_SCHEDULE} A `ClientToken` is not looked at: saying the same again changes nothing."),
    "DeleteSchedule": (DONE, f"{_TOKEN} An invocation that waits within its window arrives."),
    "DeleteScheduleGroup": (DONE, f"{_TOKEN} The schedules go at once; a group is never `DELETING`."),
    "CreateScheduleGroup": (DONE, _TAGS),
    "GetScheduleGroup": (DONE, "The group `default` has no dates until it is tagged for the first time."),
    "TagResource": (DONE, _TAGS),
    "UntagResource": (DONE, _TAGS),
    "ListTagsForResource": (DONE, _TAGS),
}

_HEAD: Final = """# Scheduler

<!-- Written by `python -m runtime.api.scheduler.table docs/scheduler.md`; do not edit. -->

EventBridge Scheduler: `rate(…)`, `cron(…)` and `at(…)` in time zones, in groups, as `aws scheduler` and boto3's
`scheduler` speak it (REST-JSON). Rules with schedules are in [events.md](events.md); deliveries, retries and the two
settings that are told there, `schedule_min_minutes` and `missed_schedules`, hold here as well.

"""

_TAIL: Final = """
## When a schedule fires

- A rate fires first at its `StartDate`, without one at once, and then counts from there. After an update with another
  expression it counts from the update.
- `cron` and `at` are read in `ScheduleExpressionTimezone`: a time that summer time leaves out fires when the clock has
  gone on, one that comes twice fires once. `StartDate` and `EndDate` are not for `at`. An `at` that has passed when the
  schedule is made does not fire.
- With a flexible window, an invocation comes at any time within it.
- `ActionAfterCompletion` `DELETE` removes the schedule in the commit that has its last invocation on its way.
- Without `Input` a target gets an event from `aws.scheduler`. In `Input`, `<aws.scheduler.schedule-arn>`,
  `<aws.scheduler.scheduled-time>` and `<aws.scheduler.execution-id>` are replaced; `<aws.scheduler.attempt-number>` is
  always 1, since an invocation is kept as it was made.
"""


def render() -> str:
    """The whole file."""
    return f"{_HEAD}{table(SCHEDULER.actions, NOTES)}{_TAIL}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render())
