"""Lifecycle rules that expire: what goes, and when.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
Days are counted from the object's time to the next midnight UTC, as on AWS.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import msgspec

from runtime.model.s3.errors import S3Error, invalid
from streamcore.model.xml import Node

RULES_MAX: Final = 1000
DAY_MS: Final = 86_400_000
_NUMBER: Final = re.compile(r"(?a)\A\d{1,10}\Z")
_NOT_HERE: Final = ("Transition", "NoncurrentVersionTransition")


class Rule(msgspec.Struct, frozen=True):
    """A rule; None where it does not say. `is_enabled` false is kept and does nothing."""

    rule_id: str
    is_enabled: bool
    prefix: str = ""
    tags: dict[str, str] = {}
    larger_than: int | None = None
    smaller_than: int | None = None
    days: int | None = None
    date_ms: int | None = None
    removes_lone_marker: bool = False
    noncurrent_days: int | None = None
    noncurrent_kept: int = 0
    abort_days: int | None = None

    def covers(self, key: str, size: int, tags: dict[str, str]) -> bool:
        return (
            key.startswith(self.prefix)
            and (self.larger_than is None or size > self.larger_than)
            and (self.smaller_than is None or size < self.smaller_than)
            and all(tags.get(name) == value for name, value in self.tags.items())
        )

    def expires_ms(self, modified_ms: int) -> int | None:
        """When a current version of this age expires; None when this rule expires none."""
        if self.date_ms is not None:
            return self.date_ms
        return None if self.days is None else midnight_after(modified_ms + self.days * DAY_MS)

    def noncurrent_expires_ms(self, noncurrent_since_ms: int) -> int | None:
        if self.noncurrent_days is None:
            return None
        return midnight_after(noncurrent_since_ms + self.noncurrent_days * DAY_MS)

    def aborts_ms(self, begun_ms: int) -> int | None:
        return None if self.abort_days is None else midnight_after(begun_ms + self.abort_days * DAY_MS)


def midnight_after(at_ms: int) -> int:
    return -(-at_ms // DAY_MS) * DAY_MS


def rules_of(root: Node) -> list[Rule]:
    """Raises S3Error: MalformedXML, InvalidArgument, InvalidRequest, NotImplemented (transitions)."""
    nodes = list(root.all("Rule"))
    if root.name != "LifecycleConfiguration" or not 1 <= len(nodes) <= RULES_MAX:
        raise S3Error("MalformedXML")
    rules = [_rule(node) for node in nodes]
    named = [rule.rule_id for rule in rules if rule.rule_id]
    if len(named) != len(set(named)):
        raise S3Error("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
    return rules


def _rule(node: Node) -> Rule:
    status, rule_id = node.value("Status"), node.value("ID") or ""
    if status not in ("Enabled", "Disabled") or (node.first("Prefix") is None) == (node.first("Filter") is None):
        raise S3Error("MalformedXML")
    if len(rule_id) > 255:
        raise S3Error("InvalidArgument", "ID length should not exceed allowed limit of 255")
    for name in _NOT_HERE:
        if node.first(name) is not None:
            raise S3Error("NotImplemented", f"{name} is not implemented: there is one storage class here.")
    prefix, tags, larger, smaller = _filter(node)
    days, date_ms, lone = _expiration(node.first("Expiration"), tags)
    noncurrent = node.first("NoncurrentVersionExpiration")
    abort = node.first("AbortIncompleteMultipartUpload")
    if all(part is None for part in (node.first("Expiration"), noncurrent, abort)):
        raise S3Error("InvalidRequest", "At least one action needs to be specified in a rule")
    if abort is not None and (tags or larger is not None or smaller is not None):
        raise S3Error("InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Tags or object sizes")
    kept = 0
    if noncurrent is not None and noncurrent.first("NewerNoncurrentVersions") is not None:
        kept = _positive(noncurrent, "NewerNoncurrentVersions")
    return Rule(
        rule_id, status == "Enabled", prefix, tags, larger, smaller, days, date_ms, lone,
        None if noncurrent is None else _positive(noncurrent, "NoncurrentDays"), kept,
        None if abort is None else _positive(abort, "DaysAfterInitiation"),
    )  # fmt: skip


def _filter(node: Node) -> tuple[str, dict[str, str], int | None, int | None]:
    holder = node.first("Filter")
    if holder is None:
        return node.raw("Prefix") or "", {}, None, None
    if len(holder.children) > 1:
        raise S3Error("MalformedXML")
    both = holder.first("And")
    if both is not None:
        holder = both
    tags: dict[str, str] = {}
    for tag in holder.all("Tag"):
        key, value = tag.raw("Key"), tag.raw("Value")
        if key is None or value is None or key in tags:
            raise S3Error("MalformedXML")
        tags[key] = value
    larger, smaller = (
        None if holder.first(name) is None else _number(holder, name)
        for name in ("ObjectSizeGreaterThan", "ObjectSizeLessThan")
    )
    return holder.raw("Prefix") or "", tags, larger, smaller


def _expiration(node: Node | None, tags: dict[str, str]) -> tuple[int | None, int | None, bool]:
    if node is None:
        return None, None, False
    if len(node.children) != 1:
        raise S3Error("MalformedXML")
    if node.first("Days") is not None:
        return _positive(node, "Days", "'Days' for Expiration action must be a positive integer"), None, False
    date = node.value("Date")
    if date is not None:
        return None, _midnight(date), False
    lone = node.value("ExpiredObjectDeleteMarker")
    if lone not in ("true", "false") or tags:
        raise S3Error("MalformedXML")
    return None, None, lone == "true"


def _midnight(text: str) -> int:
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        at_ms = int(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise S3Error("MalformedXML") from None
    if at_ms % DAY_MS:
        raise S3Error("InvalidArgument", "'Date' must be at midnight GMT")
    return at_ms


def _number(node: Node, name: str) -> int:
    text = node.value(name) or ""
    if not _NUMBER.match(text):
        raise S3Error("MalformedXML")
    return int(text)


def _positive(node: Node, name: str, text: str | None = None) -> int:
    value = _number(node, name)
    if not 1 <= value <= 2**31 - 1:
        raise invalid(name, str(value), text or f"'{name}' must be a positive integer")
    return value
