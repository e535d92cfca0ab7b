"""What can go wrong above the broker. Each class carries data; its sentence is made in one place, its `__str__`."""


class FunctionsError(Exception):
    """Base of every error raised by `runtime`; `code` is the short name shown to clients and in metrics."""

    code = "ServiceException"


class InvalidParameterError(FunctionsError, ValueError):
    """A value is outside the rule of its field."""

    code = "InvalidParameterValueException"

    def __init__(self, field: str, value: object, rule: str) -> None:
        super().__init__(field, value, rule)
        self.field = field
        self.value = value
        self.rule = rule

    def __str__(self) -> str:
        shown = repr(self.value)
        return f"{self.field} {self.rule}; got {shown if len(shown) <= 120 else shown[:117] + '...'}"


class InvalidFunctionError(InvalidParameterError):
    """A `FunctionSpec` field is outside its rule."""


class InvalidMappingError(InvalidParameterError):
    """A `MappingConfig` field is outside its rule."""


class InvalidTransitionError(FunctionsError, ValueError):
    """A mapping was asked to go to a state that its present state does not lead to."""

    code = "ResourceInUseException"

    def __init__(self, present: str, wanted: str) -> None:
        super().__init__(present, wanted)
        self.present = present
        self.wanted = wanted

    def __str__(self) -> str:
        return f"a mapping that is {self.present} cannot become {self.wanted}"


class MalformedHandlerError(FunctionsError, ValueError):
    """A handler string names no module and function."""

    code = "Runtime.MalformedHandlerName"

    def __init__(self, handler: str) -> None:
        super().__init__(handler)
        self.handler = handler

    def __str__(self) -> str:
        return f"Bad handler '{self.handler}': not enough values to unpack (expected 2, got 1)"


class EventTooLargeError(FunctionsError, ValueError):
    """The event is above the limit of its invocation type."""

    code = "RequestTooLargeException"

    def __init__(self, size_bytes: int, limit_bytes: int, invocation_type: str = "RequestResponse") -> None:
        super().__init__(size_bytes, limit_bytes, invocation_type)
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes
        self.invocation_type = invocation_type

    def __str__(self) -> str:
        limit = f"(limit {self.limit_bytes} bytes)"
        return f"{self.size_bytes} byte payload is too large for the {self.invocation_type} invocation type {limit}"


class PoolClosedError(FunctionsError, RuntimeError):
    """The worker pool is closed or was never started; nothing was run."""

    code = "ServiceUnavailableException"

    def __str__(self) -> str:
        return "the worker pool is not running"


class PoolBusyError(FunctionsError, RuntimeError):
    """More invocations wait for a worker than the pool lets wait; nothing was run."""

    code = "TooManyRequestsException"

    def __init__(self, waiting: int) -> None:
        super().__init__(waiting)
        self.waiting = waiting

    def __str__(self) -> str:
        return f"Rate Exceeded. ({self.waiting} invocations wait for a worker)"


class RefusedError(FunctionsError):
    """What was asked of a function cannot be done; the sentence is AWS's, `code` AWS's name for it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class InvalidValueError(RefusedError, ValueError):
    """A value, or values together, that AWS refuses by a sentence of their own."""

    code = "InvalidParameterValueException"


class RuntimeUnavailableError(InvalidValueError):
    """The language that a function is written in is not offered, or this machine lacks what runs it."""

    def __init__(self, runtime: str, reason: str) -> None:
        super().__init__(f"The runtime parameter of {runtime} cannot be used here: {reason}")
        self.runtime = runtime
        self.reason = reason


class NotFoundError(RefusedError, LookupError):
    """A function, version, alias, layer or one of their settings is not there."""

    code = "ResourceNotFoundException"


class ProvisionedNotFoundError(NotFoundError):
    """No provisioned concurrency is set for the version or alias."""

    code = "ProvisionedConcurrencyConfigNotFoundException"


class CodeSigningNotFoundError(NotFoundError):
    """The code signing configuration is not there."""

    code = "CodeSigningConfigNotFoundException"


class ConflictError(RefusedError):
    """It exists already, or its state does not allow that now."""

    code = "ResourceConflictException"


class InUseError(RefusedError):
    """It is being changed just now; later it can be."""

    code = "ResourceInUseException"


class PreconditionError(RefusedError):
    """The RevisionId that was given is not the present one."""

    code = "PreconditionFailedException"


class PolicyTooLongError(RefusedError):
    """A resource policy beyond its bound."""

    code = "PolicyLengthExceededException"


class CodeStorageError(RefusedError):
    """All code together is beyond the account's bound."""

    code = "CodeStorageExceededException"


class RequestContentError(RefusedError, ValueError):
    """The event or the client context of an invocation cannot be read."""

    code = "InvalidRequestContentException"


