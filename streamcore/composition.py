"""What `streamcore serve` is made of: the broker, the doors in front of it, the functions on top.

The composition root: the only file of the broker's package that knows the runtime.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from runtime.api.cloudwatch import cloudwatch_service
from runtime.api.downloads import DownloadsApi
from runtime.api.events import EVENTS
from runtime.api.function_urls import HOST_PART as FUNCTION_URL_HOST
from runtime.api.function_urls import PATH_PREFIX as FUNCTION_URL_PATH
from runtime.api.function_urls import FunctionUrlApi
from runtime.api.lambda_ import LAMBDA
from runtime.api.logs import logs_service
from runtime.api.mappings import MappingsApi
from runtime.api.s3 import S3Api, S3App
from runtime.api.s3 import webhook as s3_webhook
from runtime.api.s3.address import is_marked
from runtime.api.sample_events import PREFIX as SAMPLE_EVENTS
from runtime.api.sample_events import SampleEventsApi
from runtime.api.scheduler import SCHEDULER
from runtime.app import Functions
from runtime.destinations.router import service_of
from runtime.errors import FunctionsError
from runtime.events.bus import Missed
from runtime.events.service import Events
from runtime.functions.downloads import PREFIX
from runtime.logbook import Logbook
from runtime.metrics import FunctionsSource, LogbookSource
from runtime.objects.app import Objects
from runtime.runtimes.check import check_runtime
from runtime.telemetry.door import Watched
from streamcore.api.aws.kinesis import KINESIS
from streamcore.api.aws.rest import RestJsonProtocol
from streamcore.api.aws.rpc_cbor import RpcCborProtocol
from streamcore.api.aws.service import Endpoint
from streamcore.api.aws.target import TargetProtocol
from streamcore.api.hosts import ByHost
from streamcore.api.http import Api
from streamcore.api.native import NativeApi
from streamcore.api.operations import OperationsApi
from streamcore.api.server import HttpServer
from streamcore.broker import Broker, start_broker
from streamcore.config import Settings
from streamcore.errors import StreamcoreError
from streamcore.metrics import Exposition


@dataclass
class Composition:
    """A running broker process; `url` is where it accepts."""

    broker: Broker
    server: HttpServer
    functions: Functions
    events: Events
    logbook: Logbook
    objects: Objects
    url: str

    @classmethod
    async def start(cls, settings: Settings) -> Composition:
        """Raises StartError, and OSError when the address cannot be had."""
        broker = await start_broker(settings, data=settings.data)
        logbook = Logbook(broker, Path(settings.data))
        endpoint: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        objects = Objects(broker)
        functions = Functions(
            broker,
            fetch_object=objects.fetch,
            preload=tuple(name for name in settings.preload if find_spec(name.partition(".")[0]) is not None),
            sink=logbook.sink,
            check_runtime=check_runtime,
            endpoint=endpoint,
            meter=logbook.functions,
        )
        events = Events(
            broker,
            functions.destinations,
            least_interval_ms=settings.schedule_min_minutes * 60_000,
            missed=Missed(settings.missed_schedules),
        )
        try:
            await logbook.start()
            exposition = Exposition(broker)
            operations = OperationsApi(broker, exposition)
            doors: dict[str, Api] = {
                SAMPLE_EVENTS: SampleEventsApi(broker, functions),
                "/v1/": Watched(NativeApi(broker), logbook.meter),
                "/metrics": operations,
                "/healthz": operations,
                "/readyz": operations,
            }
            exposition.add(FunctionsSource(functions))
            exposition.add(LogbookSource(logbook))
            functions.destinations.add("s3", objects.deliver)
            objects.notify_through(
                functions.destinations,
                exists=partial(_target_exists, broker, functions, objects),
                to_event_bridge=events.take,
            )
            await functions.start()
            await objects.start()
            await events.start()
            # Before "/v1/": the first prefix that fits is taken.
            mappings = Watched(MappingsApi(broker, functions), logbook.meter)
            doors = {"/v1/mappings": mappings, "/v1/mappings/": mappings} | doors
            doors[PREFIX] = DownloadsApi(functions.downloads, broker.clock)
            logs, cloudwatch = logs_service(logbook.store), cloudwatch_service(logbook.meter)
            aws = Endpoint(
                [
                    RestJsonProtocol(broker, [LAMBDA.on(functions), SCHEDULER.on(events)]),
                    RpcCborProtocol(broker, [cloudwatch]),
                    TargetProtocol(broker, [KINESIS, logs, cloudwatch, EVENTS.bind(events)]),
                ]
            )
            urls = FunctionUrlApi(functions)
            doors[FUNCTION_URL_PATH] = urls
            doors[s3_webhook.PATH] = s3_webhook.WebhookApi(objects)
            s3 = S3Api(S3App(objects), aws, settings)
            by_host = ByHost({FUNCTION_URL_HOST: urls}, Watched(s3, logbook.meter))
            server = HttpServer(settings, doors, by_host, aws.body_limit, streams=s3.streams, claims=is_marked)
            url = await server.start()
            endpoint.set_result(reachable(url))
        except BaseException:
            endpoint.cancel()
            await events.close()
            await functions.close()
            await objects.close()
            await logbook.close()
            await broker.close()
            raise
        return cls(broker, server, functions, events, logbook, objects, url)

    async def stop(self) -> None:
        """Ends requests and batches in progress, commits what waits, closes the volume."""
        await self.server.stop()
        await self.objects.close()
        await self.events.close()
        await self.functions.close()
        await self.logbook.close()
        await self.broker.close()


def reachable(url: str) -> str:
    """The URL by which a process of this machine reaches the server, also where it listens on every address."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def _target_exists(broker: Broker, functions: Functions, objects: Objects, arn: str) -> bool:
    """Whether a target of notifications is there, as far as it can be known here."""
    service, name = service_of(arn), arn.rpartition(":")[2]
    try:
        if service == "lambda":
            functions.invoker.target(arn, broker.settings.scope)
        elif service == "kinesis":
            broker.describe_stream(arn)
    except (FunctionsError, StreamcoreError):
        return False
    return service != "s3" or name in objects.store.buckets
