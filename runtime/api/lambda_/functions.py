"""What many actions begin or end with: which function is meant, where its code is, how its configuration looks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Final, Protocol

import msgspec

from runtime.api.lambda_.shapes import (
    Architecture,
    DeadLetterConfig,
    Environment,
    EphemeralStorage,
    LambdaShape,
    LogFormat,
    LoggingConfig,
    PackageType,
    SnapStartApplyOn,
    TracingConfig,
    TracingMode,
    VpcConfig,
)
from runtime.app import Functions
from runtime.errors import InvalidValueError
from runtime.functions.folder import BUCKET
from runtime.model.configuration import UNZIPPED_MAX_BYTES, Code, Configuration, State, UpdateStatus
from runtime.model.names import LATEST, FunctionKey, FunctionRef, is_version, parse_function
from runtime.model.versions import code_sha256
from streamcore.api.aws.service import Call

#: 50 MiB in base64: what AWS takes in one request (its own words say so).
UPLOAD_MAX_BYTES: Final = 69_905_067
_REFUSED: Final = "{} is not available here: {}"


class Named(Protocol):
    """An input about a function."""

    @property
    def function_name(self) -> str: ...


class Qualified(Named, Protocol):
    """An input about a function, or a version or alias of it."""

    @property
    def qualifier(self) -> str | None: ...


def ref_of(call: Call, input_: Qualified) -> FunctionRef:
    """Raises InvalidValueError, NotFoundError."""
    return parse_function(input_.function_name, input_.qualifier, call.scope)


def key_of(call: Call, input_: Named) -> FunctionKey:
    """For what concerns a function as a whole. Raises InvalidValueError when a qualifier was given."""
    ref = parse_function(input_.function_name, None, call.scope)
    if ref.qualifier not in (None, LATEST):
        raise InvalidValueError(
            "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
            "Please specify either a function name or an unqualified function ARN."
        )
    return ref.key


def published_ref(call: Call, input_: Qualified) -> tuple[FunctionKey, str]:
    """For what only versions and aliases have."""
    ref = ref_of(call, input_)
    if ref.qualifier in (None, LATEST):
        raise InvalidValueError("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
    assert ref.qualifier is not None
    return ref.key, ref.qualifier


def refuse(**members: tuple[object, str]) -> None:
    """Raises InvalidValueError for the first member that was given: name → (value, why there is no such thing)."""
    for name, (value, why) in members.items():
        if value is not None:
            raise InvalidValueError(_REFUSED.format(name, why))


# ---------------------------------------------------------------- code


class Source(Protocol):
    """The members that say where code comes from."""

    @property
    def zip_file(self) -> bytes | None: ...
    @property
    def s3_bucket(self) -> str | None: ...
    @property
    def s3_key(self) -> str | None: ...
    @property
    def s3_object_version(self) -> str | None: ...


@asynccontextmanager
async def code_from(functions: Functions, source: Source) -> AsyncIterator[Code]:
    """The code, kept at least as long as the block. Raises InvalidValueError."""
    bucket, key = source.s3_bucket, source.s3_key
    if source.zip_file is not None:
        if bucket or key or source.s3_object_version:
            raise InvalidValueError("Please do not provide other FunctionCode parameters when providing a ZipFile.")
        async with functions.code.kept(source.zip_file) as code:
            yield code
    elif not bucket or not key:
        raise InvalidValueError("Please provide a source for function code.")
    elif bucket == BUCKET:
        yield Code(folder=await functions.check_folder(key))
    else:
        archive = await functions.fetch_code(bucket, key, source.s3_object_version)
        async with functions.code.kept(archive, UNZIPPED_MAX_BYTES) as code:
            yield code


def check_dead_letters(functions: Functions, config: DeadLetterConfig | None) -> None:
    """Raises InvalidValueError for a target of a kind that there is not; an empty one takes the setting back."""
    target = None if config is None else config.target_arn
    if target and not functions.destinations.offers(target):
        raise InvalidValueError(f"Invalid dead letter queue ARN: {target}")


# ---------------------------------------------------------------- configuration


class LayerReference(LambdaShape, frozen=True, kw_only=True):
    arn: str
    code_size: int


class VpcConfigResponse(LambdaShape, frozen=True, kw_only=True):
    subnet_ids: list[str]
    security_group_ids: list[str]
    vpc_id: str
    ipv6_allowed_for_dual_stack: bool | None = None


class SnapStartResponse(LambdaShape, frozen=True, kw_only=True):
    apply_on: SnapStartApplyOn
    optimization_status: str


class FunctionConfiguration(LambdaShape, frozen=True, kw_only=True):
    """A configuration as all actions tell it."""

    function_name: str
    function_arn: str
    runtime: str
    role: str
    handler: str
    code_size: int
    description: str
    timeout: int
    memory_size: int
    last_modified: str
    code_sha256: str
    version: str
    vpc_config: VpcConfigResponse | None = None
    dead_letter_config: DeadLetterConfig | None = None
    environment: Environment | None = None
    kms_key_arn: Annotated[str, msgspec.Meta()] | None = msgspec.field(default=None, name="KMSKeyArn")
    tracing_config: TracingConfig
    revision_id: str
    layers: list[LayerReference] | None = None
    state: State
    state_reason: str | None = None
    state_reason_code: str | None = None
    last_update_status: UpdateStatus | None = None
    last_update_status_reason: str | None = None
    last_update_status_reason_code: str | None = None
    package_type: PackageType
    architectures: list[Architecture]
    ephemeral_storage: EphemeralStorage
    snap_start: SnapStartResponse
    logging_config: LoggingConfig


def told_time(ms: int) -> str:
    """AWS's form in Lambda: `2023-11-14T22:13:20.000+0000`."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}+0000"


