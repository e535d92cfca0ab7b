"""What Prometheus scrapes: CloudWatch's names in Prometheus' conventions. The only file with prometheus_client.

The engine counts into plain attributes; they are turned into samples when somebody scrapes, so the hot path pays an
addition and an idle broker nothing. docs/metrics.md lists them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from streamcore.broker import Broker
from streamcore.engine.histogram import Histogram
from streamcore.engine.shard import Shard
from streamcore.engine.stream import Stream

if TYPE_CHECKING:
    from streamcore.identity.guard import Guard

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

_SHARD_LABELS: Final = ("stream", "shard", "account", "region")
_COUNTERS: Final = (
    ("incoming_bytes", "streamcore_incoming_bytes", "Bytes of data and keys that were stored (IncomingBytes)."),
    ("incoming_records", "streamcore_incoming_records", "Records that were stored (IncomingRecords)."),
    ("outgoing_bytes", "streamcore_outgoing_bytes", "Bytes of data and keys that were read (OutgoingBytes)."),
    ("outgoing_records", "streamcore_outgoing_records", "Records that were read (OutgoingRecords)."),
    ("get_records_calls", "streamcore_get_records_calls", "Reads that were asked for."),
    (
        "write_throttled",
        "streamcore_write_provisioned_throughput_exceeded",
        "Records over the shard's write limits (WriteProvisionedThroughputExceeded).",
    ),
    (
        "read_throttled",
        "streamcore_read_provisioned_throughput_exceeded",
        "Reads over the shard's read limits (ReadProvisionedThroughputExceeded).",
    ),
)


_CONSUMER_LABELS: Final = ("stream", "consumer", "account", "region")
_CONSUMER_COUNTERS: Final = (
    ("subscriptions", "streamcore_subscribe_to_shard", "Subscriptions that began (SubscribeToShard.Success)."),
    (
        "refused",
        "streamcore_subscribe_to_shard_refused",
        "Subscriptions refused because another one was too young (SubscribeToShard.RateExceeded).",
    ),
    ("events", "streamcore_subscribe_to_shard_events", "Events that were pushed (SubscribeToShardEvent.Success)."),
    ("records", "streamcore_subscribe_to_shard_event_records", "Records in them (SubscribeToShardEvent.Records)."),
    ("bytes", "streamcore_subscribe_to_shard_event_bytes", "Bytes in them (SubscribeToShardEvent.Bytes)."),
)


class Source(Protocol):
    """Anything that has samples to give."""

    def collect(self) -> Iterable[Metric]: ...


class Exposition:
    """What /metrics shows: the broker and whatever else was added."""

    def __init__(self, broker: Broker) -> None:
        self._sources: list[Source] = [BrokerSource(broker)]

    def add(self, source: Source) -> None:
        self._sources.append(source)

    def collect(self) -> list[Metric]:
        """The samples of this moment; taken on the loop, where what they describe does not change meanwhile."""
        return [metric for source in self._sources for metric in source.collect()]


def render(metrics: list[Metric]) -> bytes:
    """Prometheus' text; may run in a thread."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(metrics))
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics

    def describe(self) -> Iterable[Metric]:
        return ()  # nothing is computed at registration


