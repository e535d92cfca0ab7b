"""The schedules of EventBridge Scheduler, of all accounts: kept in groups, fired at their times into the outbox."""

from __future__ import annotations

import asyncio
import logging
import random
import uuid
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from runtime.destinations.router import ROLE
from runtime.errors import ScheduleConflictError, ScheduleNotFoundError, ScheduleQuotaError, SchedulerError
from runtime.events.alarms import Alarms
from runtime.events.bus import AGAIN_MS, MISSED_MAX, Missed
from runtime.events.outbox import Delivery, Outbox
from runtime.model.schedule import MINUTE_MS
from runtime.model.scheduler import (
    DEFAULT_GROUP,
    GROUPS_MAX,
    SCHEDULES_MAX,
    Schedule,
    ScheduleGroup,
    check_schedule,
    input_of,
    next_ms,
)
from streamcore.broker import Broker
from streamcore.errors import StreamcoreError
from streamcore.model.stream import Scope

log = logging.getLogger(__name__)

_KIND: Final = "schedule"
_GROUP_KIND: Final = "schedule-group"
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Schedule)
_GROUP_DECODER: Final = msgspec.json.Decoder(ScheduleGroup)
#: Times that are counted after a long while without the broker.
_COUNT_MAX: Final = 100_000

GroupKey = tuple[str, str, str]
#: Account, region, group, name.
Key = tuple[str, str, str, str]


