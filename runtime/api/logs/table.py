"""docs/logs.md, written from the registry: `python -m runtime.api.logs.table docs/logs.md`. A test asserts that the
file is what this would write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from runtime.api.logs import LOGS
from runtime.api.tables import DONE, table

_TAGS: Final = "Tags are kept and told; nothing is decided by them. Only groups have tags."

NOTES: Final[dict[str, tuple[str, str]]] = {
    "CreateLogGroup": (
        DONE,
        "Class and KMS key are kept and told: every group can do the same, none is encrypted.",
    ),
    "DeleteLogGroup": (DONE, "Events are removed in the background; the name is free at once."),
    "DescribeLogGroups": (DONE, "There are no linked accounts and no metric filters."),
    "FilterLogEvents": (
        DONE,
        "Up to 20,000 events or 8 MiB are searched by one call; an empty page with a token says that it goes on.",
    ),
    "PutLogEvents": (DONE, "Sequence tokens are not looked at, as on AWS since 2023. `entity` is taken and not kept."),
    "PutRetentionPolicy": (DONE, "Older events are out of sight at once, and removed within a minute."),
    "StartLiveTail": (
        DONE,
        "Updates are sent as soon as something is written, and every 5 s when nothing is (AWS: every second). "
        "15 sessions at a time, of all accounts.",
    ),
    "ListTagsForResource": (DONE, _TAGS),
    "ListTagsLogGroup": (DONE, _TAGS),
    "TagLogGroup": (DONE, _TAGS),
    "TagResource": (DONE, _TAGS),
}

_HEAD: Final = """# Logs

<!-- Written by `python -m runtime.api.logs.table docs/logs.md`; do not edit. -->

What functions print and what Lambda says about each invocation is kept on disk and told by the API of CloudWatch Logs,
JSON 1.1 at `POST /`: `aws logs tail --follow`, `aws logs start-live-tail`, boto3 and the like.

boto3 and the AWS CLI put `stream-` in front of the host for StartLiveTail, also in front of an endpoint of one's own:
`Config(inject_host_prefix=False)`, or `disable_host_prefix_injection = true` in the profile, keeps them from it.

"""

_TAIL: Final = """
## What is in a function's log

A group `/aws/lambda/<function>` (or the function's own), a stream per worker, an event per line of output; START, END,
REPORT and the reasons of timeouts and exits in AWS's words. AWS's runtimes can keep a message of several lines in one
event, which needs a pipe of theirs; here a line is an event. With `LogFormat` JSON, START and REPORT are
`platform.start`, `platform.runtimeDone` and `platform.report`, plain lines are wrapped, and levels are filtered. A line
that is longer than 256 KiB becomes several events; bytes that are no UTF-8 become U+FFFD.

## What is kept, and for how long

- `log_max_bytes` bounds the file `logs.sqlite` in the data folder, logs and metrics together; the oldest events go
  first. Beside it is a write-ahead log of a few MiB. Without a data folder, 64 MiB of memory at most.
- A group's retention, as on AWS. A stream whose last event has gone and that has been quiet for an hour goes, too; AWS
  keeps empty streams.
- An answered PutLogEvents survives kill -9. What functions print is written at once when the disk is idle; under load
  it waits for the commit in progress, some milliseconds. Power loss may take back the last commits.
- Nobody waits for the disk: at most 16 MiB of output wait to be written, what is more is dropped and counted
  (`streamcore_log_dropped_events_total`), and the stream says how much is missing.

## Filter patterns

Terms, phrases, `?optional`, `-excluded`, `%expressions%`, JSON `{ $.level = "ERROR" && $.code >= 500 }` and fields
`[ip, ..., status = 4*, bytes]`, as AWS documents them. Expressions are the documented subset, without groups; they take
time in proportion to the text and look at the first 64 Ki characters of an event.
"""


def render() -> str:
    """The whole file."""
    return f"{_HEAD}{table(LOGS.actions, NOTES)}{_TAIL}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render())
