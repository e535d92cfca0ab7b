"""Lambda authorizers: what identifies a caller, and whether a policy lets it through. Used by REST and HTTP APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from runtime.model.apigateway.exchange import Exchange, Source

_ACTION: Final = "execute-api:Invoke"
STATEMENTS_MAX: Final = 100
#: Of one Action or Resource.
WILD_MAX_CHARS: Final = 2048


class Decision(enum.Enum):
    ALLOWED = "allowed"
    #: No statement allows it.
    NOT_ALLOWED = "not allowed"
    DENIED = "denied"


class PolicyError(ValueError):
    """What an authorizer returned is no policy that can be judged."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What an authorizer said of a caller; good for several methods."""

    principal: str
    policy: Any
    context: dict[str, str | int | float | bool]
    usage_key: str | None = None

    def decide(self, arn: str) -> Decision:
        """Whether the method of this ARN may be called. Raises PolicyError."""
        return decide(self.policy, arn)


def grant_of(payload: bytes) -> Grant:
    """The result of an authorizer's function. Raises PolicyError."""
    try:
        result = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise PolicyError("the result is no JSON") from None
    if not isinstance(result, dict) or not isinstance(result.get("policyDocument"), dict):
        raise PolicyError("the result has no policyDocument")
    principal = result.get("principalId")
    if not isinstance(principal, str) or not principal:
        raise PolicyError("the result has no principalId")
    context = result.get("context") or {}
    if not isinstance(context, dict) or not all(
        isinstance(each, str | int | float | bool) for each in context.values()
    ):
        raise PolicyError("the context has members that are neither text, number nor boolean")
    key = result.get("usageIdentifierKey")
    return Grant(
        principal=principal,
        policy=result["policyDocument"],
        context=context,
        usage_key=key if isinstance(key, str) else None,
    )


def identity_of(sources: Sequence[Source], exchange: Exchange) -> tuple[str, ...] | None:
    """What the sources give, None when one gives nothing."""
    found = [read(exchange, None) for read in sources]
    return None if any(not each for each in found) else tuple(each or "" for each in found)


def method_arn(region: str, account: str, api: str, stage: str, method: str, path: str) -> str:
    """`arn:aws:execute-api:…`; the path is the one that was asked for."""
    return f"arn:aws:execute-api:{region}:{account}:{api}/{stage}/{method}/{path.lstrip('/')}"


def decide(policy: Any, arn: str) -> Decision:
    """An explicit deny wins; what no statement allows is not allowed. Raises PolicyError: also for conditions, which
    are not judged here."""
    statements = policy.get("Statement") if isinstance(policy, Mapping) else None
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list) or len(statements) > STATEMENTS_MAX:
        raise PolicyError(f"a policy has 1 to {STATEMENTS_MAX} statements")
    found = Decision.NOT_ALLOWED
    for statement in statements:
        effect = statement.get("Effect") if isinstance(statement, Mapping) else None
        if effect not in ("Allow", "Deny"):
            raise PolicyError("a statement has an Effect, Allow or Deny")
        if statement.get("Condition"):
            raise PolicyError("conditions are not offered")
        if not _covers(statement, arn):
            continue
        if effect == "Deny":
            return Decision.DENIED
        found = Decision.ALLOWED
    return found


def _covers(statement: Mapping[str, Any], arn: str) -> bool:
    def meets(name: str, is_met: Callable[[str], bool]) -> bool:
        if name in statement:
            return any(map(is_met, _texts(statement[name])))
        if f"Not{name}" in statement:
            return not any(map(is_met, _texts(statement[f"Not{name}"])))
        raise PolicyError(f"a statement has an {name}")

    return meets("Action", lambda each: wild_match(each[:WILD_MAX_CHARS].lower(), _ACTION.lower())) and meets(
        "Resource", lambda each: wild_match(each[:WILD_MAX_CHARS], arn)
    )


def _texts(value: Any) -> Iterable[str]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise PolicyError("Action and Resource are texts")
    return values


def wild_match(pattern: str, text: str) -> bool:
    """`*` is any text, `?` any character. Takes no more steps than the product of both lengths: a policy with many
    `*` holds up nobody."""
    at = of = 0
    star, resume = -1, 0
    while of < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, of
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[of]):
            at, of = at + 1, of + 1
        elif star >= 0:
            resume += 1
            at, of = star + 1, resume
        else:
            return False
    return pattern[at:].strip("*") == ""
