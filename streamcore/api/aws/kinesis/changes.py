"""How actions change a stream: by a rule of the model. The answer comes when the change is durable; a stream that is
UPDATING then becomes ACTIVE by itself."""

from __future__ import annotations

from typing import Final

from streamcore.api.aws.kinesis.shapes import Addressed, stream_of
from streamcore.api.aws.service import Call
from streamcore.broker import Changed, Rule
from streamcore.errors import InvalidArgument, LimitExceeded, ResourceNotFound
from streamcore.model.account import ON_DEMAND_STREAMS_MAX
from streamcore.model.stream import Scope, StreamMode, parse_shard_id

_NO_COMMITMENT: Final = (
    "WarmThroughputMiBps requires MinimumThroughputBillingCommitment, which is not enabled for the account."
)


async def change(call: Call, input_: Addressed, rule: Rule) -> Changed:
    """Changes the stream that an input is about, within the account's quota of shards."""
    name, scope = stream_of(call, input_)
    quota = call.broker.settings.shard_quota
    return await call.broker.change_stream(name, rule, scope=scope, shard_quota=quota, wait=False)


def shard_number(call: Call, input_: Addressed, text: str) -> int:
    """The number in a shard's id. Raises ResourceNotFound for what is no id, as the service does."""
    number = parse_shard_id(text)
    if number is None or number > 2**31 - 1:
        name, scope = stream_of(call, input_)
        raise ResourceNotFound(f"Could not find shard {text} in stream {name} under account {scope.account}.")
    return number


def check_commitment(call: Call, scope: Scope) -> None:
    """Raises InvalidArgument when the account has not committed itself; then nothing is kept warm."""
    if not call.broker.commitment(scope).is_in_force(call.broker.clock.now_ms()):
        raise InvalidArgument(_NO_COMMITMENT)


def check_on_demand_count(call: Call, scope: Scope) -> None:
    """Raises LimitExceeded when the account has as many on-demand streams as it may (DescribeLimits)."""
    if on_demand_count(call, scope) >= ON_DEMAND_STREAMS_MAX:
        raise LimitExceeded(
            f"Account {scope.account} in {scope.region} has {ON_DEMAND_STREAMS_MAX} on-demand streams already."
        )


def on_demand_count(call: Call, scope: Scope) -> int:
    return sum(stream.mode is StreamMode.ON_DEMAND for stream in call.broker.list_streams(scope))
