"""The objects of a broker, with all that works on them: the one thing that a program makes.

objects = Objects(broker)
functions = Functions(broker, fetch_object=objects.fetch)
functions.destinations.add("s3", objects.deliver)
objects.notify_through(functions.destinations, exists=…)
await objects.start()
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from runtime.destinations.router import Destinations
from runtime.errors import DestinationError, InvalidValueError
from runtime.model.s3.errors import S3Error
from runtime.model.s3.names import check_key
from runtime.model.s3.values import Meta
from runtime.objects.expiry import Expiry
from runtime.objects.notifier import Exists, Notifier, ToEventBridge
from runtime.objects.store import ObjectStore
from runtime.objects.uploads import Uploads
from runtime.sqlite import DatabaseFailed
from streamcore.broker import Broker
from streamcore.config import Durability
from streamcore.errors import StreamcoreError

FOLDER: Final = "objects"
#: Code of a function, zipped.
CODE_MAX_BYTES: Final = 250 * 1024 * 1024


class Objects:
    """A store below the broker's folder; a broker in memory has a temporary one."""

    def __init__(self, broker: Broker) -> None:
        folder = None if broker.folder is None else broker.folder / FOLDER
        is_synced = broker.settings.durability is Durability.SYNC
        self.store = ObjectStore(folder, broker.clock, is_synced=is_synced)
        self.uploads = Uploads(self.store)
        self.expiry = Expiry(self.store, self.uploads)
        self.notifier = Notifier(Destinations())

    def notify_through(
        self,
        destinations: Destinations,
        *,
        exists: Exists | None = None,
        to_event_bridge: ToEventBridge | None = None,
    ) -> None:
        """Where notifications go; to be said before `start`. `exists` is asked for targets when they are configured."""
        self.notifier = Notifier(destinations, exists, to_event_bridge)

    async def start(self) -> None:
        """Raises StorageUnavailable. What was not delivered or is due is done now."""
        self.store.notify = self.notifier.notes
        self.store.outbox.send = self.notifier.send
        await self.store.open()
        self.expiry.start()

    async def close(self) -> None:
        await self.expiry.close()
        await self.store.close()

    async def fetch(self, bucket: str, key: str, version: str | None) -> bytes:
        """An object whole: a function's code. Raises InvalidValueError in Lambda's words."""
        try:
            with await self.store.open_object(self.store.bucket(bucket), key, version) as opened:
                if opened.version.size > CODE_MAX_BYTES:
                    raise InvalidValueError(f"Unzipped size must be smaller than {CODE_MAX_BYTES} bytes")
                return b"".join([piece async for piece in opened.read()])
        except S3Error as error:
            raise InvalidValueError(
                f"Error occurred while GetObject. S3 Error Code: {error.code}. S3 Error Message: {error.message}"
            ) from None

    async def deliver(self, arn: str, body: bytes, attributes: dict[str, str]) -> None:
        """A bucket as a destination of records: an object under the key that the attribute `Key` gives, else under the
        request's id. Raises DestinationError."""
        name, key = arn.rpartition(":::")[2], attributes.get("Key") or f"{attributes.get('RequestID', 'record')}.json"

        async def pieces() -> AsyncIterator[bytes]:
            yield body

        try:
            bucket = self.store.bucket(name.partition("/")[0])
            check_key(key)
            content = await self.store.receive(pieces())
            await self.store.put(bucket, key, content, Meta(headers={"content-type": "application/json"}))
        except S3Error as error:
            raise DestinationError(arn, str(error), is_passing=False) from error
        except (StreamcoreError, DatabaseFailed) as error:
            raise DestinationError(arn, str(error), is_passing=True) from error

    def __repr__(self) -> str:
        return f"<Objects {self.store!r}>"
