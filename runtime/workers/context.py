"""The `context` argument of a handler, as AWS's Python runtime client makes it."""

import json
import time

from runtime.workers.frames import InvokeHead, Order


class CognitoIdentity:
    """Who called, when a mobile app did; always empty here."""

    cognito_identity_id: str | None = None
    cognito_identity_pool_id: str | None = None


class Client:
    """The mobile app that called."""

    def __init__(self, values: dict[str, object]) -> None:
        self.installation_id = values.get("installation_id")
        self.app_title = values.get("app_title")
        self.app_version_name = values.get("app_version_name")
        self.app_version_code = values.get("app_version_code")
        self.app_package_name = values.get("app_package_name")


class ClientContext:
    """What the caller sent in `X-Amz-Client-Context`."""

    def __init__(self, values: dict[str, object]) -> None:
        self.custom = values.get("custom")
        self.env = values.get("env")
        client = values.get("client")
        self.client = Client(client) if isinstance(client, dict) else None


class LambdaContext:
    """Facts about one invocation. Raises `ValueError` when the client context is not a JSON object."""

    def __init__(self, order: Order, head: InvokeHead) -> None:
        spec = order.spec
        self.aws_request_id = head.request_id
        self.function_name = spec.name
        self.function_version = spec.version
        self.invoked_function_arn = head.invoked_arn or spec.invoked_arn
        self.memory_limit_in_mb = str(spec.memory_mb)  # AWS hands out a string
        self.log_group_name = spec.log_group
        self.log_stream_name = order.log_stream
        self.identity = CognitoIdentity()
        self.client_context = _client_context(head.client_context)
        self.tenant_id: str | None = None
        self._deadline_ms = head.deadline_ms

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation is ended; never negative."""
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message: object) -> None:
        """Writes to the function's log, as `print` does, without a line end."""
        print(message, end="", flush=True)  # noqa: T201 - the output is the log

    def __repr__(self) -> str:
        return (
            f"LambdaContext([aws_request_id={self.aws_request_id},log_group_name={self.log_group_name},"
            f"log_stream_name={self.log_stream_name},function_name={self.function_name},"
            f"memory_limit_in_mb={self.memory_limit_in_mb},function_version={self.function_version},"
            f"invoked_function_arn={self.invoked_function_arn},client_context={self.client_context},"
            f"identity={self.identity},tenant_id={self.tenant_id}])"
        )


def _client_context(text: str | None) -> ClientContext | None:
    if text is None:
        return None
    values = json.loads(text)
    if not isinstance(values, dict):
        raise ValueError("the client context is not an object")
    return ClientContext(values)
