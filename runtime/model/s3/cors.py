"""A bucket's CORS rules: which pages of which origins may call it from a browser.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from runtime.model.s3.errors import S3Error
from streamcore.model.xml import Node

RULES_MAX: Final = 100
_METHODS: Final = ("GET", "PUT", "HEAD", "POST", "DELETE")


class CorsRule(msgspec.Struct, frozen=True):
    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age_s: int | None = None
    rule_id: str = ""

    def fits(self, origin: str, method: str, headers: Sequence[str]) -> bool:
        """Whether a request of this origin, method and these header names is allowed."""
        if method not in self.methods or not any(_matches(pattern, origin) for pattern in self.origins):
            return False
        return all(any(_matches(pattern.lower(), name.lower()) for pattern in self.headers) for name in headers)

    def answer(self, origin: str, headers: Sequence[str] = ()) -> dict[str, str]:
        """The headers that let the page have the answer; `headers` are those that a preflight asked for."""
        told = {
            "Access-Control-Allow-Origin": "*" if "*" in self.origins else origin,
            "Access-Control-Allow-Methods": ", ".join(self.methods),
            "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
        }
        if "*" not in self.origins:
            told["Access-Control-Allow-Credentials"] = "true"
        if headers:
            told["Access-Control-Allow-Headers"] = ", ".join(headers)
        if self.exposed:
            told["Access-Control-Expose-Headers"] = ", ".join(self.exposed)
        if self.max_age_s is not None:
            told["Access-Control-Max-Age"] = str(self.max_age_s)
        return told


def _matches(pattern: str, text: str) -> bool:
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == text
    return len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)


def rules_of(root: Node) -> list[CorsRule]:
    """Raises S3Error: MalformedXML, InvalidRequest."""
    nodes = list(root.all("CORSRule"))
    if root.name != "CORSConfiguration" or not 1 <= len(nodes) <= RULES_MAX:
        raise S3Error("MalformedXML")
    return [_rule(node) for node in nodes]


def _rule(node: Node) -> CorsRule:
    def texts(name: str) -> tuple[str, ...]:
        return tuple(child.text.strip() for child in node.all(name))

    origins, methods = texts("AllowedOrigin"), texts("AllowedMethod")
    if not origins or not methods:
        raise S3Error("MalformedXML")
    for method in methods:
        if method not in _METHODS:
            raise S3Error(
                "InvalidRequest", f"Found unsupported HTTP method in CORS config. Unsupported method is {method[:50]}"
            )
    for kind, values in (("AllowedOrigin", origins), ("AllowedHeader", texts("AllowedHeader"))):
        for value in values:
            if value.count("*") > 1:
                raise S3Error("InvalidRequest", f'{kind} "{value[:200]}" can not have more than one wildcard.')
    for value in texts("ExposeHeader"):
        if "*" in value:
            raise S3Error(
                "InvalidRequest",
                f'ExposeHeader "{value[:200]}" contains wildcard. We currently do not support wildcard for '
                "ExposeHeader.",
            )
        if not re.match(r"(?a)\A[\w-]{1,100}\Z", value):
            raise S3Error("InvalidRequest", f'ExposeHeader "{value[:200]}" contains invalid character.')
    age = node.value("MaxAgeSeconds")
    if age is not None and not re.match(r"(?a)\A\d{1,9}\Z", age):
        raise S3Error("MalformedXML")
    return CorsRule(
        origins,
        methods,
        texts("AllowedHeader"),
        texts("ExposeHeader"),
        None if age is None else int(age),
        node.value("ID") or "",
    )


def rule_for(rules: Sequence[CorsRule], origin: str, method: str, headers: Sequence[str] = ()) -> CorsRule | None:
    """The first rule that allows it."""
    return next((rule for rule in rules if rule.fits(origin, method, headers)), None)
