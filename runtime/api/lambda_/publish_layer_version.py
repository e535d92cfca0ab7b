"""PublishLayerVersion: https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html"""

from __future__ import annotations

from runtime.api.lambda_.functions import UPLOAD_MAX_BYTES, code_from, refuse
from runtime.api.lambda_.layers import (
    CompatibleArchitectures,
    CompatibleRuntimes,
    LayerVersionOutput,
    LicenseInfo,
    layer_output,
)
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import Description, LambdaShape, LayerLabel, Refused, S3Bucket, S3Key, S3ObjectVersion
from runtime.app import Functions
from runtime.errors import InvalidValueError
from runtime.model.configuration import check_runtime_name
from runtime.model.layers import Layer, LayerVersion
from runtime.model.names import parse_layer
from streamcore.api.aws.service import Call


class LayerVersionContentInput(LambdaShape, frozen=True, kw_only=True):
    s3_bucket: S3Bucket | None = None
    s3_key: S3Key | None = None
    s3_object_version: S3ObjectVersion | None = None
    s3_object_storage_mode: Refused = None
    zip_file: bytes | None = None


class PublishLayerVersionInput(LambdaShape, frozen=True, kw_only=True):
    layer_name: LayerLabel
    description: Description | None = None
    content: LayerVersionContentInput
    compatible_architectures: CompatibleArchitectures | None = None
    compatible_runtimes: CompatibleRuntimes | None = None
    license_info: LicenseInfo | None = None


@LAMBDA.action(
    "PublishLayerVersion",
    "POST",
    "/2018-10-31/layers/{LayerName}/versions",
    status=201,
    body_max_bytes=UPLOAD_MAX_BYTES,
)
async def publish_layer_version(
    functions: Functions, call: Call, input_: PublishLayerVersionInput
) -> LayerVersionOutput:
    """Makes the next version of a layer, and the layer itself with its first one."""
    refuse(S3ObjectStorageMode=(input_.content.s3_object_storage_mode, "code is always copied"))
    key, catalog = parse_layer(input_.layer_name, call.scope), functions.catalog
    for runtime in input_.compatible_runtimes or ():
        check_runtime_name(runtime)
    async with code_from(functions, input_.content) as code, catalog.changing():
        if code.folder:
            raise InvalidValueError("A layer is an archive; a folder cannot be one.")
        catalog.check_storage(call.scope, code)
        number = (catalog.layers.get(key) or Layer()).last_version + 1
        layer = LayerVersion(
            name=key.name,
            account=key.account,
            region=key.region,
            version=number,
            code=code,
            created_ms=catalog.now_ms(),
            description=input_.description or "",
            runtimes=tuple(input_.compatible_runtimes or ()),
            architectures=tuple(input_.compatible_architectures or ()),
            license_info=input_.license_info,
        )
        await catalog.layers.put(key, "", Layer(last_version=number))  # first: a number is never used twice
        await catalog.layer_versions.put(key, str(number), layer)
    return layer_output(functions, call, layer)
