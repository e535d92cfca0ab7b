"""A bucket's notification configuration: which events go where.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations
from typing import Any, Final

import msgspec

from runtime.model.s3.errors import S3Error, invalid
from streamcore.model.xml import Node

#: (element, element of the ARN): how each kind of target is configured.
KINDS: Final = {
    "TopicConfiguration": "Topic",
    "QueueConfiguration": "Queue",
    "CloudFunctionConfiguration": "CloudFunction",
}
CONFIGURATIONS_MAX: Final = 100
_TEXT_MAX: Final = 1024

#: Events that happen here.
EVENTS: Final = (
    "ObjectCreated:Put",
    "ObjectCreated:Post",
    "ObjectCreated:Copy",
    "ObjectCreated:CompleteMultipartUpload",
    "ObjectRemoved:Delete",
    "ObjectRemoved:DeleteMarkerCreated",
    "ObjectTagging:Put",
    "ObjectTagging:Delete",
    "ObjectAcl:Put",
    "LifecycleExpiration:Delete",
    "LifecycleExpiration:DeleteMarkerCreated",
)
#: Names that AWS knows beside these; they may be asked for, and never happen here.
OTHERS: Final = (
    "ObjectRestore:Post",
    "ObjectRestore:Completed",
    "ObjectRestore:Delete",
    "ReducedRedundancyLostObject",
    "Replication:OperationFailedReplication",
    "Replication:OperationNotTracked",
    "Replication:OperationMissedThreshold",
    "Replication:OperationReplicatedAfterThreshold",
    "LifecycleTransition",
    "IntelligentTiering",
)
_GROUPS: Final = {name.partition(":")[0] + ":*" for name in (*EVENTS, *OTHERS) if ":" in name}
ALLOWED: Final = frozenset({f"s3:{name}" for name in (*EVENTS, *OTHERS, *_GROUPS)})


class Rule(msgspec.Struct, frozen=True):
    """One configuration: `events` with their `s3:`."""

    kind: str
    config_id: str
    arn: str
    events: tuple[str, ...]
    prefix: str = ""
    suffix: str = ""

    def wants(self, event: str, key: str) -> bool:
        """`event` is a name of EVENTS."""
        return (
            key.startswith(self.prefix)
            and key.endswith(self.suffix)
            and any(_includes(name, f"s3:{event}") for name in self.events)
        )


class Notifications(msgspec.Struct, frozen=True):
    rules: tuple[Rule, ...] = ()
    to_event_bridge: bool = False


def _includes(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == name


def notifications_of(root: Node, new_id: Callable[[], str]) -> Notifications:
    """Raises S3Error: MalformedXML, InvalidArgument. `new_id` names configurations that have no name."""
    if root.name != "NotificationConfiguration":
        raise S3Error("MalformedXML")
    rules = []
    for node in root.children:
        if node.name in KINDS:
            rules.append(_rule(node, new_id))
        elif node.name != "EventBridgeConfiguration":
            raise S3Error("MalformedXML")
    if len(rules) > CONFIGURATIONS_MAX:
        raise S3Error(
            "InvalidArgument", f"Only {CONFIGURATIONS_MAX} notification configurations are allowed per bucket."
        )
    _check_ids(rules)
    _check_overlaps(rules)
    return Notifications(tuple(rules), root.first("EventBridgeConfiguration") is not None)


def _rule(node: Node, new_id: Callable[[], str]) -> Rule:
    arn = node.value(KINDS[node.name])
    events = tuple(child.text.strip() for child in node.all("Event"))
    if not arn or not events or len(arn) > _TEXT_MAX:
        raise S3Error("MalformedXML")
    for event in events:
        if event not in ALLOWED:
            raise invalid("Event", event, "The event is not supported for notifications")
    config_id = node.value("Id") or new_id()
    if len(config_id) > 255:
        raise invalid("Id", config_id, "The configuration id has at most 255 characters")
    return Rule(node.name, config_id, arn, events, **_filter(node))


def _filter(node: Node) -> dict[str, str]:
    holder = node.first("Filter")
    keys = None if holder is None else holder.first("S3Key")
    found: dict[str, str] = {}
    for rule in () if keys is None else keys.all("FilterRule"):
        name, value = (rule.value("Name") or "").lower(), rule.raw("Value") or ""
        if name not in ("prefix", "suffix"):
            raise invalid("FilterRule.Name", name, "filter rule name must be either prefix or suffix")
        if name in found:
            raise invalid("FilterRule.Name", name, f"Cannot specify more than one {name} rule in a filter.")
        if len(value) > _TEXT_MAX:
            raise invalid("FilterRule.Value", value, "filter rule value must be 1024 characters or less")
        found[name] = value
    return found


def _check_ids(rules: Iterable[Rule]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.config_id in seen:
            raise S3Error("InvalidArgument", "Same ID used for multiple configurations. IDs must be unique")
        seen.add(rule.config_id)


def _check_overlaps(rules: Iterable[Rule]) -> None:
    for one, other in combinations(rules, 2):
        shared = any(_includes(a, b) or _includes(b, a) for a in one.events for b in other.events)
        if shared and _meet(one.prefix, other.prefix, str.startswith) and _meet(one.suffix, other.suffix, str.endswith):
            raise S3Error(
                "InvalidArgument",
                "Configurations overlap. Configurations on the same bucket cannot share a common event type."
                if (one.prefix, one.suffix) == (other.prefix, other.suffix) == ("", "")
                else "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the "
                "prefixes are overlapping for the same event type.",
            )


def _meet(one: str, other: str, begins: Callable[[str, str], bool]) -> bool:
    return begins(one, other) or begins(other, one)


def unreachable(arns: Iterable[str]) -> S3Error:
    """The refusal of targets that are not there."""
    first = next(iter(arns))
    return S3Error(
        "InvalidArgument",
        "Unable to validate the following destination configurations",
        ArgumentName1=first,
        ArgumentValue1="The destination does not exist, or is of a kind that is not offered here",
    )


def as_content(found: Notifications) -> dict[str, Any]:
    """For `xml.document("NotificationConfiguration", …)`."""
    content: dict[str, Any] = {}
    for kind, target in KINDS.items():
        content[kind] = [
            {
                "Id": rule.config_id,
                target: rule.arn,
                "Event": list(rule.events),
                "Filter": _filter_content(rule),
            }
            for rule in found.rules
            if rule.kind == kind
        ]
    if found.to_event_bridge:
        content["EventBridgeConfiguration"] = {}
    return content


def _filter_content(rule: Rule) -> dict[str, Any] | None:
    rules = [
        {"Name": name.capitalize(), "Value": value}
        for name, value in (("prefix", rule.prefix), ("suffix", rule.suffix))
        if value
    ]
    return {"S3Key": {"FilterRule": rules}} if rules else None
