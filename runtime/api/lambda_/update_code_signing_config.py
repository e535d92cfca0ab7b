"""UpdateCodeSigningConfig: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateCodeSigningConfig.html"""

from __future__ import annotations

import msgspec

from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import CodeSigningConfigLabel, Description, LambdaShape
from runtime.api.lambda_.signing import (
    AllowedPublishers,
    CodeSigningOutput,
    CodeSigningPolicies,
    signing_of,
    signing_shape,
)
from runtime.app import Functions
from streamcore.api.aws.service import Call


class UpdateCodeSigningConfigInput(LambdaShape, frozen=True, kw_only=True):
    code_signing_config_arn: CodeSigningConfigLabel
    description: Description | None = None
    allowed_publishers: AllowedPublishers | None = None
    code_signing_policies: CodeSigningPolicies | None = None


@LAMBDA.action("UpdateCodeSigningConfig", "PUT", "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}")
async def update_code_signing_config(
    functions: Functions, call: Call, input_: UpdateCodeSigningConfigInput
) -> CodeSigningOutput:
    """Changes what is given."""
    async with functions.catalog.changing():
        before = signing_of(functions, input_.code_signing_config_arn)
        publishers, policies = input_.allowed_publishers, input_.code_signing_policies
        config = msgspec.structs.replace(
            before,
            description=before.description if input_.description is None else input_.description,
            publishers=before.publishers if publishers is None else tuple(publishers.signing_profile_version_arns),
            policy=(policies and policies.untrusted_artifact_on_deployment) or before.policy,
            modified_ms=functions.catalog.now_ms(),
        )
        await functions.catalog.signing.put((config.account, config.region), config.config_id, config)
    return CodeSigningOutput(code_signing_config=signing_shape(config))
