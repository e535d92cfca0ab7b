"""UpdateFunctionConfiguration: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html"""

from __future__ import annotations

from typing import Any

import msgspec

from runtime.api.lambda_.functions import FunctionConfiguration, check_dead_letters, described, key_of, refuse
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.roles import check_role, check_sends_dead_letters
from runtime.api.lambda_.shapes import (
    DeadLetterConfig,
    Description,
    Environment,
    EphemeralStorage,
    FunctionNameLabel,
    Handler,
    KmsKeyArn,
    LambdaShape,
    LayerVersionArn,
    LoggingConfig,
    MemorySize,
    Refused,
    RoleArn,
    SnapStart,
    SnapStartApplyOn,
    Timeout,
    TracingConfig,
    VpcConfig,
    stored,
)
from runtime.app import Functions
from runtime.model.configuration import Configuration, check_environment, check_runtime_name
from streamcore.api.aws.service import Call


class UpdateFunctionConfigurationInput(LambdaShape, frozen=True, kw_only=True):
    function_name: FunctionNameLabel
    role: RoleArn | None = None
    handler: Handler | None = None
    description: Description | None = None
    timeout: Timeout | None = None
    memory_size: MemorySize | None = None
    vpc_config: VpcConfig | None = None
    environment: Environment | None = None
    runtime: str | None = None
    dead_letter_config: DeadLetterConfig | None = None
    kms_key_arn: KmsKeyArn | None = None
    tracing_config: TracingConfig | None = None
    revision_id: str | None = None
    layers: list[LayerVersionArn] | None = None
    file_system_configs: Refused = None
    image_config: Refused = None
    ephemeral_storage: EphemeralStorage | None = None
    snap_start: SnapStart | None = None
    logging_config: LoggingConfig | None = None
    capacity_provider_config: Refused = None
    durable_config: Refused = None
    runtime_config: Refused = None
    accelerator_config: Refused = None


@LAMBDA.action("UpdateFunctionConfiguration", "PUT", "/2015-03-31/functions/{FunctionName}/configuration")
async def update_function_configuration(
    functions: Functions, call: Call, input_: UpdateFunctionConfigurationInput
) -> FunctionConfiguration:
    """Changes what is given of the configuration of `$LATEST`."""
    refuse(
        ImageConfig=(input_.image_config, "functions are zip archives, there are no containers"),
        FileSystemConfigs=(input_.file_system_configs or None, "there is no EFS"),
        CapacityProviderConfig=(input_.capacity_provider_config, "there are no managed instances"),
        RuntimeConfig=(input_.runtime_config, "there are no runtimes of one's own"),
        AcceleratorConfig=(input_.accelerator_config, "there are no accelerators"),
        DurableConfig=(input_.durable_config, "there are no durable executions"),
    )
    changes = _changes(input_)
    check_role(call, input_.role)
    if input_.runtime is not None:
        check_runtime_name(input_.runtime)
    check_environment(changes.get("environment"))
    check_dead_letters(functions, input_.dead_letter_config)

    def rule(latest: Configuration) -> Configuration:
        after: Configuration = msgspec.structs.replace(latest, **changes)
        if (after.role, after.dead_letter) != (latest.role, latest.dead_letter):
            check_sends_dead_letters(call, after.role, (after.dead_letter or {}).get("TargetArn"))
        if input_.layers is not None:
            functions.catalog.check_code(after.layers, after.code, had=latest.layers)
        if (after.runtime, after.handler) != (latest.runtime, latest.handler):
            functions.check_runtime(after.runtime, after.handler, after.architectures)
        return after

    return described(functions, await functions.catalog.update(key_of(call, input_), rule, input_.revision_id))


def _changes(input_: UpdateFunctionConfigurationInput) -> dict[str, Any]:
    """Fields of the configuration that were given, with their new values; an empty structure takes a setting back."""
    given: dict[str, Any] = {
        "role": input_.role,
        "handler": input_.handler,
        "description": input_.description,
        "timeout_s": input_.timeout,
        "memory_mb": input_.memory_size,
        "runtime": input_.runtime,
        "kms_key_arn": input_.kms_key_arn,
        "layers": None if input_.layers is None else tuple(input_.layers),
        "tmp_mb": input_.ephemeral_storage and input_.ephemeral_storage.size,
        "snap_start": input_.snap_start and (input_.snap_start.apply_on or SnapStartApplyOn.NONE),
    }
    changes = {field: value for field, value in given.items() if value is not None}
    if input_.environment is not None:
        changes["environment"] = input_.environment.variables or None
    for field, shape in (
        ("vpc", input_.vpc_config),
        ("dead_letter", input_.dead_letter_config),
        ("tracing", input_.tracing_config),
        ("logging", input_.logging_config),
    ):
        if shape is not None:
            changes[field] = stored(shape)
    return changes
