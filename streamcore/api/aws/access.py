"""The guard as AWS's protocols use it: a request comes in and leaves a `Grant`, or an error in the protocol's words.

Without authentication there is none of this: a protocol that was given no `Access` looks at nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Final, Protocol

import msgspec

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.permissions import Asked, Permissions
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape
from streamcore.api.http import Request
from streamcore.identity import errors
from streamcore.identity.callers import Caller
from streamcore.identity.guard import Guard, Mode, Need, Origin
from streamcore.model.iam.principals import Kind
from streamcore.model.iam.sigv4 import Signed
from streamcore.model.stream import Scope

#: Kind of error → (code, status); codes of the newer protocols end in "Exception".
_JSON: Final[dict[type[errors.AccessError], tuple[str, int]]] = {
    errors.NotSigned: ("MissingAuthenticationTokenException", 400),
    errors.Incomplete: ("IncompleteSignatureException", 400),
    errors.UnknownKey: ("UnrecognizedClientException", 400),
    errors.WrongSignature: ("InvalidSignatureException", 400),
    errors.WrongScope: ("InvalidSignatureException", 400),
    errors.Skewed: ("InvalidSignatureException", 400),
    errors.UrlExpired: ("InvalidSignatureException", 400),
    errors.TokenExpired: ("ExpiredTokenException", 400),
    errors.Denied: ("AccessDeniedException", 400),
}
_QUERY: Final[dict[type[errors.AccessError], tuple[str, int]]] = {
    errors.NotSigned: ("MissingAuthenticationToken", 403),
    errors.Incomplete: ("IncompleteSignature", 400),
    errors.UnknownKey: ("InvalidClientTokenId", 403),
    errors.WrongSignature: ("SignatureDoesNotMatch", 403),
    errors.WrongScope: ("SignatureDoesNotMatch", 403),
    errors.Skewed: ("SignatureDoesNotMatch", 403),
    errors.UrlExpired: ("SignatureDoesNotMatch", 403),
    errors.TokenExpired: ("ExpiredToken", 403),
    errors.Denied: ("AccessDenied", 403),
}
#: EC2 tells little of why credentials are not good.
#: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
_EC2: Final[dict[type[errors.AccessError], tuple[str, int]]] = {
    errors.NotSigned: ("MissingAuthenticationToken", 403),
    errors.Incomplete: ("IncompleteSignature", 400),
    errors.UnknownKey: ("AuthFailure", 401),
    errors.WrongSignature: ("AuthFailure", 401),
    errors.WrongScope: ("AuthFailure", 401),
    errors.Skewed: ("RequestExpired", 400),
    errors.UrlExpired: ("RequestExpired", 400),
    errors.TokenExpired: ("RequestExpired", 400),
    errors.Denied: ("UnauthorizedOperation", 403),
}
_EC2_TEXTS: Final = {
    "AuthFailure": "AWS was not able to validate the provided access credentials",
    "RequestExpired": "Request has expired.",
}


class Tells(Protocol):
    """A protocol's words for refusals."""

    def told(self, error: errors.AccessError) -> Exception | None:
        """None for a fault of ours."""


class Dialect(Enum):
    """How a protocol tells that somebody may not."""

    JSON = "json"
    REST = "rest"
    QUERY = "query"
    #: The query protocol, with an EC2 code of its own for nearly everything, and SNS's for what is denied.
    EC2 = "ec2"
    SNS = "sns"

    def told(self, error: errors.AccessError) -> AwsError | None:
        """None for a fault of ours."""
        codes = _EC2 if self is Dialect.EC2 else _JSON if self in (Dialect.JSON, Dialect.REST) else _QUERY
        known = codes.get(type(error))
        if known is None:
            return None
        code, status = known
        text = str(error)
        if codes is _JSON and isinstance(error, errors.WrongSignature):
            text = error.explained()
        elif codes is _EC2:
            text = _EC2_TEXTS.get(code, text)
        if isinstance(error, errors.Denied) and self is Dialect.EC2:
            text = f"You are not authorized to perform this operation. {error}"
        elif isinstance(error, errors.Denied) and self is Dialect.SNS:
            code = "AuthorizationError"
        return AwsError(code, 403 if self is Dialect.REST else status, text)


class Grant(msgspec.Struct, frozen=True):
    """Who sent a request, as a handler sees it, and how it asks whether he may do more."""

    guard: Guard
    caller: Caller
    origin: Origin
    scope: Scope
    dialect: Tells

    def check(
        self, action: str, resource: str, keys: Mapping[str, str] | None = None, *, is_data: bool = False
    ) -> None:
        """Raises AwsError in the protocol's words."""
        self.need(Need(action, resource, None if keys is None else lambda: keys, is_data))

    def need(self, need: Need) -> None:
        """The same for one that is made already."""
        try:
            self.guard.check(self.caller, need, self.origin)
        except errors.Denied as error:
            raise told(error, self.dialect) from None


