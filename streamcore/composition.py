"""What `streamcore serve` is made of: the broker, the functions on top, the other services, and the server in front.

The composition root: with services.py the only file of the broker's package that knows the runtime.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.api.execute_api.ports import GatewayPorts
from runtime.app import FOLDER as FUNCTIONS
from runtime.app import Functions
from runtime.destinations.router import service_of
from runtime.errors import FunctionsError
from runtime.events.bus import Missed
from runtime.events.service import Events
from runtime.gateway.late import Late, late_gateway, late_http_gateway
from runtime.logbook import FILE as LOGS
from runtime.logbook import Logbook
from runtime.metrics import FunctionsSource, LogbookSource, QueuesSource
from runtime.objects.app import FOLDER as OBJECTS
from runtime.objects.app import Objects
from runtime.queues.destination import to_queue
from runtime.queues.service import Queues
from runtime.runtimes.check import check_runtime
from runtime.snapshots import parts
from runtime.snapshots.service import Snapshots
from runtime.topics.destination import to_topic
from runtime.topics.service import Topics
from streamcore import services
from streamcore.api.outgoing import HttpClient
from streamcore.api.server import HttpServer
from streamcore.broker import Broker, start_broker
from streamcore.config import Settings
from streamcore.errors import StreamcoreError
from streamcore.metrics import Exposition

if TYPE_CHECKING:
    from runtime.gateway.httpapi.service import HttpGateway
    from runtime.gateway.service import Gateway


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
    url: str
    _stack: AsyncExitStack

    @classmethod
    async def start(cls, settings: Settings) -> Composition:
        """Raises StartError, and OSError when the address cannot be had."""
        async with AsyncExitStack() as stack:
            broker = await start_broker(settings, data=settings.data)
            stack.push_async_callback(broker.close)
            logbook = Logbook(broker, Path(settings.data))
            stack.push_async_callback(logbook.close)
            endpoint: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            stack.callback(endpoint.cancel)
            objects = Objects(broker)
            queues = Queues(broker)
            stack.push_async_callback(queues.close)
            functions = _functions(broker, objects, logbook, endpoint)
            stack.push_async_callback(functions.close)
            events = Events(
                broker,
                functions.destinations,
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
            _connect(broker, functions, events, objects, queues, topics)
            exposition = Exposition(broker)
            exposition.add(FunctionsSource(functions))
            exposition.add(LogbookSource(logbook))
            exposition.add(QueuesSource(queues, topics))
            for part in (logbook, queues, topics, functions, objects, events, snapshots, gateway, http_gateway):
                await part.start()
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


def _functions(broker: Broker, objects: Objects, logbook: Logbook, endpoint: asyncio.Future[str]) -> Functions:
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
    )


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
    broker: Broker, functions: Functions, events: Events, objects: Objects, queues: Queues, topics: Topics
) -> None:
    """Makes each service a target of the others."""
    functions.destinations.add("s3", objects.deliver)
    functions.destinations.add("sqs", to_queue(queues))
    functions.destinations.add("sns", to_topic(topics))
    objects.notify_through(
        functions.destinations,
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
