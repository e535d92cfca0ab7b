"""What the actions about asynchronous invocation share."""

from __future__ import annotations

from typing import Annotated, Protocol

import msgspec

from runtime.api.lambda_.roles import check_sends
from runtime.api.lambda_.shapes import DestinationConfig, LambdaShape
from runtime.app import Functions
from runtime.errors import InvalidValueError, NotFoundError
from runtime.model.names import FunctionKey, FunctionRef
from runtime.model.settings import EventInvokeConfig, check_event_invoke
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Timestamp, number

RetryAttempts = Annotated[int, number(0, 2)]
EventAge = Annotated[int, number(60, 21_600)]


class EventInvokeInput(Protocol):
    """The settings as they are given."""

    @property
    def maximum_retry_attempts(self) -> int | None: ...
    @property
    def maximum_event_age_in_seconds(self) -> int | None: ...
    @property
    def destination_config(self) -> DestinationConfig | None: ...


class FunctionEventInvokeConfig(LambdaShape, frozen=True, kw_only=True):
    last_modified: Timestamp
    function_arn: str
    maximum_retry_attempts: int | None = None
    maximum_event_age_in_seconds: int | None = None
    destination_config: DestinationConfig


def invoke_config_shape(key: FunctionKey, qualifier: str, config: EventInvokeConfig) -> FunctionEventInvokeConfig:
    return FunctionEventInvokeConfig(
        last_modified=Timestamp(config.modified_ms),
        function_arn=key.qualified(qualifier),
        maximum_retry_attempts=config.retries,
        maximum_event_age_in_seconds=config.age_s,
        destination_config=msgspec.convert({"OnSuccess": {}, "OnFailure": {}} | config.destinations, DestinationConfig),
    )


def check_destinations(functions: Functions, config: DestinationConfig | None) -> None:
    """Raises InvalidValueError for a destination of a kind that there is not."""
    for each in () if config is None else (config.on_success, config.on_failure):
        arn = None if each is None else each.destination
        if arn and not functions.destinations.offers(arn):
            raise InvalidValueError(f"The destination ARN {arn} is invalid.")


async def keep_invoke_config(
    functions: Functions, call: Call, ref: FunctionRef, config: EventInvokeConfig
) -> FunctionEventInvokeConfig:
    """Under `changing`. Raises InvalidValueError."""
    qualifier = functions.catalog.check_qualifier(ref)
    check_event_invoke(config, ref.key.arn)
    role = functions.catalog.configuration(ref).role
    check_sends(call, role, config.destination("OnSuccess"), config.destination("OnFailure"))
    await functions.catalog.invoke_configs.put(ref.key, qualifier, config)
    return invoke_config_shape(ref.key, qualifier, config)


def find_invoke_config(functions: Functions, ref: FunctionRef) -> EventInvokeConfig:
    """Raises NotFoundError."""
    qualifier = functions.catalog.check_qualifier(ref)
    found = functions.catalog.invoke_configs.get(ref.key, qualifier)
    if found is None:
        raise NotFoundError(f"The function {ref.key.qualified(qualifier)} doesn't have an EventInvokeConfig")
    return found
