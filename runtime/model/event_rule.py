"""EventBridge rules: what an event is, which targets get it, and in what form.

Shapes and limits: EventBridge user guide ("input transformation", "scheduled rules"), service model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from runtime.errors import InvalidEventRuleError
from runtime.model.patterns import Pattern, read_event
from runtime.model.schedule import Schedule, parse, shortest_ms, told_ms

DEFAULT_BUS: Final = "default"
TARGETS_MAX: Final = 5
RULES_MAX: Final = 300
RETRIES_DEFAULT: Final = 185
AGE_DEFAULT_S: Final = 86_400
ENTRY_MAX_BYTES: Final = 1_048_576
_VARIABLE: Final = re.compile(r"<([A-Za-z0-9_.-]+)>")
_PATH: Final = re.compile(r"\A\$(\.[A-Za-z0-9_-]+|\[\d+\])*\Z")
_STEP: Final = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where matching events go: one of `input` (a text instead of the event), `input_path` (a part of it) and
    `template` (with `paths`, a text made of parts of it), or the event itself."""

    id: str
    arn: str
    role: str = ""
    input: str = ""
    input_path: str = ""
    template: str = ""
    paths: dict[str, str] = {}
    partition_key_path: str = ""
    group_id: str = ""
    retries: int = RETRIES_DEFAULT
    age_s: int = AGE_DEFAULT_S
    dead_letter: str = ""


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rule with its targets; `fired_ms` is when its schedule fired last, or was made."""

    name: str
    account: str
    region: str
    bus: str = DEFAULT_BUS
    pattern: str = ""
    schedule: str = ""
    is_enabled: bool = True
    description: str = ""
    role: str = ""
    tags: dict[str, str] = {}
    targets: dict[str, Target] = {}
    created_ms: int = 0
    fired_ms: int = 0

    @property
    def arn(self) -> str:
        place = self.name if self.bus == DEFAULT_BUS else f"{self.bus}/{self.name}"
        return f"arn:aws:events:{self.region}:{self.account}:rule/{place}"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event on a bus. `detail` is JSON."""

    version: str = "0"
    id: str
    detail_type: str = msgspec.field(name="detail-type")
    source: str
    account: str
    time: str
    region: str
    resources: list[str]
    detail: msgspec.Raw


def check_rule(rule: Rule, least_interval_ms: int) -> None:
    """Raises InvalidEventRuleError, InvalidScheduleError, InvalidPatternError."""
    if not rule.pattern and not rule.schedule:
        raise InvalidEventRuleError("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if rule.schedule:
        if rule.bus != DEFAULT_BUS:
            raise InvalidEventRuleError("ScheduleExpression is supported only on the default event bus.")
        check_interval(parse(rule.schedule), least_interval_ms)
        if rule.schedule.startswith("at("):
            raise InvalidEventRuleError("Parameter ScheduleExpression is not valid.")
    if rule.pattern:
        Pattern(rule.pattern)


def check_interval(schedule: Schedule, least_ms: int) -> None:
    """Raises InvalidEventRuleError: more often than is allowed here."""
    shortest = shortest_ms(schedule)
    if shortest is not None and shortest < least_ms:
        raise InvalidEventRuleError(
            f"Parameter ScheduleExpression is not valid. The least interval is {least_ms // 60_000} minutes here."
        )


def check_target(target: Target) -> None:
    """Raises InvalidEventRuleError."""
    given = [name for name in ("input", "input_path", "template") if getattr(target, name)]
    if len(given) > 1:
        raise InvalidEventRuleError(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {target.id}."
        )
    if target.input and not _is_json(target.input):
        raise InvalidEventRuleError(f"JSON syntax error in input for target {target.id}.")
    for path in filter(None, (target.input_path, target.partition_key_path, *target.paths.values())):
        if not _PATH.match(path):
            raise InvalidEventRuleError(f"Invalid JSON path {path[:100]} in target {target.id}.")
    unknown = set(_VARIABLE.findall(target.template)) - target.paths.keys() - _RESERVED.keys()
    if unknown:
        raise InvalidEventRuleError(
            f"InputTemplate for target {target.id} contains placeholder {sorted(unknown)[0]} that is not in "
            "InputPathsMap."
        )


def scheduled_event(rule: Rule, event_id: str, at_ms: int) -> bytes:
    """What a target of a schedule gets."""
    return msgspec.json.encode(
        Event(
            id=event_id,
            detail_type="Scheduled Event",
            source="aws.events",
            account=rule.account,
            time=told_ms(at_ms),
            region=rule.region,
            resources=[rule.arn],
            detail=msgspec.Raw(b"{}"),
        )
    )


def body_for(target: Target, event: bytes, rule: Rule, now_ms: int) -> bytes:
    """The event in the form that a target wants."""
    if target.input:
        return target.input.encode()
    if target.input_path:
        return msgspec.json.encode(_at(msgspec.json.decode(event), target.input_path))
    if target.template:
        return _filled(target, event, rule, now_ms)
    return event


def partition_key(target: Target, event: bytes, event_id: str) -> str:
    """For a stream: what the path leads to, else the event's id."""
    if not target.partition_key_path:
        return event_id
    found = _at(msgspec.json.decode(event), target.partition_key_path)
    text = found if isinstance(found, str) else msgspec.json.encode(found).decode()
    return text[:256] or event_id


#: Variables that every template has.
_RESERVED: Final[dict[str, Callable[[Rule, Any, int], Any]]] = {
    "aws.events.rule-arn": lambda rule, event, now_ms: rule.arn,
    "aws.events.rule-name": lambda rule, event, now_ms: rule.name,
    "aws.events.event.ingestion-time": lambda rule, event, now_ms: told_ms(now_ms),
    "aws.events.event": lambda rule, event, now_ms: event,
    "aws.events.event.json": lambda rule, event, now_ms: event,
}


def _filled(target: Target, event: bytes, rule: Rule, now_ms: int) -> bytes:
    """The template with its variables. Inside quotes a value stands as text, elsewhere as JSON."""
    whole = msgspec.json.decode(event)
    values: dict[str, Any] = {name: _at(whole, path) for name, path in target.paths.items()}
    values |= {name: make(rule, whole, now_ms) for name, make in _RESERVED.items()}
    return _substituted(target.template, values).encode()


def _substituted(template: str, values: Mapping[str, Any]) -> str:
    parts, position, in_quotes = [], 0, False
    for match in _VARIABLE.finditer(template):
        before = template[position : match.start()]
        in_quotes ^= len(re.findall(r'(?<!\\)"', before)) % 2 == 1
        parts.append(before)
        parts.append(_as_text(values.get(match[1]), in_quotes=in_quotes))
        position = match.end()
    return "".join([*parts, template[position:]])


def _as_text(value: Any, *, in_quotes: bool) -> str:
    text = msgspec.json.encode(value).decode()
    if not in_quotes:
        return text if value is not None else ""
    if isinstance(value, str):
        return text[1:-1]
    return "" if value is None else text.replace('"', '\\"')


def _at(value: Any, path: str) -> Any:
    """What a path leads to, None when it leads nowhere."""
    for name, index in _STEP.findall(path):
        if name:
            value = value.get(name) if isinstance(value, dict) else None
        else:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
    return value


def is_object(text: bytes | str) -> bool:
    """Whether it is a JSON object, as the detail of an event has to be."""
    try:
        return isinstance(read_event(text), dict)
    except ValueError:
        return False


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
