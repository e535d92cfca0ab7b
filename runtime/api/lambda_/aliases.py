"""What the actions about aliases share."""

from __future__ import annotations

from runtime.api.lambda_.shapes import LambdaShape, RoutingConfig
from runtime.app import Functions
from runtime.model.names import FunctionKey, FunctionRef
from runtime.model.versions import Alias, check_weights


class AliasConfiguration(LambdaShape, frozen=True, kw_only=True):
    alias_arn: str
    name: str
    function_version: str
    description: str
    routing_config: RoutingConfig | None = None
    revision_id: str


def alias_shape(key: FunctionKey, alias: Alias) -> AliasConfiguration:
    return AliasConfiguration(
        alias_arn=key.qualified(alias.name),
        name=alias.name,
        function_version=alias.version,
        description=alias.description,
        routing_config=RoutingConfig(additional_version_weights=alias.weights) if alias.weights else None,
        revision_id=alias.revision_id,
    )


def weights_of(routing: RoutingConfig | None) -> dict[str, float]:
    return {} if routing is None else routing.additional_version_weights or {}


def check_versions(functions: Functions, key: FunctionKey, alias: Alias) -> None:
    """Raises NotFoundError for a version that is not there, InvalidValueError for shares that cannot be."""
    check_weights(alias.version, alias.weights)
    for version in (alias.version, *alias.weights):
        functions.catalog.configuration(FunctionRef(key, version))
