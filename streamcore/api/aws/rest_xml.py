"""The REST-XML protocol of S3: an action is a method at a level of the path (the service, a bucket, an object) with
sub-resources in the query string (`?uploads`, `?acl`) and, for copies, a header.

    S3: XmlService[S3App] = XmlService("s3")

    @S3.action("GetBucketCors", "GET", Level.BUCKET, "cors")
    async def get_bucket_cors(s3: S3App, call: XmlCall) -> XmlAnswer: ...

Keys of objects are arbitrary texts with slashes, so paths are not taken apart by `routes.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec

from streamcore.api.http import Request, Response, StreamingResponse
from streamcore.model.stream import Scope
from streamcore.model.xml import document

if TYPE_CHECKING:
    from streamcore.api.aws.access import Grant

A = TypeVar("A")
CONTENT_TYPE: Final = "application/xml"


class Level(StrEnum):
    SERVICE = "service"
    BUCKET = "bucket"
    OBJECT = "object"


class XmlCall(msgspec.Struct, frozen=True):
    """A request with its address taken apart. `query` has the last value of each parameter."""

    request: Request
    bucket: str
    key: str
    query: dict[str, str]
    scope: Scope
    request_id: str
    id_2: str
    origin: str = ""
    #: Who asks; None without authentication.
    grant: Grant | None = None

    @property
    def headers(self) -> Mapping[str, str]:
        return self.request.headers

    @property
    def level(self) -> Level:
        return Level.OBJECT if self.key else Level.BUCKET if self.bucket else Level.SERVICE


XmlAnswer = Response | StreamingResponse
XmlHandler = Callable[[A, XmlCall], Awaitable[XmlAnswer]]


class XmlAction(msgspec.Struct, frozen=True):
    """`demands` are the query parameters (`name` or `name=value`) and headers (`name:`) that a request must have."""

    name: str
    operation: str
    method: str
    level: Level
    demands: tuple[str, ...]
    handler: XmlHandler[Any]

    def fits(self, call: XmlCall) -> bool:
        return all(_has(call, demand) for demand in self.demands)


class XmlService(Generic[A]):
    """The actions of a service, and those sub-resources that it knows of and does not offer."""

    def __init__(self, name: str, *, not_offered: frozenset[str] = frozenset()) -> None:
        self.name = name
        self.not_offered = not_offered
        self.actions: dict[str, XmlAction] = {}
        self._by_place: dict[tuple[str, Level], list[XmlAction]] = {}

    def action(self, name: str, method: str, level: Level, *demands: str) -> Callable[[XmlHandler[A]], XmlHandler[A]]:
        """Registers a coroutine `(app, call)` under AWS's name for it."""

        def register(handler: XmlHandler[A]) -> XmlHandler[A]:
            if name in self.actions:
                raise ValueError(f"{self.name} has an action {name} already")
            action = XmlAction(name, f"{self.name}.{name}", method, level, demands, handler)
            self.actions[name] = action
            place = self._by_place.setdefault((method, level), [])
            place.append(action)
            place.sort(key=lambda each: -len(each.demands))
            return handler

        return register

    def find(self, call: XmlCall) -> XmlAction | None:
        """The action with the most demands that the request meets."""
        place = self._by_place.get((call.request.method, call.level), ())
        found = next((action for action in place if action.fits(call)), None)
        if found is not None and not self._is_offered(found, call):
            return None
        return found

    def _is_offered(self, found: XmlAction, call: XmlCall) -> bool:
        """A sub-resource that is not offered must not be taken for the object itself."""
        asked = {demand.partition("=")[0] for demand in found.demands}
        return all(name in asked or name not in self.not_offered for name in call.query)

    def __repr__(self) -> str:
        return f"<XmlService {self.name}, {len(self.actions)} actions>"


def _has(call: XmlCall, demand: str) -> bool:
    if demand.endswith(":"):
        return demand[:-1] in call.headers
    name, equals, value = demand.partition("=")
    return name in call.query and (not equals or call.query[name] == value)


def xml(
    name: str,
    content: Mapping[str, Any] | str,
    namespace: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer with a document."""
    return Response(status, {"content-type": CONTENT_TYPE, **(headers or {})}, document(name, content, namespace))


def xml_error_body(code: str, message: str, members: Mapping[str, str], request_id: str, id_2: str) -> bytes:
    """`<Error>`, without a namespace, as S3 writes it."""
    return document("Error", {"Code": code, "Message": message, **members, "RequestId": request_id, "HostId": id_2})
