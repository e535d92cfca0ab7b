"""streamcore: durable, partition-keyed event streams that speak Amazon Kinesis.

`open_broker` embeds a broker; `streamcore.client` talks to one over HTTP; `streamcore serve` runs one.
"""

from __future__ import annotations

from streamcore import errors
from streamcore.broker import Broker, ProducerBatch, open_broker
from streamcore.config import Durability, Settings
from streamcore.errors import StreamcoreError
from streamcore.model.iterator import IteratorType
from streamcore.model.put import PutResult, PutRun
from streamcore.model.record import ReadResult, Record
from streamcore.model.stream import LimitMode, Scope, ShardInfo, StreamInfo, StreamMode, StreamStatus

__version__ = "0.1.0"

__all__ = [
    "Broker",
    "Durability",
    "IteratorType",
    "LimitMode",
    "ProducerBatch",
    "PutResult",
    "PutRun",
    "ReadResult",
    "Record",
    "Scope",
    "Settings",
    "ShardInfo",
    "StreamInfo",
    "StreamMode",
    "StreamStatus",
    "StreamcoreError",
    "errors",
    "open_broker",
]
