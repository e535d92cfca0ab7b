"""Rules on the default bus: patterns, schedules, forms of the event, deliveries; on a clock that is moved by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from runtime.errors import DestinationError, EventRuleNotFoundError, InvalidEventRuleError, InvalidScheduleError
from runtime.events.bus import EventBus, Missed
from runtime.events.outbox import Outbox
from runtime.model.event_rule import Event, Rule, Target, body_for, check_target
from streamcore.broker import start_broker
from streamcore.clock import ManualClock
from streamcore.config import settings
from streamcore.errors import StorageFull
from streamcore.model.stream import Scope
from streamcore.store.memory import MemoryStore

SCOPE = Scope("000000000000", "us-east-1")
TARGET = "arn:aws:lambda:us-east-1:000000000000:function:f"
NOW_MS = 1_700_000_040_000  # a whole minute


def rule(name: str = "r", **fields: Any) -> Rule:
    return Rule(name=name, account=SCOPE.account, region=SCOPE.region, **fields)


def event(detail: Any, source: str = "my.app") -> Event:
    return Event(
        id="e-1", detail_type="T", source=source, account=SCOPE.account, time="2023-11-14T22:14:00Z",
        region=SCOPE.region, resources=[], detail=msgspec.Raw(json.dumps(detail).encode()),
    )  # fmt: skip


class Rig:
    def __init__(self) -> None:
        self.clock = ManualClock(NOW_MS)
        self.store = MemoryStore()
        self.sent: list[tuple[str, Any, dict[str, str]]] = []
        self.failures: list[DestinationError] = []

    @asynccontextmanager
    async def open(self, **options: Any) -> AsyncIterator[EventBus]:
        self.broker = await start_broker(settings(transition_ms=0), data=None, clock=self.clock, store=self.store)
        self.outbox = Outbox(self.broker, self.send, jitter=lambda: 0.0)
        bus = EventBus(self.broker, self.outbox, **options)
        await self.outbox.start()
        await bus.start()
        yield bus
        bus.close()
        await self.outbox.close()

    async def send(self, target: str, body: bytes, attributes: dict[str, str]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((target, json.loads(body), attributes))

    async def settle(self) -> None:
        for _ in range(50):
            await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        await self.settle()
        self.clock.advance(seconds)
        await self.settle()


@pytest.fixture
def rig() -> Rig:
    return Rig()


async def made(bus: EventBus, target: Target | None = None, **fields: Any) -> Rule:
    made = await bus.put_rule(rule(**fields))
    await bus.put_targets(made, [target or Target(id="t", arn=TARGET)])
    return made


class TestPatterns:
    async def test_events_that_match_are_delivered(self, rig: Rig) -> None:
        async with rig.open() as bus:
            await made(bus, pattern='{"source": ["my.app"], "detail": {"n": [{"numeric": [">", 1]}]}}')
            await bus.put_events([event({"n": 2}), event({"n": 1}), event({"n": 3}, source="other")])
            await rig.settle()
        ((target, body, attributes),) = rig.sent
        assert (target, body["detail"], body["detail-type"]) == (TARGET, {"n": 2}, "T")
        assert attributes["PartitionKey"] == "e-1"
        assert attributes["RULE_ARN"] == "arn:aws:events:us-east-1:000000000000:rule/r"

    async def test_a_disabled_rule_is_deaf(self, rig: Rig) -> None:
        async with rig.open() as bus:
            await made(bus, pattern='{"source": ["my.app"]}', is_enabled=False)
            await bus.put_events([event({})])
            await rig.settle()
        assert rig.sent == []

    async def test_rules_and_deliveries_survive(self, rig: Rig) -> None:
        rig.failures = [DestinationError(TARGET, "busy", is_passing=True)]
        async with rig.open() as bus:
            await made(bus, pattern='{"source": ["my.app"]}')
            await bus.put_events([event({})])
            await rig.settle()
        async with rig.open() as bus:
            assert [each.name for each in bus.rules(SCOPE)] == ["r"]
            await rig.advance(1)
            assert len(rig.sent) == 1
            assert await rig.broker.documents("delivery") == {}

    async def test_given_up_into_the_dead_letter_queue(self, rig: Rig) -> None:
        rig.failures = [DestinationError(TARGET, "busy", is_passing=True)] * 3
        target = Target(id="t", arn=TARGET, retries=2, dead_letter="arn:aws:sqs:us-east-1:000000000000:dead")
        async with rig.open() as bus:
            await made(bus, target, pattern='{"source": ["my.app"]}')
            await bus.put_events([event({})])
            for _ in range(4):
                await rig.advance(10)
        ((where, _, attributes),) = rig.sent
        assert where.endswith(":dead")
        assert (attributes["RETRY_ATTEMPTS"], attributes["TARGET_ARN"]) == ("2", TARGET)


class TestSchedules:
    async def test_rate(self, rig: Rig) -> None:
        async with rig.open() as bus:
            await made(bus, schedule="rate(5 minutes)")
            await rig.advance(299)
            assert rig.sent == []
            await rig.advance(1)
            await rig.advance(300)
        assert [body["time"] for _, body, _ in rig.sent] == ["2023-11-14T22:19:00Z", "2023-11-14T22:24:00Z"]
        body = rig.sent[0][1]
        assert {key: body[key] for key in ("version", "detail-type", "source", "detail", "resources")} == {
            "version": "0",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "detail": {},
            "resources": ["arn:aws:events:us-east-1:000000000000:rule/r"],
        }

    async def test_cron(self, rig: Rig) -> None:
        async with rig.open() as bus:
            await made(bus, schedule="cron(0 23 * * ? *)")
            await rig.advance(3600)
        assert [body["time"] for _, body, _ in rig.sent] == ["2023-11-14T23:00:00Z"]

    async def test_many_rules_one_timer(self, rig: Rig) -> None:
        async with rig.open() as bus:
            for number in range(5):
                await made(bus, name=f"r{number}", schedule=f"rate({number + 2} minutes)")
            for _ in range(6):
                await rig.advance(60)
            assert sum(timer.callback is not None for _, _, timer in rig.clock._timers) <= 3  # one is the trimmer's
        assert len(rig.sent) == 3 + 2 + 1 + 1 + 1

    @pytest.mark.parametrize(("missed", "times"), [(Missed.ONCE, 1), (Missed.ALL, 6), (Missed.SKIP, 0)])
    async def test_what_was_missed(self, rig: Rig, missed: Missed, times: int) -> None:
        async with rig.open() as bus:
            await made(bus, schedule="rate(10 minutes)")
        rig.clock.advance(minutes=65)
        async with rig.open(missed=missed):
            await rig.settle()
            assert len(rig.sent) == times
            await rig.advance(300)
            assert len(rig.sent) == times + 1  # the next one is at its own time
        if missed is Missed.ONCE:
            assert rig.sent[0][1]["time"] == "2023-11-14T23:14:00Z"

    async def test_disabled_and_enabled_again(self, rig: Rig) -> None:
        async with rig.open() as bus:
            await made(bus, schedule="rate(5 minutes)")
            await bus.change(msgspec.structs.replace(bus.rule(SCOPE, "r"), is_enabled=False))
            await rig.advance(600)
            assert rig.sent == []
            await bus.change(msgspec.structs.replace(bus.rule(SCOPE, "r"), is_enabled=True))
            await rig.advance(1)
            assert rig.sent == []
            await rig.advance(299)
            assert len(rig.sent) == 1

    async def test_the_least_interval(self, rig: Rig) -> None:
        async with rig.open(least_interval_ms=300_000) as bus:
            await bus.put_rule(rule(schedule="rate(5 minutes)"))
            for text in ("rate(4 minutes)", "cron(0/1 * * * ? *)"):
                with pytest.raises(InvalidEventRuleError, match="5 minutes"):
                    await bus.put_rule(rule(schedule=text))


@pytest.mark.parametrize(("fields", "error"), [
    ({}, InvalidEventRuleError),
    ({"schedule": "rate(1 minutes)"}, InvalidScheduleError),
    ({"schedule": "at(2030-01-01T00:00:00)"}, InvalidEventRuleError),
    ({"schedule": "rate(5 minutes)", "bus": "mine"}, InvalidEventRuleError),
    ({"pattern": "nonsense"}, ValueError),
])  # fmt: skip
async def test_rules_that_are_refused(rig: Rig, fields: dict[str, Any], error: type[Exception]) -> None:
    async with rig.open() as bus:
        with pytest.raises(error):
            await bus.put_rule(rule(**fields))
        with pytest.raises(EventRuleNotFoundError, match="Rule r does not exist"):
            bus.rule(SCOPE, "r")


async def test_targets_are_at_most_five_and_keep_a_rule_alive(rig: Rig) -> None:
    async with rig.open() as bus:
        made = await bus.put_rule(rule(schedule="rate(5 minutes)"))
        await bus.put_targets(made, [Target(id=str(number), arn=TARGET) for number in range(5)])
        with pytest.raises(InvalidEventRuleError):
            await bus.put_targets(bus.rule(SCOPE, "r"), [Target(id="6", arn=TARGET)])
        with pytest.raises(InvalidEventRuleError, match="since it has targets"):
            await bus.delete_rule(bus.rule(SCOPE, "r"))


WHOLE = b'{"source":"s","detail":{"state":"on","n":5,"list":[{"a":1}],"who":"Ann \\"A\\""}}'


@pytest.mark.parametrize(("target", "expected"), [
    ({}, json.loads(WHOLE)),
    ({"input": '{"fixed": 1}'}, {"fixed": 1}),
    ({"input_path": "$.detail.list[0]"}, {"a": 1}),
    ({"input_path": "$.nothing"}, None),
    ({"template": "[<s>, <aws.events.rule-name>]", "paths": {"s": "$.detail.state"}}, ["on", "r"]),
    ({"template": '"<who> is <s>"', "paths": {"who": "$.detail.who", "s": "$.detail.state"}}, 'Ann "A" is on'),
    ({"template": '{"all": <aws.events.event>}'}, {"all": json.loads(WHOLE)}),
])  # fmt: skip
def test_forms(target: dict[str, Any], expected: Any) -> None:
    made = Target(id="t", arn=TARGET, **target)
    check_target(made)
    assert json.loads(body_for(made, WHOLE, rule(), NOW_MS)) == expected


@pytest.mark.parametrize("target", [
    {"input": "no json"}, {"input": "1", "input_path": "$.a"}, {"input_path": "detail"}, {"template": "<unknown>"},
    {"template": "<a>", "paths": {"a": "no path"}},
])  # fmt: skip
def test_targets_that_are_refused(target: dict[str, Any]) -> None:
    with pytest.raises(InvalidEventRuleError):
        check_target(Target(id="t", arn=TARGET, **target))


async def test_what_changes_while_a_schedule_fires_stays(rig: Rig) -> None:
    """The firing writes the rule, too: it must not write one without the target that was added meanwhile."""
    async with rig.open() as bus:
        await made(bus, schedule="rate(5 minutes)")
        rig.clock.advance(300)
        async with bus.changing:
            await bus.put_targets(bus.rule(SCOPE, "r"), [Target(id="second", arn=TARGET)])
        await rig.settle()
        assert set(bus.rule(SCOPE, "r").targets) == {"t", "second"}
        assert len(rig.sent) == 2
        await rig.advance(300)
        assert len(rig.sent) == 4


async def test_a_firing_that_cannot_be_kept_comes_later(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: Any) -> None:
        raise StorageFull(path="/volume")

    async with rig.open() as bus:
        await made(bus, schedule="rate(5 minutes)")
        with monkeypatch.context() as patched:
            patched.setattr(rig.outbox, "put", full)
            await rig.advance(300)
        assert rig.sent == []
        await rig.advance(10)
        assert [body["time"] for _, body, _ in rig.sent] == ["2023-11-14T22:19:00Z"]
        await rig.advance(290)
        assert len(rig.sent) == 2
