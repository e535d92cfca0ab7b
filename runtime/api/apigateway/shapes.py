"""Types and shapes that several actions of API Gateway share, with the constraints of the service model, and how a
member of a feature that is not there is refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

import msgspec

from runtime.errors import ApiGatewayError, InvalidValueError
from runtime.model.apigateway.patch import Operation
from runtime.model.apigateway.values import Value
from runtime.model.paging import page
from streamcore.api.aws.binding import label, query
from streamcore.api.aws.shapes import Shape, matching

T = TypeVar("T")
PAGE: Final = 25
PAGE_MAX: Final = 500
TAGS_MAX: Final = 50

RestApiId = Annotated[str, label("restapi_id")]
ResourceId = Annotated[str, label("resource_id")]
HttpMethod = Annotated[str, label("http_method")]
StatusCode = Annotated[str, matching(r"[1-5]\d\d")]
StatusCodeLabel = Annotated[StatusCode, label("status_code")]
StageName = Annotated[str, label("stage_name")]
Position = Annotated[str, query("position")]
Limit = Annotated[int, query("limit")]
Texts = dict[str, str]
#: A member of a feature that is not there.
Refused = Any


class ApiShape(Shape, frozen=True, kw_only=True, rename="camel"):
    """Base of inputs."""


class PatchOp(StrEnum):
    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"
    MOVE = "move"
    COPY = "copy"
    TEST = "test"


class PatchOperation(ApiShape, frozen=True, kw_only=True):
    op: PatchOp | None = None
    path: str | None = None
    value: str | None = None
    from_: str | None = msgspec.field(default=None, name="from")


Patch = list[PatchOperation]


class ContentHandling(StrEnum):
    CONVERT_TO_BINARY = "CONVERT_TO_BINARY"
    CONVERT_TO_TEXT = "CONVERT_TO_TEXT"


def operations(given: Patch | None) -> list[Operation]:
    """Raises ApiGatewayError for one without a path, or that moves, copies or tests."""
    found = []
    for each in given or []:
        if each.op is None or not each.path or not each.path.startswith("/"):
            raise ApiGatewayError("Invalid patch path specified: an operation has an op, and a path that begins with /")
        if each.op in (PatchOp.MOVE, PatchOp.COPY, PatchOp.TEST):
            raise ApiGatewayError(f"The op '{each.op}' is not offered; use add, replace and remove.")
        found.append(Operation(each.op.value, each.path, each.value))
    return found


def refuse_given(input_: Shape, *names: str) -> None:
    """Raises ApiGatewayError for a member that is there (and not false) and has no meaning here."""
    for name in names:
        value = getattr(input_, name)
        if value is not None and value is not False:
            told = next(f.encode_name for f in msgspec.structs.fields(input_) if f.name == name)
            raise ApiGatewayError(f"{told} is not offered.")


def paged(items: Mapping[str, T], position: str | None, limit: int | None) -> tuple[list[T], str | None]:
    """A page in the order of the keys. Raises ApiGatewayError."""
    if limit is not None and not 1 <= limit <= PAGE_MAX:
        raise ApiGatewayError(f"Invalid limit specified: it is 1 to {PAGE_MAX}")
    try:
        return page(items, position, limit, PAGE)
    except InvalidValueError as error:
        raise ApiGatewayError("Invalid position parameter specified") from error


def check_tags(tags: Mapping[str, str] | None) -> dict[str, str] | None:
    """Raises ApiGatewayError."""
    for key, value in (tags or {}).items():
        if not 1 <= len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:"):
            raise ApiGatewayError("Invalid tag: keys have 1 to 128 characters and no aws: in front, values up to 256")
    if len(tags or {}) > TAGS_MAX:
        raise ApiGatewayError(f"A resource has at most {TAGS_MAX} tags.")
    return dict(tags) if tags else None


class Listed(Value, frozen=True, kw_only=True):
    """Base of lists: `position` is there when there are more."""

    position: str | None = None
