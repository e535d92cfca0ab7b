"""Who asks, and whom a `Principal` element means.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from streamcore.model.iam.context import Value
from streamcore.model.iam.glob import Arn

_ACCOUNT: Final = re.compile(r"(?a)\A\d{12}\Z")
_ARN: Final = re.compile(r"\Aarn:aws[a-z-]*:(?:iam|sts)::\d{12}:(?:root|[^*?]+)\Z")
_SERVICE: Final = re.compile(r"\A[a-z0-9.-]+\.(?:amazonaws\.com|amazonaws\.com\.cn|internal)\Z")
#: An id that AWS puts in the place of an ARN whose user or role is deleted.
_UNIQUE_ID: Final = re.compile(r"\A(?:AIDA|AROA)[A-Z0-9]{12,}\Z")


class Kind(StrEnum):
    ROOT = "Account"
    USER = "User"
    SESSION = "AssumedRole"
    SERVICE = "Service"
    ANONYMOUS = "Anonymous"


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """`arn` is what `GetCallerIdentity` tells, `role` the role's ARN of a session, `id` the unique id (`AIDA…`,
    `AROA…:session`, an account); a service's `arn` is its name."""

    kind: Kind
    arn: str = ""
    account: str = ""
    id: str = ""
    name: str = ""
    role: str = ""
    tags: dict[str, str] = {}

    @property
    def display(self) -> str:
        return self.arn or "anonymous"

    @property
    def identity_arn(self) -> str:
        """`aws:PrincipalArn`: a session's is its role."""
        return self.role or self.arn

    def keys(self) -> Mapping[str, Value]:
        """The condition keys that say who asks."""
        if self.kind is Kind.ANONYMOUS:
            return {"aws:PrincipalType": "Anonymous", "aws:userid": "anonymous"}
        if self.kind is Kind.SERVICE:
            return {"aws:PrincipalServiceName": self.arn, "aws:PrincipalIsAWSService": "true"}
        found: dict[str, Value] = {
            "aws:PrincipalType": self.kind.value,
            "aws:PrincipalArn": self.identity_arn,
            "aws:PrincipalAccount": self.account,
            "aws:PrincipalIsAWSService": "false",
            "aws:userid": self.id,
        }
        if self.kind is Kind.USER:
            found["aws:username"] = self.name
        return found | {f"aws:PrincipalTag/{key}": value for key, value in self.tags.items()}


ANONYMOUS: Final = Principal(kind=Kind.ANONYMOUS)


class Naming(StrEnum):
    """How an element names a principal: that decides what else has to allow a request."""

    NOT = "not at all"
    ITSELF = "itself"
    ROLE = "by its role"
    ACCOUNT = "by its account"
    EVERYONE = "as everyone"


class Principals(msgspec.Struct, frozen=True):
    """A `Principal` or `NotPrincipal` element: ARNs and ids under `aws`, names of services under `services`."""

    everyone: bool = False
    aws: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()

    def names(self, principal: Principal) -> Naming:
        """The closest way in which the principal is named."""
        if principal.kind is Kind.SERVICE:
            return Naming.ITSELF if principal.arn in self.services else self._else(principal)
        if principal.kind is Kind.ANONYMOUS:
            return self._else(principal)
        if principal.arn in self.aws or principal.id in self.aws:
            return Naming.ITSELF
        if principal.role and (principal.role in self.aws or principal.id.partition(":")[0] in self.aws):
            return Naming.ROLE
        if f"arn:aws:iam::{principal.account}:root" in self.aws:
            return Naming.ITSELF if principal.kind is Kind.ROOT else Naming.ACCOUNT
        return self._else(principal)

    def _else(self, principal: Principal) -> Naming:
        return Naming.EVERYONE if self.everyone else Naming.NOT


def principal_problem(kind: str, text: str) -> str | None:
    """What is wrong with one value of a `Principal` element, as AWS says it; None when nothing is."""
    good = {
        "AWS": lambda: text == "*" or bool(_ACCOUNT.match(text) or _ARN.match(text) or _UNIQUE_ID.match(text)),
        "Service": lambda: bool(_SERVICE.match(text)),
        "Federated": lambda: bool(text),
        "CanonicalUser": lambda: bool(text),
    }.get(kind)
    return None if good is not None and good() else f'Invalid principal in policy: "{kind}":"{text[:200]}"'


def canonical(text: str) -> str:
    """An account number stands for the account's root."""
    return f"arn:aws:iam::{text}:root" if _ACCOUNT.match(text) else text


def account_of(arn: str) -> str:
    """The account in an ARN; empty where it has none (`aws` in those of AWS's policies is none)."""
    found = Arn.parse(arn)
    return found.account if found is not None and _ACCOUNT.match(found.account) else ""
