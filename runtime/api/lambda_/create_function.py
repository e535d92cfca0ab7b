"""CreateFunction: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html"""

from __future__ import annotations

import msgspec

from runtime.api.lambda_.functions import (
    UPLOAD_MAX_BYTES,
    FunctionConfiguration,
    check_dead_letters,
    code_from,
    described,
    key_of,
    refuse,
)
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.roles import check_role, check_sends_dead_letters
from runtime.api.lambda_.shapes import (
    Architecture,
    Architectures,
    CodeSigningConfigArn,
    DeadLetterConfig,
    Description,
    Environment,
    EphemeralStorage,
    FunctionName,
    Handler,
    KmsKeyArn,
    LambdaShape,
    LayerVersionArn,
    LoggingConfig,
    MemorySize,
    PackageType,
    Refused,
    RoleArn,
    S3Bucket,
    S3Key,
    S3ObjectVersion,
    SnapStart,
    SnapStartApplyOn,
    Tags,
    Timeout,
    TracingConfig,
    VpcConfig,
    stored,
)
from runtime.api.lambda_.signing import signing_of
from runtime.app import Functions
from runtime.errors import InvalidValueError
from runtime.functions.catalog import revision
from runtime.model.configuration import (
    Configuration,
    Function,
    State,
    check_environment,
    check_runtime_name,
    check_tags,
)
from runtime.model.names import NAME_MAX_CHARS, FunctionKey
from streamcore.api.aws.service import Call
from streamcore.api.aws.validation import violation, violations


class FunctionCode(LambdaShape, frozen=True, kw_only=True):
    zip_file: bytes | None = None
    s3_bucket: S3Bucket | None = None
    s3_key: S3Key | None = None
    s3_object_version: S3ObjectVersion | None = None
    s3_object_storage_mode: Refused = None
    image_uri: str | None = None
    source_kms_key_arn: KmsKeyArn | None = msgspec.field(default=None, name="SourceKMSKeyArn")


class CreateFunctionInput(LambdaShape, frozen=True, kw_only=True):
    function_name: FunctionName
    #: Any text: an unknown one has a sentence of its own.
    runtime: str | None = None
    role: RoleArn
    handler: Handler | None = None
    code: FunctionCode
    description: Description | None = None
    timeout: Timeout | None = None
    memory_size: MemorySize | None = None
    publish: bool | None = None
    publish_to: Refused = None
    vpc_config: VpcConfig | None = None
    package_type: PackageType | None = None
    dead_letter_config: DeadLetterConfig | None = None
    environment: Environment | None = None
    kms_key_arn: KmsKeyArn | None = None
    tracing_config: TracingConfig | None = None
    tags: Tags | None = None
    layers: list[LayerVersionArn] | None = None
    file_system_configs: Refused = None
    code_signing_config_arn: CodeSigningConfigArn | None = None
    image_config: Refused = None
    architectures: Architectures | None = None
    ephemeral_storage: EphemeralStorage | None = None
    snap_start: SnapStart | None = None
    logging_config: LoggingConfig | None = None
    tenancy_config: Refused = None
    capacity_provider_config: Refused = None
    durable_config: Refused = None
    runtime_config: Refused = None
    accelerator_config: Refused = None


@LAMBDA.action("CreateFunction", "POST", "/2015-03-31/functions", status=201, body_max_bytes=UPLOAD_MAX_BYTES)
async def create_function(functions: Functions, call: Call, input_: CreateFunctionInput) -> FunctionConfiguration:
    """Makes a function from a zip archive; it is Pending on return and Active a little later."""
    _check_offered(input_)
    key = _key(call, input_)
    check_role(call, input_.role)
    if input_.dead_letter_config is not None:
        check_sends_dead_letters(call, input_.role, input_.dead_letter_config.target_arn)
    if input_.runtime is None or not input_.handler:
        raise InvalidValueError(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        )
    check_runtime_name(input_.runtime)
    architectures = tuple(input_.architectures or [Architecture.X86_64])
    functions.check_runtime(input_.runtime, input_.handler, architectures)
    variables = None if input_.environment is None else input_.environment.variables
    check_environment(variables)
    check_tags(input_.tags or {})
    check_dead_letters(functions, input_.dead_letter_config)
    if input_.code_signing_config_arn is not None:
        signing_of(functions, input_.code_signing_config_arn)
    async with code_from(functions, input_.code) as code:
        functions.catalog.check_code(input_.layers or (), code)
        latest = Configuration(
            name=key.name,
            account=key.account,
            region=key.region,
            role=input_.role,
            runtime=input_.runtime,
            handler=input_.handler,
            code=code,
            revision_id=revision(),
            modified_ms=functions.catalog.now_ms(),
            description=input_.description or "",
            timeout_s=input_.timeout or 3,
            memory_mb=input_.memory_size or 128,
            tmp_mb=512 if input_.ephemeral_storage is None else input_.ephemeral_storage.size,
            environment=variables,
            layers=tuple(input_.layers or ()),
            architectures=architectures,
            state=State.PENDING,
            kms_key_arn=input_.kms_key_arn or "",
            vpc=stored(input_.vpc_config),
            dead_letter=stored(input_.dead_letter_config),
            tracing=stored(input_.tracing_config),
            logging=stored(input_.logging_config),
            snap_start=(input_.snap_start and input_.snap_start.apply_on) or SnapStartApplyOn.NONE,
        )
        function = Function(latest=latest, tags=input_.tags or {}, code_signing_config=input_.code_signing_config_arn)
        told = await functions.catalog.create(function, is_published=input_.publish is True)
    return described(functions, told)


def _key(call: Call, input_: CreateFunctionInput) -> FunctionKey:
    key = key_of(call, input_)
    if len(key.name) > NAME_MAX_CHARS:
        rule = f"Member must have length less than or equal to {NAME_MAX_CHARS}"
        raise violations([violation(f"'{key.name}'", "functionName", rule)])
    return key


def _check_offered(input_: CreateFunctionInput) -> None:
    """Refuses what would otherwise be accepted and have no effect."""
    is_image = input_.package_type is PackageType.IMAGE or None
    containers = "functions are zip archives, there are no containers"
    refuse(
        PackageType=(is_image, containers),
        ImageUri=(input_.code.image_uri, containers),
        ImageConfig=(input_.image_config, containers),
        FileSystemConfigs=(input_.file_system_configs or None, "there is no EFS"),
        PublishTo=(input_.publish_to, "there are no managed instances"),
        CapacityProviderConfig=(input_.capacity_provider_config, "there are no managed instances"),
        RuntimeConfig=(input_.runtime_config, "there are no runtimes of one's own"),
        AcceleratorConfig=(input_.accelerator_config, "there are no accelerators"),
        TenancyConfig=(input_.tenancy_config, "tenants are not isolated"),
        DurableConfig=(input_.durable_config, "there are no durable executions"),
        S3ObjectStorageMode=(input_.code.s3_object_storage_mode, "code is always copied"),
    )
