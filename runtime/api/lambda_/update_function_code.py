"""UpdateFunctionCode: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html"""

from __future__ import annotations

import msgspec

from runtime.api.lambda_.functions import UPLOAD_MAX_BYTES, FunctionConfiguration, code_from, described, key_of, refuse
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import (
    Architectures,
    FunctionNameLabel,
    KmsKeyArn,
    LambdaShape,
    Refused,
    S3Bucket,
    S3Key,
    S3ObjectVersion,
)
from runtime.app import Functions
from runtime.model.configuration import Configuration, check_revision
from streamcore.api.aws.service import Call


class UpdateFunctionCodeInput(LambdaShape, frozen=True, kw_only=True):
    function_name: FunctionNameLabel
    zip_file: bytes | None = None
    s3_bucket: S3Bucket | None = None
    s3_key: S3Key | None = None
    s3_object_version: S3ObjectVersion | None = None
    s3_object_storage_mode: Refused = None
    image_uri: str | None = None
    architectures: Architectures | None = None
    publish: bool | None = None
    publish_to: Refused = None
    dry_run: bool | None = None
    revision_id: str | None = None
    source_kms_key_arn: KmsKeyArn | None = msgspec.field(default=None, name="SourceKMSKeyArn")


@LAMBDA.action(
    "UpdateFunctionCode", "PUT", "/2015-03-31/functions/{FunctionName}/code", body_max_bytes=UPLOAD_MAX_BYTES
)
async def update_function_code(
    functions: Functions, call: Call, input_: UpdateFunctionCodeInput
) -> FunctionConfiguration:
    """Replaces the code of `$LATEST`; `DryRun` only says whether it could be."""
    refuse(
        ImageUri=(input_.image_uri, "functions are zip archives, there are no containers"),
        PublishTo=(input_.publish_to, "there are no managed instances"),
        S3ObjectStorageMode=(input_.s3_object_storage_mode, "code is always copied"),
    )
    key = key_of(call, input_)
    before = functions.catalog.function(key).latest
    architectures = tuple(input_.architectures or before.architectures)
    if architectures != before.architectures:
        functions.check_runtime(before.runtime, before.handler, architectures)
    async with code_from(functions, input_) as code:

        def rule(latest: Configuration) -> Configuration:
            functions.catalog.check_code(latest.layers, code, had=latest.layers)
            functions.catalog.check_storage(key.scope, code)
            return msgspec.structs.replace(latest, code=code, architectures=architectures)

        if input_.dry_run:
            check_revision(before.revision_id, input_.revision_id)
            return described(functions, rule(before))
        told = await functions.catalog.update(key, rule, input_.revision_id, is_published=input_.publish is True)
    return described(functions, told)
