"""A template becomes a plan: its resources in the order in which they are made, all that can be checked being checked.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final, NamedTuple

from streamcore.deploy.errors import TemplateError
from streamcore.deploy.model import parameters, sam, schema
from streamcore.deploy.model.identity import Made, Place
from streamcore.deploy.model.intrinsics import decided, references, resolve

RESOURCES_MAX: Final = 500
_TOP: Final = frozenset(
    [
        "AWSTemplateFormatVersion",
        "Transform",
        "Description",
        "Metadata",
        "Parameters",
        "Mappings",
        "Conditions",
        "Globals",
        "Resources",
        "Outputs",
    ]
)
_OF_RESOURCE: Final = frozenset(
    ["Type", "Properties", "DependsOn", "Condition", "Metadata", "DeletionPolicy", "UpdateReplacePolicy"]
)


class Resource(NamedTuple):
    """One to be made; its properties still have functions in them."""

    logical_id: str
    kind: str
    properties: dict[str, Any]
    depends_on: tuple[str, ...] = ()
    is_kept: bool = False


class Names:
    """Everything that values may refer to; `made` grows as resources are."""

    def __init__(self, document: Mapping[str, Any], given: Mapping[str, str], place: Place) -> None:
        self._mappings = _section(document, "Mappings")
        self._conditions = _section(document, "Conditions")
        self._parameters = parameters.values(_section(document, "Parameters"), given)
        self._pseudo = {
            "AWS::AccountId": place.account,
            "AWS::Region": place.region,
            "AWS::StackName": place.stack,
            "AWS::StackId": place.arn("cloudformation", f"stack/{place.stack}/local"),
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NotificationARNs": [],
        }
        self._deciding: set[str] = set()
        self.made: dict[str, Made] = {}

    def knows(self, name: str) -> bool:
        """Whether it is a parameter or a pseudo parameter."""
        return name in self._parameters or name in self._pseudo or name == "AWS::NoValue"

    def ref(self, name: str) -> Any:
        for known in (self._parameters, self._pseudo):
            if name in known:
                return known[name]
        if name not in self.made:
            raise TemplateError(f"there is no {name} to refer to")
        return self.made[name].ref

    def attribute(self, name: str, attribute: str) -> Any:
        if name not in self.made:
            raise TemplateError(f"there is no {name} to refer to")
        found = self.made[name].attributes
        if attribute not in found:
            raise TemplateError(f"{name} has no attribute {attribute}; it has {', '.join(sorted(found)) or 'none'}")
        return found[attribute]

    def condition(self, name: str) -> bool:
        if name not in self._conditions:
            raise TemplateError(f"there is no condition {name}")
        if name in self._deciding:
            raise TemplateError(f"the condition {name} depends on itself")
        self._deciding.add(name)
        try:
            found = resolve(self._conditions[name], self)
        finally:
            self._deciding.discard(name)
        if not isinstance(found, bool):
            raise TemplateError(f"the condition {name} is none: {found!r:.100}")
        return found

    def mapping(self, name: str, first: str, second: str) -> Any:
        try:
            return self._mappings[name][first][second]
        except (KeyError, TypeError):
            raise TemplateError(f"the Mappings have no {name}.{first}.{second}") from None


class Plan(NamedTuple):
    """`notes` tell what has no effect; `outputs` still have functions in them."""

    resources: list[Resource]
    outputs: dict[str, Any]
    names: Names
    notes: list[str]


def plan(document: Mapping[str, Any], given: Mapping[str, str], place: Place) -> Plan:
    """Raises TemplateError for whatever would not work, as far as that is known without asking the endpoint."""
    unknown = sorted(set(document) - _TOP)
    if unknown:
        raise TemplateError(f"a template has no {', '.join(unknown)} here; it has {', '.join(sorted(_TOP))}")
    sam.check_transform(document.get("Transform"))
    names = Names(document, given, place)
    for condition in _section(document, "Conditions"):
        names.condition(condition)
    declared = _resources(document, names)
    notes: list[str] = []
    for each in declared:
        notes += schema.check(each.logical_id, each.kind, each.properties)
    expansion = sam.Expansion(names, sam.globals_of(decided(_section(document, "Globals"), names)))
    resources = _expanded(declared, expansion)
    if len(resources) > RESOURCES_MAX:
        raise TemplateError(f"a template makes at most {RESOURCES_MAX} resources")
    outputs = expansion.renamed(_outputs(document, names))
    _check_references(resources, outputs, names)
    return Plan(_ordered(resources), outputs, names, list(dict.fromkeys(notes + expansion.notes)))


def _section(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name)
    if found is not None and not isinstance(found, dict):
        raise TemplateError(f"{name} is a mapping")
    return found or {}


def _resources(document: Mapping[str, Any], names: Names) -> list[Resource]:
    """Those whose condition holds. Types are looked at first, those of conditions that do not hold as well."""
    declared = _section(document, "Resources")
    if not declared:
        raise TemplateError("the template has no Resources")
    for logical_id, about in declared.items():
        if not (isinstance(about, dict) and isinstance(about.get("Type"), str)):
            raise TemplateError(f"{logical_id} needs a Type")
        if about["Type"] not in schema.TYPES:
            schema.check(logical_id, about["Type"], {})
        unknown = sorted(set(about) - _OF_RESOURCE)
        if unknown:
            raise TemplateError(f"{logical_id}: a resource has no {', '.join(unknown)} here")
    return [
        Resource(
            logical_id,
            about["Type"],
            decided(about.get("Properties") or {}, names),
            _after(about),
            _is_kept(logical_id, about),
        )
        for logical_id, about in declared.items()
        if "Condition" not in about or names.condition(str(about["Condition"]))
    ]


def _after(about: Mapping[str, Any]) -> tuple[str, ...]:
    found = about.get("DependsOn") or ()
    return (found,) if isinstance(found, str) else tuple(str(each) for each in found)


def _is_kept(logical_id: str, about: Mapping[str, Any]) -> bool:
    policy = about.get("DeletionPolicy", "Delete")
    if policy not in ("Delete", "Retain", "RetainExceptOnCreate"):
        raise TemplateError(f"{logical_id}: the DeletionPolicy {policy} is not offered")
    return bool(policy != "Delete")


def _expanded(declared: list[Resource], expansion: sam.Expansion) -> list[Resource]:
    made: list[Resource] = []
    for each in declared:
        parts = expansion.expand(each.logical_id, each.kind, each.properties)
        for part in parts:
            after = each.depends_on + part.depends_on
            made.append(Resource(part.logical_id, part.kind, part.properties, after, each.is_kept))
    made += [Resource(*part) for part in expansion.shared()]
    renamed = [each._replace(properties=expansion.renamed(each.properties)) for each in made]
    twice = {each.logical_id for each in renamed if sum(other.logical_id == each.logical_id for other in renamed) > 1}
    if twice:
        raise TemplateError(f"{', '.join(sorted(twice))} would be made twice: SAM makes one of that name as well")
    return renamed


def _outputs(document: Mapping[str, Any], names: Names) -> dict[str, Any]:
    found = {}
    for name, about in _section(document, "Outputs").items():
        if not isinstance(about, dict) or "Value" not in about:
            raise TemplateError(f"the output {name} needs a Value")
        if "Condition" not in about or names.condition(str(about["Condition"])):
            found[name] = decided(about["Value"], names)
    return found


def _check_references(resources: list[Resource], outputs: Mapping[str, Any], names: Names) -> None:
    known = {each.logical_id for each in resources}
    values: list[tuple[str, Any]] = [(each.logical_id, each.properties) for each in resources]
    for where, value in [*values, *((f"output {name}", value) for name, value in outputs.items())]:
        for name in references(value):
            if name not in known and not names.knows(name):
                raise TemplateError(f"{where} refers to {name}, which there is not")


def _ordered(resources: list[Resource]) -> list[Resource]:
    by_id = {each.logical_id: each for each in resources}
    graph = {
        each.logical_id: [name for name in (*references(each.properties), *each.depends_on) if name in by_id]
        for each in resources
    }
    try:
        return [by_id[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise TemplateError(f"resources depend on each other in a circle: {' -> '.join(error.args[1])}") from None
