"""TestInvokeAuthorizer: https://docs.aws.amazon.com/apigateway/latest/api/API_TestInvokeAuthorizer.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
    Texts,
)
from runtime.gateway.service import Gateway
from runtime.gateway.trial import TestedAuthorizer, asked, invoke_authorizer
from runtime.model.apigateway.structure import (
    authorizer_of,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class TestInvokeAuthorizerInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    authorizer_id: Annotated[str, label("authorizer_id")]

    headers: Texts | None = None
    multi_value_headers: dict[str, list[str]] | None = None
    path_with_query_string: str | None = None
    body: str | None = None
    stage_variables: Texts | None = None
    additional_context: Texts | None = None


@APIGATEWAY.action("TestInvokeAuthorizer", "POST", "/restapis/{restapi_id}/authorizers/{authorizer_id}")
async def test_invoke_authorizer(gateway: Gateway, call: Call, input_: TestInvokeAuthorizerInput) -> TestedAuthorizer:
    """Asks an authorizer as it is now."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)

    return await invoke_authorizer(
        gateway,
        record,
        authorizer_of(record.content, input_.authorizer_id),
        asked(input_.path_with_query_string, input_.headers, input_.multi_value_headers, input_.body),
        input_.stage_variables or {},
        input_.additional_context or {},
    )