#: A look into this costs a tenth of asking the enumeration.
_DIALECTS: Final = {each.value: each for each in Dialect}


class Access:
    """What all protocols of an endpoint share: the guard, and what the actions of the services need."""

    def __init__(
        self,
        guard: Guard,
        permissions: Iterable[Permissions],
        later: Mapping[str, Callable[[], Permissions]] | None = None,
    ) -> None:
        """`later` has tables that are imported when the first request for their service comes."""
        self.guard = guard
        #: Nobody gets in unknown.
        self.is_enforced = guard.mode is Mode.ENFORCE
        self._permissions = {each.name: each for each in permissions}
        self._later = dict(later or {})

    def of(self, service: str) -> Permissions:
        """The table of a service; one that has none needs `service:Action` on everything."""
        found = self._permissions.get(service)
        if found is None:
            load = self._later.pop(service, None)
            found = self._permissions[service] = Permissions(service) if load is None else load()
        return found

    def enter(self, request: Request, request_id: str, service: str, dialect: Tells, fallback: Scope) -> Grant:
        """Who sent the request; `fallback` is where names are looked up for somebody who is only observed.

        Raises AwsError."""
        if request.caller is not None:
            return granted(self.guard, request, request_id, dialect, fallback)
        payload = hashlib.sha256(request.body).hexdigest()
        signed = Signed(request.method, request.path, request.query, request.headers, payload)
        return self.verified(signed, self.of(service).signed_as, origin_of(request, request_id), dialect, fallback)

    def verified(self, signed: Signed, service: str, origin: Origin, dialect: Tells, fallback: Scope) -> Grant:
        """The same for a request whose payload is told otherwise."""
        try:
            caller = self.guard.verify(signed, service, origin)
        except errors.AccessError as error:
            raise told(error, dialect) from None
        return Grant(self.guard, caller, origin, scope_for(caller, fallback), dialect)

    def admit(self, call: Call, operation: str, read: Callable[[], Shape], dialect: str) -> tuple[Call, Shape]:
        """The call of somebody who may do that, and its input, which is read once it is known who sends it. Raises
        AwsError."""
        service = operation.partition(".")[0]
        grant = self.enter(call.request, call.request_id, service, _DIALECTS[dialect], call.scope)
        input_ = read()
        granted = Call(call.broker, grant.scope, call.request_id, call.codec, call.request, grant)
        self.allow(grant, operation, input_, granted)
        return granted, input_

    def allow(self, grant: Grant, operation: str, input_: Any, call: Asked) -> None:
        """Whether the caller may do an operation (`kinesis.PutRecord`) with this input. Raises AwsError."""
        service, _, action = operation.partition(".")
        permissions = self.of(service)
        permission = permissions.table.get(action)
        if permission is None or permission.also or permission.when is not None or permission.keys is not None:
            for need in permissions.needs(action, input_, call):
                grant.need(need)
            return
        for resource in permission.resources(input_, call):
            grant.need(Need(permission.action, resource, None, permission.is_data))


def granted(guard: Guard, request: Request, request_id: str, dialect: Tells, fallback: Scope) -> Grant:
    """For a request of this process, which says itself who asks."""
    caller = request.caller
    assert caller is not None
    return Grant(guard, caller, origin_of(request, request_id), scope_for(caller, fallback), dialect)


def told(error: errors.AccessError, dialect: Tells) -> Exception:
    """The error on the wire; a fault of ours is left as it is, to be logged."""
    return dialect.told(error) or error


def scope_for(caller: Caller, fallback: Scope) -> Scope:
    """Under which account and region names are looked up."""
    if caller.principal.kind is Kind.ANONYMOUS:
        return fallback
    return Scope(caller.principal.account, caller.region or fallback.region)


class RequestOrigin:
    """What a request says of where it came from, read when somebody asks."""

    __slots__ = ("_request", "request_id")

    def __init__(self, request: Request, request_id: str) -> None:
        self._request = request
        self.request_id = request_id

    @property
    def source(self) -> str:
        return "" if self._request.peer is None else self._request.peer.address

    @property
    def is_tls(self) -> bool:
        return self._request.peer is not None and self._request.peer.is_tls

    @property
    def user_agent(self) -> str:
        return self._request.headers.get("user-agent", "")

    @property
    def referer(self) -> str:
        return self._request.headers.get("referer", "")


def origin_of(request: Request, request_id: str) -> Origin:
    return RequestOrigin(request, request_id)


__all__ = ["Access", "Dialect", "Grant", "Mode", "granted", "origin_of", "scope_for", "told"]
