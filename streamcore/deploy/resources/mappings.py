"""AWS::Lambda::EventSourceMapping: known again by its function and its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from streamcore.deploy.deployment import Deployment, Maker
from streamcore.deploy.model.coerce import tags_of

_MAPPINGS: Final = "/2015-03-31/event-source-mappings"
#: What is only said when a mapping is made.
_FIXED: Final = ("EventSourceArn", "StartingPosition", "StartingPositionTimestamp", "Tags")
_OF_ALL: Final[Mapping[str, Any]] = {
    "Enabled": True,
    "FilterCriteria": {},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
}
_OF_QUEUES: Final[Mapping[str, Any]] = {**_OF_ALL, "BatchSize": 10, "ScalingConfig": {}}
_OF_STREAMS: Final[Mapping[str, Any]] = {
    **_OF_ALL,
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
    "DestinationConfig": {},
}


async def _put(to: Deployment, name: str, properties: dict[str, Any]) -> Mapping[str, Any]:
    present = await _of(to, properties)
    if present:
        defaults = _OF_QUEUES if ":sqs:" in str(properties["EventSourceArn"]) else _OF_STREAMS
        changes = {**defaults, **{key: each for key, each in properties.items() if key not in _FIXED}}
        made = await to.client.rest("lambda", "PUT", f"{_MAPPINGS}/{present[0]}", changes)
    else:
        tags = {"Tags": tags_of(properties["Tags"])} if "Tags" in properties else {}
        made = await to.client.rest("lambda", "POST", _MAPPINGS, {**properties, **tags})
    return {"Ref": made["UUID"], "Id": made["UUID"], "EventSourceMappingArn": made.get("EventSourceMappingArn", "")}


async def _remove(to: Deployment, name: str, properties: dict[str, Any]) -> None:
    for each in await _of(to, properties):
        await to.client.rest("lambda", "DELETE", f"{_MAPPINGS}/{each}")


async def _of(to: Deployment, properties: Mapping[str, Any]) -> list[str]:
    """The mappings of this function to this source; a function that is not there has none."""
    query = {"FunctionName": str(properties["FunctionName"]), "EventSourceArn": str(properties["EventSourceArn"])}
    listed = await to.client.rest("lambda", "GET", _MAPPINGS, None, query)
    return [each["UUID"] for each in listed.get("EventSourceMappings") or () if each.get("State") != "Deleting"]


EVENT_SOURCE_MAPPING: Final = Maker(_put, _remove)
