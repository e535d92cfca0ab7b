"""docs/sqs.md, written from the registry: `python -m runtime.api.sqs.table docs/sqs.md`. A test asserts that the file
is what this would write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from runtime.api.sqs import SQS
from runtime.api.tables import DONE, table

_POLICY: Final = "The policy decides where authentication is on; without it nobody is refused."

NOTES: Final[dict[str, tuple[str, str]]] = {
    "AddPermission": (DONE, _POLICY),
    "RemovePermission": (DONE, _POLICY),
    "ChangeMessageVisibility": (DONE, "Kept over an orderly restart."),
    "CreateQueue": (
        DONE,
        "The `Kms…` attributes and `SqsManagedSseEnabled` are kept and told, and nothing is done with them; "
        "`FifoThroughputLimit` too, as there is no limit of throughput. `Policy` decides where authentication is on.",
    ),
    "DeleteMessage": (DONE, "In a standard queue any receipt handle of the message will do."),
    "DeleteQueue": (DONE, "At once: there are no 60 seconds until its name is free."),
    "GetQueueAttributes": (DONE, "The counts are exact."),
    "PurgeQueue": (DONE, "All is gone when it answers."),
    "ListMessageMoveTasks": (DONE, "Tasks are forgotten at a restart; what they moved stays moved."),
    "ReceiveMessage": (
        DONE,
        "All messages that there are may be found by one receive, oldest first. `SenderId` is the sender's account.",
    ),
    "SendMessage": (
        DONE,
        "On disk when it answers. A `MessageGroupId` in a standard queue is kept and told; it orders nothing.",
    ),
    "SetQueueAttributes": (DONE, "At once, also for messages that are there; as CreateQueue."),
}

_HEAD: Final = """# Queues

<!-- Written by `python -m runtime.api.sqs.table docs/sqs.md`; do not edit. -->

Standard and FIFO queues, as Amazon SQS has them. JSON 1.0 at `POST /`, as SDKs since 2023 speak it, and the query
protocol at `/` and at the queue's URL, for older ones. A queue's URL is `http://host:port/{account}/{name}`, under the
host by which the caller came; the region is that of the caller's signature.

    aws sqs create-queue --queue-name orders
    aws sqs send-message --queue-url http://localhost:4566/000000000000/orders --message-body hello
    aws sqs receive-message --queue-url http://localhost:4566/000000000000/orders --wait-time-seconds 20

"""

_TAIL: Final = """
## What is kept, and when

- A message that SendMessage has answered is on disk: kill -9 loses none. Many sends at a time share one commit, with
  each other and with the records of streams.
- One that DeleteMessage has answered for does not come again.
- Receiving writes nothing. Which messages are in flight, until when, and how often they were received is written at an
  orderly end; after kill -9 what was in flight is visible at once, and counts as received as often as at the last
  orderly end.
- Deduplication ids of FIFO queues are kept for their five minutes, over kill -9 too.
- A message with more than 2 KiB is read from the disk when it is received; of the others each takes about a kilobyte of
  memory. All queues together hold two million messages; beyond that sends get `OverLimit`.

## Long polling

A receive that waits is woken by the send, by a message that becomes visible again, or by its time; nothing polls.
Whoever has waited longest is served first. When the broker stops, those who wait get an empty answer.

## Dead letters

With a `RedrivePolicy` a message that was received `maxReceiveCount` times goes to the dead letter queue at the next
receive, in one commit with its leaving. It keeps its message id, and in a standard queue the time at which it was sent.

## Queues as targets

The ARN of a queue can stand wherever this system tells something: destinations and `DeadLetterConfig` of functions,
`OnFailure` of event source mappings, rules of EventBridge and its Scheduler with their dead letter queues,
notifications of buckets (`QueueConfigurations`), subscriptions of topics. Dead letters of functions have the message
attributes RequestID, ErrorCode and ErrorMessage; those of rules and schedules RULE_ARN, TARGET_ARN, ERROR_CODE,
ERROR_MESSAGE and RETRY_ATTEMPTS.

## Queues as event sources

CreateEventSourceMapping feeds a function with the messages of a queue, standard or FIFO: event-source-mappings.md.

    aws lambda create-event-source-mapping --function-name pack --event-source-arn \
        arn:aws:sqs:us-east-1:000000000000:orders

## Policies

Where [authentication](security.md) is enforced, a queue's `Policy` decides together with those of who asks, as on AWS;
services (`s3`, `sns`, `events`) send only where it lets them in, with `aws:SourceArn` and `aws:SourceAccount`;
functions, mappings and schedules send by their role. Without authentication policies are kept and told.

## Not here

Encryption by keys (kept, told, without effect).
"""


def render() -> str:
    """The whole file."""
    return f"{_HEAD}{table(SQS.actions, NOTES)}{_TAIL}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render())
