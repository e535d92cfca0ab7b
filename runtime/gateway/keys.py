"""API keys and usage plans: who may call, how fast, how often. Counts are kept a minute after they changed at the
latest, and when the gateway closes; nothing runs while nobody calls."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import msgspec

from runtime.errors import ApiConflictError, ApiLimitError, ApiNotFoundError
from runtime.gateway.records import KeyRecord, PlanRecord, Shelf, UsageRecord
from runtime.model.apigateway.gateway_responses import Refused
from runtime.model.apigateway.rates import RateBucket, day_of, kept, period_start, used_since
from runtime.model.apigateway.served import setting_key
from runtime.model.apigateway.values import ApiKey, ApiStage, ThrottleSettings, UsagePlan
from streamcore.broker import Broker
from streamcore.clock import Timer
from streamcore.errors import StreamcoreError
from streamcore.model.stream import Scope

log = logging.getLogger(__name__)

KEYS_MAX: Final = 10_000
PLANS_MAX: Final = 300
#: How long a count may be in memory alone.
SAVE_EVERY_S: Final = 60.0

BucketKey = tuple[str, ...]


class Keys:
    """Of all accounts. Values are unique in an account and region."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._clock = broker.clock
        self._keys = Shelf(broker, "apigateway-key", KeyRecord)
        self._plans = Shelf(broker, "apigateway-plan", PlanRecord)
        self._usage = Shelf(broker, "apigateway-usage", UsageRecord)
        self._by_value: dict[tuple[Scope, str], KeyRecord] = {}
        #: (API id, stage) → the plans that have it.
        self._by_stage: dict[tuple[str, str], list[PlanRecord]] = {}
        self._buckets: dict[BucketKey, RateBucket] = {}
        self._unsaved: set[tuple[str, str]] = set()
        self._timer: Timer | None = None
        self.changing = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<Keys {len(self._keys.held)} in {len(self._plans.held)} plans>"

    async def start(self) -> None:
        for shelf in (self._keys, self._plans, self._usage):
            await shelf.start()
        self._index()

    async def close(self) -> None:
        """Keeps what was counted."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self._save()

    # ------------------------------------------------------------ keys

    def keys(self, scope: Scope) -> list[ApiKey]:
        return [each.key for each in self._keys.of(scope).values()]

    def key(self, scope: Scope, key_id: str) -> ApiKey:
        """Raises ApiNotFoundError."""
        found = self._keys.held.get((key_id,))
        if found is None or found.scope != scope:
            raise ApiNotFoundError("Invalid API Key identifier specified")
        return found.key

    async def save_key(self, scope: Scope, key: ApiKey) -> None:
        """A new or changed one. Raises ApiConflictError (another one has its value), ApiLimitError."""
        other = self._by_value.get((scope, key.value or ""))
        if other is not None and other.key.id != key.id:
            raise ApiConflictError("API Key already exists")
        if (key.id,) not in self._keys.held and len(self._keys.of(scope)) >= KEYS_MAX:
            raise ApiLimitError("Maximum number of API keys has been reached.")
        record = KeyRecord(account=scope.account, region=scope.region, key=key)
        await self._keys.put((key.id,), record)
        self._index()

    async def delete_key(self, key: ApiKey) -> None:
        """Also from its plans, in one commit."""
        plans = [each for each in self._plans.held.values() if key.id in each.keys]
        after = [
            msgspec.structs.replace(each, keys=[known for known in each.keys if known != key.id]) for each in plans
        ]
        documents = [self._plans.document((each.plan.id,), each) for each in after]
        await self._broker.save_documents([self._keys.document((key.id,), None), *documents])
        self._keys.hold((key.id,), None)
        for each in after:
            self._plans.hold((each.plan.id,), each)
        self._index()

    # ------------------------------------------------------------ plans

    def plans(self, scope: Scope) -> list[PlanRecord]:
        return list(self._plans.of(scope).values())

    def plan(self, scope: Scope, plan_id: str) -> PlanRecord:
        """Raises ApiNotFoundError."""
        found = self._plans.held.get((plan_id,))
        if found is None or found.scope != scope:
            raise ApiNotFoundError("Invalid Usage Plan ID specified")
        return found

    async def save_plan(self, record: PlanRecord) -> None:
        """A new or changed one. Raises ApiLimitError."""
        if (record.plan.id,) not in self._plans.held and len(self._plans.of(record.scope)) >= PLANS_MAX:
            raise ApiLimitError("Maximum number of usage plans has been reached.")
        await self._plans.put((record.plan.id,), record)
        self._index()

    async def delete_plan(self, record: PlanRecord) -> None:
        """With what was counted in it."""
        usage = [key for key in self._usage.held if key[0] == record.plan.id]
        documents = [self._usage.document(key, None) for key in usage]
        await self._broker.save_documents([self._plans.document((record.plan.id,), None), *documents])
        self._plans.hold((record.plan.id,), None)
        for key in usage:
            self._usage.hold(key, None)
            self._unsaved.discard((key[0], key[1]))
        self._index()

    # ------------------------------------------------------------ calls

    def admit(self, scope: Scope, value: str | None, api_id: str, stage: str, path: str, method: str) -> ApiKey:
        """The key of a call that may go on; it is counted. Raises Refused."""
        record = self._by_value.get((scope, value or ""))
        if record is None or not record.key.enabled:
            raise _forbidden()
        key = record.key
        plan = next((each for each in self._by_stage.get((api_id, stage), ()) if key.id in each.keys), None)
        if plan is None:
            raise _forbidden()
        self._throttle(plan.plan, key, api_id, stage, setting_key(path, method))
        self._count(plan, key)
        return key

    def usage(self, record: PlanRecord, key_id: str) -> UsageRecord:
        """What one key used of a plan."""
        found = self._usage.held.get((record.plan.id, key_id))
        if found is not None:
            return found
        return UsageRecord(
            account=record.account, region=record.region, plan_id=record.plan.id, key_id=key_id, days={}, extra={}
        )

    async def grant(self, record: PlanRecord, key_id: str, remaining: int) -> UsageRecord:
        """Lets a key have so many requests more today, whatever it used."""
        today = day_of(self._clock.now_ms())
        usage, quota = self.usage(record, key_id), record.plan.quota
        left = 0 if quota is None else self._left(record.plan, usage)
        extra = {str(today): usage.extra.get(str(today), 0) + remaining - left}
        after = msgspec.structs.replace(usage, extra=extra)
        await self._usage.put((record.plan.id, key_id), after)
        return after

    def _throttle(self, plan: UsagePlan, key: ApiKey, api_id: str, stage: str, method: str) -> None:
        place = next((each for each in plan.api_stages if (each.api_id, each.stage) == (api_id, stage)), None)
        limits = {} if place is None else _limits(place)
        own = limits.get(method) or limits.get(method.removeprefix("~1"))
        settings = own or plan.throttle
        if settings is None:
            return
        bucket_key = (plan.id, key.id, *((api_id, stage, method) if own else ()))
        bucket = self._buckets.get(bucket_key)
        if bucket is None:
            bucket = self._buckets[bucket_key] = RateBucket(settings.rate_limit, settings.burst_limit)
        if not bucket.take(self._clock.monotonic()):
            raise Refused("THROTTLED", "Too Many Requests")

    def _count(self, record: PlanRecord, key: ApiKey) -> None:
        plan, today = record.plan, str(day_of(self._clock.now_ms()))
        usage = self.usage(record, key.id)
        if plan.quota is not None and self._left(plan, usage) <= 0:
            raise Refused("QUOTA_EXCEEDED", "Limit Exceeded")
        usage.days[today] = usage.days.get(today, 0) + 1
        self._usage.hold((plan.id, key.id), usage)
        self._unsaved.add((plan.id, key.id))
        if self._timer is None:
            self._timer = self._clock.call_later(SAVE_EVERY_S, self._save_later)

    def _left(self, plan: UsagePlan, usage: UsageRecord) -> int:
        if plan.quota is None:
            return 0
        today = day_of(self._clock.now_ms())
        start = period_start(plan.quota.period, plan.quota.offset, today)
        return plan.quota.limit + used_since(usage.extra, start, today) - used_since(usage.days, start, today)

    # ------------------------------------------------------------

    def _save_later(self) -> None:
        self._timer = None
        self._broker.spawn(self._save())

    async def _save(self) -> None:
        today = day_of(self._clock.now_ms())
        unsaved, self._unsaved = self._unsaved, set()
        documents = []
        for key in unsaved:
            usage = self._usage.held.get(key)
            if usage is not None:
                usage = msgspec.structs.replace(usage, days=kept(usage.days, today))
                self._usage.hold(key, usage)
                documents.append(self._usage.document(key, usage))
        if not documents:
            return
        try:
            await self._broker.save_documents(documents)
        except StreamcoreError as error:
            log.warning("the usage of API keys could not be kept: %s", error)
            self._unsaved |= unsaved

    def _index(self) -> None:
        """Keys and plans are looked up with every call, and changed seldom."""
        self._by_value = {(each.scope, each.key.value or ""): each for each in self._keys.held.values()}
        self._by_stage = {}
        for plan in self._plans.held.values():
            for place in plan.plan.api_stages:
                self._by_stage.setdefault((place.api_id, place.stage), []).append(plan)
        self._buckets.clear()


def _limits(place: ApiStage) -> dict[str, ThrottleSettings]:
    """Of single methods, called as in a stage's settings."""
    return {
        setting_key(f"/{path.lstrip('/')}" if "~1" not in path else path.replace("~1", "/"), method): each
        for name, each in (place.throttle or {}).items()
        for path, _, method in (name.rpartition("/"),)
    }


def _forbidden() -> Refused:
    return Refused("INVALID_API_KEY", "Forbidden")
