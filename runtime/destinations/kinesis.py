"""A stream as a destination: one record, under the key that is asked for, or the request's id."""

from __future__ import annotations

import uuid

from runtime.destinations.router import Deliver
from runtime.errors import DestinationError
from streamcore.broker import Broker
from streamcore.errors import RecordTooLarge, StreamcoreError, StreamNotFound


def to_stream(broker: Broker) -> Deliver:
    """Puts into the stream that the ARN names; throttled shards and full disks pass, missing streams do not."""

    async def deliver(arn: str, body: bytes, attributes: dict[str, str]) -> None:
        key = attributes.get("PartitionKey") or attributes.get("RequestID") or uuid.uuid4().hex
        try:
            await broker.put_record(arn, key, body)
        except (StreamNotFound, RecordTooLarge) as error:
            raise DestinationError(arn, str(error), is_passing=False) from error
        except StreamcoreError as error:
            raise DestinationError(arn, str(error), is_passing=True) from error

    return deliver
