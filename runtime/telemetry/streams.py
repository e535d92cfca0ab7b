"""AWS/Kinesis: the metrics of streams, from the broker's own counters.

The broker counts; here the difference to the last time is taken when a minute closes. So a sample is a minute's sum and
not a request's, which the statistics Sum, Minimum and Maximum per minute do not show.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from runtime.model.metric import MetricKey
from runtime.telemetry.meter import Meter
from streamcore.broker import Broker
from streamcore.model.stream import StreamInfo

NAMESPACE: Final = "AWS/Kinesis"
#: Counter of a shard → metric and unit.
_COUNTERS: Final = {
    "incoming_bytes": ("IncomingBytes", "Bytes"),
    "incoming_records": ("IncomingRecords", "Count"),
    "outgoing_bytes": ("GetRecords.Bytes", "Bytes"),
    "outgoing_records": ("GetRecords.Records", "Count"),
    "get_records_calls": ("GetRecords.Success", "Count"),
    "write_throttled": ("WriteProvisionedThroughputExceeded", "Count"),
    "read_throttled": ("ReadProvisionedThroughputExceeded", "Count"),
}


class StreamMeter:
    """A source of a `Meter`."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._last: dict[int, Counter[str]] = {}

    def __call__(self, meter: Meter, at_ms: int) -> None:
        """Records what happened to each stream since the last call."""
        present: dict[int, Counter[str]] = {}
        for stream in self._broker.catalog.streams():
            counted: Counter[str] = Counter()
            age_ms = 0
            for shard in stream.shards.values():
                age_ms = max(age_ms, shard.counters.iterator_age_ms)
                for name in _COUNTERS:
                    counted[name] += getattr(shard.counters, name)
            present[stream.info.stream_id] = counted
            self._tell(meter, stream.info, counted, self._last.get(stream.info.stream_id, Counter()), age_ms, at_ms)
        self._last = present

    def _tell(
        self, meter: Meter, stream: StreamInfo, now: Counter[str], before: Counter[str], age_ms: int, at_ms: int
    ) -> None:
        for name, (metric, unit) in _COUNTERS.items():
            change = now[name] - before[name]
            if change > 0:  # a shard that left the stream took its counts along
                meter.record(_key(stream, metric), change, unit, at_ms=at_ms)
        if now["get_records_calls"] > before["get_records_calls"]:
            meter.record(_key(stream, "GetRecords.IteratorAgeMilliseconds"), age_ms, "Milliseconds", at_ms=at_ms)


def _key(stream: StreamInfo, name: str) -> MetricKey:
    return MetricKey(stream.account, stream.region, NAMESPACE, name, (("StreamName", stream.name),))
