"""The registry of Lambda's actions, and how this service tells errors.

Which status and which spelling of `message` an error has is the service model's (botocore lambda/2015-03-31 is the
referee in the tests).
"""

from __future__ import annotations

from typing import Final

from runtime.app import Functions
from runtime.errors import FunctionsError, ThrottledError
from streamcore.api.aws.errors import AwsError, translate
from streamcore.api.aws.rest import ErrorForms, RestError, RestService
from streamcore.errors import StreamcoreError

#: Code → (status, the member that has the text).
ERRORS: Final[dict[str, tuple[int, str]]] = {
    "CodeSigningConfigNotFoundException": (404, "Message"),
    "CodeStorageExceededException": (400, "message"),
    "InvalidParameterValueException": (400, "message"),
    "InvalidRequestContentException": (400, "message"),
    "PolicyLengthExceededException": (400, "message"),
    "PreconditionFailedException": (412, "message"),
    "ProvisionedConcurrencyConfigNotFoundException": (404, "message"),
    "RequestTooLargeException": (413, "message"),
    "ResourceConflictException": (409, "message"),
    "ResourceInUseException": (400, "Message"),
    "ResourceNotFoundException": (404, "Message"),
    "ServiceException": (500, "Message"),
    "TooManyRequestsException": (429, "message"),
    "UnsupportedMediaTypeException": (415, "message"),
}
#: What is no error of the service's own has no `Type`.
_SERVER_STATUS: Final = 500


class LambdaErrors(ErrorForms):
    """`{"Type": "User", "message": …}`; validation alone has no type."""

    def from_exception(self, error: Exception) -> AwsError | None:
        if isinstance(error, AwsError):
            return error
        if isinstance(error, FunctionsError):
            return _from_functions(error)
        return translate(error) if isinstance(error, StreamcoreError) else None

    def body(self, error: AwsError) -> dict[str, str]:
        known = ERRORS.get(error.code)
        if known is None:
            return super().body(error)
        kind = "Service" if error.status >= _SERVER_STATUS else "User"
        return {"Type": kind, known[1]: error.message or ""}

    def fault(self) -> AwsError:
        return AwsError("ServiceException", 500, "Internal Service Failure")


def _from_functions(error: FunctionsError) -> AwsError | None:
    """By the error's own code; what is closing is 503, which clients try again."""
    if error.code == "ServiceUnavailableException":
        return AwsError("ServiceUnavailableException", 503, str(error))
    known = ERRORS.get(error.code)
    if known is None:
        return None
    members = {"Reason": error.reason} if isinstance(error, ThrottledError) else {}
    return RestError(error.code, known[0], str(error), members=members)


LAMBDA: Final[RestService[Functions]] = RestService("lambda", errors=LambdaErrors())
