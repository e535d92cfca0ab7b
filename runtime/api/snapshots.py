"""The native API's part about snapshots, under /v1/snapshots: msgpack bodies, as in streamcore.api.native.

docs/snapshots.md describes it. `streamcore backup` speaks it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import unquote

import msgspec

from runtime.errors import FunctionsError
from runtime.model.snapshot import Snapshot
from runtime.snapshots.service import SnapshotError, Snapshots
from streamcore.api.http import Request, Response
from streamcore.api.native import STATUS
from streamcore.errors import StreamcoreError

T = TypeVar("T")

log = logging.getLogger(__name__)

_HEADERS: Final = {"content-type": "application/msgpack"}
_STATUS: Final = {
    "InvalidSnapshot.NotFound": 404,
    "InvalidSnapshot.InUse": 409,
    "ConcurrentSnapshotLimitExceeded": 429,
    "ServiceUnavailableException": 503,
}


class CreateBody(msgspec.Struct, forbid_unknown_fields=True):
    description: str = ""
    tags: dict[str, str] = {}


class PruneBody(msgspec.Struct, forbid_unknown_fields=True):
    older_than_ms: Annotated[int, msgspec.Meta(ge=0, le=2**53)]


_CREATE: Final = msgspec.msgpack.Decoder(CreateBody)
_PRUNE: Final = msgspec.msgpack.Decoder(PruneBody)


class SnapshotsApi:
    """Answers what is under /v1/snapshots. A POST answers when the copy is made."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    async def handle(self, request: Request) -> Response:
        try:
            return await self._route(request)
        except FunctionsError as error:
            return _refusal(_STATUS.get(error.code, 400), error.code, str(error))
        except StreamcoreError as error:
            return _refusal(STATUS.get(type(error), 500), error.code, str(error))
        except msgspec.DecodeError as error:
            return _refusal(400, "malformed_body", f"The body is not what this path takes: {error}")
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return _refusal(500, "internal", "The broker failed; the cause is in its log.")

    def start_draining(self) -> None:
        """A copy under way is waited for when the broker closes."""

    async def _route(self, request: Request) -> Response:
        actions: dict[str, Callable[[], Awaitable[object]]]
        match [unquote(part) for part in request.path.strip("/").split("/")]:
            case ["v1", "snapshots"]:
                actions = {"GET": self._list, "POST": partial(self._create, request.body)}
            case ["v1", "snapshots", "prune"]:
                actions = {"POST": partial(self._prune, request.body)}
            case ["v1", "snapshots", name]:
                actions = {"GET": partial(self._describe, name), "DELETE": partial(self._delete, name)}
            case _:
                return _refusal(404, "no_such_path", f"There is nothing at {request.path[:200]}.")
        action = actions.get(request.method)
        if action is None:
            refusal = _refusal(405, "no_such_method", f"This path takes {' and '.join(actions)}.")
            return msgspec.structs.replace(refusal, headers={**refusal.headers, "allow": ", ".join(actions)})
        return Response(200, dict(_HEADERS), msgspec.msgpack.encode(await action()))

    async def _list(self) -> object:
        return {"folder": str(self._snapshots.folder), "snapshots": [_told(each) for each in self._snapshots.all()]}

    async def _describe(self, name: str) -> object:
        return _told(self._snapshots.get(name))

    async def _create(self, body: bytes) -> object:
        asked = _decode(_CREATE, body)
        made = await self._snapshots.create(asked.description, asked.tags)
        done = await self._snapshots.finished(made.id)
        if done.message:
            raise SnapshotError("SnapshotFailed", done.message)
        return {**_told(done), "folder": str(self._snapshots.folder)}

    async def _prune(self, body: bytes) -> object:
        return {"deleted": await self._snapshots.prune(_decode(_PRUNE, body).older_than_ms)}

    async def _delete(self, name: str) -> object:
        await self._snapshots.delete(name)
        return {"deleted": [name]}


def _told(of: Snapshot) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(of)
    return told


def _decode(decoder: msgspec.msgpack.Decoder[T], body: bytes) -> T:
    """Raises msgspec.DecodeError."""
    try:
        return decoder.decode(body)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(f"text is not UTF-8 ({error.reason})") from None


def _refusal(status: int, code: str, message: str) -> Response:
    return Response(status, dict(_HEADERS), msgspec.msgpack.encode({"error": code, "message": message}), error=code)
