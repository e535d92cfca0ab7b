"""Reads a template. One pass over the text; nothing is looked up, so a template is parsed once and rendered often."""

from __future__ import annotations

import re
from typing import Final

from runtime.model.apigateway.vtl.bounds import DEPTH_MAX, TEMPLATE_MAX_CHARS, TemplateError
from runtime.model.apigateway.vtl.nodes import (
    Binary,
    Block,
    Break,
    Expression,
    Foreach,
    If,
    Index,
    Interpolated,
    Invoke,
    Leave,
    ListOf,
    Literal,
    MapOf,
    Negative,
    Not,
    Part,
    Property,
    Range,
    Reference,
    Set,
    Text,
)
from runtime.model.apigateway.vtl.values import Stop

_REFERENCE: Final = re.compile(r"\$!?\{?[A-Za-z_]")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_DIRECTIVE: Final = re.compile(r"#(?:\{([a-z]+)\}|([a-z]+)(?![A-Za-z0-9_]))")
_NUMBER: Final = re.compile(r"\d+(?:\.(?!\.)\d*)?(?:[eE][+-]?\d+)?")
_SPACE: Final = re.compile(r"\s*")
_LINE_END: Final = re.compile(r"[ \t]*\r?\n")
_NEXT: Final = re.compile(r"[$#\\]")
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
_ENDS: Final = frozenset({"end", "else", "elseif"})
_OFFERED: Final = frozenset({"set", "if", "foreach", "break", "stop"})
_KNOWN: Final = _ENDS | _OFFERED | {"define", "macro", "parse", "include", "evaluate"}


def parse(text: str) -> Block:
    """Raises TemplateError."""
    if len(text) > TEMPLATE_MAX_CHARS:
        raise TemplateError(1, f"a template has at most {TEMPLATE_MAX_CHARS} characters")
    parser = _Parser(text)
    block = parser.block()
    if parser.at < len(text):
        raise parser.error("#end, #else or #elseif without an #if or #foreach")
    return block


class _Parser:
    def __init__(self, text: str, line: int = 1, depth: int = 0) -> None:
        self.text = text
        self.at = 0
        self.first_line = line
        self.depth = depth

    def error(self, reason: str) -> TemplateError:
        return TemplateError(self.first_line + self.text.count("\n", 0, self.at), reason)

    # ------------------------------------------------------------ parts

    def block(self) -> Block:
        """Up to the directive that ends it, or the end of the text."""
        self.deeper()
        parts: list[Part] = []
        while self.at < len(self.text):
            found = _NEXT.search(self.text, self.at)
            if found is None:
                parts.append(Text(self.text[self.at :]))
                self.at = len(self.text)
                break
            if found.start() > self.at:
                parts.append(Text(self.text[self.at : found.start()]))
                self.at = found.start()
            part = self.marked(parts)
            if part is None:
                break
            parts.append(part)
        self.depth -= 1
        return Block(parts)

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise self.error(f"more than {DEPTH_MAX} blocks inside one another")

    def marked(self, before: list[Part]) -> Part | None:
        """What begins with `$`, `#` or a backslash; None at the end of a block."""
        sign = self.text[self.at]
        if sign == "$":
            return self.reference() if _REFERENCE.match(self.text, self.at) else self.plain(1)
        if sign == "\\":
            return self.escaped()
        if self.text.startswith("##", self.at):
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end + 1
            return Text("")
        if self.text.startswith("#*", self.at):
            return self.skipped("*#", is_kept=False)
        if self.text.startswith("#[[", self.at):
            return self.skipped("]]#", is_kept=True)
        found = _DIRECTIVE.match(self.text, self.at)
        name = "" if found is None else found[1] or found[2]
        if found is None or name not in _KNOWN:
            return self.plain(1)
        if name in _ENDS:
            return None
        if name not in _OFFERED:
            raise self.error(f"#{name} is not offered")
        self.at = found.end()
        return self.directive(name, before)

    def plain(self, length: int) -> Text:
        self.at += length
        return Text(self.text[self.at - length : self.at])

    def escaped(self) -> Text:
        """`\\$name` and `\\#if` are what follows the backslash, as text."""
        following = self.at + 1
        if _REFERENCE.match(self.text, following) or _DIRECTIVE.match(self.text, following):
            self.at = following
        return self.plain(1)

    def skipped(self, end: str, *, is_kept: bool) -> Text:
        start, found = self.at, self.text.find(end, self.at + 2)
        if found < 0:
            raise self.error(f"no {end} follows")
        self.at = found + len(end)
        return Text(self.text[start + 3 : found] if is_kept else "")

    def directive(self, name: str, before: list[Part]) -> Part:
        if name in ("break", "stop"):
            self.line_end()
            return Leave(Break if name == "break" else Stop)
        if name == "set":
            return self.set_directive(before)
        return self.if_directive() if name == "if" else self.foreach_directive()

    def set_directive(self, before: list[Part]) -> Part:
        """White space in front of it on its line is not written."""
        if before and isinstance(before[-1], Text):
            head, newline, tail = before[-1].text.rpartition("\n")
            if not tail.strip(" \t") and (newline or len(before) == 1):
                before[-1] = Text(head + newline)
        self.expect("(")
        self.space()
        if not _REFERENCE.match(self.text, self.at):
            raise self.error("#set needs a reference on its left")
        target = self.reference()
        self.expect("=")
        expression = self.expression()
        self.expect(")")
        self.line_end()
        return Set(target, expression)

    def if_directive(self) -> Part:
        branches: list[tuple[Expression, Block]] = [(self.condition(), self.block())]
        otherwise = None
        while True:
            name = self.ending("#if")
            if name == "end":
                return If(branches, otherwise)
            if otherwise is not None:
                raise self.error(f"#{name} behind #else")
            if name == "elseif":
                branches.append((self.condition(), self.block()))
            else:
                otherwise = self.block()

    def condition(self) -> Expression:
        self.expect("(")
        found = self.expression()
        self.expect(")")
        self.line_end()
        return found

    def foreach_directive(self) -> Part:
        self.expect("(")
        self.space()
        if not _REFERENCE.match(self.text, self.at):
            raise self.error("#foreach needs a reference")
        name = self.reference().name
        self.space()
        if not self.text.startswith("in", self.at):
            raise self.error("#foreach needs `in`")
        self.at += 2
        items = self.expression()
        self.expect(")")
        self.line_end()
        block = self.block()
        if self.ending("#foreach") != "end":
            raise self.error("#foreach has no #else")
        return Foreach(name, items, block)

    def ending(self, what: str) -> str:
        found = _DIRECTIVE.match(self.text, self.at)
        if found is None:
            raise self.error(f"no #end for {what}")
        self.at = found.end()
        name = found[1] or found[2]
        if name != "elseif":
            self.line_end()
        return name

    def line_end(self) -> None:
        """The end of a line that a directive ends is not written."""
        found = _LINE_END.match(self.text, self.at)
        if found is not None:
            self.at = found.end()

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
        if sign == "$" and _REFERENCE.match(self.text, self.at):
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
        parser = _Parser(inside, line, self.depth)
        block = parser.block()
        if parser.at < len(inside):
            raise parser.error("#end, #else or #elseif without an #if or #foreach")
        return Interpolated(block)

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
