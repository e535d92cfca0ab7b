"""What the requests of the native API need: the actions of Kinesis, where there is one for the same thing."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

import msgspec

from streamcore.api.http import Request
from streamcore.broker import Broker
from streamcore.errors import StreamcoreError
from streamcore.identity.guard import Need

#: (method, the parts behind the stream's name, with names left out) → (action, whether it is on data)
_OF_STREAMS: Final[dict[tuple[str, tuple[str, ...]], tuple[str, bool]]] = {
    ("GET", ()): ("kinesis:DescribeStream", False),
    ("DELETE", ()): ("kinesis:DeleteStream", False),
    ("POST", ("records",)): ("kinesis:PutRecords", True),
    ("GET", ("shards", "records")): ("kinesis:GetRecords", True),
    ("GET", ("consumers", "checkpoints")): ("streamcore:GetCheckpoints", True),
    ("PUT", ("consumers", "checkpoints")): ("streamcore:PutCheckpoints", True),
    ("DELETE", ("consumers", "checkpoints")): ("streamcore:DeleteCheckpoints", False),
}
#: What is at no path of the API: it answers that itself, to whoever may do everything.
UNKNOWN: Final = "streamcore:Unknown"


class _Named(msgspec.Struct):
    name: str = ""


_NAMED: Final = msgspec.msgpack.Decoder(_Named)


class NativeNeeds:
    """Finds the streams of a broker by the names in paths."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def __call__(self, request: Request) -> Need:
        parts = [unquote(part) for part in request.path.strip("/").split("/")]
        if len(parts) < 2 or parts[1] != "streams":
            return Need(UNKNOWN, "*")
        if len(parts) == 2:
            if request.method == "POST":
                return Need("kinesis:CreateStream", self._arn(_name_in(request.body)))
            return Need("kinesis:ListStreams", "*")
        rest = tuple(part for place, part in enumerate(parts[3:], 3) if place != 4)
        action, is_data = _OF_STREAMS.get((request.method, rest), (UNKNOWN, False))
        return Need(action, self._arn(parts[2]), None, is_data)

    def _arn(self, name: str) -> str:
        """Where the broker would look."""
        try:
            return self._broker.describe_stream(name).arn
        except StreamcoreError:
            scope = self._broker.settings.scope
            return f"arn:aws:kinesis:{scope.region}:{scope.account}:stream/{name}"


def _name_in(body: bytes) -> str:
    try:
        return _NAMED.decode(body).name
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def fixed(action: str, resource: str = "*") -> Need:
    """For doors with one thing behind them."""
    return Need(action, resource)
