"""What Prometheus scrapes of functions and mappings: CloudWatch's names in Prometheus' conventions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from runtime.app import Functions
from runtime.asynchronous.queue import AsyncStats
from runtime.logbook import Logbook
from runtime.queues.service import Queues
from runtime.topics.service import Topics
from runtime.workers.lanes import DURATION_BOUNDS_MS, FunctionStats


class FunctionsSource:
    """Samples of the worker pool, each function and each mapping."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def collect(self) -> Iterator[Metric]:
        stats = self._functions.stats()
        yield GaugeMetricFamily("streamcore_workers", "Worker processes.", value=stats.workers)
        yield GaugeMetricFamily("streamcore_invocations_waiting", "Events that wait for a worker.", value=stats.waiting)
        yield CounterMetricFamily(
            "streamcore_zygote_restarts", "Times the process that workers are forked from died.", stats.zygote_restarts
        )
        yield from _functions(stats.functions)
        yield from _asynchronous(self._functions.asynchronous.queue.stats())
        yield from self._mappings()

    def _mappings(self) -> Iterator[Metric]:
        """`stream` is the name of a queue as well, which has no shards."""
        labels = ("mapping", "function", "stream", "shard")
        batches = CounterMetricFamily("streamcore_mapping_batches", "Batches handed to the function.", labels=labels)
        records = CounterMetricFamily("streamcore_mapping_records", "Records handed to the function.", labels=labels)
        errors = CounterMetricFamily("streamcore_mapping_errors", "Batches whose invocation failed.", labels=labels)
        dropped = CounterMetricFamily("streamcore_mapping_discarded_records", "Records given up.", labels=labels)
        age = GaugeMetricFamily(
            "streamcore_mapping_iterator_age_seconds",
            "Age of the last record of the last batch when it had been handled (IteratorAge).",
            labels=labels,
        )
        for mapping in list(self._functions.event_source_mappings.running.values()):
            config = mapping.config
            stream = config.stream.rpartition(":" if config.is_queue else "/")[2]
            for shard_id, stats in list(mapping.stats.items()):
                values = (config.uuid, config.function_name, stream, shard_id)
                batches.add_metric(values, stats.batches)
                records.add_metric(values, stats.records)
                errors.add_metric(values, stats.errors)
                dropped.add_metric(values, stats.discarded)
                if not config.is_queue:
                    age.add_metric(values, stats.iterator_age_ms / 1000)
        yield from (batches, records, errors, dropped, age)


class LogbookSource:
    """Samples of the log store and its database."""

    def __init__(self, logbook: Logbook) -> None:
        self._logbook = logbook

    def collect(self) -> Iterator[Metric]:
        book = self._logbook
        yield GaugeMetricFamily(
            "streamcore_log_pending_bytes", "Bytes of log events that wait to be written.", book.database.pending_bytes
        )
        yield CounterMetricFamily(
            "streamcore_log_dropped_events",
            "Log events dropped: more came than the disk took.",
            book.store.dropped_events,
        )
        yield CounterMetricFamily(
            "streamcore_log_failed_writes",
            "Pieces of logs or metrics that a failing disk lost.",
            book.database.lost_jobs,
        )
        yield GaugeMetricFamily("streamcore_live_tails", "Live tails that are open.", len(book.store.followers))


class QueuesSource:
    """Samples of queues and topics."""

    def __init__(self, queues: Queues, topics: Topics) -> None:
        self._queues = queues
        self._topics = topics

    def collect(self) -> Iterator[Metric]:
        messages = GaugeMetricFamily(
            "streamcore_queue_messages",
            "Messages of a queue by state (ApproximateNumberOfMessages…).",
            labels=("queue", "account", "region", "state"),
        )
        for queue in self._queues.all():
            record = queue.record
            for state, count in zip(("visible", "in_flight", "delayed"), self._queues.counts(queue), strict=True):
                messages.add_metric((record.name, record.account, record.region, state), count)
        yield messages
        queues, topics = self._queues, self._topics
        for name, text, value in (
            ("queue_messages_sent", "Messages that were sent to queues.", queues.sent),
            ("queue_messages_received", "Messages that were received, each time counted.", queues.received),
            ("queue_messages_deleted", "Messages that were deleted.", queues.deleted),
            ("queue_messages_redriven", "Messages that went to dead letter queues.", queues.redriven),
            ("queue_messages_expired", "Messages that outlived their retention.", queues.expired),
            ("topic_messages", "Messages that were published.", topics.published),
            ("topic_deliveries", "Deliveries to subscriptions that arrived.", topics.outbox.delivered),
            ("topic_delivery_failures", "Tries of deliveries that failed.", topics.outbox.failures),
            ("topic_deliveries_given_up", "Deliveries given up, dead letters or not.", topics.outbox.dropped),
        ):
            yield CounterMetricFamily(f"streamcore_{name}", text, value=value)
        yield GaugeMetricFamily(
            "streamcore_topic_deliveries_waiting", "Deliveries that are kept.", value=topics.outbox.waiting
        )


def _asynchronous(queues: dict[str, AsyncStats]) -> Iterator[Metric]:
    labels = ("function",)
    waiting = GaugeMetricFamily("streamcore_async_events_waiting", "Events in the queue.", labels=labels)
    families = [
        (CounterMetricFamily(f"streamcore_async_{name}", text, labels=labels), attribute)
        for name, text, attribute in (
            ("events_received", "Events taken into the queue (AsyncEventsReceived).", "received"),
            ("events_dropped", "Events given up (AsyncEventsDropped).", "dropped"),
            ("events_retried", "Times a function is to have an event again, as it failed.", "retried"),
            ("destination_failures", "Records given up (DestinationDeliveryFailures).", "destination_failures"),
            ("dead_letter_errors", "Dead letters given up (DeadLetterErrors).", "dead_letter_errors"),
        )
    ]
    for arn, stats in queues.items():
        name = arn.split(":", 6)[6]
        waiting.add_metric((name,), stats.waiting)
        for family, attribute in families:
            family.add_metric((name,), getattr(stats, attribute))
    yield from (waiting, *(family for family, _ in families))


def _functions(functions: dict[str, FunctionStats]) -> Iterator[Metric]:
    labels = ("function",)
    workers = GaugeMetricFamily(
        "streamcore_function_workers", "Workers of a function by state.", labels=(*labels, "state")
    )
    families = [
        (CounterMetricFamily(f"streamcore_function_{name}", text, labels=labels), name)
        for name, text in (
            ("invocations", "Finished invocations (Invocations)."),
            ("errors", "Invocations that failed (Errors)."),
            ("timeouts", "Invocations that were killed at their deadline."),
            ("cold_starts", "Workers that were started."),
            ("dropped_output_bytes", "Bytes that functions printed beyond their bound."),
        )
    ]
    durations = HistogramMetricFamily(
        "streamcore_function_duration_seconds", "Time in the handler (Duration).", labels=labels
    )
    bounds = [*(str(bound / 1000) for bound in DURATION_BOUNDS_MS), "+Inf"]
    for arn, stats in functions.items():
        name = arn.split(":", 6)[6]
        for state in ("starting", "idle", "busy"):
            workers.add_metric((name, state), getattr(stats, state))
        for family, attribute in families:
            family.add_metric((name,), getattr(stats, attribute))
        buckets = zip(bounds, accumulate(stats.duration_counts), strict=True)
        durations.add_metric((name,), [(bound, float(n)) for bound, n in buckets], stats.duration_ms_total / 1000)
    yield from (workers, *(family for family, _ in families), durations)
