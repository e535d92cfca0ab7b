"""The rules of all accounts on the default bus: kept, matched against events, fired by their schedules."""

from __future__ import annotations

import asyncio
import heapq
import logging
import uuid
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from runtime.destinations.router import ROLE
from runtime.errors import EventRuleNotFoundError, InvalidEventRuleError
from runtime.events.outbox import Delivery, Outbox
from runtime.model.event_rule import (
    RULES_MAX,
    TARGETS_MAX,
    Event,
    Rule,
    Target,
    body_for,
    check_rule,
    check_target,
    partition_key,
    scheduled_event,
)
from runtime.model.patterns import Pattern, read_event
from runtime.model.schedule import MINUTE_MS, parse
from streamcore.broker import Broker
from streamcore.clock import Timer
from streamcore.errors import StreamcoreError
from streamcore.model.stream import Scope

log = logging.getLogger(__name__)

_KIND: Final = "event-rule"
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Rule)
RuleKey = tuple[str, str, str]


class Missed(StrEnum):
    """What becomes of the times of a schedule at which the broker was not there. `once`: the last of them fires at the
    start; `all`: each does (at most a hundred); `skip`: none."""

    ONCE = "once"
    ALL = "all"
    SKIP = "skip"


MISSED_MAX: Final = 100
#: When a schedule is tried again whose firing could not be kept, as with a full disk.
AGAIN_MS: Final = 10_000


