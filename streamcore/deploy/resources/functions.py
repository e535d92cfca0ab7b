"""AWS::Lambda::Function, and what is set beside it: permissions, event invoke configurations, URLs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from streamcore.client.aws import label
from streamcore.deploy.deployment import Deployment, Maker
from streamcore.deploy.errors import TemplateError
from streamcore.deploy.functions import DEFAULTS, FUNCTIONS, Code, deploy, found, inline
from streamcore.deploy.model.coerce import tags_of

_CONCURRENCY: Final = "/2017-10-31/functions"
_INVOKE_CONFIG: Final = "/2019-09-25/functions"
_URL: Final = "/2021-10-31/functions"


async def _put_function(to: Deployment, name: str, properties: dict[str, Any]) -> Mapping[str, Any]:
    given = dict(properties)
    code = _code(to, given.pop("Code"), str(given.get("Runtime", "")))
    given.pop("FunctionName", None)
    tags, reserved = tags_of(given.pop("Tags", None)), given.pop("ReservedConcurrentExecutions", None)
    if "KmsKeyArn" in given:
        given["KMSKeyArn"] = given.pop("KmsKeyArn")
    create: dict[str, Any] = {key: given.pop(key) for key in ("Architectures", "PackageType") if key in given}
    logging = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}
    configuration = {**DEFAULTS, "Role": to.place.role(), "LoggingConfig": logging, **given}
    deployed = await deploy(to.client, name, code, configuration, create={**create, "Tags": tags})
    await _set_tags(to, deployed.arn, tags)
    await _reserve(to, name, reserved)
    return {"Arn": deployed.arn}


def _code(to: Deployment, code: Any, runtime: str) -> Code:
    match code:
        case str():
            return to.code(code)
        case {"ZipFile": str() as text} if len(code) == 1:
            return inline(text, runtime)
        case {"S3Bucket": _, "S3Key": _} | {"Bucket": _, "Key": _}:
            names = {"Bucket": "S3Bucket", "Key": "S3Key", "Version": "S3ObjectVersion"}
            return Code({names.get(key, key): each for key, each in code.items()})
    raise TemplateError("code is a path, a ZipFile with the text of one file, or an S3Bucket and an S3Key")


async def _set_tags(to: Deployment, arn: str, wanted: Mapping[str, str]) -> None:
    path = f"/2017-03-31/tags/{label(arn)}"
    present = (await to.client.rest("lambda", "GET", path)).get("Tags") or {}
    gone = [key for key in present if key not in wanted]
    if gone:  # a list in a query is the name again and again
        await to.client.rest("lambda", "DELETE", f"{path}?{'&'.join(f'tagKeys={label(key)}' for key in gone)}")
    if any(present.get(key) != each for key, each in wanted.items()):
        await to.client.rest("lambda", "POST", path, {"Tags": dict(wanted)})


async def _reserve(to: Deployment, name: str, reserved: int | None) -> None:
    if reserved is not None:
        path = f"{_CONCURRENCY}/{label(name)}/concurrency"
        await to.client.rest("lambda", "PUT", path, {"ReservedConcurrentExecutions": reserved})
        return
    present = await to.client.rest("lambda", "GET", f"/2019-09-30/functions/{label(name)}/concurrency")
    if "ReservedConcurrentExecutions" in present:
        await to.client.rest("lambda", "DELETE", f"{_CONCURRENCY}/{label(name)}/concurrency")


async def _remove_function(to: Deployment, name: str, properties: dict[str, Any]) -> None:
    await found(to.client.rest("lambda", "DELETE", f"{FUNCTIONS}/{label(name)}"))


# ------------------------------------------------------------ permissions


def _statement_id(to: Deployment, name: str) -> str:
    return f"{to.place.stack}-{name}"[-100:]


async def _put_permission(to: Deployment, name: str, properties: dict[str, Any]) -> Mapping[str, Any]:
    await _remove_permission(to, name, properties)
    given = dict(properties)
    path = f"{FUNCTIONS}/{label(given.pop('FunctionName'))}/policy"
    await to.client.rest("lambda", "POST", path, {"StatementId": _statement_id(to, name), **given})
    return {}


async def _remove_permission(to: Deployment, name: str, properties: dict[str, Any]) -> None:
    path = f"{FUNCTIONS}/{label(properties['FunctionName'])}/policy/{label(_statement_id(to, name))}"
    await found(to.client.rest("lambda", "DELETE", path))


# ------------------------------------------------------------ settings of asynchronous invocations


async def _put_event_invoke(to: Deployment, name: str, properties: dict[str, Any]) -> Mapping[str, Any]:
    given = dict(properties)
    path = f"{_INVOKE_CONFIG}/{label(given.pop('FunctionName'))}/event-invoke-config"
    await to.client.rest("lambda", "PUT", path, given, {"Qualifier": given.pop("Qualifier")})
    return {}


async def _remove_event_invoke(to: Deployment, name: str, properties: dict[str, Any]) -> None:
    path = f"{_INVOKE_CONFIG}/{label(properties['FunctionName'])}/event-invoke-config"
    await found(to.client.rest("lambda", "DELETE", path, None, {"Qualifier": properties["Qualifier"]}))


# ------------------------------------------------------------ URLs


async def _put_url(to: Deployment, name: str, properties: dict[str, Any]) -> Mapping[str, Any]:
    path, query = _url_of(properties)
    given = {key: properties[key] for key in ("AuthType", "Cors", "InvokeMode") if key in properties}
    is_there = await found(to.client.rest("lambda", "GET", path, None, query)) is not None
    whole = {"Cors": {}, "InvokeMode": "BUFFERED", **given} if is_there else given
    made = await to.client.rest("lambda", "PUT" if is_there else "POST", path, whole, query)
    return {"Ref": made["FunctionArn"], "FunctionArn": made["FunctionArn"], "FunctionUrl": made["FunctionUrl"]}


async def _remove_url(to: Deployment, name: str, properties: dict[str, Any]) -> None:
    path, query = _url_of(properties)
    await found(to.client.rest("lambda", "DELETE", path, None, query))


def _url_of(properties: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    query = {"Qualifier": str(properties["Qualifier"])} if "Qualifier" in properties else {}
    return f"{_URL}/{label(properties['TargetFunctionArn'])}/url", query


FUNCTION: Final = Maker(_put_function, _remove_function)
PERMISSION: Final = Maker(_put_permission, _remove_permission)
EVENT_INVOKE_CONFIG: Final = Maker(_put_event_invoke, _remove_event_invoke)
URL: Final = Maker(_put_url, _remove_url)
