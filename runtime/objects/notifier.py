"""Which notifications an event brings, and where they are sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import Final

import msgspec

from runtime.destinations.router import Destinations
from runtime.errors import DestinationError
from runtime.model.s3.notification import KINDS, Notifications, Rule, notifications_of, unreachable
from runtime.model.s3.values import Bucket
from runtime.objects.index import Note
from runtime.sources import s3_event
from runtime.sources.s3_event import Cause, Happened
from streamcore.model.xml import parse

KIND: Final = "notification"
EVENTS: Final = "events"

#: Whether a target is there. It is asked when a configuration is put.
Exists = Callable[[str], bool]
#: Takes an event of the default bus as JSON. Raises DestinationError.
ToEventBridge = Callable[[bytes], Awaitable[None]]


class Notifier:
    """The notification configurations of all buckets at work."""

    def __init__(
        self,
        destinations: Destinations,
        exists: Exists | None = None,
        to_event_bridge: ToEventBridge | None = None,
    ) -> None:
        self._destinations = destinations
        self._exists = exists or (lambda arn: True)
        self._to_event_bridge = to_event_bridge

    @property
    def has_event_bridge(self) -> bool:
        return self._to_event_bridge is not None

    def check(self, arns: Iterable[str]) -> None:
        """Raises S3Error: InvalidArgument when one of the targets is not there."""
        missing = [arn for arn in arns if not (self._destinations.offers(arn) and self._exists(arn))]
        if missing:
            raise unreachable(missing)

    def notes(self, what: Happened, cause: Cause) -> list[Note]:
        """A pure look-up: it is called by the thread of the index."""
        found = configured(what.bucket)
        if found is None:
            return []
        wanted = [rule for rule in found.rules if rule.wants(what.event, what.key)]
        notes = [Note(rule.arn, cause.request_id, s3_event.record(what, cause, rule)) for rule in wanted]
        if found.to_event_bridge:
            notes.append(Note(EVENTS, cause.request_id, msgspec.json.encode(s3_event.event_bridge(what, cause))))
        return notes

    async def send(self, target: str, body: bytes, request_id: str) -> None:
        """Raises DestinationError."""
        if target != EVENTS:
            await self._destinations.send(target, body, {"RequestID": request_id} if request_id else {})
        elif self._to_event_bridge is None:
            raise DestinationError(target, "EventBridge is not offered", is_passing=False)
        else:
            await self._to_event_bridge(body)


def configured(bucket: Bucket) -> Notifications | None:
    text = bucket.settings.get(KIND)
    return None if text is None else _read(text)


@lru_cache(maxsize=1024)
def _read(text: str) -> Notifications:
    return notifications_of(parse(text.encode()), lambda: "")


def gets_test_event(rule: Rule) -> bool:
    """Queues, topics and streams are told that they were configured; functions are not, as on AWS."""
    return rule.kind != "CloudFunctionConfiguration"


__all__ = ["KINDS", "Notifier", "configured", "gets_test_event"]
