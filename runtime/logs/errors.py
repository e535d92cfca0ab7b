"""What can go wrong with logs; `code` is CloudWatch Logs' own, the texts are those of the service."""

from __future__ import annotations

from runtime.errors import FunctionsError


class LogsError(FunctionsError):
    """Base of the errors of the log store."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class InvalidLogsParameter(LogsError, ValueError):
    """A value that AWS refuses, too."""

    code = "InvalidParameterException"


class LogsNotFound(LogsError, LookupError):
    """There is no such group or stream."""

    code = "ResourceNotFoundException"


class LogsExist(LogsError):
    """There is such a group or stream already."""

    code = "ResourceAlreadyExistsException"


class LogsLimitExceeded(LogsError):
    """More than a group may have."""

    code = "TooManyTagsException"


class DeletionProtected(LogsError):
    """The group is protected from deletion."""

    code = "ValidationException"


def no_group() -> LogsNotFound:
    return LogsNotFound("The specified log group does not exist.")


def no_stream() -> LogsNotFound:
    return LogsNotFound("The specified log stream does not exist.")
