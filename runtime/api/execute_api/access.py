"""Who may call what, where authentication is on: methods of APIs, and what APIs themselves call.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from runtime.errors import InvalidValueError
from runtime.gateway.ports import Behalf, NotAssumed, ServiceCall
from runtime.model.apigateway.api_policy import in_full
from runtime.model.apigateway.gateway_responses import Refused
from runtime.model.names import parse_function
from streamcore.api.aws.access import Access, Grant, origin_of, told
from streamcore.api.http import Request
from streamcore.identity import errors
from streamcore.identity.callers import NOBODY, Caller
from streamcore.identity.guard import UNKNOWN, Guard, Held, Mode, Need
from streamcore.model.stream import Scope

if TYPE_CHECKING:
    from runtime.gateway.service import Gateway

INVOKE: Final = "execute-api:Invoke"
SERVICE: Final = "apigateway.amazonaws.com"
#: The session that API Gateway takes a role for.
_SESSION: Final = "BackplaneAssumeRoleSession"
_ACCOUNT: Final = re.compile(r"(arn:aws:execute-api:[^:]*:)\d{8}(\d{4}:)")


class _Words:
    """API Gateway's words for refusals; the number of the account is masked, as by AWS."""

    def told(self, error: errors.AccessError) -> Exception | None:
        match error:
            case errors.Denied():
                return Refused("ACCESS_DENIED", _ACCOUNT.sub(r"\1********\2", str(error)), member="Message")
            case errors.TokenExpired():
                return Refused("EXPIRED_TOKEN", str(error))
            case errors.NotSigned():
                return Refused("MISSING_AUTHENTICATION_TOKEN", str(error))
            case errors.IdentityUnavailable():
                return None
        return Refused("INVALID_SIGNATURE", str(error))


WORDS: Final = _Words()


class MethodAccess:
    """Who sends one request to an API. `ports.Door`."""

    def __init__(self, access: Access, request: Request) -> None:
        self._access = access
        self._request = request
        self._id = secrets.token_hex(8)

    def admit_signed(self, arn: str, scope: Scope) -> dict[str, str]:
        """The members of `$context.identity`. Raises Refused."""
        grant = self._access.enter(self._request, self._id, "execute-api", WORDS, scope)
        grant.check(INVOKE, arn, is_data=True)
        principal = grant.caller.principal
        if grant.caller is NOBODY:  # somebody who is only observed
            return {}
        return {
            "accessKey": grant.caller.access_key,
            "accountId": principal.account,
            "caller": principal.id,
            "user": principal.id,
            "userArn": principal.arn,
        }

    def admit_anybody(self, arn: str, scope: Scope) -> None:
        """Raises Refused when the API has a policy, and it does not let everybody in."""
        guard = self._access.guard
        if guard.resources["execute-api"](arn).policy:
            grant = Grant(guard, NOBODY, origin_of(self._request, self._id), scope, WORDS)
            grant.check(INVOKE, arn, is_data=True)

    def check_denied(self, arn: str) -> None:
        """Before an authorizer is asked: raises Refused when the API's policy denies the call, whatever it says."""
        guard, need = self._access.guard, Need(INVOKE, arn, None, True)
        origin = origin_of(self._request, self._id)
        decision = guard.decide(NOBODY, need, origin)
        if decision.is_explicit and not decision.is_allowed:
            try:
                guard.check(NOBODY, need, origin)
            except errors.Denied as error:
                raise told(error, WORDS) from None


def held_of(made: Callable[[], Gateway | None], arn: str) -> Held:
    """The policy of the API that a method's ARN names, as it is deployed."""
    gateway = made()
    api_id, _, rest = arn.split(":", 5)[5].partition("/")
    served = None if gateway is None else gateway.apis.served(api_id, rest.partition("/")[0])
    if served is None or not served.api.policy:
        return UNKNOWN
    return Held(in_full(served.api.policy, f"arn:aws:execute-api:{served.region}:{served.account}:{api_id}"))


# ---------------------------------------------------------------- what APIs call


def check_function(guard: Guard, name: str, scope: Scope, behalf: Behalf) -> None:
    """Whether a gateway may invoke a function: by the role it was given, or by the function's policy. Raises
    FunctionsError."""
    need = Need("lambda:InvokeFunction", parse_function(name, None, scope).arn)
    if behalf.role:
        allowed = guard.trusts(behalf.role, SERVICE) and guard.role_may(behalf.role, need).is_allowed
    else:
        allowed = guard.service_may(
            SERVICE, need, source_arn=behalf.source_arn, source_account=behalf.account
        ).is_allowed
    if not allowed and guard.mode is Mode.ENFORCE:
        raise InvalidValueError(f"Invalid permissions on Lambda function {name} for {behalf.source_arn}")


def caller_for(guard: Guard, call: ServiceCall) -> Caller:
    """A session of the integration's role, as which its request is made. Raises NotAssumed."""
    role = call.behalf.role
    if not role or not guard.trusts(role, SERVICE):
        if guard.mode is Mode.ENFORCE:
            raise NotAssumed(f"API Gateway does not have permission to assume the provided role {role or '(none)'}")
        return NOBODY
    caller = guard.caller_of_role(role, _SESSION)
    return msgspec.structs.replace(caller, region=call.scope.region)
