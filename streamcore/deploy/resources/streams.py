"""AWS::Kinesis::Stream."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from streamcore.client.aws import AwsCallError
from streamcore.deploy.deployment import Deployment, Maker
from streamcore.deploy.functions import found
from streamcore.deploy.model.coerce import tags_of

_LOOK_EVERY_S: Final = 0.05
_SETTLE_S: Final = 660.0  # the largest `transition_ms`, and a little more


async def _put(to: Deployment, name: str, properties: dict[str, Any]) -> Mapping[str, Any]:
    mode = properties.get("StreamModeDetails") or {"StreamMode": "PROVISIONED"}
    shards = None if mode["StreamMode"] == "ON_DEMAND" else properties.get("ShardCount", 1)
    if await found(_call(to, "DescribeStreamSummary", StreamName=name)) is None:
        count = {} if shards is None else {"ShardCount": shards}
        await _call(to, "CreateStream", StreamName=name, StreamModeDetails=mode, **count)
    about = await _settled(to, name)
    if about["StreamModeDetails"]["StreamMode"] != mode["StreamMode"]:
        await _call(to, "UpdateStreamMode", StreamARN=about["StreamARN"], StreamModeDetails=mode)
        about = await _settled(to, name)
    if shards is not None and about["OpenShardCount"] != shards:
        given = {"TargetShardCount": shards, "ScalingType": "UNIFORM_SCALING"}
        await _call(to, "UpdateShardCount", StreamName=name, **given)
        about = await _settled(to, name)
    await _retain(to, name, about["RetentionPeriodHours"], properties.get("RetentionPeriodHours", 24))
    await _set_tags(to, name, tags_of(properties.get("Tags")))
    return {"Arn": about["StreamARN"]}


async def _retain(to: Deployment, name: str, present: int, wanted: int) -> None:
    if wanted != present:
        action = f"{'Increase' if wanted > present else 'Decrease'}StreamRetentionPeriod"
        await _call(to, action, StreamName=name, RetentionPeriodHours=wanted)
        await _settled(to, name)


async def _set_tags(to: Deployment, name: str, wanted: Mapping[str, str]) -> None:
    listed = (await _call(to, "ListTagsForStream", StreamName=name))["Tags"]
    gone = [each["Key"] for each in listed if each["Key"] not in wanted]
    if gone:
        await _call(to, "RemoveTagsFromStream", StreamName=name, TagKeys=gone)
    if wanted:
        await _call(to, "AddTagsToStream", StreamName=name, Tags=dict(wanted))


async def _settled(to: Deployment, name: str) -> dict[str, Any]:
    for _ in range(round(_SETTLE_S / _LOOK_EVERY_S)):
        about: dict[str, Any] = (await _call(to, "DescribeStreamSummary", StreamName=name))["StreamDescriptionSummary"]
        if about["StreamStatus"] == "ACTIVE":
            return about
        await asyncio.sleep(_LOOK_EVERY_S)
    raise AwsCallError(f"stream {name}", 200, "Timeout", f"is not ACTIVE after {_SETTLE_S:.0f} s")


async def _remove(to: Deployment, name: str, properties: dict[str, Any]) -> None:
    await found(_call(to, "DeleteStream", StreamName=name, EnforceConsumerDeletion=True))


async def _call(to: Deployment, action: str, **body: Any) -> dict[str, Any]:
    return await to.client.target("kinesis", f"Kinesis_20131202.{action}", body)


STREAM: Final = Maker(_put, _remove)
