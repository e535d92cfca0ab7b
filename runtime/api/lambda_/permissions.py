"""What the actions of Lambda need.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from runtime.errors import FunctionsError
from runtime.functions.catalog import Catalog
from runtime.model.names import parse_function, parse_function_arn, parse_layer
from streamcore.api.aws.permissions import Permission, Permissions, everything, member, passed_role, table
from streamcore.api.aws.service import Call
from streamcore.identity.guard import UNKNOWN, Held
from streamcore.model.iam.context import Value

SERVICE: Final = "lambda.amazonaws.com"


def _named(input_: Any, call: Call, qualifier: str | None) -> Sequence[str]:
    name = getattr(input_, "function_name", None)
    if not name:
        return ("*",)
    try:
        ref = parse_function(name, qualifier, call.scope)
    except FunctionsError:
        return ("*",)
    return (ref.arn if qualifier or ref.qualifier else ref.key.arn,)


def function(input_: Any, call: Call) -> Sequence[str]:
    """The function as a whole, whatever qualifier is beside its name."""
    (arn,) = _named(input_, call, None)
    ref = parse_function_arn(arn)
    return (arn,) if ref is None else (ref.key.arn,)


def version(input_: Any, call: Call) -> Sequence[str]:
    """The function, or the version or alias that is named."""
    return _named(input_, call, getattr(input_, "qualifier", None))


def _layer(input_: Any, call: Call) -> Sequence[str]:
    try:
        return (parse_layer(input_.layer_name, call.scope).arn,)
    except FunctionsError:
        return ("*",)


def _layer_version(input_: Any, call: Call) -> Sequence[str]:
    (arn,) = _layer(input_, call)
    return (arn,) if arn == "*" else (f"{arn}:{input_.version_number}",)


def _mapping(input_: Any, call: Call) -> Sequence[str]:
    return (f"arn:aws:lambda:{call.scope.region}:{call.scope.account}:event-source-mapping:{input_.uuid}",)


def _function_key(input_: Any, call: Call) -> Mapping[str, Value]:
    (arn,) = function(input_, call)
    return {} if arn == "*" else {"lambda:FunctionArn": arn}


def _url_keys(input_: Any, call: Call) -> Mapping[str, Value]:
    kind = getattr(input_, "auth_type", None)
    return {} if kind is None else {"lambda:FunctionUrlAuthType": str(kind)}


def _principal_key(input_: Any, call: Call) -> Mapping[str, Value]:
    return {"lambda:Principal": input_.principal}


def _code(input_: Any) -> Any:
    """Where the code of a request is said."""
    return getattr(input_, "code", None) or getattr(input_, "content", None) or input_


def _code_object(input_: Any, call: Call) -> Sequence[str]:
    code = _code(input_)
    return (f"arn:aws:s3:::{code.s3_bucket}/{code.s3_key}",)


#: Code that is given by bucket and key is read for the caller.
_READS_CODE: Final = Permission(
    "s3:GetObject", _code_object, is_data=True, when=lambda input_: bool(getattr(_code(input_), "s3_bucket", None))
)
_PASSES_ROLE: Final = passed_role("role", SERVICE)

_ACTIONS: Final = table(
    "lambda",
    {
        function: "CreateAlias DeleteAlias DeleteFunctionCodeSigningConfig DeleteFunctionConcurrency "
        "GetFunctionCodeSigningConfig GetFunctionConcurrency GetFunctionRecursionConfig ListAliases "
        "ListFunctionEventInvokeConfigs ListFunctionUrlConfigs ListProvisionedConcurrencyConfigs "
        "ListVersionsByFunction PublishVersion PutFunctionCodeSigningConfig PutFunctionConcurrency "
        "PutFunctionRecursionConfig RemovePermission UpdateAlias GetAlias GetPolicy",
        version: "DeleteFunction DeleteFunctionEventInvokeConfig DeleteProvisionedConcurrencyConfig GetFunction "
        "GetFunctionConfiguration GetFunctionEventInvokeConfig GetProvisionedConcurrencyConfig "
        "GetRuntimeManagementConfig PutFunctionEventInvokeConfig PutProvisionedConcurrencyConfig "
        "PutRuntimeManagementConfig UpdateFunctionEventInvokeConfig",
        _layer: "ListLayerVersions",
        _layer_version: "AddLayerVersionPermission DeleteLayerVersion GetLayerVersion GetLayerVersionPolicy "
        "RemoveLayerVersionPermission",
        member("code_signing_config_arn"): "DeleteCodeSigningConfig GetCodeSigningConfig "
        "ListFunctionsByCodeSigningConfig UpdateCodeSigningConfig",
        member("resource"): "ListTags TagResource UntagResource",
        everything: "CreateCodeSigningConfig GetAccountSettings ListCodeSigningConfigs ListEventSourceMappings "
        "ListFunctions ListLayers",
    },
) | {
    "AddPermission": Permission("lambda:AddPermission", function, _principal_key),
    "CreateEventSourceMapping": Permission("lambda:CreateEventSourceMapping", everything, _function_key),
    "CreateFunction": Permission("lambda:CreateFunction", function, also=(_PASSES_ROLE, _READS_CODE)),
    "CreateFunctionUrlConfig": Permission("lambda:CreateFunctionUrlConfig", function, _url_keys),
    "DeleteEventSourceMapping": Permission("lambda:DeleteEventSourceMapping", _mapping),
    "DeleteFunctionUrlConfig": Permission("lambda:DeleteFunctionUrlConfig", function),
    "GetEventSourceMapping": Permission("lambda:GetEventSourceMapping", _mapping),
    "GetFunctionUrlConfig": Permission("lambda:GetFunctionUrlConfig", function),
    "GetLayerVersionByArn": Permission("lambda:GetLayerVersion", member("arn")),
    "Invoke": Permission("lambda:InvokeFunction", version, is_data=True),
    "InvokeWithResponseStream": Permission("lambda:InvokeFunction", version, is_data=True),
    "PublishLayerVersion": Permission("lambda:PublishLayerVersion", _layer, also=(_READS_CODE,)),
    "UpdateEventSourceMapping": Permission("lambda:UpdateEventSourceMapping", _mapping, _function_key),
    "UpdateFunctionCode": Permission("lambda:UpdateFunctionCode", function, also=(_READS_CODE,)),
    "UpdateFunctionConfiguration": Permission("lambda:UpdateFunctionConfiguration", function, also=(_PASSES_ROLE,)),
    "UpdateFunctionUrlConfig": Permission("lambda:UpdateFunctionUrlConfig", function, _url_keys),
}

PERMISSIONS: Final = Permissions("lambda", _ACTIONS)


def held_of(catalog: Catalog, arn: str) -> Held:
    """The policy of a function, or of the version or alias that the ARN names."""
    ref = parse_function_arn(arn)
    found = None if ref is None else catalog.functions.get(ref.key)
    if ref is None or found is None:
        return UNKNOWN
    policy = found.policies.get(ref.qualifier or "")
    return UNKNOWN if policy is None else Held(policy.text())
