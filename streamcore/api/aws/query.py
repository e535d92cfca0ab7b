"""AWS's query protocol, of SNS, SQS, IAM, STS and CloudWatch, and EC2's variant of it: a form that names the action,
answered in XML.

    POST /   Action=CreateTopic&Version=2010-03-31&Name=orders&Tags.member.1.Key=team&Tags.member.1.Value=blue

    <CreateTopicResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
      <CreateTopicResult><TopicArn>…</TopicArn></CreateTopicResult>
      <ResponseMetadata><RequestId>…</RequestId></ResponseMetadata>
    </CreateTopicResponse>

Actions are those of `service.py`; how a service spells lists and maps is said by its `Spelling` (query_form.py). Rules:
https://smithy.io/2.0/aws/protocols/aws-query-protocol.html and aws-ec2-query-protocol.html
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import msgspec

from streamcore.api.aws.binding import JSON
from streamcore.api.aws.deferred import Deferred, Waiting
from streamcore.api.aws.errors import AwsError, internal, translate
from streamcore.api.aws.query_form import QUERY, Spelling, read_form, tree_of
from streamcore.api.aws.query_xml import rendered
from streamcore.api.aws.service import BODY_MAX_BYTES, VALIDATION_CODE, Action, Call, Service, too_large
from streamcore.api.aws.shapes import Shape
from streamcore.api.aws.sigv4 import identify, scope_of
from streamcore.api.aws.target import TooLarge, inflated
from streamcore.api.aws.validation import accept
from streamcore.api.http import Request, Response
from streamcore.broker import Broker
from streamcore.errors import StreamcoreError
from streamcore.model.xml import document

if TYPE_CHECKING:
    from streamcore.api.aws.access import Access

log = logging.getLogger(__name__)

FORM: Final = "application/x-www-form-urlencoded"
CONTENT_TYPE: Final = "text/xml"
PARAMETERS_MAX: Final = 10_000
#: The names of errors end in "Exception" in the newer protocols only.
_SIGNATURE_ERRORS: Final = {
    "MissingAuthenticationTokenException": ("MissingAuthenticationToken", "Request is missing Authentication Token"),
    "IncompleteSignatureException": ("IncompleteSignature", None),
    "InvalidSignatureException": ("IncompleteSignature", None),
}


class QueryService(msgspec.Struct, frozen=True):
    """A service in this protocol. `path_member` is the member that the path of the URL stands for (a queue's URL)."""

    service: Service
    version: str
    namespace: str
    spelling: Spelling = QUERY
    path_member: str = ""
    validation_code: str = "ValidationError"
    #: How it tells that somebody may not: a value of `access.Dialect`.
    dialect: str = "query"


class _Target(msgspec.Struct, frozen=True):
    action: Action
    of: QueryService


class QueryProtocol:
    """Dispatches by `Action` and `Version` to the services it is given."""

    def __init__(
        self,
        broker: Broker,
        services: Iterable[QueryService],
        deferred: Iterable[Deferred[QueryService]] = (),
        access: Access | None = None,
    ) -> None:
        """The key of a service that is deferred is its version. Without `access` nobody is refused."""
        self._broker = broker
        self._access = access
        self._services: dict[str, QueryService] = {}
        self._waiting = Waiting(deferred, self._add)
        for each in services:
            self._add(each)

    def _add(self, service: QueryService) -> None:
        self._services[service.version] = service

    def claims(self, request: Request) -> bool:
        """A form that names an action; the paths are `/`, and those of queues. Into one that is compressed nobody looks
        here: SDKs compress PutMetricData, and no other form."""
        if request.method == "POST":
            is_form = request.headers.get("content-type", "").lower().startswith(FORM)
            is_named = b"Action=" in request.body or "Action=" in request.query
            return is_form and (is_named or request.headers.get("content-encoding", "").strip().lower() == "gzip")
        return request.method == "GET" and "Action=" in request.query and "Version=" in request.query

    def body_limit(self, method: str, path: str) -> int:
        return BODY_MAX_BYTES

    async def answer(self, request: Request, request_id: str) -> Response:
        target: _Target | None = None
        try:
            form = _form(request)
            if (version := form.get("Version", "")) in self._waiting:
                await self._waiting.load(version)
            target = self._target(form)
            return await self._run(request, request_id, target, form)
        except TooLarge:
            return too_large()
        except Exception as error:  # noqa: BLE001  what is no answer is logged in _told
            return _error(_told(error, request_id), target, request_id)

    def _target(self, form: Mapping[str, str]) -> _Target:
        """Raises AwsError: MissingAction, InvalidAction, NoSuchVersion."""
        name, version = form.get("Action", ""), form.get("Version", "")
        if not name:
            raise AwsError("MissingAction", 400, "The request must contain the parameter Action")
        if version:
            of = self._services.get(version)
            action = None if of is None else of.service.actions.get(name)
        else:
            of = next((each for each in self._services.values() if name in each.service.actions), None)
            action = None if of is None else of.service.actions[name]
        if of is None or action is None:
            told = f"Could not find operation {name[:128]} for version {version[:32] or 'NO_VERSION_SPECIFIED'}"
            raise AwsError("InvalidAction", 400, told)
        return _Target(action, of)

    async def _run(self, request: Request, request_id: str, target: _Target, form: dict[str, str]) -> Response:
        action, of = target.action, target.of
        scope = scope_of(_identity(request), self._broker.settings.scope)
        call = Call(self._broker, scope, request_id, JSON, request)
        if of.path_member and request.path != "/":
            form.setdefault(of.path_member, f"{call.origin}{request.path}")
        if self._access is None:
            input_ = _input(action, form, of)
        else:
            call, input_ = self._access.admit(call, action.operation, lambda: _input(action, form, of), of.dialect)
        output = await action.handler(call, input_)
        return _answer(output, target, request_id)

    def start_draining(self) -> None:
        for each in self._services.values():
            if each.service.on_drain is not None:
                each.service.on_drain()

    def __repr__(self) -> str:
        return f"<QueryProtocol {sorted(each.service.name for each in self._services.values())}>"


def _form(request: Request) -> dict[str, str]:
    """The parameters of the query string and of the body. Raises AwsError: MalformedQueryString; TooLarge."""
    try:
        body = inflated(request).decode()
        pairs = [
            pair
            for text in (request.query, body)
            if text
            for pair in parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX)
        ]
    except ValueError:
        raise AwsError("MalformedQueryString", 400, "The query string contains a syntax error") from None
    return dict(pairs)


