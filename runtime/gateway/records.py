"""What is kept of APIs, as documents of the broker."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

import msgspec

from runtime.model.apigateway.values import Account, ApiKey, Content, Deployment, Stage, UsagePlan
from streamcore.broker import Broker
from streamcore.model.stream import Scope


class Record(msgspec.Struct, frozen=True, kw_only=True):
    account: str
    region: str

    @property
    def scope(self) -> Scope:
        return Scope(self.account, self.region)


class ApiRecord(Record, frozen=True, kw_only=True):
    content: Content

    @property
    def id(self) -> str:
        return self.content.api.id


class DeploymentRecord(Record, frozen=True, kw_only=True):
    """`content` is the API as it was when it was deployed."""

    api_id: str
    deployment: Deployment
    content: Content


class StageRecord(Record, frozen=True, kw_only=True):
    api_id: str
    stage: Stage


class KeyRecord(Record, frozen=True, kw_only=True):
    key: ApiKey


class PlanRecord(Record, frozen=True, kw_only=True):
    """`keys` are the ids of its API keys."""

    plan: UsagePlan
    keys: list[str]


class UsageRecord(Record, frozen=True, kw_only=True):
    """Requests by ISO day of one key in one plan; `extra` are those that UpdateUsage granted, by the day."""

    plan_id: str
    key_id: str
    days: dict[str, int]
    extra: dict[str, int]


class AccountRecord(Record, frozen=True, kw_only=True):
    settings: Account


R = TypeVar("R", bound=Record)
K = TypeVar("K", bound=tuple[str, ...])
_ENCODER: Final = msgspec.json.Encoder()


class Shelf(Generic[R]):
    """The documents of one kind, in memory as they are kept. A key has no `/` in its parts."""

    def __init__(self, broker: Broker, kind: str, record: type[R]) -> None:
        self._broker = broker
        self._kind = kind
        self._decoder = msgspec.json.Decoder(record)
        self.held: dict[tuple[str, ...], R] = {}

    async def start(self) -> None:
        for key, text in (await self._broker.documents(self._kind)).items():
            self.held[tuple(key.split("/"))] = self._decoder.decode(text)

    def of(self, scope: Scope) -> dict[tuple[str, ...], R]:
        """Those of an account in a region."""
        return {key: each for key, each in self.held.items() if each.scope == scope}

    def document(self, key: tuple[str, ...], record: R | None) -> tuple[str, str, bytes | None]:
        """For a commit together with others; `hold` comes after it."""
        return self._kind, "/".join(key), None if record is None else _ENCODER.encode(record)

    def hold(self, key: tuple[str, ...], record: R | None) -> None:
        if record is None:
            self.held.pop(key, None)
        else:
            self.held[key] = record

    async def put(self, key: tuple[str, ...], record: R | None) -> None:
        """Keeps it, or with None forgets it. Raises StorageUnavailable."""
        await self._broker.save_document(*self.document(key, record))
        self.hold(key, record)
