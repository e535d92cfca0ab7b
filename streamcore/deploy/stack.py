"""A plan is carried out: resource after resource, and whatever fails is told without stopping what does not need it.

There is no record of a stack beside the template: names are derived from it, so a second run finds what the first has
made and brings it up to date, and the template is all that is needed to remove it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from streamcore.client.aws import AwsCallError
from streamcore.deploy.deployment import Deployment
from streamcore.deploy.errors import PackingError, TemplateError
from streamcore.deploy.model.coerce import coerced
from streamcore.deploy.model.identity import Made, identify, name_of
from streamcore.deploy.model.intrinsics import references, resolve
from streamcore.deploy.model.template import Plan, Resource
from streamcore.deploy.resources import MAKERS

Say = Callable[[str], None]


class Result(NamedTuple):
    """`failed` are the logical ids of what could not be made or removed; outputs that need one are not there."""

    outputs: dict[str, Any]
    failed: list[str]


async def put(plan: Plan, to: Deployment, say: Say) -> Result:
    """Makes or updates everything. Raises Unreachable."""
    failed: list[str] = []
    for resource in plan.resources:
        missing = [name for name in _needed(resource) if name in failed]
        if missing:
            say(f"{resource.logical_id}: left out, as it needs {', '.join(dict.fromkeys(missing))}")
            failed.append(resource.logical_id)
            continue
        try:
            plan.names.made[resource.logical_id] = await _put(plan, resource, to)
        except (AwsCallError, TemplateError, PackingError) as error:
            say(f"{resource.logical_id}: {_told(error)}")
            failed.append(resource.logical_id)
        else:
            say(f"{resource.logical_id}: {resource.kind} {plan.names.made[resource.logical_id].ref}")
    outputs = {}
    for name, value in plan.outputs.items():
        if not any(each in failed for each in references(value)):
            outputs[name] = resolve(value, plan.names)
    return Result(outputs, failed)


async def remove(plan: Plan, to: Deployment, say: Say) -> Result:
    """Removes everything, last things first; what is not there is no failure. Raises Unreachable."""
    for resource in plan.resources:
        plan.names.made[resource.logical_id] = _expected(plan, resource, to)
    failed: list[str] = []
    for resource in reversed(plan.resources):
        if resource.is_kept:
            say(f"{resource.logical_id}: kept, as its DeletionPolicy says")
            continue
        try:
            properties = _properties(plan, resource)
            name = name_of(resource.kind, resource.logical_id, properties, to.place)
            await MAKERS[resource.kind].remove(to, name, properties)
        except AwsCallError as error:
            if error.is_missing_service:
                continue  # where there is no such service, nothing was made
            say(f"{resource.logical_id}: {_told(error)}")
            failed.append(resource.logical_id)
        else:
            say(f"{resource.logical_id}: {resource.kind} is removed")
    return Result({}, failed)


async def _put(plan: Plan, resource: Resource, to: Deployment) -> Made:
    properties = _properties(plan, resource)
    name = name_of(resource.kind, resource.logical_id, properties, to.place)
    made = identify(resource.kind, resource.logical_id, properties, to.place)
    told = dict(await MAKERS[resource.kind].put(to, name, properties))
    return Made(told.pop("Ref", made.ref), {**made.attributes, **told})


class _Anything(dict[str, Any]):
    """Attributes of what was perhaps never made: removing needs none of them."""

    def __missing__(self, key: str) -> str:
        return "unknown"

    def __contains__(self, key: object) -> bool:
        return True


def _expected(plan: Plan, resource: Resource, to: Deployment) -> Made:
    made = identify(resource.kind, resource.logical_id, _properties(plan, resource), to.place)
    return Made(made.ref, _Anything(made.attributes))


def _properties(plan: Plan, resource: Resource) -> dict[str, Any]:
    found: dict[str, Any] = coerced(resolve(resource.properties, plan.names))
    return found


def _needed(resource: Resource) -> list[str]:
    return [*references(resource.properties), *resource.depends_on]


def _told(error: Exception) -> str:
    if isinstance(error, AwsCallError) and error.is_missing_service:
        return f"this endpoint does not offer {error.data['operation']}"
    return str(error)
