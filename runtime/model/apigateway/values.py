"""What a REST API is made of. Members have AWS's names and meanings, so that a value is told as it is kept; dates are
seconds since the epoch (API Gateway API reference: RestApi, Resource, Method, Integration, Stage, …)."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Base: None is not told."""


class EndpointConfiguration(Value, frozen=True, kw_only=True):
    types: list[str]
    ip_address_type: str = msgspec.field(default="ipv4")


class RestApi(Value, frozen=True, kw_only=True):
    id: str
    name: str
    description: str | None = None
    created_date: float
    version: str | None = None
    warnings: list[str] | None = None
    binary_media_types: list[str] | None = None
    minimum_compression_size: int | None = None
    api_key_source: str
    endpoint_configuration: EndpointConfiguration
    policy: str | None = None
    tags: dict[str, str] | None = None
    disable_execute_api_endpoint: bool
    root_resource_id: str


class MethodResponse(Value, frozen=True, kw_only=True):
    status_code: str
    response_parameters: dict[str, bool] | None = None
    response_models: dict[str, str] | None = None


class IntegrationResponse(Value, frozen=True, kw_only=True):
    status_code: str
    selection_pattern: str | None = None
    response_parameters: dict[str, str] | None = None
    response_templates: dict[str, str | None] | None = None
    content_handling: str | None = None


class Integration(Value, frozen=True, kw_only=True):
    type: str
    http_method: str | None = None
    uri: str | None = None
    connection_type: str | None = None
    credentials: str | None = None
    request_parameters: dict[str, str] | None = None
    request_templates: dict[str, str | None] | None = None
    passthrough_behavior: str
    content_handling: str | None = None
    timeout_in_millis: int
    cache_namespace: str
    cache_key_parameters: list[str]
    integration_responses: dict[str, IntegrationResponse] | None = None


class Method(Value, frozen=True, kw_only=True):
    http_method: str
    authorization_type: str
    authorizer_id: str | None = None
    api_key_required: bool
    request_validator_id: str | None = None
    operation_name: str | None = None
    request_parameters: dict[str, bool] | None = None
    request_models: dict[str, str] | None = None
    method_responses: dict[str, MethodResponse] | None = None
    method_integration: Integration | None = None
    authorization_scopes: list[str] | None = None


class Resource(Value, frozen=True, kw_only=True):
    id: str
    parent_id: str | None = None
    path_part: str | None = None
    path: str
    resource_methods: dict[str, Method] | None = None


class Model(Value, frozen=True, kw_only=True):
    id: str
    name: str
    description: str | None = None
    schema: str
    content_type: str


class RequestValidator(Value, frozen=True, kw_only=True):
    id: str
    name: str | None = None
    validate_request_body: bool
    validate_request_parameters: bool


class Authorizer(Value, frozen=True, kw_only=True):
    id: str
    name: str
    type: str
    auth_type: str | None = None
    authorizer_uri: str
    authorizer_credentials: str | None = None
    identity_source: str | None = None
    identity_validation_expression: str | None = None
    authorizer_result_ttl_in_seconds: int


class GatewayResponse(Value, frozen=True, kw_only=True):
    response_type: str
    status_code: str | None = None
    response_parameters: dict[str, str]
    response_templates: dict[str, str]
    default_response: bool


class Content(Value, frozen=True, kw_only=True):
    """All of an API that a deployment takes with it: by id, models by name, gateway responses by type."""

    api: RestApi
    resources: dict[str, Resource]
    models: dict[str, Model] = msgspec.field(default_factory=dict)
    validators: dict[str, RequestValidator] = msgspec.field(default_factory=dict)
    authorizers: dict[str, Authorizer] = msgspec.field(default_factory=dict)
    gateway_responses: dict[str, GatewayResponse] = msgspec.field(default_factory=dict)


class Deployment(Value, frozen=True, kw_only=True):
    id: str
    description: str | None = None
    created_date: float


class MethodSetting(Value, frozen=True, kw_only=True, omit_defaults=False):
    metrics_enabled: bool = False
    logging_level: str = "OFF"
    data_trace_enabled: bool = False
    throttling_burst_limit: int = 5000
    throttling_rate_limit: float = 10_000.0


class AccessLogSettings(Value, frozen=True, kw_only=True):
    format: str | None = None
    destination_arn: str | None = None


class Stage(Value, frozen=True, kw_only=True):
    deployment_id: str
    stage_name: str
    description: str | None = None
    cache_cluster_enabled: bool
    cache_cluster_status: str
    method_settings: dict[str, MethodSetting]
    variables: dict[str, str] | None = None
    access_log_settings: AccessLogSettings | None = None
    tracing_enabled: bool
    tags: dict[str, str] | None = None
    created_date: float
    last_updated_date: float


class ApiKey(Value, frozen=True, kw_only=True):
    id: str
    value: str | None = None
    name: str | None = None
    customer_id: str | None = None
    description: str | None = None
    enabled: bool
    created_date: float
    last_updated_date: float
    stage_keys: list[str]
    tags: dict[str, str] | None = None


class ThrottleSettings(Value, frozen=True, kw_only=True, omit_defaults=False):
    burst_limit: int = 0
    rate_limit: float = 0.0


class QuotaSettings(Value, frozen=True, kw_only=True):
    limit: int
    offset: int
    period: str


class ApiStage(Value, frozen=True, kw_only=True):
    api_id: str
    stage: str
    throttle: dict[str, ThrottleSettings] | None = None


class UsagePlan(Value, frozen=True, kw_only=True):
    id: str
    name: str
    description: str | None = None
    api_stages: list[ApiStage]
    throttle: ThrottleSettings | None = None
    quota: QuotaSettings | None = None
    tags: dict[str, str] | None = None


class Account(Value, frozen=True, kw_only=True):
    cloudwatch_role_arn: str | None = None
    throttle_settings: ThrottleSettings
    features: list[str]
    api_key_version: str


V = TypeVar("V", bound=msgspec.Struct)


def changed(value: V, /, **members: Any) -> V:
    """A value with other members."""
    return msgspec.structs.replace(value, **members)