class Schedules:
    """`least_interval_ms` is the shortest that a schedule may be; `chance` is in [0, 1), for flexible windows."""

    def __init__(
        self,
        broker: Broker,
        outbox: Outbox,
        *,
        least_interval_ms: int = MINUTE_MS,
        missed: Missed = Missed.ONCE,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._broker = broker
        self._clock = broker.clock
        self._outbox = outbox
        self._least_interval_ms = least_interval_ms
        self._missed = missed
        self._chance = chance
        self._groups: dict[GroupKey, ScheduleGroup] = {}
        self._schedules: dict[Key, Schedule] = {}
        self._alarms: Alarms[Key] = Alarms(broker.clock, self._ring)
        #: Held while something is read to be changed, and while something fires, so that nothing is lost.
        self.changing = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<Schedules {len(self._schedules)} in {len(self._groups)} groups>"

    async def start(self) -> None:
        """Reads what is kept, and fires what was missed."""
        for text in (await self._broker.documents(_GROUP_KIND)).values():
            group = _GROUP_DECODER.decode(text)
            self._groups[_group_key(group)] = group
        for text in (await self._broker.documents(_KIND)).values():
            schedule = _DECODER.decode(text)
            self._hold(schedule, is_armed=False)
            await self._catch_up(schedule)

    def close(self) -> None:
        self._alarms.close()

    # ------------------------------------------------------------ groups

    def groups(self, scope: Scope) -> list[ScheduleGroup]:
        """All of an account and region, the default one among them."""
        mine = [group for key, group in self._groups.items() if key[:2] == (scope.account, scope.region)]
        return mine if any(group.name == DEFAULT_GROUP for group in mine) else [*mine, _default(scope)]

    def group(self, scope: Scope, name: str) -> ScheduleGroup:
        """Raises ScheduleNotFoundError."""
        found = self._groups.get((scope.account, scope.region, name))
        if found is not None:
            return found
        if name == DEFAULT_GROUP:
            return _default(scope)
        raise ScheduleNotFoundError(f"Schedule group {name} does not exist.")

    async def create_group(self, group: ScheduleGroup) -> ScheduleGroup:
        """Raises ScheduleConflictError, unless it was made by this very request; ScheduleQuotaError."""
        scope = Scope(group.account, group.region)
        before = self._groups.get(_group_key(group))
        if before is not None and group.token and before.token == group.token:
            return before
        if before is not None or group.name == DEFAULT_GROUP:
            raise ScheduleConflictError(f"Schedule group {group.name} already exists.")
        if len(self.groups(scope)) >= GROUPS_MAX:
            raise ScheduleQuotaError("The maximum number of schedule groups has been reached.")
        await self.put_group(group)
        return group

    async def put_group(self, group: ScheduleGroup) -> None:
        """Keeps a group that is new, or has other tags."""
        await self._broker.save_document(_GROUP_KIND, "/".join(_group_key(group)), _ENCODER.encode(group))
        self._groups[_group_key(group)] = group

    async def delete_group(self, group: ScheduleGroup) -> None:
        """With all its schedules, at once. Raises SchedulerError for the default one."""
        if group.name == DEFAULT_GROUP:
            raise SchedulerError("The default schedule group can not be deleted.")
        key = _group_key(group)
        members = [each for each in self._schedules if each[:3] == key]
        await self._broker.save_documents(
            [*((_KIND, "/".join(each), None) for each in members), (_GROUP_KIND, "/".join(key), None)]
        )
        self._groups.pop(key, None)
        for each in members:
            self._drop(each)

    # ------------------------------------------------------------ schedules

    def schedules(self, scope: Scope) -> list[Schedule]:
        return [each for key, each in self._schedules.items() if key[:2] == (scope.account, scope.region)]

    def schedule(self, scope: Scope, group: str, name: str) -> Schedule:
        """Raises ScheduleNotFoundError."""
        self.group(scope, group)
        found = self._schedules.get((scope.account, scope.region, group, name))
        if found is None:
            raise ScheduleNotFoundError(f"Schedule {name} does not exist.")
        return found

    async def create(self, schedule: Schedule) -> Schedule:
        """Raises ScheduleConflictError, unless it was made by this very request; SchedulerError."""
        check_schedule(schedule, self._least_interval_ms)
        scope = Scope(schedule.account, schedule.region)
        self.group(scope, schedule.group)
        before = self._schedules.get(_key(schedule))
        if before is not None and schedule.token and before.token == schedule.token:
            return before
        if before is not None:
            raise ScheduleConflictError(f"Schedule {schedule.name} already exists.")
        if len(self._schedules) >= SCHEDULES_MAX:
            raise ScheduleQuotaError("The maximum number of schedules has been reached.")
        now_ms = self._clock.now_ms()
        made = msgspec.structs.replace(
            schedule, created_ms=now_ms, modified_ms=now_ms, origin_ms=now_ms, fired_ms=now_ms - 1
        )
        await self._save(made)
        return made

    async def update(self, schedule: Schedule) -> Schedule:
        """Replaces all of it; what was due before is past. Raises ScheduleNotFoundError, SchedulerError."""
        before = self.schedule(Scope(schedule.account, schedule.region), schedule.group, schedule.name)
        check_schedule(schedule, self._least_interval_ms)
        now_ms = self._clock.now_ms()
        is_same = before.expression == schedule.expression
        made = msgspec.structs.replace(
            schedule,
            token=before.token,
            created_ms=before.created_ms,
            modified_ms=now_ms,
            origin_ms=before.origin_ms if is_same else now_ms,
            fired_ms=now_ms,
        )
        await self._save(made)
        return made

    async def delete(self, schedule: Schedule) -> None:
        """What is under way arrives."""
        await self._broker.save_document(_KIND, "/".join(_key(schedule)), None)
        self._drop(_key(schedule))

    # ------------------------------------------------------------ firing

    async def _catch_up(self, schedule: Schedule) -> None:
        """What was missed fires by the policy; the next time is one to come."""
        now_ms, ahead = self._clock.now_ms(), schedule
        missed: list[int] = []
        while schedule.is_enabled and len(missed) < _COUNT_MAX:
            at_ms = next_ms(ahead)
            if at_ms is None or at_ms > now_ms:
                break
            missed.append(at_ms)
            ahead = msgspec.structs.replace(schedule, fired_ms=at_ms)
        if not missed:
            self._hold(schedule)
            return
        kept = {Missed.ONCE: missed[-1:], Missed.ALL: missed[-MISSED_MAX:], Missed.SKIP: []}[self._missed]
        await self._fire(schedule, kept, now_ms)

    def _ring(self, key: Key, _at_ms: int) -> None:
        self._broker.spawn(self._fire_now(key))

    async def _fire_now(self, key: Key) -> None:
        try:
            async with self.changing:
                schedule = self._schedules.get(key)  # as it is now: it may have been changed or deleted meanwhile
                at_ms = None if schedule is None or not schedule.is_enabled else next_ms(schedule)
                if schedule is not None and at_ms is not None and at_ms <= self._clock.now_ms():
                    await self._fire(schedule, [at_ms], at_ms)
        except StreamcoreError as error:
            log.warning("a schedule fires later, since nothing can be kept now: %s", error)
            self._alarms.set(key, self._clock.now_ms() + AGAIN_MS)

    async def _fire(self, schedule: Schedule, times: Sequence[int], fired_ms: int) -> None:
        """The deliveries and the memory of having fired, or the end of the schedule, are one commit."""
        fired = msgspec.structs.replace(schedule, fired_ms=fired_ms)
        is_over = schedule.is_deleted_after and next_ms(fired) is None
        document = None if is_over else _ENCODER.encode(fired)
        deliveries = [self._delivery(schedule, at_ms) for at_ms in times]
        await self._outbox.put(deliveries, (_KIND, "/".join(_key(schedule)), document))
        if is_over:
            self._drop(_key(schedule))
        else:
            self._hold(fired)

    def _delivery(self, schedule: Schedule, at_ms: int) -> Delivery:
        """Due at any time within the window."""
        target, execution = schedule.target, str(uuid.uuid4())
        due_ms = max(at_ms + int(self._chance() * schedule.window_minutes * MINUTE_MS), self._clock.now_ms())
        attributes = {
            "PartitionKey": target.partition_key or execution,
            "MessageGroupId": target.group_id,
            "Source": target.source,
            "DetailType": target.detail_type,
            "SCHEDULE_ARN": schedule.arn,
            ROLE: target.role,
        }
        return Delivery(
            id=str(uuid.uuid4()),
            target=target.arn,
            body=input_of(schedule, at_ms, execution),
            attributes={name: value for name, value in attributes.items() if value},
            made_ms=due_ms,
            due_ms=due_ms,
            retries=target.retries,
            age_s=target.age_s,
            dead_letter=target.dead_letter,
        )

    # ------------------------------------------------------------

    async def _save(self, schedule: Schedule) -> None:
        await self._broker.save_document(_KIND, "/".join(_key(schedule)), _ENCODER.encode(schedule))
        self._hold(schedule)

    def _hold(self, schedule: Schedule, *, is_armed: bool = True) -> None:
        self._schedules[_key(schedule)] = schedule
        if is_armed:
            self._alarms.set(_key(schedule), next_ms(schedule) if schedule.is_enabled else None)

    def _drop(self, key: Key) -> None:
        self._schedules.pop(key, None)
        self._alarms.set(key, None)


def _default(scope: Scope) -> ScheduleGroup:
    return ScheduleGroup(name=DEFAULT_GROUP, account=scope.account, region=scope.region)


def _group_key(group: ScheduleGroup) -> GroupKey:
    return group.account, group.region, group.name


def _key(schedule: Schedule) -> Key:
    return schedule.account, schedule.region, schedule.group, schedule.name
