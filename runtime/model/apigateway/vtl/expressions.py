"""Reads references and expressions of a template."""

from __future__ import annotations

import re
from typing import Final

from runtime.model.apigateway.vtl.bounds import DEPTH_MAX, TemplateError
from runtime.model.apigateway.vtl.operands import (
    Binary,
    Index,
    Interpolated,
    Invoke,
    ListOf,
    Literal,
    MapOf,
    Negative,
    Not,
    Property,
    Range,
    Reference,
)
from runtime.model.apigateway.vtl.scope import Expression, Part

REFERENCE: Final = re.compile(r"\$!?\{?[A-Za-z_]")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_NUMBER: Final = re.compile(r"\d+(?:\.(?!\.)\d*)?(?:[eE][+-]?\d+)?")
_SPACE: Final = re.compile(r"\s*")
_OPERATORS: Final = re.compile(r"&&|\|\||==|!=|<=|>=|[<>+\-*/%]|(?:and|or|eq|ne|lt|gt|le|ge)\b")
_WORDS: Final = {"and": "&&", "or": "||", "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">="}
_RANK: Final = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    ">": 4,
    "<=": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}


class Expressions:
    """A text and a place in it; reads references and expressions there. Raises TemplateError."""

    def __init__(self, text: str, line: int = 1, depth: int = 0) -> None:
        self.text = text
        self.at = 0
        self.first_line = line
        self.depth = depth

    def error(self, reason: str) -> TemplateError:
        return TemplateError(self.first_line + self.text.count("\n", 0, self.at), reason)

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise self.error(f"more than {DEPTH_MAX} blocks inside one another")

    def nested(self, text: str, line: int) -> Part:
        """A template inside double quotes."""
        raise NotImplementedError

    # ------------------------------------------------------------ references

    def reference(self) -> Reference:
        start = self.at
        self.at += 1
        is_quiet = self.text.startswith("!", self.at)
        self.at += is_quiet
        is_braced = self.text.startswith("{", self.at)
        self.at += is_braced
        name = self.name()
        steps: list[Property | Index | Invoke] = []
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                steps.append(self.index())
            elif self.text[self.at] == "." and _NAME.match(self.text, self.at + 1):
                self.at += 1
                steps.append(self.member())
            else:
                break
        if is_braced:
            if not self.text.startswith("}", self.at):
                raise self.error(f"no }} behind ${{{name}")
            self.at += 1
        return Reference(name, steps, self.text[start : self.at], is_quiet)

    def name(self) -> str:
        found = _NAME.match(self.text, self.at)
        if found is None:
            raise self.error("a name is missing")
        self.at = found.end()
        return found[0]

    def member(self) -> Property | Invoke:
        name = self.name()
        if not self.text.startswith("(", self.at):
            return Property(name)
        self.at += 1
        return Invoke(name, self.listed(")"))

    def index(self) -> Index:
        self.at += 1
        found = Index(self.expression())
        self.expect("]")
        return found

    # ------------------------------------------------------------ expressions

    def space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = self.at if found is None else found.end()

    def expect(self, sign: str) -> None:
        self.space()
        if not self.text.startswith(sign, self.at):
            seen = self.text[self.at : self.at + 10] or "the end"
            raise self.error(f"{sign} is missing before {seen!r}")
        self.at += len(sign)

    def expression(self, rank: int = 1) -> Expression:
        self.deeper()
        left = self.operand()
        while True:
            self.space()
            found = _OPERATORS.match(self.text, self.at)
            sign = "" if found is None else _WORDS.get(found[0], found[0])
            if found is None or _RANK[sign] < rank:
                self.depth -= 1
                return left
            self.at = found.end()
            left = Binary(sign, left, self.expression(_RANK[sign] + 1))

    def operand(self) -> Expression:
        self.space()
        sign = self.text[self.at : self.at + 1]
        if sign == "$" and REFERENCE.match(self.text, self.at):
            return self.reference()
        if sign == "!" or re.compile(r"not\b").match(self.text, self.at):
            self.at += 1 if sign == "!" else 3
            return Not(self.expression(7))
        if sign == "-":
            self.at += 1
            return Negative(self.expression(7))
        if sign == "(":
            self.at += 1
            found = self.expression()
            self.expect(")")
            return found
        if sign in ("'", '"') and sign:
            return self.quoted(sign)
        if sign == "[":
            return self.list_or_range()
        if sign == "{":
            return self.map()
        return self.literal()

    def literal(self) -> Expression:
        found = _NUMBER.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
            if len(found[0]) > 40:
                raise self.error("a number is too long")
            return Literal(int(found[0]) if found[0].isdigit() else float(found[0]))
        word = _NAME.match(self.text, self.at)
        if word is not None and word[0] in ("true", "false", "null"):
            self.at = word.end()
            return Literal({"true": True, "false": False, "null": None}[word[0]])
        raise self.error(f"no value can begin with {self.text[self.at : self.at + 10]!r}")

    def quoted(self, sign: str) -> Expression:
        """A quote inside is doubled; in double quotes, references and directives are rendered."""
        start, at = self.at, self.at + 1
        while True:
            end = self.text.find(sign, at)
            if end < 0:
                raise self.error(f"no {sign} ends the text")
            if self.text.startswith(sign * 2, end):
                at = end + 2
                continue
            if sign == '"' and self._is_escaped(end):
                at = end + 1
                continue
            break
        inside = self.text[start + 1 : end].replace(sign * 2, sign)
        line = self.first_line + self.text.count("\n", 0, start)
        self.at = end + 1
        if sign == "'" or ("$" not in inside and "#" not in inside):
            return Literal(inside)
        return Interpolated(self.nested(inside, line))

    def _is_escaped(self, at: int) -> bool:
        count = 0
        while self.text[at - count - 1] == "\\":
            count += 1
        return count % 2 == 1

    def listed(self, end: str) -> list[Expression]:
        items: list[Expression] = []
        self.space()
        if self.text.startswith(end, self.at):
            self.at += 1
            return items
        while True:
            items.append(self.expression())
            self.space()
            if self.text.startswith(end, self.at):
                self.at += 1
                return items
            self.expect(",")

    def list_or_range(self) -> Expression:
        self.at += 1
        self.space()
        if self.text.startswith("]", self.at):
            self.at += 1
            return ListOf([])
        first = self.expression()
        self.space()
        if self.text.startswith("..", self.at):
            self.at += 2
            found = Range(first, self.expression())
            self.expect("]")
            return found
        if self.text.startswith("]", self.at):
            self.at += 1
            return ListOf([first])
        self.expect(",")
        return ListOf([first, *self.listed("]")])

    def map(self) -> Expression:
        self.at += 1
        items: list[tuple[Expression, Expression]] = []
        self.space()
        if self.text.startswith("}", self.at):
            self.at += 1
            return MapOf(items)
        while True:
            key = self.expression()
            self.expect(":")
            items.append((key, self.expression()))
            self.space()
            if self.text.startswith("}", self.at):
                self.at += 1
                return MapOf(items)
            self.expect(",")
