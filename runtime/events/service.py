"""Events and schedules of a broker as one thing: the rules, the schedules, and the outbox that both deliver by."""

from __future__ import annotations

import uuid

import msgspec

from runtime.destinations.router import Destinations, service_of
from runtime.errors import DestinationError
from runtime.events.bus import EventBus, Missed
from runtime.events.outbox import Outbox
from runtime.events.schedules import Schedules
from runtime.model.event_rule import DEFAULT_BUS, Event, is_object
from runtime.model.schedule import MINUTE_MS, told_ms
from streamcore.broker import Broker
from streamcore.errors import StreamcoreError
from streamcore.model.stream import Scope


class Events:
    """What the EventBridge APIs act on. `least_interval_ms` is the shortest that a schedule may be."""

    def __init__(
        self,
        broker: Broker,
        destinations: Destinations,
        *,
        least_interval_ms: int = MINUTE_MS,
        missed: Missed = Missed.ONCE,
    ) -> None:
        self.destinations = destinations
        self._clock = broker.clock
        self.outbox = Outbox(broker, self._send)
        self.bus = EventBus(broker, self.outbox, least_interval_ms=least_interval_ms, missed=missed)
        self.schedules = Schedules(broker, self.outbox, least_interval_ms=least_interval_ms, missed=missed)

    def __repr__(self) -> str:
        return f"<Events {self.bus} {self.schedules} {self.outbox}>"

    async def start(self) -> None:
        """Reads what is kept, goes on with deliveries, and fires what was missed."""
        await self.outbox.start()
        await self.bus.start()
        await self.schedules.start()

    async def close(self) -> None:
        """Fires no more and lets deliveries in progress end; what is left is there at the next start."""
        self.bus.close()
        self.schedules.close()
        await self.outbox.close()

    async def take(self, body: bytes) -> None:
        """An event as JSON, from a service of this endpoint. Raises DestinationError."""
        try:
            await self.bus.put_events([msgspec.json.decode(body, type=Event)])
        except StreamcoreError as error:
            raise DestinationError("events", str(error), is_passing=True) from error

    async def _send(self, arn: str, body: bytes, attributes: dict[str, str]) -> None:
        """To a destination, or back to the default bus, which is a target of schedules alone."""
        if service_of(arn) != "events":
            await self.destinations.send(arn, body, attributes)
            return
        if not is_object(body):
            raise DestinationError(arn, "the detail of an event is a JSON object", is_passing=False)
        _, _, _, region, account, *_ = arn.split(":")
        event = Event(
            id=str(uuid.uuid4()),
            detail_type=attributes["DetailType"],
            source=attributes["Source"],
            account=account,
            time=told_ms(self._clock.now_ms()),
            region=region,
            resources=[],
            detail=msgspec.Raw(body),
        )
        try:
            await self.bus.put_events([event])
        except StreamcoreError as error:
            raise DestinationError(arn, str(error), is_passing=True) from error


def bus_arn(scope: Scope, name: str = DEFAULT_BUS) -> str:
    return f"arn:aws:events:{scope.region}:{scope.account}:event-bus/{name}"
