"""The native API's part about event source mappings, under /v1/mappings: msgpack bodies, as in streamcore.api.native.

docs/event-source-mappings.md describes it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import unquote

import msgspec

from runtime.app import Functions
from runtime.errors import FunctionsError, InvalidValueError, QueueError
from runtime.mappings.poller import ShardStats
from runtime.mappings.progress import Progress
from runtime.mappings.tools import RECORDS_MAX
from runtime.model.event_source_mapping import MappingRecord
from runtime.model.names import FunctionRef, parse_function
from runtime.model.position import parse_position
from streamcore.api.http import Request, Response
from streamcore.api.native import STATUS
from streamcore.broker import Broker
from streamcore.errors import StreamcoreError

T = TypeVar("T")

log = logging.getLogger(__name__)

_HEADERS: Final = {"content-type": "application/msgpack"}
_STATUS: Final = {
    "InvalidParameterValueException": 400,
    "ResourceNotFoundException": 404,
    "ResourceConflictException": 409,
    "ResourceInUseException": 409,
    "TooManyRequestsException": 429,
    "ServiceUnavailableException": 503,
}
DRY_RUN_MAX: Final = 10_000

Limit = Annotated[int, msgspec.Meta(ge=1, le=RECORDS_MAX)]
Indexes = dict[str, Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]]


class SkipBody(msgspec.Struct, forbid_unknown_fields=True):
    to: str
    shard: str | None = None


class DryRunBody(msgspec.Struct, forbid_unknown_fields=True):
    start: str | None = None
    shard: str | None = None
    filters: list[str] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=DRY_RUN_MAX)] = 1000


class ReplayBody(msgspec.Struct, forbid_unknown_fields=True):
    start: str
    end: str | None = None
    shard: str | None = None
    function: str | None = None
    compare: bool = False
    limit: Limit = 10_000
    next: Indexes | None = None
    until: Indexes | None = None


class MappingsApi:
    """Answers what is under /v1/mappings."""

    def __init__(self, broker: Broker, functions: Functions) -> None:
        self._broker = broker
        self._functions = functions
        self._mappings = functions.event_source_mappings
        self._tools = functions.mapping_tools
        self._posts: dict[str, Callable[[str, bytes], Awaitable[object]]] = {
            "pause": self._pause,
            "resume": self._resume,
            "skip": self._skip,
            "dry-run": self._dry_run,
            "replay": self._replay,
        }

    async def handle(self, request: Request) -> Response:
        try:
            return await self._route(request)
        except FunctionsError as error:
            return _refusal(_STATUS.get(error.code, 500), error.code, str(error))
        except StreamcoreError as error:
            return _refusal(STATUS.get(type(error), 500), error.code, str(error))
        except msgspec.DecodeError as error:
            return _refusal(400, "malformed_body", f"The body is not what this path takes: {error}")
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return _refusal(500, "internal", "The broker failed; the cause is in its log.")

    def start_draining(self) -> None:
        """Nothing here waits for something new."""

    async def _route(self, request: Request) -> Response:
        action: Callable[[], Awaitable[object]]
        match [unquote(part) for part in request.path.strip("/").split("/")]:
            case ["v1", "mappings"]:
                method, action = "GET", self._list
            case ["v1", "mappings", uuid]:
                method, action = "GET", partial(self._describe, uuid)
            case ["v1", "mappings", uuid, tool] if tool in self._posts:
                method, action = "POST", partial(self._posts[tool], uuid, request.body)
            case _:
                return _refusal(404, "no_such_path", f"There is nothing at {request.path[:200]}.")
        if request.method != method:
            refusal = _refusal(405, "no_such_method", f"This path takes {method}.")
            return msgspec.structs.replace(refusal, headers={**refusal.headers, "allow": method})
        return _answer(await action())

    # ------------------------------------------------------------

    async def _list(self) -> object:
        records = sorted(self._mappings.records.values(), key=lambda record: (record.source_arn, record.function_arn))
        return {"mappings": [self._summary(record) for record in records]}

    async def _describe(self, uuid: str) -> object:
        record = self._mappings.get(uuid)
        if record.config.is_queue:
            return self._describe_queue(record)
        mapping = await self._mappings.look(record.uuid)
        positions, open_ = mapping.positions(), mapping.progress()
        shards = []
        for shard in self._broker.describe_stream(record.config.stream).shards:
            name, index = shard.shard_id, positions.get(shard.shard_id, 0)
            stats, tip = mapping.stats.get(name), self._broker.tip(record.config.stream, name)
            is_done = index >= tip and shard.ending_sequence is not None
            shards.append(
                {
                    "shard": name,
                    "position": None if is_done else index,
                    "behind": 0 if is_done else max(0, tip - max(index, 1)),
                    "retrying": [_retry(lane, each) for (of, lane), each in open_.items() if of == name],
                    "records": 0 if stats is None else stats.records,
                    "batches": 0 if stats is None else stats.batches,
                    "errors": 0 if stats is None else stats.errors,
                    "discarded": 0 if stats is None else stats.discarded,
                    "iterator_age_ms": 0 if stats is None else stats.iterator_age_ms,
                }
            )
        config = msgspec.to_builtins(record.config)
        return {**self._summary(record), "config": config, "shards": shards}

    def _describe_queue(self, record: MappingRecord) -> object:
        """`queue` is None while the queue is not there."""
        mapping = self._mappings.running.get(record.uuid)
        stats = ShardStats() if mapping is None else mapping.stats[""]
        try:
            visible, in_flight, delayed = self._mappings.queues(record.config.stream).counts()
        except QueueError:
            queue = None
        else:
            queue = {"visible": visible, "in_flight": in_flight, "delayed": delayed}
        counts = {"records": stats.records, "batches": stats.batches, "errors": stats.errors}
        config = msgspec.to_builtins(record.config)
        return {**self._summary(record), "config": config, "shards": [], "queue": queue, **counts}

    async def _pause(self, uuid: str, body: bytes) -> object:
        return self._summary(await self._tools.pause(self._mappings.get(uuid).uuid))

    async def _resume(self, uuid: str, body: bytes) -> object:
        return self._summary(await self._tools.resume(self._mappings.get(uuid).uuid))

    async def _skip(self, uuid: str, body: bytes) -> object:
        asked = _decode(_SKIP, body)
        record = self._mappings.get(uuid)
        return {"positions": await self._tools.skip(record.uuid, parse_position(asked.to), asked.shard)}

    async def _dry_run(self, uuid: str, body: bytes) -> object:
        asked = _decode(_DRY_RUN, body)
        start = None if asked.start is None else parse_position(asked.start)
        shards = await self._tools.dry_run(
            self._mappings.get(uuid).uuid, start=start, shard=asked.shard, filters=asked.filters, limit=asked.limit
        )
        return {"shards": shards}

    async def _replay(self, uuid: str, body: bytes) -> object:
        asked = _decode(_REPLAY, body)
        record = self._mappings.get(uuid)
        if (asked.next is None) is not (asked.until is None):
            raise InvalidValueError("next and until go together: both are from the report before.")
        going_on = None if asked.next is None or asked.until is None else (asked.next, asked.until)
        return await self._tools.replay(
            record.uuid,
            start=parse_position(asked.start),
            end=None if asked.end is None else parse_position(asked.end),
            shard=asked.shard,
            function=None if asked.function is None else self._function(asked.function, record),
            compare=asked.compare,
            limit=asked.limit,
            going_on=going_on,
        )

    def _function(self, name: str, record: MappingRecord) -> FunctionRef:
        """`:1` and `:live` are a version and an alias of the mapping's own function. Raises NotFoundError."""
        ref = parse_function(f"{record.function.name}{name}" if name.startswith(":") else name, None, record.scope)
        self._functions.catalog.configuration(ref)
        return ref

    def _summary(self, record: MappingRecord) -> dict[str, Any]:
        return {
            "uuid": record.uuid,
            "source": record.source_arn,
            "function": record.function_arn,
            "state": record.state.value,
            "at_work": record.uuid in self._mappings.running,
            "last_result": record.last_result,
        }


_SKIP: Final = msgspec.msgpack.Decoder(SkipBody)
_DRY_RUN: Final = msgspec.msgpack.Decoder(DryRunBody)
_REPLAY: Final = msgspec.msgpack.Decoder(ReplayBody)


def _retry(lane: int, progress: Progress) -> dict[str, Any]:
    parts = [{"first": each.first, "end": each.end, "invokes": each.invokes} for each in progress.pending]
    return {"lane": lane, "due_ms": progress.due_ms, "parts": parts}


def _decode(decoder: msgspec.msgpack.Decoder[T], body: bytes) -> T:
    """Raises msgspec.DecodeError."""
    try:
        return decoder.decode(body)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(f"text is not UTF-8 ({error.reason})") from None


def _answer(value: object, status: int = 200) -> Response:
    return Response(status, dict(_HEADERS), msgspec.msgpack.encode(value))


def _refusal(status: int, code: str, message: str) -> Response:
    return _answer({"error": code, "message": message}, status)
