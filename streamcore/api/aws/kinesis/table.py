"""docs/kinesis.md, written from the registry: `python -m streamcore.api.aws.kinesis.table docs/kinesis.md`.

A test asserts that the file is what this would write.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from streamcore.api.aws.kinesis import KINESIS
from streamcore.model import consumer
from streamcore.model.stream import TRANSITIONS

_State = TypeVar("_State", bound=StrEnum)

DONE: Final = "as AWS"
STORED: Final = "stored, not acted on"

_TAGS: Final = "Tags are kept and told; nothing is decided by them."
_POLICY: Final = "Acted on where authentication is on: [security.md](security.md)."
_MONITORING: Final = "Kept and told. /metrics has these metrics of every shard at all times."
_KEY: Final = (
    "The key's name is kept; EncryptionType and KeyId follow it. Records are not encrypted by the broker: there is no "
    "KMS to ask. GetRecords tells the stream's present setting, AWS that of each record's time."
)
_RESHARD: Final = (
    "Shards are closed and their children opened in the one commit that the answer waits for; UPDATING then lasts for "
    "the setting `transition_ms`."
)

#: Action → (status, what differs from AWS and why). An action that is not here does as AWS does, as far as is known.
NOTES: Final[dict[str, tuple[str, str]]] = {
    "AddTagsToStream": (DONE, _TAGS),
    "CreateStream": (
        DONE,
        "CREATING lasts for the setting `transition_ms`. RecordDistributionStrategy AUTO is refused. The shard quota "
        "is the setting `shard_quota`; on-demand streams do not count towards it.",
    ),
    "DeleteResourcePolicy": (DONE, _POLICY),
    "DescribeLimits": (DONE, "ShardLimit is the setting `shard_quota`; there are no channels to count."),
    "DisableEnhancedMonitoring": (STORED, _MONITORING),
    "EnableEnhancedMonitoring": (STORED, _MONITORING),
    "GetResourcePolicy": (DONE, _POLICY),
    "GetShardIterator": (DONE, "AT_TIMESTAMP is exact to the millisecond; the calls themselves are not throttled."),
    "MergeShards": (DONE, _RESHARD),
    "PutResourcePolicy": (DONE, _POLICY),
    "SplitShard": (DONE, _RESHARD),
    "SubscribeToShard": (DONE, "EncryptionType tells the stream's present setting, as in GetRecords."),
    "StartStreamEncryption": (STORED, _KEY),
    "StopStreamEncryption": (STORED, "Any KeyId is taken: there is nothing to decrypt."),
    "TagResource": (DONE, _TAGS),
    "UpdateAccountSettings": (
        DONE,
        "The commitment costs nothing here; it lasts for at least its first day, and warm throughput depends on it.",
    ),
    "UpdateShardCount": (
        DONE,
        f"{_RESHARD} All splits and merges that it takes happen at once, so shards in between never hold records.",
    ),
    "UpdateStreamMode": (DONE, "A switch to the mode that the stream has already succeeds and does not count."),
    "UpdateStreamWarmThroughput": (
        DONE,
        "A shard per MiB/s, made at once and not merged as long as it is set; at most 200.",
    ),
}

_HEAD: Final = """# The Kinesis API

<!-- Written by `python -m streamcore.api.aws.kinesis.table docs/kinesis.md`; do not edit. -->

Every action of Kinesis Data Streams about streams and their consumers, in JSON 1.1 and CBOR 1.1, at `POST /`. Not
offered are the actions about channels and queues of the newest models (CreateChannel, CreateQueue and what goes with
them), nor UpdateStreamRecordDistributionStrategy: they answer `UnknownOperationException`.

## Actions

`as AWS`: does what AWS documents, within what the last column says. `stored, not acted on`: the setting is kept, told
and survives a restart, and has no meaning here.

| Action | Status | What differs from AWS, and why |
|---|---|---|
"""

_STATES: Final = """
## States of a stream

Records go in and out while a stream is ACTIVE or UPDATING. A restart in CREATING, UPDATING or DELETING ends that state.

| From | To |
|---|---|
"""

_CONSUMER_STATES: Final = """
## States of a registered consumer

| From | To |
|---|---|
"""

_TAIL: Final = """
## Limits

- The rates at which AWS takes control-plane calls (5 a second per account, and the like) are not enforced: they protect
  AWS's control plane, and tests would only wait for them. What is enforced is what a program can run into for good:
  10 UpdateShardCount, 2 UpdateStreamMode, 25 StartStreamEncryption and 25 StopStreamEncryption in 24 hours per stream,
  5 streams CREATING, 50 on-demand streams, 50 tags, 10,000 shards of a stream, and the account's `shard_quota`.
- A shard takes 1,000 records and 1 MiB a second and gives 5 reads and 2 MiB a second, refused as AWS refuses; the
  setting `limits` and a stream's own `limits` turn that off or only count.

## Resharding

Puts wait for the one commit that closes a shard: everything numbered before is in the parent, everything after it in
the children, nothing in a closed shard. A child is created one second after its parents end, so its sequence numbers
exceed all of theirs. Closed shards are listed and readable until their last record has expired, then they leave the
stream. A broker that is killed in between finds either the parents open or the children.

UpdateShardCount splits at every border of the new equal slices and merges what lies between two of them. The shards in
between are in the lineage, as on AWS, and are empty.

## On-demand streams

AWS does not say how it scales; these rules are ours (streamcore/model/ondemand.py).

- Four shards at the start, at most 200.
- A shard that is offered 80 % of a shard's limit in each of two consecutive seconds is split in the middle.
- After 15 minutes, neighbours that together never had more than half a shard's limit in any second are merged, not
  below four shards or the warm throughput.
- No shard becomes narrower than 1/256 of all keys, so that a single hot key does not split without end.
- The stream stays ACTIVE meanwhile.

## Errors of the broker's own

A full disk, a failed sync, too much waiting to be written and a broker that stops are answered with 503
`ServiceUnavailable`, which every SDK tries again.
"""


def render() -> str:
    """The whole file."""
    actions = "".join(_row(name) for name in sorted(KINESIS.actions))
    states, consumer_states = _table(TRANSITIONS), _table(consumer.TRANSITIONS)
    return f"{_HEAD}{actions}{_STATES}{states}{_CONSUMER_STATES}{consumer_states}{_TAIL}"


def _row(action: str) -> str:
    status, difference = NOTES.get(action, (DONE, ""))
    return f"| {action} | {status} | {difference} |\n"


def _table(transitions: Mapping[_State, frozenset[_State]]) -> str:
    """A row per state, in the order of the table."""
    rows = ((state, ", ".join(s for s in transitions if s in transitions[state])) for state in transitions)
    return "".join(f"| {state} | {following or 'gone'} |\n" for state, following in rows)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render())