class EventBus:
    """Rules and what comes of them. `least_interval_ms` is the shortest that a schedule may be."""

    def __init__(
        self,
        broker: Broker,
        outbox: Outbox,
        *,
        least_interval_ms: int = MINUTE_MS,
        missed: Missed = Missed.ONCE,
    ) -> None:
        self._broker = broker
        self._clock = broker.clock
        self._outbox = outbox
        self._least_interval_ms = least_interval_ms
        self._missed = missed
        self._rules: dict[RuleKey, Rule] = {}
        self._patterns: dict[RuleKey, Pattern] = {}
        self._due: list[tuple[int, RuleKey]] = []
        self._timer: Timer | None = None
        self._firing: set[RuleKey] = set()
        self._closed = False
        #: Held by whoever reads a rule to change it, so that no change is lost.
        self.changing = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<EventBus {len(self._rules)} rules>"

    async def start(self) -> None:
        """Reads the rules, and fires what was missed."""
        for text in (await self._broker.documents(_KIND)).values():
            rule = _DECODER.decode(text)
            self._hold(rule)
            await self._catch_up(rule)
        self._arm()

    def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    # ------------------------------------------------------------ rules

    def rules(self, scope: Scope) -> list[Rule]:
        """In the order of their names."""
        mine = [rule for key, rule in self._rules.items() if key[:2] == (scope.account, scope.region)]
        return sorted(mine, key=lambda rule: rule.name)

    def rule(self, scope: Scope, name: str) -> Rule:
        """Raises EventRuleNotFoundError."""
        found = self._rules.get((scope.account, scope.region, name))
        if found is None:
            raise EventRuleNotFoundError(f"Rule {name} does not exist on EventBus default.")
        return found

    async def put_rule(self, rule: Rule) -> Rule:
        """Makes or changes a rule; targets and tags stay. Raises InvalidEventRuleError, InvalidScheduleError,
        InvalidPatternError."""
        check_rule(rule, self._least_interval_ms)
        before = self._rules.get(_key(rule))
        now_ms = self._clock.now_ms()
        if before is None:
            if len(self.rules(Scope(rule.account, rule.region))) >= RULES_MAX:
                raise _too_many()
            made = msgspec.structs.replace(rule, created_ms=now_ms, fired_ms=now_ms)
        else:
            changed = before.schedule != rule.schedule or (rule.is_enabled and not before.is_enabled)
            made = msgspec.structs.replace(
                rule, targets=before.targets, tags=before.tags, created_ms=before.created_ms,
                fired_ms=now_ms if changed else before.fired_ms,
            )  # fmt: skip
        await self._save(made)
        return made

    async def change(self, rule: Rule) -> None:
        """Keeps a rule that was changed in tags, state or targets."""
        resumed = rule.is_enabled and not self._rules[_key(rule)].is_enabled
        if resumed:  # what was due while it was disabled is past
            rule = msgspec.structs.replace(rule, fired_ms=self._clock.now_ms())
        await self._save(rule)

    async def put_targets(self, rule: Rule, targets: Iterable[Target]) -> None:
        """Raises InvalidEventRuleError."""
        together = dict(rule.targets)
        for target in targets:
            check_target(target)
            together[target.id] = target
        if len(together) > TARGETS_MAX:
            raise _too_many()
        await self._save(msgspec.structs.replace(rule, targets=together))

    async def remove_targets(self, rule: Rule, ids: Iterable[str]) -> None:
        """Those that there are."""
        gone = set(ids)
        left = {id_: target for id_, target in rule.targets.items() if id_ not in gone}
        await self._save(msgspec.structs.replace(rule, targets=left))

    async def delete_rule(self, rule: Rule) -> None:
        """Raises InvalidEventRuleError while it has targets."""
        if rule.targets:
            raise InvalidEventRuleError("Rule can't be deleted since it has targets.")
        await self._broker.save_document(_KIND, _document(rule), None)
        self._rules.pop(_key(rule), None)
        self._patterns.pop(_key(rule), None)

    # ------------------------------------------------------------ events

    async def put_events(self, events: Sequence[Event]) -> None:
        """Returns when they are durable on their way to all targets that want them."""
        deliveries = [each for event in events for each in self._matched(event)]
        if deliveries:
            await self._outbox.put(deliveries)

    def _matched(self, event: Event) -> Iterable[Delivery]:
        body = msgspec.json.encode(event)
        seen = read_event(body)
        for key, pattern in self._patterns.items():
            rule = self._rules[key]
            if key[:2] == (event.account, event.region) and rule.is_enabled and pattern.matches(seen):
                yield from self._deliveries(rule, body, event.id)

    def _deliveries(self, rule: Rule, event: bytes, event_id: str) -> Iterable[Delivery]:
        now_ms = self._clock.now_ms()
        for target in rule.targets.values():
            attributes = {"PartitionKey": partition_key(target, event, event_id), "RULE_ARN": rule.arn}
            if target.group_id:
                attributes["MessageGroupId"] = target.group_id
            if target.role:
                attributes[ROLE] = target.role
            yield Delivery(
                id=str(uuid.uuid4()),
                target=target.arn,
                body=body_for(target, event, rule, now_ms),
                attributes=attributes,
                made_ms=now_ms,
                due_ms=now_ms,
                retries=target.retries,
                age_s=target.age_s,
                dead_letter=target.dead_letter,
            )

    # ------------------------------------------------------------ schedules

    async def _catch_up(self, rule: Rule) -> None:
        """What was missed fires by the policy; the next time is one to come."""
        if not rule.schedule or not rule.is_enabled:
            return
        now_ms, schedule = self._clock.now_ms(), parse(rule.schedule)
        missed: list[int] = []
        at_ms = schedule.next_ms(rule.fired_ms, rule.created_ms)
        while at_ms is not None and at_ms <= now_ms and len(missed) < 100_000:
            missed.append(at_ms)
            at_ms = schedule.next_ms(at_ms, rule.created_ms)
        if not missed or self._missed is Missed.SKIP:
            await self._fire(rule, [], now_ms)
        else:
            await self._fire(rule, missed[-1:] if self._missed is Missed.ONCE else missed[-MISSED_MAX:], now_ms)

    async def _fire(self, rule: Rule, times: Sequence[int], fired_ms: int) -> None:
        """The deliveries and the memory of having fired are one commit."""
        fired = msgspec.structs.replace(rule, fired_ms=fired_ms)
        deliveries = [
            each
            for at_ms in times
            for event_id in (str(uuid.uuid4()),)
            for each in self._deliveries(rule, scheduled_event(rule, event_id, at_ms), event_id)
        ]
        await self._outbox.put(deliveries, (_KIND, _document(fired), _ENCODER.encode(fired)))
        self._hold(fired)

    def _wake(self) -> None:
        self._timer = None
        now_ms = self._clock.now_ms()
        while self._due and self._due[0][0] <= now_ms:
            _, key = heapq.heappop(self._due)
            rule = self._rules.get(key)
            if rule is not None and rule.is_enabled and key not in self._firing:
                self._firing.add(key)
                self._broker.spawn(self._fire_now(key))
        self._arm()

    async def _fire_now(self, key: RuleKey) -> None:
        try:
            async with self.changing:
                rule = self._rules.get(key)  # as it is now: it may have been changed or deleted meanwhile
                at_ms = None if rule is None or not rule.is_enabled else _next_ms(rule)
                if rule is not None and at_ms is not None and at_ms <= self._clock.now_ms():
                    await self._fire(rule, [at_ms], at_ms)
        except StreamcoreError as error:
            log.warning("a schedule fires later, since nothing can be kept now: %s", error)
            heapq.heappush(self._due, (self._clock.now_ms() + AGAIN_MS, key))
        finally:
            self._firing.discard(key)
            self._arm()

    def _arm(self) -> None:
        """One timer, for the earliest."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._due and not self._closed:
            wait_ms = max(0, self._due[0][0] - self._clock.now_ms())
            self._timer = self._clock.call_later(wait_ms / 1000, self._wake)

    # ------------------------------------------------------------

    async def _save(self, rule: Rule) -> None:
        await self._broker.save_document(_KIND, _document(rule), _ENCODER.encode(rule))
        self._hold(rule)
        self._arm()

    def _hold(self, rule: Rule) -> None:
        key = _key(rule)
        self._rules[key] = rule
        self._patterns.pop(key, None)
        if rule.pattern:
            self._patterns[key] = Pattern(rule.pattern)
        self._due = [each for each in self._due if each[1] != key]
        heapq.heapify(self._due)
        next_ms = _next_ms(rule)
        if next_ms is not None and rule.is_enabled:
            heapq.heappush(self._due, (next_ms, key))


def _too_many() -> InvalidEventRuleError:
    return InvalidEventRuleError("The requested resource exceeds the maximum number allowed.", "LimitExceededException")


def _next_ms(rule: Rule) -> int | None:
    return parse(rule.schedule).next_ms(rule.fired_ms, rule.created_ms) if rule.schedule else None


def _key(rule: Rule) -> RuleKey:
    return rule.account, rule.region, rule.name


def _document(rule: Rule) -> str:
    return "/".join(_key(rule))
