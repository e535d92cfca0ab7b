"""What `streamcore serve` is made of: the broker, the doors in front of it, the functions on top.

The composition root: the only file of the broker's package that knows the runtime.
"""

from __future__ import annotations

from dataclasses import dataclass

from runtime.api.downloads import DownloadsApi
from runtime.api.lambda_ import LAMBDA
from runtime.app import Functions
from runtime.functions.downloads import PREFIX
from runtime.metrics import FunctionsSource
from streamcore.api.aws.kinesis import KINESIS
from streamcore.api.aws.rest import RestJsonProtocol
from streamcore.api.aws.service import Endpoint
from streamcore.api.aws.target import TargetProtocol
from streamcore.api.http import Api
from streamcore.api.native import NativeApi
from streamcore.api.operations import OperationsApi
from streamcore.api.server import HttpServer
from streamcore.broker import Broker, start_broker
from streamcore.config import Settings
from streamcore.metrics import Exposition


@dataclass
class Composition:
    """A running broker process; `url` is where it accepts."""

    broker: Broker
    server: HttpServer
    functions: Functions
    url: str

    @classmethod
    async def start(cls, settings: Settings) -> Composition:
        """Raises StartError, and OSError when the address cannot be had."""
        broker = await start_broker(settings, data=settings.data)
        try:
            exposition = Exposition(broker)
            operations = OperationsApi(broker, exposition)
            doors: dict[str, Api] = {
                "/v1/": NativeApi(broker),
                "/metrics": operations,
                "/healthz": operations,
                "/readyz": operations,
            }
            functions = Functions(broker)
            exposition.add(FunctionsSource(functions))
            await functions.start()
            doors[PREFIX] = DownloadsApi(functions.downloads, broker.clock)
            rest = RestJsonProtocol(broker, [LAMBDA.on(functions)])
            aws = Endpoint([rest, TargetProtocol(broker, [KINESIS])])
            server = HttpServer(settings, doors, aws, aws.body_limit)
            url = await server.start()
        except BaseException:
            await broker.close()
            raise
        return cls(broker, server, functions, url)

    async def stop(self) -> None:
        """Ends requests and batches in progress, commits what waits, closes the volume."""
        await self.server.stop()
        await self.functions.close()
        await self.broker.close()
