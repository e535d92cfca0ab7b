"""Resources that have tags and a policy, named by ARN: streams and registered consumers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Annotated

from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import text
from streamcore.broker import Rule
from streamcore.model.consumer import ConsumerInfo
from streamcore.model.control import add_tags, check_tag_text, remove_tags, set_policy
from streamcore.model.stream import StreamInfo

ResourceARN = Annotated[str, text(1, 2048, r"arn:aws.*:kinesis:.*:\d{12}:.*(stream|channel|queue)/\S+")]


async def retag(call: Call, arn: str, *, add: Mapping[str, str] | None = None, remove: Collection[str] = ()) -> None:
    """Adds tags, or removes some. Raises ValidationFailed, StreamNotFound, ResourceNotFound, InvalidArgument."""
    if not _is_consumer(arn):
        await _change(call, arn, partial(remove_tags, keys=remove) if add is None else partial(add_tags, tags=add))
        return
    texts = [*remove, *(add or {}), *(add or {}).values()]
    check_tag_text(texts, f"Failed to {'remove tags from' if add is None else 'add tags to'} consumer {arn}")
    await call.broker.tag_consumer(arn, add=dict(add or {}), remove=remove)


def tags_of(call: Call, arn: str) -> Mapping[str, str]:
    return _described(call, arn).tags


async def set_resource_policy(call: Call, arn: str, policy: str | None) -> None:
    """Raises ValidationFailed, StreamNotFound, ResourceNotFound, InvalidArgument."""
    if _is_consumer(arn):
        await call.broker.set_consumer_policy(arn, policy)
    else:
        await _change(call, arn, partial(set_policy, policy=policy))


def policy_of(call: Call, arn: str) -> str | None:
    return _described(call, arn).policy


def _is_consumer(arn: str) -> bool:
    return "/consumer/" in arn


def _described(call: Call, arn: str) -> StreamInfo | ConsumerInfo:
    return call.broker.describe_consumer(arn) if _is_consumer(arn) else call.broker.describe_stream(arn)


async def _change(call: Call, arn: str, rule: Rule) -> None:
    await call.broker.change_stream(arn, rule, scope=call.scope, wait=False)
