"""A made-up service that has every kind of member, for the query protocol."""

from __future__ import annotations

from typing import Annotated, Final

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.registry import Registry
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, Timestamp, number, text


class Plain(
    Shape, frozen=True, kw_only=True, rename=lambda name: "".join(part.capitalize() for part in name.split("_"))
):
    """Members in Pascal case."""


class Tag(Plain, frozen=True, kw_only=True):
    key: str
    value: str | None = None


class EchoInput(Plain, frozen=True, kw_only=True):
    name: Annotated[str, text(1, 8)]
    count: Annotated[int, number(1, 10)] | None = None
    is_on: bool | None = None
    share: float | None = None
    blob: bytes | None = None
    since: Timestamp | None = None
    tags: list[Tag] | None = None
    names: list[str] | None = None
    attributes: dict[str, str] | None = None
    message_attributes: dict[str, Tag] | None = None
    inner: Tag | None = None
    queue_url: str | None = None


class EchoOutput(EchoInput, frozen=True, kw_only=True):
    origin: str | None = None


class Nothing(Plain, frozen=True, kw_only=True):
    pass


ECHO: Final = Registry[list[str]]("echo", query_codes={"NotHereException": "NotHere"})


@ECHO.action("Echo")
async def echo(_: list[str], call: Call, input_: EchoInput) -> EchoOutput:
    members = {name: getattr(input_, name) for name in EchoInput.__struct_fields__}
    return EchoOutput(**members, origin=call.origin)


@ECHO.action("Remember")
async def remember(kept: list[str], call: Call, input_: Tag) -> None:
    kept.append(input_.key)


@ECHO.action("Fail")
async def fail(kept: list[str], call: Call, input_: Nothing) -> None:
    raise AwsError("NotHereException", 404, "It is <not> here.")


@ECHO.action("Break")
async def break_(kept: list[str], call: Call, input_: Nothing) -> None:
    raise RuntimeError("a secret of the house")
