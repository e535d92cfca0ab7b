"""The registry of API Gateway's actions, and how this service tells errors: `{"message": …}`, with the status that the
service model has for the code."""

from __future__ import annotations

from typing import Final

from runtime.errors import FunctionsError
from runtime.gateway.service import Gateway
from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.rest import ErrorForms, RestService

#: Code → status.
ERRORS: Final = {
    "BadRequestException": 400,
    "ConflictException": 409,
    "LimitExceededException": 429,
    "NotFoundException": 404,
}


class ApiGatewayErrors(ErrorForms):
    """See the module. What breaks a constraint is a BadRequestException here."""

    def from_exception(self, error: Exception) -> AwsError | None:
        if isinstance(error, FunctionsError):
            status = ERRORS.get(error.code)
            return None if status is None else AwsError(error.code, status, str(error))
        if isinstance(error, AwsError) and error.code == "ValidationException":
            return AwsError("BadRequestException", 400, error.message)
        return super().from_exception(error)

    def fault(self) -> AwsError:
        return AwsError("InternalServerErrorException", 500, "Internal server error")


APIGATEWAY: Final[RestService[Gateway]] = RestService("apigateway", errors=ApiGatewayErrors())
