"""AWS::Events::Rule and AWS::Scheduler::Schedule."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from streamcore.client.aws import label
from streamcore.deploy.deployment import Deployment, Maker
from streamcore.deploy.functions import found


async def _put_rule(to: Deployment, name: str, properties: dict[str, Any]) -> Mapping[str, Any]:
    given = {key: each for key, each in properties.items() if key not in ("Name", "Targets")}
    if isinstance(given.get("EventPattern"), dict):
        given["EventPattern"] = json.dumps(given["EventPattern"])
    made = await _call(to, "PutRule", {"Name": name, **given})
    bus = _bus(properties)
    wanted = properties.get("Targets") or []
    present = (await _call(to, "ListTargetsByRule", {"Rule": name, **bus})).get("Targets") or ()
    gone = [each["Id"] for each in present if each["Id"] not in {one["Id"] for one in wanted}]
    if gone:
        await _call(to, "RemoveTargets", {"Rule": name, "Ids": gone, **bus})
    if wanted:
        await _call(to, "PutTargets", {"Rule": name, "Targets": wanted, **bus})
    return {"Arn": made["RuleArn"]}


async def _remove_rule(to: Deployment, name: str, properties: dict[str, Any]) -> None:
    bus = _bus(properties)
    present = await found(_call(to, "ListTargetsByRule", {"Rule": name, **bus}))
    if present is None:
        return
    ids = [each["Id"] for each in present.get("Targets") or ()]
    if ids:
        await _call(to, "RemoveTargets", {"Rule": name, "Ids": ids, **bus})
    await _call(to, "DeleteRule", {"Name": name, **bus})


def _bus(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"EventBusName": properties["EventBusName"]} if "EventBusName" in properties else {}


async def _call(to: Deployment, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return await to.client.target("events", f"AWSEvents.{action}", body)


async def _put_schedule(to: Deployment, name: str, properties: dict[str, Any]) -> Mapping[str, Any]:
    given = {key: each for key, each in properties.items() if key != "Name"}
    path = f"/schedules/{label(name)}"
    group = {"groupName": str(properties["GroupName"])} if "GroupName" in properties else None
    is_there = await found(to.client.rest("scheduler", "GET", path, None, group)) is not None
    made = await to.client.rest("scheduler", "PUT" if is_there else "POST", path, given)
    return {"Arn": made["ScheduleArn"]}


async def _remove_schedule(to: Deployment, name: str, properties: dict[str, Any]) -> None:
    group = {"groupName": str(properties["GroupName"])} if "GroupName" in properties else None
    await found(to.client.rest("scheduler", "DELETE", f"/schedules/{label(name)}", None, group))


RULE: Final = Maker(_put_rule, _remove_rule)
SCHEDULE: Final = Maker(_put_schedule, _remove_schedule)
