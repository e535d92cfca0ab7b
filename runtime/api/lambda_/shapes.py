"""Types and shapes that several actions of Lambda share, with the constraints of the service model.

Members that AWS has and that mean nothing here are `Refused`: named, so that giving one is told instead of ignored.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec

from streamcore.api.aws.binding import URI, query
from streamcore.api.aws.shapes import Shape, matching, number, text

_SPELLED: Final = {"kms": "KMS", "uuid": "UUID"}


def lambda_name(name: str) -> str:
    """The wire name of a field: `function_arn` → `FunctionArn`."""
    return "".join(_SPELLED.get(word, word.capitalize()) for word in name.split("_"))


class LambdaShape(Shape, frozen=True, kw_only=True, rename=lambda_name):
    """Base of Lambda's inputs and outputs."""


#: A member of a feature that is not there.
Refused = Any

_ARN: Final = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
)
_REGION: Final = r"(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}"
_LAMBDA: Final = rf"arn:(aws[a-zA-Z-]*)?:lambda:{_REGION}:\d{{12}}:"

FunctionName = Annotated[str, text(1, 140, rf"{_ARN}([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?")]
NamespacedFunctionName = Annotated[
    str, text(1, 256, rf"{_ARN}([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?")
]
UnqualifiedFunctionName = Annotated[str, text(1, 140, rf"{_ARN}([a-zA-Z0-9-_]+)")]
UrlFunctionName = Annotated[str, text(1, 140, rf"{_ARN}([a-zA-Z0-9-_]{{1,64}})(:((?!\d+$)[0-9a-zA-Z-_]+))?")]
Qualifier = Annotated[str, text(1, 128, r"(|[a-zA-Z0-9$_-]+)")]
AnyQualifier = Annotated[str, text(1, 128, r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+")]
UrlQualifier = Annotated[str, text(1, 128, r"((?!^\d+$)^[0-9a-zA-Z-_]+$)")]
AliasName = Annotated[str, text(1, 128, r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)")]
VersionName = Annotated[str, text(1, 1024, r"(\$LATEST(\.PUBLISHED)?|[0-9]+)")]
Description = Annotated[str, text(0, 256)]
Handler = Annotated[str, text(0, 128, r"[^\s]+")]
RoleArn = Annotated[str, text(0, 10_000, r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")]
KmsKeyArn = Annotated[str, text(0, 10_000, r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()")]
ResourceArn = Annotated[str, text(0, 10_000, r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()")]
Arn = Annotated[
    str,
    text(0, 10_000, rf"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:({_REGION})?:(\d{{12}})?:(.*)"),
]
DestinationArn = Annotated[
    str,
    text(
        0,
        350,
        r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:"
        rf"({_REGION})?:(\d{{12}})?:(.*)",
    ),
]
#: AWS takes more for managed instances, which are not here.
Timeout = Annotated[int, number(1, 900)]
MemorySize = Annotated[int, number(128, 10_240)]
S3Bucket = Annotated[str, text(3, 63, r"[0-9A-Za-z\.\-_]*(?<!\.)")]
S3Key = Annotated[str, text(1, 1024, r".*")]
S3ObjectVersion = Annotated[str, text(1, 1024, r".*")]
LayerVersionArn = Annotated[
    str,
    text(
        1,
        2048,
        rf"(({_LAMBDA}layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+))",
    ),
]
LayerNameOrArn = Annotated[str, text(1, 2048, rf"({_LAMBDA}layer:[a-zA-Z0-9-_]{{1,140}}|[a-zA-Z0-9-_]{{1,140}})")]
StatementId = Annotated[str, text(1, 100, r"([a-zA-Z0-9-_]+)")]
CodeSigningConfigArn = Annotated[str, text(0, 200, rf"{_LAMBDA}code-signing-config:csc-[a-z0-9]{{17}}")]
EnvironmentVariableName = Annotated[str, matching(r"[a-zA-Z]([a-zA-Z0-9_])+")]
# AWS's classes \p{L}\p{Z}\p{N} are Python's \w (which has the underscore too) and space.
TagKey = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"\A(?:([\w\s_.:/=+\-@]*))\Z")]
TagValue = Annotated[str, msgspec.Meta(min_length=0, max_length=256, pattern=r"\A(?:([\w\s_.:/=+\-@]*))\Z")]
Tags = dict[TagKey, TagValue]
MaxItems = Annotated[int, number(1, 10_000)]
MaxFiftyItems = Annotated[int, number(1, 50)]

# Where they travel.
FunctionNameLabel = Annotated[FunctionName, URI]
NamespacedFunctionNameLabel = Annotated[NamespacedFunctionName, URI]
UrlFunctionNameLabel = Annotated[UrlFunctionName, URI]
LayerLabel = Annotated[LayerNameOrArn, URI]
LayerNumberLabel = Annotated[int, URI]
CodeSigningConfigLabel = Annotated[CodeSigningConfigArn, URI]
QualifierInQuery = Annotated[AnyQualifier, query()]
MarkerInQuery = Annotated[str, query()]
MaxItemsInQuery = Annotated[MaxItems, query()]
MaxFiftyInQuery = Annotated[MaxFiftyItems, query()]
RevisionInQuery = Annotated[str, query()]


class Architecture(StrEnum):
    X86_64 = "x86_64"
    ARM64 = "arm64"


Architectures = Annotated[list[Architecture], msgspec.Meta(min_length=1, max_length=1)]


class PackageType(StrEnum):
    ZIP = "Zip"
    IMAGE = "Image"


class Environment(LambdaShape, frozen=True, kw_only=True):
    variables: dict[EnvironmentVariableName, str] | None = None


class EphemeralStorage(LambdaShape, frozen=True, kw_only=True):
    size: Annotated[int, number(512, 10_240)]


class DeadLetterConfig(LambdaShape, frozen=True, kw_only=True):
    target_arn: ResourceArn | None = None


class TracingMode(StrEnum):
    ACTIVE = "Active"
    PASS_THROUGH = "PassThrough"


class TracingConfig(LambdaShape, frozen=True, kw_only=True):
    mode: TracingMode | None = None


class SnapStartApplyOn(StrEnum):
    PUBLISHED_VERSIONS = "PublishedVersions"
    NONE = "None"


class SnapStart(LambdaShape, frozen=True, kw_only=True):
    apply_on: SnapStartApplyOn | None = None


class VpcConfig(LambdaShape, frozen=True, kw_only=True):
    subnet_ids: (
        Annotated[list[Annotated[str, text(0, 1024, r"subnet-[0-9a-z]*")]], msgspec.Meta(max_length=16)] | None
    ) = None
    security_group_ids: (
        Annotated[list[Annotated[str, text(0, 1024, r"sg-[0-9a-zA-Z]*")]], msgspec.Meta(max_length=5)] | None
    ) = None
    ipv6_allowed_for_dual_stack: bool | None = None


class LogFormat(StrEnum):
    JSON = "JSON"
    TEXT = "Text"


class ApplicationLogLevel(StrEnum):
    TRACE = "TRACE"
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"
    FATAL = "FATAL"


class SystemLogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARN = "WARN"


class LoggingConfig(LambdaShape, frozen=True, kw_only=True):
    log_format: LogFormat | None = None
    application_log_level: ApplicationLogLevel | None = None
    system_log_level: SystemLogLevel | None = None
    log_group: Annotated[str, text(1, 512, r"[\.\-_/#A-Za-z0-9]+")] | None = None


class UrlAuthType(StrEnum):
    NONE = "NONE"
    AWS_IAM = "AWS_IAM"


class RoutingConfig(LambdaShape, frozen=True, kw_only=True):
    """An alias' further version and its share."""

    additional_version_weights: (
        dict[
            Annotated[str, text(1, 1024, r"[0-9]+")],
            Annotated[float, msgspec.Meta(ge=0.0, le=1.0)],
        ]
        | None
    ) = None


class Destination(LambdaShape, frozen=True, kw_only=True):
    destination: DestinationArn | None = None


class DestinationConfig(LambdaShape, frozen=True, kw_only=True):
    on_success: Destination | None = None
    on_failure: Destination | None = None


def stored(shape: Shape | None) -> dict[str, Any] | None:
    """A structure as it is kept: plain values under AWS's names; None for nothing."""
    if shape is None:
        return None
    kept: dict[str, Any] = msgspec.to_builtins(shape)
    return kept or None
