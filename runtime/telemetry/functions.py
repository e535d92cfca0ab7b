"""AWS/Lambda: the metrics of functions, recorded from what happens to their invocations.

Each is recorded for the function, for the function and its version (`Resource`), and for all functions together, as AWS
does. Errors and Throttles are recorded for every invocation, 0 or 1, so that their average is a rate. What an
invocation records is gathered per version, and told to the meter once a minute, under all those names: it is on every
invocation's way.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from runtime.model.emf import metrics_of
from runtime.model.function import FunctionSpec
from runtime.model.invocation import Outcome
from runtime.model.log_split import LineSplitter
from runtime.model.metric import Dimensions, MetricKey, SampleSet
from runtime.telemetry.meter import Meter

NAMESPACE: Final = "AWS/Lambda"
#: Workers whose embedded metrics are read at a time; further ones are not looked at.
MAX_WORKERS: Final = 10_000


#: Account, region, function, version; the last two are empty for all functions of an account together.
_Of = tuple[str, str, str, str]


class FunctionMeter:
    """An `InvocationSink`, and a method for each of what no sink hears of."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._running: Counter[str] = Counter()
        self._together: Counter[tuple[str, str]] = Counter()
        self._lines: dict[tuple[str, str], LineSplitter] = {}
        self._gathered: dict[_Of, dict[str, _Samples]] = {}
        meter.sources.append(self._tell)

    def began(self, spec: FunctionSpec, log_stream: str, request_id: str) -> None:
        """An invocation starts."""
        self._running[spec.arn] += 1
        self._record(spec, "ConcurrentExecutions", self._running[spec.arn])
        scope = spec.account, spec.region
        self._together[scope] += 1
        self._gather((*scope, "", ""), "ConcurrentExecutions", self._together[scope], "Count")

    def output(self, spec: FunctionSpec, log_stream: str, data: bytes) -> None:
        """The function printed something: metrics in the embedded format are among it, or not."""
        where = spec.arn, log_stream
        splitter = self._lines.get(where)
        if splitter is None:
            if b'"_aws"' not in data or len(self._lines) >= MAX_WORKERS:
                return
            splitter = self._lines[where] = LineSplitter()
        for line in splitter.feed(data):
            self._embedded(spec, line)

    def ended(self, spec: FunctionSpec, log_stream: str, outcome: Outcome) -> None:
        """The invocation is over."""
        self._running[spec.arn] -= 1
        self._together[spec.account, spec.region] -= 1
        if self._running[spec.arn] <= 0:
            del self._running[spec.arn]
        splitter = self._lines.pop((spec.arn, log_stream), None)
        for line in splitter.flush() if splitter is not None else ():
            self._embedded(spec, line)
        self._record(spec, "Invocations", 1)
        self._record(spec, "Errors", 0 if outcome.ok else 1)
        self._record(spec, "Throttles", 0)
        self._record(spec, "Duration", outcome.duration_ms, "Milliseconds")
        if outcome.init_duration_ms is not None:
            self._record(spec, "InitDuration", outcome.init_duration_ms, "Milliseconds")

    def throttled(self, spec: FunctionSpec) -> None:
        """An invocation was refused because as many as may run do run; it is no invocation."""
        self._record(spec, "Throttles", 1)

    def unreserved(self, account: str, region: str, running: int) -> None:
        """How many invocations of functions without reserved concurrency run, when one of them starts."""
        self._meter.record(MetricKey(account, region, NAMESPACE, "UnreservedConcurrentExecutions"), running)

    def async_received(self, spec: FunctionSpec) -> None:
        """An event was taken into the queue."""
        self._record(spec, "AsyncEventsReceived", 1)

    def async_age(self, spec: FunctionSpec, age_ms: float) -> None:
        """A queued event is invoked, so long after it was taken."""
        self._record(spec, "AsyncEventAge", age_ms, "Milliseconds")

    def async_dropped(self, spec: FunctionSpec) -> None:
        """A queued event was given up."""
        self._record(spec, "AsyncEventsDropped", 1)

    def dead_letter_error(self, spec: FunctionSpec) -> None:
        """An event could not be given to the dead letter queue."""
        self._record(spec, "DeadLetterErrors", 1)

    def destination_error(self, spec: FunctionSpec) -> None:
        """An event could not be given to a destination."""
        self._record(spec, "DestinationDeliveryFailures", 1)

    def iterator_age(self, spec: FunctionSpec, age_ms: float) -> None:
        """How old the last record of a batch from a stream was when the function got it."""
        self._record(spec, "IteratorAge", age_ms, "Milliseconds")

    def _record(self, spec: FunctionSpec, name: str, value: float, unit: str = "Count") -> None:
        self._gather((spec.account, spec.region, spec.name, spec.version), name, value, unit)

    def _gather(self, of: _Of, name: str, value: float, unit: str) -> None:
        sets = self._gathered.get(of)
        if sets is None:
            sets = self._gathered[of] = {}
            self._meter.touch()
        samples = sets.get(name)
        if samples is None:
            samples = sets[name] = _Samples(SampleSet(), unit)
        samples.set.add(value)

    def _tell(self, meter: Meter, at_ms: int) -> None:
        """A `meter.Source`."""
        gathered, self._gathered = self._gathered, {}
        for (account, region, function, version), sets in gathered.items():
            for name, samples in sets.items():
                for dimensions in _dimensions(function, version, name):
                    key = MetricKey(account, region, NAMESPACE, name, dimensions)
                    meter.merge(key, samples.set, samples.unit, at_ms)

    def _embedded(self, spec: FunctionSpec, line: str) -> None:
        for datum in metrics_of(line):
            key = MetricKey(spec.account, spec.region, datum.namespace, datum.name, datum.dimensions)
            for value in datum.values:
                self._meter.record(key, value, datum.unit, at_ms=datum.timestamp_ms)


class _Samples(NamedTuple):
    set: SampleSet
    unit: str


def _dimensions(function: str, version: str, name: str) -> list[Dimensions]:
    """Under which a function's samples are told: its own, its version's, all functions'."""
    if not function:
        return [()]
    resource = function if version == "$LATEST" else f"{function}:{version}"
    of_function: Dimensions = (("FunctionName", function),)
    found = [of_function, (*of_function, ("Resource", resource))]
    # ConcurrentExecutions of all functions is counted over all of them.
    return found if name == "ConcurrentExecutions" else [(), *found]
