"""TestInvokeMethod: https://docs.aws.amazon.com/apigateway/latest/api/API_TestInvokeMethod.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    HttpMethod,
    Refused,
    ResourceId,
    RestApiId,
    Texts,
    refuse_given,
)
from runtime.gateway.service import Gateway
from runtime.gateway.trial import TestedMethod, asked, invoke_method
from runtime.model.apigateway.structure import (
    resource_of,
)
from streamcore.api.aws.service import Call


class TestInvokeMethodInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    http_method: HttpMethod

    path_with_query_string: str | None = None
    body: str | None = None
    headers: Texts | None = None
    multi_value_headers: dict[str, list[str]] | None = None
    client_certificate_id: Refused = None
    stage_variables: Texts | None = None


@APIGATEWAY.action("TestInvokeMethod", "POST", "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}")
async def test_invoke_method(gateway: Gateway, call: Call, input_: TestInvokeMethodInput) -> TestedMethod:
    """Sends a request to the API as it is now, past authorizers, keys and throttles; with its log."""
    refuse_given(input_, "client_certificate_id")
    record = gateway.apis.api(call.scope, input_.rest_api_id)

    return await invoke_method(
        gateway,
        record,
        resource_of(record.content, input_.resource_id),
        input_.http_method,
        asked(input_.path_with_query_string, input_.headers, input_.multi_value_headers, input_.body),
        input_.stage_variables or {},
    )
