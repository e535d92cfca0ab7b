"""The registry of API Gateway's second API. Errors are told as by the first: `{"message": …}`, with the status that the
service model has for the code."""

from __future__ import annotations

from typing import Final

from runtime.api.apigateway.registry import ApiGatewayErrors
from runtime.errors import ApiLimitError
from runtime.gateway.httpapi.service import HttpGateway
from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.rest import RestService


class ApiGatewayV2Errors(ApiGatewayErrors):
    """What is beyond a quota has another name here."""

    def from_exception(self, error: Exception) -> AwsError | None:
        if isinstance(error, ApiLimitError):
            return AwsError("TooManyRequestsException", 429, str(error))
        return super().from_exception(error)


APIGATEWAYV2: Final[RestService[HttpGateway]] = RestService("apigatewayv2", errors=ApiGatewayV2Errors())
