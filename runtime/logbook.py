"""What functions leave behind, in one place: their logs, and metrics, in one database beside the volume.

logbook = Logbook(broker, Path(settings.data))
await logbook.start()
pool = WorkerPool(…, sink=logbook.sink)        # hears began, output, ended
logbook.functions.throttled(spec)               # and what no sink hears of
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from runtime.logs.function_log import FunctionLog
from runtime.logs.store import LogStore
from runtime.sqlite import Database, DatabaseFailed
from runtime.telemetry.functions import FunctionMeter
from runtime.telemetry.meter import Meter
from runtime.telemetry.sinks import Sinks
from runtime.telemetry.streams import StreamMeter
from streamcore.broker import Broker
from streamcore.errors import StorageUnavailable

FILE: Final = "logs.sqlite"


class Logbook:
    """`folder` None keeps everything in memory. Close it before the broker and after whoever uses the sink."""

    def __init__(self, broker: Broker, folder: Path | None) -> None:
        path = None if folder is None else folder / FILE
        self.database = Database(path, broker.settings.log_max_bytes)
        self.store = LogStore(self.database, broker.clock)
        self.meter = Meter(self.database, broker.clock)
        self.functions = FunctionMeter(self.meter)
        #: What the worker pool tells of invocations goes here.
        self.sink = Sinks(FunctionLog(self.store, broker.clock), self.functions)
        self.meter.sources.append(StreamMeter(broker))

    async def start(self) -> None:
        """Raises StorageUnavailable when the file cannot be opened."""
        try:
            await self.database.open()
        except DatabaseFailed as error:
            raise StorageUnavailable(path=str(self.database.path), reason=error.reason) from error
        await self.store.start()
        await self.meter.start()

    async def close(self) -> None:
        """Ends live tails, writes down what waits."""
        self.meter.close()
        await self.store.close()
        await self.database.close()
