"""Conditions of policy statements: operators over the values of a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
Values of one key are alternatives; keys and operators must all hold. A negated operator holds when no value matches.
"""

from __future__ import annotations

import ipaddress
from base64 import b64decode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec

from streamcore.model.iam.context import Context
from streamcore.model.iam.glob import ArnGlob, Glob, Token
from streamcore.model.iam.variables import Template, filled, plain

#: (the policy's value, with variables filled in; the request's value) → whether they match.
Matches = Callable[[Sequence[Token], str], bool]


class Operator(msgspec.Struct, frozen=True):
    """`StringNotLikeIfExists` taken apart. `quantifier` is `ForAllValues`, `ForAnyValue` or empty."""

    name: str
    matches: Matches
    is_negated: bool
    if_exists: bool = False
    quantifier: str = ""


class Condition(msgspec.Struct, frozen=True):
    """One key under one operator. `key` is in lower case."""

    operator: Operator
    key: str
    values: tuple[Template, ...]

    def holds(self, context: Context) -> bool:
        found = context.values(self.key)
        operator = self.operator
        if operator.name == "Null":
            return any((found is None) == (_text(value, context) == "true") for value in self.values)
        if found is None:
            return _without(operator)
        wanted = [tokens for value in self.values if (tokens := filled(value, context)) is not None]
        fits = (any(operator.matches(value, one) for value in wanted) is not operator.is_negated for one in found)
        if operator.quantifier == "ForAllValues":
            return all(fits)
        # Several values without a quantifier: a negated operator must hold for each.
        return all(fits) if operator.is_negated and not operator.quantifier else any(fits)


def _text(value: Template, context: Context) -> str:
    return plain(filled(value, context) or ()).lower()


def _without(operator: Operator) -> bool:
    """What holds where the request has no such key."""
    if operator.if_exists:
        return True
    if operator.quantifier:
        return operator.quantifier == "ForAllValues"
    return operator.is_negated


def operator_of(text: str) -> Operator | None:
    """None for an operator that there is not."""
    quantifier, colon, name = text.rpartition(":")
    if colon and quantifier.lower() not in ("forallvalues", "foranyvalue"):
        return None
    if_exists = name.lower().endswith("ifexists")
    base = (name[: -len("ifexists")] if if_exists else name).lower()
    known = _OPERATORS.get(base)
    if known is None or (base == "null" and if_exists):
        return None
    spelled = {"forallvalues": "ForAllValues", "foranyvalue": "ForAnyValue"}.get(quantifier.lower(), "")
    return Operator(known[0], known[1], known[2], if_exists, spelled)


# ---------------------------------------------------------------- comparisons


def _equal(value: Sequence[Token], found: str) -> bool:
    return plain(value) == found


def _equal_ignoring_case(value: Sequence[Token], found: str) -> bool:
    return plain(value).casefold() == found.casefold()


def _like(value: Sequence[Token], found: str) -> bool:
    return _glob(tuple(value)).matches(found)


def _arn_like(value: Sequence[Token], found: str) -> bool:
    return _arn_glob(tuple(value)).matches(found)


_glob = lru_cache(maxsize=1024)(Glob)
_arn_glob = lru_cache(maxsize=1024)(ArnGlob)


def _bool(value: Sequence[Token], found: str) -> bool:
    return plain(value).lower() == found.lower()


def _binary(value: Sequence[Token], found: str) -> bool:
    try:
        return b64decode(plain(value), validate=True) == b64decode(found, validate=True)
    except ValueError:
        return False


def _address(value: Sequence[Token], found: str) -> bool:
    network = _network(plain(value))
    try:
        address = ipaddress.ip_address(found)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return network is not None and (mapped or address) in network


@lru_cache(maxsize=1024)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def number_of(text: str) -> float | None:
    """None for what is no number."""
    try:
        return float(text)
    except ValueError:
        return None


def date_of(text: str) -> float | None:
    """Seconds of an ISO 8601 time or of a number of seconds; None for what is neither."""
    if (seconds := number_of(text)) is not None:
        return seconds
    try:
        at = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _compared(read: Callable[[str], float | None], holds: Callable[[float, float], bool]) -> Matches:
    def matches(value: Sequence[Token], found: str) -> bool:
        wanted, got = read(plain(value)), read(found)
        return wanted is not None and got is not None and holds(got, wanted)

    return matches


def _comparisons(kind: str, read: Callable[[str], float | None]) -> dict[str, tuple[str, Matches, bool]]:
    equal = _compared(read, lambda got, wanted: got == wanted)
    made = {
        "Equals": (equal, False),
        "NotEquals": (equal, True),
        "LessThan": (_compared(read, lambda got, wanted: got < wanted), False),
        "LessThanEquals": (_compared(read, lambda got, wanted: got <= wanted), False),
        "GreaterThan": (_compared(read, lambda got, wanted: got > wanted), False),
        "GreaterThanEquals": (_compared(read, lambda got, wanted: got >= wanted), False),
    }
    return {f"{kind}{name}".lower(): (f"{kind}{name}", *how) for name, how in made.items()}


_NAMED: Final[dict[str, tuple[Matches, bool]]] = {
    "StringEquals": (_equal, False),
    "StringNotEquals": (_equal, True),
    "StringEqualsIgnoreCase": (_equal_ignoring_case, False),
    "StringNotEqualsIgnoreCase": (_equal_ignoring_case, True),
    "StringLike": (_like, False),
    "StringNotLike": (_like, True),
    "ArnEquals": (_arn_like, False),
    "ArnLike": (_arn_like, False),
    "ArnNotEquals": (_arn_like, True),
    "ArnNotLike": (_arn_like, True),
    "Bool": (_bool, False),
    "BinaryEquals": (_binary, False),
    "IpAddress": (_address, False),
    "NotIpAddress": (_address, True),
    "Null": (_equal, False),
}
_OPERATORS: Final[dict[str, tuple[str, Matches, bool]]] = {
    **{name.lower(): (name, *how) for name, how in _NAMED.items()},
    **_comparisons("Numeric", number_of),
    **_comparisons("Date", date_of),
}
