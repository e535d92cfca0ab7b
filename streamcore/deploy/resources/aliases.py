"""AWS::Lambda::Version and AWS::Lambda::Alias, with their provisioned concurrency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from streamcore.client.aws import label
from streamcore.deploy.deployment import Deployment, Maker
from streamcore.deploy.functions import FUNCTIONS, found

_PROVISIONED: Final = "/2019-09-30/functions"


async def _put_version(to: Deployment, name: str, properties: dict[str, Any]) -> Mapping[str, Any]:
    """The API itself gives the last version again when nothing has changed since."""
    function = str(properties["FunctionName"])
    body = {key: properties[key] for key in ("Description",) if key in properties}
    made = await to.client.rest("lambda", "POST", f"{FUNCTIONS}/{label(function)}/versions", body)
    await _provision(to, function, str(made["Version"]), properties)
    return {"Ref": made["FunctionArn"], "Version": made["Version"], "FunctionArn": made["FunctionArn"]}


async def _remove_version(to: Deployment, name: str, properties: dict[str, Any]) -> None:
    """Versions go with their function."""


async def _put_alias(to: Deployment, name: str, properties: dict[str, Any]) -> Mapping[str, Any]:
    function, alias = str(properties["FunctionName"]), str(properties["Name"])
    weights = (properties.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or ()
    body: dict[str, Any] = {
        "FunctionVersion": str(properties["FunctionVersion"]),
        "Description": properties.get("Description", ""),
        "RoutingConfig": {
            "AdditionalVersionWeights": {
                str(each["FunctionVersion"]): float(each["FunctionWeight"]) for each in weights
            }
        },
    }
    path = f"{FUNCTIONS}/{label(function)}/aliases"
    if await found(to.client.rest("lambda", "GET", f"{path}/{label(alias)}")) is None:
        made = await to.client.rest("lambda", "POST", path, {"Name": alias, **body})
    else:
        made = await to.client.rest("lambda", "PUT", f"{path}/{label(alias)}", body)
    await _provision(to, function, alias, properties)
    return {"Ref": made["AliasArn"], "AliasArn": made["AliasArn"]}


async def _remove_alias(to: Deployment, name: str, properties: dict[str, Any]) -> None:
    path = f"{FUNCTIONS}/{label(properties['FunctionName'])}/aliases/{label(properties['Name'])}"
    await found(to.client.rest("lambda", "DELETE", path))


async def _provision(to: Deployment, function: str, qualifier: str, properties: Mapping[str, Any]) -> None:
    path, query = f"{_PROVISIONED}/{label(function)}/provisioned-concurrency", {"Qualifier": qualifier}
    wanted = properties.get("ProvisionedConcurrencyConfig")
    if wanted is not None:
        await to.client.rest("lambda", "PUT", path, wanted, query)
    else:
        await found(to.client.rest("lambda", "DELETE", path, None, query))


VERSION: Final = Maker(_put_version, _remove_version)
ALIAS: Final = Maker(_put_alias, _remove_alias)
