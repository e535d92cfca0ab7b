"""AWS::Lambda::LayerVersion: a new version when its content or what is said of it has changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from streamcore.client.aws import label
from streamcore.deploy.deployment import Deployment, Maker
from streamcore.deploy.errors import TemplateError
from streamcore.deploy.functions import Code, found

_LAYERS: Final = "/2018-10-31/layers"
_SAID: Final[tuple[str, ...]] = ("Description", "CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo")


async def _put(to: Deployment, name: str, properties: dict[str, Any]) -> Mapping[str, Any]:
    code = _code(to, properties["Content"])
    said = {key: properties[key] for key in _SAID if key in properties}
    arn = await _present(to, name, code, said)
    if arn is None:
        made = await to.client.rest("lambda", "POST", _versions(name), {"Content": code.given, **said})
        arn = made["LayerVersionArn"]
    return {"Ref": arn, "LayerVersionArn": arn}


def _code(to: Deployment, content: Any) -> Code:
    match content:
        case str():
            return to._replace(is_watched=False).code(content)
        case {"S3Bucket": _, "S3Key": _} | {"Bucket": _, "Key": _}:
            names = {"Bucket": "S3Bucket", "Key": "S3Key", "Version": "S3ObjectVersion"}
            return Code({names.get(key, key): each for key, each in content.items()})
    raise TemplateError("the content of a layer is a path, or a bucket and a key")


async def _present(to: Deployment, name: str, code: Code, said: Mapping[str, Any]) -> str | None:
    """The ARN of the last version if it is what is wanted."""
    listed = await found(to.client.rest("lambda", "GET", _versions(name), None, {"MaxItems": "1"}))
    last = next(iter((listed or {}).get("LayerVersions") or ()), None)
    if last is None:
        return None
    about = await to.client.rest("lambda", "GET", f"{_versions(name)}/{last['Version']}")
    is_said = all((about.get(key) or None) == (said.get(key) or None) for key in _SAID)
    return str(about["LayerVersionArn"]) if is_said and about["Content"]["CodeSha256"] == code.sha256 else None


async def _remove(to: Deployment, name: str, properties: dict[str, Any]) -> None:
    while listed := (await to.client.rest("lambda", "GET", _versions(name))).get("LayerVersions"):
        for each in listed:
            await to.client.rest("lambda", "DELETE", f"{_versions(name)}/{each['Version']}")


def _versions(name: str) -> str:
    return f"{_LAYERS}/{label(name)}/versions"


LAYER_VERSION: Final = Maker(_put, _remove)
