"""docs/event-source-mappings.md: `python -m runtime.api.lambda_.mapping_table docs/event-source-mappings.md`.

A test asserts that the file is what this would write, and that every member of the API is in its tables.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final, NamedTuple

from msgspec.structs import fields

from runtime.api.lambda_.create_event_source_mapping import CreateEventSourceMappingInput
from runtime.api.lambda_.shapes import Refused
from runtime.model.event_source_mapping import (
    ACCESS_DENIED,
    CALL_FAILED,
    FUNCTION_GONE,
    NO_RECORDS,
    OK,
    QUEUE_GONE,
    STREAM_GONE,
)
from runtime.model.mapping import TRANSITIONS


class Option(NamedTuple):
    """A member of CreateEventSourceMapping: default and range, what it does, what differs from AWS, and what of that is
    different when the source is a queue."""

    default: str
    does: str
    differs: str = ""
    queue: str = "the same"


_REFUSED: Final = "refused"


OPTIONS: Final[dict[str, Option]] = {
    "EventSourceArn": Option(
        "required",
        "A stream, or a consumer of one, which must be ACTIVE; or a queue.",
        "Records are pushed either way: a consumer makes another mapping of the same function possible, nothing is "
        "faster or counted by it. An event names the stream.",
        "Its visibility timeout must not be less than the function's timeout; asked when the mapping is made and when "
        "it is changed.",
    ),
    "FunctionName": Option(
        "required",
        "A function, version or alias by name, partial ARN or ARN. An alias with weights spreads batches. While the "
        "function does not exist the mapping rests, and goes on when it does again.",
    ),
    "StartingPosition": Option(
        "required: LATEST, TRIM_HORIZON, AT_TIMESTAMP",
        "Where a mapping begins in the shards that there are; shards that come later are read from their beginning.",
        "LATEST is fixed when the mapping is made: what is put after the answer is delivered.",
        _REFUSED,
    ),
    "StartingPositionTimestamp": Option(
        "for AT_TIMESTAMP, not in the future", "The first record not before it.", queue=_REFUSED
    ),
    "Enabled": Option("true", "false keeps the position and delivers nothing."),
    "BatchSize": Option(
        "100 (1-10,000)",
        "The most records of an event.",
        queue="10 (1-10; with a window up to 10,000, not of a FIFO queue)",
    ),
    "MaximumBatchingWindowInSeconds": Option(
        "0 (0-300)",
        "How long records are gathered. A batch goes out when it is full, when its event reaches 6,291,556 bytes, or "
        "when the window has ended, which begins with the end of the invocation before.",
        "A window counts from the first record that is gathered. 0 means that a record goes out within milliseconds "
        "of its put; AWS asks each shard once a second.",
        "0 (0-300). It begins with the first message that is received. A FIFO queue has none.",
    ),
    "ParallelizationFactor": Option(
        "1 (1-10)",
        "Batches of a shard at a time. A partition key is always in the same lane, so its records stay in order.",
        "A lane that waits for a retry holds up its own keys and no others.",
        _REFUSED,
    ),
    "MaximumRecordAgeInSeconds": Option(
        "-1 (-1, 60-604,800)",
        "Records older than that leave a batch that failed, and go to the destination as RecordAgeExceeded. -1 is the "
        "retention of the stream.",
        queue=_REFUSED,
    ),
    "MaximumRetryAttempts": Option(
        "-1 (-1-10,000)",
        "n retries are n + 1 invocations. What did not reach the function (throttled, pending, too many waiting) uses "
        "up none. -1 is until the records are too old.",
        "The pause before a retry is 0.2 s, doubled up to 60 s, less up to half of it by chance. The count survives a "
        "restart.",
        f"{_REFUSED}: the queue's `RedrivePolicy` decides",
    ),
    "BisectBatchOnFunctionError": Option(
        "false",
        "A batch that fails is halved, and each half tried by itself, in order; a split uses up no retry.",
        queue=_REFUSED,
    ),
    "FunctionResponseTypes": Option(
        "[]",
        "With ReportBatchItemFailures the lowest sequence number in `batchItemFailures` says from where on the batch "
        "has failed. Nothing, `{}`, an empty or a null list is success; a number that is not in the batch fails all.",
        queue="The `messageId`s in `batchItemFailures` come again, all others are deleted.",
    ),
    "DestinationConfig": Option(
        "none",
        "OnFailure: where a record about records that were given up is sent. A bucket gets the event too, at "
        "`aws/lambda/<UUID>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<random UUID>`.",
        "Beside queues, topics and buckets, streams and functions can be destinations. It is "
        "tried five times within 15 s. OnSuccess is refused, as by AWS.",
        f"{_REFUSED}: the queue's `RedrivePolicy` decides",
    ),
    "TumblingWindowInSeconds": Option(
        "0 (0-900)",
        "Batches of a stretch of arrival times hand on a `state`; the last invocation of a window has no records.",
        "Not together with a ParallelizationFactor above 1. State beyond 1 MiB ends the window early.",
        _REFUSED,
    ),
    "ScalingConfig": Option(
        "none", "For queues.", queue="`MaximumConcurrency` (2-1,000): batches that are with the function at a time."
    ),
    "FilterCriteria": Option(
        "none (10 patterns of 4,096 characters)",
        "Records that match one of the event patterns are delivered; all others are passed over. A pattern for `data` "
        "looks into JSON; data that is none is not matched by it.",
        "AWS begins with five patterns and has a quota.",
        "Looks into `body` in the same way, and at the other members of a record. Messages that do not match are "
        "deleted from the queue, as by AWS.",
    ),
    "Tags": Option("none (50)", "Kept and told, also by TagResource, UntagResource and ListTags."),
    "KMSKeyArn": Option("none", "Kept and told.", "Not acted on: there is no KMS."),
    "MetricsConfig": Option(
        "none", "Kept and told.", "Not acted on: `/metrics` always has the counts of each mapping. No KafkaMetrics."
    ),
}

_HEAD: Final = """# Event source mappings

