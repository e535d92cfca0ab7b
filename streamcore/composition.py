"""What `streamcore serve` is made of: the broker, the functions on top, the other services, and the server in front.

The composition root: with services.py the only file of the broker's package that knows the runtime.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.api.execute_api.ports import GatewayPorts
from runtime.app import FOLDER as FUNCTIONS
from runtime.app import Functions
from runtime.credentials import WORKER_MAX_AGE_S, role_credentials
from runtime.destinations.router import Destinations, service_of
from runtime.errors import FunctionsError
from runtime.events.bus import Missed
from runtime.events.service import Events
from runtime.gateway.late import Late, late_gateway, late_http_gateway
from runtime.logbook import FILE as LOGS
from runtime.logbook import Logbook
from runtime.metrics import FunctionsSource, LogbookSource, QueuesSource
from runtime.model.function import FunctionSpec
from runtime.objects.app import FOLDER as OBJECTS
from runtime.objects.app import Objects
from runtime.queues.destination import to_queue
from runtime.queues.service import Queues
from runtime.queues.source import sources
from runtime.runtimes.check import check_runtime
from runtime.snapshots import parts
from runtime.snapshots.service import Snapshots
from runtime.topics.destination import to_topic
from runtime.topics.service import Topics
from streamcore import services
from streamcore.api.outgoing import HttpClient
from streamcore.api.server import HttpServer
from streamcore.broker import Broker, start_broker
from streamcore.config import Auth, Settings
from streamcore.errors import StreamcoreError
from streamcore.identity.app import IdentityApp
from streamcore.metrics import Exposition, GuardSource

if TYPE_CHECKING:
    from runtime.destinations.guarded import Sender
    from runtime.gateway.httpapi.service import HttpGateway
    from runtime.gateway.service import Gateway
    from streamcore.identity.guard import Guard

log = logging.getLogger(__name__)


@dataclass
class Composition:
    """A running broker process; `url` is where it accepts."""

    broker: Broker
    server: HttpServer
    functions: Functions
    events: Events
    logbook: Logbook
    objects: Objects
    queues: Queues
    topics: Topics
    snapshots: Snapshots
    gateway: Late[Gateway]
    http_gateway: Late[HttpGateway]
    #: None while authentication is off.
    guard: Guard | None
    url: str
    _stack: AsyncExitStack

    @classmethod
    async def start(cls, settings: Settings) -> Composition:
        """Raises StartError, and OSError when the address cannot be had."""
        async with AsyncExitStack() as stack:
            broker = await start_broker(settings, data=settings.data)
            stack.push_async_callback(broker.close)
            guard = await _guard(broker) if settings.auth is not Auth.OFF else None
            if guard is not None:
                stack.callback(guard.close)
            logbook = Logbook(broker, Path(settings.data))
            stack.push_async_callback(logbook.close)
            endpoint: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            stack.callback(endpoint.cancel)
            objects = Objects(broker)
            queues = Queues(broker)
            stack.push_async_callback(queues.close)
            functions = _functions(broker, objects, logbook, endpoint, guard)
            stack.push_async_callback(functions.close)
            events = Events(
                broker,
                functions.destinations if guard is None else _guarded(functions.destinations, guard, objects),
                least_interval_ms=settings.schedule_min_minutes * 60_000,
                missed=Missed(settings.missed_schedules),
            )
            stack.push_async_callback(events.close)
            stack.push_async_callback(objects.close)
            snapshots = _snapshots(broker, objects, functions, logbook)
            stack.push_async_callback(snapshots.close)
            client = HttpClient()
            stack.push_async_callback(client.close)
            topics = Topics(broker, functions.destinations, queues, client.post, partial(_result, endpoint))
            stack.push_async_callback(topics.close)
            ports = GatewayPorts(functions, logbook, client)
            gateway, http_gateway = late_gateway(broker, ports.ports), late_http_gateway(broker, ports.ports)
            stack.push_async_callback(gateway.close)
            stack.push_async_callback(http_gateway.close)
            _connect(broker, functions, events, objects, queues, topics, guard)
            exposition = Exposition(broker)
            exposition.add(FunctionsSource(functions))
            exposition.add(LogbookSource(logbook))
            exposition.add(QueuesSource(queues, topics))
            if guard is not None:
                exposition.add(GuardSource(guard))
            for part in (logbook, queues, topics, functions, objects, events, snapshots, gateway, http_gateway):
                await part.start()
            identity = IdentityApp(broker, guard)
            offered = services.Parts(
                broker,
                functions,
                events,
                objects,
                queues,
                topics,
                logbook,
                snapshots,
                gateway,
                http_gateway,
                exposition,
                identity,
            )
            server = services.server(settings, offered, ports)
            stack.push_async_callback(server.stop)
            url = await server.start()
            endpoint.set_result(reachable(url))
            return cls(
                broker,
                server,
                functions,
                events,
                logbook,
                objects,
                queues,
                topics,
                snapshots,
                gateway,
                http_gateway,
                guard,
                url,
                stack.pop_all(),
            )
        raise AssertionError("an exit stack swallows nothing")  # pragma: no cover

    async def stop(self) -> None:
        """Ends requests and batches in progress, commits what waits, closes the volume."""
        await self._stack.aclose()


def reachable(url: str) -> str:
    """The URL by which a process of this machine reaches the server, also where it listens on every address."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def _result(endpoint: asyncio.Future[str]) -> str:
    """The URL of the server; nothing while it is not there yet."""
    return endpoint.result() if endpoint.done() else ""


