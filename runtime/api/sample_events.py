"""Events saved per function, under /v1/functions: what `streamcore events` and `streamcore invoke --saved` speak to.

    GET    /v1/functions/{function}/events          {"events": [names]}
    GET    /v1/functions/{function}/events/{event}  the event
    PUT    /v1/functions/{function}/events/{event}  keeps the body as that event
    DELETE /v1/functions/{function}/events/{event}

JSON both ways, errors as `{"code", "message"}`. A signature, when there is one, says the account and region, as at
AWS's own APIs. Events can be saved only for a function that there is; they outlive it, so that one that is made again
has them.
"""

from __future__ import annotations

import logging
from urllib.parse import unquote

import msgspec

from runtime.app import Functions
from runtime.errors import FunctionsError, InvalidParameterError, NotFoundError
from runtime.model.names import FunctionKey
from runtime.templates.saved import SavedEvents, TestEventNotFound
from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.sigv4 import identify, scope_of
from streamcore.api.http import Request, Response
from streamcore.broker import Broker
from streamcore.errors import StreamcoreError
from streamcore.model.stream import Scope

log = logging.getLogger(__name__)

PREFIX = "/v1/functions/"
_JSON = {"content-type": "application/json"}
_STATUS: dict[type[FunctionsError], int] = {TestEventNotFound: 404, NotFoundError: 404, InvalidParameterError: 400}


class SampleEventsApi:
    """Routes /v1/functions to the events that are saved."""

    def __init__(self, broker: Broker, functions: Functions) -> None:
        self._broker = broker
        self._functions = functions

    async def handle(self, request: Request) -> Response:
        try:
            return await self._route(request)
        except AwsError as error:
            return _refusal(error.status, error.code, error.message or error.code)
        except FunctionsError as error:
            return _refusal(_STATUS.get(type(error), 400), error.code, str(error))
        except StreamcoreError as error:
            return _refusal(503, error.code, str(error))
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return _refusal(500, "InternalFailure", "The broker failed; the cause is in its log.")

    def start_draining(self) -> None:
        """Nothing here waits for something new."""

    async def _route(self, request: Request) -> Response:
        parts = [unquote(part) for part in request.path.removeprefix(PREFIX).split("/")]
        if len(parts) not in (2, 3) or parts[1] != "events":
            return _refusal(404, "NotFound", f"There is nothing at {request.path[:200]}.")
        scope = self._scope(request)
        saved, function = SavedEvents(self._broker, scope), parts[0]
        if len(parts) == 2:
            if request.method != "GET":
                return _no_method("GET")
            return _answer({"events": await saved.names(function)})
        return await self._event(request, saved, scope, function, parts[2])

    async def _event(self, request: Request, saved: SavedEvents, scope: Scope, function: str, event: str) -> Response:
        match request.method:
            case "GET":
                return Response(200, _JSON, await saved.get(function, event))
            case "PUT":
                self._functions.catalog.function(FunctionKey(scope.account, scope.region, function))
                await saved.save(function, event, request.body)
            case "DELETE":
                await saved.delete(function, event)
            case _:
                return _no_method("DELETE, GET, PUT")
        return _answer({})

    def _scope(self, request: Request) -> Scope:
        default = self._broker.settings.scope
        if "authorization" not in request.headers:
            return default
        return scope_of(identify(request.headers, ""), default)


def _answer(value: object) -> Response:
    return Response(200, _JSON, msgspec.json.encode(value))


def _refusal(status: int, code: str, message: str) -> Response:
    return Response(status, _JSON, msgspec.json.encode({"code": code, "message": message}))


def _no_method(allowed: str) -> Response:
    refusal = _refusal(405, "MethodNotAllowed", f"This path takes {allowed}.")
    return msgspec.structs.replace(refusal, headers={**_JSON, "allow": allowed})