<!-- Written by `python -m runtime.api.lambda_.mapping_table docs/event-source-mappings.md`; do not edit. -->

A mapping feeds a function with the records of a stream: in order within a partition key, at least once, one task for
each shard and lane. A commit wakes the task; nothing polls, and a mapping without records costs nothing. The position
is saved after the outcome, never before; so are retries that wait and the state of windows, and a restart goes on in
their middle. Children of a split or a merge are read when their parents are used up.

Or it feeds a function with the messages of a queue, several batches at a time: see "Queues" below.

Mappings are made by Lambda's API (CreateEventSourceMapping, Get-, List-, Update-, Delete-) or, for handlers of one's
own program, by `Functions.map`.

## Options

| Option | Default (range) | What it does | What differs from AWS | From a queue |
|---|---|---|---|---|
"""

_FOREIGN: Final = """
Refused, because they are for other sources: {}.

Streams of DynamoDB, Kafka and message brokers are no sources here, and pollers are not provisioned.

## Queues

A message is received when a place for a batch is free, handed to the function with the others of its batch, and deleted
when that was handled; a send wakes the mapping, nothing polls. Without a window a batch is what one receive gives, up
to ten messages. An event has at most 6,291,556 bytes. A queue whose visibility timeout is shorter than the window and
the function's time together gives messages out again meanwhile, as at AWS.

- **What fails** is left alone. It becomes visible again when the queue's visibility timeout has passed, and goes to the
  dead letter queue when it was received `maxReceiveCount` times. With ReportBatchItemFailures only the messages that
  are named come again. Nothing, `null`, `{{}}`, an empty or a null list is success; no JSON, an id that is empty, null
  or not in the batch, or another key fails the whole batch.
- **At a time** there are as many batches as `MaximumConcurrency` says, and no more than there are workers (the setting
  `workers`). AWS begins with five and adds more.
- **Throttled** batches (reserved concurrency, no worker left, a function that is Pending) are tried again, at the
  latest until their messages are visible again, and fewer are received meanwhile; what was throttled until then counts
  as received, as by AWS.
- **FIFO queues**: nobody gets more of a message group while some of it are in flight, so a group is handled in order,
  one batch at a time, and one that failed holds up its group and no other. A batch may have messages of several groups.
- **After kill -9** what was in flight is visible at once and is handled again: at least once holds. At an orderly end
  and at a change batches have five seconds; what was received and not yet handed over is put back, and that receive
  does not count.
