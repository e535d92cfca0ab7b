"""Layers: immutable, numbered archives that functions find merged below /opt."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from runtime.model.configuration import Code
from runtime.model.names import LayerKey
from runtime.model.policy import Policy


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer's highest number so far: numbers are never used again."""

    last_version: int = 0


class LayerVersion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version; empty `runtimes` or `architectures` say nothing about what it is for."""

    name: str
    account: str
    region: str
    version: int
    code: Code
    created_ms: int
    description: str = ""
    runtimes: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    license_info: str | None = None
    policy: Policy | None = None
    #: Deleted, but functions that had it before keep it.
    is_deleted: bool = False

    @property
    def key(self) -> LayerKey:
        return LayerKey(self.account, self.region, self.name)

    @property
    def arn(self) -> str:
        return self.key.version_arn(self.version)

    def suits(self, runtime: str | None, architecture: str | None) -> bool:
        """Whether a list for this runtime and architecture has it."""
        return _names(self.runtimes, runtime) and _names(self.architectures, architecture)


def _names(told: Collection[str], wanted: str | None) -> bool:
    return wanted is None or wanted in told
