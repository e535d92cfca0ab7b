"""Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`; `${*}`, `${?}`, `${$}` for the characters.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from streamcore.model.iam.context import Context
from streamcore.model.iam.glob import Literal, Token

_VARIABLE: Final = re.compile(r"\$\{([^{}]*)\}")
_CHARACTERS: Final = ("*", "?", "$")


class Variable(NamedTuple):
    """`key` is in lower case; `default` is None where there is none."""

    key: str
    default: str | None


Template = tuple[str | Literal | Variable, ...]


def template_of(text: str) -> Template:
    """The text taken apart at its variables."""
    found: list[str | Literal | Variable] = []
    at = 0
    for match in _VARIABLE.finditer(text):
        if match.start() > at:
            found.append(text[at : match.start()])
        found.append(_read(match[1]))
        at = match.end()
    if at < len(text):
        found.append(text[at:])
    return tuple(found)


def _read(inner: str) -> Literal | Variable:
    if inner in _CHARACTERS:
        return Literal(inner)
    key, comma, default = inner.partition(",")
    text = default.strip()
    is_quoted = len(text) > 1 and text[0] == text[-1] == "'"
    return Variable(key.strip().lower(), text[1:-1] if comma and is_quoted else None)


def is_constant(template: Template) -> bool:
    return not any(isinstance(part, Variable) for part in template)


def filled(template: Template, context: Context) -> Sequence[Token] | None:
    """The template with the context's values in it; None when a variable has no value: then nothing matches it. Only
    keys with a single value can be variables."""
    tokens: list[Token] = []
    for part in template:
        if not isinstance(part, Variable):
            tokens.append(part)
            continue
        values = context.values(part.key)
        text = values[0] if values is not None and len(values) == 1 else part.default
        if text is None:
            return None
        tokens.append(Literal(text))
    return tokens


def plain(tokens: Sequence[Token]) -> str:
    """The text, for comparisons that know no wildcards."""
    return "".join(token.text if isinstance(token, Literal) else token for token in tokens)
