"""AWS SAM: what a serverless resource stands for in plain resources, as SAM's own transformation makes them.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html

Where SAM writes into another resource (a bucket's notifications, the one implicit API), a `Streamcore::…` resource of
its own comes after it instead, so that a function may refer to the bucket that calls it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from streamcore.deploy.errors import TemplateError
from streamcore.deploy.model import schema
from streamcore.deploy.model.intrinsics import Names, resolve
from streamcore.deploy.model.sam_events import Part, destinations, member, permission, route, rule, schedule

TRANSFORM: Final = "AWS::Serverless-2016-10-31"
FUNCTION: Final = "AWS::Serverless::Function"
HTTP_API: Final = "AWS::Serverless::HttpApi"
IMPLICIT_HTTP_API: Final = "ServerlessHttpApi"
_COPIED: Final = [
    "FunctionName",
    "Description",
    "Handler",
    "Runtime",
    "MemorySize",
    "Timeout",
    "Environment",
    "Layers",
    "Tags",
    "EphemeralStorage",
    "LoggingConfig",
    "Architectures",
    "KmsKeyArn",
    "VpcConfig",
    "SnapStart",
    "PackageType",
    "Role",
    "ReservedConcurrentExecutions",
]


def check_transform(transform: Any) -> None:
    """Raises TemplateError for any transformation but SAM's."""
    for each in transform if isinstance(transform, list) else [transform]:
        if each not in (None, TRANSFORM):
            raise TemplateError(f"the transform {each} is not offered, only {TRANSFORM}")


def globals_of(section: Mapping[str, Any]) -> dict[str, Any]:
    """What all functions have. Raises TemplateError for what is not offered."""
    unknown = sorted(set(section) - {"Function"})
    if unknown:
        raise TemplateError(f"Globals: {', '.join(unknown)} is not offered, only Function")
    found = section.get("Function") or {}
    rules = schema.TYPES[FUNCTION]
    table = {FUNCTION: rules._replace(known=rules.known - {"FunctionName", "Events"})}
    schema.check("Globals", FUNCTION, found, table)
    return dict(found)


def merged(common: Any, own: Any) -> Any:
    """SAM's rule: mappings are joined, lists follow each other, anything else is overridden."""
    if isinstance(common, dict) and isinstance(own, dict):
        return {**common, **{key: merged(common[key], each) if key in common else each for key, each in own.items()}}
    if isinstance(common, list) and isinstance(own, list):
        return common + own
    return own


