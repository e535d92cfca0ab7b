"""CreateCodeSigningConfig: https://docs.aws.amazon.com/lambda/latest/api/API_CreateCodeSigningConfig.html"""

from __future__ import annotations

import secrets

from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import Description, LambdaShape, Tags
from runtime.api.lambda_.signing import AllowedPublishers, CodeSigningOutput, CodeSigningPolicies, signing_shape
from runtime.app import Functions
from runtime.model.configuration import check_tags
from runtime.model.settings import CodeSigningConfig
from streamcore.api.aws.service import Call


class CreateCodeSigningConfigInput(LambdaShape, frozen=True, kw_only=True):
    description: Description | None = None
    allowed_publishers: AllowedPublishers
    code_signing_policies: CodeSigningPolicies | None = None
    tags: Tags | None = None


@LAMBDA.action("CreateCodeSigningConfig", "POST", "/2020-04-22/code-signing-configs", status=201)
async def create_code_signing_config(
    functions: Functions, call: Call, input_: CreateCodeSigningConfigInput
) -> CodeSigningOutput:
    """Kept and told; code is not verified."""
    check_tags(input_.tags or {})
    policies = input_.code_signing_policies
    config = CodeSigningConfig(
        config_id=f"csc-{secrets.token_hex(9)[:17]}",
        account=call.scope.account,
        region=call.scope.region,
        publishers=tuple(input_.allowed_publishers.signing_profile_version_arns),
        modified_ms=functions.catalog.now_ms(),
        policy=(policies and policies.untrusted_artifact_on_deployment) or "Warn",
        description=input_.description or "",
        tags=input_.tags or {},
    )
    async with functions.catalog.changing():
        await functions.catalog.signing.put((config.account, config.region), config.config_id, config)
    return CodeSigningOutput(code_signing_config=signing_shape(config))
