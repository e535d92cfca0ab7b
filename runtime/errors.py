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
    """The event is above the synchronous payload limit."""

    code = "RequestTooLargeException"

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(size_bytes, limit_bytes)
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes

    def __str__(self) -> str:
        limit = f"(limit {self.limit_bytes} bytes)"
        return f"{self.size_bytes} byte payload is too large for the RequestResponse invocation type {limit}"


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


class PreloadError(FunctionsError, RuntimeError):
    """The process that workers are forked from could not import what it should share."""

    code = "Runtime.ImportModuleError"

    def __init__(self, payload: bytes) -> None:
        super().__init__(payload)
        self.payload = payload

    def __str__(self) -> str:
        return f"preloading failed: {self.payload.decode(errors='replace')}"


class RuntimeUnavailableError(FunctionsError, ValueError):
    """The language that a function is written in is not offered, or this machine lacks what runs it."""

    code = "InvalidParameterValueException"

    def __init__(self, runtime: str, reason: str) -> None:
        super().__init__(runtime, reason)
        self.runtime = runtime
        self.reason = reason

    def __str__(self) -> str:
        return f"The runtime parameter of {self.runtime} cannot be used here: {self.reason}"


class FrameError(FunctionsError, ValueError):
    """The peer sent bytes that are no frame, or a frame above the bound; the connection cannot go on."""

    code = "Runtime.FrameError"
