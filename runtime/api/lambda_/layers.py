"""What the actions about layers share."""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated

import msgspec

from runtime.api.lambda_.functions import told_time
from runtime.api.lambda_.shapes import Architecture, LambdaShape
from runtime.app import Functions
from runtime.errors import InvalidValueError, NotFoundError
from runtime.model.layers import LayerVersion
from runtime.model.names import LayerKey
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import text

CompatibleRuntimes = Annotated[list[str], msgspec.Meta(max_length=15)]
CompatibleArchitectures = Annotated[list[Architecture], msgspec.Meta(max_length=2)]
LicenseInfo = Annotated[str, text(0, 512, r".*")]


class LayerContent(LambdaShape, frozen=True, kw_only=True):
    location: str
    code_sha256: str
    code_size: int


class LayerVersionOutput(LambdaShape, frozen=True, kw_only=True):
    content: LayerContent
    layer_arn: str
    layer_version_arn: str
    description: str
    created_date: str
    version: int
    compatible_runtimes: list[str] | None = None
    compatible_architectures: list[str] | None = None
    license_info: str | None = None


class LayerItem(LambdaShape, frozen=True, kw_only=True):
    layer_version_arn: str
    version: int
    description: str
    created_date: str
    compatible_runtimes: list[str] | None = None
    compatible_architectures: list[str] | None = None
    license_info: str | None = None


def layer_output(functions: Functions, call: Call, layer: LayerVersion) -> LayerVersionOutput:
    code = layer.code
    return LayerVersionOutput(
        content=LayerContent(
            location=functions.downloads.url(call.origin, code.digest, functions.catalog.now_ms()),
            code_sha256=b64encode(bytes.fromhex(code.digest)).decode(),
            code_size=code.size_bytes,
        ),
        layer_arn=layer.key.arn,
        layer_version_arn=layer.arn,
        description=layer.description,
        created_date=told_time(layer.created_ms),
        version=layer.version,
        compatible_runtimes=list(layer.runtimes) or None,
        compatible_architectures=list(layer.architectures) or None,
        license_info=layer.license_info,
    )


def layer_item(layer: LayerVersion) -> LayerItem:
    return LayerItem(
        layer_version_arn=layer.arn,
        version=layer.version,
        description=layer.description,
        created_date=told_time(layer.created_ms),
        compatible_runtimes=list(layer.runtimes) or None,
        compatible_architectures=list(layer.architectures) or None,
        license_info=layer.license_info,
    )


def layer_version_of(functions: Functions, key: LayerKey, version: int) -> LayerVersion:
    """Raises NotFoundError, InvalidValueError for a number that no version has."""
    if version < 1:
        raise InvalidValueError("Layer Version Cannot be less than 1.")
    found = functions.catalog.layer_versions.get(key, str(version))
    if found is None or found.is_deleted:
        raise NotFoundError("The resource you requested does not exist.")
    return found
