"""AWS::Logs::LogGroup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from streamcore.client.aws import AwsCallError
from streamcore.deploy.deployment import Deployment, Maker
from streamcore.deploy.functions import found
from streamcore.deploy.model.coerce import tags_of


async def _put(to: Deployment, name: str, properties: dict[str, Any]) -> Mapping[str, Any]:
    try:
        await _call(to, "CreateLogGroup", logGroupName=name)
    except AwsCallError as error:
        if error.error_code != "ResourceAlreadyExistsException":
            raise
    days = properties.get("RetentionInDays")
    if days is None:
        await _call(to, "DeleteRetentionPolicy", logGroupName=name)
    else:
        await _call(to, "PutRetentionPolicy", logGroupName=name, retentionInDays=days)
    await _set_tags(to, to.place.arn("logs", f"log-group:{name}"), tags_of(properties.get("Tags")))
    return {}


async def _set_tags(to: Deployment, arn: str, wanted: Mapping[str, str]) -> None:
    present = (await _call(to, "ListTagsForResource", resourceArn=arn)).get("tags") or {}
    gone = [key for key in present if key not in wanted]
    if gone:
        await _call(to, "UntagResource", resourceArn=arn, tagKeys=gone)
    if wanted:
        await _call(to, "TagResource", resourceArn=arn, tags=dict(wanted))


async def _remove(to: Deployment, name: str, properties: dict[str, Any]) -> None:
    await found(_call(to, "DeleteLogGroup", logGroupName=name))


async def _call(to: Deployment, action: str, **body: Any) -> dict[str, Any]:
    return await to.client.target("logs", f"Logs_20140328.{action}", body)


LOG_GROUP: Final = Maker(_put, _remove)
