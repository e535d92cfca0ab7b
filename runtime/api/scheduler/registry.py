"""The registry of EventBridge Scheduler's actions, and how this service tells errors: `{"Message": …}`, with the status
that the service model has for the code."""

from __future__ import annotations

from typing import Final

from runtime.errors import FunctionsError
from runtime.events.service import Events
from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.rest import ErrorForms, RestService

#: Code → status.
ERRORS: Final = {
    "ConflictException": 409,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 402,
    "ValidationException": 400,
}


class SchedulerErrors(ErrorForms):
    """See the module."""

    def from_exception(self, error: Exception) -> AwsError | None:
        if isinstance(error, FunctionsError):
            status = ERRORS.get(error.code)
            return None if status is None else AwsError(error.code, status, str(error))
        return super().from_exception(error)

    def body(self, error: AwsError) -> dict[str, str]:
        return {"Message": error.message or ""}

    def fault(self) -> AwsError:
        return AwsError("InternalServerException", 500, "Internal Service Failure")


SCHEDULER: Final[RestService[Events]] = RestService("scheduler", errors=SchedulerErrors())