async def _guard(broker: Broker) -> Guard:
    """Who stands at the doors. The first start makes root's credentials."""
    from streamcore.identity.audit import AuditLog
    from streamcore.identity.guard import Guard, Mode
    from streamcore.identity.store import Identities

    settings, clock = broker.settings, broker.clock
    identities = Identities(broker)
    await identities.start()
    if identities.roots.of(settings.account) is None:
        identities.roots.make(settings.account, clock.now_ms())
        log.info("root's credentials were made: streamcore identity root --data %s", settings.data)
    audit = AuditLog(
        Path(settings.data) / "audit" / "audit.jsonl",
        clock,
        max_bytes=settings.audit_max_bytes,
        files=settings.audit_files,
    )
    return Guard(identities, clock, Mode(settings.auth.value), audit, with_data=settings.audit_data)


def _functions(
    broker: Broker, objects: Objects, logbook: Logbook, endpoint: asyncio.Future[str], guard: Guard | None
) -> Functions:
    """The functions; modules that are not installed are not preloaded."""
    preload = (name for name in broker.settings.preload if find_spec(name.partition(".")[0]) is not None)
    return Functions(
        broker,
        fetch_object=objects.fetch,
        preload=tuple(preload),
        sink=logbook.sink,
        check_runtime=check_runtime,
        endpoint=endpoint,
        meter=logbook.functions,
        credentials_of=None if guard is None else partial(_credentials, broker, guard),
        worker_max_age_s=None if guard is None else WORKER_MAX_AGE_S,
    )


def _credentials(broker: Broker, guard: Guard, spec: FunctionSpec) -> dict[str, str]:
    return role_credentials(guard, spec, broker.clock.now_ms())


def _guarded(destinations: Destinations, guard: Guard, objects: Objects) -> Destinations:
    """The same destinations for what S3 and EventBridge send, as far as policies let it in."""
    from runtime.destinations.guarded import GuardedDestinations
    from runtime.destinations.senders import sender_of

    def owner_of(bucket: str) -> str:
        found = objects.store.buckets.get(bucket)
        return "" if found is None else found.account

    def sender(arn: str, body: bytes, attributes: Mapping[str, str]) -> Sender:
        return sender_of(owner_of, body, attributes)

    return GuardedDestinations(destinations, guard, sender)


def _snapshots(broker: Broker, objects: Objects, functions: Functions, logbook: Logbook) -> Snapshots:
    """Everything that is below the data folder, by its parts."""
    data, settings = Path(broker.settings.data), broker.settings
    parts_of = [
        broker.held,
        parts.database(logbook.database, LOGS),
        parts.objects(objects.store, OBJECTS),
        parts.code(functions.code, FUNCTIONS),
        parts.plain_files(data, ["tls"]),
    ]
    return Snapshots(broker, Path(settings.snapshots) if settings.snapshots else data / "snapshots", parts_of)


def _connect(
    broker: Broker,
    functions: Functions,
    events: Events,
    objects: Objects,
    queues: Queues,
    topics: Topics,
    guard: Guard | None,
) -> None:
    """Makes each service a target of the others, and queues sources of functions."""
    functions.event_source_mappings.queues = sources(queues)
    queues.on_change.append(functions.event_source_mappings.source_changed)
    functions.destinations.add("s3", objects.deliver)
    functions.destinations.add("sqs", to_queue(queues))
    functions.destinations.add("sns", to_topic(topics))
    objects.notify_through(
        functions.destinations if guard is None else _guarded(functions.destinations, guard, objects),
        exists=partial(_target_exists, broker, functions, objects, queues, topics),
        to_event_bridge=events.take,
    )


def _target_exists(
    broker: Broker, functions: Functions, objects: Objects, queues: Queues, topics: Topics, arn: str
) -> bool:
    """Whether a target of notifications is there, as far as it can be known here."""
    service, name = service_of(arn), arn.rpartition(":")[2]
    try:
        if service == "lambda":
            functions.invoker.target(arn, broker.settings.scope)
        elif service == "kinesis":
            broker.describe_stream(arn)
        elif service == "sqs":
            queues.at(arn)
        elif service == "sns":
            topics.topic(arn)
    except (FunctionsError, StreamcoreError):
        return False
    return service != "s3" or name in objects.store.buckets