def _identity(request: Request) -> Any:
    """Who signed. Raises AwsError in the words of this protocol."""
    try:
        return identify(request.headers, request.query if "X-Amz-Algorithm" in request.query else "")
    except AwsError as error:
        code, message = _SIGNATURE_ERRORS.get(error.code, (error.code, None))
        raise AwsError(code, 403, message or error.message) from None


def _input(action: Action, form: Mapping[str, str], of: QueryService) -> Shape:
    plain = read_form(action.input, tree_of(form), of.spelling)
    try:
        return accept(action.input, plain)
    except AwsError as error:
        if error.code == VALIDATION_CODE:
            code = of.validation_code if action.validation_code == VALIDATION_CODE else action.validation_code
            raise AwsError(code, 400, error.message) from None
        raise AwsError("MalformedInput", 400, error.message) from None


def _answer(output: Any, target: _Target, request_id: str) -> Response:
    name, of = target.action.name, target.of
    inner = "" if output is None else rendered(output, of.spelling)
    if of.spelling.is_ec2:
        text = f"<requestId>{request_id}</requestId>{inner or '<return>true</return>'}"
    else:
        result = f"<{name}Result>{inner}</{name}Result>" if output is not None else ""
        text = f"{result}<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}Response xmlns="{of.namespace}">{text}</{name}Response>'
    ).encode()
    return Response(200, {"content-type": CONTENT_TYPE}, body, operation=target.action.operation)


def _told(error: Exception, request_id: str) -> AwsError:
    if isinstance(error, AwsError):
        return error
    told = translate(error) if isinstance(error, StreamcoreError) else None
    if told is None:
        log.error("request %s failed", request_id, exc_info=error)
        return internal()
    return told


def _error(error: AwsError, target: _Target | None, request_id: str) -> Response:
    code = error.code if target is None else target.action.query_codes.get(error.code, error.code)
    if target is not None and target.of.spelling.is_ec2:
        content: dict[str, Any] = {"Errors": {"Error": {"Code": code, "Message": error.message or ""}}}
        body = document("Response", {**content, "RequestID": request_id})
    else:
        kind = "Sender" if error.status < 500 else "Receiver"
        content = {"Type": kind, "Code": code, "Message": error.message or ""}
        namespace = "" if target is None else target.of.namespace
        body = document("ErrorResponse", {"Error": content, "RequestId": request_id}, namespace)
    operation = "" if target is None else target.action.operation
    return Response(error.status, {"content-type": CONTENT_TYPE}, body, operation=operation, error=code)
