"""Reads a template. One pass over the text; nothing is looked up, so a template is parsed once and rendered often."""

from __future__ import annotations

import re
from typing import Final

from runtime.model.apigateway.vtl.bounds import TEMPLATE_MAX_CHARS, TemplateError
from runtime.model.apigateway.vtl.expressions import REFERENCE, Expressions
from runtime.model.apigateway.vtl.nodes import Block, Break, Foreach, If, Leave, Set, Text
from runtime.model.apigateway.vtl.scope import Expression, Part
from runtime.model.apigateway.vtl.values import Stop

_DIRECTIVE: Final = re.compile(r"#(?:\{([a-z]+)\}|([a-z]+)(?![A-Za-z0-9_]))")
_LINE_END: Final = re.compile(r"[ \t]*\r?\n")
_NEXT: Final = re.compile(r"[$#\\]")
_ENDS: Final = frozenset({"end", "else", "elseif"})
_OFFERED: Final = frozenset({"set", "if", "foreach", "break", "stop"})
_KNOWN: Final = _ENDS | _OFFERED | {"define", "macro", "parse", "include", "evaluate"}


def parse(text: str) -> Block:
    """Raises TemplateError."""
    if len(text) > TEMPLATE_MAX_CHARS:
        raise TemplateError(1, f"a template has at most {TEMPLATE_MAX_CHARS} characters")
    return _whole(_Parser(text))


def _whole(parser: _Parser) -> Block:
    block = parser.block()
    if parser.at < len(parser.text):
        raise parser.error("#end, #else or #elseif without an #if or #foreach")
    return block


class _Parser(Expressions):
    """Reads the parts of a template."""

    def nested(self, text: str, line: int) -> Block:
        return _whole(_Parser(text, line, self.depth))

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

    def marked(self, before: list[Part]) -> Part | None:
        """What begins with `$`, `#` or a backslash; None at the end of a block."""
        sign = self.text[self.at]
        if sign == "$":
            return self.reference() if REFERENCE.match(self.text, self.at) else self.plain(1)
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
        if REFERENCE.match(self.text, following) or _DIRECTIVE.match(self.text, following):
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
        if not REFERENCE.match(self.text, self.at):
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
        if not REFERENCE.match(self.text, self.at):
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