- **A queue that is deleted** leaves the mapping Enabled and idle, with the LastProcessingResult
  `{}`; AWS never tells a result for queues, here only problems are told. A new queue of
  that name is read at once.

## States

Creating, Enabling, Disabling, Updating and Deleting last for the setting `transition_ms`, and until a batch that is
with the function has ended, at most 5 s. A restart ends them. While a change is under way another one is refused with
ResourceInUseException.

| From | To |
|---|---|
"""

_REST: Final = """
`LastProcessingResult`: {}.

## What is given up

A JSON record of what happened goes to `OnFailure`: `requestContext` (request, function, condition, number of
invocations), `responseContext` (the version that ran; `functionError` is null when the function had answered with
failures; missing for RecordAgeExceeded), `KinesisBatchInfo` (shard, first and last sequence number and arrival, count,
stream). The records themselves stay in the stream for its retention.

## Aggregated records

Records that the Kinesis Producer Library has packed are delivered as they are. `from runtime.aggregation import
deaggregate` takes the records of an event apart; filters and lanes see the packed record.

## Tools

By command line, and by the native API under `/v1/mappings` (msgpack, as in native-api.md). A PLACE is `latest`,
`trim_horizon`, `at_timestamp:MILLISECONDS`, `at_sequence:NUMBER` or `after_sequence:NUMBER`; the command line also
takes `at_timestamp:-SECONDS`. A sequence number needs `shard` when there are several.

| `streamcore mapping` | Path | Body | |
|---|---|---|---|
| `list` | GET `/v1/mappings` | | `mappings`: `uuid source function state at_work last_result` |
| `describe UUID` | GET `/v1/mappings/UUID` | | the same, `config`, and of each of `shards`: position (nil when it is \
used up), records behind, retries that wait, counts since the start. From a queue: `queue` with messages `visible \
in_flight delayed` (nil while it is not there), and the counts |
| `pause UUID` | POST `…/pause` | | Disabled on return; the position is kept |
| `resume UUID` | POST `…/resume` | | Enabled on return |
| `skip UUID --to PLACE [--shard S]` | POST `…/skip` | `to`, `shard` | moves a shard or all, forwards or back; retries \
that wait and open windows are dropped |
| `dry-run UUID [--from PLACE] [--filter PATTERN]` | POST `…/dry-run` | `start shard filters limit` | what the filter, \
or another, would take, and in which batches; nothing is invoked. At most 10,000 records of each shard |
| `replay UUID --from PLACE [--to PLACE]` | POST `…/replay` | `start end shard function compare limit next until` | \
feeds the function, or `--function NAME`, `:VERSION`, `:ALIAS`, once more. Failed batches are counted, not tried again |

A mapping from a queue has no positions: `skip`, `dry-run` and `replay` refuse it.

A replay touches nothing of the mapping: not its position, not its retries. With `--compare` the mapping's own function
gets the same batches, and what differs is counted and the first ten shown: other JSON, or another error. Filters and
BatchSize are the mapping's; a mapping with a tumbling window is not replayed. One request reads at most `limit`
records (10,000; up to 100,000); `next` and `until` of its answer go into the next request, until `next` is empty.
`stopped` says that it ended early, for example because the function was throttled.
"""


def render() -> str:
    """The whole file."""
    options = "".join(f"| {name} | {' | '.join(option)} |\n" for name, option in OPTIONS.items())
    foreign = _FOREIGN.format(", ".join(f"`{name}`" for name in refused()), QUEUE_GONE)
    states = "".join(
        f"| {state.value} | {', '.join(sorted(each.value for each in TRANSITIONS[state])) or 'gone'} |\n"
        for state in TRANSITIONS
    )
    results = ", ".join(
        f"`{result}`" for result in (NO_RECORDS, OK, CALL_FAILED, FUNCTION_GONE, STREAM_GONE, QUEUE_GONE, ACCESS_DENIED)
    )
    return f"{_HEAD}{options}{foreign}{states}{_REST.format(results)}"


def refused() -> list[str]:
    """Members that belong to sources which are neither streams nor queues."""
    return [field.encode_name for field in fields(CreateEventSourceMappingInput) if field.type is Refused]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render())