class MediaTypeError(RefusedError, ValueError):
    """The event of an invocation is said to be no JSON."""

    code = "UnsupportedMediaTypeException"


class ThrottledError(RefusedError):
    """More invocations at once than the function or the account may have; `reason` is one of AWS's ThrottleReasons."""

    code = "TooManyRequestsException"

    def __init__(self, reason: str) -> None:
        super().__init__("Rate Exceeded.")
        self.reason = reason


class PreloadError(FunctionsError, RuntimeError):
    """The process that workers are forked from could not import what it should share."""

    code = "Runtime.ImportModuleError"

    def __init__(self, payload: bytes) -> None:
        super().__init__(payload)
        self.payload = payload

    def __str__(self) -> str:
        return f"preloading failed: {self.payload.decode(errors='replace')}"


class FrameError(FunctionsError, ValueError):
    """The peer sent bytes that are no frame, or a frame above the bound; the connection cannot go on."""

    code = "Runtime.FrameError"


class FunctionGoneError(FunctionsError, LookupError):
    """A function was deleted while something still waited for it."""

    code = "ResourceNotFoundException"

    def __init__(self, function: str) -> None:
        super().__init__(function)
        self.function = function

    def __str__(self) -> str:
        return f"Function not found: {self.function}"


class ZeroConcurrencyError(FunctionsError, RuntimeError):
    """The function's reserved concurrency is 0: it is switched off."""

    code = "TooManyRequestsException"

    def __init__(self, function: str) -> None:
        super().__init__(function)
        self.function = function

    def __str__(self) -> str:
        return f"{self.function} has a reserved concurrency of 0"


class QueueFullError(FunctionsError, RuntimeError):
    """No more asynchronous events are taken at present."""

    code = "TooManyRequestsException"

    def __init__(self, waiting: int) -> None:
        super().__init__(waiting)
        self.waiting = waiting

    def __str__(self) -> str:
        return f"{self.waiting} asynchronous events wait already"


class DestinationError(FunctionsError, RuntimeError):
    """A destination did not take a record; `is_passing` when it may take it later."""

    code = "DestinationException"

    def __init__(self, target: str, reason: str, *, is_passing: bool) -> None:
        super().__init__(target, reason)
        self.target = target
        self.reason = reason
        self.is_passing = is_passing

    def __str__(self) -> str:
        return f"{self.target}: {self.reason}"


class InvalidPatternError(FunctionsError, ValueError):
    """An event pattern breaks the grammar; the reason is for its author."""

    code = "InvalidEventPatternException"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"Event pattern is not valid. Reason: {self.reason}"


class InvalidScheduleError(FunctionsError, ValueError):
    """A schedule expression breaks the grammar."""

    code = "ValidationException"

    def __str__(self) -> str:
        return "Parameter ScheduleExpression is not valid."


class InvalidEventRuleError(FunctionsError, ValueError):
    """A rule or target of an event bus that AWS refuses; the sentence is AWS's."""

    def __init__(self, message: str, code: str = "ValidationException") -> None:
        super().__init__(message)
        self.message = message
        self.code = code

    def __str__(self) -> str:
        return self.message


class EventRuleNotFoundError(FunctionsError, LookupError):
    """A rule or event bus that is not there."""

    code = "ResourceNotFoundException"


class SchedulerError(RefusedError):
    """What EventBridge Scheduler refuses; the sentence is AWS's, `code` AWS's name for it."""

    code = "ValidationException"


class ScheduleNotFoundError(SchedulerError, LookupError):
    """A schedule or a group that is not there."""

    code = "ResourceNotFoundException"


class ScheduleConflictError(SchedulerError):
    """It is there already."""

    code = "ConflictException"


class ScheduleQuotaError(SchedulerError):
    """More schedules or groups than are kept."""

    code = "ServiceQuotaExceededException"


class ApiGatewayError(RefusedError):
    """What API Gateway refuses; the sentence is AWS's, `code` AWS's name for it."""

    code = "BadRequestException"


class ApiNotFoundError(ApiGatewayError, LookupError):
    """An API, or a part of one, that is not there."""

    code = "NotFoundException"


class ApiConflictError(ApiGatewayError):
    """It is there already."""

    code = "ConflictException"


class ApiLimitError(ApiGatewayError):
    """More of them than are kept."""

    code = "LimitExceededException"


class QueueError(RefusedError):
    """What SQS refuses; the sentence is AWS's, `code` AWS's name for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def invalid_parameter(message: str) -> QueueError:
    """A value that SQS refuses by a sentence of its own."""
    return QueueError("InvalidParameterValueException", message)


class TopicError(RefusedError):
    """What SNS refuses; the sentence is AWS's, `code` AWS's name for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
