"""What the actions about code signing configurations share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from runtime.api.lambda_.functions import told_time
from runtime.api.lambda_.shapes import Arn, LambdaShape
from runtime.app import Functions
from runtime.errors import CodeSigningNotFoundError
from runtime.model.settings import CodeSigningConfig


class AllowedPublishers(LambdaShape, frozen=True, kw_only=True):
    signing_profile_version_arns: Annotated[list[Arn], msgspec.Meta(min_length=1, max_length=20)]


class CodeSigningPolicy(StrEnum):
    WARN = "Warn"
    ENFORCE = "Enforce"


class CodeSigningPolicies(LambdaShape, frozen=True, kw_only=True):
    untrusted_artifact_on_deployment: CodeSigningPolicy | None = None


class CodeSigningConfigShape(LambdaShape, frozen=True, kw_only=True):
    code_signing_config_id: str
    code_signing_config_arn: str
    description: str | None = None
    allowed_publishers: AllowedPublishers
    code_signing_policies: CodeSigningPolicies
    last_modified: str


class CodeSigningOutput(LambdaShape, frozen=True, kw_only=True):
    code_signing_config: CodeSigningConfigShape


def signing_shape(config: CodeSigningConfig) -> CodeSigningConfigShape:
    policy = CodeSigningPolicy(config.policy)
    return CodeSigningConfigShape(
        code_signing_config_id=config.config_id,
        code_signing_config_arn=config.arn,
        description=config.description or None,
        allowed_publishers=AllowedPublishers(signing_profile_version_arns=list(config.publishers)),
        code_signing_policies=CodeSigningPolicies(untrusted_artifact_on_deployment=policy),
        last_modified=told_time(config.modified_ms),
    )


def signing_of(functions: Functions, arn: str) -> CodeSigningConfig:
    """Raises CodeSigningNotFoundError."""
    _, _, _, region, account, _, config_id = [*arn.split(":"), *[""] * 7][:7]
    found = functions.catalog.signing.get((account, region), config_id)
    if found is None:
        raise CodeSigningNotFoundError(
            "The code signing configuration cannot be found. "
            f"Check that the provided configuration is not deleted: {arn}."
        )
    return found