class BrokerSource:
    """The broker's own samples."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def collect(self) -> Iterator[Metric]:
        shards = [(s, shard) for s in self._broker.catalog.streams() for shard in list(s.shards.values())]
        yield from _shard_counters(shards)
        yield self._iterator_age(shards)
        yield from self._consumers()
        yield from _latencies(self._broker.catalog.streams())
        yield from self._requests()
        yield from self._storage()

    def _consumers(self) -> Iterator[Metric]:
        broker = self._broker
        pairs = [(s, consumer) for s in broker.catalog.streams() for consumer in broker.consumers.of(s)]
        labelled = [((s.info.name, each.info.name, s.info.account, s.info.region), each.counters) for s, each in pairs]
        for attribute, name, text in _CONSUMER_COUNTERS:
            family = CounterMetricFamily(name, text, labels=_CONSUMER_LABELS)
            for labels, counters in labelled:
                family.add_metric(labels, getattr(counters, attribute))
            yield family
        behind = GaugeMetricFamily(
            "streamcore_subscribe_to_shard_event_behind_seconds",
            "How far the last event was behind the tip (SubscribeToShardEvent.MillisBehindLatest).",
            labels=_CONSUMER_LABELS,
        )
        for labels, counters in labelled:
            behind.add_metric(labels, counters.millis_behind / 1000)
        yield behind
        yield gauge("streamcore_subscriptions", "Subscriptions that are open.", len(broker.fanout))

    def _iterator_age(self, shards: list[tuple[Stream, Shard]]) -> Metric:
        family = GaugeMetricFamily(
            "streamcore_get_records_iterator_age_seconds",
            "Age of the last record that a read returned (GetRecords.IteratorAgeMilliseconds).",
            labels=_SHARD_LABELS,
        )
        for stream, shard in shards:
            family.add_metric(_labels(stream, shard), shard.counters.iterator_age_ms / 1000)
        return family

    def _requests(self) -> Iterator[Metric]:
        committer = self._broker.committer
        yield histogram("streamcore_commit_seconds", "One group commit with its sync.", committer.commit_s)
        yield histogram("streamcore_commit_group_records", "Records in one group commit.", committer.group_records)
        yield gauge("streamcore_commit_pending_bytes", "Bytes that wait to be written.", committer.pending_bytes)
        yield counter("streamcore_commit_failures", "Group commits that failed.", committer.failures)

    def _storage(self) -> Iterator[Metric]:
        usage = self._broker.usage()
        yield gauge("streamcore_storage_file_bytes", "Size of the volume's file.", usage.file_bytes)
        yield gauge("streamcore_storage_map_bytes", "Size of the volume's memory map.", usage.map_bytes)
        yield gauge("streamcore_storage_free_bytes", "Bytes in the file that are free for reuse.", usage.free_bytes)


def gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=value)


def histogram(name: str, text: str, value: Histogram) -> Metric:
    family = HistogramMetricFamily(name, text)
    family.add_metric((), buckets=value.cumulative(), sum_value=value.total)
    return family


def _latencies(streams: list[Stream]) -> Iterator[Metric]:
    labels = ("stream", "account", "region")
    puts = HistogramMetricFamily("streamcore_put_latency_seconds", "From a put to its acknowledgement.", labels=labels)
    reads = HistogramMetricFamily(
        "streamcore_read_latency_seconds", "From a read to its answer, waiting not counted.", labels=labels
    )
    for stream in streams:
        values = (stream.info.name, stream.info.account, stream.info.region)
        for family, held in ((puts, stream.put_latency_s), (reads, stream.read_latency_s)):
            family.add_metric(values, buckets=held.cumulative(), sum_value=held.total)
    yield from (puts, reads)


def _shard_counters(shards: list[tuple[Stream, Shard]]) -> Iterator[Metric]:
    for attribute, name, text in _COUNTERS:
        family = CounterMetricFamily(name, text, labels=_SHARD_LABELS)
        for stream, shard in shards:
            family.add_metric(_labels(stream, shard), getattr(shard.counters, attribute))
        yield family


def _labels(stream: Stream, shard: Shard) -> tuple[str, str, str, str]:
    return stream.info.name, shard.info.shard_id, stream.info.account, stream.info.region


class GuardSource:
    """Samples of the guard: how often what was allowed and refused."""

    def __init__(self, guard: Guard | None) -> None:
        self._guard = guard

    def collect(self) -> Iterator[Metric]:
        decisions = CounterMetricFamily(
            "streamcore_auth_decisions",
            "Decisions about requests; `refused` are those whose sender could not be verified.",
            labels=("action", "outcome"),
        )
        if self._guard is not None:
            for (action, outcome), count in list(self._guard.counts.items()):
                decisions.add_metric((action, outcome), count)
        yield decisions
