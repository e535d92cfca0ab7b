"""CloudWatch: the registry, and the types that several actions share.

Clients speak CBOR (streamcore.api.aws.rpc_cbor) or JSON 1.0 with a target header; error codes have two names each.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from runtime.api.registry import Registry
from runtime.model.metric import MetricKey
from runtime.telemetry.meter import Meter
from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, number, text

#: What the codes were called in the query protocol, which clients still show.
QUERY_CODES: Final = {
    "InvalidParameterValueException": "InvalidParameterValue",
    "InvalidParameterCombinationException": "InvalidParameterCombination",
    "MissingRequiredParameterException": "MissingParameter",
    "InternalServiceFault": "InternalServiceError",
}
CLOUDWATCH: Final = Registry[Meter](
    "monitoring",
    target_prefix="GraniteServiceVersion20100801",
    validation_code="ValidationError",
    query_codes=QUERY_CODES,
)

Namespace = Annotated[str, text(1, 255, r"[^:].*")]
MetricName = Annotated[str, text(1, 255)]
DimensionName = Annotated[str, text(1, 255)]
DimensionValue = Annotated[str, text(1, 1024)]
AccountId = Annotated[str, text(1, 255)]
Period = Annotated[int, number(1)]
MINUTE_S: Final = 60


class StandardUnit(StrEnum):
    SECONDS = "Seconds"
    MICROSECONDS = "Microseconds"
    MILLISECONDS = "Milliseconds"
    BYTES = "Bytes"
    KILOBYTES = "Kilobytes"
    MEGABYTES = "Megabytes"
    GIGABYTES = "Gigabytes"
    TERABYTES = "Terabytes"
    BITS = "Bits"
    KILOBITS = "Kilobits"
    MEGABITS = "Megabits"
    GIGABITS = "Gigabits"
    TERABITS = "Terabits"
    PERCENT = "Percent"
    COUNT = "Count"
    BYTES_PER_SECOND = "Bytes/Second"
    KILOBYTES_PER_SECOND = "Kilobytes/Second"
    MEGABYTES_PER_SECOND = "Megabytes/Second"
    GIGABYTES_PER_SECOND = "Gigabytes/Second"
    TERABYTES_PER_SECOND = "Terabytes/Second"
    BITS_PER_SECOND = "Bits/Second"
    KILOBITS_PER_SECOND = "Kilobits/Second"
    MEGABITS_PER_SECOND = "Megabits/Second"
    GIGABITS_PER_SECOND = "Gigabits/Second"
    TERABITS_PER_SECOND = "Terabits/Second"
    COUNT_PER_SECOND = "Count/Second"
    NONE = "None"


class Dimension(Shape, frozen=True, kw_only=True):
    name: DimensionName
    value: DimensionValue


Dimensions = Annotated[list[Dimension], msgspec.Meta(max_length=30)]


def key_of(call: Call, namespace: str, name: str, dimensions: list[Dimension] | None) -> MetricKey:
    """The metric of that name in the caller's scope. Raises AwsError for a dimension that is given twice."""
    pairs = tuple(sorted((dimension.name, dimension.value) for dimension in dimensions or ()))
    if len({name for name, _ in pairs}) < len(pairs):
        raise invalid_value("No dimension may be given twice.")
    return MetricKey(call.scope.account, call.scope.region, namespace, name, pairs)


def dimension_shapes(key: MetricKey) -> list[Dimension]:
    return [Dimension(name=name, value=value) for name, value in key.dimensions]


def invalid_value(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", 400, message)


def invalid_combination(message: str) -> AwsError:
    return AwsError("InvalidParameterCombinationException", 400, message)
