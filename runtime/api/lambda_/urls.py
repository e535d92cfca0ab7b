"""What the actions about function URLs share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from runtime.api.lambda_.functions import told_time
from runtime.api.lambda_.shapes import LambdaShape, UrlAuthType
from runtime.app import Functions
from runtime.errors import InvalidValueError, NotFoundError
from runtime.model.names import FunctionRef, is_version
from runtime.model.settings import UrlConfig
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import number, text

_Header = Annotated[str, text(0, 1024, r".*")]
_Headers = Annotated[list[_Header], msgspec.Meta(max_length=100)]


class InvokeMode(StrEnum):
    BUFFERED = "BUFFERED"
    RESPONSE_STREAM = "RESPONSE_STREAM"


class Cors(LambdaShape, frozen=True, kw_only=True):
    allow_credentials: bool | None = None
    allow_headers: _Headers | None = None
    allow_methods: Annotated[list[Annotated[str, text(0, 6, r".*")]], msgspec.Meta(max_length=6)] | None = None
    allow_origins: Annotated[list[Annotated[str, text(1, 253, r".*")]], msgspec.Meta(max_length=100)] | None = None
    expose_headers: _Headers | None = None
    max_age: Annotated[int, number(0, 86_400)] | None = None


class UrlConfigOutput(LambdaShape, frozen=True, kw_only=True):
    function_url: str
    function_arn: str
    auth_type: UrlAuthType
    cors: Cors | None = None
    creation_time: str
    last_modified_time: str | None = None
    invoke_mode: InvokeMode


def url_shape(call: Call, ref: FunctionRef, config: UrlConfig) -> UrlConfigOutput:
    return UrlConfigOutput(
        function_url=url_of(call.origin, ref.key.region, config.url_id),
        function_arn=ref.arn,
        auth_type=UrlAuthType(config.auth_type),
        cors=None if config.cors is None else msgspec.convert(config.cors, Cors),
        creation_time=told_time(config.created_ms),
        last_modified_time=told_time(config.modified_ms),
        invoke_mode=InvokeMode(config.invoke_mode),
    )


def url_of(origin: str, region: str, url_id: str) -> str:
    """A host name below this endpoint's own; an address has no names below it, `localhost` has."""
    scheme, _, host = origin.partition("://")
    name, separator, port = host.rpartition(":")
    if not separator or not port.isdigit():
        name, separator, port = host, "", ""
    if name.startswith("[") or name.replace(".", "").isdigit():
        name = "localhost"
    return f"{scheme}://{url_id}.lambda-url.{region}.{name}{separator}{port}/"


def url_place(functions: Functions, ref: FunctionRef) -> str:
    """Under which name a function keeps the URL of a qualifier. Raises InvalidValueError, NotFoundError."""
    functions.catalog.configuration(ref)
    if ref.qualifier is not None and is_version(ref.qualifier):
        raise InvalidValueError("A function URL belongs to an alias, or to the function without a qualifier.")
    return ref.qualifier or ""


def find_url(functions: Functions, ref: FunctionRef) -> UrlConfig:
    """Raises NotFoundError, InvalidValueError."""
    found = functions.catalog.urls.get(ref.key, url_place(functions, ref))
    if found is None:
        raise NotFoundError("The resource you requested does not exist.")
    return found