def described(
    functions: Functions, configuration: Configuration, ref: FunctionRef | None = None
) -> FunctionConfiguration:
    """`ref` is how it was asked for: AWS answers with an alias' own ARN."""
    is_new = configuration.state is State.PENDING
    is_updating = configuration.last_update is UpdateStatus.IN_PROGRESS
    by_alias = ref is not None and ref.qualifier is not None and not is_version(ref.qualifier)
    return FunctionConfiguration(
        function_name=configuration.name,
        function_arn=ref.arn if ref is not None and by_alias else configuration.arn,
        runtime=configuration.runtime,
        role=configuration.role,
        handler=configuration.handler,
        code_size=configuration.code.size_bytes,
        description=configuration.description,
        timeout=configuration.timeout_s,
        memory_size=configuration.memory_mb,
        last_modified=told_time(configuration.modified_ms),
        code_sha256=code_sha256(configuration),
        version=configuration.version,
        vpc_config=_vpc(configuration),
        dead_letter_config=_dead_letter(configuration),
        environment=None if configuration.environment is None else Environment(variables=configuration.environment),
        kms_key_arn=configuration.kms_key_arn or None,
        tracing_config=msgspec.convert(configuration.tracing or {"Mode": TracingMode.PASS_THROUGH}, TracingConfig),
        revision_id=configuration.revision_id,
        layers=[_layer(functions, arn) for arn in configuration.layers] or None,
        state=configuration.state,
        state_reason="The function is being created." if is_new else None,
        state_reason_code="Creating" if is_new else None,
        last_update_status=None if is_new else configuration.last_update,
        last_update_status_reason="The function is being created." if is_updating and not is_new else None,
        last_update_status_reason_code="Creating" if is_updating and not is_new else None,
        package_type=PackageType.ZIP,
        architectures=[Architecture(name) for name in configuration.architectures],
        ephemeral_storage=EphemeralStorage(size=configuration.tmp_mb),
        snap_start=SnapStartResponse(apply_on=SnapStartApplyOn(configuration.snap_start), optimization_status="Off"),
        logging_config=_logging(configuration),
    )


def _dead_letter(configuration: Configuration) -> DeadLetterConfig | None:
    return None if configuration.dead_letter is None else msgspec.convert(configuration.dead_letter, DeadLetterConfig)


def _vpc(configuration: Configuration) -> VpcConfigResponse | None:
    if configuration.vpc is None:
        return None
    given = msgspec.convert(configuration.vpc, VpcConfig)
    return VpcConfigResponse(
        subnet_ids=given.subnet_ids or [],
        security_group_ids=given.security_group_ids or [],
        vpc_id="",
        ipv6_allowed_for_dual_stack=given.ipv6_allowed_for_dual_stack,
    )


def _layer(functions: Functions, arn: str) -> LayerReference:
    return LayerReference(arn=arn, code_size=functions.catalog.layer_version(arn).code.size_bytes)


def _logging(configuration: Configuration) -> LoggingConfig:
    given = msgspec.convert(configuration.logging or {}, LoggingConfig)
    return msgspec.structs.replace(
        given, log_format=given.log_format or LogFormat.TEXT, log_group=configuration.log_group
    )
