"""Tells a mapping's on-failure destination of records that were given up."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime
from typing import Final

from runtime.destinations.router import FUNCTION, Destinations, service_of
from runtime.errors import DestinationError
from runtime.mappings.poller import Discarded
from runtime.model.event_source_mapping import MappingRecord
from runtime.model.failure_record import failure_record
from streamcore.broker import Broker
from streamcore.clock import sleep_until_ms

log = logging.getLogger(__name__)

#: Times that a destination is tried: at once, then after 1, 2, 4 and 8 seconds.
DELIVERIES_MAX: Final = 5
#: The attribute by which a bucket is told the name of the object.
OBJECT_KEY: Final = "Key"


class FailureReports:
    """Sends them. A destination that does not take a record is tried a few times; then it is logged and lost, as at
    AWS."""

    def __init__(self, broker: Broker, destinations: Destinations) -> None:
        self._broker = broker
        self._destinations = destinations

    async def send(self, record: MappingRecord, what: Discarded) -> None:
        """Returns when the destination has it, or does not want it."""
        target = record.config.on_failure
        if not target:
            return
        now_ms = self._broker.clock.now_ms()
        is_bucket = service_of(target) == "s3"
        body = self._body(record, what, now_ms, with_event=is_bucket)
        attributes = {FUNCTION: record.function_arn}
        if is_bucket:
            attributes[OBJECT_KEY] = object_key(record.uuid, what.shard_id, now_ms, str(uuid.uuid4()))
        for attempt in range(DELIVERIES_MAX):
            try:
                await self._destinations.send(target, body, attributes)
                return
            except DestinationError as error:
                log.warning("mapping %s: its on-failure record was not delivered: %s", record.uuid, error)
                if not error.is_passing or attempt == DELIVERIES_MAX - 1:
                    return
            await sleep_until_ms(self._broker.clock, self._broker.clock.now_ms() + (1000 << attempt))

    def _body(self, record: MappingRecord, what: Discarded, now_ms: int, *, with_event: bool) -> bytes:
        outcome = what.outcome
        return failure_record(
            what.records,
            what.reason,
            function_arn=record.function_arn,
            stream_arn=record.config.stream,
            shard_id=what.shard_id,
            request_id=outcome.request_id if outcome else str(uuid.uuid4()),
            invokes=what.invokes,
            executed_version=what.version,
            function_error=outcome.function_error if outcome else None,
            now_ms=now_ms,
            payload=what.event if with_event else None,
        )


def object_key(mapping: str, shard_id: str, now_ms: int, unique: str) -> str:
    """`aws/lambda/<UUID>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<unique>` (Lambda developer guide, S3 as on-failure
    destination)."""
    at = datetime.fromtimestamp(now_ms / 1000, UTC)
    return f"aws/lambda/{mapping}/{shard_id}/{at:%Y/%m/%d}/{at:%Y-%m-%dT%H.%M.%S}-{unique}"
