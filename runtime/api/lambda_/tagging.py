"""What the actions about tags share: a resource is a function, an event source mapping or a code signing
configuration."""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.lambda_.signing import signing_of
from runtime.app import Functions
from runtime.errors import InvalidValueError, NotFoundError
from runtime.model.configuration import check_tags
from runtime.model.event_source_mapping import MappingRecord
from runtime.model.names import FunctionKey, parse_function_arn
from streamcore.api.aws.binding import URI
from streamcore.api.aws.shapes import text
from streamcore.model.stream import Scope

TaggableResource = Annotated[
    str,
    text(
        1,
        10_000,
        r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:"
        r"(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|"
        r"event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|"
        r"(capacity-provider|network-connector):[a-zA-Z0-9-_]{1,64})",
    ),
    URI,
]


def _function_key(arn: str) -> FunctionKey:
    ref = parse_function_arn(arn)
    if ref is None:
        raise NotFoundError(f"There is no such resource: {arn[:300]}")
    if ref.qualifier is not None:
        raise InvalidValueError(
            "Tags on function aliases and versions are not supported. Please specify a function ARN."
        )
    return ref.key


def _mapping(functions: Functions, arn: str) -> MappingRecord | None:
    """The event source mapping of an ARN; None when it is no such ARN. Raises NotFoundError."""
    start, is_mapping, uuid = arn.partition(":event-source-mapping:")
    if not is_mapping:
        return None
    *_, region, account = start.split(":")
    return functions.event_source_mappings.get(uuid, Scope(account, region))


def tags_at(functions: Functions, arn: str) -> dict[str, str]:
    """Raises NotFoundError, InvalidValueError."""
    mapping = _mapping(functions, arn)
    if mapping is not None:
        return mapping.tags
    if ":code-signing-config:" in arn:
        return signing_of(functions, arn).tags
    return functions.catalog.function(_function_key(arn)).tags


async def retag(functions: Functions, arn: str, *, add: dict[str, str], remove: list[str]) -> None:
    """Raises NotFoundError, InvalidValueError."""
    mapping = _mapping(functions, arn)
    if mapping is not None:
        tags = {name: value for name, value in mapping.tags.items() if name not in remove} | add
        check_tags(tags)
        await functions.event_source_mappings.retag(mapping.uuid, tags)
        return
    is_signing = ":code-signing-config:" in arn
    async with functions.catalog.changing(None if is_signing else _function_key(arn)):
        tags = {name: value for name, value in tags_at(functions, arn).items() if name not in remove} | add
        check_tags(tags)
        if is_signing:
            config = msgspec.structs.replace(signing_of(functions, arn), tags=tags)
            await functions.catalog.signing.put((config.account, config.region), config.config_id, config)
        else:
            function = functions.catalog.function(_function_key(arn))
            await functions.catalog.save(msgspec.structs.replace(function, tags=tags))
