"""What is kept of an event source mapping besides its settings: whose it is, its state, when it changed.

States and refusals: Lambda API reference, Create-, Update- and DeleteEventSourceMapping.
"""

from __future__ import annotations

from typing import Final

import msgspec

from runtime.errors import InUseError
from runtime.model.mapping import MappingConfig, State, advance
from runtime.model.names import FunctionKey
from streamcore.model.stream import Scope

NO_RECORDS: Final = "No records processed"
OK: Final = "OK"
CALL_FAILED: Final = "PROBLEM: Function call failed"
FUNCTION_GONE: Final = "PROBLEM: Function does not exist"
ACCESS_DENIED: Final = (
    "PROBLEM: Access denied. Please ensure that the function's execution role can read the event source."
)
STREAM_GONE: Final = "PROBLEM: Stream does not exist"
QUEUE_GONE: Final = "PROBLEM: Queue does not exist"
#: Who moves the state of a mapping: its owner, in the words for a stream and for a queue.
USER_ACTION: Final = "User action"
USER_INITIATED: Final = "USER_INITIATED"

_SETTLED: Final = frozenset({State.ENABLED, State.DISABLED})


class MappingRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A mapping as it is kept. `account` and `region` are the function's and the mapping's own.

    `kms_key_arn` and `metrics` are told and not acted on; times are epoch milliseconds.
    """

    config: MappingConfig
    account: str
    region: str
    created_ms: int
    modified_ms: int
    qualifier: str | None = None
    state: State = State.ENABLED
    tags: dict[str, str] = {}
    kms_key_arn: str = ""
    metrics: tuple[str, ...] | None = None
    last_result: str = NO_RECORDS

    @property
    def uuid(self) -> str:
        return self.config.uuid

    @property
    def function(self) -> FunctionKey:
        return FunctionKey(self.account, self.region, self.config.function_name)

    @property
    def function_arn(self) -> str:
        """With its version or alias, if it has one."""
        return self.function.qualified(self.qualifier)

    @property
    def scope(self) -> Scope:
        return Scope(self.account, self.region)

    @property
    def source_arn(self) -> str:
        """The consumer's for fan-out, else the stream's or the queue's."""
        return self.config.consumer or self.config.stream

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account}:event-source-mapping:{self.uuid}"

    def changed(self, after: MappingRecord, now_ms: int) -> MappingRecord:
        """`after` on its way: Enabling, Disabling or Updating. Raises InUseError while another change is under way."""
        if self.state not in _SETTLED:
            raise InUseError("Cannot update the event source mapping because it is in use.")
        state = State.UPDATING
        if self.config.enabled != after.config.enabled:
            state = State.ENABLING if after.config.enabled else State.DISABLING
        return msgspec.structs.replace(after, state=advance(self.state, state), modified_ms=now_ms)

    def settled(self, now_ms: int) -> MappingRecord:
        """At the end of a change."""
        state = State.ENABLED if self.config.enabled else State.DISABLED
        return msgspec.structs.replace(self, state=advance(self.state, state), modified_ms=now_ms)

    def deleting(self, now_ms: int) -> MappingRecord:
        """Raises InUseError while it is updated, or deleted already."""
        if self.state in (State.UPDATING, State.DELETING):
            raise InUseError("Cannot delete the event source mapping because it is in use.")
        return msgspec.structs.replace(self, state=advance(self.state, State.DELETING), modified_ms=now_ms)

    @property
    def is_changing(self) -> bool:
        return self.state not in _SETTLED