class Expansion:
    """Takes the resources of a template one by one; `shared` are those that belong to several."""

    def __init__(self, names: Names, common: dict[str, Any]) -> None:
        self._names = names
        self._common = common
        self._renamed: dict[str, str] = {}
        self._notifications: dict[str, list[dict[str, Any]]] = {}
        self._permissions: dict[str, list[str]] = {}
        self._rest_routes: list[dict[str, Any]] = []
        self._http_routes: dict[str, list[dict[str, Any]]] = {}
        self._http_apis: dict[str, dict[str, Any]] = {}
        self._buckets: dict[str, bool] = {}
        self.notes: list[str] = []

    def expand(self, logical_id: str, kind: str, properties: dict[str, Any]) -> list[Part]:
        """Raises TemplateError."""
        if kind == FUNCTION:
            whole: dict[str, Any] = merged(self._common, properties)
            parts = self._function(logical_id, whole)
            self.notes += schema.check(logical_id, kind, whole)
            return parts
        if kind == "AWS::Serverless::LayerVersion":
            known = schema.TYPES["AWS::Lambda::LayerVersion"].known
            copied = {key: each for key, each in properties.items() if key in known}
            return [Part(logical_id, "AWS::Lambda::LayerVersion", {**copied, "Content": properties["ContentUri"]})]
        if kind == HTTP_API:
            self._http_apis[logical_id] = properties
            return []
        if kind == "AWS::S3::Bucket":
            self._buckets[logical_id] = "NotificationConfiguration" in properties
        return [Part(logical_id, kind, properties)]

    def shared(self) -> list[Part]:
        """The notifications of buckets and the implicit APIs. Raises TemplateError."""
        parts = []
        for bucket, configurations in self._notifications.items():
            if bucket not in self._buckets:
                raise TemplateError(f"an event of S3 needs a bucket of the same template; {bucket} is none")
            if self._buckets[bucket]:
                raise TemplateError(f"{bucket} has a NotificationConfiguration; events of S3 would replace it")
            found = {"Bucket": {"Ref": bucket}, "LambdaConfigurations": configurations}
            after = tuple(self._permissions[bucket])
            parts.append(Part(f"{bucket}Notifications", "Streamcore::BucketNotifications", found, after))
        if self._rest_routes:
            found = {"StageName": "Prod", "Routes": self._rest_routes}
            parts.append(Part("ServerlessRestApi", "Streamcore::RestApi", found))
        return parts + self._shared_http()

    def _shared_http(self) -> list[Part]:
        """The HTTP APIs of the template, and the implicit one for events that name none. Raises TemplateError."""
        apis = {name: dict(each) for name, each in self._http_apis.items()}
        if IMPLICIT_HTTP_API in self._http_routes:
            apis.setdefault(IMPLICIT_HTTP_API, {})
        unknown = sorted(self._http_routes.keys() - apis.keys())
        if unknown:
            raise TemplateError(f"an ApiId is a !Ref to an {HTTP_API} of the same template; {unknown[0]} is none")
        return [
            Part(
                name,
                "Streamcore::HttpApi",
                {"StageName": "$default", **each, "Routes": self._http_routes.get(name, [])},
            )
            for name, each in apis.items()
        ]

    def renamed(self, value: Any) -> Any:
        """`!Ref Function.Alias` and `!Ref Function.Version` are names of what SAM makes."""
        if isinstance(value, list):
            return [self.renamed(each) for each in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Ref"} and value["Ref"] in self._renamed:
            return {"Ref": self._renamed[value["Ref"]]}
        return {key: self.renamed(each) for key, each in value.items()}

    # ------------------------------------------------------------

    def _function(self, logical_id: str, given: dict[str, Any]) -> list[Part]:
        properties = {key: given[key] for key in _COPIED if key in given}
        properties["Code"] = _code(logical_id, given)
        if "Tracing" in given:
            properties["TracingConfig"] = {"Mode": given["Tracing"]}
        if "DeadLetterQueue" in given:
            properties["DeadLetterConfig"] = {"TargetArn": member(logical_id, given, "DeadLetterQueue", "TargetArn")}
        parts = [Part(logical_id, "AWS::Lambda::Function", properties)]
        alias = self._alias(logical_id, given, parts)
        target: dict[str, Any] = {"Fn::GetAtt": [logical_id, "Arn"]} if alias is None else {"Ref": parts[-1].logical_id}
        if "FunctionUrlConfig" in given:
            parts += _url(logical_id, given, alias)
        if "EventInvokeConfig" in given:
            parts.append(_event_invoke(logical_id, given, alias))
        events = given.get("Events") or {}
        if not isinstance(events, dict):
            raise TemplateError(f"{logical_id}: Events is a mapping")
        for name, event in events.items():
            parts += self._event(logical_id, name, event, target)
        return parts

    def _alias(self, logical_id: str, given: dict[str, Any], parts: list[Part]) -> str | None:
        provisioned = given.get("ProvisionedConcurrencyConfig")
        if "AutoPublishAlias" not in given:
            if provisioned is not None:
                raise TemplateError(f"{logical_id}: ProvisionedConcurrencyConfig needs an AutoPublishAlias")
            return None
        alias = str(resolve(given["AutoPublishAlias"], self._names))
        version = {"FunctionName": {"Ref": logical_id}}
        if "VersionDescription" in given:
            version["Description"] = given["VersionDescription"]
        properties = {
            "FunctionName": {"Ref": logical_id},
            "FunctionVersion": {"Fn::GetAtt": [f"{logical_id}Version", "Version"]},
            "Name": alias,
        }
        if provisioned is not None:
            properties["ProvisionedConcurrencyConfig"] = provisioned
        parts.append(Part(f"{logical_id}Version", "AWS::Lambda::Version", version))
        parts.append(Part(f"{logical_id}Alias{alias}", "AWS::Lambda::Alias", properties))
        self._renamed[f"{logical_id}.Alias"] = f"{logical_id}Alias{alias}"
        self._renamed[f"{logical_id}.Version"] = f"{logical_id}Version"
        return alias

    def _event(self, function: str, name: str, event: Any, target: dict[str, Any]) -> list[Part]:
        where = f"{function}.Events.{name}"
        if not isinstance(event, dict) or set(event) - {"Type", "Properties"}:
            raise TemplateError(f"{where} has a Type and Properties")
        kind, properties = str(event.get("Type")), event.get("Properties") or {}
        self.notes += schema.check(where, kind, properties, schema.EVENTS)
        logical_id = f"{function}{name}"
        match kind:
            case "Kinesis":
                rest = {key: each for key, each in properties.items() if key != "Stream"}
                found = {"EventSourceArn": properties["Stream"], "FunctionName": target, **rest}
                if "DestinationConfig" in rest:
                    found["DestinationConfig"] = destinations(where, rest["DestinationConfig"])
                return [Part(logical_id, "AWS::Lambda::EventSourceMapping", found)]
            case "Schedule":
                source = {"Fn::GetAtt": [logical_id, "Arn"]}
                allowed = permission(logical_id, target, "events.amazonaws.com", {"SourceArn": source})
                return [rule(logical_id, properties, target), allowed]
            case "ScheduleV2":
                return [schedule(logical_id, properties, target)]
            case "S3":
                return [self._bucket(where, logical_id, properties, target)]
        led = {**route(where, kind, properties), "Function": target}
        if kind == "Api":
            self._rest_routes.append(led)
        else:
            self._http_routes.setdefault(_api_of(where, properties), []).append(led)
        return [permission(logical_id, target, "apigateway.amazonaws.com", {})]

    def _bucket(self, where: str, logical_id: str, properties: dict[str, Any], target: dict[str, Any]) -> Part:
        match properties["Bucket"]:
            case {"Ref": str() as bucket}:
                pass
            case _:
                raise TemplateError(f"{where}: Bucket is a !Ref to a bucket of the template")
        events = properties["Events"]
        for event in events if isinstance(events, list) else [events]:
            found = {"Event": event, "Function": target}
            if "Filter" in properties:
                found["Filter"] = properties["Filter"]
            self._notifications.setdefault(bucket, []).append(found)
        allowed = permission(logical_id, target, "s3.amazonaws.com", {"SourceAccount": {"Ref": "AWS::AccountId"}})
        self._permissions.setdefault(bucket, []).append(allowed.logical_id)
        return allowed


def _api_of(where: str, properties: Mapping[str, Any]) -> str:
    """The HTTP API of an event."""
    match properties.get("ApiId", {"Ref": IMPLICIT_HTTP_API}):
        case {"Ref": str() as name}:
            return name
    raise TemplateError(f"{where}: ApiId is a !Ref to an {HTTP_API} of the template")


def _code(logical_id: str, given: Mapping[str, Any]) -> Any:
    """As the `Code` of a plain function, or a path."""
    if ("CodeUri" in given) == ("InlineCode" in given):
        raise TemplateError(f"{logical_id} needs one of CodeUri and InlineCode")
    if "InlineCode" in given:
        return {"ZipFile": given["InlineCode"]}
    return given["CodeUri"]


def _url(logical_id: str, given: Mapping[str, Any], alias: str | None) -> list[Part]:
    config = given["FunctionUrlConfig"]
    if not isinstance(config, dict) or set(config) - {"AuthType", "Cors", "InvokeMode"} or "AuthType" not in config:
        raise TemplateError(f"{logical_id}: FunctionUrlConfig has an AuthType, and perhaps Cors and InvokeMode")
    reference = {"Ref": logical_id}
    of_alias = {} if alias is None else {"Qualifier": alias}
    after = () if alias is None else (f"{logical_id}Alias{alias}",)
    parts = [
        Part(f"{logical_id}Url", "AWS::Lambda::Url", {"TargetFunctionArn": reference, **of_alias, **config}, after)
    ]
    if config["AuthType"] == "NONE":
        target: dict[str, Any] = reference if alias is None else {"Ref": f"{logical_id}Alias{alias}"}
        public = {
            "FunctionName": target,
            "Action": "lambda:InvokeFunctionUrl",
            "Principal": "*",
            "FunctionUrlAuthType": "NONE",
        }
        parts.append(Part(f"{logical_id}UrlPublicPermissions", "AWS::Lambda::Permission", public))
    return parts


def _event_invoke(logical_id: str, given: Mapping[str, Any], alias: str | None) -> Part:
    config = given["EventInvokeConfig"]
    known = {"MaximumEventAgeInSeconds", "MaximumRetryAttempts", "DestinationConfig"}
    if not isinstance(config, dict) or set(config) - known:
        raise TemplateError(f"{logical_id}: EventInvokeConfig has {', '.join(sorted(known))}")
    properties: dict[str, Any] = {"FunctionName": {"Ref": logical_id}, "Qualifier": alias or "$LATEST", **config}
    if "DestinationConfig" in config:
        properties["DestinationConfig"] = destinations(logical_id, config["DestinationConfig"])
    after = () if alias is None else (f"{logical_id}Alias{alias}",)
    return Part(f"{logical_id}EventInvokeConfig", "AWS::Lambda::EventInvokeConfig", properties, after)
