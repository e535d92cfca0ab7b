"""Resources that have tags and a policy, named by ARN: streams."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Annotated

from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import text
from streamcore.broker import Rule
from streamcore.model.control import add_tags, remove_tags, set_policy

ResourceARN = Annotated[str, text(1, 2048, r"arn:aws.*:kinesis:.*:\d{12}:.*(stream|channel|queue)/\S+")]


async def retag(call: Call, arn: str, *, add: Mapping[str, str] | None = None, remove: Collection[str] = ()) -> None:
    """Adds tags, or removes some. Raises ValidationFailed, StreamNotFound, InvalidArgument."""
    await _change(call, arn, partial(remove_tags, keys=remove) if add is None else partial(add_tags, tags=add))


def tags_of(call: Call, arn: str) -> Mapping[str, str]:
    return call.broker.describe_stream(arn, scope=call.scope).tags


async def set_resource_policy(call: Call, arn: str, policy: str | None) -> None:
    """Raises ValidationFailed, StreamNotFound, InvalidArgument."""
    await _change(call, arn, partial(set_policy, policy=policy))


def policy_of(call: Call, arn: str) -> str | None:
    return call.broker.describe_stream(arn, scope=call.scope).policy


async def _change(call: Call, arn: str, rule: Rule) -> None:
    await call.broker.change_stream(arn, rule, scope=call.scope, wait=False)
